/** DPoP proofs (RFC 9449): a caller signs each request with a key, and its tokens are good with that key alone. */
import { createHash } from 'node:crypto'
import type { TenantId } from '../domain/ids.ts'
import type { Json } from '../domain/text.ts'
import { MINUTE, SECOND } from '../domain/time.ts'
import { type JwsAlgorithm, JwsError, readCompact, readPayload, verifyCompact } from './jws.ts'
import { currentVersion, type Keyring, readableVersions, subKey } from './keyring.ts'
import { utf8 } from './length-prefixed.ts'
import { equalText } from './random.ts'
import { JwkError, readPublicKey, thumbprint } from './thumbprint.ts'

/** What a proof may be signed with. */
export const PROOF_ALGORITHMS: readonly JwsAlgorithm[] = ['ES256', 'ES384', 'EdDSA', 'Ed25519']

/** A proof that is right for this request; whether its `jti` is new is the caller's to ask. */
export interface Proof {
  /** Thumbprint of its key. */
  jkt: string
  jti: string
  nonce: string | undefined
}

const MAX_PROOF = 4 * 1024
const MAX_AGE = 60 * SECOND
const SKEW = 10 * SECOND
/** A `jti` must be remembered this long: no proof is accepted for longer. */
export const PROOF_TIME = MAX_AGE + SKEW

/**
 * The proof, or undefined when anything is wrong: `typ`, a public key in the header, a signature by it, method and address
 * of this very request, a time of at most a minute ago, and the hash of the token where there is one (RFC 9449 section
 * 4.3, protocols OP-96). `now` in milliseconds.
 */
export function readProof(
  text: string,
  request: { method: string; url: string; accessToken: string | undefined; now: number },
): Proof | undefined {
  try {
    const jws = readCompact(text, { maxBytes: MAX_PROOF })
    if (jws.header.typ !== 'dpop+jwt') return undefined
    const { jwk, key } = readPublicKey(jws.header.jwk)
    verifyCompact(jws, key, PROOF_ALGORITHMS)
    const { htm, htu, iat, jti, ath, nonce, exp, nbf } = readPayload(jws)
    if (htm !== request.method || !isSameAddress(htu, request.url)) return undefined
    if (typeof iat !== 'number' || typeof jti !== 'string' || jti === '' || jti.length > 256)
      return undefined
    const age = request.now - iat * SECOND
    if (age > MAX_AGE || age < -SKEW) return undefined
    if (!isWithin({ exp, nbf }, request.now)) return undefined
    const { accessToken } = request
    if (accessToken !== undefined && ath !== hashOf(accessToken)) return undefined
    return { jkt: thumbprint(jwk), jti, nonce: typeof nonce === 'string' ? nonce : undefined }
  } catch (error) {
    if (error instanceof JwsError || error instanceof JwkError) return undefined
    throw error
  }
}

/** Neither has to be there; what is there holds (RFC 7519 sections 4.1.4 and 4.1.5). */
function isWithin(
  { exp = Infinity, nbf = 0 }: { exp: Json | undefined; nbf: Json | undefined },
  now: number,
): boolean {
  if (typeof exp !== 'number' || typeof nbf !== 'number') return false
  return exp * SECOND > now - SKEW && nbf * SECOND <= now + SKEW
}

/** Query and fragment do not count; the rest is compared as URLs are (section 4.3, step 9). */
function isSameAddress(htu: unknown, url: string): boolean {
  if (typeof htu !== 'string' || htu.length > 2048 || !URL.canParse(htu)) return false
  const [given, wanted] = [new URL(htu), new URL(url)]
  return given.origin === wanted.origin && given.pathname === wanted.pathname
}

function hashOf(accessToken: string): string {
  return createHash('sha256').update(accessToken, 'ascii').digest('base64url')
}

const NONCE_STEP = 5 * MINUTE
const LABEL = 'identity-bridge/dpop-nonce/v1'

/** The nonce of now: every instance knows it, nobody else can make one, and it says nothing (section 8). */
export function proofNonce(keyring: Keyring, tenant: TenantId, now: number): string {
  return nonceOf(keyring, tenant, Math.floor(now / NONCE_STEP), currentVersion(keyring, 'C'))
}

/**
 * Whether a nonce was given out within the last five to ten minutes, by whichever instance: while Key C moves on, some make
 * them under its next version and some under the one before, and a client that meets both would never be let in.
 */
export function isProofNonce(
  keyring: Keyring,
  tenant: TenantId,
  nonce: string | undefined,
  now: number,
): boolean {
  if (nonce === undefined) return false
  const step = Math.floor(now / NONCE_STEP)
  return readableVersions(keyring, 'C').some((version) =>
    [step, step - 1].some((one) => equalText(nonce, nonceOf(keyring, tenant, one, version))),
  )
}

function nonceOf(keyring: Keyring, tenant: TenantId, step: number, version: number): string {
  const key = subKey(keyring, 'dpop-nonce', tenant, version)
  if (key === undefined) throw new TypeError('a readable version of Key C is not there')
  return Buffer.from(key.mac(utf8(`${LABEL} ${step}`))).toString('base64url')
}
