import type { KeyObject } from 'node:crypto'
import { JwkError, readPublicKey } from '../crypto/thumbprint.ts'
import { fail } from '../domain/failure.ts'
import { HOUR, SECOND } from '../domain/time.ts'

/*
 * The keys of an issuer that publishes them on the web (SD-JWT VC section 4, VC-05 to VC-08). Asked only for issuers
 * that the trust policy names; fetched through a guard that is handed in. Kept for an hour; a key id that is not among
 * them causes one more fetch, and not another within 30 seconds, so that made-up ids cannot flood the issuer (UP-37).
 */

/** Fetches JSON under the rules of protocols 5.6 (https, public addresses, no redirects). Throws where it cannot. */
export type FetchJson = (
  url: string,
  options: { maxBytes: number; timeoutMs?: number; contentTypes: readonly string[] },
) => Promise<unknown>

const LIMITS = { maxBytes: 64 * 1024, timeoutMs: 3_000 }
const JSON_TYPES = ['application/json']
const JWKS_TYPES = ['application/json', 'application/jwk-set+json']
const MOST_KEYS = 20
const LIFETIME = HOUR
const COOL_DOWN = 30 * SECOND
const MOST_ISSUERS = 1_000

/** What is known of each issuer, by its identifier. */
export interface IssuerKeyCache {
  issuers: Map<string, KnownIssuer>
}

interface KnownIssuer {
  keys: readonly IssuerKey[]
  /** Milliseconds since the epoch; minus infinity until a fetch has succeeded or was tried. */
  fetchedAt: number
  triedAt: number
  pending: Promise<void> | undefined
}

export interface IssuerKey {
  kid: string | undefined
  key: KeyObject
}

/** Returns an empty cache. */
export function createIssuerKeyCache(): IssuerKeyCache {
  return { issuers: new Map() }
}

/**
 * Returns where an issuer's metadata lies: `/.well-known/jwt-vc-issuer` between host and path, without a slash at the end
 * (VC-06). The issuer is an https URL, as the trust policy made sure.
 */
export function issuerMetadataUrl(issuer: string): string {
  const { origin, pathname } = new URL(issuer)
  return `${origin}/.well-known/jwt-vc-issuer${pathname.replace(/\/$/, '')}`
}

/**
 * Returns the issuer's key of that id; without an id, its only key. `now` in milliseconds. Throws `presentation_refused`
 * with `issuer_key_unavailable` where there is none, the document is not the issuer's, or it cannot be fetched.
 */
export async function findIssuerKey(
  issuer: string,
  kid: string | undefined,
  now: number,
  means: { fetchJson: FetchJson; issuerKeys: IssuerKeyCache },
): Promise<KeyObject> {
  return findPublishedKey(issuer, kid, now, means.issuerKeys, () =>
    fetchKeys(issuer, means.fetchJson),
  )
}

/**
 * Returns a key of what an issuer publishes, by its id; without one, the only key. `load` fetches them all, and is asked at
 * most once an hour, once more for an unknown id, and once at a time for everybody who waits. `now` in milliseconds.
 * Throws `presentation_refused` with `issuer_key_unavailable`, and whatever `load` throws.
 */
export async function findPublishedKey(
  issuer: string,
  kid: string | undefined,
  now: number,
  cache: IssuerKeyCache,
  load: () => Promise<readonly IssuerKey[]>,
): Promise<KeyObject> {
  const known = knownIssuer(cache, issuer)
  if (now - known.fetchedAt < LIFETIME) {
    const key = pick(known.keys, kid)
    if (key !== undefined) return key
  }
  if (known.pending === undefined) {
    if (now - known.triedAt < COOL_DOWN) refuse()
    known.triedAt = now
    // One fetch serves everybody who waits for it.
    known.pending = load()
      .then((keys) => {
        known.keys = keys
        known.fetchedAt = now
      })
      .finally(() => {
        known.pending = undefined
      })
  }
  await known.pending
  return pick(known.keys, kid) ?? refuse()
}

function knownIssuer(cache: IssuerKeyCache, issuer: string): KnownIssuer {
  const known = cache.issuers.get(issuer)
  if (known !== undefined) return known
  const [oldest] = cache.issuers.keys()
  if (cache.issuers.size >= MOST_ISSUERS && oldest !== undefined) cache.issuers.delete(oldest)
  const fresh: KnownIssuer = {
    keys: [],
    fetchedAt: Number.NEGATIVE_INFINITY,
    triedAt: Number.NEGATIVE_INFINITY,
    pending: undefined,
  }
  cache.issuers.set(issuer, fresh)
  return fresh
}

/** An exact match; without a key id only an issuer with a single key is clear about which. */
function pick(keys: readonly IssuerKey[], kid: string | undefined): KeyObject | undefined {
  if (kid === undefined) return keys.length === 1 ? keys[0]?.key : undefined
  return keys.find((one) => one.kid === kid)?.key
}

async function fetchKeys(issuer: string, fetchJson: FetchJson): Promise<readonly IssuerKey[]> {
  const ask = (url: string, contentTypes: readonly string[]) =>
    fetchJson(url, { ...LIMITS, contentTypes }).catch(refuse)
  const document = membersOf(await ask(issuerMetadataUrl(issuer), JSON_TYPES))
  const { jwks, jwks_uri: uri } = document
  // VC-07: the document names the issuer itself, and its keys in one way only.
  if (document.issuer !== issuer || (jwks === undefined) === (uri === undefined)) refuse()
  if (uri !== undefined && typeof uri !== 'string') refuse()
  return readKeys(uri === undefined ? jwks : await ask(uri, JWKS_TYPES))
}

/** Keys of kinds that we do not verify with are passed over; an id that occurs twice spoils the set. */
function readKeys(jwks: unknown): readonly IssuerKey[] {
  const { keys } = membersOf(jwks)
  if (!Array.isArray(keys) || keys.length > MOST_KEYS) refuse()
  const read = keys.flatMap((jwk) => readKey(jwk))
  const ids = read.flatMap((one) => one.kid ?? [])
  return new Set(ids).size === ids.length ? read : refuse()
}

function readKey(jwk: unknown): IssuerKey[] {
  const { kid } = membersOf(jwk)
  if (kid !== undefined && typeof kid !== 'string') refuse()
  try {
    return [{ kid, key: readPublicKey(jwk).key }]
  } catch (error) {
    if (error instanceof JwkError) return []
    throw error
  }
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse()
  return value as Readonly<Record<string, unknown>>
}

function refuse(cause?: unknown): never {
  return fail({ kind: 'presentation_refused', reason: 'issuer_key_unavailable' }, cause)
}
