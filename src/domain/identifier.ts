/**
 * Identifiers: the exact value parts that are hashed for a person, with their type and namespace. A missing or empty
 * part gives no identifier at all; nothing is ever hashed partially (protocols CR-15, CR-20, CR-21, CR-22).
 */
import type { HolderHash, IdentifierType, InstitutionHash } from './text.ts'

/** Raised whenever a rule here or in `normalise.ts` changes, since every hash changes with it (CR-17). */
export const NORMALISATION = 1

/** What `crypto/identifier-hash.ts` hashes, tenant apart. */
export interface Identifier {
  type: IdentifierType
  /** Who vouches for the value: the same value from two sources is two identifiers. */
  namespace: string
  parts: readonly string[]
}

/**
 * What a hit is worth. `identifies`: this is the person. `suggests`: it may be, and an institution's login has to say so
 * before anything is linked.
 */
export type Strength = 'identifies' | 'suggests'

/** A hash, and the version of the key that made it. */
export interface VersionedHash<Hash> {
  readonly hash: Hash
  readonly version: number
  /**
   * `ahead`: other instances may write with this version already; a row found under it stays there. `hint`: its key got
   * away, so a hit proves nobody by itself (CR-46).
   */
  readonly standing?: 'ahead' | 'hint'
}

/** An identifier that a material of the tenant's policy gave, before it is hashed. */
export interface MaterialIdentifier extends Identifier {
  /** Name of the material, unique in its policy document; the fingerprint's name on a binding. */
  material: string
  strength: Strength
}

/** The same, hashed under every readable version of its key, the current one first. */
export interface HashedIdentifier<
  Hash extends HolderHash | InstitutionHash = HolderHash | InstitutionHash,
> {
  material: string
  type: IdentifierType
  /** Key A for what a wallet says, B for what an institution says. */
  hashKey: 'A' | 'B'
  strength: Strength
  hashes: readonly [VersionedHash<Hash>, ...VersionedHash<Hash>[]]
}

const THUMBPRINT = 'urn:ietf:params:oauth:jwk-thumbprint:sha-256'

/** The key a wallet proved to hold: RFC 7638 thumbprint of the verified `cnf` key. */
export function holderKeyIdentifier(thumbprint: string): Identifier {
  return { type: 'KEY', namespace: THUMBPRINT, parts: [thumbprint] }
}

/**
 * An account at an institution: issuer, name of the identifying attribute, and its value byte for byte (OpenID Connect
 * Core section 2: case-sensitive, no normalisation). Some values, such as `eduid`, are one institution's own (UP-66): the
 * tenant, which is one, is hashed along. Undefined for an empty value.
 */
export function providerSubjectIdentifier(
  issuer: string,
  attribute: string,
  value: string,
): Identifier | undefined {
  if (issuer === '' || attribute === '' || value === '') return undefined
  return { type: 'SUBJECT_ID', namespace: issuer, parts: [attribute, value] }
}

/** What a credential's issuer calls its subject, byte for byte; the same value of another issuer is another person's. */
export function credentialSubjectIdentifier(
  issuer: string,
  path: readonly string[],
  value: string,
): Identifier {
  return { type: 'SUBJECT_ID', namespace: issuer, parts: [JSON.stringify(path), value] }
}

/** A DID without fragment and query; one that is a key (`did:jwk`, `did:key`) by that key's thumbprint (CR-20). */
export function didIdentifier(did: string, thumbprint: string | undefined): Identifier {
  return thumbprint === undefined
    ? { type: 'DID', namespace: 'did', parts: [did] }
    : { type: 'DID', namespace: THUMBPRINT, parts: [thumbprint] }
}

/** An e-mail address, already normalised, that `source` vouches for. */
export function emailIdentifier(source: string, address: string): Identifier {
  return { type: 'EMAIL', namespace: source, parts: [address] }
}

/** Names and values, already normalised, in the order of the names; `source` says from where and how folded. */
export function claimTupleIdentifier(
  source: string,
  values: readonly { name: string; value: string }[],
): Identifier {
  const sorted = [...values].sort((a, b) => (a.name < b.name ? -1 : 1))
  return {
    type: 'CLAIM_TUPLE',
    namespace: source,
    parts: sorted.flatMap(({ name, value }) => [name, value]),
  }
}

/** Every hash of every identifier: what is looked up, in one query (CR-42). */
export function allHashes<Hash extends HolderHash | InstitutionHash>(
  identifiers: readonly HashedIdentifier<Hash>[],
): Hash[] {
  return identifiers.flatMap(({ hashes }) => hashes.map(({ hash }) => hash))
}
