/**
 * What a relying party is registered to ask of wallets (registration certificate, ETSI TS 119 475; ARF RPRC): wallets hold
 * each request against it, so a request beyond it is not made at all (TR-41).
 */
import type { ClaimPath, CredentialQuery, DcqlQuery } from './dcql.ts'
import type { Json, JsonObject } from './text.ts'

/** `format` of a registration certificate in `verifier_info` (ETSI TS 119 472-2). */
export const REGISTRATION_FORMAT = 'registration_cert'

/** One type of credential with the claims of it that may be asked for. */
export interface RegisteredCredential {
  format: string
  types: readonly string[]
  paths: readonly ClaimPath[]
}

const MOST_CREDENTIALS = 100
const MOST_CLAIMS = 200

/**
 * Returns what the payload of a registration certificate registers. Undefined where it does not say, or says it in a form
 * that is none. `meta` is an object as in DCQL or the one type as text; `claim` (or `claims`) lists paths, each an array or
 * one name.
 */
export function readRegistration(payload: Json): readonly RegisteredCredential[] | undefined {
  const listed = isJsonObject(payload) ? payload.credentials : undefined
  if (!Array.isArray(listed) || listed.length > MOST_CREDENTIALS) return undefined
  const read = listed.map(readCredential)
  const whole = read.filter((one) => one !== undefined)
  return whole.length === read.length ? whole : undefined
}

function readCredential(value: Json): RegisteredCredential | undefined {
  if (!isJsonObject(value) || typeof value.format !== 'string') return undefined
  const types = typesOf(value.meta)
  const claims = value.claim ?? value.claims ?? []
  if (types === undefined || !Array.isArray(claims) || claims.length > MOST_CLAIMS) return undefined
  const paths = claims.map((claim) => pathOf(isJsonObject(claim) ? claim.path : undefined))
  const whole = paths.filter((path) => path !== undefined)
  return whole.length === paths.length ? { format: value.format, types, paths: whole } : undefined
}

function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function typesOf(meta: Json | undefined): readonly string[] | undefined {
  if (typeof meta === 'string') return [meta]
  if (!isJsonObject(meta)) return undefined
  const named = meta.vct_values ?? meta.doctype_value ?? meta.type_values
  const texts = [named].flat(3)
  return texts.every((text) => typeof text === 'string') ? texts : undefined
}

function pathOf(path: Json | undefined): ClaimPath | undefined {
  if (typeof path === 'string') return [path]
  if (!Array.isArray(path) || path.length === 0) return undefined
  const steps = path.filter(
    (step) => step === null || typeof step === 'string' || typeof step === 'number',
  )
  return steps.length === path.length ? steps : undefined
}

/**
 * Returns where a query asks for more than is registered, as places in the document: `credentials.0.meta` for a type,
 * `credentials.0.claims.1.path` for a claim. Empty: it may be asked.
 */
export function beyondRegistration(
  query: DcqlQuery,
  registered: readonly RegisteredCredential[],
): readonly (readonly (string | number)[])[] {
  return query.credentials.flatMap((credential, index) => {
    const known = registered.filter((one) => one.format === credential.format)
    const types = typesAsked(credential)
    const isKnown = types.every((type) => known.some((one) => one.types.includes(type)))
    if (!isKnown) return [['credentials', index, 'meta']]
    return (credential.claims ?? []).flatMap(({ path }, claim) =>
      types.every((type) => mayAsk(known, type, path))
        ? []
        : [['credentials', index, 'claims', claim, 'path']],
    )
  })
}

function typesAsked(credential: CredentialQuery): readonly string[] {
  switch (credential.format) {
    case 'dc+sd-jwt':
      return credential.meta.vct_values
    case 'mso_mdoc':
      return [credential.meta.doctype_value]
    case 'jwt_vc_json':
      return [...new Set(credential.meta.type_values.flat())].filter((type) => !isBaseType(type))
  }
}

/** What every W3C credential is need not be registered. */
function isBaseType(type: string): boolean {
  return /(?:^|#)VerifiableCredential$/.test(type)
}

/** A claim may be asked for that is registered, or stands below one. */
function mayAsk(known: readonly RegisteredCredential[], type: string, path: ClaimPath): boolean {
  return known.some(
    (one) =>
      one.types.includes(type) &&
      one.paths.some((base) =>
        base.every((step, at) => step === path[at] || (step === null && isElement(path[at]))),
      ),
  )
}

function isElement(step: string | number | null | undefined): boolean {
  return step === null || typeof step === 'number'
}
