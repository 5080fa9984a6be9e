/** The matches of a proven link: what is known already under its hashes, locked before it is read, and what is added. */
import { newId } from '../crypto/random.ts'
import { fail } from '../domain/failure.ts'
import type { HashedIdentifier } from '../domain/identifier.ts'
import type { IdentityId, MatchId } from '../domain/ids.ts'
import type { HolderHash, InstitutionHash } from '../domain/text.ts'
import {
  dropOldKeys,
  findPersonHits,
  insertMatch,
  lockGuards,
  markShared,
  type PersonHit,
  upgradeMatch,
} from '../store/match.ts'
import type { Recording } from './proven-link.ts'

/** A live match under one of the link's hashes, with the identifier it was found by. */
export interface LinkHit extends PersonHit {
  identifier: HashedIdentifier<HolderHash | InstitutionHash>
  /** What the version of the key it was found under is worth. */
  standing: 'ahead' | 'hint' | undefined
}

export function sideHit({ identifier, standing, ...hit }: LinkHit) {
  return {
    hint: standing === 'hint',
    side: hit.hash_key,
    strength: identifier.strength,
    shared: hit.shared,
    matchId: hit.match_id,
    identityId: hit.identity_id,
  }
}

/** Guard rows of every readable version's hash of both sides, then a fresh look under all of them. */
export async function lockAndRead(recording: Recording): Promise<readonly LinkHit[]> {
  const { tx, tenantId, shown, told, now } = recording
  const identifiers = [...shown, ...told]
  const guards = identifiers.flatMap(({ type, hashes }) =>
    hashes.map(({ hash }) => ({ type, hash })),
  )
  const hashes = guards.map(({ hash }) => hash)
  const [, hits] = await tx.runAll([
    lockGuards({ tenantId, types: guards.map(({ type }) => type), hashes, now }),
    findPersonHits({ tenantId, hashes }),
  ])
  return hits.flatMap((hit) => {
    const identifier = identifiers.find(
      (each) =>
        each.type === hit.identifier_type &&
        each.hashes.some(({ hash }) => hash === hit.identifier_hash),
    )
    const by = identifier?.hashes.find(({ hash }) => hash === hit.identifier_hash)
    return identifier === undefined ? [] : [{ ...hit, identifier, standing: by?.standing }]
  })
}

/** Which matches point at whom, as one text to compare. */
export function namesOf(hits: readonly PersonHit[]): string {
  return hits
    .map(({ match_id, identity_id }) => `${match_id} ${identity_id}`)
    .sort()
    .join()
}

/** The matches a link's binding may hang on: the wallet's, or without one the account's. */
export interface LinkMatches {
  /** What the binding hangs on. */
  primary: MatchId
  /** Those that were there before. */
  known: readonly MatchId[]
  /** They, and the account's: a binding behind one of them is the one to refresh. */
  mayHold: readonly MatchId[]
}

/** Every identifier points at the person. */
export async function writeMatches(
  recording: Recording,
  identityId: IdentityId,
  hits: readonly LinkHit[],
): Promise<LinkMatches> {
  const { shown, primary, account, told } = recording
  const accounts = await writeMatch(recording, account, identityId, hits)
  for (const address of told.filter((each) => each !== account))
    await writeMatch(recording, address, identityId, hits)
  const written = new Map<HashedIdentifier, { id: MatchId; isNew: boolean }>()
  for (const identifier of shown) {
    const match = await writeMatch(recording, identifier, identityId, hits)
    if (match !== undefined) written.set(identifier, match)
    if (identifier.type === 'KEY' && match?.isNew) await dropKeys(recording, identityId, match.id)
  }
  const hung = primary === undefined ? accounts : written.get(primary)
  // An identifier that identifies and is shared by two people identifies neither.
  if (hung === undefined) return fail({ kind: 'ambiguous_identity' })
  const known = knownIds(primary === undefined ? [hung] : [...written.values()])
  const mayHold = knownIds([...written.values(), ...(accounts === undefined ? [] : [accounts])])
  return { primary: hung.id, known, mayHold }
}

function knownIds(matches: readonly { id: MatchId; isNew: boolean }[]): MatchId[] {
  return matches.filter(({ isNew }) => !isNew).map(({ id }) => id)
}

/**
 * A new match, or the person's own, moved to the current key version if it was found under an older one. Undefined where
 * somebody else has it already: two people share that identifier, and from here on it speaks for neither.
 */
async function writeMatch(
  { tx, tenantId, now, usedAt }: Recording,
  identifier: HashedIdentifier<HolderHash | InstitutionHash>,
  identityId: IdentityId,
  hits: readonly LinkHit[],
): Promise<{ id: MatchId; isNew: boolean } | undefined> {
  const { type, hashKey, hashes } = identifier
  const [{ hash, version: hashKeyVersion }] = hashes
  const hit = hits.find((each) => each.identifier === identifier)
  if (hit === undefined) {
    const id = newId() as MatchId
    const row = { tenantId, id, hash, hashKeyVersion, hashKey, type, identityId, now, usedAt }
    await tx.run(insertMatch({ ...row, metadata: null }))
    return { id, isNew: true }
  }
  const id = hit.match_id
  if (hit.identity_id !== identityId) {
    if (!hit.shared) await tx.run(markShared({ tenantId, id, now }))
    return undefined
  }
  if (hit.hash_key_version !== hashKeyVersion && hit.standing !== 'ahead') {
    const row = { tenantId, id, hash, hashKeyVersion, now, usedAt }
    await tx.run(upgradeMatch({ ...row, hashes: hashes.map((each) => each.hash) }))
  }
  return { id, isNew: false }
}

/** A wallet with a fresh key each time must not leave a row for every one of them. */
async function dropKeys(
  { tx, tenantId, keysKept, now }: Recording,
  identityId: IdentityId,
  except: MatchId,
): Promise<void> {
  await tx.run(
    dropOldKeys({ tenantId, identityId, except, kept: keysKept, reason: 'REPLACED', now }),
  )
}
