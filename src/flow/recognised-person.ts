/** Whom a login is granted to, out of the rows that its identifiers hit. */
import { changedMaterials, type HashMove, hashMoves } from '../domain/fingerprint.ts'
import type { HashedIdentifier } from '../domain/identifier.ts'
import type { BindingId, IdentityId } from '../domain/ids.ts'
import { type Evidence, evidenceFor } from '../domain/recognition.ts'
import { type HitRow, readHit } from '../store/hits.ts'

export interface RecognisedPerson {
  identityId: IdentityId
  bindingId: BindingId
  auditSalt: string | undefined
  /** The matches that spoke for the person; those found under an older key version move to the current one now. */
  evidence: readonly Evidence[]
  /** What else of the person's rows follows them there. */
  moves: readonly HashMove[]
  /** A material is not what it was when the binding was proved. */
  stale: boolean
}

/** A person who was decided on earlier, as the rows know them now; undefined where no match speaks for them any more. */
export function personAmong(
  rows: readonly HitRow[],
  identifiers: readonly HashedIdentifier[],
  { identityId, bindingId }: { identityId: IdentityId; bindingId: BindingId },
): RecognisedPerson | undefined {
  const hits = rows.map(readHit)
  const evidence = evidenceFor(identityId, identifiers, hits)
  if (evidence.length === 0) return undefined
  const bound = hits.find(({ binding }) => binding?.id === bindingId)?.binding
  return {
    ...{ identityId, bindingId, evidence, auditSalt: saltAmong(rows, identityId) },
    moves: hashMoves(identityId, identifiers, hits),
    stale: bound !== undefined && changedMaterials(bound.fingerprints, identifiers).length > 0,
  }
}

export function saltAmong(rows: readonly HitRow[], identityId: IdentityId): string | undefined {
  return rows.find((row) => row.identity_id === identityId)?.audit_salt ?? undefined
}
