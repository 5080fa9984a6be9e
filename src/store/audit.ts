/** `audit_event`: append-only. The database chains each row to the one before; there is no update and no delete. */
import { type Selectable, sql } from 'kysely'
import { type AuditEvent, detailText } from '../domain/audit.ts'
import type { ClientId, CorrelationId, TenantId } from '../domain/ids.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { AuditEventTable } from './schema.ts'
import { type Changed, type Params, type Step, sqlStatement, statement } from './statement.ts'

const MOST_OF_A_JOURNEY = 1000

const insert = statement(
  'insert_audit_event',
  (
    q,
    p: Params<{
      id: string
      tenantId: TenantId
      type: string
      correlationId: CorrelationId | null
      subjectHash: string | null
      clientId: string | null
      detail: string
      now: IsoInstant
    }>,
  ) =>
    q.insertInto('audit_event').values({
      id: p('id'),
      tenant_id: p('tenantId'),
      event_type: p('type'),
      correlation_id: p('correlationId'),
      subject_hash: p('subjectHash'),
      client_id: p('clientId'),
      detail: p('detail'),
      created_at: p('now'),
    }),
)

/**
 * The event as the last step of the transaction it tells of: its place in the chain is locked until commit. `id` is a
 * fresh UUID.
 */
export function insertAuditEvent(
  tenantId: TenantId,
  id: string,
  now: IsoInstant,
  event: AuditEvent,
): Step<Changed> {
  return insert({
    id,
    tenantId,
    type: event.detail.type,
    correlationId: event.correlationId ?? null,
    subjectHash: event.subjectHash ?? null,
    clientId: event.clientId ?? null,
    detail: detailText(event.detail),
    now,
  })
}

/** A stretch of a trail: behind `after`, before `before`. */
type Stretch = { tenantId: TenantId; after: number; before: number; limit: number }

/** Every event of a stretch, newest first. */
export const findAuditEvents = statement('find_audit_events', (q, p: Params<Stretch>) =>
  q
    .selectFrom('audit_event')
    .selectAll()
    .where('tenant_id', '=', p('tenantId'))
    .where('seq', '>', p('after'))
    .where('seq', '<', p('before'))
    .orderBy('seq', 'desc')
    .limit(p('limit')),
)

/** Events of one type, newest first. */
export const findAuditEventsByType = statement(
  'find_audit_events_by_type',
  (q, p: Params<Stretch & { type: string }>) =>
    q
      .selectFrom('audit_event')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .where('event_type', '=', p('type'))
      .where('seq', '>', p('after'))
      .where('seq', '<', p('before'))
      .orderBy('seq', 'desc')
      .limit(p('limit')),
)

/**
 * Events of one client, newest first, of one type where `type` is not empty. No index leads to them, for it would cost each
 * login a write; so ask for a short stretch.
 */
export const findAuditEventsByClient = sqlStatement(
  'find_audit_events_by_client',
  (p: Params<Stretch & { clientId: ClientId; type: string }>) => sql<Selectable<AuditEventTable>>`
    SELECT * FROM audit_event
     WHERE tenant_id = ${p('tenantId')} AND seq > ${p('after')} AND seq < ${p('before')}
       AND client_id = ${p('clientId')} AND event_type = COALESCE(NULLIF(${p('type')}::text, ''), event_type)
     ORDER BY seq DESC LIMIT ${p('limit')}`,
)

/** The events of one journey, in the order they happened; no journey has as many. */
export const findAuditEventsByCorrelation = statement(
  'find_audit_events_by_correlation',
  (q, p: Params<{ tenantId: TenantId; correlationId: CorrelationId }>) =>
    q
      .selectFrom('audit_event')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .where('correlation_id', '=', p('correlationId'))
      .orderBy('seq')
      .limit(MOST_OF_A_JOURNEY),
)
