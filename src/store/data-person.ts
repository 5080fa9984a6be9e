/** A person as the data API reads them: who it is now, the proof the claims rest on, and that they were read. */
import { sql } from 'kysely'
import type { BindingId, IdentityId, MatchId, TenantId } from '../domain/ids.ts'
import type { HolderHash, InstitutionHash, Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement } from './statement.ts'

export interface DataPersonRow {
  id: IdentityId
  audit_salt: string
  wrapped_data_key: Sealed
}

interface Who {
  tenantId: TenantId
  id: IdentityId
}

/** The active person behind an id, through merges, if anything is known of them. */
const whoIs = (p: Params<Who>) => sql`
    WITH RECURSIVE line AS (
      SELECT id, merged_into FROM identity WHERE tenant_id = ${p('tenantId')} AND id = ${p('id')}
      UNION
      SELECT i.id, i.merged_into FROM identity i JOIN line l ON i.id = l.merged_into
       WHERE i.tenant_id = ${p('tenantId')}
    )
    SELECT i.id, i.audit_salt, i.wrapped_data_key FROM identity i
     WHERE i.tenant_id = ${p('tenantId')} AND i.id IN (SELECT id FROM line) AND i.status = 'ACTIVE'
       AND EXISTS (SELECT FROM identity_match m
                    WHERE m.tenant_id = i.tenant_id AND m.internal_identity_id = i.id AND m.deleted_at IS NULL)`

/** For reading: locked FOR SHARE, so an erasure under way is waited for, and one that comes later waits for us. */
export const lockDataPerson = sqlStatement(
  'lock_data_person',
  (p: Params<Who>) => sql<DataPersonRow>`${whoIs(p)} FOR SHARE OF i`,
)

/** For writing: one at a time. */
export const lockDataPersonForWriting = sqlStatement(
  'lock_data_person_for_writing',
  (p: Params<Who>) => sql<DataPersonRow>`${whoIs(p)} FOR NO KEY UPDATE OF i`,
)

/** Whom relying parties know by this subject, or knew by it before a merge: whoever that is now, `whoIs` says. */
export const findPersonBySubject = sqlStatement(
  'find_person_by_subject',
  (p: Params<{ tenantId: TenantId; subject: string }>) => sql<{ identity_id: IdentityId }>`
    SELECT COALESCE(identity_id, origin_id) AS identity_id FROM pairwise_subject
     WHERE tenant_id = ${p('tenantId')} AND subject = ${p('subject')}`,
)

export interface DataBindingRow {
  binding_id: BindingId
  match_id: MatchId
  key_identity_id: IdentityId
  wrapped_data_key: Sealed
  attributes: Sealed | null
  assurance: string | null
  reconcile_time: IsoInstant | null
}

/** The live binding an answer rests on: of what was looked for, else the one that was proved last. */
export const findDataBinding = sqlStatement(
  'find_data_binding',
  (
    p: Params<{
      tenantId: TenantId
      identityId: IdentityId
      hashes: readonly (HolderHash | InstitutionHash)[]
    }>,
  ) => sql<DataBindingRow>`
    SELECT b.id AS binding_id, b.match_id, k.id AS key_identity_id, k.wrapped_data_key,
           b.persisted_attributes_envelope AS attributes, b.assurance_summary AS assurance, b.reconcile_time
      FROM identity_match m
      JOIN identity_link_binding b ON b.tenant_id = m.tenant_id AND b.match_id = m.id AND b.deleted_at IS NULL
      JOIN identity k ON k.tenant_id = m.tenant_id AND k.id = CASE WHEN b.key_identity_id IS NULL THEN m.internal_identity_id ELSE b.key_identity_id END
     WHERE m.tenant_id = ${p('tenantId')} AND m.internal_identity_id = ${p('identityId')} AND m.deleted_at IS NULL
     ORDER BY (m.identifier_hash = ANY (${p('hashes')}::text[])
               OR COALESCE(b.institution_identifier_hash = ANY (${p('hashes')}::text[]), false)) DESC,
              b.reconcile_time DESC NULLS LAST, b.created_at DESC, b.id
     LIMIT 1`,
)

/**
 * The matches were used, and the bindings on them; where none is named, as of a person without a link, all of the person's.
 * Never moves a time back, and writes nothing where it would not move.
 */
export const touchPerson = sqlStatement(
  'touch_person',
  (
    p: Params<{
      tenantId: TenantId
      identityId: IdentityId
      matchIds: readonly MatchId[]
      usedAt: IsoInstant
    }>,
  ) => sql<{ changed: number }>`
    WITH touched AS (
      UPDATE identity_match SET last_used_at = ${p('usedAt')}
       WHERE tenant_id = ${p('tenantId')} AND internal_identity_id = ${p('identityId')}
         AND (id = ANY (${p('matchIds')}::text[]) OR cardinality(${p('matchIds')}::text[]) = 0)
         AND deleted_at IS NULL AND last_used_at < ${p('usedAt')}
    )
    UPDATE identity_link_binding SET last_used_at = ${p('usedAt')}
     WHERE tenant_id = ${p('tenantId')} AND match_id = ANY (${p('matchIds')}::text[])
       AND deleted_at IS NULL AND last_used_at < ${p('usedAt')}`,
)

export interface DeviceRow {
  match_id: MatchId
  linked_at: IsoInstant
  last_used_at: IsoInstant
  provider: string | null
}

/** A person's wallets: what a wallet showed and a live binding hangs on; in the order of their ids. */
export const findDevices = sqlStatement(
  'find_devices',
  (
    p: Params<{ tenantId: TenantId; identityId: IdentityId; after: string; limit: number }>,
  ) => sql<DeviceRow>`
    SELECT m.id AS match_id, min(b.created_at) AS linked_at, max(b.last_used_at) AS last_used_at,
           min(r.slug) AS provider
      FROM identity_match m
      JOIN identity_link_binding b ON b.tenant_id = m.tenant_id AND b.match_id = m.id AND b.deleted_at IS NULL
      LEFT JOIN reconciliation_provider r ON r.tenant_id = b.tenant_id AND r.id = b.provider_id
     WHERE m.tenant_id = ${p('tenantId')} AND m.internal_identity_id = ${p('identityId')}
       AND m.hash_key = 'A' AND m.deleted_at IS NULL AND m.id > ${p('after')}
     GROUP BY m.id ORDER BY m.id LIMIT ${p('limit')}`,
)
