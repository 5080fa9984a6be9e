/** The end of a link, whoever decided it: its match, and whatever rests on it. */
import { outboxRows } from '../crypto/outbox-event.ts'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { ClientId, IdentityId, LedgerLineId, MatchId, TenantId } from '../domain/ids.ts'
import type { LedgerSaid, SaidLineOf } from '../domain/ledger.ts'
import { type IsoInstant, toInstant } from '../domain/time.ts'
import { decideUnlinks, type Unlinked, type UnlinkReason } from '../domain/unlink.ts'
import { insertAuditEvent } from '../store/audit.ts'
import type { Transaction } from '../store/database.ts'
import { lockPeople } from '../store/identity.ts'
import { insertLedgerLine } from '../store/ledger.ts'
import { findReceivers, insertOutbox } from '../store/outbox.ts'
import {
  endBindings,
  endMatches,
  findAllBindings,
  findAllMatches,
  findOwnersOfMatches,
  revokeGrantsOn,
} from '../store/person.ts'
import type { Changed, Step } from '../store/statement.ts'
import { ledgerStep } from './erasure-ledger.ts'
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
 * The same inside a transaction, which it commits unless the link had ended before; the ledger is to be told then
 * (`noteLines`). Throws `not_found` for a match that is not this person's, `conflict` for a person who is not active.
 */
export async function endLink(
  means: Means,
  tx: Transaction,
  tenantId: TenantId,
  { identityId, matchId, before, ...told }: EndedLink,
): Promise<void> {
  const own = await lockOwn(tx, tenantId, identityId)
  const named = own.matches.find(({ id }) => id === matchId)
  if (own.person === undefined || named === undefined) return fail({ kind: 'not_found' })
  if (own.person.status !== 'ACTIVE')
    return fail({ kind: 'conflict', detail: 'the person is not active' })
  const ended = decideUnlinks(liveMatches(own.matches), liveBindings(own.bindings), [matchId])
  if (ended === undefined) return
  await before?.(tx)
  const { reason } = told
  const matches = [matchId, ...ended.matches.filter((id) => id !== matchId)]
  const now = toInstant(means.clock())
  const said: LedgerSaid = { kind: 'unlink', persons: [identityId], matches, reason }
  const ending = { ...told, identifier: named.identifier_type, person: own.person, ended, now }
  const { steps, event } = await endSteps(means, tx, tenantId, ending)
  await tx.runLast([...steps, ledgerStep(tenantId, identityId, said, now), event])
}

/**
 * The end of a link that the ledger tells of, in a database restored from before it: of its matches whatever is live again
 * ends, with what rests on it; they may be several people's there, who became one since. Returns false where nothing of it
 * is there.
 */
export async function repeatEnd(
  means: Means,
  tx: Transaction,
  { tenant, line, said_at, ...said }: SaidLineOf<'unlink'>,
): Promise<boolean> {
  const tenantId = tenant as TenantId
  const named = said.matches.map((id) => id as MatchId)
  const now = toInstant(means.clock())
  const owners = await tx.run(findOwnersOfMatches({ tenantId, ids: named }))
  const people = [...new Set(owners.map((row) => row.internal_identity_id))].sort()
  const ends: Awaited<ReturnType<typeof endSteps>>[] = []
  for (const identityId of people) {
    const { person, matches, bindings } = await lockOwn(tx, tenantId, identityId)
    const ended = decideUnlinks(liveMatches(matches), liveBindings(bindings), named)
    if (person === undefined || ended === undefined) continue
    const [first] = matches.filter(({ id }) => ended.matches.includes(id))
    const identifier = first?.identifier_type ?? 'KEY'
    const ending = { reason: said.reason, actor: 'ledger', identifier, person, ended, now }
    ends.push(await endSteps(means, tx, tenantId, ending))
  }
  const [identityId] = people
  if (identityId === undefined || ends.length === 0) return false
  const { kind, persons, matches, reason } = said
  await tx.runLast([
    ...ends.flatMap(({ steps }) => steps),
    insertLedgerLine({
      ...{ tenantId, id: line as LedgerLineId, identityId, notedAt: now },
      ...{ said: JSON.stringify({ kind, persons, matches, reason }) },
      saidAt: said_at as IsoInstant,
    }),
    ...ends.map(({ event }) => event),
  ])
  return true
}

/** The person, locked against every login, and everything by which they are known. */
async function lockOwn(tx: Transaction, tenantId: TenantId, identityId: IdentityId) {
  const [[person], matches, bindings] = await tx.runAll([
    lockPeople({ tenantId, ids: [identityId] }),
    findAllMatches({ tenantId, identityId }),
    findAllBindings({ tenantId, identityId }),
  ])
  return { person, matches, bindings }
}

interface Ending {
  actor: string
  reason: UnlinkReason
  /** Type of the identifier that was named. */
  identifier: string
  clientId?: ClientId
  person: { id: IdentityId; audit_salt: string | null }
  ended: Unlinked
  now: IsoInstant
}

/** What is written, and what the trail is told last. */
async function endSteps(
  means: Means,
  tx: Transaction,
  tenantId: TenantId,
  { person, ended, now, clientId, ...told }: Ending,
): Promise<{ steps: Step<Changed>[]; event: Step<Changed> }> {
  const { reason } = told
  const type = 'binding_removed'
  // A match that no binding hung on was nothing anybody outside knew of.
  const receivers =
    ended.bindings.length === 0
      ? []
      : await tx.run(findReceivers({ tenantId, people: [person.id], type }))
  return {
    steps: [
      // Grants first, as a refresh has them: a grant, then its link.
      revokeGrantsOn({ tenantId, bindings: ended.bindings, now }),
      endBindings({ tenantId, ids: ended.bindings, reason, now }),
      endMatches({ tenantId, ids: ended.matches, reason, now }),
      insertOutbox(outboxRows(means.keyring, tenantId, { type }, receivers, now)),
    ],
    event: insertAuditEvent(tenantId, newId(), now, {
      detail: {
        ...{ type: 'link_ended', ...told },
        ...{ matches: ended.matches.length, bindings: ended.bindings.length },
      },
      subjectHash: subjectHash(means, tenantId, person),
      clientId,
    }),
  }
}
