/** What a link writes down: which of a presentation's identifiers a profile keeps, and which of them the binding hangs on. */
import type { Fingerprints } from './fingerprint.ts'
import type { HashedIdentifier } from './identifier.ts'
import { type MaterialProfile, materialName } from './material.ts'
import {
  type HolderHash,
  IDENTIFIER_TYPES,
  type IdentifierType,
  type InstitutionHash,
} from './text.ts'

/**
 * What lasts longest first: keys change with every batch of credentials, what an issuer calls a person does not. An
 * address identifies nobody, so nothing hangs on it.
 */
const LASTING: { readonly [Type in IdentifierType]: number } = {
  ...{ SUBJECT_ID: 0, DID: 1, CLAIM_TUPLE: 2, KEY: 3, EMAIL: 4 },
}
const LASTING_FIRST = IDENTIFIER_TYPES.toSorted((a, b) => LASTING[a] - LASTING[b])

/** The identifiers of a presentation that a profile links by. */
export function linkedIdentifiers(
  profile: MaterialProfile,
  identifiers: readonly HashedIdentifier[],
): HashedIdentifier<HolderHash>[] {
  const names = new Set(profile.materials.map(materialName))
  return ofWallet(identifiers).filter(({ material }) => names.has(material))
}

/** Those that a wallet showed: none of a login without one. */
export function ofWallet(identifiers: readonly HashedIdentifier[]): HashedIdentifier<HolderHash>[] {
  return identifiers.filter((each): each is HashedIdentifier<HolderHash> => each.hashKey === 'A')
}

/** The one that a binding hangs on: of those that identify, the one that lasts longest. Undefined where none does. */
export function primaryOf<Hash extends HolderHash | InstitutionHash>(
  identifiers: readonly HashedIdentifier<Hash>[],
): HashedIdentifier<Hash> | undefined {
  const identifying = identifiers.filter(({ strength }) => strength === 'identifies')
  return LASTING_FIRST.map((wanted) => identifying.find(({ type }) => type === wanted)).find(
    (found) => found !== undefined,
  )
}

/**
 * Whether a profile can link this wallet at all: something that identifies was shown whole, and not the key alone where
 * the tenant refuses that.
 */
export function canLink(
  identifiers: readonly HashedIdentifier[],
  policy: { keyAlone: boolean },
): boolean {
  const primary = primaryOf(identifiers)
  return primary !== undefined && (policy.keyAlone || primary.type !== 'KEY')
}

/** The current hash of every material that stands behind a link; compared at each later login. */
export function fingerprintsOf(identifiers: readonly HashedIdentifier[]): Fingerprints {
  return Object.fromEntries(identifiers.map(({ material, hashes }) => [material, hashes[0]]))
}
