/**
 * What an issuer says today of a credential that is already proved (TS-01). A list is fetched for everybody on it at
 * once, never for one person (TS-12); kept as long as it says, fetched anew a little before that, and by one request
 * for all who wait.
 */
import { type KeyObject, randomInt } from 'node:crypto'
import { BridgeError, fail, type PresentationReason } from '../domain/failure.ts'
import { HOUR, isRecent, MINUTE, SECOND } from '../domain/time.ts'
import { BITSTRING_TYPES } from './bitstring-list.ts'
import { verifyChain } from './certificate-path.ts'
import { findFederatedKey } from './federation-keys.ts'
import { findIssuerKey } from './issuer-metadata.ts'
import { nameIssuer } from './issuer-name.ts'
import { createSlots, inSlot, type Slots } from './slots.ts'
import { type StatusReference, type StatusValue, statusAt } from './status-list.ts'
import {
  type BelievedList,
  CWT_TYPE,
  IDENTIFIER_LIST_TYPE,
  JWT_TYPE,
  LARGEST_TOKEN,
  openToken,
  readStatusListToken,
  type SignerHint,
} from './status-list-token.ts'
import {
  hasPolicy,
  type PreparedTrust,
  servesPurpose,
  type TrustedIssuer,
  type TrustMeans,
} from './trust.ts'
import { findDidKey } from './w3c-issuer.ts'

/** Bounds of a list's own `ttl`, and what counts where it names none (TS-07). */
const SHORTEST = MINUTE
const LONGEST = 12 * HOUR
const WITHOUT_TTL = 15 * MINUTE
/** After a failure nobody asks again for this long (TS-11). */
const COOL_DOWN = 30 * SECOND
const TIMEOUT_MS = 4_000
/** A tenant's share of this instance: lists, their octets, and requests under way. */
const MOST_LISTS = 256
const MOST_OCTETS = 32 * 1024 * 1024
const MOST_PENDING = 8

/** Fetches one status list token under the rules of protocols 5.6. Throws where it cannot. */
export type FetchStatusList = (
  url: string,
  options: { maxBytes: number; timeoutMs: number; contentTypes: readonly string[] },
) => Promise<{ body: Uint8Array; contentType: string }>

interface KnownList {
  /** The last one that was believed. */
  believed: BelievedList | undefined
  /** Milliseconds since the epoch: counts until; fetched anew from; asked last. */
  freshUntil: number
  refreshFrom: number
  failedAt: number
  pending: Promise<void> | undefined
}

/** A tenant's status lists, by issuer and address: whoever may sign for one issuer may not for another. */
export interface StatusListCache {
  lists: Map<string, KnownList>
  slots: Slots
}

/** Returns an empty cache. */
export function createStatusListCache(): StatusListCache {
  return { lists: new Map(), slots: createSlots(MOST_PENDING) }
}

/** Whose list it is: the issuer's name, and the entry that vouches for it. */
export type NamedIssuer = Pick<TrustedIssuer, 'entry' | 'issuer'>

/** What the list says, and whether it was one past its time that policy still let count. */
export interface LookedUp {
  value: StatusValue
  stale: boolean
}

/**
 * Returns what the issuer's list says of the credential. `now` in milliseconds. Throws `presentation_refused`:
 * `status_unavailable` where it cannot be had now, `status_list_invalid` where it was had and not believed.
 */
export async function lookUpStatus(
  reference: StatusReference,
  issuer: NamedIssuer,
  at: { trust: PreparedTrust; now: number },
  means: TrustMeans,
): Promise<LookedUp> {
  const { now } = at
  // Lists of several kinds are several, should they ever have one address.
  const kind = reference.purpose ?? typeof reference.index
  const name = `${issuer.issuer} ${kind} ${reference.uri}`
  const known = knownList(means.statusLists, name)
  const { believed } = known
  if (believed !== undefined && now < known.freshUntil) {
    if (now >= known.refreshFrom) refreshAhead(known, reference, issuer, at, means)
    return { value: statusAt(believed.list, reference.index), stale: false }
  }
  try {
    await refresh(known, reference, issuer, at, means)
  } catch (error) {
    const grace = issuer.entry.statusGraceSeconds * SECOND
    const end = Math.min(known.freshUntil + grace, believed?.expiresAt ?? Number.POSITIVE_INFINITY)
    if (believed === undefined || now >= end || !isUnavailable(error)) throw error
    return { value: statusAt(believed.list, reference.index), stale: true }
  }
  const fetched = known.believed ?? refuse('status_unavailable')
  return { value: statusAt(fetched.list, reference.index), stale: false }
}

function knownList(cache: StatusListCache, name: string): KnownList {
  const known = cache.lists.get(name)
  if (known !== undefined) return known
  const never = Number.NEGATIVE_INFINITY
  const fresh: KnownList = {
    ...{ believed: undefined, pending: undefined },
    ...{ freshUntil: never, refreshFrom: never, failedAt: never },
  }
  cache.lists.set(name, fresh)
  makeRoom(cache)
  return fresh
}

/** The oldest lists go first; one that is being fetched stays. */
function makeRoom(cache: StatusListCache): void {
  let octets = 0
  for (const { believed } of cache.lists.values()) octets += octetsOf(believed)
  for (const [name, list] of cache.lists) {
    if (cache.lists.size <= MOST_LISTS && octets <= MOST_OCTETS) return
    if (list.pending !== undefined) continue
    octets -= octetsOf(list.believed)
    cache.lists.delete(name)
  }
}

function octetsOf(believed: BelievedList | undefined): number {
  if (believed === undefined) return 0
  return 'octets' in believed.list ? believed.list.octets : believed.list.bytes.length
}

type Asking = [
  known: KnownList,
  reference: StatusReference,
  issuer: NamedIssuer,
  at: { trust: PreparedTrust; now: number },
  means: TrustMeans,
]

/** While the list still counts; a failure is met again by whoever comes when it has run out. */
function refreshAhead(...asking: Asking): void {
  const [known, , , { now }] = asking
  if (known.pending === undefined && !isRecent(known.failedAt, COOL_DOWN, now)) {
    refresh(...asking).catch((error: unknown) => {
      if (!(error instanceof BridgeError)) throw error
    })
  }
}

/** One request serves everybody who waits for it (TS-11). */
async function refresh(...[known, reference, issuer, at, means]: Asking): Promise<void> {
  const { now } = at
  if (known.pending === undefined) {
    if (isRecent(known.failedAt, COOL_DOWN, now)) refuse('status_unavailable')
    const attempt = async () => {
      try {
        keep(known, await fetchList(reference, issuer, at, means), now)
      } catch (error) {
        known.failedAt = now
        throw error
      }
    }
    const { slots } = means.statusLists
    const tooMany = () => refuse('status_unavailable')
    known.pending = inSlot(slots, TIMEOUT_MS, attempt, tooMany).finally(() => {
      known.pending = undefined
      makeRoom(means.statusLists)
    })
  }
  await known.pending
}

/**
 * The list's own times win over anything a cache in between says (TS-07). An older list than the last one would hide who was
 * revoked in between; nobody knows then what is true now.
 */
function keep(known: KnownList, believed: BelievedList, now: number): void {
  if (believed.issuedAt < (known.believed?.issuedAt ?? 0)) refuse('status_unavailable')
  const wanted = believed.timeToLive ?? WITHOUT_TTL
  const life = Math.min(Math.max(wanted, SHORTEST), LONGEST)
  known.believed = believed
  known.freshUntil = Math.min(now + life, believed.expiresAt ?? Number.POSITIVE_INFINITY)
  // Somewhere in the last quarter, so that instances that began together do not ask together.
  known.refreshFrom = now + Math.floor((known.freshUntil - now) * (0.75 + randomInt(200) / 1000))
}

async function fetchList(
  reference: StatusReference,
  issuer: NamedIssuer,
  at: { trust: PreparedTrust; now: number },
  means: TrustMeans,
): Promise<BelievedList> {
  const { uri, purpose } = reference
  const contentTypes = typesOf(reference)
  const limits = { maxBytes: LARGEST_TOKEN, timeoutMs: TIMEOUT_MS, contentTypes }
  const answer = await means.fetchStatusList(uri, limits).catch(unavailable)
  const token = readStatusListToken(answer.body, answer.contentType, purpose)
  token.verify(await findSigner(token.signer, issuer, at, means).catch(asListFailure))
  return openToken(token, uri, at.now)
}

function typesOf({ index, purpose }: StatusReference): readonly string[] {
  if (purpose !== undefined) return BITSTRING_TYPES
  return typeof index === 'number' ? [JWT_TYPE, CWT_TYPE] : [IDENTIFIER_LIST_TYPE]
}

/**
 * The credential's own issuer, found by the same mechanism and as fit to make credentials, or whom its entry lets sign for it
 * (TS-08, HA-16).
 */
async function findSigner(
  signer: SignerHint,
  issuer: NamedIssuer,
  at: { trust: PreparedTrust; now: number },
  means: TrustMeans,
): Promise<KeyObject> {
  const entry = at.trust.entries.find((one) => one.entry.id === issuer.entry.id)
  switch (entry?.mechanism) {
    case 'x5c': {
      if (signer.x5c === undefined) return refuse('status_list_invalid')
      const chain = verifyChain(signer.x5c, entry.anchors, at.now, means.chains)
      if (chain === undefined) return refuse('status_list_invalid')
      const { extendedKeyUsage } = chain.leaf
      const delegated = entry.entry.statusPurposes?.some((one) => extendedKeyUsage?.includes(one))
      const mayIssue = hasPolicy(entry.entry, chain) && servesPurpose(entry.entry, chain)
      const isIssuer = nameIssuer(entry.entry, signer.iss, chain.leaf) === issuer.issuer
      return delegated === true || (isIssuer && mayIssue)
        ? chain.leaf.publicKey
        : refuse('status_list_invalid')
    }
    case 'jwt-vc-issuer':
      return (await findIssuerKey(entry.entry.issuer, signer.kid, at, means)).key
    case 'did': {
      const did = issuer.issuer.slice(entry.entry.id.length + 1)
      return (await findDidKey(did, signer.kid, at, means)).key
    }
    case 'openid-federation': {
      const name = issuer.issuer.slice(entry.entry.id.length + 1)
      const found = await findFederatedKey(name, signer.kid, entry, at, means)
      return found?.key ?? refuse('status_list_invalid')
    }
    case undefined:
      return refuse('status_list_invalid')
  }
}

/** What is wrong with the list's signer says nothing about the credential's. */
function asListFailure(cause: unknown): never {
  if (!(cause instanceof BridgeError) || cause.failure.kind !== 'presentation_refused') throw cause
  const isMissing = cause.failure.reason === 'issuer_key_unavailable'
  const reason = isMissing ? 'status_unavailable' : 'status_list_invalid'
  return fail({ kind: 'presentation_refused', reason }, cause)
}

function isUnavailable(error: unknown): boolean {
  return (
    error instanceof BridgeError &&
    error.failure.kind === 'presentation_refused' &&
    error.failure.reason === 'status_unavailable'
  )
}

function unavailable(cause: unknown): never {
  return fail({ kind: 'presentation_refused', reason: 'status_unavailable' }, cause)
}

function refuse(reason: PresentationReason): never {
  return fail({ kind: 'presentation_refused', reason })
}
