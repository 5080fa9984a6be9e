/**
 * What follows an identifier to the current version of its key, besides its live match and the binding of the login: the other
 * bindings of the person, all of their fingerprints, and rows that ended. Neither waits for a row, for logins hold others by then; a fingerprint that was left behind is
 * taken along by the next login.
 */
import { sql } from 'kysely'
import type { HashMove } from '../domain/fingerprint.ts'
import type { IdentityId, TenantId } from '../domain/ids.ts'
import type { HolderHash, InstitutionHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement } from './statement.ts'

type Hash = HolderHash | InstitutionHash

interface Moves {
  tenantId: TenantId
  identityId: IdentityId
  from: readonly Hash[]
  to: readonly Hash[]
  versions: readonly number[]
  now: IsoInstant
}

/** The moves as the statements take them. */
export function inColumns(moves: readonly HashMove[]): Pick<Moves, 'from' | 'to' | 'versions'> {
  return {
    from: moves.map(({ from }) => from),
    to: moves.map(({ to }) => to),
    versions: moves.map(({ version }) => version),
  }
}

/**
 * Belongs into a transaction that proves the identifiers, behind the lock of the person. The hash of a row that ended stays
 * comparable with the live row of the same identifier: else a restoration could not see that somebody is known by it again.
 */
export const carryHashes = sqlStatement(
  'carry_hashes',
  (p: Params<Moves>) => sql<{ changed: number }>`
  WITH moves AS MATERIALIZED (
    SELECT * FROM unnest(${p('from')}::text[], ${p('to')}::text[], ${p('versions')}::integer[])
      AS w (old_hash, new_hash, version)
  ), ended AS MATERIALIZED (
    SELECT id, deleted_identifier_hash FROM identity_match
     WHERE tenant_id = ${p('tenantId')} AND deleted_identifier_hash IS NOT NULL
       AND deleted_identifier_hash = ANY (ARRAY(SELECT old_hash FROM moves))
     ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
  ), carried AS (
    UPDATE identity_match d
       SET deleted_identifier_hash = w.new_hash, hash_key_version = w.version, updated_at = ${p('now')}
      FROM ended JOIN moves w ON w.old_hash = ended.deleted_identifier_hash
     WHERE d.tenant_id = ${p('tenantId')} AND d.id = ended.id
  ), own AS MATERIALIZED (
    SELECT id, holder_identifier_hash FROM identity_link_binding
     WHERE tenant_id = ${p('tenantId')}
       AND match_id = ANY (ARRAY(
         SELECT id FROM identity_match
          WHERE tenant_id = ${p('tenantId')} AND internal_identity_id = ${p('identityId')}))
     ORDER BY id FOR NO KEY UPDATE SKIP LOCKED
  )
  UPDATE identity_link_binding b
     SET material_fingerprints = CASE WHEN b.material_fingerprints IS NULL THEN NULL ELSE (
           SELECT coalesce(jsonb_object_agg(print.key, CASE WHEN w.old_hash IS NULL THEN print.value
                    ELSE jsonb_build_object('hash', w.new_hash, 'version', w.version) END), '{}')::text
             FROM jsonb_each(b.material_fingerprints::jsonb) AS print
             LEFT JOIN moves w ON w.old_hash = print.value ->> 'hash') END,
         holder_identifier_hash = coalesce(holder.new_hash, b.holder_identifier_hash),
         holder_hash_key_version = coalesce(holder.version, b.holder_hash_key_version),
         updated_at = ${p('now')}
    FROM own LEFT JOIN moves holder ON holder.old_hash = own.holder_identifier_hash
   WHERE b.tenant_id = ${p('tenantId')} AND b.id = own.id
     AND (holder.old_hash IS NOT NULL
          OR EXISTS (SELECT FROM jsonb_each(b.material_fingerprints::jsonb) AS print
                       JOIN moves w ON w.old_hash = print.value ->> 'hash'))`,
)
