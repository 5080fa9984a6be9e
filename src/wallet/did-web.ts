/**
 * Keys of an issuer that is a `did:web` (the did:web method specification, DID Core section 5). Asked only for issuers
 * that the trust policy names, through the guard, and kept as those of other web issuers are.
 */
import type { KeyObject } from 'node:crypto'
import { JwkError, readPublicKey } from '../crypto/thumbprint.ts'
import { readMultikey } from './did.ts'
import type { FetchJson } from './issuer-metadata.ts'
import {
  findPublishedKey,
  type IssuerKey,
  type KeyMeans,
  type PublishedKey,
  type PublishedKeys,
  publishedAt,
} from './published-keys.ts'
import { type Inquiry, notBelieved, reasonNotHad } from './stored-answer.ts'

const LIMITS = { maxBytes: 64 * 1024, timeoutMs: 3_000 }
const TYPES = ['application/did+json', 'application/did+ld+json', 'application/json']
const MOST_METHODS = 50

/**
 * Returns where the document of a `did:web` lies. Undefined where it names no host, or one that https would not write
 * like this.
 */
export function didWebUrl(did: string): string | undefined {
  const [host = '', ...path] = did.replace(/^did:web:/, '').split(':')
  const authority = host.replace(/%3A/gi, ':')
  if (!did.startsWith('did:web:') || path.includes('')) return undefined
  const url = `https://${authority}${path.length === 0 ? '/.well-known' : `/${path.join('/')}`}/did.json`
  const parsed = URL.parse(url)
  const isPlain = parsed?.username === '' && parsed.search === '' && parsed.hash === ''
  return isPlain && parsed.href === url ? url : undefined
}

/** Returns how the keys of a `did:web` are asked for. */
export function didWebInquiry(
  did: string,
  { fetchJson }: { fetchJson: FetchJson },
): Inquiry<PublishedKeys> {
  return {
    ...{ kind: 'issuer_keys', about: did, source: '{}' },
    async fetch() {
      const url = didWebUrl(did) ?? notBelieved()
      return JSON.stringify(await fetchJson(url, { ...LIMITS, contentTypes: TYPES }))
    },
    read: (document, fetchedAt) => publishedAt(readDocument(did, JSON.parse(document)), fetchedAt),
  }
}

/**
 * Returns the issuer's key of that id for signing credentials (`assertionMethod`); without an id, its only one. `now` in
 * milliseconds. Throws `presentation_refused` with `issuer_key_unavailable` where there is none, the document is not the
 * issuer's, or it cannot be fetched.
 */
export function findDidWebKey(
  did: string,
  kid: string | undefined,
  at: { now: number; graceSeconds?: number },
  means: KeyMeans & { fetchJson: FetchJson },
): Promise<PublishedKey> {
  const id = kid === undefined ? undefined : absolute(did, kid)
  return findPublishedKey(didWebInquiry(did, means), id, at, means)
}

/** Undefined where it is not the issuer's, or no document at all. */
function readDocument(did: string, document: unknown): readonly IssuerKey[] | undefined {
  try {
    return keysIn(did, document)
  } catch (error) {
    reasonNotHad(error)
    return undefined
  }
}

function keysIn(did: string, value: unknown): readonly IssuerKey[] {
  const document = membersOf(value)
  if (document.id !== did) notBelieved()
  const methods = listOf(document.verificationMethod)
  const asserting = listOf(document.assertionMethod)
  const named = new Set(
    asserting.filter((one) => typeof one === 'string').map((one) => absolute(did, one)),
  )
  const chosen = methods.filter((method) => named.has(idOf(did, method)))
  const embedded = asserting.filter((one) => typeof one !== 'string')
  const keys = [...chosen, ...embedded].flatMap((method) => readMethod(did, method))
  // An id that occurs twice leaves open which key is meant.
  return new Set(keys.map((one) => one.kid)).size === keys.length ? keys : notBelieved()
}

/** Keys of kinds that we do not verify with are passed over. */
function readMethod(did: string, method: unknown): IssuerKey[] {
  const { publicKeyJwk: jwk, publicKeyMultibase: text } = membersOf(method)
  const key = typeof text === 'string' ? readMultikey(text)?.key : readJwk(jwk)
  return key === undefined ? [] : [{ kid: idOf(did, method), key }]
}

function readJwk(jwk: unknown): KeyObject | undefined {
  try {
    return readPublicKey(jwk).key
  } catch (error) {
    if (error instanceof JwkError) return undefined
    throw error
  }
}

function idOf(did: string, method: unknown): string {
  const { id } = membersOf(method)
  return typeof id === 'string' ? absolute(did, id) : notBelieved()
}

/** `#key-1` is relative to the document (DID Core section 3.2.2). */
function absolute(did: string, id: string): string {
  return id.startsWith('#') ? `${did}${id}` : id
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value) || value.length > MOST_METHODS) notBelieved()
  return value
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) notBelieved()
  return value as Readonly<Record<string, unknown>>
}
