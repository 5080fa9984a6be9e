/**
 * Public keys as JWKs, and their thumbprints. The thumbprint of a holder's key is an identifier of type KEY, so it is
 * made of the required members alone, from a key that was checked to be one (protocols CR-21; RFC 7638).
 */

import { createPublicKey, hash, type KeyObject } from 'node:crypto'
import { decodeBase64url } from './base64url.ts'
import { isEd25519Point } from './ed25519-point.ts'

export interface EcPublicJwk {
  readonly kty: 'EC'
  readonly crv: 'P-256' | 'P-384'
  readonly x: string
  readonly y: string
}

export interface OkpPublicJwk {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  readonly x: string
}

/** Only for keys of our own: what comes from outside is an {@link EcPublicJwk} or an {@link OkpPublicJwk}. */
export interface RsaPublicJwk {
  readonly kty: 'RSA'
  readonly n: string
  readonly e: string
}

/** A checked public key: its required members and nothing else. */
export type PublicJwk = EcPublicJwk | OkpPublicJwk

/** Why a JWK was refused. */
export type JwkReason =
  | 'malformed' // not an object, or a coordinate that is not canonical base64url of the curve's size
  | 'unsupported' // another key type or curve
  | 'private_key' // it carries private or symmetric key material
  | 'wrong_use' // its `use` or `key_ops` says that it does not verify signatures
  | 'not_on_curve'

/** A JWK that is not a public signature key. Carries the reason and nothing of the key. */
export class JwkError extends Error {
  readonly reason: JwkReason
  constructor(reason: JwkReason, options?: ErrorOptions) {
    super(`public key refused: ${reason}`, options)
    this.name = 'JwkError'
    this.reason = reason
  }
}

/** RFC 7518 sections 6.2.2, 6.3.2 and 6.4, RFC 8037 section 2. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv']
const COORDINATE_BYTES = { 'P-256': 32, 'P-384': 48, Ed25519: 32 } as const

/**
 * A signature key from outside: its required members, and the key ready to verify with. Both at once, since importing is
 * what checks the point. Throws {@link JwkError} on anything but a public P-256, P-384 or Ed25519 key on its curve, with
 * `use` absent or `sig` and `key_ops` absent or holding `verify`. Source: RFC 7517 section 4; protocols CR-21.
 */
export function readPublicKey(jwk: unknown): { jwk: PublicJwk; key: KeyObject } {
  if (typeof jwk !== 'object' || jwk === null) throw new JwkError('malformed')
  const members = jwk as Readonly<Record<string, unknown>>
  if (PRIVATE_MEMBERS.some((name) => name in members)) throw new JwkError('private_key')
  if (!isForVerifying(members)) throw new JwkError('wrong_use')
  const required = readRequiredMembers(members)
  if (required.kty === 'OKP' && !isEd25519Point(Buffer.from(required.x, 'base64url'))) {
    throw new JwkError('not_on_curve')
  }
  try {
    return { jwk: required, key: createPublicKey({ key: { ...required }, format: 'jwk' }) }
  } catch (cause) {
    // Type, curve and sizes are right, so what is left for OpenSSL to refuse is the point itself.
    throw new JwkError('not_on_curve', { cause })
  }
}

/** The required members of a public signature key. Throws {@link JwkError} as {@link readPublicKey} does. */
export function validatePublicJwk(jwk: unknown): PublicJwk {
  return readPublicKey(jwk).jwk
}

/** The key of a JWK, ready to verify with. Throws {@link JwkError} as {@link readPublicKey} does. */
export function importPublicKey(jwk: unknown): KeyObject {
  return readPublicKey(jwk).key
}

/**
 * SHA-256 thumbprint as base64url, 43 characters: over the required members in lexicographic order, whatever else the JWK
 * carries. Source: RFC 7638 section 3, RFC 8037 section 2; protocols CR-21.
 */
export function thumbprint(jwk: PublicJwk | RsaPublicJwk): string {
  return hash('sha256', JSON.stringify(requiredInOrder(jwk)), 'base64url')
}

function requiredInOrder(jwk: PublicJwk | RsaPublicJwk): Readonly<Record<string, string>> {
  switch (jwk.kty) {
    case 'EC':
      return { crv: jwk.crv, kty: jwk.kty, x: jwk.x, y: jwk.y }
    case 'OKP':
      return { crv: jwk.crv, kty: jwk.kty, x: jwk.x }
    case 'RSA':
      return { e: jwk.e, kty: jwk.kty, n: jwk.n }
  }
}

function isForVerifying(members: Readonly<Record<string, unknown>>): boolean {
  const { use, key_ops: operations } = members
  if (use !== undefined && use !== 'sig') return false
  return operations === undefined || (Array.isArray(operations) && operations.includes('verify'))
}

function readRequiredMembers(members: Readonly<Record<string, unknown>>): PublicJwk {
  const { kty, crv } = members
  if (kty === 'EC' && (crv === 'P-256' || crv === 'P-384')) {
    const size = COORDINATE_BYTES[crv]
    return { kty, crv, x: readCoordinate(members.x, size), y: readCoordinate(members.y, size) }
  }
  if (kty === 'OKP' && crv === 'Ed25519') {
    return { kty, crv, x: readCoordinate(members.x, COORDINATE_BYTES[crv]) }
  }
  throw new JwkError('unsupported')
}

/** One spelling for each coordinate, or one key would have several thumbprints. */
function readCoordinate(value: unknown, size: number): string {
  if (typeof value !== 'string' || value.length > 128) throw new JwkError('malformed')
  if (decodeBase64url(value)?.length !== size) throw new JwkError('malformed')
  return value
}
