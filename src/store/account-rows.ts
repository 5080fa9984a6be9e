/** Accounts under Key B, version by version: all that is under an account's hash moves at once, locked as in hash-rows.ts. */
import { sql } from 'kysely'
import type { BindingId, IdentityId, TenantId } from '../domain/ids.ts'
import type { InstitutionHash, Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement } from './statement.ts'

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
