/**
 * Token parity: before a login is granted, what its tokens would hold is compared with the relying party's contract, or
 * becomes the contract. Nothing is opened for a relying party without one.
 */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { carriedAttributes, carriesAttributes, releaseClaims } from '../domain/attribute-values.ts'
import type { Attributes } from '../domain/attributes.ts'
import { breaksOf, type Contract, contractOf, type Observed } from '../domain/contract.ts'
import { releasedNames } from '../domain/declared.ts'
import type { BindingId, ClientId, CorrelationId, IdentityId } from '../domain/ids.ts'
import type { Choosing, Consenting, Presented, Recognised } from '../domain/journey.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import { toInstant } from '../domain/time.ts'
import { findAccounts } from '../store/account-choice.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { recordContract } from '../store/contract.ts'
import { inTransaction, read, transact } from '../store/database.ts'
import type { SessionRow } from '../store/single-sign-on.ts'
import { raiseRevision } from '../store/tenant.ts'
import { openAttributes } from './journey-secrets.ts'
import { openCarried } from './new-grant.ts'
import { openKept } from './read-claims.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

/** A login that is about to be granted. */
export interface NearlyGranted {
  clientId: ClientId
  correlationId: CorrelationId
  /** Version of the attribute policy it is made with. */
  attributes: number
  scope: readonly string[]
  acr: string
  /** What was kept of the person, and what the wallet showed now; asked for only where a contract wants it. */
  read: () => Promise<{ kept: Attributes; carried: Attributes }>
}

/** Whether the login may be granted as far as the contract goes. A break is in the trail and counted. */
export async function keepsContract(
  means: Means,
  prepared: PreparedTenant,
  login: NearlyGranted,
): Promise<boolean> {
  const relyingParty = await prepared.relyingParty(login.clientId)
  if (relyingParty === undefined || relyingParty.parity.state === 'off') return true
  const observed = await observe(prepared, relyingParty, login)
  if (relyingParty.parity.state === 'recording') {
    await record(means, prepared, login, contractOf(observed, relyingParty.parity.acr))
    return true
  }
  const broken = breaksOf(relyingParty.parity.contract, observed)
  means.metrics.outcome('token_parity', broken.length === 0 ? 'kept' : 'broken')
  if (broken.length === 0) return true
  const now = toInstant(means.clock())
  await transact(means.db, prepared.tenant.id, [
    insertAuditEvent(prepared.tenant.id, newId(), now, {
      detail: { type: 'token_contract_broken', parts: broken.join(' ') },
      correlationId: login.correlationId,
      clientId: login.clientId,
    }),
  ])
  return false
}

async function observe(
  prepared: PreparedTenant,
  relyingParty: RelyingParty,
  login: NearlyGranted,
): Promise<Observed> {
  const policy = await prepared.policy('attributes', login.attributes)
  const scopes = new Set(login.scope)
  const { kept, carried } = await login.read()
  const names = new Set(releasedNames(policy, relyingParty, scopes))
  return { policy, scopes, acr: login.acr, released: releaseClaims(policy, kept, carried, names) }
}

/** Of several logins at once one makes the contract; the others go on as they are. */
async function record(
  means: Means,
  prepared: PreparedTenant,
  { clientId, correlationId }: NearlyGranted,
  contract: Contract,
): Promise<void> {
  const tenantId = prepared.tenant.id
  const now = toInstant(means.clock())
  await inTransaction(means.db, tenantId, async (tx) => {
    const [recorded] = await tx.run(
      recordContract({ tenantId, clientId, contract: JSON.stringify(contract), now }),
    )
    if (recorded === undefined) return
    await tx.runLast([
      raiseRevision({ id: tenantId, now }),
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'token_contract_recorded', claims: contract.claims.length },
        ...{ correlationId, clientId },
      }),
    ])
  })
  means.metrics.outcome('token_parity', 'recorded')
}

/** What a journey's login would be made of, with this binding. */
export async function readForJourney(
  means: Means,
  prepared: PreparedTenant,
  journey: Presented | Choosing | Recognised | Consenting,
  person: { identityId: IdentityId; bindingId: BindingId },
): Promise<{ kept: Attributes; carried: Attributes }> {
  const tenant = prepared.tenant.id
  const policy = await prepared.policy('attributes', journey.policies.attributes)
  const kept = await readKept(means, prepared, person)
  if (journey.way === 'direct' || !carriesAttributes(policy))
    return { kept: kept?.values ?? {}, carried: kept?.wallet.values ?? {} }
  const shown = openAttributes(means.keyring, { tenant, journey: journey.id }, journey.attributes)
  return { kept: kept?.values ?? {}, carried: carriedAttributes(policy, shown) }
}

/** What a session's login would be made of: the link it began with, and what the wallet showed then. */
export async function readForSession(
  means: Means,
  prepared: PreparedTenant,
  row: SessionRow,
): Promise<{ kept: Attributes; carried: Attributes }> {
  const tenant = prepared.tenant.id
  const person = { identityId: row.identity_id, bindingId: row.binding_id }
  const kept = await readKept(means, prepared, person)
  const carried =
    row.wallet_attributes === null
      ? (kept?.wallet.values ?? {})
      : openCarried(means.keyring, tenant, row.grant_id, row.wallet_attributes)
  return { kept: kept?.values ?? {}, carried }
}

async function readKept(
  { db, keyring }: Means,
  prepared: PreparedTenant,
  { identityId, bindingId }: { identityId: IdentityId; bindingId: BindingId },
) {
  const tenantId = prepared.tenant.id
  const [[row]] = await read(db, tenantId, [
    findAccounts({ tenantId, identityId, bindingIds: [bindingId] }),
  ])
  return row === undefined ? undefined : openKept(keyring, tenantId, row)
}
