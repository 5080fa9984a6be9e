/**
 * A W3C credential secured as a JWT, in either of its two spellings, and nothing of its truth: as the claim `vc` of a JWT
 * (Verifiable Credentials Data Model 1.1 section 6.3.1), or as the payload itself (2.0, with VC-JOSE-COSE section 3.1).
 * Where the JWT's own claims say the same as the credential's members, they must say the same.
 */
import { type CompactJws, readCompact, readPayload } from '../crypto/jws.ts'
import { fail, type PresentationReason } from '../domain/failure.ts'
import type { Json, JsonObject } from '../domain/text.ts'
import { SECOND } from '../domain/time.ts'
import type { W3cTrustEntry } from '../domain/trust-policy.ts'
import { isJsonObject } from './json.ts'
import { ALGORITHMS, CLOCK_SKEW, type JwsReasons, orRefuse } from './token-rules.ts'

/** Octets of a credential that is shown; a list in one may be larger. */
const LARGEST = 192 * 1024
const V2_CONTEXT = 'https://www.w3.org/ns/credentials/v2'
const CONTEXTS = ['https://www.w3.org/2018/credentials/v1', V2_CONTEXT] as const
/** `typ` of a credential that is the payload itself: of VC-JOSE-COSE, and of its drafts. */
export const CREDENTIAL_TYPES: readonly unknown[] = ['vc+jwt', 'vc-ld+jwt']

export const ISSUER_JWT: JwsReasons = {
  signature: 'issuer_signature_invalid',
  form: 'malformed_presentation',
}

export interface W3cCredential {
  jws: CompactJws
  /** In its own words, or in those of the JWT. */
  id: Json | undefined
  /** From its root, as claims paths count (OpenID4VP 1.0 section B.1.2). */
  credential: JsonObject
  types: readonly string[]
  issuer: string
  /** Who it is about, if that has a name. */
  subject: string | undefined
  /** `cnf` of the JWT or of the credential (RFC 7800). */
  confirmation: Json | undefined
  /** For whom its issuer made it, if not for everybody. */
  audience: Json | undefined
  /** Milliseconds since the epoch; every one must hold. */
  begins: readonly number[]
  ends: readonly number[]
  /** Undefined where nothing says what became of it. */
  status: W3cStatus | undefined
}

/** Where a credential says what became of it: in its own words (`credentialStatus`), and in those of any JWT. */
export interface W3cStatus {
  entries: Json | undefined
  status: Json | undefined
}

/**
 * Returns what a compact JWT of at most `maxBytes` octets says of itself, its signature unseen. Throws `presentation_refused`:
 * `malformed_presentation`, `algorithm_refused`, `too_large`.
 */
export function readW3cCredential(text: string, maxBytes = LARGEST): W3cCredential {
  const jws = orRefuse(ISSUER_JWT, () => readCompact(text, { maxBytes }))
  if (!ALGORITHMS.some((name) => name === jws.header.alg)) refuse('algorithm_refused')
  const payload = orRefuse(ISSUER_JWT, () => readPayload(jws))
  const credential = credentialIn(jws.header.typ, payload)
  const issuer = nameOf(credential.issuer)
  const subject = nameOf(onlySubject(credential.credentialSubject))
  return {
    jws,
    id: credential.id === undefined ? payload.jti : credential.id,
    credential,
    types: typesIn(credential, 'VerifiableCredential'),
    issuer: agreed(payload.iss, issuer) ?? refuse('malformed_presentation'),
    subject: agreed(payload.sub, subject),
    confirmation: payload.cnf ?? credential.cnf,
    audience: payload.aud,
    ...validityOf(payload, credential),
    status: statusOf(credential.credentialStatus, payload.status ?? credential.status),
  }
}

function statusOf(entries: Json | undefined, status: Json | undefined): W3cStatus | undefined {
  return entries === undefined && status === undefined ? undefined : { entries, status }
}

function credentialIn(typ: Json | undefined, payload: JsonObject): JsonObject {
  // Without a type and the older claim, what it is stands in its context alone.
  const isUntyped = typ === undefined && payload.vc === undefined
  const isPlain = isUntyped && listOf(payload['@context'])[0] === V2_CONTEXT
  if (CREDENTIAL_TYPES.includes(typ) || isPlain) {
    // VC-JOSE-COSE section 3.1.1: the older claims have no place here.
    if (payload.vc !== undefined || payload.vp !== undefined) refuse('malformed_presentation')
    return payload
  }
  if (typ !== undefined && typ !== 'JWT') refuse('malformed_presentation')
  return isJsonObject(payload.vc) ? payload.vc : refuse('malformed_presentation')
}

/**
 * Returns the types of a credential or presentation, of which `base` must be one, below one of the two contexts of the
 * data model. Throws `presentation_refused` with `malformed_presentation`.
 */
export function typesIn(node: JsonObject, base: string): readonly string[] {
  const [context] = listOf(node['@context'])
  if (!CONTEXTS.some((known) => known === context)) refuse('malformed_presentation')
  const types = listOf(node.type)
  if (!types.every((type) => typeof type === 'string') || !types.includes(base)) {
    return refuse('malformed_presentation')
  }
  return types
}

function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

/** A name, or an object with one. */
function nameOf(value: Json | undefined): string | undefined {
  const name = isJsonObject(value) ? value.id : value
  if (name !== undefined && typeof name !== 'string') refuse('malformed_presentation')
  return name
}

/** A credential about several people tells nobody which of them holds it. */
function onlySubject(subject: Json | undefined): JsonObject {
  const [only, ...others] = listOf(subject)
  return isJsonObject(only) && others.length === 0 ? only : refuse('malformed_presentation')
}

function agreed(claim: Json | undefined, member: string | undefined): string | undefined {
  if (claim !== undefined && typeof claim !== 'string') refuse('malformed_presentation')
  if (claim !== undefined && member !== undefined && claim !== member) {
    refuse('malformed_presentation')
  }
  return claim ?? member
}

function validityOf(
  payload: JsonObject,
  credential: JsonObject,
): Pick<W3cCredential, 'begins' | 'ends'> {
  const { iat, nbf, exp } = payload
  const { issuanceDate, validFrom, expirationDate, validUntil } = credential
  const dates = (numbers: (Json | undefined)[], texts: (Json | undefined)[]) => [
    ...numbers.filter((one) => one !== undefined).map(fromNumericDate),
    ...texts.filter((one) => one !== undefined).map(fromDateTime),
  ]
  return {
    begins: dates([iat, nbf], [issuanceDate, validFrom]),
    ends: dates([exp], [expirationDate, validUntil]),
  }
}

function fromNumericDate(date: Json): number {
  return typeof date === 'number' ? date * SECOND : refuse('malformed_presentation')
}

/** dateTimeStamp: with a time zone (Data Model 2.0 section 4.9). */
const DATE_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/

function fromDateTime(date: Json): number {
  const instant = typeof date === 'string' && DATE_TIME.test(date) ? Date.parse(date) : Number.NaN
  return Number.isNaN(instant) ? refuse('malformed_presentation') : instant
}

/** Returns if the credential is valid now. `now` in milliseconds (SD-13). */
export function checkW3cValidity(
  credential: W3cCredential,
  entry: W3cTrustEntry,
  now: number,
): void {
  if (credential.ends.length === 0 && entry.expiry === 'required') refuse('malformed_presentation')
  if (credential.ends.some((end) => now >= end + CLOCK_SKEW)) refuse('credential_expired')
  if (credential.begins.some((begin) => now < begin - CLOCK_SKEW)) {
    refuse('credential_not_yet_valid')
  }
}

function refuse(reason: PresentationReason): never {
  return fail({ kind: 'presentation_refused', reason })
}
