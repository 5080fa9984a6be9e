/** A person as an administrator sees them: which links there are, and no identifier, hash or attribute. */
import type { Selectable } from 'kysely'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { BindingId, IdentityId, MatchId, TenantId } from '../domain/ids.ts'
import type { IdentifierType, Json } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type OwnBinding, type OwnMatch, textsIn } from '../domain/unlink.ts'
import { read } from '../store/database.ts'
import { findIdentity } from '../store/identity.ts'
import { findMergesOf } from '../store/merge.ts'
import { findAllBindings, findAllMatches } from '../store/person.ts'
import type { IdentityLinkBindingTable, IdentityMatchTable } from '../store/schema.ts'
import { type MergeView, viewMerge } from './merge-view.ts'

interface Ended {
  endedAt: IsoInstant | undefined
  reason: string | undefined
}

export interface MatchView extends Ended {
  id: MatchId
  type: IdentifierType
  side: 'wallet' | 'institution'
  createdAt: IsoInstant
  lastUsedAt: IsoInstant
}

export interface BindingView extends Ended {
  id: BindingId
  matchId: MatchId
  provider: string | undefined
  createdAt: IsoInstant
  lastUsedAt: IsoInstant
  provedAt: IsoInstant | undefined
}

export interface IdentityView {
  id: IdentityId
  status: 'ACTIVE' | 'RESTRICTED' | 'MERGED' | 'ERASED'
  mergedInto: IdentityId | undefined
  createdAt: IsoInstant
  matches: readonly MatchView[]
  bindings: readonly BindingView[]
  /** Newest first, at most a hundred. */
  merges: readonly MergeView[]
}

/** The person with everything that hangs on them. Throws `not_found`. */
export async function viewIdentity(
  db: Deps['db'],
  tenantId: TenantId,
  id: IdentityId,
): Promise<IdentityView> {
  const [[row], matches, bindings, merges] = await read(db, tenantId, [
    findIdentity({ tenantId, id }),
    findAllMatches({ tenantId, identityId: id }),
    findAllBindings({ tenantId, identityId: id }),
    findMergesOf({ tenantId, identityId: id, limit: 100 }),
  ])
  if (row === undefined) return fail({ kind: 'not_found' })
  return {
    ...{ id: row.id, status: row.status, mergedInto: row.merged_into ?? undefined },
    createdAt: row.created_at,
    matches: matches.map((match) => ({
      ...{ id: match.id, type: match.identifier_type, createdAt: match.created_at },
      side: match.hash_key === 'A' ? 'wallet' : 'institution',
      ...{ lastUsedAt: match.last_used_at, ...endOf(match) },
    })),
    bindings: bindings.map((binding) => ({
      ...{ id: binding.id, matchId: binding.match_id, provider: binding.provider ?? undefined },
      ...{ createdAt: binding.created_at, lastUsedAt: binding.last_used_at },
      ...{ provedAt: binding.reconcile_time ?? undefined, ...endOf(binding) },
    })),
    merges: merges.map(viewMerge),
  }
}

function endOf(row: { deleted_at: IsoInstant | null; deletion_reason: string | null }): Ended {
  return { endedAt: row.deleted_at ?? undefined, reason: row.deletion_reason ?? undefined }
}

/** A person's live matches as the rules see them. */
export function liveMatches(rows: readonly MatchRow[]): OwnMatch[] {
  return rows
    .filter(({ deleted_at }) => deleted_at === null)
    .map((row) => ({
      ...{ id: row.id, side: row.hash_key, type: row.identifier_type },
      hash: row.identifier_hash,
    }))
}

/** A person's live bindings as the rules see them. */
export function liveBindings(rows: readonly BindingRow[]): OwnBinding[] {
  return rows
    .filter(({ deleted_at }) => deleted_at === null)
    .map((row) => ({
      id: row.id,
      matchId: row.match_id,
      accountHash: row.institution_identifier_hash ?? undefined,
      proved: textsIn(JSON.parse(row.material_fingerprints ?? 'null') as Json),
    }))
}

type MatchRow = Pick<
  Selectable<IdentityMatchTable>,
  'id' | 'hash_key' | 'identifier_type' | 'identifier_hash' | 'deleted_at'
>
type BindingRow = Pick<
  Selectable<IdentityLinkBindingTable>,
  'id' | 'match_id' | 'institution_identifier_hash' | 'material_fingerprints' | 'deleted_at'
>
