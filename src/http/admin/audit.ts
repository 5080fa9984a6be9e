/** The audit trail: `/admin/v1/tenants/{tenant}/audit-events`, and `/admin/v1/audit-events` for what has no tenant. */
import { z } from 'zod'
import { fail } from '../../domain/failure.ts'
import type { CorrelationId } from '../../domain/ids.ts'
import {
  type AuditEventView,
  type AuditPage,
  type AuditSelection,
  NEWEST,
  readSystemAudit,
  readTenantAudit,
} from '../../flow/read-audit-events.ts'
import type { Route } from '../route.ts'
import { type AdminDeps, adminRoute } from './admin-route.ts'
import { AUDIT_EVENT, ID } from './examples.ts'
import { limitOf, NumberedPageQuery } from './page.ts'

const tag = 'Administration: audit'
const scope = 'audit:read'

const AuditQuery = NumberedPageQuery.extend({
  type: z
    .string()
    .regex(/^[a-z_]{1,64}$/)
    .optional()
    .describe('Only events of this type.')
    .meta({ example: 'login_completed' }),
  correlation_id: z
    .uuid()
    .optional()
    .describe('The events of one login, oldest first; stands alone.')
    .meta({ example: ID }),
})

const common = {
  method: 'GET',
  tag,
  scope,
  query: AuditQuery,
  answer: 'AuditEventList',
  told: { events: [AUDIT_EVENT], next_cursor: '7' },
  status: 200,
} as const

export function auditRoutes(deps: AdminDeps): Route[] {
  return [
    adminRoute(deps, {
      ...common,
      ...{ path: '/tenants/:tenant/audit-events', operationId: 'listTenantAuditEvents' },
      summary: "Read a tenant's audit trail",
      description: 'Newest first, chained by hashes: see docs/audit-trail.md.',
      refusals: { 404: 'No such tenant, or not one of this token.' },
      run: async ({ actor, query, path }) => ({
        value: tellPage(await readTenantAudit(deps, actor, path('tenant'), selectionOf(query))),
      }),
    }),
    adminRoute(deps, {
      ...common,
      ...{ path: '/audit-events', operationId: 'listSystemAuditEvents' },
      summary: 'Read the audit trail of what belongs to no tenant',
      description: 'Admin tokens and keys. Needs a token for all tenants.',
      run: async ({ actor, query }) => ({
        value: tellPage(await readSystemAudit(deps, actor, selectionOf(query))),
      }),
    }),
  ]
}

function selectionOf(query: z.output<typeof AuditQuery>): AuditSelection {
  const { correlation_id: correlationId, type, cursor, limit } = query
  if (correlationId === undefined) {
    const before = cursor === undefined ? NEWEST : Number(cursor)
    return { by: 'time', type, before, limit: limitOf(limit) }
  }
  if (type !== undefined || cursor !== undefined || limit !== undefined) {
    return fail({ kind: 'invalid_request', detail: 'correlation_id: stands alone' })
  }
  return { by: 'correlation', correlationId: correlationId as CorrelationId }
}

function tellPage({ events, next }: AuditPage) {
  return { events: events.map(tell), next_cursor: next === undefined ? null : String(next) }
}

function tell(event: AuditEventView) {
  return {
    id: event.id,
    seq: event.seq,
    type: event.type,
    correlation_id: event.correlationId ?? null,
    subject_hash: event.subjectHash ?? null,
    client_id: event.clientId ?? null,
    detail: event.detail as { [name: string]: string | number | boolean },
    created_at: event.createdAt,
    prev_hash: event.prevHash,
    row_hash: event.rowHash,
  }
}
