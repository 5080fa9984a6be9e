/**
 * The pseudonym under which the audit trail knows a person. It needs the person's random salt, which lies in the person's
 * row and dies with an erasure, and a key that is not in the database: without either nobody can tell who is meant.
 *
 * Salt texts: `c<version>.<salt>` at first, and `c<version>.<salt>.<mask>` after a migration of Key C. The pseudonym is
 * HMAC-SHA-256(sub-key `audit-subject` of that version of C, length-prefixed list of `identity-bridge/audit-subject/v1` and
 * the 32 salt bytes), XORed with the mask where there is one. Because the salt text names its version, a new version of C
 * changes no pseudonym; before the old one retires, its salts are bound anew, with the mask that keeps the pseudonym.
 */

import { randomBytes } from 'node:crypto'
import { fail } from '../domain/failure.ts'
import type { TenantId } from '../domain/ids.ts'
import { decodeBase64url, encodeBase64url } from './base64url.ts'
import { multihashText } from './identifier-hash.ts'
import { currentVersion, type Keyring, subKey } from './keyring.ts'
import { prefixLengths } from './length-prefixed.ts'

const LABEL = 'identity-bridge/audit-subject/v1'
const SALT_BYTES = 32
const SALT_TEXT = /^c([1-9][0-9]{0,5})\.([A-Za-z0-9_-]{43})(?:\.([A-Za-z0-9_-]{43}))?$/

/** Leaves a pseudonym as it is. */
const NO_MASK = new Uint8Array(SALT_BYTES)

interface AuditSalt {
  readonly version: number
  readonly salt: Uint8Array
  readonly mask: Uint8Array
}

/** A new salt text for a person, bound to the current version of Key C. */
export function newAuditSalt(keyring: Keyring): string {
  return `c${currentVersion(keyring, 'C')}.${encodeBase64url(randomBytes(SALT_BYTES))}`
}

/**
 * The person's pseudonym in the audit trail of this tenant, as multibase multihash text of 47 characters; the same for
 * ever while the salt text is there. Throws `sealed_unreadable` where the salt text is not one, or its key is retired.
 * Source: design section 5, Audit.
 */
export function auditSubjectHash(keyring: Keyring, tenant: TenantId, auditSalt: string): string {
  return multihashText(pseudonym(keyring, tenant, readSalt(auditSalt)))
}

/**
 * A salt text with the same pseudonym, bound to the current version of Key C: what migrating C writes in place of the old.
 * Throws `sealed_unreadable` as {@link auditSubjectHash} does.
 */
export function rebindAuditSalt(keyring: Keyring, tenant: TenantId, auditSalt: string): string {
  const kept = pseudonym(keyring, tenant, readSalt(auditSalt))
  const version = currentVersion(keyring, 'C')
  const salt = new Uint8Array(randomBytes(SALT_BYTES))
  const mask = xor(kept, pseudonym(keyring, tenant, { version, salt, mask: NO_MASK }))
  return `c${version}.${encodeBase64url(salt)}.${encodeBase64url(mask)}`
}

/** The version of Key C that a salt text is bound to. Throws `sealed_unreadable` where it is not one. */
export function auditSaltVersion(auditSalt: string): number {
  return readSalt(auditSalt).version
}

function readSalt(text: string): AuditSalt {
  const [, version, saltText = '', maskText] = SALT_TEXT.exec(text) ?? []
  const salt = decodeBase64url(saltText)
  const mask = maskText === undefined ? NO_MASK : decodeBase64url(maskText)
  if (salt?.length !== SALT_BYTES || mask === undefined) return fail({ kind: 'sealed_unreadable' })
  return { version: Number(version), salt, mask }
}

function pseudonym(keyring: Keyring, tenant: TenantId, { version, salt, mask }: AuditSalt) {
  const key = subKey(keyring, 'audit-subject', tenant, version)
  if (key === undefined) return fail({ kind: 'sealed_unreadable' })
  return xor(key.mac(prefixLengths([LABEL, salt])), mask)
}

function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length)
  for (let i = 0; i < a.length; i++) bytes[i] = (a[i] ?? 0) ^ (b[i] ?? 0)
  return bytes
}
