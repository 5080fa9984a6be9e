/** `identity_merge`, `identity_merge_edge`: which persons were found to be one, and what was whose before. */
import { sql } from 'kysely'
import type { BindingId, IdentityId, MatchId, MergeId, TenantId } from '../domain/ids.ts'
import type { Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { anyOf, type Params, sqlStatement, statement } from './statement.ts'

export const insertMerge = statement(
  'insert_merge',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: MergeId
      mergedId: IdentityId
      survivingId: IdentityId
      actor: string
      now: IsoInstant
      splitUntil: IsoInstant
    }>,
  ) =>
    q.insertInto('identity_merge').values({
      tenant_id: p('tenantId'),
      id: p('id'),
      merged_id: p('mergedId'),
      surviving_id: p('survivingId'),
      merged_by: p('actor'),
      merged_at: p('now'),
      split_until: p('splitUntil'),
    }),
)

/**
 * Writes down what is the merged person's now: matches, deleted ones too, and the bindings behind them; the sectors they
 * have a subject in; and the auxiliary rows whose category the survivor has as well.
 */
export const recordEdges = sqlStatement(
  'record_merge_edges',
  (
    p: Params<{
      tenantId: TenantId
      mergeId: MergeId
      mergedId: IdentityId
      survivingId: IdentityId
    }>,
  ) => sql<{ changed: number }>`
    WITH edge AS (
      SELECT 'match' AS kind, id FROM identity_match
       WHERE tenant_id = ${p('tenantId')} AND internal_identity_id = ${p('mergedId')}
      UNION ALL
      SELECT 'binding', b.id FROM identity_link_binding b
        JOIN identity_match m ON m.tenant_id = b.tenant_id AND m.id = b.match_id
       WHERE m.tenant_id = ${p('tenantId')} AND m.internal_identity_id = ${p('mergedId')}
      UNION ALL
      SELECT 'subject', sector FROM pairwise_subject
       WHERE tenant_id = ${p('tenantId')} AND identity_id = ${p('mergedId')}
      UNION ALL
      SELECT 'auxiliary', a.id FROM auxiliary_data a
        JOIN auxiliary_data other ON other.tenant_id = a.tenant_id AND other.category = a.category
       WHERE a.tenant_id = ${p('tenantId')} AND a.identity_id = ${p('mergedId')}
         AND other.identity_id = ${p('survivingId')}
    )
    INSERT INTO identity_merge_edge (tenant_id, merge_id, kind, edge_id)
    SELECT ${p('tenantId')}, ${p('mergeId')}, kind, id FROM edge`,
)

/** Points the merged person's matches at the survivor; bindings follow, and say whose key seals them. */
export const moveEdges = sqlStatement(
  'move_merge_edges',
  (
    p: Params<{
      tenantId: TenantId
      mergedId: IdentityId
      survivingId: IdentityId
      now: IsoInstant
    }>,
  ) => sql<{ kind: 'match' | 'binding'; count: number }>`
    WITH moved AS (
      UPDATE identity_match SET internal_identity_id = ${p('survivingId')}, updated_at = ${p('now')}
       WHERE tenant_id = ${p('tenantId')} AND internal_identity_id = ${p('mergedId')}
      RETURNING id, deleted_at
    ), followed AS (
      UPDATE identity_link_binding b SET key_identity_id = COALESCE(b.key_identity_id, ${p('mergedId')})
        FROM moved WHERE b.tenant_id = ${p('tenantId')} AND b.match_id = moved.id
      RETURNING b.deleted_at
    )
    SELECT 'match' AS kind, count(*)::int AS count FROM moved WHERE deleted_at IS NULL
    UNION ALL SELECT 'binding', count(*)::int FROM followed WHERE deleted_at IS NULL`,
)

export const findMerge = statement(
  'find_merge',
  (q, p: Params<{ tenantId: TenantId; id: MergeId }>) =>
    q
      .selectFrom('identity_merge')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id')),
)

/** The merge that holds a person, if one does. */
export const findMergeInForce = statement(
  'find_merge_in_force',
  (q, p: Params<{ tenantId: TenantId; mergedId: IdentityId }>) =>
    q
      .selectFrom('identity_merge')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .where('merged_id', '=', p('mergedId'))
      .where('split_at', 'is', null),
)

/** Every merge a person took part in, on either side, newest first. */
export const findMergesOf = statement(
  'find_merges_of',
  (q, p: Params<{ tenantId: TenantId; identityId: IdentityId; limit: number }>) =>
    q
      .selectFrom('identity_merge')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .where((e) =>
        e.or([e('merged_id', '=', p('identityId')), e('surviving_id', '=', p('identityId'))]),
      )
      .orderBy('merged_at', 'desc')
      .orderBy('id')
      .limit(p('limit')),
)

/** Closes a merge that is in force, once. */
export const endMerge = statement(
  'end_merge',
  (q, p: Params<{ tenantId: TenantId; id: MergeId; actor: string; now: IsoInstant }>) =>
    q
      .updateTable('identity_merge')
      .set({ split_at: p('now'), split_by: p('actor') })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('split_at', 'is', null),
)

/** Gives back the matches that were listed and are still the survivor's. */
export const returnMatches = sqlStatement(
  'return_merged_matches',
  (
    p: Params<{
      tenantId: TenantId
      mergeId: MergeId
      mergedId: IdentityId
      survivingId: IdentityId
      now: IsoInstant
    }>,
  ) => sql<{ id: MatchId; deleted_at: IsoInstant | null }>`
    UPDATE identity_match m SET internal_identity_id = ${p('mergedId')}, updated_at = ${p('now')}
      FROM identity_merge_edge e
     WHERE e.tenant_id = ${p('tenantId')} AND e.merge_id = ${p('mergeId')} AND e.kind = 'match'
       AND m.tenant_id = e.tenant_id AND m.id = e.edge_id AND m.internal_identity_id = ${p('survivingId')}
    RETURNING m.id, m.deleted_at`,
)

/** A binding of either person after the matches went back, with what a split must know of it. */
export interface SplitBindingRow {
  id: BindingId
  /** Whose match it hangs on now. */
  owner_id: IdentityId
  /** Whose data key seals it; null for the owner as it was before the split. */
  key_identity_id: IdentityId | null
  /** Whose account it leads to; null where that account's match is gone. */
  account_owner_id: IdentityId | null
  /** Whether it was there before the merge. */
  listed: boolean
  deleted: boolean
  encrypted_institution_id: Sealed | null
  persisted_attributes_envelope: Sealed | null
  credential_status: Sealed | null
}

export const findBindingsToSplit = sqlStatement(
  'find_bindings_to_split',
  (
    p: Params<{
      tenantId: TenantId
      mergeId: MergeId
      mergedId: IdentityId
      survivingId: IdentityId
    }>,
  ) => sql<SplitBindingRow>`
    SELECT b.id, m.internal_identity_id AS owner_id, b.key_identity_id, b.encrypted_institution_id,
           b.persisted_attributes_envelope, b.credential_status, e.edge_id IS NOT NULL AS listed, b.deleted_at IS NOT NULL AS deleted,
           (SELECT a.internal_identity_id FROM identity_match a
             WHERE a.tenant_id = b.tenant_id AND a.identifier_hash = b.institution_identifier_hash
               AND a.hash_key = 'B' AND a.deleted_at IS NULL
             LIMIT 1) AS account_owner_id
      FROM identity_match m
      JOIN identity_link_binding b ON b.tenant_id = m.tenant_id AND b.match_id = m.id
      LEFT JOIN identity_merge_edge e ON e.tenant_id = b.tenant_id AND e.merge_id = ${p('mergeId')}
       AND e.kind = 'binding' AND e.edge_id = b.id
     WHERE m.tenant_id = ${p('tenantId')} AND m.internal_identity_id IN (${p('mergedId')}, ${p('survivingId')})
     ORDER BY b.id
       FOR NO KEY UPDATE OF b`,
)

/** A binding goes back under its own person's key: either it never left it, or it is sealed anew. */
export const returnBinding = statement(
  'return_binding',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: BindingId
      institutionId: Sealed | null
      attributes: Sealed | null
      credentialStatus: Sealed | null
      now: IsoInstant
    }>,
  ) =>
    q
      .updateTable('identity_link_binding')
      .set({
        encrypted_institution_id: p('institutionId'),
        persisted_attributes_envelope: p('attributes'),
        credential_status: p('credentialStatus'),
        key_identity_id: null,
        updated_at: p('now'),
      })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id')),
)

/** Ends all that was granted to these people: what a token says of its person must not change while it lives. */
export const revokeGrantsOf = statement(
  'revoke_grants_of',
  (q, p: Params<{ tenantId: TenantId; people: readonly IdentityId[]; now: IsoInstant }>) =>
    q
      .updateTable('login_grant')
      .set({ revoked_at: p('now') })
      .where('tenant_id', '=', p('tenantId'))
      .where('identity_id', '=', anyOf(p('people')))
      .where('revoked_at', 'is', null),
)
