/**
 * A new link waits for the person: wallet and account are proved, and the page names both before anything is written
 * (protocols 11 row 26). What was proved lies sealed in the session until the person says yes, no, or nothing.
 */
import { currentVersion } from '../crypto/keyring.ts'
import { openUnder, sealUnder } from '../crypto/seal.ts'
import type { Deps } from '../deps.ts'
import type { UpstreamAssurance } from '../domain/assurance.ts'
import { fail } from '../domain/failure.ts'
import { allHashes } from '../domain/identifier.ts'
import type { ProviderId, SessionId, TenantId } from '../domain/ids.ts'
import { CHOICE_TIME, type Confirming } from '../domain/journey.ts'
import type { Stated } from '../domain/kept-attributes.ts'
import type { Sealed } from '../domain/text.ts'
import { toInstant } from '../domain/time.ts'
import { isWalletBoundTo } from '../store/account-binding.ts'
import { read, transact } from '../store/database.ts'
import { findHeldSession, holdSession } from '../store/session.ts'
import { type ProvenLink, takeSides } from './proven-link.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock'>

/** The part of a proven link that the journey does not know; how the person may be shown the account. */
export interface HeldLink {
  providerId: ProviderId
  account: ProvenLink['account']
  /** What the institution said, by canonical name; the wallet's side stays in the journey. */
  told: Stated
  upstream: UpstreamAssurance
  label: string
}

/**
 * Whether the person is asked first: a wallet that is to be linked to an account it was never linked to. Throws as
 * `recordLink` does where the wallet showed nothing to link by, so that nobody is asked in vain.
 */
export async function needsConfirmation(
  means: Means,
  prepared: PreparedTenant,
  link: ProvenLink,
): Promise<boolean> {
  const { journey, plan } = link
  if (journey.way === 'direct' || plan.confirm === 'never') return false
  const tenantId = prepared.tenant.id
  const material = await prepared.policy('material', journey.policies.material)
  const { shown, account } = takeSides(means, tenantId, material, link)
  const hashes = { walletHashes: allHashes(shown), accountHashes: allHashes([account]) }
  const [[known]] = await read(means.db, tenantId, [isWalletBoundTo({ tenantId, ...hashes })])
  return known === undefined
}

/** Journey reconciling → confirming, with the link sealed in its session. Throws `journey_not_open` when it moved on. */
export async function holdLink(
  means: Means,
  prepared: PreparedTenant,
  link: ProvenLink,
  label: string,
): Promise<void> {
  const tenantId = prepared.tenant.id
  const { sessionId, provider, account, attributes, upstream } = link
  const { told } = attributes
  const held: HeldLink = { providerId: provider.id, account, told, upstream, label }
  const place = placeOf(tenantId, sessionId)
  const now = means.clock()
  const [[moved]] = await transact(means.db, tenantId, [
    holdSession({
      ...{ tenantId, id: sessionId, journeyId: link.journey.id, now: toInstant(now) },
      identity: sealUnder(means.keyring, 'session', place, JSON.stringify(held)),
      keyVersion: currentVersion(means.keyring, 'C'),
      expiresAt: toInstant(now + CHOICE_TIME),
    }),
  ])
  if (moved === undefined) return fail({ kind: 'journey_not_open' })
}

/** What waits for the person. Throws `journey_not_open` when nothing does (any more), `sealed_unreadable`. */
export async function takeHeldLink(
  means: Means,
  prepared: PreparedTenant,
  journey: Confirming,
): Promise<{ sessionId: SessionId; held: HeldLink }> {
  const tenantId = prepared.tenant.id
  const [[row]] = await read(means.db, tenantId, [
    findHeldSession({ tenantId, journeyId: journey.id }),
  ])
  if (row === undefined) return fail({ kind: 'journey_not_open' })
  const sealed = row.encrypted_identity as Sealed
  const text = openUnder(means.keyring, 'session', placeOf(tenantId, row.id), sealed)
  return { sessionId: row.id, held: JSON.parse(Buffer.from(text).toString('utf8')) as HeldLink }
}

function placeOf(tenant: TenantId, row: SessionId) {
  return { tenant, table: 'reconciliation_session', column: 'encrypted_identity', row }
}
