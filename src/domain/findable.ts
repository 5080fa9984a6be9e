/** What a form can ask of somebody who looks for a person by what the person's wallet showed: the materials of the tenant. */
import { type MaterialPolicy, materialName, pathsOfMaterial, walletMaterials } from './material.ts'
import type { ToldIdentifier } from './sought-identifier.ts'
import type { Json, JsonObject } from './text.ts'
import type { TrustEntry, TrustPolicy } from './trust-policy.ts'

/** A material that is more than a key, and where in a credential its values stand: one text for each. */
export interface Findable {
  material: string
  type: 'credential_subject' | 'email' | 'claim_tuple'
  /** Whether the same value of another issuer is another identifier. */
  asksIssuer: boolean
  paths: readonly (readonly string[])[]
}

/** Of a policy, in its order; keys and DIDs are asked for without it. */
export function findablesOf(policy: MaterialPolicy): Findable[] {
  return walletMaterials(policy).flatMap((material) => {
    const { type } = material
    if (type !== 'credential_subject' && type !== 'email' && type !== 'claim_tuple') return []
    const asksIssuer = material.credential !== undefined
    return [
      { material: materialName(material), type, asksIssuer, paths: pathsOfMaterial(material) },
    ]
  })
}

/** What was filled in as the identifier it tells of; `values` in the order of the paths. Undefined where something is missing. */
export function toldIn(
  { material, type, asksIssuer, paths }: Findable,
  filled: { issuer: string | undefined; values: readonly (string | undefined)[] },
): ToldIdentifier | undefined {
  const issuer = asksIssuer ? filled.issuer : undefined
  const values = filled.values.filter((value) => value !== undefined)
  const [value] = values
  if (value === undefined || values.length !== paths.length) return undefined
  if (asksIssuer && issuer === undefined) return undefined
  if (type === 'claim_tuple')
    return { type: 'CLAIM_TUPLE', material, issuer, claims: claimsAt(paths, values) }
  if (issuer === undefined) return undefined
  return type === 'email'
    ? { type: 'EMAIL', issuer, address: value }
    : { type: 'SUBJECT_ID', material, issuer, value }
}

/** Claims with these values at these paths and nothing else. */
function claimsAt(paths: readonly (readonly string[])[], values: readonly string[]): JsonObject {
  const claims: JsonObject = {}
  paths.forEach((path, place) => {
    put(claims, path, values[place] ?? '')
  })
  return claims
}

function put(into: JsonObject, [name, ...rest]: readonly string[], value: Json): void {
  if (name === undefined) return
  const own = Object.hasOwn(into, name) ? into[name] : undefined
  const below = isObject(own) ? own : {}
  if (rest.length > 0) put(below, rest, value)
  Object.defineProperty(into, name, {
    ...{ value: rest.length === 0 ? value : below, enumerable: true, writable: true },
    configurable: true,
  })
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Issuers as identifiers name them: `entry#name`, and `entry#` where only a certificate knows the name. */
export function issuersOf({ entries }: TrustPolicy): string[] {
  return [
    ...new Set(entries.flatMap((entry) => ownNames(entry).map((name) => nameOf(entry, name)))),
  ]
}

function nameOf({ id }: TrustEntry, name: string | undefined): string {
  return name === undefined ? id : `${id}#${name}`
}

/** Undefined where all of an entry are one issuer. */
function ownNames(entry: TrustEntry): readonly (string | undefined)[] {
  switch (entry.mechanism) {
    case 'jwt-vc-issuer':
      return [entry.issuer]
    case 'did':
    case 'openid-federation':
      return entry.issuers
    case 'x5c':
      if (entry.issuer.match === 'none') return [undefined]
      return [entry.issuer.match === 'exact' ? entry.issuer.value : '']
  }
}
