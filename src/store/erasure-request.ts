/** `erasure_policy` and `erasure_request`: many people to be erased together, approved, waiting, and done by a job. */
import { type Selectable, sql } from 'kysely'
import type { ErasureGround } from '../domain/erasure.ts'
import type { ErasureRequestId, IdentityId, TenantId } from '../domain/ids.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { ErasureRequestTable } from './schema.ts'
import { anyOf, type Params, sqlStatement, statement } from './statement.ts'

export type ErasureRequestRow = Selectable<ErasureRequestTable>

export const findErasurePolicy = statement(
  'find_erasure_policy',
  (q, p: Params<{ tenantId: TenantId }>) =>
    q
      .selectFrom('erasure_policy')
      .select(['four_eyes', 'wait_hours'])
      .where('tenant_id', '=', p('tenantId')),
)

export const putErasurePolicy = sqlStatement(
  'put_erasure_policy',
  (p: Params<{ tenantId: TenantId; fourEyes: 0 | 1; waitHours: number; now: IsoInstant }>) => sql<{
    changed: number
  }>`
    INSERT INTO erasure_policy (tenant_id, four_eyes, wait_hours, updated_at)
    VALUES (${p('tenantId')}, ${p('fourEyes')}, ${p('waitHours')}, ${p('now')})
    ON CONFLICT (tenant_id) DO UPDATE
      SET four_eyes = excluded.four_eyes, wait_hours = excluded.wait_hours, updated_at = excluded.updated_at`,
)

/** Which of these people are there, erased ones too. */
export const findThese = statement(
  'find_these_people',
  (q, p: Params<{ tenantId: TenantId; people: readonly IdentityId[] }>) =>
    q
      .selectFrom('identity')
      .select(['id'])
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', anyOf(p('people'))),
)

export const insertErasureRequest = statement(
  'insert_erasure_request',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: ErasureRequestId
      state: 'waiting' | 'approved'
      ground: ErasureGround
      people: readonly IdentityId[]
      requestedBy: string
      now: IsoInstant
      dueAt: IsoInstant
    }>,
  ) =>
    q.insertInto('erasure_request').values({
      tenant_id: p('tenantId'),
      id: p('id'),
      state: p('state'),
      ground: p('ground'),
      people: p('people'),
      requested_by: p('requestedBy'),
      requested_at: p('now'),
      due_at: p('dueAt'),
    }),
)

/** The request, locked: of an approval and a cancellation at once one is second. */
export const lockErasureRequest = statement(
  'lock_erasure_request',
  (q, p: Params<{ tenantId: TenantId; id: ErasureRequestId }>) =>
    q
      .selectFrom('erasure_request')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .forUpdate(),
)

/** Who asked for it, and where it stands. */
export const findErasureRequest = statement(
  'find_erasure_request',
  (q, p: Params<{ tenantId: TenantId; id: ErasureRequestId }>) =>
    q
      .selectFrom('erasure_request')
      .select(['state', 'requested_by', 'requested_at'])
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id')),
)

/** Whether it is approved still, held until the transaction ends: a cancellation waits for it, and counts from then on. */
export const shareErasureRequest = statement(
  'share_erasure_request',
  (q, p: Params<{ tenantId: TenantId; id: ErasureRequestId }>) =>
    q
      .selectFrom('erasure_request')
      .select('state')
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .forShare(),
)

/** How many of these people are erased. */
export const countErased = sqlStatement(
  'count_erased',
  (p: Params<{ tenantId: TenantId; people: readonly IdentityId[] }>) => sql<{ count: number }>`
    SELECT count(*)::int AS count FROM identity
     WHERE tenant_id = ${p('tenantId')} AND id = ANY (${p('people')}::text[]) AND status = 'ERASED'`,
)

/** approved → waiting: whoever stood behind it does no longer. */
export const reopenErasureRequest = statement(
  'reopen_erasure_request',
  (q, p: Params<{ tenantId: TenantId; id: ErasureRequestId }>) =>
    q
      .updateTable('erasure_request')
      .set({ state: 'waiting', approved_by: null, approved_at: null })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('state', '=', 'approved'),
)

/** Newest first. */
export const listErasureRequests = statement(
  'list_erasure_requests',
  (q, p: Params<{ tenantId: TenantId; limit: number }>) =>
    q
      .selectFrom('erasure_request')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .orderBy('requested_at', 'desc')
      .orderBy('id')
      .limit(p('limit')),
)

/** waiting → approved; it waits its time from then on. */
export const approveErasureRequest = statement(
  'approve_erasure_request',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: ErasureRequestId
      actor: string
      now: IsoInstant
      dueAt: IsoInstant
    }>,
  ) =>
    q
      .updateTable('erasure_request')
      .set({
        state: 'approved',
        approved_by: p('actor'),
        approved_at: p('now'),
        due_at: p('dueAt'),
      })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('state', '=', 'waiting'),
)

/** waiting or approved → cancelled or done; whom it was about is forgotten. */
export const endErasureRequest = statement(
  'end_erasure_request',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: ErasureRequestId
      state: 'cancelled' | 'done'
      erased: number
      now: IsoInstant
    }>,
  ) =>
    q
      .updateTable('erasure_request')
      .set({
        state: p('state'),
        people: sql<IdentityId[]>`'{}'`,
        erased: p('erased'),
        ended_at: p('now'),
      })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('state', 'in', ['waiting', 'approved']),
)

/** What is approved and has waited long enough; the oldest. */
export const findDueErasures = statement(
  'find_due_erasures',
  (q, p: Params<{ tenantId: TenantId; now: IsoInstant }>) =>
    q
      .selectFrom('erasure_request')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .where('state', '=', 'approved')
      .where('due_at', '<=', p('now'))
      .orderBy('due_at')
      .orderBy('id')
      .limit(1),
)
