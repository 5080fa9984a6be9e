/**
 * The key binding JWT (RFC 9901 sections 4.3 and 7.3): the holder signs for whom, in answer to which question, when, and
 * over which credential and disclosures. Whether there must be one is never up to the presentation (SD-14).
 */
import type { KeyObject } from 'node:crypto'
import { readCompact, readPayload, verifyCompact } from '../crypto/jws.ts'
import { fail, type PresentationReason } from '../domain/failure.ts'
import type { Json, JsonObject } from '../domain/text.ts'
import { SECOND } from '../domain/time.ts'
import { ALGORITHMS, CLOCK_SKEW, orRefuse } from './token-rules.ts'

const LARGEST = 16 * 1024

export interface Binding {
  /** The text before the KB-JWT, its last `~` included. */
  presented: string
  keyBindingJwt: string
  /** The key of the verified credential's `cnf`; no key of this JWT's own header is ever looked at (SD-16). */
  holderKey: KeyObject
  /** Digest under the credential's `_sd_alg`, base64url. */
  digest: (text: string) => string
}

export interface BindingExpectations {
  nonce: string
  /** Our full client identifier (VP-040). */
  audience: string
  /** When the question was asked, and now; milliseconds since the epoch (VP-097). */
  notBefore: number
  now: number
}

/**
 * Returns if the holder signed this presentation for us, now. Throws `presentation_refused`: `algorithm_refused`,
 * `nonce_mismatch`, `audience_mismatch`, `too_large`, else `key_binding_invalid` (SD-15, VP-094, VP-097).
 */
export function verifyKeyBinding(binding: Binding, expected: BindingExpectations): void {
  const claims = verifySignature(binding)
  checkBindingClaims(claims, expected)
  // How else would one know when it was signed (RFC 9901 section 4.3).
  if (claims.iat === undefined) refuse('key_binding_invalid')
  if (claims.sd_hash !== binding.digest(binding.presented)) refuse('key_binding_invalid')
}

/**
 * Returns if a holder's JWT answers our question: nonce, audience, and dates as far as it has any. Throws
 * `presentation_refused`: `nonce_mismatch`, `audience_mismatch`, `key_binding_invalid` (VP-094, VP-097).
 */
export function checkBindingClaims(claims: JsonObject, expected: BindingExpectations): void {
  if (claims.nonce !== expected.nonce) refuse('nonce_mismatch')
  // A list that contains us is not enough: the specification wants a single string.
  if (claims.aud !== expected.audience) refuse('audience_mismatch')
  const { iat, exp, nbf } = claims
  if (
    iat !== undefined &&
    !isWithin(iat, expected.notBefore - CLOCK_SKEW, expected.now + CLOCK_SKEW)
  ) {
    refuse('key_binding_invalid')
  }
  if (exp !== undefined && !isWithin(exp, expected.now - CLOCK_SKEW + 1, Number.MAX_VALUE)) {
    refuse('key_binding_invalid')
  }
  if (nbf !== undefined && !isWithin(nbf, -Number.MAX_VALUE, expected.now + CLOCK_SKEW)) {
    refuse('key_binding_invalid')
  }
  // We never send transaction data, so a signature over some answers another request (VP-020, VP-098).
  if (Object.hasOwn(claims, 'transaction_data_hashes')) refuse('key_binding_invalid')
}

function verifySignature(binding: Binding): JsonObject {
  return orRefuse({ signature: 'key_binding_invalid', form: 'key_binding_invalid' }, () => {
    const jws = readCompact(binding.keyBindingJwt, { maxBytes: LARGEST })
    if (jws.header.typ !== 'kb+jwt') refuse('key_binding_invalid')
    verifyCompact(jws, binding.holderKey, ALGORITHMS)
    return readPayload(jws)
  })
}

/** Whether a NumericDate lies between two instants in milliseconds, both included. */
function isWithin(date: Json | undefined, from: number, to: number): boolean {
  return typeof date === 'number' && date * SECOND >= from && date * SECOND <= to
}

function refuse(reason: PresentationReason): never {
  return fail({ kind: 'presentation_refused', reason })
}
