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
import type { TrustedList } from '../domain/trust-policy.ts'
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
import {
  LARGEST_LIST,
  ListError,
  type ReadList,
  readTrustedList,
  signersDigest,
} from '../wallet/trusted-list.ts'
import type { Job, JobCounts } from './lease.ts'

type Means = Pick<Deps, 'db' | 'clock' | 'outbound'>

const NAME = 'refresh-trusted-lists'
const LOOK_EVERY = 5 * MINUTE
const ASK_EVERY = 6 * HOUR
const TIMEOUT_MS = 20_000
const TYPES = ['application/jose', 'application/jwt', 'application/octet-stream', 'text/plain']

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
  const lists =
    published === undefined ? [] : readPolicy('trust', JSON.parse(published.document)).lists
  return { lists, rows }
}

async function refreshTenant(
  means: Means,
  tenantId: TenantId,
  keepLease: () => Promise<boolean>,
): Promise<JobCounts> {
  const { lists, rows } = await readRows(means, tenantId)
  const counts = { updated: 0, unchanged: 0, refused: 0, unreachable: 0, dropped: 0 }
  const forgotten = rows.filter(({ url }) => lists.every((list) => list.url !== url))
  if (forgotten.length > 0) {
    const steps = forgotten.map(({ url }) => dropTrustedList({ tenantId, url }))
    await transact(means.db, tenantId, steps)
    counts.dropped += forgotten.length
  }
  for (const list of lists) {
    const row = rows.find(({ url }) => url === list.url)
    if (!isDue(list, row, means.clock())) continue
    if (!(await keepLease())) break
    counts[await refresh(means, tenantId, list, row)] += 1
  }
  return counts
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
    const text = await fetchList(means, list)
    const known = row?.sequence ?? undefined
    const read = readTrustedList(text, list, { now: means.clock(), known })
    return await store(means, tenantId, list, { read, row })
  } catch (error) {
    const problem = problemOf(error)
    await note(means, tenantId, list, { problem, before: row?.problem ?? undefined })
    return error instanceof ListError ? 'refused' : 'unreachable'
  }
}

async function fetchList({ outbound }: Means, { url }: TrustedList): Promise<string> {
  const limits = { maxBytes: LARGEST_LIST, timeoutMs: TIMEOUT_MS, contentTypes: TYPES }
  const answer = await outbound.fetch(url, { headers: { accept: TYPES.join(', ') } }, limits)
  return answer.status === 200 ? await answer.text() : ''
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
  const step = storeTrustedList({
    ...{ tenantId, url: list.url, signers: signersDigest(list), services, now },
    sequence: issue.sequence,
    issuedAt: toInstant(issue.issuedAt),
    nextUpdate: toInstant(issue.nextUpdate),
  })
  const isSame =
    row?.services === services &&
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
