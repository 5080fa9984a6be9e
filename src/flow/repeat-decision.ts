/** One line of the ledger that is no erasure of a whole person, made again in a database restored from before it. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { ClientId, IdentityId, LedgerLineId, TenantId } from '../domain/ids.ts'
import { LedgerSaid, type SaidLine, type SaidLineOf } from '../domain/ledger.ts'
import { sealsText } from '../domain/seal-mark.ts'
import { type IsoInstant, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { deleteConsentGivenBy, revokeGrantsAt } from '../store/consent.ts'
import { inTransaction, type Transaction } from '../store/database.ts'
import { lockPeople, setRestriction } from '../store/identity.ts'
import { findLedgerLine, insertLedgerLine } from '../store/ledger.ts'
import { revokeGrantsOf } from '../store/merge.ts'
import { repeatEnd } from './end-link.ts'
import { subjectHash } from './merge-view.ts'
import { takeAttributes } from './take-attributes.ts'

type Means = Pick<Deps, 'db' | 'clock' | 'keyring'>
type Outcome = 'repeated' | 'known' | 'absent'

const ACTOR = 'ledger'

/**
 * `known` where this database was told of it, or is as it says; `absent` where nobody and nothing of it is there. What was
 * repeated is known from then on. Throws `sealed_unreadable` where no key at hand opens what is held.
 */
export async function repeatDecision(
  means: Means,
  line: Exclude<SaidLine, { kind: 'restored' }>,
): Promise<Outcome> {
  const tenantId = line.tenant as TenantId
  const id = line.line as LedgerLineId
  const work = async (tx: Transaction): Promise<Outcome> => {
    const known = await tx.run(findLedgerLine({ tenantId, id }))
    if (known.length > 0) return 'known'
    switch (line.kind) {
      case 'attributes':
        return await repeatAttributes(means, tx, line)
      case 'unlink':
        return (await repeatEnd(means, tx, line)) ? 'repeated' : 'absent'
      case 'restriction':
        return await repeatRestriction(means, tx, line)
      case 'consent':
        return await repeatWithdrawal(means, tx, line)
    }
  }
  return await inTransaction(means.db, tenantId, work, { retries: 2 })
}

async function repeatAttributes(
  means: Means,
  tx: Transaction,
  line: SaidLineOf<'attributes'>,
): Promise<Outcome> {
  const tenantId = line.tenant as TenantId
  const locked = await lockListed(tx, line)
  const first = locked.find(({ status }) => status !== 'MERGED') ?? locked[0]
  if (first === undefined) return 'absent'
  const now = toInstant(means.clock())
  const taken = await takeAttributes(means, tx, { tenantId, people: locked, now }, line)
  await tx.runLast([
    knownFromNow(line, first.id, now),
    insertAuditEvent(tenantId, newId(), now, {
      detail: {
        ...{ type: 'attributes_erased', actor: ACTOR, links: taken.links },
        ...{ attributes: taken.attributes.length, categories: taken.categories.length },
        seals: sealsText(taken.seals),
      },
      subjectHash: subjectHash(means, tenantId, first),
    }),
  ])
  return 'repeated'
}

/** A yes of later than that is another one: it was given in this database, after a replay. */
async function repeatWithdrawal(
  means: Means,
  tx: Transaction,
  line: SaidLineOf<'consent'>,
): Promise<Outcome> {
  const tenantId = line.tenant as TenantId
  const clientId = line.client as ClientId
  const locked = await lockListed(tx, line)
  const first = locked.find(({ status }) => status !== 'MERGED') ?? locked[0]
  if (first === undefined) return 'absent'
  const at = { tenantId, people: locked.map((row) => row.id), clientId }
  const [deleted] = await tx.run(deleteConsentGivenBy({ ...at, until: line.said_at as IsoInstant }))
  if (deleted === undefined || deleted.changed === 0) return 'absent'
  const now = toInstant(means.clock())
  const [revoked] = await tx.run(revokeGrantsAt({ ...at, now }))
  await tx.runLast([
    knownFromNow(line, first.id, now),
    insertAuditEvent(tenantId, newId(), now, {
      detail: { type: 'consent_withdrawn', actor: ACTOR, grants: revoked?.changed ?? 0 },
      subjectHash: subjectHash(means, tenantId, first),
      clientId,
    }),
  ])
  return 'repeated'
}

async function repeatRestriction(
  means: Means,
  tx: Transaction,
  line: SaidLineOf<'restriction'>,
): Promise<Outcome> {
  const tenantId = line.tenant as TenantId
  const listed = await lockListed(tx, line)
  const [from, to] = line.restricted
    ? (['ACTIVE', 'RESTRICTED'] as const)
    : (['RESTRICTED', 'ACTIVE'] as const)
  // Who was merged into the person when it was said may be somebody of their own in this backup.
  const people = listed.filter(({ status }) => status === from)
  const already = listed.find(({ status }) => status === to)
  const [first] = people
  const now = toInstant(means.clock())
  if (first === undefined) {
    if (already === undefined) return 'absent'
    await tx.runLast([knownFromNow(line, already.id, now)])
    return 'known'
  }
  const type = line.restricted ? 'identity_restricted' : 'restriction_lifted'
  await tx.runLast([
    ...people.map(({ id }) => setRestriction({ tenantId, id, from, to })),
    revokeGrantsOf({ tenantId, people: people.map(({ id }) => id), now }),
    knownFromNow(line, first.id, now),
    ...people.map((person) =>
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type, actor: ACTOR },
        subjectHash: subjectHash(means, tenantId, person),
      }),
    ),
  ])
  return 'repeated'
}

/** Those of the line who are there and were not erased. */
async function lockListed(tx: Transaction, { tenant, persons }: SaidLine) {
  const ids = persons.map((id) => id as IdentityId)
  const locked = await tx.run(lockPeople({ tenantId: tenant as TenantId, ids }))
  return locked.filter(({ status }) => status !== 'ERASED')
}

function knownFromNow(line: SaidLine, identityId: IdentityId, now: IsoInstant) {
  const { v: _, tenant, line: id, said_at: saidAt, ...said } = line
  return insertLedgerLine({
    ...{ tenantId: tenant as TenantId, id: id as LedgerLineId, identityId, notedAt: now },
    ...{ said: JSON.stringify(LedgerSaid.parse(said)), saidAt: saidAt as IsoInstant },
  })
}
