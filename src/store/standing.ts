/** Bindings whose credential's status is looked up again by itself, and what came of it. */
import { sql } from 'kysely'
import type { BindingId, IdentityId, TenantId } from '../domain/ids.ts'
import type { HolderHash, Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement } from './statement.ts'

export interface DueStanding {
  id: BindingId
  identity_id: IdentityId
  credential_status: Sealed
  /** Whose data key: another than the person's only after a merge. */
  key_identity_id: IdentityId
  wrapped_data_key: Sealed
}

/** Live bindings of active persons that are due, the longest first. */
export const findDueStandings = sqlStatement(
  'find_due_standings',
  (p: Params<{ tenantId: TenantId; now: IsoInstant; limit: number }>) => sql<DueStanding>`
    SELECT b.id, i.id AS identity_id, b.credential_status, k.id AS key_identity_id, k.wrapped_data_key
      FROM identity_link_binding b
      JOIN identity_match m ON m.tenant_id = b.tenant_id AND m.id = b.match_id
      JOIN identity i ON i.tenant_id = m.tenant_id AND i.id = m.internal_identity_id AND i.status = 'ACTIVE'
      JOIN identity k ON k.tenant_id = i.tenant_id AND k.id = CASE WHEN b.key_identity_id IS NULL THEN i.id ELSE b.key_identity_id END
     WHERE b.tenant_id = ${p('tenantId')} AND b.status_due_at <= ${p('now')} AND b.deleted_at IS NULL
       AND b.credential_status IS NOT NULL AND k.wrapped_data_key IS NOT NULL
     ORDER BY b.status_due_at, b.id LIMIT ${p('limit')}`,
)

/** The same of live bindings of active persons that are found by one of these hashes, due or not. */
export const findShownStandings = sqlStatement(
  'find_shown_standings',
  (p: Params<{ tenantId: TenantId; hashes: readonly HolderHash[] }>) => sql<DueStanding>`
    SELECT DISTINCT ON (b.id) b.id, i.id AS identity_id, b.credential_status, k.id AS key_identity_id, k.wrapped_data_key
      FROM identity_match m
      JOIN identity i ON i.tenant_id = m.tenant_id AND i.id = m.internal_identity_id AND i.status = 'ACTIVE'
      JOIN identity_match own ON own.tenant_id = i.tenant_id AND own.internal_identity_id = i.id AND own.deleted_at IS NULL
      JOIN identity_link_binding b ON b.tenant_id = own.tenant_id AND b.match_id = own.id AND b.deleted_at IS NULL
      JOIN identity k ON k.tenant_id = i.tenant_id AND k.id = CASE WHEN b.key_identity_id IS NULL THEN i.id ELSE b.key_identity_id END
     WHERE m.tenant_id = ${p('tenantId')} AND m.identifier_hash = ANY (${p('hashes')}::text[]) AND m.deleted_at IS NULL
       AND m.metadata_json IS NULL AND b.credential_status IS NOT NULL AND k.wrapped_data_key IS NOT NULL
     ORDER BY b.id LIMIT 100`,
)

/** When they are due again; not those that were proved anew meanwhile, whose text is another. */
export const postponeStandings = sqlStatement(
  'postpone_standings',
  (
    p: Params<{
      tenantId: TenantId
      bindingIds: readonly BindingId[]
      sealed: readonly Sealed[]
      dueAts: readonly IsoInstant[]
    }>,
  ) => sql<{ changed: number }>`
    UPDATE identity_link_binding b SET status_due_at = w.due_at
      FROM unnest(${p('bindingIds')}::text[], ${p('sealed')}::text[], ${p('dueAts')}::text[]) AS w (id, sealed, due_at)
     WHERE b.tenant_id = ${p('tenantId')} AND b.id = w.id AND b.credential_status = w.sealed`,
)

/** Nothing is looked up for this binding any more, and nothing kept to look it up by; `stale`: it is to be proved anew. */
export const endStanding = sqlStatement(
  'end_standing',
  (
    p: Params<{
      tenantId: TenantId
      bindingId: BindingId
      sealed: Sealed
      stale: boolean
      now: IsoInstant
    }>,
  ) => sql<{ id: BindingId }>`
    UPDATE identity_link_binding
       SET credential_status = NULL, status_due_at = NULL, updated_at = ${p('now')},
           stale_since = CASE WHEN ${p('stale')}::boolean THEN coalesce(stale_since, ${p('now')}::iso_instant)
                              ELSE stale_since END
     WHERE tenant_id = ${p('tenantId')} AND id = ${p('bindingId')} AND credential_status = ${p('sealed')}
       AND deleted_at IS NULL
    RETURNING id`,
)
