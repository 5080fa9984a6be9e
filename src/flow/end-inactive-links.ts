/**
 * Ends what nobody used for as long as the tenant keeps it, after its end was told. One transaction a person, under the
 * person's lock: a login is before it and keeps the link, or after it and meets a stranger. What ended can be restored
 * until the purge; a run that dies is begun again and finds what is left.
 */
import { outboxRows } from '../crypto/outbox-event.ts'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { BridgeError } from '../domain/failure.ts'
import type { IdentityId, TenantId } from '../domain/ids.ts'
import { decideInactive, INACTIVE, type Inactive } from '../domain/inactivity.ts'
import { latestUse } from '../domain/last-use.ts'
import { DAY, fromInstant, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read, type Transaction } from '../store/database.ts'
import { lockPeople } from '../store/identity.ts'
import { findReceivers, insertOutbox } from '../store/outbox.ts'
import {
  endBindings,
  endMatches,
  findAllBindings,
  findAllMatches,
  revokeGrantsOn,
} from '../store/person.ts'
import { markWarned, walkBindings, walkMatches } from '../store/retention.ts'
import { liveBindings, liveMatches } from './identity-view.ts'
import { subjectHash } from './merge-view.ts'
import { findRetention } from './retention-view.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock'>
type Period = { days: number; noticeDays: number }

/** Rows of one page of the walk. */
const PAGE = 2_000

export type InactiveCounts = { people: number; warned: number; bindings: number; matches: number }

/**
 * Walks the tenant's bindings, then its matches; counts what was warned of and ended. Throws `sealed_unreadable` at the end
 * where a person's pseudonym cannot be made: they are passed by, and the others are not.
 */
export async function endInactiveLinks(
  means: Means,
  tenantId: TenantId,
  keepLease: () => Promise<boolean>,
): Promise<InactiveCounts> {
  const counts = { people: 0, warned: 0, bindings: 0, matches: 0 }
  const { days, noticeDays } = await findRetention(means.db, tenantId, 'links')
  if (days === undefined) return counts
  const period = { days, noticeDays }
  const unreadable: BridgeError[] = []
  const end = async (id: IdentityId) => {
    try {
      add(counts, await endOf(means, tenantId, id, period))
    } catch (error) {
      if (!(error instanceof BridgeError) || error.failure.kind !== 'sealed_unreadable') throw error
      unreadable.push(error)
    }
  }
  for (const walk of ['bindings', 'matches'] as const)
    if (!(await walkAlong(means, tenantId, { walk, period, end, keepLease }))) break
  const [error] = unreadable
  if (error !== undefined) throw error
  return counts
}

/** Returns false where the lease was lost. */
async function walkAlong(
  means: Means,
  tenantId: TenantId,
  does: {
    walk: 'bindings' | 'matches'
    period: Period
    end: (id: IdentityId) => Promise<void>
    keepLease: () => Promise<boolean>
  },
): Promise<boolean> {
  let after = ''
  for (;;) {
    const [page] = await readPage(means, tenantId, does.walk, after, does.period)
    if (page === undefined) return true
    for (const [done, id] of page.people.entries()) {
      if (done % 50 === 49 && !(await does.keepLease())) return false
      await does.end(id)
    }
    after = page.last
    if (!(await does.keepLease())) return false
  }
}

async function readPage(
  means: Means,
  tenantId: TenantId,
  walk: 'bindings' | 'matches',
  after: string,
  { days, noticeDays }: Period,
) {
  const at = means.clock()
  const ago = (least: number) => toInstant(at - least * DAY)
  const place = { tenantId, after, limit: PAGE, endBefore: ago(days) }
  const told = { warnBefore: ago(days - noticeDays), toldBefore: ago(noticeDays), noticeDays }
  const [rows] = await read(means.db, tenantId, [
    walk === 'bindings' ? walkBindings({ ...place, ...told }) : walkMatches(place),
  ])
  return rows
}

function add(counts: InactiveCounts, ended: Inactive | undefined): void {
  if (ended === undefined) return
  counts.people += 1
  counts.warned += ended.warned.length
  counts.bindings += ended.bindings.length
  counts.matches += ended.matches.length
}

/** What ended of one person; undefined where nothing did. */
async function endOf(
  means: Means,
  tenantId: TenantId,
  identityId: IdentityId,
  period: Period,
): Promise<Inactive | undefined> {
  const work = async (tx: Transaction) => {
    const [[person], matches, bindings] = await tx.runAll([
      lockPeople({ tenantId, ids: [identityId] }),
      findAllMatches({ tenantId, identityId }),
      findAllBindings({ tenantId, identityId }),
    ])
    if (person?.status !== 'ACTIVE') return undefined
    const age = new Map(
      [...matches, ...bindings].map((row) => [row.id as string, latestUse(row.last_used_at)]),
    )
    const told = new Map(
      bindings.map(({ id, inactivity_warned_at: at }) => [
        id,
        at === null ? undefined : fromInstant(at),
      ]),
    )
    const ended = decideInactive(
      liveMatches(matches).map((row) => ({ ...row, lastUsedAt: age.get(row.id) ?? 0 })),
      liveBindings(bindings).map((row) => ({
        ...{ ...row, lastUsedAt: age.get(row.id) ?? 0, warnedAt: told.get(row.id) },
      })),
      { now: means.clock(), ...period },
    )
    if (ended.warned.length + ended.bindings.length + ended.matches.length === 0) return undefined
    await record(means, tx, tenantId, person, ended, period)
    return ended
  }
  return await inTransaction(means.db, tenantId, work, { retries: 2 })
}

async function record(
  means: Means,
  tx: Transaction,
  tenantId: TenantId,
  person: { id: IdentityId; audit_salt: string | null },
  ended: Inactive,
  { noticeDays }: Period,
): Promise<void> {
  const at = means.clock()
  const now = toInstant(at)
  const whom = { tenantId, people: [person.id] }
  const warning = { type: 'binding_expiring', endsAt: toInstant(at + noticeDays * DAY) } as const
  const removal = { type: 'binding_removed' } as const
  const hearing = async (type: 'binding_expiring' | 'binding_removed', rows: readonly unknown[]) =>
    rows.length === 0 ? [] : await tx.run(findReceivers({ ...whom, type }))
  const warned = await hearing(warning.type, ended.warned)
  const told = await hearing(removal.type, ended.bindings)
  const { matches, bindings } = ended
  const subject = { subjectHash: subjectHash(means, tenantId, person) }
  const reason = INACTIVE
  await tx.runLast([
    markWarned({ tenantId, ids: ended.warned, now }),
    revokeGrantsOn({ tenantId, bindings, now }),
    endBindings({ tenantId, ids: bindings, reason, now }),
    endMatches({ tenantId, ids: matches, reason, now }),
    insertOutbox(outboxRows(means.keyring, tenantId, warning, warned, now)),
    insertOutbox(outboxRows(means.keyring, tenantId, removal, told, now)),
    ...(ended.warned.length === 0
      ? []
      : [
          insertAuditEvent(tenantId, newId(), now, {
            detail: { type: 'inactivity_warned', bindings: ended.warned.length },
            ...subject,
          }),
        ]),
    ...(bindings.length + matches.length === 0
      ? []
      : [
          insertAuditEvent(tenantId, newId(), now, {
            detail: {
              ...{ type: 'inactive_links_ended', matches: matches.length },
              bindings: bindings.length,
            },
            ...subject,
          }),
        ]),
  ])
}
