/** A person takes back their yes to a relying party: what it was granted about them ends, and it hears of a logout. */
import { sessionIdFor } from '../crypto/id-token.ts'
import { type LogoutReceiver, logoutRows } from '../crypto/outbox-event.ts'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { ClientId, IdentityId, TenantId } from '../domain/ids.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { deleteConsent, revokeGrantsAt } from '../store/consent.ts'
import { inTransaction, type Transaction } from '../store/database.ts'
import { findFamily, lockPeople } from '../store/identity.ts'
import { findLogoutReceivers } from '../store/logout.ts'
import { insertLogouts } from '../store/outbox.ts'
import { ledgerStep, noteLines } from './erasure-ledger.ts'
import { subjectHash } from './merge-view.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'config'>

/**
 * For a caller whose right was looked at already; `actor` stands in the event. Whoever was merged into the person is
 * covered too. From the moment it returns no token of that relying party tells anything of the person, and its next login
 * asks again. A repeat changes nothing. Throws `not_found` for nobody, and for somebody erased.
 */
export async function withdrawConsent(
  means: Means,
  tenantId: TenantId,
  asked: { identityId: IdentityId; clientId: ClientId; actor: string },
): Promise<void> {
  const work = (tx: Transaction) => record(means, tx, tenantId, asked)
  await inTransaction(means.db, tenantId, work, { retries: 2 })
  await noteLines(means, tenantId)
}

async function record(
  means: Means,
  tx: Transaction,
  tenantId: TenantId,
  { identityId, clientId, actor }: { identityId: IdentityId; clientId: ClientId; actor: string },
): Promise<void> {
  const family = await tx.run(findFamily({ tenantId, id: identityId }))
  const ids = family.map(({ id }) => id)
  const people = await tx.run(lockPeople({ tenantId, ids }))
  const person = people.find(({ id }) => id === identityId)
  if (person === undefined || person.status === 'ERASED') return fail({ kind: 'not_found' })
  const at = { tenantId, people: ids, clientId }
  const [deleted] = await tx.run(deleteConsent(at))
  if (deleted === undefined || deleted.changed === 0) return
  const receivers = await findReceivers(tx, at)
  const now = toInstant(means.clock())
  const [revoked] = await tx.run(revokeGrantsAt({ ...at, now }))
  await tx.runLast([
    ledgerStep(tenantId, identityId, { kind: 'consent', persons: ids, client: clientId }, now),
    insertLogouts(logoutRows(means.keyring, tenantId, receivers, now)),
    insertAuditEvent(tenantId, newId(), now, {
      detail: { type: 'consent_withdrawn', actor, grants: revoked?.changed ?? 0 },
      subjectHash: subjectHash(means, tenantId, person),
      clientId,
    }),
  ])
}

/** The relying party, by each name it knows the person by, where it takes logout tokens. */
async function findReceivers(
  tx: Transaction,
  {
    tenantId,
    people,
    clientId,
  }: { tenantId: TenantId; people: readonly IdentityId[]; clientId: ClientId },
): Promise<LogoutReceiver[]> {
  const found = await tx.run(findLogoutReceivers({ tenantId, people }))
  return found
    .filter((row) => row.client_id === clientId)
    .map(({ subject, sid }) => ({
      ...{ clientId, subject, identityId: people[0] ?? null },
      sid: sid === null ? undefined : sessionIdFor(clientId, sid),
    }))
}
