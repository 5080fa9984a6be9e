/**
 * Turns an identifier into the only form in which it is stored: an HMAC that cannot be reversed without the key.
 *
 * The bytes under the HMAC are this list, each part preceded by its length in four bytes, big-endian, text as UTF-8:
 *
 * 1. `identity-bridge/identifier/v1`
 * 2. tenant id
 * 3. type: KEY, SUBJECT_ID, EMAIL, DID or CLAIM_TUPLE
 * 4. namespace: the issuer or provider that the value belongs to
 * 5. version of the normalisation that the value went through, decimal
 * 6. number of value parts, decimal
 * 7. the value parts, one by one, exactly as given: case-sensitive and not normalised here (protocols CR-20)
 *
 * The key is the tenant's sub-key of Key A (what a wallet says of its holder) or Key B (what an institution says). The text
 * form is multibase multihash: `u` and the base64url of 0x12, 0x20 and the 32 bytes of the HMAC, 47 characters. Code 0x12
 * reads "sha2-256" and says nothing of a key: nobody can check such a text as a plain hash (protocols CR-15, CR-16).
 */

import {
  type HashedIdentifier,
  type Identifier,
  type MaterialIdentifier,
  NORMALISATION,
  type VersionedHash,
} from '../domain/identifier.ts'
import type { TenantId } from '../domain/ids.ts'
import type { HolderHash, IdentifierType, InstitutionHash } from '../domain/text.ts'
import { encodeBase64url } from './base64url.ts'
import { hashKeys, type Keyring, readableVersions, standingOf } from './keyring.ts'
import { prefixLengths } from './length-prefixed.ts'
import type { SecretKey } from './secret-key.ts'

const LABEL = 'identity-bridge/identifier/v1'
const NESTED_LABEL = 'identity-bridge/nested-identifier/v1'

/** Multihash code of a 256-bit digest (0x12) and its length in bytes (0x20). */
const MULTIHASH_PREFIX = [0x12, 0x20]

/** What is hashed. `parts` are already in canonical form; `normalisation` is the version of the rules that made it. */
export interface IdentifierInput {
  readonly tenant: TenantId
  readonly type: IdentifierType
  readonly namespace: string
  readonly normalisation: number
  readonly parts: readonly string[]
}

/**
 * The hashes of a wallet-side identifier under every readable version of Key A, the current one first: that one is written,
 * all of them are looked up (protocols CR-42). One HMAC each.
 *
 * For CLAIM_TUPLE the parts are name, value, name, value… in sorted order of the names. Throws TypeError on an empty
 * tenant, namespace, list or part and on a lone surrogate: an identifier is hashed whole or not at all (CR-22).
 */
export function hashHolderIdentifier(
  keyring: Keyring,
  input: IdentifierInput,
): readonly VersionedHash<HolderHash>[] {
  return hashUnder(keyring, 'holder-identifier', input)
}

/** The same for an institution-side identifier under Key B. */
export function hashInstitutionIdentifier(
  keyring: Keyring,
  input: IdentifierInput,
): readonly VersionedHash<InstitutionHash>[] {
  return hashUnder(keyring, 'institution-identifier', input)
}

/** What a wallet showed, under Key A: each identifier with its hashes, the current one first. Throws as above. */
export function hashShownIdentifiers(
  keyring: Keyring,
  tenant: TenantId,
  shown: readonly MaterialIdentifier[],
): HashedIdentifier<HolderHash>[] {
  return shown.map((identifier) => hashShownIdentifier(keyring, tenant, identifier))
}

function hashShownIdentifier(
  keyring: Keyring,
  tenant: TenantId,
  { material, strength, ...identifier }: MaterialIdentifier,
): HashedIdentifier<HolderHash> {
  const input = inputOf(tenant, identifier)
  const hashes = currentFirst(hashHolderIdentifier(keyring, input))
  return { material, type: identifier.type, hashKey: 'A', strength, hashes }
}

/** What an institution said, under Key B; the same otherwise. */
export function hashToldIdentifier(
  keyring: Keyring,
  tenant: TenantId,
  told: MaterialIdentifier,
): HashedIdentifier<InstitutionHash> {
  const { material, strength, ...identifier } = told
  const input = inputOf(tenant, identifier)
  const hashes = currentFirst(hashInstitutionIdentifier(keyring, input))
  return { material, type: identifier.type, hashKey: 'B', strength, hashes }
}

/** Of either side, under the key it says; the same otherwise. */
export function hashSoughtIdentifier(
  keyring: Keyring,
  tenant: TenantId,
  { hashKey, ...sought }: MaterialIdentifier & { hashKey: 'A' | 'B' },
): HashedIdentifier {
  return hashKey === 'A'
    ? hashShownIdentifier(keyring, tenant, sought)
    : hashToldIdentifier(keyring, tenant, sought)
}

function inputOf(tenant: TenantId, { type, namespace, parts }: Identifier): IdentifierInput {
  return { tenant, type, namespace, parts, normalisation: NORMALISATION }
}

function currentFirst<Hash>(
  hashes: readonly VersionedHash<Hash>[],
): [VersionedHash<Hash>, ...VersionedHash<Hash>[]] {
  const [current, ...older] = hashes
  if (current === undefined) throw new TypeError('a key without a readable version')
  return [current, ...older]
}

/**
 * Whether a text has the form of an identifier hash: base64url of 34 bytes that begin with 0x12 0x20, its last two bits
 * in the one spelling. Source: protocols CR-16.
 */
export function isIdentifierHash(text: string): boolean {
  return /^uEi[A-D][A-Za-z0-9_-]{42}[AQgw]$/.test(text)
}

/** The exact bytes under the HMAC, as the head of this file lists them. Throws TypeError as the hashing functions do. */
export function identifierBytes(input: IdentifierInput): Uint8Array {
  const { tenant, type, namespace, normalisation, parts } = input
  if (tenant === '' || namespace === '')
    throw new TypeError('identifier without tenant or namespace')
  if (parts.length === 0 || parts.includes(''))
    throw new TypeError('identifier with a missing part')
  if (!Number.isSafeInteger(normalisation)) throw new TypeError('normalisation is a version number')
  const head = [LABEL, tenant, type, namespace, String(normalisation), String(parts.length)]
  return prefixLengths([...head, ...parts])
}

/** Multibase multihash text of 32 bytes (protocols CR-16). */
export function multihashText(digest: Uint8Array): string {
  const bytes = new Uint8Array(MULTIHASH_PREFIX.length + digest.length)
  bytes.set(MULTIHASH_PREFIX)
  bytes.set(digest, MULTIHASH_PREFIX.length)
  return `u${encodeBase64url(bytes)}`
}

function hashUnder<Hash extends HolderHash | InstitutionHash>(
  keyring: Keyring,
  purpose: 'holder-identifier' | 'institution-identifier',
  input: IdentifierInput,
): readonly VersionedHash<Hash>[] {
  const bytes = identifierBytes(input)
  const key = purpose === 'holder-identifier' ? 'A' : 'B'
  return readableVersions(keyring, key).map((version) => {
    const [innermost, ...outer] = hashKeys(keyring, purpose, input.tenant, version) ?? []
    if (innermost === undefined) throw new TypeError('a readable version without a key')
    const first = multihashText(innermost.mac(bytes))
    const hash = outer.reduce((text, each) => nestText(each, text), first) as Hash
    const standing = standingOf(keyring, key, version)
    return { hash, version, ...(standing === undefined ? {} : { standing }) }
  })
}

/**
 * A stored hash under one more key: what migration makes of a row of version `inner` whose owner has not come back.
 * `nested` is the version of the nesting. Throws TypeError where the keyring has no such readable nesting.
 * Source: docs/cryptography.md, Nested hashes; protocols 7.4 (b).
 */
export function nestHash<Hash extends HolderHash | InstitutionHash>(
  keyring: Keyring,
  key: 'A' | 'B',
  tenant: TenantId,
  nested: number,
  stored: Hash,
): Hash {
  const purpose = key === 'A' ? 'holder-identifier' : 'institution-identifier'
  const [, ...outer] = hashKeys(keyring, purpose, tenant, nested) ?? []
  const last = outer.at(-1)
  if (last === undefined) throw new TypeError('not a readable nesting')
  return nestText(last, stored) as Hash
}

function nestText(key: SecretKey, text: string): string {
  return multihashText(key.mac(prefixLengths([NESTED_LABEL, text])))
}
