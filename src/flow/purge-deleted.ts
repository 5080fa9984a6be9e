/**
 * Removes for good what ended longer ago than the tenant lets it be restored: bindings before matches, tombstones of
 * erased people too. Then whoever nothing leads to any more goes as in an erasure, so that no data is left without an
 * owner. Each batch is a transaction of its own that looks again; a run that dies is begun again and finds what is left.
 */
import { outboxRows } from '../crypto/outbox-event.ts'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { IdentityId, TenantId } from '../domain/ids.ts'
import { DAY, type IsoInstant, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read, type Transaction } from '../store/database.ts'
import { lockPeople } from '../store/identity.ts'
import { findReceivers, insertOutbox } from '../store/outbox.ts'
import {
  countMatchesOf,
  findPurgeableBindings,
  findPurgeableMatches,
  markForgotten,
  purgeBindings,
  purgeMatches,
  walkUnreachable,
} from '../store/retention.ts'
import { lockFamily, takeOut } from './record-erasure.ts'
import { findRetention } from './retention-view.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock'>

const BATCH = 200
const PAGE = 2_000

export type PurgeCounts = { bindings: number; matches: number; tombstones: number; people: number }

/** Works through the tenant; counts what went. */
export async function purgeDeleted(
  means: Means,
  tenantId: TenantId,
  keepLease: () => Promise<boolean>,
): Promise<PurgeCounts> {
  const counts = { bindings: 0, matches: 0, tombstones: 0, people: 0 }
  const { days } = await findRetention(means.db, tenantId, 'ended_links')
  if (days === undefined) return counts
  const before = toInstant(means.clock() - days * DAY)
  for (;;) {
    const gone = await purgeBatch(means, tenantId, before)
    counts.bindings += gone.bindings
    counts.matches += gone.matches
    counts.tombstones += gone.tombstones
    if (gone.bindings + gone.matches + gone.tombstones === 0) break
    if (!(await keepLease())) return counts
  }
  let after = ''
  for (;;) {
    const place = { tenantId, after, limit: PAGE, before }
    const [[page]] = await read(means.db, tenantId, [walkUnreachable(place)])
    if (page === undefined) return counts
    for (const [done, id] of page.people.entries()) {
      if (done % 50 === 49 && !(await keepLease())) return counts
      counts.people += await forget(means, tenantId, id)
    }
    after = page.last
    if (!(await keepLease())) return counts
  }
}

/** The people are locked first, as by everybody who changes them; what somebody restored meanwhile stays. */
async function purgeBatch(means: Means, tenantId: TenantId, before: IsoInstant) {
  const [dead, loose] = await read(means.db, tenantId, [
    findPurgeableMatches({ tenantId, before, limit: BATCH }),
    findPurgeableBindings({ tenantId, before, limit: BATCH }),
  ])
  if (dead.length + loose.length === 0) return { bindings: 0, matches: 0, tombstones: 0 }
  const people = [...new Set([...dead, ...loose].map((row) => row.identity_id))]
  const work = async (tx: Transaction) => {
    const locked = await tx.run(lockPeople({ tenantId, ids: people }))
    // Who was restricted since then has everything kept (Art. 18 GDPR); a tombstone's owner is nobody at all.
    const held = new Set(locked.filter(({ status }) => status === 'RESTRICTED').map(({ id }) => id))
    const isFree = (row: { identity_id: IdentityId }) => !held.has(row.identity_id)
    const ids = loose.filter(isFree).map(({ id }) => id)
    const matchIds = dead.filter(isFree).map(({ id }) => id)
    const [bindings, matches] = await tx.runAll([
      purgeBindings({ tenantId, ids, matchIds, before }),
      purgeMatches({ tenantId, ids: matchIds, before }),
    ])
    const tombstones = matches.filter((row) => row.deletion_reason === 'GDPR_ERASURE').length
    const gone = {
      ...{ matches: matches.length - tombstones, bindings: bindings.length, tombstones },
    }
    if (matches.length + bindings.length > 0)
      await tx.runLast([
        insertAuditEvent(tenantId, newId(), toInstant(means.clock()), {
          detail: { type: 'deleted_links_purged', ...gone },
        }),
      ])
    return gone
  }
  return await inTransaction(means.db, tenantId, work, { retries: 2 })
}

/** One person with everybody merged into them; how many that were, none where somebody came back meanwhile. */
async function forget(means: Means, tenantId: TenantId, id: IdentityId): Promise<number> {
  const work = async (tx: Transaction) => {
    const family = await lockFamily(tx, tenantId, id)
    const people = family.map((one) => one.id)
    const [matches] = await tx.run(countMatchesOf({ tenantId, people }))
    const isLeft = family.every(({ status }) => status === 'ACTIVE' || status === 'MERGED')
    if (!isLeft || matches?.count !== 0) return 0
    const now = toInstant(means.clock())
    const event = { type: 'identity_erased' } as const
    const receivers = await tx.run(findReceivers({ tenantId, people, ...event }))
    const erased = await takeOut(tx, { tenantId, people, now })
    await tx.runLast([
      markForgotten({ tenantId, people }),
      insertOutbox(outboxRows(means.keyring, tenantId, event, receivers, now)),
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'identity_forgotten', ...erased },
      }),
    ])
    return people.length
  }
  return await inTransaction(means.db, tenantId, work, { retries: 3 })
}
