/**
 * Signatures under audit checkpoints: Ed25519, with a key that comes out of Key C and lies nowhere, least of all in the
 * database whose trail it vouches for (protocols AU-09). One key for the installation and version of C.
 *
 * seed = HMAC-SHA-256(sub-key `audit-checkpoint` of the tenant `system`, length-prefixed list of
 * `identity-bridge/audit-checkpoint/v1`), 32 bytes; `kid` is the RFC 7638 thumbprint of the public key.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { CHECKPOINT_TYPE, CheckpointClaims } from '../domain/audit-trail.ts'
import { fail } from '../domain/failure.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import type { JsonObject } from '../domain/text.ts'
import { JwsError, readCompact, readPayload, signCompact, verifyCompact } from './jws.ts'
import { currentVersion, type Keyring, readableVersions, subKey } from './keyring.ts'
import { prefixLengths } from './length-prefixed.ts'
import { importPublicKey, type OkpPublicJwk, thumbprint } from './thumbprint.ts'

const LABEL = 'identity-bridge/audit-checkpoint/v1'
const MAX_BYTES = 4 * 1024
/** PKCS#8 of an Ed25519 key up to its 32 bytes (RFC 8410 section 7). */
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex')

/** Public keys that checkpoints may be signed with, by `kid`. */
export type CheckpointKeys = ReadonlyMap<string, KeyObject>

/** A public key as others keep it. */
export type CheckpointJwk = OkpPublicJwk & { readonly kid: string; readonly use: 'sig' }

/** The `kid` that {@link signCheckpoint} signs with now. */
export function checkpointKid(keyring: Keyring): string {
  return derive(keyring, currentVersion(keyring, 'C')).kid
}

/** The signed checkpoint, a compact JWS, under the current version of Key C. */
export function signCheckpoint(keyring: Keyring, claims: CheckpointClaims): string {
  const { kid, key } = derive(keyring, currentVersion(keyring, 'C'))
  return signCompact({
    header: { typ: CHECKPOINT_TYPE, kid },
    payload: claims as unknown as JsonObject,
    key,
    algorithm: 'EdDSA',
  })
}

/** The key set of the keyring, for those who check later and elsewhere: every version of C that can be read. */
export function checkpointJwks(keyring: Keyring): { keys: readonly CheckpointJwk[] } {
  return { keys: readableVersions(keyring, 'C').map((version) => derive(keyring, version).jwk) }
}

/** The keys of a key set. Throws JwkError for one that is no public signature key. */
export function readCheckpointKeys(jwks: { keys: readonly unknown[] }): CheckpointKeys {
  return new Map(
    jwks.keys.map((jwk) => {
      const key = importPublicKey(jwk)
      return [thumbprint(key.export({ format: 'jwk' }) as OkpPublicJwk), key]
    }),
  )
}

/**
 * What a checkpoint says. Undefined where it names a key that is not among `keys`: it says nothing then. Throws
 * {@link JwsError} for what is no checkpoint, or was not signed by the key it names.
 */
export function readCheckpoint(jws: string, keys: CheckpointKeys): CheckpointClaims | undefined {
  const read = readCompact(jws, { maxBytes: MAX_BYTES })
  if (read.header.typ !== CHECKPOINT_TYPE) throw new JwsError('header_refused')
  const key = keys.get(String(read.header.kid))
  if (key === undefined) return undefined
  verifyCompact(read, key, ['EdDSA'])
  const claims = CheckpointClaims.safeParse(readPayload(read))
  if (!claims.success) throw new JwsError('payload_invalid')
  return claims.data
}

function derive(keyring: Keyring, version: number) {
  const secret = subKey(keyring, 'audit-checkpoint', SYSTEM_TENANT, version)
  if (secret === undefined) return fail({ kind: 'sealed_unreadable' })
  const seed = secret.mac(prefixLengths([LABEL]))
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_HEAD, seed]),
    format: 'der',
    type: 'pkcs8',
  })
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' })
  const publicJwk: OkpPublicJwk = { kty: 'OKP', crv: 'Ed25519', x }
  const kid = thumbprint(publicJwk)
  const jwk: CheckpointJwk = { ...publicJwk, kid, use: 'sig' }
  return { key, kid, jwk }
}
