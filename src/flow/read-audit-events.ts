/** The audit trail of a tenant, or of what belongs to none, page by page. */
import type { Selectable } from 'kysely'
import type { Deps } from '../deps.ts'
import { type AdminActor, requireScopeEverywhere } from '../domain/admin.ts'
import { type CorrelationId, SYSTEM_TENANT, type TenantId } from '../domain/ids.ts'
import type { JsonObject } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import {
  findAuditEvents,
  findAuditEventsByCorrelation,
  findAuditEventsByType,
} from '../store/audit.ts'
import { read } from '../store/database.ts'
import type { AuditEventTable } from '../store/schema.ts'
import { findAdminTenant } from './admin-tenant.ts'

export interface AuditEventView {
  id: string
  /** Place in the tenant's chain, from 1 without gaps. */
  seq: number
  type: string
  correlationId: string | undefined
  subjectHash: string | undefined
  clientId: string | undefined
  detail: JsonObject
  createdAt: IsoInstant
  prevHash: string
  rowHash: string
}

export type AuditSelection =
  | { by: 'time'; type: string | undefined; before: number; limit: number }
  /** The events of one journey, oldest first, all of them. */
  | { by: 'correlation'; correlationId: CorrelationId }

export interface AuditPage {
  events: readonly AuditEventView[]
  /** Events before this `seq` are on the next page; undefined at the end. */
  next: number | undefined
}

/** Before any event there will be. */
export const NEWEST = Number.MAX_SAFE_INTEGER

/** Returns events of a tenant, newest first unless selected by journey. Throws `admin_forbidden`, `not_found`. */
export async function readTenantAudit(
  deps: Pick<Deps, 'db'>,
  actor: AdminActor,
  slug: string,
  selection: AuditSelection,
): Promise<AuditPage> {
  const tenant = await findAdminTenant(deps.db, actor, 'audit:read', slug)
  return await readPage(deps.db, tenant.id, selection)
}

/** Returns events that belong to no tenant: admin tokens, keys. Throws `admin_forbidden` to a token of one tenant. */
export async function readSystemAudit(
  deps: Pick<Deps, 'db'>,
  actor: AdminActor,
  selection: AuditSelection,
): Promise<AuditPage> {
  requireScopeEverywhere(actor, 'audit:read')
  return await readPage(deps.db, SYSTEM_TENANT, selection)
}

async function readPage(
  db: Deps['db'],
  tenantId: TenantId,
  selection: AuditSelection,
): Promise<AuditPage> {
  if (selection.by === 'correlation') {
    const { correlationId } = selection
    const [rows] = await read(db, tenantId, [
      findAuditEventsByCorrelation({ tenantId, correlationId }),
    ])
    return { events: rows.map(viewEvent), next: undefined }
  }
  const { type, before } = selection
  const place = { tenantId, before, limit: selection.limit + 1 }
  const [rows] = await read(db, tenantId, [
    type === undefined ? findAuditEvents(place) : findAuditEventsByType({ ...place, type }),
  ])
  const shown = rows.slice(0, selection.limit)
  return {
    events: shown.map(viewEvent),
    next: rows.length > selection.limit ? shown.at(-1)?.seq : undefined,
  }
}

function viewEvent(row: Selectable<AuditEventTable>): AuditEventView {
  return {
    id: row.id,
    seq: row.seq,
    type: row.event_type,
    correlationId: row.correlation_id ?? undefined,
    subjectHash: row.subject_hash ?? undefined,
    clientId: row.client_id ?? undefined,
    detail: JSON.parse(row.detail ?? '{}') as JsonObject,
    createdAt: row.created_at,
    prevHash: row.prev_hash,
    rowHash: row.row_hash,
  }
}
