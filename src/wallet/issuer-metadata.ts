/**
 * The keys of an issuer that publishes them on the web (SD-JWT VC section 4, VC-05 to VC-08). Asked only for issuers
 * that the trust policy names; fetched through a guard that is handed in.
 */
import type { KeyObject } from 'node:crypto'
import { JwkError, readPublicKey } from '../crypto/thumbprint.ts'
import {
  findPublishedKey,
  type IssuerKey,
  type KeyMeans,
  type PublishedKey,
  type PublishedKeys,
  publishedAt,
} from './published-keys.ts'
import { type Inquiry, notBelieved } from './stored-answer.ts'

/** Fetches JSON under the rules of protocols 5.6 (https, public addresses, no redirects). Throws where it cannot. */
export type FetchJson = (
  url: string,
  options: { maxBytes: number; timeoutMs?: number; contentTypes: readonly string[] },
) => Promise<unknown>

const LIMITS = { maxBytes: 64 * 1024, timeoutMs: 3_000 }
const JSON_TYPES = ['application/json']
const JWKS_TYPES = ['application/json', 'application/jwk-set+json']
const MOST_KEYS = 20

/**
 * Returns where an issuer's metadata lies: `/.well-known/jwt-vc-issuer` between host and path, without a slash at the end
 * (VC-06). The issuer is an https URL, as the trust policy made sure.
 */
export function issuerMetadataUrl(issuer: string): string {
  const { origin, pathname } = new URL(issuer)
  return `${origin}/.well-known/jwt-vc-issuer${pathname.replace(/\/$/, '')}`
}

/** Returns how an issuer's keys are asked for. */
export function metadataInquiry(
  issuer: string,
  { fetchJson }: { fetchJson: FetchJson },
): Inquiry<PublishedKeys> {
  return {
    ...{ kind: 'issuer_keys', about: issuer, source: '{}' },
    fetch: async () => JSON.stringify(await fetchKeys(issuer, fetchJson)),
    read: (document, fetchedAt) => publishedAt(readKeys(document), fetchedAt),
  }
}

/**
 * Returns the issuer's key of that id; without an id, its only key. `now` in milliseconds. Throws `presentation_refused`
 * with `issuer_key_unavailable` where there is none, the document is not the issuer's, or it cannot be fetched.
 */
export function findIssuerKey(
  issuer: string,
  kid: string | undefined,
  at: { now: number; graceSeconds?: number },
  means: KeyMeans & { fetchJson: FetchJson },
): Promise<PublishedKey> {
  return findPublishedKey(metadataInquiry(issuer, means), kid, at, means)
}

/** The set of keys, wherever the document has it (VC-07): it names the issuer itself, and its keys in one way only. */
async function fetchKeys(issuer: string, fetchJson: FetchJson): Promise<unknown> {
  const ask = (url: string, contentTypes: readonly string[]) =>
    fetchJson(url, { ...LIMITS, contentTypes })
  const document = membersOf(await ask(issuerMetadataUrl(issuer), JSON_TYPES))
  const { jwks, jwks_uri: uri } = document ?? {}
  if (document?.issuer !== issuer || (jwks === undefined) === (uri === undefined)) notBelieved()
  if (uri !== undefined && typeof uri !== 'string') notBelieved()
  return uri === undefined ? jwks : await ask(uri, JWKS_TYPES)
}

/**
 * Returns the keys of a JSON Web Key Set, which is text; undefined where it is none. Keys of kinds that we do not verify with
 * are passed over; an id that occurs twice spoils the set (UP-37).
 */
export function readKeys(text: string): readonly IssuerKey[] | undefined {
  const keys = membersOf(JSON.parse(text))?.keys
  if (!Array.isArray(keys) || keys.length > MOST_KEYS) return undefined
  const read: IssuerKey[] = []
  for (const jwk of keys) {
    const kid = membersOf(jwk)?.kid
    if (membersOf(jwk) === undefined || (kid !== undefined && typeof kid !== 'string')) {
      return undefined
    }
    const key = readKey(jwk)
    if (key !== undefined) read.push({ kid, key })
  }
  const ids = read.flatMap((one) => one.kid ?? [])
  return new Set(ids).size === ids.length ? read : undefined
}

function readKey(jwk: unknown): KeyObject | undefined {
  try {
    return readPublicKey(jwk).key
  } catch (error) {
    if (error instanceof JwkError) return undefined
    throw error
  }
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return value as Readonly<Record<string, unknown>>
}
