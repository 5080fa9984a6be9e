/**
 * Rows that hold hashes under Key A or B, version by version: what a migration of either walks. It never waits for a row
 * while it holds others, so no login can be in a deadlock with it: what is locked is left for the next walk. Rows are
 * locked one by one in a LATERAL, where Postgres looks each up by its id; for a list of ids it may take the index by
 * version instead, which at that moment is full of rows that have just moved (`bench -- migrate`: three times the work).
 */
import { sql } from 'kysely'
import type { BindingId, MatchId, TenantId } from '../domain/ids.ts'
import type { HolderHash, InstitutionHash, NoHolder } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

type Hash = HolderHash | InstitutionHash

/** Matches of one version, after `afterId`; the hash of a soft-deleted one is where its restoration finds it. */
export const listMatchesOfVersion = statement(
  'list_matches_of_version',
  (
    q,
    p: Params<{
      tenantId: TenantId
      hashKey: 'A' | 'B'
      hashKeyVersion: number
      afterId: string
      limit: number
    }>,
  ) =>
    q
      .selectFrom('identity_match')
      .select(['id', sql<Hash>`COALESCE(deleted_identifier_hash, identifier_hash)`.as('hash')])
      .where('tenant_id', '=', p('tenantId'))
      .where('hash_key', '=', p('hashKey'))
      .where('hash_key_version', '=', p('hashKeyVersion'))
      .where('id', '>', p('afterId') as MatchId)
      .orderBy('id')
      .limit(p('limit')),
)

/** Moves matches from one hash to the next, each only while it has the hash that was read. */
export const moveMatches = sqlStatement(
  'move_matches',
  (
    p: Params<{
      tenantId: TenantId
      matchIds: readonly MatchId[]
      hashes: readonly Hash[]
      newHashes: readonly Hash[]
      newVersion: number
      now: IsoInstant
    }>,
  ) => sql<{ changed: number }>`
    WITH picked AS MATERIALIZED (
      SELECT m.id, w.new_hash
        FROM unnest(${p('matchIds')}::text[], ${p('hashes')}::text[], ${p('newHashes')}::text[]) AS w (id, old_hash, new_hash)
       CROSS JOIN LATERAL (
         SELECT id FROM identity_match
          WHERE tenant_id = ${p('tenantId')} AND id = w.id
            AND COALESCE(deleted_identifier_hash, identifier_hash) = w.old_hash
            FOR UPDATE SKIP LOCKED) m
    )
    UPDATE identity_match m
       SET identifier_hash = CASE WHEN m.deleted_at IS NULL THEN w.new_hash ELSE m.identifier_hash END,
           deleted_identifier_hash = CASE WHEN m.deleted_at IS NULL THEN NULL ELSE w.new_hash END,
           hash_key_version = ${p('newVersion')}::integer, updated_at = ${p('now')}
      FROM picked w WHERE m.tenant_id = ${p('tenantId')} AND m.id = w.id`,
)

/** Bindings whose wallet's hash is of one version, after `afterId`. */
export const listBindingsOfHolderVersion = statement(
  'list_bindings_of_holder_version',
  (
    q,
    p: Params<{ tenantId: TenantId; holderHashVersion: number; afterId: string; limit: number }>,
  ) =>
    q
      .selectFrom('identity_link_binding')
      .select(['id', 'holder_identifier_hash as hash', 'material_fingerprints as fingerprints'])
      .where('tenant_id', '=', p('tenantId'))
      .where('holder_hash_key_version', '=', p('holderHashVersion'))
      .where('id', '>', p('afterId') as BindingId)
      .orderBy('id')
      .limit(p('limit')),
)

/** Moves bindings from one hash of their wallet to the next, fingerprints and all; each only as it was read. */
export const moveHolders = sqlStatement(
  'move_holders',
  (
    p: Params<{
      tenantId: TenantId
      bindingIds: readonly BindingId[]
      hashes: readonly (HolderHash | NoHolder)[]
      newHashes: readonly HolderHash[]
      fingerprints: readonly (string | null)[]
      newFingerprints: readonly (string | null)[]
      newVersion: number
      now: IsoInstant
    }>,
  ) => sql<{ changed: number }>`
    WITH picked AS MATERIALIZED (
      SELECT b.id, w.new_hash, w.new_prints
        FROM unnest(${p('bindingIds')}::text[], ${p('hashes')}::text[], ${p('newHashes')}::text[],
                    ${p('fingerprints')}::text[], ${p('newFingerprints')}::text[])
          AS w (id, old_hash, new_hash, old_prints, new_prints)
       CROSS JOIN LATERAL (
         SELECT id FROM identity_link_binding
          WHERE tenant_id = ${p('tenantId')} AND id = w.id AND holder_identifier_hash = w.old_hash
            AND material_fingerprints IS NOT DISTINCT FROM w.old_prints
            FOR NO KEY UPDATE SKIP LOCKED) b
    )
    UPDATE identity_link_binding b
       SET holder_identifier_hash = w.new_hash, holder_hash_key_version = ${p('newVersion')}::integer,
           material_fingerprints = w.new_prints, updated_at = ${p('now')}
      FROM picked w WHERE b.tenant_id = ${p('tenantId')} AND b.id = w.id`,
)

/**
 * Removes those of these matches, and what hangs on them, for good, that were unlinked already or that nobody has used
 * since `before`. One that holds a binding used since stays with it. `free`: how many nobody was at just then.
 */
export const dropStragglers = sqlStatement(
  'drop_stragglers',
  (
    p: Params<{
      tenantId: TenantId
      matchIds: readonly MatchId[]
      hashKeyVersion: number
      before: IsoInstant
    }>,
  ) => sql<{ matches: number; bindings: number; free: number }>`
    WITH free AS MATERIALIZED (
      SELECT m.* FROM unnest(${p('matchIds')}::text[]) AS w (id) CROSS JOIN LATERAL (
        SELECT id, deleted_at, last_used_at FROM identity_match
         WHERE tenant_id = ${p('tenantId')} AND id = w.id AND hash_key_version = ${p('hashKeyVersion')}::integer
           FOR UPDATE SKIP LOCKED) m
    ), picked AS MATERIALIZED (
      SELECT id FROM free
       WHERE (deleted_at IS NOT NULL OR last_used_at < ${p('before')})
         AND NOT EXISTS (
           SELECT FROM identity_link_binding b
            WHERE b.tenant_id = ${p('tenantId')} AND b.match_id = free.id AND b.deleted_at IS NULL
              AND b.last_used_at >= ${p('before')})
    ), unbound AS (
      DELETE FROM identity_link_binding b USING picked
       WHERE b.tenant_id = ${p('tenantId')} AND b.match_id = picked.id RETURNING b.id
    ), gone AS (
      DELETE FROM identity_match m USING picked
       WHERE m.tenant_id = ${p('tenantId')} AND m.id = picked.id RETURNING m.id
    )
    SELECT (SELECT count(*)::integer FROM gone) AS matches, (SELECT count(*)::integer FROM unbound) AS bindings,
           (SELECT count(*)::integer FROM free) AS free`,
)
