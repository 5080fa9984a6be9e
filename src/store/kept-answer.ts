/** `kept_answer`: what authorities and issuers publish and logins rest on, as it was sent last. */
import { sql } from 'kysely'
import type { TenantId } from '../domain/ids.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { KeptAnswerKind } from './schema.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

/*
 * A tenant has at most 1000 of them, which is more certificates and issuers than a federation shows us. Who comes later is
 * asked by each login.
 */

/** All of them, without what was said. */
export const listKeptAnswers = statement(
  'list_kept_answers',
  (q, p: Params<{ tenantId: TenantId }>) =>
    q
      .selectFrom('kept_answer')
      .select(['name', 'kind', 'about', 'source', 'issued_at', 'fetched_at', 'fresh_until'])
      .select(['checked_at', 'seen_at', 'problem'])
      .where('tenant_id', '=', p('tenantId'))
      .orderBy('kind')
      .orderBy('about')
      .orderBy('name')
      .limit(1_000),
)

export const findKeptAnswer = statement(
  'find_kept_answer',
  (q, p: Params<{ tenantId: TenantId; name: string }>) =>
    q
      .selectFrom('kept_answer')
      .select(['document', 'fetched_at', 'fresh_until', 'seen_at'])
      .where('tenant_id', '=', p('tenantId'))
      .where('name', '=', p('name')),
)

/** Keeps an answer, unless a later one is kept already, whoever is faster. */
export const keepAnswer = sqlStatement(
  'keep_answer',
  (
    p: Params<{
      tenantId: TenantId
      name: string
      kind: KeptAnswerKind
      about: string
      source: string
      document: string
      issuedAt: IsoInstant
      fetchedAt: IsoInstant
      freshUntil: IsoInstant
      now: IsoInstant
    }>,
  ) => sql`
    INSERT INTO kept_answer
      (tenant_id, name, kind, about, source, document, issued_at, fetched_at, fresh_until, checked_at, seen_at)
    SELECT ${p('tenantId')}, ${p('name')}, ${p('kind')}, ${p('about')}, ${p('source')}, ${p('document')}, ${p('issuedAt')},
           ${p('fetchedAt')}, ${p('freshUntil')}, ${p('now')}, ${p('now')}
     WHERE EXISTS (SELECT FROM kept_answer k WHERE k.tenant_id = ${p('tenantId')} AND k.name = ${p('name')})
        OR (SELECT count(*) FROM kept_answer k WHERE k.tenant_id = ${p('tenantId')}) < 1000
    ON CONFLICT (tenant_id, name) DO UPDATE
      SET document = excluded.document, issued_at = excluded.issued_at, fetched_at = excluded.fetched_at,
          fresh_until = excluded.fresh_until, checked_at = excluded.checked_at, problem = NULL
      WHERE kept_answer.issued_at IS NULL OR kept_answer.issued_at <= excluded.issued_at`,
)

/** A login needed it, when none had for a while. */
export const markAnswerSeen = statement(
  'mark_answer_seen',
  (q, p: Params<{ tenantId: TenantId; name: string; now: IsoInstant }>) =>
    q
      .updateTable('kept_answer')
      .set({ seen_at: p('now') })
      .where('tenant_id', '=', p('tenantId'))
      .where('name', '=', p('name')),
)

/** Notes that an answer could not be had, or was not believed; what is kept of it stays. */
export const noteAnswerProblem = sqlStatement(
  'note_answer_problem',
  (
    p: Params<{
      tenantId: TenantId
      name: string
      kind: KeptAnswerKind
      about: string
      source: string
      problem: string
      now: IsoInstant
    }>,
  ) => sql`
    INSERT INTO kept_answer (tenant_id, name, kind, about, source, checked_at, seen_at, problem)
    SELECT ${p('tenantId')}, ${p('name')}, ${p('kind')}, ${p('about')}, ${p('source')}, ${p('now')}, ${p('now')}, ${p('problem')}
     WHERE EXISTS (SELECT FROM kept_answer k WHERE k.tenant_id = ${p('tenantId')} AND k.name = ${p('name')})
        OR (SELECT count(*) FROM kept_answer k WHERE k.tenant_id = ${p('tenantId')}) < 1000
    ON CONFLICT (tenant_id, name) DO UPDATE SET checked_at = excluded.checked_at, problem = excluded.problem`,
)

export const dropKeptAnswer = statement(
  'drop_kept_answer',
  (q, p: Params<{ tenantId: TenantId; name: string }>) =>
    q
      .deleteFrom('kept_answer')
      .where('tenant_id', '=', p('tenantId'))
      .where('name', '=', p('name')),
)
