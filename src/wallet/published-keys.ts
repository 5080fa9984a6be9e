/**
 * Keys that issuers publish. Kept for an hour; a key id that is not among them causes one more fetch, and not another within
 * 30 seconds, so that made-up ids cannot flood the issuer (UP-37). A job asks ahead, so that few logins wait for an issuer.
 */
import type { KeyObject } from 'node:crypto'
import { BridgeError, fail } from '../domain/failure.ts'
import { HOUR, isRecent, SECOND } from '../domain/time.ts'
import {
  type AnswerStore,
  askAnew,
  findSaid,
  type Inquiry,
  nameOfInquiry,
  type Said,
} from './stored-answer.ts'

/** How long keys count that say nothing of their own time. */
export const KEY_LIFETIME = HOUR
const COOL_DOWN = 30 * SECOND
const MOST_ISSUERS = 1_000
/** Issuers of a tenant that are asked at one time. */
const MOST_PENDING = 8

export interface IssuerKey {
  kid: string | undefined
  key: KeyObject
}

/** An issuer's keys, and who of a federation stands above it; nobody for one that publishes them by itself. */
export interface PublishedKeys {
  keys: readonly IssuerKey[]
  superiors: readonly string[]
}

/** What is known of each issuer, by the name of the inquiry about it. */
export interface IssuerKeyCache {
  issuers: Map<string, KnownIssuer>
}

interface KnownIssuer {
  said: Said<PublishedKeys> | undefined
  /** Milliseconds since the epoch; minus infinity until the issuer was asked. */
  triedAt: number
  pending: Promise<void> | undefined
}

export interface KeyMeans {
  issuerKeys: IssuerKeyCache
  answers: AnswerStore
}

export interface PublishedKey extends Pick<PublishedKeys, 'superiors'> {
  key: KeyObject
  /** Whether it is past its hour, and counts only because policy lets it. */
  stale: boolean
}

/** Returns an empty cache. */
export function createIssuerKeyCache(): IssuerKeyCache {
  return { issuers: new Map() }
}

/** Keys say nothing of their own time: they count for an hour from when they were had. */
export function publishedAt(
  keys: readonly IssuerKey[] | undefined,
  fetchedAt: number,
): Said<PublishedKeys> | undefined {
  if (keys === undefined) return undefined
  const freshUntil = fetchedAt + KEY_LIFETIME
  const endsAt = Number.POSITIVE_INFINITY
  return { value: { keys, superiors: [] }, fetchedAt, issuedAt: fetchedAt, endsAt, freshUntil }
}

/**
 * Returns a key of what an issuer publishes, by its id; without one, the only key. The issuer is asked at most once an hour,
 * once more for an unknown id, and once at a time for everybody who waits. Where it cannot be had, what was had before counts
 * for `graceSeconds` more, but not past an end of its own. `now` in milliseconds. Throws `presentation_refused` with `issuer_key_unavailable`.
 */
export async function findPublishedKey(
  inquiry: Inquiry<PublishedKeys>,
  kid: string | undefined,
  at: { now: number; graceSeconds?: number },
  means: KeyMeans,
): Promise<PublishedKey> {
  const { now, graceSeconds = 0 } = at
  const known = knownIssuer(means.issuerKeys, nameOfInquiry(inquiry))
  const fresh = pick(known, kid, now)
  if (fresh !== undefined) return { ...fresh, stale: false }
  if (known.pending === undefined && pendingIn(means.issuerKeys) >= MOST_PENDING) refuse()
  // One fetch serves everybody who waits for it.
  known.pending ??= renew(known, inquiry, kid, now, means.answers).finally(() => {
    known.pending = undefined
  })
  try {
    await known.pending
  } catch (error) {
    if (!isUnavailable(error)) throw error
    const stale = pick(known, kid, now, graceSeconds * SECOND)
    return stale === undefined ? refuse(error) : { ...stale, stale: true }
  }
  return { ...(pick(known, kid, now) ?? refuse()), stale: false }
}

function pendingIn({ issuers }: IssuerKeyCache): number {
  return [...issuers.values()].filter(({ pending }) => pending !== undefined).length
}

function knownIssuer(cache: IssuerKeyCache, issuer: string): KnownIssuer {
  const known = cache.issuers.get(issuer)
  if (known !== undefined) return known
  const [oldest] = cache.issuers.keys()
  if (cache.issuers.size >= MOST_ISSUERS && oldest !== undefined) cache.issuers.delete(oldest)
  const triedAt = Number.NEGATIVE_INFINITY
  const fresh: KnownIssuer = { said: undefined, triedAt, pending: undefined }
  cache.issuers.set(issuer, fresh)
  return fresh
}

/** An exact match; without a key id only an issuer with a single key is clear about which. */
function pick(
  { said }: KnownIssuer,
  kid: string | undefined,
  now: number,
  grace = 0,
): Pick<PublishedKey, 'key' | 'superiors'> | undefined {
  if (said === undefined || now >= Math.min(said.freshUntil + grace, said.endsAt)) return undefined
  const { keys, superiors } = said.value
  const only = keys.length === 1 ? keys[0] : undefined
  const found = kid === undefined ? only : keys.find((one) => one.kid === kid)
  return found === undefined ? undefined : { key: found.key, superiors }
}

/** What another instance or the job had may be newer; who asks for an id that nobody knows wants the newest. */
async function renew(
  known: KnownIssuer,
  inquiry: Inquiry<PublishedKeys>,
  kid: string | undefined,
  now: number,
  answers: AnswerStore,
): Promise<void> {
  if (known.said === undefined || now >= known.said.freshUntil) {
    const stored = await findSaid(inquiry, answers)
    if (stored !== undefined && stored.fetchedAt > (known.said?.fetchedAt ?? 0)) known.said = stored
    if (pick(known, kid, now) !== undefined) return
  }
  if (isRecent(known.triedAt, COOL_DOWN, now)) refuse()
  known.triedAt = now
  known.said = await askAnew(inquiry, known.said, now, answers)
}

function isUnavailable(error: unknown): error is BridgeError {
  if (!(error instanceof BridgeError)) return false
  const { kind } = error.failure
  return kind === 'outbound_refused' || kind === 'presentation_refused'
}

function refuse(cause?: unknown): never {
  return fail({ kind: 'presentation_refused', reason: 'issuer_key_unavailable' }, cause)
}
