/** The end of a link, whoever decided it: its match, and whatever rests on it. */
import { outboxRows } from '../crypto/outbox-event.ts'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { ClientId, IdentityId, MatchId, TenantId } from '../domain/ids.ts'
import { toInstant } from '../domain/time.ts'
import { decideUnlink, type Unlinked, type UnlinkReason } from '../domain/unlink.ts'
import { insertAuditEvent } from '../store/audit.ts'
import type { Transaction } from '../store/database.ts'
import { lockPeople } from '../store/identity.ts'
import { findReceivers, insertOutbox } from '../store/outbox.ts'
import {
  endBindings,
  endMatches,
  findAllBindings,
  findAllMatches,
  revokeGrantsOn,
} from '../store/person.ts'
import { liveBindings, liveMatches } from './identity-view.ts'
import { subjectHash } from './merge-view.ts'

type Means = Pick<Deps, 'keyring' | 'clock'>

export interface EndedLink {
  identityId: IdentityId
  matchId: MatchId
  reason: UnlinkReason
  /** Who decided it, as the audit trail names them. */
  actor: string
  /** The machine client, where it was one. */
  clientId?: ClientId
  /** Runs before anything is written. */
  before?: (tx: Transaction) => Promise<void>
}

/**
 * The same inside a transaction, which it commits unless the link had ended before. Throws `not_found` for a match that is
 * not this person's, `conflict` for a person who is not active.
 */
export async function endLink(
  means: Means,
  tx: Transaction,
  tenantId: TenantId,
  { identityId, matchId, reason, actor, clientId, before }: EndedLink,
): Promise<void> {
  const [[person], matches, bindings] = await tx.runAll([
    lockPeople({ tenantId, ids: [identityId] }),
    findAllMatches({ tenantId, identityId }),
    findAllBindings({ tenantId, identityId }),
  ])
  const named = matches.find(({ id }) => id === matchId)
  if (person === undefined || named === undefined) return fail({ kind: 'not_found' })
  if (person.status !== 'ACTIVE')
    return fail({ kind: 'conflict', detail: 'the person is not active' })
  const own = liveMatches(matches)
  const bound = liveBindings(bindings)
  const ended = decideUnlink(own, bound, matchId)
  if (ended === undefined) return
  await before?.(tx)
  const told = { actor, reason, identifier: named.identifier_type }
  await recordEnd(means, tx, tenantId, ended, { ...told, clientId }, person)
}

async function recordEnd(
  means: Means,
  tx: Transaction,
  tenantId: TenantId,
  ended: Unlinked,
  told: {
    actor: string
    reason: UnlinkReason
    identifier: string
    clientId: ClientId | undefined
  },
  person: { id: IdentityId; audit_salt: string | null },
): Promise<void> {
  const now = toInstant(means.clock())
  const { clientId, ...plain } = told
  const { reason } = plain
  const type = 'binding_removed'
  // A match that no binding hung on was nothing anybody outside knew of.
  const receivers =
    ended.bindings.length === 0
      ? []
      : await tx.run(findReceivers({ tenantId, people: [person.id], type }))
  await tx.runLast([
    endBindings({ tenantId, ids: ended.bindings, reason, now }),
    endMatches({ tenantId, ids: ended.matches, reason, now }),
    revokeGrantsOn({ tenantId, bindings: ended.bindings, now }),
    insertOutbox(outboxRows(means.keyring, tenantId, { type }, receivers, now)),
    insertAuditEvent(tenantId, newId(), now, {
      detail: {
        ...{ type: 'link_ended', ...plain },
        ...{ matches: ended.matches.length, bindings: ended.bindings.length },
      },
      subjectHash: subjectHash(means, tenantId, person),
      clientId,
    }),
  ])
}
