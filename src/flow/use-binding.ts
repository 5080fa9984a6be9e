/** USE_EXISTING_BINDING: a known holder goes on with the link there is, or says with which of several. */
import type { Deps } from '../deps.ts'
import type { UpstreamAssurance } from '../domain/assurance.ts'
import { missingNames } from '../domain/attribute-values.ts'
import type { RefusalReason } from '../domain/audit.ts'
import { hashMoves } from '../domain/fingerprint.ts'
import { CHOICE_TIME, type Decided, type Presented } from '../domain/journey.ts'
import { type Plan, reachesAssurance } from '../domain/plan.ts'
import type { KnownBinding, KnownPerson, Recognition } from '../domain/recognition.ts'
import { toInstant } from '../domain/time.ts'
import { findAccountChoice, findAccounts } from '../store/account-choice.ts'
import { read, transact } from '../store/database.ts'
import { type HitRow, readHit } from '../store/hits.ts'
import { offerAccounts } from '../store/journey.ts'
import { finishLogin } from './finish-login.ts'
import { openAttributes, openRequest } from './journey-secrets.ts'
import { type Next, refuseLogin } from './login-end.ts'
import { openKeptAttributes } from './read-claims.ts'
import { saltAmong } from './recognised-person.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>
type UsePlan = Extract<Plan, { plan: 'USE_EXISTING_BINDING' }>

/** A grant, a page to choose on, or the end: nobody who is not known, or not well enough, gets further. */
export async function useBinding(
  means: Means,
  prepared: PreparedTenant,
  journey: Presented,
  decided: Decided & { plan: UsePlan },
  found: Recognition,
  hits: readonly HitRow[],
): Promise<Next> {
  if (!('identityId' in found) || found.state === 'EXPIRED_BINDING')
    return await refuseLogin(means, prepared, journey, 'binding_missing', decided)
  if (found.proof === 'candidate')
    return await refuseLogin(means, prepared, journey, 'candidate_unconfirmed', decided)
  const fitting = await findFitting(means, prepared, journey, decided.plan, found)
  if (typeof fitting === 'string')
    return await refuseLogin(means, prepared, journey, fitting, decided)
  const accounts = oneEachAccount(fitting)
  const [only] = accounts
  if (only === undefined)
    return await refuseLogin(means, prepared, journey, 'binding_missing', decided)
  const chosen =
    accounts.length === 1 ? only : await remembered(means, prepared, journey, found, accounts)
  if (chosen === undefined) return await offer(means, prepared, journey, decided, found, accounts)
  return await finishLogin(means, prepared, journey, decided, {
    identityId: found.identityId,
    bindingId: chosen.id,
    evidence: found.evidence,
    moves: hashMoves(found.identityId, journey.identifiers, hits.map(readHit)),
    stale: chosen.changed.length > 0,
    auditSalt: saltAmong(hits, found.identityId),
  })
}

/** Bindings that reach what the plan asks for, opened only if it asks; or why none does. */
async function findFitting(
  means: Means,
  prepared: PreparedTenant,
  journey: Presented,
  plan: UsePlan,
  { identityId, bindings }: KnownPerson,
): Promise<readonly KnownBinding[] | RefusalReason> {
  const { minimumAssurance, requiredAttributes } = plan
  if (minimumAssurance === undefined && requiredAttributes.length === 0) return bindings
  const tenantId = prepared.tenant.id
  const bindingIds = bindings.map(({ id }) => id)
  const [rows] = await read(means.db, tenantId, [
    findAccounts({ tenantId, identityId, bindingIds }),
  ])
  const place = { tenant: tenantId, journey: journey.id }
  const shown = openAttributes(means.keyring, place, journey.attributes)
  const policy = await prepared.policy('attributes', journey.policies.attributes)
  const sure = rows.filter(({ assurance }) => {
    const stated = JSON.parse(assurance ?? '{}') as Partial<UpstreamAssurance>
    return reachesAssurance(minimumAssurance, { acr: stated.acr ?? [], amr: stated.amr ?? [] })
  })
  if (sure.length === 0) return 'assurance_insufficient'
  const whole = sure.filter((row) => {
    const kept = openKeptAttributes(means.keyring, tenantId, row)
    return missingNames(policy, requiredAttributes, shown, kept).length === 0
  })
  if (whole.length === 0) return 'attribute_missing'
  return bindings.filter(({ id }) => whole.some((row) => row.binding_id === id))
}

/** Two wallets of one account have two bindings; the first of them stands for the account. */
function oneEachAccount(bindings: readonly KnownBinding[]): KnownBinding[] {
  const seen = new Set<string>()
  return bindings.filter(({ id, account }) => {
    const name = account ?? id
    return seen.has(name) ? false : seen.add(name)
  })
}

/** What the person asked to have remembered for this relying party, unless the relying party asks for a new choice. */
async function remembered(
  { db, keyring }: Means,
  prepared: PreparedTenant,
  journey: Presented,
  { identityId, bindings }: KnownPerson,
  accounts: readonly KnownBinding[],
): Promise<KnownBinding | undefined> {
  const tenantId = prepared.tenant.id
  const { selectAccount } = openRequest(
    keyring,
    { tenant: tenantId, journey: journey.id },
    journey.request,
  )
  if (selectAccount) return undefined
  const [[row]] = await read(db, tenantId, [
    findAccountChoice({ tenantId, identityId, clientId: journey.clientId }),
  ])
  const before = bindings.find(({ id }) => id === row?.binding_id)
  return before === undefined
    ? undefined
    : accounts.find(({ id, account }) => (account ?? id) === (before.account ?? before.id))
}

async function offer(
  means: Means,
  prepared: PreparedTenant,
  journey: Presented,
  decided: Decided,
  { identityId }: KnownPerson,
  accounts: readonly KnownBinding[],
): Promise<Next> {
  const now = means.clock()
  const [[moved]] = await transact(means.db, prepared.tenant.id, [
    offerAccounts({
      tenantId: prepared.tenant.id,
      id: journey.id,
      identityId,
      accounts: accounts.map(({ id }) => id),
      decision: JSON.stringify(decided),
      now: toInstant(now),
      expiresAt: toInstant(now + CHOICE_TIME),
    }),
  ])
  return moved?.changed === 1
    ? { kind: 'choose', journey }
    : await refuseLogin(means, prepared, journey, 'identity_unavailable', decided)
}
