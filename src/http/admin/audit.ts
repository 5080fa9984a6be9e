/** The audit trail: `/admin/v1/tenants/{tenant}/audit-events`, and `/admin/v1/audit-events` for what has no tenant. */
import { z } from 'zod'
import { fail } from '../../domain/failure.ts'
import type { ClientId, CorrelationId } from '../../domain/ids.ts'
import { type IsoInstant, toInstant } from '../../domain/time.ts'
import {
  type AuditEventView,
  type AuditPage,
  type AuditSelection,
  NEWEST,
  readSystemAudit,
  readTenantAudit,
} from '../../flow/read-audit-events.ts'
import { type CheckpointPage, readCheckpoints } from '../../flow/read-checkpoints.ts'
import type { Route } from '../route.ts'
import { type AdminDeps, adminRoute } from './admin-route.ts'
import { AUDIT_CHECKPOINT, AUDIT_EVENT, CHECKPOINT_KEY, ID } from './examples.ts'
import { limitOf, NumberedPageQuery } from './page.ts'

const tag = 'Administration: audit'
const scope = 'audit:read'

const NOON = '2026-03-01T12:00:00.000Z'
const time = z.iso.datetime({ offset: true }).max(40)

const AuditQuery = NumberedPageQuery.extend({
  type: z
    .string()
    .regex(/^[a-z_]{1,64}$/)
    .optional()
    .describe('Only events of this type.')
    .meta({ example: 'login_completed' }),
  client_id: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe(
      'Only events of this relying party or machine client. A page may then hold fewer than `limit`, or none: go on to the next.',
    )
    .meta({ example: 'course-catalogue' }),
  from: time.optional().describe('Only events written then or later.').meta({ example: NOON }),
  until: time.optional().describe('Only events written before then.').meta({ example: NOON }),
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
      description:
        'By type, time, client, or login; newest first, chained by hashes: see docs/audit-trail.md.',
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
    ...checkpointRoutes(deps),
  ]
}

function checkpointRoutes(deps: AdminDeps): Route[] {
  const shared = {
    method: 'GET',
    tag,
    scope,
    query: NumberedPageQuery,
    answer: 'AuditCheckpointList',
    told: { checkpoints: [AUDIT_CHECKPOINT], keys: [CHECKPOINT_KEY], next_cursor: null },
    status: 200,
  } as const
  const page = ({ cursor, limit }: z.output<typeof NumberedPageQuery>) => ({
    before: cursor === undefined ? NEWEST : Number(cursor),
    limit: limitOf(limit),
  })
  return [
    adminRoute(deps, {
      ...shared,
      ...{ path: '/tenants/:tenant/audit-checkpoints', operationId: 'listTenantCheckpoints' },
      summary: "Read the signed checkpoints of a tenant's audit trail",
      description: 'Newest first. Who keeps them can show later that the trail was another.',
      refusals: { 404: 'No such tenant, or not one of this token.' },
      run: async ({ actor, query, path }) => ({
        value: tellCheckpoints(await readCheckpoints(deps, actor, path('tenant'), page(query))),
      }),
    }),
    adminRoute(deps, {
      ...shared,
      ...{ path: '/audit-checkpoints', operationId: 'listSystemCheckpoints' },
      summary: 'Read the signed checkpoints of the audit trail of what belongs to no tenant',
      description: 'Needs a token for all tenants.',
      run: async ({ actor, query }) => ({
        value: tellCheckpoints(await readCheckpoints(deps, actor, undefined, page(query))),
      }),
    }),
  ]
}

function tellCheckpoints({ checkpoints, keys, next }: CheckpointPage) {
  return {
    checkpoints: checkpoints.map(({ seq, startSeq, jws, createdAt }) => ({
      ...{ seq, start_seq: startSeq, jws, created_at: createdAt },
    })),
    keys: [...keys],
    next_cursor: next === undefined ? null : String(next),
  }
}

function selectionOf(query: z.output<typeof AuditQuery>): AuditSelection {
  const { correlation_id: correlationId, type, client_id: clientId, from, until } = query
  const { cursor, limit } = query
  if (correlationId === undefined) {
    const before = cursor === undefined ? NEWEST : Number(cursor)
    return {
      ...{ by: 'time', type, clientId: clientId as ClientId | undefined },
      ...{ from: instantOf(from), until: instantOf(until) },
      ...{ before, limit: limitOf(limit) },
    }
  }
  if ([type, clientId, from, until, cursor, limit].some((other) => other !== undefined)) {
    return fail({ kind: 'invalid_request', detail: 'correlation_id: stands alone' })
  }
  return { by: 'correlation', correlationId: correlationId as CorrelationId }
}

function instantOf(text: string | undefined): IsoInstant | undefined {
  return text === undefined ? undefined : toInstant(Date.parse(text))
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
