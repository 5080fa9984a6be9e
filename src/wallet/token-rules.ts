/** Rules that the signed tokens of wallets and issuers share, whatever they carry. */
import { type JwsAlgorithm, JwsError } from '../crypto/jws.ts'
import { fail, type PresentationReason } from '../domain/failure.ts'
import type { Json } from '../domain/text.ts'
import { MINUTE } from '../domain/time.ts'

/** Signature algorithms of issuers and holders (SD-03); none of them is symmetric. */
export const ALGORITHMS: readonly JwsAlgorithm[] = ['ES256', 'ES384', 'EdDSA', 'Ed25519']

/** How far another party's clock may be from ours. Milliseconds (row 60). */
export const CLOCK_SKEW = MINUTE

/** What a bad signature and a bad form mean for a presentation: that depends on whose JWS it is. */
export interface JwsReasons {
  signature: PresentationReason
  form: PresentationReason
}

/**
 * Returns if a credential is for everybody, or for us by name: one that its issuer made for others proves nothing here (RFC
 * 7519 section 4.1.3, SD-13). Throws `presentation_refused` with `audience_mismatch`.
 */
export function checkCredentialAudience(aud: Json | undefined, audience: string): void {
  const named = Array.isArray(aud) ? aud : [aud]
  if (aud !== undefined && !named.includes(audience))
    fail({ kind: 'presentation_refused', reason: 'audience_mismatch' })
}

/** Returns what `step` returns; a {@link JwsError} in it becomes `presentation_refused`, other errors pass. */
export function orRefuse<T>(reasons: JwsReasons, step: () => T): T {
  try {
    return step()
  } catch (error) {
    if (!(error instanceof JwsError)) throw error
    return fail({ kind: 'presentation_refused', reason: reasonOf(error, reasons) }, error)
  }
}

function reasonOf(error: JwsError, reasons: JwsReasons): PresentationReason {
  switch (error.reason) {
    case 'too_large':
      return 'too_large'
    // A key of another kind than the algorithm names is algorithm confusion (row 15).
    case 'algorithm_refused':
    case 'key_mismatch':
      return 'algorithm_refused'
    case 'signature_invalid':
      return reasons.signature
    default:
      return reasons.form
  }
}
