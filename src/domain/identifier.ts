/**
 * Identifiers: the exact value parts that are hashed for a person, with their type and namespace. A missing or empty
 * part gives no identifier at all; nothing is ever hashed partially (protocols CR-15, CR-20, CR-21, CR-22).
 */
import type { IdentifierType } from './text.ts'

/** Raised whenever a rule below changes, since every hash changes with it (CR-17). */
export const NORMALISATION = 1

/** What `crypto/identifier-hash.ts` hashes, tenant apart. */
export interface Identifier {
  type: IdentifierType
  /** Who vouches for the value: the same value from two sources is two identifiers. */
  namespace: string
  parts: readonly string[]
}

/** The key a wallet proved to hold: RFC 7638 thumbprint of the verified `cnf` key. */
export function holderKeyIdentifier(thumbprint: string): Identifier {
  return {
    type: 'KEY',
    namespace: 'urn:ietf:params:oauth:jwk-thumbprint:sha-256',
    parts: [thumbprint],
  }
}

/**
 * An account at an institution: issuer, name of the identifying attribute, and its value byte for byte (OpenID Connect
 * Core section 2: case-sensitive, no normalisation). Undefined for an empty value.
 */
export function providerSubjectIdentifier(
  issuer: string,
  attribute: string,
  value: string,
): Identifier | undefined {
  if (issuer === '' || attribute === '' || value === '') return undefined
  return { type: 'SUBJECT_ID', namespace: issuer, parts: [attribute, value] }
}
