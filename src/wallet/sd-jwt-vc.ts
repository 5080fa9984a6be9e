/**
 * One presented SD-JWT VC, and where it becomes believed. SD-JWT is RFC 9901, the credential type
 * is draft-ietf-oauth-sd-jwt-vc-19, and the presentation is that of OpenID4VP 1.0 appendix B.3.
 *
 * The type's metadata, the `vct` URL, is never fetched (VC-12).
 */
import type { KeyObject } from 'node:crypto'
import { type CompactJws, readCompact, readPayload, verifyCompact } from '../crypto/jws.ts'
import { JwkError, type PublicJwk, readPublicKey, thumbprint } from '../crypto/thumbprint.ts'
import { fail, type PresentationReason } from '../domain/failure.ts'
import type { Json, JsonObject } from '../domain/text.ts'
import { SECOND } from '../domain/time.ts'
import type { SdJwtTrustEntry } from '../domain/trust-policy.ts'
import {
  authoritiesOf,
  certificationOf,
  type Expectations,
  type JudgedCredential,
  standingsOf,
} from './credential.ts'
import { digestOf, revealClaims } from './disclosures.ts'
import { isJsonObject } from './json.ts'
import { verifyKeyBinding } from './key-binding.ts'
import { readStatusReference } from './status-list.ts'
import {
  ALGORITHMS,
  CLOCK_SKEW,
  checkCredentialAudience,
  type JwsReasons,
  orRefuse,
} from './token-rules.ts'
import { findIssuer, type TrustMeans } from './trust.ts'

/** Limits before anything is parsed (SD-02): characters of the whole and of one disclosure, and their number. */
const LARGEST_PRESENTATION = 256 * 1024
const LARGEST_DISCLOSURE = 16 * 1024
const MOST_DISCLOSURES = 200

const ISSUER_JWT: JwsReasons = {
  signature: 'issuer_signature_invalid',
  form: 'malformed_presentation',
}

/** Nothing here has a default: what is not expected cannot be checked. */
export interface SdJwtVcExpectations extends Expectations {
  /** As our full client identifier, or our origin (VP-097). */
  audience: string
  /** The types that were asked for. */
  vcts: readonly string[]
}

/**
 * Returns the credential that a compact presentation proves, with every claim the holder disclosed. Throws
 * `presentation_refused` with the first thing that is wrong (protocols 3.1 and 3.2).
 */
export async function verifySdJwtVc(
  compact: string,
  expected: SdJwtVcExpectations,
  means: TrustMeans,
): Promise<JudgedCredential> {
  const parts = split(compact)
  const { jws, payload } = readIssuerJwt(parts.issuerJwt)
  if (!namesOf(payload).some((name) => expected.vcts.includes(name)))
    refuse('unexpected_credential')
  const issuer = await findIssuer(
    { header: jws.header, payload },
    expected.trust,
    expected.now,
    means,
  )
  const types = namesOf(payload).filter((name) => issuer.entry.vct.includes(name))
  if (!types.some((name) => expected.vcts.includes(name))) refuse('unexpected_credential')
  orRefuse(ISSUER_JWT, () => verifyCompact(jws, issuer.key, ALGORITHMS))
  const claims = revealClaims(payload, parts.disclosures)
  checkValidity(claims, issuer.entry, expected.now)
  checkCredentialAudience(claims.aud, expected.audience)
  const holder = readHolder(claims.cnf)
  verifyKeyBinding(
    {
      presented: compact.slice(0, compact.length - parts.keyBindingJwt.length),
      keyBindingJwt: parts.keyBindingJwt,
      holderKey: holder.key,
      digest: (text) => digestOf(payload, text),
    },
    expected,
  )
  return {
    queryId: expected.queryId,
    format: 'dc+sd-jwt',
    type: types[0] ?? refuse('unexpected_credential'),
    trustEntry: issuer.entry.id,
    issuer: issuer.issuer,
    claims,
    publicJwk: holder.jwk,
    holderThumbprint: thumbprint(holder.jwk),
    types,
    standings: standingsOf(claims.status, issuer, (status) => [readStatusReference(status)]),
    certification: certificationOf(issuer),
    ...authoritiesOf(issuer),
  }
}

interface SdJwtParts {
  issuerJwt: string
  disclosures: readonly string[]
  keyBindingJwt: string
}

/** Issuer JWT, disclosures and key binding JWT between tildes (RFC 9901 section 4, SD-01). */
function split(compact: string): SdJwtParts {
  if (compact.length > LARGEST_PRESENTATION) refuse('too_large')
  const [issuerJwt = '', ...rest] = compact.split('~', MOST_DISCLOSURES + 3)
  const keyBindingJwt = rest.pop()
  if (keyBindingJwt === undefined) refuse('malformed_presentation')
  if (rest.length > MOST_DISCLOSURES) refuse('too_large')
  if (rest.some((disclosure) => disclosure.length > LARGEST_DISCLOSURE)) refuse('too_large')
  // Policy, not the presentation, decides that the holder must be bound (SD-14).
  if (keyBindingJwt === '') refuse('key_binding_missing')
  return { issuerJwt, disclosures: rest, keyBindingJwt }
}

function readIssuerJwt(text: string): { jws: CompactJws; payload: JsonObject } {
  return orRefuse(ISSUER_JWT, () => {
    const jws = readCompact(text, { maxBytes: LARGEST_PRESENTATION })
    // SD-JWT VC section 2.2.1; the type of older drafts is no other spelling of it (VC-01).
    if (jws.header.typ !== 'dc+sd-jwt') refuse('malformed_presentation')
    if (!ALGORITHMS.some((name) => name === jws.header.alg)) refuse('algorithm_refused')
    return { jws, payload: readPayload(jws) }
  })
}

/** The credential's type and its other names; which of the latter count is up to the trust entry (VC-02). */
function namesOf(payload: JsonObject): readonly string[] {
  const { vct, aka_vcts: others } = payload
  if (typeof vct !== 'string') refuse('malformed_presentation')
  if (others === undefined) return [vct]
  const isList = Array.isArray(others) && others.every((name) => typeof name === 'string')
  return isList ? [vct, ...(others as readonly string[])] : refuse('malformed_presentation')
}

/** Dates, on what is left after disclosing (SD-13). `now` in milliseconds. */
function checkValidity(claims: JsonObject, entry: SdJwtTrustEntry, now: number): void {
  const { exp, nbf, iat } = claims
  const dates = [exp, nbf, iat].filter((date) => date !== undefined)
  if (dates.some((date) => typeof date !== 'number')) refuse('malformed_presentation')
  if (exp === undefined && entry.expiry === 'required') refuse('malformed_presentation')
  if (typeof exp === 'number' && now >= exp * SECOND + CLOCK_SKEW) refuse('credential_expired')
  for (const date of [nbf, iat]) {
    if (typeof date === 'number' && now < date * SECOND - CLOCK_SKEW) {
      refuse('credential_not_yet_valid')
    }
  }
}

/** `cnf` with a public `jwk` (RFC 7800 section 3.2); its `kid` and the like mean nothing to us (VC-10). */
function readHolder(cnf: Json | undefined): { jwk: PublicJwk; key: KeyObject } {
  if (!isJsonObject(cnf) || cnf.jwk === undefined) refuse('holder_key_missing')
  try {
    return readPublicKey(cnf.jwk)
  } catch (error) {
    if (!(error instanceof JwkError)) throw error
    return fail({ kind: 'presentation_refused', reason: 'holder_key_missing' }, error)
  }
}

function refuse(reason: PresentationReason): never {
  return fail({ kind: 'presentation_refused', reason })
}
