/** The audit trail of a tenant, or of what belongs to none, page by page. */
import type { Selectable } from 'kysely'
import type { Deps } from '../deps.ts'
import { type AdminActor, requireScopeEverywhere } from '../domain/admin.ts'
import { type ClientId, type CorrelationId, SYSTEM_TENANT, type TenantId } from '../domain/ids.ts'
import type { JsonObject } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import {
  findAuditEvents,
  findAuditEventsByClient,
  findAuditEventsByCorrelation,
  findAuditEventsByType,
} from '../store/audit.ts'
import { findTrailHead, findTrailPlaceBefore } from '../store/audit-trail.ts'
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
  | {
      by: 'time'
      type?: string | undefined
      clientId?: ClientId | undefined
      /** Written at this time or later. */
      from?: IsoInstant | undefined
      /** Written before this time. */
      until?: IsoInstant | undefined
      before: number
      limit: number
    }
  /** The events of one journey, oldest first, a thousand at most. */
  | { by: 'correlation'; correlationId: CorrelationId }

export interface AuditPage {
  events: readonly AuditEventView[]
  /** Events before this `seq` are on the next page, which may hold fewer than asked, or none; undefined at the end. */
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
  const stretch = await findStretch(db, tenantId, selection)
  if (stretch.before <= stretch.after + 1) return { events: [], next: undefined }
  const { clientId, type } = selection
  if (clientId !== undefined) return await readOfClient(db, { ...stretch, clientId, type })
  const asked = { ...stretch, limit: stretch.limit + 1 }
  const [rows] = await read(db, tenantId, [
    type === undefined ? findAuditEvents(asked) : findAuditEventsByType({ ...asked, type }),
  ])
  return pageOf(rows, stretch.limit)
}

type TimeSelection = Extract<AuditSelection, { by: 'time' }>
interface Stretch {
  tenantId: TenantId
  after: number
  before: number
  limit: number
}

/** Times become places: a trail's time never runs backwards, so each time lies between two events. */
async function findStretch(
  db: Deps['db'],
  tenantId: TenantId,
  { from, until, before, limit, clientId }: TimeSelection,
): Promise<Stretch> {
  if (from === undefined && until === undefined && clientId === undefined)
    return { tenantId, after: 0, before, limit }
  const [earlier, earliest, [head]] = await read(db, tenantId, [
    findTrailPlaceBefore({ tenantId, before: from ?? EARLIEST }),
    findTrailPlaceBefore({ tenantId, before: until ?? LATEST }),
    findTrailHead({ tenantId }),
  ])
  const last = until === undefined ? (head?.seq ?? 0) : (earliest[0]?.seq ?? 0)
  return { tenantId, after: earlier[0]?.seq ?? 0, before: Math.min(before, last + 1), limit }
}

const EARLIEST = '0000-01-01T00:00:00.000Z' as IsoInstant
const LATEST = '9999-12-31T23:59:59.999Z' as IsoInstant

/** How many events one page looks through for those of a client. */
const LOOKED_THROUGH = 20_000

async function readOfClient(
  db: Deps['db'],
  { type = '', ...asked }: Stretch & { clientId: ClientId; type: string | undefined },
): Promise<AuditPage> {
  const after = Math.max(asked.after, asked.before - 1 - LOOKED_THROUGH)
  const [rows] = await read(db, asked.tenantId, [
    findAuditEventsByClient({ ...asked, type, after, limit: asked.limit + 1 }),
  ])
  const page = pageOf(rows, asked.limit)
  return page.next === undefined && after > asked.after ? { ...page, next: after + 1 } : page
}

/** One row more than asked for says that there is another page. */
function pageOf(rows: readonly Selectable<AuditEventTable>[], limit: number): AuditPage {
  const shown = rows.slice(0, limit)
  return {
    events: shown.map(viewEvent),
    next: rows.length > limit ? shown.at(-1)?.seq : undefined,
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
