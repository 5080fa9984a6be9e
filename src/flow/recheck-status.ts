/**
 * Looks up again what became of the credentials behind a tenant's links (protocols TS-13): a link whose credential was
 * revoked is to be proved anew, and until then the selector sees it so; a suspended one may come back. Whole lists are
 * fetched, each once for everybody on it, so the issuer does not learn whose link it is (TS-12). Nothing is kept of what was
 * looked up; what the trust policy no longer wants looked up is forgotten.
 */
import type { Deps } from '../deps.ts'
import { BridgeError, fail } from '../domain/failure.ts'
import { SYSTEM_TENANT, type TenantId } from '../domain/ids.ts'
import { dueAfter, type Found, judgeStandings } from '../domain/standing.ts'
import { HOUR, type IsoInstant, toInstant } from '../domain/time.ts'
import { read, transact } from '../store/database.ts'
import { type DueStanding, findDueStandings, postponeStandings } from '../store/standing.ts'
import { findTenantById } from '../store/tenant.ts'
import { lookUpStatus } from '../wallet/status-lookup.ts'
import type { PreparedTrust } from '../wallet/trust.ts'
import { endStandingOf, openStandings } from './flag-link.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'tenants'>

const BATCH = 100
/** After so many the lease is renewed. */
const SOME = 10
/** Where nobody could be asked. */
const AGAIN_SOON = HOUR

export type RecheckCounts = { checked: number; flagged: number; unknown: number }

/**
 * Works through what is due in the tenant, batch after batch. Nothing is looked up for a tenant that is switched off. Throws
 * `sealed_unreadable` at the end where a link does not say what to look up: the others were looked at.
 */
export async function recheckStatus(
  means: Means,
  tenantId: TenantId,
  keepLease: () => Promise<boolean>,
): Promise<RecheckCounts> {
  const counts = { checked: 0, flagged: 0, unknown: 0 }
  const [[row]] = await read(means.db, SYSTEM_TENANT, [findTenantById({ id: tenantId })])
  const prepared = row === undefined ? undefined : await means.tenants.find(row.slug)
  const version = prepared?.policies?.versions.trust
  if (prepared === undefined || version === undefined) return counts
  const trust = await prepared.trust(version)
  let unreadable = false
  for (;;) {
    const now = toInstant(means.clock())
    const [due] = await read(means.db, tenantId, [
      findDueStandings({ tenantId, now, limit: BATCH }),
    ])
    const judged: Judged[] = []
    let kept = true
    for (const one of due) {
      // Each may take as long as its list's host takes to be given up.
      kept = judged.length % SOME !== SOME - 1 || (await keepLease())
      if (!kept) break
      judged.push(await judge(means, prepared, trust, one))
    }
    for (const { word } of judged) {
      counts.checked += 1
      if (word === 'revoked') counts.flagged += 1
      if (word === 'again_soon' || word === 'unreadable') counts.unknown += 1
    }
    await record(means, tenantId, judged)
    unreadable ||= judged.some(({ word }) => word === 'unreadable')
    if (due.length < BATCH || !kept || !(await keepLease())) break
  }
  return unreadable ? fail({ kind: 'sealed_unreadable' }) : counts
}

interface Judged {
  due: DueStanding
  word: 'revoked' | 'again_soon' | 'good' | 'unwanted' | 'unreadable'
  /** When it is due again. */
  at: IsoInstant
}

/** The network is allowed here: no transaction is open. */
async function judge(
  means: Means,
  prepared: PreparedTenant,
  trust: PreparedTrust,
  due: DueStanding,
): Promise<Judged> {
  const now = means.clock()
  const standings = openOrNothing(means, prepared, due)
  // Put off like one of whom nobody could be asked, or it would stand before all others for ever.
  if (standings === undefined) return { due, word: 'unreadable', at: toInstant(now + AGAIN_SOON) }
  const wanted = standings.flatMap((standing) => {
    const entry = trust.entries.find((one) => one.entry.id === standing.entry)?.entry
    const isWanted =
      entry !== undefined && entry.status !== 'ignore' && entry.statusRecheckHours > 0
    return isWanted ? [{ standing, entry }] : []
  })
  const pause = dueAfter(wanted.map(({ entry }) => ({ everyHours: entry.statusRecheckHours })))
  if (pause === undefined) return { due, word: 'unwanted', at: toInstant(now) }
  const found: Found[] = []
  for (const { standing, entry } of wanted) {
    const { issuer, ...reference } = standing
    const asked = lookUpStatus(reference, { entry, issuer }, { trust, now }, prepared.trustMeans)
    found.push(await asked.then(({ value }) => value, unknownWhereRefused))
  }
  const word = judgeStandings(found)
  return { due, word, at: toInstant(now + (word === 'again_soon' ? AGAIN_SOON : pause)) }
}

function openOrNothing(means: Means, { tenant }: PreparedTenant, due: DueStanding) {
  try {
    return openStandings(means.keyring, tenant.id, due)
  } catch (error) {
    if (error instanceof BridgeError && error.failure.kind === 'sealed_unreadable') return undefined
    throw error
  }
}

function unknownWhereRefused(error: unknown): 'unknown' {
  if (error instanceof BridgeError && error.failure.kind === 'presentation_refused')
    return 'unknown'
  throw error
}

/** What stays as it is in one statement; whoever changes each in a transaction of their own. */
async function record(means: Means, tenantId: TenantId, judged: readonly Judged[]): Promise<void> {
  const later = judged.filter(({ word }) => word !== 'revoked' && word !== 'unwanted')
  if (later.length > 0)
    await transact(means.db, tenantId, [
      postponeStandings({
        tenantId,
        bindingIds: later.map(({ due }) => due.id),
        sealed: later.map(({ due }) => due.credential_status),
        dueAts: later.map(({ at }) => at),
      }),
    ])
  for (const { due, word } of judged) {
    if (word === 'revoked' || word === 'unwanted')
      await endStandingOf(means, tenantId, due, word === 'revoked')
  }
}
