/**
 * Fingerprints: what stood behind a binding when it was proved, as keyed hashes by the name of the material. A later login is
 * held against them, and when a key rotates they move on with whatever the login shows.
 */
import type { HashedIdentifier } from './identifier.ts'
import type { IdentityId } from './ids.ts'
import type { HolderHash, InstitutionHash } from './text.ts'

/** What stood behind a binding when it was proved: material → hash and version of its key. */
export type Fingerprints = { readonly [material: string]: { hash: string; version: number } }

/**
 * Names of the materials that the binding was proved with and that now give something else. The key is left out: another
 * wallet, or a fresh key of the same one, changes nothing about who was proved. What is not shown, or was kept under a
 * key version that is gone, cannot be compared and has not changed.
 */
export function changedMaterials(
  proved: Fingerprints,
  identifiers: readonly HashedIdentifier[],
): string[] {
  return identifiers
    .filter(({ type }) => type !== 'KEY')
    .filter(({ material, hashes }) => {
      const before = Object.hasOwn(proved, material) ? proved[material] : undefined
      const comparable = hashes.find(({ version }) => version === before?.version)
      return before !== undefined && comparable !== undefined && comparable.hash !== before.hash
    })
    .map(({ material }) => material)
}

/** One hash of an identifier, and the one it is written as from here on. */
export interface HashMove {
  from: HolderHash | InstitutionHash
  to: HolderHash | InstitutionHash
  /** Version of the key that made `to`. */
  version: number
}

/** What of a person's rows tells which of an identifier's hashes are in use. */
interface OwnHit {
  identityId: IdentityId
  hash: string
  binding: { fingerprints: Fingerprints } | undefined
}

/**
 * The older hashes of whatever this login showed that somewhere in the person's rows still stand: their bindings'
 * fingerprints, and links that ended and may be restored, go to the current version with the match itself (CR-44). Those of
 * a version that other instances write already stay. Empty for nearly every login.
 */
export function hashMoves(
  identityId: IdentityId,
  identifiers: readonly HashedIdentifier[],
  hits: readonly OwnHit[],
): HashMove[] {
  const own = hits.filter((hit) => hit.identityId === identityId)
  const standing = new Set(
    own.flatMap(({ hash, binding }) => [
      hash,
      ...Object.values(binding?.fingerprints ?? {}).map((print) => print.hash),
    ]),
  )
  return identifiers
    .map(movesOf)
    .filter((moves) => moves.some(({ from }) => standing.has(from)))
    .flat()
}

/** All of an identifier's older hashes. */
export function movesOf({ hashes: [current, ...others] }: HashedIdentifier): HashMove[] {
  return others
    .filter(({ standing }) => standing !== 'ahead')
    .map(({ hash }) => ({ from: hash, to: current.hash, version: current.version }))
}
