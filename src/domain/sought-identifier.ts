/**
 * An identifier as somebody tells it who looks for a person: made the very identifier that a login of that person makes,
 * by the same readings of `shown-identifiers.ts`. What cannot be read with certainty is nobody's.
 */
import {
  didIdentifier,
  emailIdentifier,
  type HashedIdentifier,
  holderKeyIdentifier,
  type MaterialIdentifier,
  providerSubjectIdentifier,
  type Strength,
} from './identifier.ts'
import {
  type Material,
  type MaterialPolicy,
  materialName,
  PROVIDER_EMAIL,
  PROVIDER_SUBJECT,
  strengthOf,
  walletMaterials,
} from './material.ts'
import { normaliseEmail } from './normalise.ts'
import { type KeyOfDid, readDid, readIdentifier } from './shown-identifiers.ts'
import type { JsonObject } from './text.ts'

/** What somebody may be looked for by; `issuer` is who issued the credential, as the trust policy names it. */
export type ToldIdentifier =
  | { type: 'SUBJECT_ID'; provider: string; value: string }
  | { type: 'SUBJECT_ID'; material: string; issuer: string; value: string }
  | { type: 'KEY'; thumbprint: string }
  | { type: 'DID'; did: string }
  | { type: 'EMAIL'; issuer: string; address: string }
  | { type: 'EMAIL'; provider: string; address: string }
  | { type: 'CLAIM_TUPLE'; material: string; issuer: string | undefined; claims: JsonObject }

/** What of a tenant decides how its identifiers are made. */
export interface IdentifierRules {
  providers: readonly {
    slug: string
    issuer: string
    identifierAttribute: string
    /** Addresses of any other are nobody's, even where one was kept before. */
    emailIsProof: boolean
  }[]
  /** Undefined before anything is published: then no material has a name. */
  material: MaterialPolicy | undefined
}

/** With the key it is hashed under: A for what a wallet shows, B for what an institution says. */
export type SoughtIdentifier = MaterialIdentifier & { hashKey: 'A' | 'B' }

/**
 * The identifier, or undefined for a provider or material that the tenant does not have, a value that a login would not
 * take, and a tuple that is not whole.
 */
export function soughtIdentifier(
  rules: IdentifierRules,
  told: ToldIdentifier,
  keyOfDid: KeyOfDid,
): SoughtIdentifier | undefined {
  switch (told.type) {
    case 'KEY':
      return {
        ...{ ...holderKeyIdentifier(told.thumbprint), material: 'holder_key' },
        ...{ strength: 'identifies', hashKey: 'A' },
      }
    case 'DID':
      return soughtDid(rules, told.did, keyOfDid)
    case 'EMAIL':
      return soughtAddress(rules, told)
    case 'CLAIM_TUPLE': {
      const { issuer, claims } = told
      return soughtMaterial(rules, told, { issuer, claims }, keyOfDid)
    }
    case 'SUBJECT_ID':
      return 'provider' in told
        ? soughtAccount(rules, told)
        : soughtMaterial(rules, told, { issuer: told.issuer, value: told.value }, keyOfDid)
  }
}

/**
 * What a hit of the identifier under these hashes is worth. Whoever has a key that got away can make rows that hit under it
 * (CR-46), so that alone makes nobody sure.
 */
export function worthOf(
  { strength, hashes }: Pick<HashedIdentifier, 'strength' | 'hashes'>,
  found: readonly string[],
): Strength {
  const isSure = hashes.some(({ hash, standing }) => standing !== 'hint' && found.includes(hash))
  return isSure ? strength : 'suggests'
}

/** A DID that is a key is known by the key, whatever its material is called. */
function soughtDid(
  { material }: IdentifierRules,
  text: string,
  keyOfDid: KeyOfDid,
): SoughtIdentifier | undefined {
  const did = readDid(text)
  if (did === undefined) return undefined
  const materials = material === undefined ? [] : walletMaterials(material)
  const suggests = materials.some((one) => one.type === 'did' && strengthOf(one) === 'suggests')
  const identifier = didIdentifier(did, keyOfDid(did))
  const strength = suggests ? 'suggests' : 'identifies'
  return { ...identifier, material: 'did', strength, hashKey: 'A' }
}

/** In a credential, or told of an account by a provider whose addresses are proof. Never sure: addresses move on. */
function soughtAddress(
  { providers }: IdentifierRules,
  told: Extract<ToldIdentifier, { type: 'EMAIL' }>,
): SoughtIdentifier | undefined {
  const address = normaliseEmail(told.address)
  if (address === undefined) return undefined
  const strength = 'suggests'
  if ('issuer' in told)
    return {
      ...{ ...emailIdentifier(told.issuer, address), material: 'email' },
      ...{ strength, hashKey: 'A' },
    }
  const provider = providers.find(({ slug }) => slug === told.provider)
  if (provider?.emailIsProof !== true) return undefined
  const identifier = emailIdentifier(provider.issuer, address)
  return { ...identifier, material: PROVIDER_EMAIL, strength, hashKey: 'B' }
}

function soughtAccount(
  { providers }: IdentifierRules,
  told: { provider: string; value: string },
): SoughtIdentifier | undefined {
  const provider = providers.find(({ slug }) => slug === told.provider)
  if (provider === undefined) return undefined
  const { issuer, identifierAttribute } = provider
  const identifier = providerSubjectIdentifier(issuer, identifierAttribute, told.value)
  if (identifier === undefined) return undefined
  return { ...identifier, material: PROVIDER_SUBJECT, strength: 'identifies', hashKey: 'B' }
}

/** What was told, taken for the one credential the material reads: then it is read as at a login. */
function soughtMaterial(
  { material: policy }: IdentifierRules,
  told: { type: 'SUBJECT_ID' | 'CLAIM_TUPLE'; material: string },
  shown: { issuer: string | undefined; value?: string; claims?: JsonObject },
  keyOfDid: KeyOfDid,
): SoughtIdentifier | undefined {
  const material = policy && walletMaterials(policy).find((one) => isMeant(one, told))
  if (material === undefined || !('credential' in material || 'attributes' in material))
    return undefined
  if (material.credential !== undefined && shown.issuer === undefined) return undefined
  const path = 'path' in material ? material.path : []
  const claims = shown.value === undefined ? shown.claims : claimsOf(path, shown.value)
  const credential = {
    ...{ queryId: material.credential ?? '', issuer: shown.issuer ?? '' },
    ...{ claims: claims ?? {}, provesEmail: false },
  }
  const read = { holderThumbprint: undefined, credentials: [credential] }
  const identifier = readIdentifier(material, read, keyOfDid)
  if (identifier === undefined) return undefined
  const strength = strengthOf(material)
  return { ...identifier, material: materialName(material), strength, hashKey: 'A' }
}

const TYPES = { SUBJECT_ID: 'credential_subject', CLAIM_TUPLE: 'claim_tuple' } as const

function isMeant(material: Material, told: { type: keyof typeof TYPES; material: string }) {
  return material.type === TYPES[told.type] && materialName(material) === told.material
}

/** Claims that hold the value at the path and nothing else. */
function claimsOf([name, ...rest]: readonly string[], value: string): JsonObject {
  if (name === undefined) return {}
  return { [name]: rest.length === 0 ? value : claimsOf(rest, value) }
}
