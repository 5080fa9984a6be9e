/**
 * One presented W3C credential: a presentation signed as JWT by the holder, around a credential signed as JWT by the
 * issuer (OpenID4VP 1.0 section B.1.3.1), in the words of the data model 1.1 (`vp`, `vc`) or 2.0 (`vp+jwt`, `vc+jwt`).
 * Who the holder is, only the credential says: by `cnf`, else by a subject that is a key itself.
 */
import { readCompact, readPayload, verifyCompact } from '../crypto/jws.ts'
import { JwkError, readPublicKey, thumbprint } from '../crypto/thumbprint.ts'
import { fail, type PresentationReason } from '../domain/failure.ts'
import type { Json, JsonObject } from '../domain/text.ts'
import { readBitstringReferences } from './bitstring-list.ts'
import {
  authoritiesOf,
  certificationOf,
  type Expectations,
  type JudgedCredential,
  standingsOf,
} from './credential.ts'
import { type DidKey, readDid } from './did.ts'
import { isJsonObject } from './json.ts'
import { checkBindingClaims } from './key-binding.ts'
import { readStatusReference, type StatusReference } from './status-list.ts'
import { ALGORITHMS, checkCredentialAudience, type JwsReasons, orRefuse } from './token-rules.ts'
import type { TrustMeans } from './trust.ts'
import {
  CREDENTIAL_TYPES,
  checkW3cValidity,
  ISSUER_JWT,
  readW3cCredential,
  typesIn,
  type W3cCredential,
  type W3cStatus,
} from './w3c-credential.ts'
import { findW3cIssuer, typesBy } from './w3c-issuer.ts'

const LARGEST_PRESENTATION = 256 * 1024
const ENVELOPE = 'data:application/vc+jwt,'

const HOLDER_JWT: JwsReasons = {
  signature: 'key_binding_invalid',
  form: 'malformed_presentation',
}

export interface JwtVcExpectations extends Expectations {
  audience: string
  /** Alternatives; of one of them the credential must have every type. */
  typeValues: readonly (readonly string[])[]
}

/**
 * Returns the credential that a presentation proves. Throws `presentation_refused` with the first thing that is wrong:
 * the same checks in the same words as for an SD-JWT VC.
 */
export async function verifyJwtVc(
  text: string,
  expected: JwtVcExpectations,
  means: TrustMeans,
): Promise<JudgedCredential> {
  const presentation = readPresentation(text)
  const made = readW3cCredential(presentation.credential)
  const isAsked = (types: readonly string[]) =>
    expected.typeValues.some((set) => set.every((type) => types.includes(type)))
  const issuer = await findW3cIssuer(made, isAsked, expected.trust, expected.now, means)
  orRefuse(ISSUER_JWT, () => verifyCompact(made.jws, issuer.key, ALGORITHMS))
  checkW3cValidity(made, issuer.entry, expected.now)
  checkCredentialAudience(made.audience, expected.audience)
  const holder = readHolder(made)
  orRefuse(HOLDER_JWT, () => verifyCompact(presentation.jws, holder.key, ALGORITHMS))
  checkBindingClaims(presentation.claims, expected)
  checkHolderName(presentation, made)
  return {
    queryId: expected.queryId,
    format: 'jwt_vc_json',
    type:
      made.types.find((type) => issuer.entry.types.includes(type)) ??
      refuse('unexpected_credential'),
    trustEntry: issuer.entry.id,
    issuer: issuer.issuer,
    claims: made.credential,
    publicJwk: holder.jwk,
    holderThumbprint: thumbprint(holder.jwk),
    types: typesBy(issuer.entry, made.types),
    standings: standingsOf(made.status, issuer, readW3cReferences),
    certification: certificationOf(issuer),
    ...authoritiesOf(issuer),
  }
}

interface Presentation {
  jws: ReturnType<typeof readCompact>
  claims: JsonObject
  /** What it calls its holder, if it does. */
  holders: readonly Json[]
  /** Compact. */
  credential: string
}

function readPresentation(text: string): Presentation {
  const jws = orRefuse(HOLDER_JWT, () => readCompact(text, { maxBytes: LARGEST_PRESENTATION }))
  const claims = orRefuse(HOLDER_JWT, () => readPayload(jws))
  const { typ } = jws.header
  // A bare credential proves no holder, whatever it says (SD-14, VP-135).
  if (CREDENTIAL_TYPES.includes(typ) || claims.vc !== undefined) refuse('key_binding_missing')
  if (!ALGORITHMS.some((name) => name === jws.header.alg)) refuse('algorithm_refused')
  const isEnveloped = typ === 'vp+jwt'
  if (!isEnveloped && typ !== undefined && typ !== 'JWT') refuse('malformed_presentation')
  const presentation = isEnveloped ? claims : claims.vp
  if (!isJsonObject(presentation)) return refuse('malformed_presentation')
  typesIn(presentation, 'VerifiablePresentation')
  const credential = onlyCredential(presentation.verifiableCredential)
  return {
    ...{ jws, claims },
    holders: [claims.iss, presentation.holder].filter((one) => one !== undefined),
    credential: isEnveloped ? openEnvelope(credential) : textOf(credential),
  }
}

/** One credential in each presentation: a query asks for one, and what else is in it nobody asked for. */
function onlyCredential(list: Json | undefined): Json {
  const [only, ...others] = Array.isArray(list) ? list : [list]
  return only === undefined || others.length > 0 ? refuse('malformed_presentation') : only
}

/** EnvelopedVerifiableCredential (Data Model 2.0 section 4.13). */
function openEnvelope(value: Json): string {
  const id = isJsonObject(value) && value.type === 'EnvelopedVerifiableCredential' ? value.id : ''
  if (typeof id !== 'string' || !id.startsWith(ENVELOPE)) return refuse('malformed_presentation')
  return id.slice(ENVELOPE.length)
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : refuse('malformed_presentation')
}

/** No key of the presentation's own header is ever looked at (SD-16). */
function readHolder(made: W3cCredential): DidKey {
  const { confirmation, subject } = made
  if (confirmation === undefined) {
    return (subject === undefined ? undefined : readDid(subject)) ?? refuse('holder_key_missing')
  }
  if (!isJsonObject(confirmation) || confirmation.jwk === undefined) refuse('holder_key_missing')
  try {
    return readPublicKey(confirmation.jwk)
  } catch (error) {
    if (!(error instanceof JwkError)) throw error
    return fail({ kind: 'presentation_refused', reason: 'holder_key_missing' }, error)
  }
}

/** A credential may say it in both ways, and each of them counts. */
function readW3cReferences({ entries, status }: W3cStatus): readonly StatusReference[] {
  return [
    ...(entries === undefined ? [] : readBitstringReferences(entries)),
    ...(status === undefined ? [] : [readStatusReference(status)]),
  ]
}

/** Who presents is who it is about, wherever both have a name. */
function checkHolderName(presentation: Presentation, made: W3cCredential): void {
  if (made.subject === undefined) return
  const names = presentation.holders.map((one) => (isJsonObject(one) ? one.id : one))
  if (names.some((name) => name !== made.subject)) refuse('key_binding_invalid')
}

function refuse(reason: PresentationReason): never {
  return fail({ kind: 'presentation_refused', reason })
}
