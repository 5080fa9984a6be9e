/** The e-mail address of an account among a person's identifiers: there is one at a time. */
import { sql } from 'kysely'
import type { IdentityId, MatchId, TenantId } from '../domain/ids.ts'
import type { InstitutionHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement } from './statement.ts'

/**
 * Every live binding of the person to the account tells of the present address (null for none), and what they told of before
 * ends, unless another account of the person has it as well.
 */
export const replaceAddress = sqlStatement(
  'replace_address',
  (
    p: Params<{
      tenantId: TenantId
      identityId: IdentityId
      institutionHashes: readonly InstitutionHash[]
      material: string
      presentHash: InstitutionHash | null
      presentVersion: number
      /** All hashes of the present address. */
      hashes: readonly InstitutionHash[]
      reason: string
      now: IsoInstant
    }>,
  ) => sql<{ changed: number }>`
    WITH own AS MATERIALIZED (
      SELECT id, institution_identifier_hash = ANY (${p('institutionHashes')}::text[]) AS told,
             material_fingerprints::jsonb -> ${p('material')}::text AS print
        FROM identity_link_binding
       WHERE tenant_id = ${p('tenantId')} AND deleted_at IS NULL
         AND match_id = ANY (ARRAY(
           SELECT id FROM identity_match
            WHERE tenant_id = ${p('tenantId')} AND internal_identity_id = ${p('identityId')}))
    ), written AS (
      UPDATE identity_link_binding b
         SET material_fingerprints = (CASE WHEN ${p('presentHash')}::text IS NULL
               THEN b.material_fingerprints::jsonb - ${p('material')}::text
               ELSE COALESCE(b.material_fingerprints, '{}')::jsonb || jsonb_build_object(${p('material')}::text,
                 jsonb_build_object('hash', ${p('presentHash')}::text, 'version', ${p('presentVersion')}::integer))
             END)::text
        FROM own
       WHERE b.tenant_id = ${p('tenantId')} AND b.id = own.id AND own.told
         AND own.print ->> 'hash' IS DISTINCT FROM ${p('presentHash')}::text
    )
    UPDATE identity_match m
       SET deleted_identifier_hash = m.identifier_hash, identifier_hash = 'deleted:' || m.id,
           deleted_at = ${p('now')}, deletion_reason = ${p('reason')}, updated_at = ${p('now')}
     WHERE m.tenant_id = ${p('tenantId')} AND m.internal_identity_id = ${p('identityId')}
       AND m.identifier_type = 'EMAIL' AND m.hash_key = 'B' AND m.deleted_at IS NULL
       AND m.identifier_hash <> ALL (${p('hashes')}::text[])
       AND EXISTS (SELECT FROM own WHERE told AND print ->> 'hash' = m.identifier_hash)
       AND NOT EXISTS (SELECT FROM own WHERE NOT told AND print ->> 'hash' = m.identifier_hash)`,
)

/**
 * Where these matches are addresses, the bindings that tell of them follow to the next hash. Nothing is waited for: one that
 * is left behind cannot be compared any more, and tells the next address at the next login.
 */
export const moveAddresses = sqlStatement(
  'move_addresses',
  (
    p: Params<{
      tenantId: TenantId
      matchIds: readonly MatchId[]
      institutionHashes: readonly InstitutionHash[]
      newHashes: readonly InstitutionHash[]
      newVersion: number
      material: string
      now: IsoInstant
    }>,
  ) => sql<{ changed: number }>`
    WITH wanted AS (
      SELECT * FROM unnest(${p('institutionHashes')}::text[], ${p('newHashes')}::text[]) AS w (old_hash, new_hash)
    ), own AS MATERIALIZED (
      SELECT id FROM identity_link_binding
       WHERE tenant_id = ${p('tenantId')} AND match_id = ANY (ARRAY(
         SELECT id FROM identity_match
          WHERE tenant_id = ${p('tenantId')} AND internal_identity_id = ANY (ARRAY(
            SELECT internal_identity_id FROM identity_match
             WHERE tenant_id = ${p('tenantId')} AND id = ANY (${p('matchIds')}::text[])
               AND identifier_type = 'EMAIL'))))
       ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE identity_link_binding b
       SET material_fingerprints = (b.material_fingerprints::jsonb || jsonb_build_object(
             ${p('material')}::text, jsonb_build_object('hash', w.new_hash, 'version', ${p('newVersion')}::integer)))::text,
           updated_at = ${p('now')}
      FROM own CROSS JOIN wanted w
     WHERE b.tenant_id = ${p('tenantId')} AND b.id = own.id
       AND b.material_fingerprints::jsonb -> ${p('material')}::text ->> 'hash' = w.old_hash`,
)
