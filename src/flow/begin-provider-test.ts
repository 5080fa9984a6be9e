/** The browser of whoever tests a provider goes there, as it would at a login. */
import { hashSecret, randomText } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import { addressOf } from '../domain/tenant.ts'
import { toInstant } from '../domain/time.ts'
import { buildAuthorizationUrl } from '../institution/authorization.ts'
import { read, transact } from '../store/database.ts'
import { findOpenProviderTest, startProviderTest } from '../store/provider-test.ts'
import { sealForTest, TEST_STATE } from './provider-test-draft.ts'
import type { PreparedTenant } from './tenants.ts'

/**
 * Test created or started → started. Returns the provider's address, and the browser's id for its cookie (a new one where
 * it had none). Each try has its own state, nonce and verifier (UP-13). Throws `not_found` for an address that is unknown,
 * spent or too old.
 */
export async function beginProviderTest(
  means: Pick<Deps, 'db' | 'keyring' | 'clock'>,
  prepared: PreparedTenant,
  start: string,
  knownBrowser: string | undefined,
): Promise<{ url: string; browserId: string }> {
  const tenantId = prepared.tenant.id
  const now = toInstant(means.clock())
  const [[test]] = await read(means.db, tenantId, [
    findOpenProviderTest({ tenantId, startHash: hashSecret(start), now }),
  ])
  if (test === undefined) return fail({ kind: 'not_found' })
  const provider = await prepared.provider(test.provider_id)
  if (provider === undefined) return fail({ kind: 'not_found' })
  const connected = await prepared.connect(provider)

  const state = `${TEST_STATE}${randomText()}`
  const secrets = { nonce: randomText(), codeVerifier: randomText() }
  const browserId = knownBrowser ?? randomText()
  const { url } = buildAuthorizationUrl(connected, {
    ...{ ...secrets, state, redirectUri: addressOf.callback(prepared.issuer, provider.id) },
    acr: provider.acr,
    // Whoever tests may well have a session of their own there.
    prompt: 'login',
  })
  const [[moved]] = await transact(means.db, tenantId, [
    startProviderTest({
      ...{ tenantId, id: test.id, now, providerUpdatedAt: provider.updatedAt },
      browserHash: hashSecret(browserId),
      stateHash: hashSecret(state),
      sealed: sealForTest(means.keyring, tenantId, test.id, secrets),
    }),
  ])
  return moved?.changed === 1 ? { url, browserId } : fail({ kind: 'not_found' })
}
