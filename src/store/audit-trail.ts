/** `audit_event` from its beginning to its end, for those who check it, and `audit_checkpoint`, which says what it was. */
import { sql } from 'kysely'
import type { TenantId } from '../domain/ids.ts'
import type { IsoInstant } from '../domain/time.ts'
import { anyOf, type Params, sqlStatement, statement } from './statement.ts'

/** The events behind the place `after`, in order. */
export const readTrail = statement(
  'read_trail',
  (q, p: Params<{ tenantId: TenantId; after: number; limit: number }>) =>
    q
      .selectFrom('audit_event')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .where('seq', '>', p('after'))
      .orderBy('seq')
      .limit(p('limit')),
)

/** What events of these types in a stretch of the trail tell, in order. */
export const readDetails = statement(
  'read_details',
  (q, p: Params<{ tenantId: TenantId; after: number; upTo: number; types: readonly string[] }>) =>
    q
      .selectFrom('audit_event')
      .select('detail')
      .where('tenant_id', '=', p('tenantId'))
      .where('seq', '>', p('after'))
      .where('seq', '<=', p('upTo'))
      .where('event_type', '=', anyOf(p('types')))
      .orderBy('seq'),
)

/** The newest event's place. */
export const findTrailHead = statement('find_trail_head', (q, p: Params<{ tenantId: TenantId }>) =>
  q
    .selectFrom('audit_event')
    .select(['seq', 'row_hash', 'created_at'])
    .where('tenant_id', '=', p('tenantId'))
    .orderBy('seq', 'desc')
    .limit(1),
)

/** The newest event from before a time. */
export const findTrailPlaceBefore = statement(
  'find_trail_place_before',
  (q, p: Params<{ tenantId: TenantId; before: IsoInstant }>) =>
    q
      .selectFrom('audit_event')
      .select(['seq', 'row_hash'])
      .where('tenant_id', '=', p('tenantId'))
      .where('created_at', '<', p('before'))
      .orderBy('created_at', 'desc')
      .orderBy('seq', 'desc')
      .limit(1),
)

/** The checkpoint that says most. */
export const findNewestCheckpoint = statement(
  'find_newest_checkpoint',
  (q, p: Params<{ tenantId: TenantId }>) =>
    q
      .selectFrom('audit_checkpoint')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .orderBy('seq', 'desc')
      .orderBy('start_seq', 'desc')
      .orderBy('created_at', 'desc')
      .limit(1),
)

/** The checkpoints behind the place `after`, up to and with `until`. */
export const listCheckpoints = statement(
  'list_checkpoints',
  (q, p: Params<{ tenantId: TenantId; after: number; until: number }>) =>
    q
      .selectFrom('audit_checkpoint')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .where('seq', '>', p('after'))
      .where('seq', '<=', p('until'))
      .orderBy('seq'),
)

/** Checkpoints, newest first, before the place `before`. */
export const findCheckpoints = statement(
  'find_checkpoints',
  (q, p: Params<{ tenantId: TenantId; before: number; limit: number }>) =>
    q
      .selectFrom('audit_checkpoint')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .where('seq', '<', p('before'))
      .orderBy('seq', 'desc')
      .limit(p('limit')),
)

/** Writes a checkpoint that was signed and sent away; once more is no error. */
export const insertCheckpoint = sqlStatement(
  'insert_checkpoint',
  (
    p: Params<{
      tenantId: TenantId
      seq: number
      rowHash: string
      startSeq: number
      startHash: string
      kid: string
      jws: string
      now: IsoInstant
    }>,
  ) => sql<{ changed: number }>`
    INSERT INTO audit_checkpoint (tenant_id, seq, row_hash, start_seq, start_hash, kid, jws, created_at)
    VALUES (${p('tenantId')}, ${p('seq')}, ${p('rowHash')}, ${p('startSeq')}, ${p('startHash')}, ${p('kid')},
            ${p('jws')}, ${p('now')})
    ON CONFLICT DO NOTHING`,
)

/** Removes at most `limit` events up to the start that the newest checkpoint names (sql/006: the database judges it). */
export const pruneTrail = sqlStatement(
  'prune_trail',
  (p: Params<{ tenantId: TenantId; limit: number }>) => sql<{ removed: number }>`
    SELECT audit_prune(${p('tenantId')}, ${p('limit')}) AS removed`,
)
