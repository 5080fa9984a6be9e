/** The browser of whoever tests a provider comes back: what was said is judged as at a login, and nobody becomes known. */
import { hashSecret, newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { BridgeError, fail, type InstitutionReason } from '../domain/failure.ts'
import type { ProviderId } from '../domain/ids.ts'
import { mapClaims } from '../domain/provider-mapping.ts'
import { addressOf } from '../domain/tenant.ts'
import { toInstant } from '../domain/time.ts'
import { readCallback } from '../institution/callback.ts'
import { exchangeCode } from '../institution/exchange.ts'
import { type InstitutionIdentity, readIdentity } from '../institution/identity.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { transact } from '../store/database.ts'
import type { Provider } from '../store/provider.ts'
import { endProviderTest, takeProviderTest } from '../store/provider-test.ts'
import { noteHealth } from './provider-health.ts'
import {
  openForTest,
  sealForTest,
  TEST_STATE,
  type TestResult,
  type TestSecrets,
} from './provider-test-draft.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock'>

/**
 * Test started → succeeded or failed. Returns where the browser sees what came back; undefined for a call-back that is of
 * no test. Throws `journey_not_open` for one that is spent, too late, or another browser's.
 */
export async function finishProviderTest(
  means: Means,
  prepared: PreparedTenant,
  providerId: ProviderId,
  parameters: URLSearchParams,
  browserId: string | undefined,
): Promise<{ url: string } | undefined> {
  if (parameters.get('state')?.startsWith(TEST_STATE) !== true) return undefined
  const callback = readCallback(parameters)
  const tenantId = prepared.tenant.id
  const now = toInstant(means.clock())
  if (browserId === undefined) return fail({ kind: 'journey_not_open' })
  const [[test]] = await transact(means.db, tenantId, [
    takeProviderTest({
      ...{ tenantId, providerId, now, stateHash: hashSecret(callback.state) },
      browserHash: hashSecret(browserId),
    }),
  ])
  const provider = await prepared.provider(providerId)
  if (test === undefined || provider === undefined) return fail({ kind: 'journey_not_open' })
  const secrets = openForTest<TestSecrets>(means.keyring, tenantId, test.id, test.sealed)
  const expected = {
    ...{ ...secrets, state: callback.state },
    redirectUri: addressOf.callback(prepared.issuer, provider.id),
  }
  const result = await judge(means, prepared, provider, async () => {
    if (provider.updatedAt !== test.provider_updated_at) refuse('unavailable')
    return await exchangeCode(await prepared.connect(provider), callback, expected)
  })

  const { reason } = result
  await transact(means.db, tenantId, [
    endProviderTest({
      ...{ tenantId, id: test.id, state: reason === undefined ? 'succeeded' : 'failed' },
      sealed: sealForTest(means.keyring, tenantId, test.id, result),
      outcome: JSON.stringify(namesOf(result)),
    }),
    insertAuditEvent(tenantId, newId(), now, {
      detail: { type: 'provider_tested', provider: provider.id, outcome: reason ?? 'ok' },
    }),
  ])
  await noteHealth(means, tenantId, provider.id, reason)
  return { url: addressOf.providerTestResult(prepared.issuer, test.id) }
}

/** As a login would be judged; what fails the judgement is still shown, if it is authentic. */
async function judge(
  means: Means,
  prepared: PreparedTenant,
  provider: Provider,
  ask: () => ReturnType<typeof exchangeCode>,
): Promise<TestResult> {
  const empty = { claims: {}, acr: [], amr: [], mapping: undefined }
  const { identifierAttribute, allowedOrganizations } = provider
  const rules = { identifierAttribute, allowedOrganizations }
  try {
    const answer = await ask()
    const strict = { ...rules, expectedAcr: provider.acr, expectedAmr: provider.amr }
    try {
      return tell(prepared, provider, undefined, readIdentity(answer, strict, means.clock()))
    } catch (error) {
      const reason = reasonOf(error)
      try {
        const lenient = readIdentity(answer, { identifierAttribute: 'sub' }, means.clock())
        return tell(prepared, provider, reason, lenient)
      } catch (again) {
        return { ...empty, reason: reasonOf(again) }
      }
    }
  } catch (error) {
    return { ...empty, reason: reasonOf(error) }
  }
}

function tell(
  prepared: PreparedTenant,
  provider: Provider,
  reason: InstitutionReason | undefined,
  identity: InstitutionIdentity,
): TestResult {
  const { claims, acrValues: acr, amr } = identity
  const policy = prepared.policies?.documents.attributes
  const mapping = policy === undefined ? undefined : mapClaims(policy, provider, claims)
  return { reason, claims, acr, amr, mapping }
}

/** What the administration may keep: names. */
function namesOf({ reason, claims, mapping }: TestResult) {
  return {
    reason: reason ?? null,
    claims: Object.keys(claims),
    attributes: mapping?.attributes.map(({ name }) => name) ?? [],
    missing: mapping?.missing ?? [],
  }
}

/** Throws the error again where it is no answer of the provider's. */
function reasonOf(error: unknown): InstitutionReason {
  if (error instanceof BridgeError && error.failure.kind === 'institution_refused') {
    return error.failure.reason
  }
  throw error
}

function refuse(reason: InstitutionReason): never {
  return fail({ kind: 'institution_refused', reason })
}
