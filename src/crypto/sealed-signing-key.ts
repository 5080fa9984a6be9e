/**
 * Signing keys at rest: PKCS#8, sealed under Key C for their own row, and opened once for each time a tenant is prepared.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { fail } from '../domain/failure.ts'
import type { TenantId } from '../domain/ids.ts'
import type { Sealed } from '../domain/text.ts'
import type { TokenAlgorithm } from '../domain/token-algorithm.ts'
import type { Keyring } from './keyring.ts'
import { openUnder, sealUnder } from './seal.ts'
import { exportPublicJwk, generateSigningKey, importSigningKey } from './signing-key.ts'
import { thumbprint } from './thumbprint.ts'

/** A private key that is ready to sign. */
export type PrivateKey = KeyObject

/** Where a signing key lies. */
export interface SigningKeyPlace {
  tenant: TenantId
  kid: string
}

function contextOf(place: SigningKeyPlace) {
  return {
    tenant: place.tenant,
    table: 'signing_key',
    column: 'sealed_private_key',
    row: place.kid,
  }
}

/** The key as its row keeps it. */
export function sealSigningKey(
  keyring: Keyring,
  place: SigningKeyPlace,
  pkcs8: Uint8Array,
): Sealed {
  return sealUnder(keyring, 'signing-key', contextOf(place), pkcs8)
}

/** A new key for a tenant's tokens, as its row keeps it. Takes up to a second, for RSA. */
export async function makeTokenKey(
  keyring: Keyring,
  tenant: TenantId,
  algorithm: TokenAlgorithm,
): Promise<{ kid: string; publicJwk: string; sealedPrivateKey: Sealed }> {
  const { kid, publicJwk, privatePkcs8 } = await generateSigningKey(algorithm)
  return {
    kid,
    publicJwk: JSON.stringify(publicJwk),
    sealedPrivateKey: sealSigningKey(keyring, { tenant, kid }, privatePkcs8),
  }
}

/**
 * The key of a row, imported. The `kid` is the thumbprint of its public half; a key that does not fit its name, or a text
 * that cannot be opened, throws `sealed_unreadable`.
 */
export function openSigningKey(
  keyring: Keyring,
  place: SigningKeyPlace,
  sealed: Sealed,
): PrivateKey {
  const key = importSigningKey(openUnder(keyring, 'signing-key', contextOf(place), sealed))
  if (thumbprint(exportPublicJwk(createPublicKey(key))) !== place.kid)
    fail({ kind: 'sealed_unreadable' })
  return key
}
