/**
 * The one transaction of an erasure (design section 5): it takes a person out of every table, destroys their key, and
 * leaves tombstones, an event and a receipt.
 */
import { sessionIdFor } from '../crypto/id-token.ts'
import { type LogoutReceiver, logoutRows, outboxRows } from '../crypto/outbox-event.ts'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { type Erased, type ErasureGround, RECEIPT_TYPE, receiptClaims } from '../domain/erasure.ts'
import { fail } from '../domain/failure.ts'
import type { ErasureId, IdentityId, TenantId } from '../domain/ids.ts'
import type { ErasureLine } from '../domain/ledger.ts'
import { issuerOf, type Tenant } from '../domain/tenant.ts'
import { type IsoInstant, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { eraseConsents } from '../store/consent.ts'
import { inTransaction, type Transaction } from '../store/database.ts'
import {
  buryMatches,
  eraseAuxiliary,
  eraseBindings,
  eraseChoices,
  eraseFromRequests,
  eraseLogins,
  eraseMerges,
  eraseSubjects,
  findErasure,
  findWholeFamily,
  insertErasure,
  lockLogins,
  lockToErase,
  lockTokens,
  markErased,
} from '../store/erasure.ts'
import { eraseLedgerLines } from '../store/ledger.ts'
import { findLogoutReceivers } from '../store/logout.ts'
import { deleteOutboxOf, findReceivers, insertLogouts, insertOutbox } from '../store/outbox.ts'
import { noteErasure } from './erasure-ledger.ts'
import { openReceiptKey, type ReceiptKey } from './receipt-key.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'config'>

export interface ErasureView {
  id: ErasureId
  erasedAt: IsoInstant
  /** Compact JWS; {@link receiptClaims} says what is in it. */
  receipt: string
}

/**
 * Erases the person, everybody merged with them included, for a caller whose right was looked at already; `actor` stands in
 * the event, and `before` runs in the transaction ahead of everything. A repeat returns the same receipt. Throws `not_found`,
 * and `conflict` where the tenant has no key to sign with.
 */
export async function erasePerson(
  means: Means,
  tenant: Tenant,
  actor: string,
  asked: {
    identityId: IdentityId
    ground: ErasureGround
    before?: (tx: Transaction) => Promise<void>
  },
): Promise<ErasureView> {
  const { identityId, ground, before } = asked
  const key = await openReceiptKey(means, tenant.id)
  const work = async (tx: Transaction) => {
    await before?.(tx)
    const locked = await lockFamily(tx, tenant.id, identityId)
    const [first] = locked
    if (first === undefined) return fail({ kind: 'not_found' })
    if (first.status === 'ERASED') return await findReceipt(tx, tenant.id, first.erasure_id)
    const people = locked.map(({ id }) => id)
    return await recordErasure(means, tx, { tenant, actor, ground, people, key })
  }
  const view = await inTransaction(means.db, tenant.id, work, { retries: 3 })
  await noteErasure(means, tenant.id, view.id)
  return view
}

/**
 * An erasure that a ledger tells of, in a database restored from before it: `erased`, `known` where it is there, `absent`
 * where nobody of it is, and `held` where somebody who was not erased is one with them by a merge here; a split comes first.
 */
export async function repeatErasure(
  means: Pick<Means, 'db' | 'clock'>,
  line: ErasureLine,
): Promise<'erased' | 'known' | 'absent' | 'held'> {
  const tenantId = line.tenant as TenantId
  const listed = line.persons.map((id) => id as IdentityId)
  return await inTransaction(means.db, tenantId, async (tx) => {
    const there = new Map<IdentityId, string>()
    for (const id of listed)
      for (const row of await lockFamily(tx, tenantId, id)) there.set(row.id, row.status)
    const people = [...there.keys()]
    if (people.length === 0) return 'absent'
    if (people.some((id) => !listed.includes(id))) return 'held'
    if ([...there.values()].every((status) => status === 'ERASED')) return 'known'
    const now = toInstant(means.clock())
    const erased = await takeOut(tx, { tenantId, people, now })
    const { ground, receipt, erasure } = line
    const id = erasure as ErasureId
    await tx.runLast([
      insertErasure({ tenantId, id, ground, receipt, now: line.erased_at as IsoInstant }),
      markErased({ tenantId, people, erasureId: id }),
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'identity_erased', actor: 'ledger', erasure, ground, ...erased },
      }),
    ])
    return 'erased'
  })
}

/** A merge between looking and locking shows as somebody more; then all are locked again, with them. */
export async function lockFamily(tx: Transaction, tenantId: TenantId, id: IdentityId) {
  let people: readonly IdentityId[] = []
  for (;;) {
    const family = (await tx.run(findWholeFamily({ tenantId, id }))).map((one) => one.id)
    if (family.every((one) => people.includes(one))) break
    people = family
    await tx.run(lockToErase({ tenantId, people }))
  }
  return await tx.run(lockToErase({ tenantId, people }))
}

async function findReceipt(
  tx: Transaction,
  tenantId: TenantId,
  id: ErasureId | null,
): Promise<ErasureView> {
  const [row] = id === null ? [] : await tx.run(findErasure({ tenantId, id }))
  if (row === undefined) return fail({ kind: 'not_found' })
  return { id: row.id, erasedAt: row.erased_at, receipt: row.receipt }
}

interface Erasing {
  tenant: Tenant
  actor: string
  ground: ErasureGround
  people: readonly IdentityId[]
  key: ReceiptKey
}

async function recordErasure(
  means: Means,
  tx: Transaction,
  { tenant, actor, ground, people, key }: Erasing,
): Promise<ErasureView> {
  const id = newId() as ErasureId
  const tenantId = tenant.id
  const erasedAt = toInstant(means.clock())
  const event = { type: 'identity_erased' } as const
  const receivers = await tx.run(findReceivers({ tenantId, people, ...event }))
  const logouts = await findLogouts(tx, tenantId, people)
  const erased = await takeOut(tx, { tenantId, people, now: erasedAt })
  const issuer = issuerOf(means.config.publicUrl, tenant.slug)
  const said = { issuer, id, persons: people, ground, erasedAt, erased }
  const receipt = key.sign(RECEIPT_TYPE, receiptClaims(said))
  await tx.runLast([
    insertErasure({ tenantId, id, ground, receipt, now: erasedAt }),
    markErased({ tenantId, people, erasureId: id }),
    insertOutbox(outboxRows(means.keyring, tenantId, event, receivers, erasedAt)),
    insertLogouts(logoutRows(means.keyring, tenantId, logouts, erasedAt)),
    insertAuditEvent(tenantId, newId(), erasedAt, {
      detail: { type: 'identity_erased', actor, erasure: id, ground, ...erased },
    }),
  ])
  return { id, erasedAt, receipt }
}

/** Where the person may be logged in still; rows that do not name them, for they are to outlive everything that does. */
async function findLogouts(
  tx: Transaction,
  tenantId: TenantId,
  people: readonly IdentityId[],
): Promise<LogoutReceiver[]> {
  const found = await tx.run(findLogoutReceivers({ tenantId, people }))
  return found.map(({ client_id: clientId, subject, sid }) => ({
    ...{ clientId, identityId: null, subject },
    sid: sid === null ? undefined : sessionIdFor(clientId, sid),
  }))
}

/** Every table of `store/personal-data.ts`, what hangs on something before that. */
export async function takeOut(
  tx: Transaction,
  { tenantId, people, now }: { tenantId: TenantId; people: readonly IdentityId[]; now: IsoInstant },
): Promise<Erased> {
  const whom = { tenantId, people }
  const [, , [logins], bindings, matches, [attributes], [subjects], , , [messages]] =
    await tx.runAll([
      lockLogins(whom),
      lockTokens(whom),
      eraseLogins(whom),
      eraseBindings(whom),
      buryMatches({ ...whom, now }),
      eraseAuxiliary(whom),
      eraseSubjects(whom),
      eraseChoices(whom),
      eraseMerges(whom),
      deleteOutboxOf(whom),
      eraseLedgerLines(whom),
      eraseFromRequests({ ...whom, now }),
      eraseConsents(whom),
    ])
  if (logins === undefined) throw new TypeError('counting gives one row')
  return {
    ...{ persons: people.length, matches: matches.length, bindings: bindings.length, ...logins },
    ...{ attributes: attributes?.changed ?? 0, subjects: subjects?.changed ?? 0 },
    messages: messages?.changed ?? 0,
  }
}
