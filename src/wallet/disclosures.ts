/**
 * From the payload of an issuer-signed JWT and the disclosures that came with it to the claims a holder shows (RFC 9901
 * section 7.1). Every disclosure must be wanted by exactly one digest; digests without a disclosure are decoys or
 * hidden claims, and vanish.
 */
import { hash } from 'node:crypto'
import { decodeBase64url } from '../crypto/base64url.ts'
import { fail } from '../domain/failure.ts'
import type { Json, JsonObject } from '../domain/text.ts'
import { isJsonObject, readJson } from './json.ts'

/** Levels of objects and arrays in the processed payload, and digests in all (SD-02). */
const DEEPEST = 16
const MOST_DIGESTS = 1_000

/** The digest algorithms of `_sd_alg` (section 4.1.1), by their names in node:crypto. */
const HASHES: ReadonlyMap<string, string> = new Map([
  ['sha-256', 'sha256'],
  ['sha-384', 'sha384'],
  ['sha-512', 'sha512'],
])

/** Claims that an issuer must show to everyone, with all that is inside them (SD-JWT VC section 2.2.2.2, VC-03). */
const PLAIN_CLAIMS: ReadonlySet<string> = new Set([
  'iss',
  'nbf',
  'exp',
  'cnf',
  'vct',
  'vct#integrity',
  'aka_vcts',
  'status',
])

/** Names that no disclosure may give: those of the mechanism itself, and those that JavaScript gives a meaning. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set([
  '_sd',
  '_sd_alg',
  '...',
  '__proto__',
  'constructor',
  'prototype',
])

/**
 * Returns base64url of the digest of ASCII text under the payload's `_sd_alg`, sha-256 where it names none. Throws
 * `presentation_refused` with `algorithm_refused` for an algorithm that is not known in full (SD-05).
 */
export function digestOf(payload: JsonObject, text: string): string {
  const name = payload._sd_alg === undefined ? 'sha-256' : payload._sd_alg
  const algorithm = typeof name === 'string' ? HASHES.get(name) : undefined
  if (algorithm === undefined) {
    return fail({ kind: 'presentation_refused', reason: 'algorithm_refused' })
  }
  return hash(algorithm, text, 'base64url')
}

/**
 * Returns the claims of an SD-JWT: the payload with what was disclosed in its place and nothing left of the mechanism,
 * on null-prototype objects. `disclosures` are the base64url texts as received. Throws `presentation_refused` with
 * `disclosure_invalid`, `algorithm_refused` or `too_large` (RFC 9901 section 7.1, steps 3 and 4).
 */
export function revealClaims(payload: JsonObject, disclosures: readonly string[]): JsonObject {
  const reader: Reader = { disclosed: new Map(), seen: new Set(), used: 0 }
  for (const text of disclosures) {
    const digest = digestOf(payload, text)
    if (reader.disclosed.has(digest)) refuse()
    reader.disclosed.set(digest, readDisclosure(text))
  }
  // An unknown algorithm is refused even where nothing was disclosed.
  if (disclosures.length === 0) digestOf(payload, '')
  const claims = revealObject(reader, payload, { depth: 1, isTop: true, isPlain: false })
  if (reader.used !== reader.disclosed.size) refuse()
  return claims
}

/** What a disclosure says: an object's member, or an array's element where it has no name (section 4.2). */
interface Disclosure {
  name: string | undefined
  value: Json
}

interface Reader {
  disclosed: Map<string, Disclosure>
  /** Every digest met so far: one that comes twice spoils the whole (SD-09). */
  seen: Set<string>
  used: number
}

interface Place {
  depth: number
  isTop: boolean
  /** Inside a claim that may not be selectively disclosable. */
  isPlain: boolean
}

function readDisclosure(text: string): Disclosure {
  const bytes = decodeBase64url(text) ?? refuse()
  const parts = readJson(bytes, DEEPEST)
  if (!Array.isArray(parts) || typeof parts[0] !== 'string') refuse()
  if (parts.length === 2) return { name: undefined, value: parts[1] as Json }
  const name: Json | undefined = parts[1]
  if (parts.length !== 3 || typeof name !== 'string' || FORBIDDEN_NAMES.has(name)) refuse()
  return { name, value: parts[2] as Json }
}

function reveal(reader: Reader, value: Json, place: Place): Json {
  if (Array.isArray(value)) return revealArray(reader, value, place)
  return isJsonObject(value) ? revealObject(reader, value, place) : value
}

function revealArray(reader: Reader, elements: readonly Json[], place: Place): Json {
  const inside = below(place)
  const revealed: Json[] = []
  for (const element of elements) {
    if (isJsonObject(element) && Object.hasOwn(element, '...')) {
      if (place.isPlain || Object.keys(element).length !== 1) refuse()
      const disclosure = take(reader, element['...'])
      if (disclosure === undefined) continue
      if (disclosure.name !== undefined) refuse()
      revealed.push(reveal(reader, disclosure.value, inside))
    } else {
      revealed.push(reveal(reader, element, inside))
    }
  }
  return revealed
}

function revealObject(reader: Reader, object: JsonObject, place: Place): JsonObject {
  const inside = below(place)
  const revealed: Record<string, Json> = Object.create(null)
  for (const [name, value] of Object.entries(object)) {
    if (name === '_sd' || (name === '_sd_alg' && place.isTop)) continue
    if (name === '...' || name === '_sd_alg') refuse()
    const isPlain = place.isPlain || (place.isTop && PLAIN_CLAIMS.has(name))
    revealed[name] = reveal(reader, value, { ...inside, isPlain })
  }
  const digests = object._sd
  if (digests === undefined) return revealed
  if (place.isPlain || !Array.isArray(digests)) refuse()
  for (const digest of digests) {
    const disclosure = take(reader, digest)
    if (disclosure === undefined) continue
    const { name, value } = disclosure
    if (name === undefined || Object.hasOwn(revealed, name)) refuse()
    if (place.isTop && PLAIN_CLAIMS.has(name)) refuse()
    revealed[name] = reveal(reader, value, inside)
  }
  return revealed
}

function take(reader: Reader, digest: Json | undefined): Disclosure | undefined {
  if (typeof digest !== 'string' || reader.seen.has(digest)) refuse()
  reader.seen.add(digest)
  if (reader.seen.size > MOST_DIGESTS) refuse('too_large')
  const disclosure = reader.disclosed.get(digest)
  if (disclosure !== undefined) reader.used++
  return disclosure
}

function below(place: Place): Place {
  if (place.depth > DEEPEST) refuse('too_large')
  return { depth: place.depth + 1, isTop: false, isPlain: place.isPlain }
}

function refuse(reason: 'disclosure_invalid' | 'too_large' = 'disclosure_invalid'): never {
  return fail({ kind: 'presentation_refused', reason })
}
