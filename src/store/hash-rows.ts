/**
 * Rows that hold hashes under Key A or B, version by version: what a migration of either walks. It never waits for a row
 * while it holds others, so no login can be in a deadlock with it: what is locked is left for the next walk. Rows are
 * locked one by one in a LATERAL, where Postgres looks each up by its id; for a list of ids it may take the index by
 * version instead, which at that moment is full of rows that have just moved (`bench -- migrate`: three times the work).
 */
import { sql } from 'kysely'
import type { BindingId, IdentityId, MatchId, TenantId } from '../domain/ids.ts'
import type { HolderHash, InstitutionHash, NoHolder, Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

type Hash = HolderHash | InstitutionHash

/** How many matches of a key are under which version, soft-deleted ones included; tombstones have none. */
export const countMatchVersions = sqlStatement(
  'count_match_versions',
  (p: Params<{ tenantId: TenantId; hashKey: 'A' | 'B' }>) => sql<{
    version: number
    count: number
  }>`
    SELECT hash_key_version AS version, count(*)::integer AS count FROM identity_match
     WHERE tenant_id = ${p('tenantId')} AND hash_key = ${p('hashKey')} AND hash_key_version > 0
     GROUP BY hash_key_version`,
)

/** The same of bindings, by their wallet's hash. */
export const countHolderVersions = sqlStatement(
  'count_holder_versions',
  (p: Params<{ tenantId: TenantId }>) => sql<{ version: number; count: number }>`
    SELECT holder_hash_key_version AS version, count(*)::integer AS count FROM identity_link_binding
     WHERE tenant_id = ${p('tenantId')} AND holder_hash_key_version > 0
     GROUP BY holder_hash_key_version`,
)

/** The same of bindings, by their account's hash. */
export const countAccountVersions = sqlStatement(
  'count_account_versions',
  (p: Params<{ tenantId: TenantId }>) => sql<{ version: number; count: number }>`
    SELECT institution_hash_key_version AS version, count(*)::integer AS count FROM identity_link_binding
     WHERE tenant_id = ${p('tenantId')} AND institution_hash_key_version IS NOT NULL
     GROUP BY institution_hash_key_version`,
)

/**
 * Who would be strangers if these versions were all that could be read: active persons with live matches of the key, none
 * of them under one of the versions; and when they were last here, in whole days before `now`.
 */
export const countLeftBehind = sqlStatement(
  'count_left_behind',
  (
    p: Params<{
      tenantId: TenantId
      hashKey: 'A' | 'B'
      keyVersions: readonly number[]
      now: IsoInstant
    }>,
  ) => sql<{ days: number; people: number }>`
    SELECT least(days, 3650) AS days, count(*)::integer AS people FROM (
      SELECT floor(extract(epoch FROM ${p('now')}::text::timestamptz - max(m.last_used_at)::text::timestamptz) / 86400)::integer AS days
        FROM identity_match m
        JOIN identity i ON i.tenant_id = m.tenant_id AND i.id = m.internal_identity_id AND i.status = 'ACTIVE'
       WHERE m.tenant_id = ${p('tenantId')} AND m.hash_key = ${p('hashKey')} AND m.deleted_at IS NULL
       GROUP BY m.internal_identity_id
      HAVING bool_and(m.hash_key_version <> ALL (${p('keyVersions')}::integer[]))
    ) AS away GROUP BY 1 ORDER BY 1`,
)

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

/** A binding with all that tells whose account it is. */
export interface AccountRow {
  id: BindingId
  hash: InstitutionHash
  sealed: Sealed | null
  label: string | null
  issuer: string | null
  key_identity_id: IdentityId
  wrapped_data_key: Sealed | null
}

/**
 * Bindings whose account's hash is of one version, after `afterId`. One order of steps, as in `hits.ts`; and CASE, for
 * Postgres takes COALESCE for something that may leak what row-level security hides, and would not look it up in an index.
 */
export const listAccountsOfVersion = sqlStatement(
  'list_accounts_of_version',
  (
    p: Params<{
      tenantId: TenantId
      institutionHashVersion: number
      afterId: string
      limit: number
    }>,
  ) => sql<AccountRow>`
    WITH page AS MATERIALIZED (
      SELECT id, match_id, key_identity_id, provider_id, institution_identifier_hash, encrypted_institution_id,
             institution_id_label
        FROM identity_link_binding
       WHERE tenant_id = ${p('tenantId')} AND institution_hash_key_version = ${p('institutionHashVersion')}::integer
         AND id > ${p('afterId')}
       ORDER BY id LIMIT ${p('limit')}
    )
    SELECT b.id, b.institution_identifier_hash AS hash, b.encrypted_institution_id AS sealed,
           b.institution_id_label AS label, r.issuer, k.id AS key_identity_id, k.wrapped_data_key
      FROM page b
     CROSS JOIN LATERAL (
       SELECT internal_identity_id FROM identity_match
        WHERE tenant_id = ${p('tenantId')} AND id = b.match_id OFFSET 0) m
     CROSS JOIN LATERAL (
       SELECT id, wrapped_data_key FROM identity
        WHERE tenant_id = ${p('tenantId')}
          AND id = CASE WHEN b.key_identity_id IS NULL THEN m.internal_identity_id ELSE b.key_identity_id END OFFSET 0) k
      LEFT JOIN reconciliation_provider r ON r.tenant_id = ${p('tenantId')} AND r.id = b.provider_id
     ORDER BY b.id`,
)

/**
 * Moves accounts from one hash to the next: of each all bindings, with the fingerprint of it, and all matches, live or not.
 * One of which a row is locked stays whole (`busy`), for an account under two spellings would look like two to a login of
 * somebody with two wallets; so does one that has another live match under the new hash already, which is for people to
 * merge (`doubled`, in bindings).
 */
export const moveAccounts = sqlStatement(
  'move_accounts',
  (
    p: Params<{
      tenantId: TenantId
      institutionHashes: readonly InstitutionHash[]
      newHashes: readonly InstitutionHash[]
      material: string
      newVersion: number
      now: IsoInstant
    }>,
  ) => sql<{ bindings: number; matches: number; busy: number; doubled: number }>`
    WITH wanted AS MATERIALIZED (
      SELECT * FROM unnest(${p('institutionHashes')}::text[], ${p('newHashes')}::text[]) AS w (old_hash, new_hash)
    ), bound AS MATERIALIZED (
      SELECT w.*, b.id, free.id IS NULL AS busy FROM wanted w
       CROSS JOIN LATERAL (
         SELECT id FROM identity_link_binding
          WHERE tenant_id = ${p('tenantId')} AND institution_identifier_hash = w.old_hash OFFSET 0) b
        LEFT JOIN LATERAL (
         SELECT id FROM identity_link_binding
          WHERE tenant_id = ${p('tenantId')} AND id = b.id AND institution_identifier_hash = w.old_hash
            FOR NO KEY UPDATE SKIP LOCKED) free ON true
    ), matched AS MATERIALIZED (
      SELECT w.*, m.id, free.id IS NULL AS busy FROM wanted w
       CROSS JOIN LATERAL (
         SELECT id FROM identity_match
          WHERE tenant_id = ${p('tenantId')} AND hash_key = 'B' AND identifier_hash = w.old_hash
         UNION ALL
         SELECT id FROM identity_match
          WHERE tenant_id = ${p('tenantId')} AND hash_key = 'B' AND deleted_identifier_hash = w.old_hash OFFSET 0) m
        LEFT JOIN LATERAL (
         SELECT id FROM identity_match
          WHERE tenant_id = ${p('tenantId')} AND id = m.id
            AND COALESCE(deleted_identifier_hash, identifier_hash) = w.old_hash
            FOR UPDATE SKIP LOCKED) free ON true
    ), busy AS MATERIALIZED (
      SELECT old_hash FROM bound WHERE busy UNION SELECT old_hash FROM matched WHERE busy
    ), doubled AS MATERIALIZED (
      SELECT m.old_hash FROM matched m CROSS JOIN LATERAL (
        SELECT id FROM identity_match
         WHERE tenant_id = ${p('tenantId')} AND identifier_hash = m.new_hash AND deleted_at IS NULL OFFSET 0) other
       WHERE other.id <> m.id AND m.old_hash NOT IN (SELECT old_hash FROM busy)
    ), staying AS MATERIALIZED (
      SELECT old_hash FROM busy UNION SELECT old_hash FROM doubled
    ), moved AS (
      UPDATE identity_link_binding b
         SET institution_identifier_hash = w.new_hash, institution_hash_key_version = ${p('newVersion')}::integer,
             material_fingerprints = (COALESCE(b.material_fingerprints, '{}')::jsonb || jsonb_build_object(
               ${p('material')}::text, jsonb_build_object('hash', w.new_hash, 'version', ${p('newVersion')}::integer)))::text,
             updated_at = ${p('now')}
        FROM bound w
       WHERE b.tenant_id = ${p('tenantId')} AND b.id = w.id AND w.old_hash NOT IN (SELECT old_hash FROM staying)
      RETURNING b.id
    ), moved_match AS (
      UPDATE identity_match m
         SET identifier_hash = CASE WHEN m.deleted_at IS NULL THEN w.new_hash ELSE m.identifier_hash END,
             deleted_identifier_hash = CASE WHEN m.deleted_at IS NULL THEN NULL ELSE w.new_hash END,
             hash_key_version = ${p('newVersion')}::integer, updated_at = ${p('now')}
        FROM matched w
       WHERE m.tenant_id = ${p('tenantId')} AND m.id = w.id AND w.old_hash NOT IN (SELECT old_hash FROM staying)
      RETURNING m.id
    )
    SELECT (SELECT count(*)::integer FROM moved) AS bindings, (SELECT count(*)::integer FROM moved_match) AS matches,
           (SELECT count(*)::integer FROM busy) AS busy,
           (SELECT count(*)::integer FROM bound WHERE old_hash IN (SELECT old_hash FROM doubled)) AS doubled`,
)
