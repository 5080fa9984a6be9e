/**
 * The identifiers a verified presentation gives under a tenant's materials. Each is whole and certain or is not there:
 * a missing, empty, repeated or contradicting value gives none (protocols CR-22, IT-03, VP-095).
 */
import {
  claimTupleIdentifier,
  credentialSubjectIdentifier,
  didIdentifier,
  emailIdentifier,
  holderKeyIdentifier,
  type Identifier,
  type MaterialIdentifier,
} from './identifier.ts'
import {
  type ClaimTuple,
  type Material,
  type MaterialPolicy,
  materialName,
  type Reading,
  strengthOf,
  walletMaterials,
} from './material.ts'
import {
  type Folding,
  normaliseDate,
  normaliseEmail,
  normaliseExact,
  normaliseName,
  normaliseScoped,
  normaliseTaxCode,
} from './normalise.ts'
import type { Json, JsonObject } from './text.ts'

/** One verified credential, as far as identifiers are concerned. */
export interface ShownCredential {
  queryId: string
  /** Stable name of its issuer. */
  issuer: string
  claims: JsonObject
  /** Whether the trust entry of its issuer says that its e-mail addresses were proved. */
  provesEmail: boolean
}

export interface Shown {
  /** RFC 7638 thumbprint of the key that holds all of them; undefined where there is no such key. */
  holderThumbprint: string | undefined
  credentials: readonly ShownCredential[]
}

/** The thumbprint of the key that a `did:jwk` or `did:key` is; undefined for every other DID and for a bad key. */
export type KeyOfDid = (did: string) => string | undefined

/** In the order of the policy; at most one a material. */
export function shownIdentifiers(
  policy: MaterialPolicy,
  shown: Shown,
  keyOfDid: KeyOfDid,
): MaterialIdentifier[] {
  return walletMaterials(policy).flatMap((material) => {
    const identifier = readIdentifier(material, shown, keyOfDid)
    if (identifier === undefined) return []
    return [{ ...identifier, material: materialName(material), strength: strengthOf(material) }]
  })
}

/** What one material finds in what was shown; undefined where it is not whole and certain. */
export function readIdentifier(
  material: Material,
  shown: Shown,
  keyOfDid: KeyOfDid,
): Identifier | undefined {
  switch (material.type) {
    case 'holder_key':
      return shown.holderThumbprint ? holderKeyIdentifier(shown.holderThumbprint) : undefined
    case 'credential_subject': {
      const found = valueOfOne(shown, material)
      const value = found === undefined ? undefined : normaliseExact(found.value)
      if (found === undefined || value === undefined) return undefined
      return credentialSubjectIdentifier(found.credential.issuer, material.path, value)
    }
    case 'did': {
      const did = readDid(valueOfOne(shown, material)?.value)
      return did === undefined ? undefined : didIdentifier(did, keyOfDid(did))
    }
    case 'email': {
      const found = valueOfOne(shown, material)
      const address = found?.credential.provesEmail ? normaliseEmail(found.value) : undefined
      if (found === undefined || address === undefined) return undefined
      return emailIdentifier(found.credential.issuer, address)
    }
    case 'claim_tuple':
      return readTuple(material, shown)
    case 'provider_subject':
      return undefined
  }
}

/** A text in the one credential of a query; undefined when there are several credentials, or none. */
function valueOfOne(
  shown: Shown,
  material: { credential: string; path: readonly string[] },
): { credential: ShownCredential; value: string } | undefined {
  const [credential, ...others] = ofQuery(shown, material.credential)
  if (credential === undefined || others.length > 0) return undefined
  const value = follow(credential.claims, material.path)
  return typeof value === 'string' ? { credential, value } : undefined
}

function ofQuery(shown: Shown, queryId: string | undefined): readonly ShownCredential[] {
  if (queryId === undefined) return shown.credentials
  return shown.credentials.filter((credential) => credential.queryId === queryId)
}

/** Fragment and query name something within a DID's document, not another subject (DID Core section 3.2). */
export function readDid(value: string | undefined): string | undefined {
  const did = value?.replace(/[?#].*$/s, '')
  if (did === undefined || did.length > 2048) return undefined
  return /^did:[a-z0-9]+:[A-Za-z0-9._:%-]+$/.test(did) ? did : undefined
}

function readTuple(tuple: ClaimTuple, shown: Shown): Identifier | undefined {
  const credentials = ofQuery(shown, tuple.credential)
  const values = tuple.attributes.map(({ path, read }) => ({
    name: JSON.stringify(path),
    value: agreed(credentials, path, (value) => readValue(value, read, tuple.folding)),
  }))
  const whole = values.flatMap(({ name, value }) => (value === undefined ? [] : [{ name, value }]))
  if (whole.length < values.length) return undefined
  const source = sourceOf(tuple, credentials)
  return source === undefined ? undefined : claimTupleIdentifier(source, whole)
}

/**
 * From one named credential the issuer vouches for the tuple; from several credentials it is whoever the tenant trusts.
 * How letters were folded belongs to it: the same name, folded less, is another text.
 */
function sourceOf(tuple: ClaimTuple, credentials: readonly ShownCredential[]): string | undefined {
  const folded = `case=${tuple.folding.case} diacritics=${tuple.folding.diacritics}`
  if (tuple.credential === undefined) return `claim-tuple ${folded}`
  const issuers = new Set(credentials.map(({ issuer }) => issuer))
  const [issuer] = issuers
  return issuers.size === 1 ? `credential-claim-tuple ${folded} ${issuer}` : undefined
}

/** The one value that all credentials with this path give; undefined when one is unreadable or two disagree. */
function agreed(
  credentials: readonly ShownCredential[],
  path: readonly string[],
  read: (value: Json) => string | undefined,
): string | undefined {
  const values = credentials
    .map(({ claims }) => follow(claims, path))
    .filter((value) => value !== undefined)
    .map(read)
  const [first] = values
  return values.every((value) => value === first) ? first : undefined
}

/** Only text: a list, a number or an object has no one spelling here. */
function readValue(value: Json, read: Reading, folding: Folding): string | undefined {
  if (typeof value !== 'string') return undefined
  switch (read) {
    case 'exact':
      return normaliseExact(value)
    case 'name':
      return normaliseName(value, folding)
    case 'date':
      return normaliseDate(value)
    case 'email':
      return normaliseEmail(value)
    case 'scoped':
      return normaliseScoped(value, folding)
    case 'tax_code_it':
      return normaliseTaxCode(value)
  }
}

function follow(claims: JsonObject, path: readonly string[]): Json | undefined {
  let value: Json | undefined = claims
  for (const name of path) {
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined
    value = Object.hasOwn(value, name) ? (value as JsonObject)[name] : undefined
  }
  return value
}
