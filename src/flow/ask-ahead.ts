/**
 * Asks ahead of logins what they rest on: lists of revoked certificates and answers of responders that logins needed lately,
 * and the keys of issuers that the trust policy names, by themselves or through a federation. What cannot be had, or is not believed, leaves what is kept as it is,
 * with the reason; it stops counting at its own end, plus the grace of the policy.
 */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { TenantId } from '../domain/ids.ts'
import { readPolicy } from '../domain/policy.ts'
import { DAY, fromInstant, type IsoInstant, MINUTE, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { read, transact } from '../store/database.ts'
import { dropKeptAnswer, listKeptAnswers, noteAnswerProblem } from '../store/kept-answer.ts'
import { findCurrentPolicies } from '../store/policy.ts'
import { namedInquiries } from '../wallet/named-inquiries.ts'
import { revocationInquiry } from '../wallet/revocation-inquiry.ts'
import {
  askAnew,
  findSaid,
  type Inquiry,
  nameOfInquiry,
  reasonNotHad,
} from '../wallet/stored-answer.ts'
import { answerStore } from './answer-store.ts'
import { trustFetches } from './trust-fetches.ts'

type Means = Pick<Deps, 'db' | 'clock' | 'outbound'>

/** What no login needed for so long is asked for no more. */
const KEPT_UNSEEN = 30 * DAY
/** Nothing that counts may end between two looks. */
const AHEAD = 10 * MINUTE
/** In one run, for a tenant; and how long, so that hosts that are not there keep no other tenant waiting. */
const MOST_ASKED = 200
const TURN = 1 * MINUTE

/** Returns how many were asked, refused, not to be had, and dropped. */
export async function askAhead(
  means: Means,
  tenantId: TenantId,
  keepLease: () => Promise<boolean>,
): Promise<{ asked: number; refused: number; unreachable: number; dropped: number }> {
  const { inquiries, rows, dropped } = await takeInquiries(means, tenantId)
  const counts = { asked: 0, refused: 0, unreachable: 0, dropped: dropped.length }
  if (dropped.length > 0) {
    await transact(
      means.db,
      tenantId,
      dropped.map(({ name }) => dropKeptAnswer({ tenantId, name })),
    )
  }
  // Who was asked last waits longest: many that are not there must not keep the others from being asked.
  const askedAt = ({ name }: { name: string }) => rows.get(name)?.checked_at ?? ''
  const due = inquiries
    .filter(({ name }) => isDue(rows.get(name), means.clock()))
    .toSorted((one, other) => (askedAt(one) < askedAt(other) ? -1 : 1))
  const began = means.clock()
  for (const { name, inquiry } of due.slice(0, MOST_ASKED)) {
    if (means.clock() - began > TURN || !(await keepLease())) break
    counts[await ask(means, tenantId, inquiry, rows.get(name))] += 1
  }
  return counts
}

type Row = Awaited<ReturnType<typeof readRows>>['rows'][number]

async function readRows({ db }: Means, tenantId: TenantId) {
  const [policies, rows] = await read(db, tenantId, [
    findCurrentPolicies({ tenantId }),
    listKeptAnswers({ tenantId }),
  ])
  const published = policies.find(({ kind }) => kind === 'trust')
  const policy =
    published === undefined ? undefined : readPolicy('trust', JSON.parse(published.document))
  return { policy, rows }
}

/** Certificates are those that logins brought; issuers are those of the policy, and no others. */
async function takeInquiries(means: Means, tenantId: TenantId) {
  const { policy, rows } = await readRows(means, tenantId)
  const now = means.clock()
  const fetches = trustFetches(means.outbound)
  const inquiries = new Map<string, Inquiry<unknown>>()
  const current = rows.filter(({ seen_at: seenAt }) => now - fromInstant(seenAt) < KEPT_UNSEEN)
  const brought = current.flatMap(({ kind, about }) => (kind === 'federation' ? [about] : []))
  for (const inquiry of policy === undefined ? [] : namedInquiries(policy, brought, now, fetches)) {
    inquiries.set(nameOfInquiry(inquiry), inquiry)
  }
  for (const { name, kind, source } of current) {
    if (kind !== 'crl' && kind !== 'ocsp') continue
    const inquiry = revocationInquiry(kind, source, now, fetches)
    if (inquiry !== undefined) inquiries.set(name, inquiry)
  }
  return {
    inquiries: [...inquiries].map(([name, inquiry]) => ({ name, inquiry })),
    rows: new Map(rows.map((row) => [row.name, row])),
    dropped: rows.filter(({ name }) => !inquiries.has(name)),
  }
}

/** In the last quarter of its time, and each time while it cannot be had. */
function isDue(row: Row | undefined, now: number): boolean {
  if (row === undefined || row.fetched_at === null || row.fresh_until === null) return true
  const [fetchedAt, freshUntil] = [fromInstant(row.fetched_at), fromInstant(row.fresh_until)]
  const quarter = (freshUntil - fetchedAt) / 4
  return now >= freshUntil - Math.max(quarter, AHEAD)
}

async function ask(
  means: Means,
  tenantId: TenantId,
  inquiry: Inquiry<unknown>,
  row: Row | undefined,
): Promise<'asked' | 'refused' | 'unreachable'> {
  const store = answerStore(means, tenantId, false)
  try {
    const before = await findSaid(inquiry, store)
    await askAnew(inquiry, before ?? issueOf(row), means.clock(), store)
    return 'asked'
  } catch (error) {
    const reason = reasonNotHad(error)
    await note(means, tenantId, inquiry, { reason, before: row?.problem ?? undefined })
    return reason === 'not_believed' ? 'refused' : 'unreachable'
  }
}

/** Who answered cannot be judged any more, but an older answer would not be a newer one for that. */
function issueOf(row: { issued_at: IsoInstant | null } | undefined) {
  const at = row?.issued_at ?? undefined
  return at === undefined ? undefined : { issuedAt: fromInstant(at) }
}

/** An event only when the problem is another than before: a list that is away for a week is one event. */
async function note(
  means: Means,
  tenantId: TenantId,
  inquiry: Inquiry<unknown>,
  { reason, before }: { reason: string; before: string | undefined },
): Promise<void> {
  const now = toInstant(means.clock())
  const { kind, about, source } = inquiry
  const name = nameOfInquiry(inquiry)
  const step = noteAnswerProblem({ tenantId, name, kind, about, source, problem: reason, now })
  const event = insertAuditEvent(tenantId, newId(), now, {
    detail: { type: 'trust_answer_missing', kind, answer: name, reason },
  })
  await transact(means.db, tenantId, reason === before ? [step] : [step, event])
}
