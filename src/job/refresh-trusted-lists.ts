/**
 * Fetches the trusted lists that published trust policies name, ahead of any login (TR-20): a new one within minutes, one
 * that is kept every six hours and more often once its next update is near. What cannot be had, or is not believed, leaves
 * what is kept as it is; it stops counting at its own end, plus the grace of the policy.
 */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { BridgeError } from '../domain/failure.ts'
import type { TenantId } from '../domain/ids.ts'
import { readPolicy } from '../domain/policy.ts'
import { fromInstant, HOUR, MINUTE, toInstant } from '../domain/time.ts'
import type { TrustedList } from '../domain/trusted-list-policy.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read, type Transaction, transact } from '../store/database.ts'
import { findCurrentPolicies } from '../store/policy.ts'
import { raiseRevision } from '../store/tenant.ts'
import {
  dropTrustedList,
  listTrustedLists,
  noteListProblem,
  storeTrustedList,
} from '../store/trusted-list.ts'
import { ListError, type ReadList } from '../wallet/listed-service.ts'
import { readStoredLists } from '../wallet/stored-list.ts'
import {
  allLists,
  believedList,
  LARGEST_LISTS,
  readTrustedList,
  signersDigest,
} from '../wallet/trusted-list.ts'
import type { Job, JobCounts } from './lease.ts'

type Means = Pick<Deps, 'db' | 'clock' | 'outbound'>

const NAME = 'refresh-trusted-lists'
const LOOK_EVERY = 5 * MINUTE
const ASK_EVERY = 6 * HOUR
const TIMEOUT_MS = 20_000
const TURN = 2 * MINUTE
const OTHERS = ['application/octet-stream', 'text/plain']
const TYPES = {
  'lote-jwt': ['application/jose', 'application/jwt', ...OTHERS],
  'tsl-xml': ['application/vnd.etsi.tsl+xml', 'application/xml', 'text/xml', ...OTHERS],
} as const

export function refreshTrustedListsJob(means: Means): Job {
  return {
    name: NAME,
    next: (now) => now + LOOK_EVERY,
    run: (_, tenant, keepLease) => refreshTenant(means, tenant, keepLease),
  }
}

type Row = Awaited<ReturnType<typeof readRows>>['rows'][number]

async function readRows(means: Means, tenantId: TenantId) {
  const [policies, rows] = await read(means.db, tenantId, [
    findCurrentPolicies({ tenantId }),
    listTrustedLists({ tenantId }),
  ])
  const published = policies.find(({ kind }) => kind === 'trust')
  const rules =
    published === undefined ? [] : readPolicy('trust', JSON.parse(published.document)).lists
  return { rules, rows }
}

/**
 * Lists of lists first: whom they point to is known once they are new. Among them those that were looked at longest ago, and
 * for some minutes: hosts that are not there keep neither the other lists nor another tenant's from being asked.
 */
async function refreshTenant(
  means: Means,
  tenantId: TenantId,
  keepLease: () => Promise<boolean>,
): Promise<JobCounts> {
  const counts = { updated: 0, unchanged: 0, refused: 0, unreachable: 0, dropped: 0 }
  const { rules, rows } = await readRows(means, tenantId)
  const began = means.clock()
  const refreshAll = async (lists: readonly TrustedList[], known: readonly Row[]) => {
    const rowOf = ({ url }: TrustedList) => known.find((row) => row.url === url)
    const checkedAt = (list: TrustedList) => rowOf(list)?.checked_at ?? ''
    for (const list of lists.toSorted((a, b) => (checkedAt(a) < checkedAt(b) ? -1 : 1))) {
      const row = rowOf(list)
      if (!isDue(list, row, means.clock())) continue
      if (means.clock() - began > TURN || !(await keepLease())) return
      counts[await refresh(means, tenantId, list, row)] += 1
    }
  }
  await refreshAll(rules, rows)
  const isPointing = rules.some((one) => 'follow' in one)
  const current = isPointing ? (await readRows(means, tenantId)).rows : rows
  const fetched = readStoredLists(current)
  const lists = allLists(rules, fetched)
  await refreshAll(lists.slice(rules.length), current)
  // While a list of lists is not believed nobody knows whom it points to, and their numbers must not be forgotten.
  const isKnown = rules.every(
    (one) => !('follow' in one) || believedList(one, fetched) !== undefined,
  )
  const gone = current.filter(({ url }) => isKnown && lists.every((list) => list.url !== url))
  if (gone.length > 0) {
    const steps = gone.map(({ url }) => dropTrustedList({ tenantId, url }))
    await transact(means.db, tenantId, steps)
  }
  return { ...counts, dropped: gone.length }
}

function isDue(list: TrustedList, row: Row | undefined, now: number): boolean {
  if (row === undefined || row.signers !== signersDigest(list) || row.next_update === null) {
    return true
  }
  const checked = fromInstant(row.checked_at)
  // Near its end, and past it, a new issue is looked for each time.
  return now - checked >= ASK_EVERY || now >= fromInstant(row.next_update) - ASK_EVERY
}

async function refresh(
  means: Means,
  tenantId: TenantId,
  list: TrustedList,
  row: Row | undefined,
): Promise<'updated' | 'unchanged' | 'refused' | 'unreachable'> {
  try {
    const octets = await fetchList(means, list)
    const known = row?.sequence ?? undefined
    const read = await readTrustedList(octets, list, { now: means.clock(), known })
    return await store(means, tenantId, list, { read, row })
  } catch (error) {
    const problem = problemOf(error)
    await note(means, tenantId, list, { problem, before: row?.problem ?? undefined })
    return error instanceof ListError ? 'refused' : 'unreachable'
  }
}

async function fetchList({ outbound }: Means, { url, format }: TrustedList) {
  const contentTypes = TYPES[format]
  const limits = { maxBytes: LARGEST_LISTS[format], timeoutMs: TIMEOUT_MS, contentTypes }
  const accept = contentTypes.join(', ')
  const { status, octets } = await outbound.fetchOctets(url, { headers: { accept } }, limits)
  return status === 200 ? octets : new Uint8Array()
}

/** A word of ours; anything that was not foreseen is thrown on. */
function problemOf(error: unknown): string {
  if (error instanceof ListError) return error.reason
  if (error instanceof BridgeError && error.failure.kind === 'outbound_refused') {
    return error.failure.reason
  }
  throw error
}

async function store(
  means: Means,
  tenantId: TenantId,
  list: TrustedList,
  { read: issue, row }: { read: ReadList; row: Row | undefined },
): Promise<'updated' | 'unchanged' | 'refused'> {
  const now = toInstant(means.clock())
  const services = JSON.stringify(issue.services)
  const pointers = JSON.stringify(issue.pointers)
  const step = storeTrustedList({
    ...{ tenantId, url: list.url, signers: signersDigest(list), services, pointers, now },
    sequence: issue.sequence,
    issuedAt: toInstant(issue.issuedAt),
    nextUpdate: toInstant(issue.nextUpdate),
  })
  const isSame =
    row?.services === services &&
    row.pointers === pointers &&
    row.signers === signersDigest(list) &&
    row.next_update === toInstant(issue.nextUpdate)
  return await inTransaction(means.db, tenantId, async (tx) => {
    const stored = await tx.run(step)
    // Another instance was given a later issue meanwhile.
    if (stored.length === 0) return 'refused'
    if (isSame) return 'unchanged'
    await tellOfIssue(tx, tenantId, list, issue, now)
    return 'updated'
  })
}

/** Prepared tenants have the anchors of the issue before, so the revision is raised. */
async function tellOfIssue(
  tx: Transaction,
  tenantId: TenantId,
  list: TrustedList,
  { sequence, services }: ReadList,
  now: ReturnType<typeof toInstant>,
): Promise<void> {
  const certificates = services.reduce((sum, service) => sum + service.certificates.length, 0)
  await tx.runLast([
    raiseRevision({ id: tenantId, now }),
    insertAuditEvent(tenantId, newId(), now, {
      detail: { type: 'trusted_list_updated', list: list.id, sequence, certificates },
    }),
  ])
}

/** An event only when the problem is another than before: a list that is away for a week is one event. */
async function note(
  means: Means,
  tenantId: TenantId,
  list: TrustedList,
  { problem, before }: { problem: string; before: string | undefined },
): Promise<void> {
  const now = toInstant(means.clock())
  const step = noteListProblem({ tenantId, url: list.url, problem, now })
  const event = insertAuditEvent(tenantId, newId(), now, {
    detail: { type: 'trusted_list_refused', list: list.id, reason: problem },
  })
  await transact(means.db, tenantId, problem === before ? [step] : [step, event])
}
