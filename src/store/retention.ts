/** `retention_rule`, and the walks over what is old. A walk goes along a primary key: no index holds what every login writes. */
import { type RawBuilder, sql } from 'kysely'
import type { BindingId, IdentityId, MatchId, TenantId } from '../domain/ids.ts'
import type { DataKind } from '../domain/retention.ts'
import type { IsoInstant } from '../domain/time.ts'
import { OF_RESTRICTED } from './auxiliary.ts'
import { anyOf, type Params, sqlStatement, statement } from './statement.ts'

export const findRetentionRules = statement(
  'find_retention_rules',
  (q, p: Params<{ tenantId: TenantId }>) =>
    q.selectFrom('retention_rule').selectAll().where('tenant_id', '=', p('tenantId')),
)

export const saveRetentionRule = sqlStatement(
  'save_retention_rule',
  (
    p: Params<{
      tenantId: TenantId
      kind: DataKind
      days: number | null
      noticeDays: number | null
      ground: string | null
      now: IsoInstant
      by: string
    }>,
  ) => sql<{ changed: number }>`
    INSERT INTO retention_rule (tenant_id, kind, days, notice_days, ground, changed_at, changed_by)
    VALUES (${p('tenantId')}, ${p('kind')}, ${p('days')}::integer, ${p('noticeDays')}::integer, ${p('ground')},
            ${p('now')}, ${p('by')})
    ON CONFLICT (tenant_id, kind) DO UPDATE
      SET days = excluded.days, notice_days = excluded.notice_days, ground = excluded.ground,
          changed_at = excluded.changed_at, changed_by = excluded.changed_by`,
)

/** The latest that a kept instant can mean, as `latestUse` of domain/last-use.ts: midnight stands for its whole day. */
const used = (column: RawBuilder<unknown>) =>
  sql`(CASE WHEN ${column} LIKE '%T00:00:00.000Z' THEN left(${column}, 10) || 'T23:59:59.999Z' ELSE ${column} END COLLATE "C")`

/** One page of a walk: whom something is to be done about, and after which id the next one begins. No row at the end. */
export interface Page {
  last: string
  people: readonly IdentityId[]
}

type Paging = Params<{ tenantId: TenantId; after: string; limit: number }>

const BINDING_PAGE = (p: Paging) => sql`page AS MATERIALIZED (
      SELECT id, match_id, ${used(sql`last_used_at`)} AS last_used_at, inactivity_warned_at AS told, deleted_at FROM identity_link_binding
       WHERE tenant_id = ${p('tenantId')} AND id > ${p('after')} ORDER BY id LIMIT ${p('limit')}
    )`
const MATCH_PAGE = (p: Paging) => sql`page AS MATERIALIZED (
      SELECT id, internal_identity_id, ${used(sql`last_used_at`)} AS last_used_at, deleted_at FROM identity_match
       WHERE tenant_id = ${p('tenantId')} AND id > ${p('after')} ORDER BY id LIMIT ${p('limit')}
    )`

/** People with a live binding in this page that ends, or whose end is to be told. */
export const walkBindings = sqlStatement(
  'walk_bindings',
  (
    p: Params<{
      tenantId: TenantId
      after: string
      limit: number
      endBefore: IsoInstant
      warnBefore: IsoInstant
      toldBefore: IsoInstant
      noticeDays: number
    }>,
  ) => sql<Page>`
    WITH ${BINDING_PAGE(p)}, due AS (
      SELECT DISTINCT i.id
        FROM page
        JOIN identity_match m ON m.tenant_id = ${p('tenantId')} AND m.id = page.match_id
        JOIN identity i ON i.tenant_id = m.tenant_id AND i.id = m.internal_identity_id
       WHERE page.deleted_at IS NULL AND i.status = 'ACTIVE' AND CASE
               WHEN ${p('noticeDays')}::integer = 0 THEN page.last_used_at <= ${p('endBefore')}
               WHEN page.told IS NULL OR page.told < page.last_used_at THEN page.last_used_at <= ${p('warnBefore')}
               ELSE page.last_used_at <= ${p('endBefore')} AND page.told <= ${p('toldBefore')} END
    )
    SELECT max(id) AS last, ARRAY(SELECT id FROM due ORDER BY id) AS people FROM page HAVING count(*) > 0`,
)

/** People without any live binding who have a live match in this page that was not used since. */
export const walkMatches = sqlStatement(
  'walk_matches',
  (
    p: Params<{ tenantId: TenantId; after: string; limit: number; endBefore: IsoInstant }>,
  ) => sql<Page>`
    WITH ${MATCH_PAGE(p)}, due AS (
      SELECT DISTINCT i.id
        FROM page
        JOIN identity i ON i.tenant_id = ${p('tenantId')} AND i.id = page.internal_identity_id
       WHERE page.deleted_at IS NULL AND page.last_used_at <= ${p('endBefore')} AND i.status = 'ACTIVE'
         AND NOT EXISTS (
           SELECT FROM identity_match m
             JOIN identity_link_binding b ON b.tenant_id = m.tenant_id AND b.match_id = m.id
            WHERE m.tenant_id = i.tenant_id AND m.internal_identity_id = i.id AND b.deleted_at IS NULL)
    )
    SELECT max(id) AS last, ARRAY(SELECT id FROM due ORDER BY id) AS people FROM page HAVING count(*) > 0`,
)

/** It was told that these end. */
export const markWarned = statement(
  'mark_warned',
  (q, p: Params<{ tenantId: TenantId; ids: readonly BindingId[]; now: IsoInstant }>) =>
    q
      .updateTable('identity_link_binding')
      .set({ inactivity_warned_at: p('now') })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', anyOf(p('ids'))),
)

/** The match `m` is not of a person under restriction. */
const UNRESTRICTED = sql`NOT EXISTS (
         SELECT FROM identity i WHERE i.tenant_id = m.tenant_id AND i.id = m.internal_identity_id AND i.status = 'RESTRICTED')`

/** Ended matches past the time in which they could be restored, oldest first; not those of a person under restriction. */
export const findPurgeableMatches = sqlStatement(
  'find_purgeable_matches',
  (p: Params<{ tenantId: TenantId; before: IsoInstant; limit: number }>) => sql<{
    id: MatchId
    identity_id: IdentityId
  }>`
    SELECT m.id, m.internal_identity_id AS identity_id FROM identity_match m
     WHERE m.tenant_id = ${p('tenantId')} AND m.deleted_at < ${p('before')} AND ${UNRESTRICTED}
     ORDER BY m.deleted_at, m.id LIMIT ${p('limit')}`,
)

/** The same for bindings that ended while their match lives on. */
export const findPurgeableBindings = sqlStatement(
  'find_purgeable_bindings',
  (p: Params<{ tenantId: TenantId; before: IsoInstant; limit: number }>) => sql<{
    id: BindingId
    identity_id: IdentityId
  }>`
    SELECT b.id, m.internal_identity_id AS identity_id FROM identity_link_binding b
      JOIN identity_match m ON m.tenant_id = b.tenant_id AND m.id = b.match_id
     WHERE b.tenant_id = ${p('tenantId')} AND b.deleted_at < ${p('before')} AND ${UNRESTRICTED}
     ORDER BY b.deleted_at, b.id LIMIT ${p('limit')}`,
)

/**
 * Removes these bindings, and whatever hangs on these matches: what was restored meanwhile stays, for whoever restores holds
 * the person, as does whoever asks this.
 */
export const purgeBindings = sqlStatement(
  'purge_bindings',
  (
    p: Params<{
      tenantId: TenantId
      ids: readonly BindingId[]
      matchIds: readonly MatchId[]
      before: IsoInstant
    }>,
  ) => sql<{ id: BindingId }>`
    DELETE FROM identity_link_binding
     WHERE tenant_id = ${p('tenantId')} AND id = ANY (ARRAY(
       SELECT b.id FROM identity_link_binding b
        WHERE b.tenant_id = ${p('tenantId')} AND b.id = ANY (${p('ids')}::text[]) AND b.deleted_at < ${p('before')}
       UNION
       SELECT b.id FROM identity_match m
         JOIN identity_link_binding b ON b.tenant_id = m.tenant_id AND b.match_id = m.id
        WHERE m.tenant_id = ${p('tenantId')} AND m.id = ANY (${p('matchIds')}::text[]) AND m.deleted_at < ${p('before')}))
    RETURNING id`,
)

/** Removes these matches, tombstones too, once nothing hangs on them; what was restored meanwhile stays. */
export const purgeMatches = sqlStatement(
  'purge_matches',
  (p: Params<{ tenantId: TenantId; ids: readonly MatchId[]; before: IsoInstant }>) => sql<{
    deletion_reason: string | null
  }>`
    DELETE FROM identity_match
     WHERE tenant_id = ${p('tenantId')} AND id = ANY (${p('ids')}::text[]) AND deleted_at < ${p('before')}
    RETURNING deletion_reason`,
)

/** People whom nothing leads to: no match, ended ones counted, of their own or of anybody merged with them. */
export const walkUnreachable = sqlStatement(
  'walk_unreachable',
  (
    p: Params<{ tenantId: TenantId; after: string; limit: number; before: IsoInstant }>,
  ) => sql<Page>`
    WITH page AS MATERIALIZED (
      SELECT id, status, created_at FROM identity
       WHERE tenant_id = ${p('tenantId')} AND id > ${p('after')} ORDER BY id LIMIT ${p('limit')}
    )
    SELECT max(id) AS last, ARRAY(
      SELECT one.id FROM page AS one
       WHERE one.status = 'ACTIVE' AND one.created_at < ${p('before')}
         AND NOT EXISTS (SELECT FROM identity_match m
                          WHERE m.tenant_id = ${p('tenantId')} AND m.internal_identity_id = one.id)
       ORDER BY one.id) AS people
      FROM page HAVING count(*) > 0`,
)

/** How many matches these people have, ended ones too. */
export const countMatchesOf = sqlStatement(
  'count_matches_of',
  (p: Params<{ tenantId: TenantId; people: readonly IdentityId[] }>) => sql<{ count: number }>`
    SELECT count(*)::int AS count FROM identity_match
     WHERE tenant_id = ${p('tenantId')} AND internal_identity_id = ANY (${p('people')}::text[])`,
)

/** → ERASED without a receipt: nobody asked for it, and nobody could any more. */
export const markForgotten = statement(
  'mark_forgotten',
  (q, p: Params<{ tenantId: TenantId; people: readonly IdentityId[] }>) =>
    q
      .updateTable('identity')
      .set({
        status: 'ERASED',
        merged_into: null,
        wrapped_data_key: null,
        data_key_version: null,
        audit_salt: null,
      })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', anyOf(p('people'))),
)

/** One page of a count along a primary key; no row at the end. */
export interface CountedPage {
  last: string
  links: number
  warned: number
}

/** Live bindings in this page that end, or whose end would be told. A told end counts as told for as long as it will have been. */
export const countDueBindings = sqlStatement(
  'count_due_bindings',
  (
    p: Params<{
      tenantId: TenantId
      after: string
      limit: number
      endBefore: IsoInstant
      warnBefore: IsoInstant
      toldBefore: IsoInstant
      noticeDays: number
    }>,
  ) => sql<CountedPage>`
    WITH ${BINDING_PAGE(p)}, live AS (
      SELECT page.last_used_at, page.told FROM page
        JOIN identity_match m ON m.tenant_id = ${p('tenantId')} AND m.id = page.match_id
        JOIN identity i ON i.tenant_id = m.tenant_id AND i.id = m.internal_identity_id AND i.status = 'ACTIVE'
       WHERE page.deleted_at IS NULL AND page.last_used_at <= ${p('warnBefore')}
    )
    SELECT whole.last,
           (SELECT count(*)::int FROM live WHERE last_used_at <= ${p('endBefore')}
               AND (${p('noticeDays')}::integer = 0 OR told >= last_used_at AND told <= ${p('toldBefore')})) AS links,
           (SELECT count(*)::int FROM live WHERE ${p('noticeDays')}::integer > 0 AND (told IS NULL OR told < last_used_at)) AS warned
      FROM (SELECT max(id) AS last FROM page) AS whole WHERE whole.last IS NOT NULL`,
)

/** Live matches in this page that end without a binding. */
export const countDueMatches = sqlStatement(
  'count_due_matches',
  (
    p: Params<{ tenantId: TenantId; after: string; limit: number; endBefore: IsoInstant }>,
  ) => sql<CountedPage>`
    WITH ${MATCH_PAGE(p)}
    SELECT whole.last, 0 AS warned,
           (SELECT count(*)::int FROM page
              JOIN identity i ON i.tenant_id = ${p('tenantId')} AND i.id = page.internal_identity_id AND i.status = 'ACTIVE'
             WHERE page.deleted_at IS NULL AND page.last_used_at <= ${p('endBefore')}
               AND NOT EXISTS (
                 SELECT FROM identity_match o
                   JOIN identity_link_binding b ON b.tenant_id = o.tenant_id AND b.match_id = o.id
                  WHERE o.tenant_id = i.tenant_id AND o.internal_identity_id = i.id AND b.deleted_at IS NULL)) AS links
      FROM (SELECT max(id) AS last FROM page) AS whole WHERE whole.last IS NOT NULL`,
)

/** Rows of each kind, but for links, that are past these times, as the jobs would find them; of each table `most` at most. */
export interface DueCounts {
  ended_links: number
  auxiliary: number
  logins: number
  grants: number
  repeats: number
  messages: number
  audit_events: number
}

/** Counts rows, but no more than `most`: what comes after is not looked for. */
const countOf = (rows: RawBuilder<unknown>, most: RawBuilder<unknown>) =>
  sql`(SELECT count(*)::int FROM (SELECT 1 ${rows} LIMIT ${most}) AS found)`

/** What is due at `at`, without touching anything: each kind by the index that its job goes by. */
export const countDue = sqlStatement(
  'count_due',
  (
    p: Params<{
      tenantId: TenantId
      at: IsoInstant
      purgeBefore: IsoInstant
      endedBefore: IsoInstant
      deliveredBefore: IsoInstant
      deadBefore: IsoInstant
      trailBefore: IsoInstant
      most: number
    }>,
  ) => {
    const count = (rows: RawBuilder<unknown>) => countOf(rows, sql`${p('most')}::integer`)
    const past = (table: string, before: RawBuilder<unknown>) =>
      count(
        sql`FROM ${sql.table(table)} WHERE tenant_id = ${p('tenantId')} AND expires_at <= ${before}`,
      )
    const [now, ended] = [sql`${p('at')}`, sql`${p('endedBefore')}`]
    return sql<DueCounts>`
    SELECT ${count(sql`FROM identity_match m
               WHERE m.tenant_id = ${p('tenantId')} AND m.deleted_at < ${p('purgeBefore')} AND ${UNRESTRICTED}`)}
             + ${count(sql`FROM identity_link_binding b
                 JOIN identity_match m ON m.tenant_id = b.tenant_id AND m.id = b.match_id
                WHERE b.tenant_id = ${p('tenantId')} AND b.deleted_at < ${p('purgeBefore')} AND ${UNRESTRICTED}`)} AS ended_links,
           ${count(sql`FROM auxiliary_data a
               WHERE a.tenant_id = ${p('tenantId')} AND a.expires_at <= ${p('at')} AND NOT ${OF_RESTRICTED}`)} AS auxiliary,
           ${past('journey', ended)} + ${past('reconciliation_session', ended)} AS logins,
           ${past('login_grant', now)} AS grants,
           ${past('idempotency_key', now)} AS repeats,
           ${count(sql`FROM outbox
               WHERE tenant_id = ${p('tenantId')} AND delivered_at IS NOT NULL AND dead_at IS NULL
                 AND created_at < ${p('deliveredBefore')} AND delivered_at < ${p('deliveredBefore')}`)}
             + ${count(sql`FROM outbox
                WHERE tenant_id = ${p('tenantId')} AND dead_at IS NOT NULL
                  AND created_at < ${p('deadBefore')} AND dead_at < ${p('deadBefore')}`)} AS messages,
           (SELECT count(*)::int FROM (
              SELECT created_at, seq FROM audit_event WHERE tenant_id = ${p('tenantId')} ORDER BY seq LIMIT ${p('most')}::integer
            ) AS oldest
             WHERE created_at < ${p('trailBefore')}
               AND seq < (SELECT max(seq) FROM audit_event WHERE tenant_id = ${p('tenantId')})) AS audit_events`
  },
)
