/** `trusted_list`: lists that others keep, as they were believed last; one a tenant and address. */
import { sql } from 'kysely'
import type { TenantId } from '../domain/ids.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

export const listTrustedLists = statement(
  'list_trusted_lists',
  (q, p: Params<{ tenantId: TenantId }>) =>
    q
      .selectFrom('trusted_list')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .orderBy('url')
      .limit(200),
)

/** Keeps an issue of a list. No row where a later one is kept already: the number never goes back, whoever is faster. */
export const storeTrustedList = sqlStatement(
  'store_trusted_list',
  (
    p: Params<{
      tenantId: TenantId
      url: string
      signers: string
      sequence: number
      issuedAt: IsoInstant
      nextUpdate: IsoInstant
      services: string
      pointers: string
      now: IsoInstant
    }>,
  ) => sql<{ url: string }>`
    INSERT INTO trusted_list (tenant_id, url, signers, sequence, issued_at, next_update, services, pointers, fetched_at, checked_at)
    VALUES (${p('tenantId')}, ${p('url')}, ${p('signers')}, ${p('sequence')}, ${p('issuedAt')}, ${p('nextUpdate')},
            ${p('services')}, ${p('pointers')}, ${p('now')}, ${p('now')})
    ON CONFLICT (tenant_id, url) DO UPDATE
      SET signers = excluded.signers, sequence = excluded.sequence, issued_at = excluded.issued_at,
          next_update = excluded.next_update, services = excluded.services, pointers = excluded.pointers, fetched_at = excluded.fetched_at,
          checked_at = excluded.checked_at, problem = NULL
      WHERE trusted_list.sequence IS NULL OR trusted_list.sequence <= excluded.sequence
    RETURNING url`,
)

/** Notes that a list could not be had, or was not believed; what is kept of it stays. */
export const noteListProblem = sqlStatement(
  'note_list_problem',
  (p: Params<{ tenantId: TenantId; url: string; problem: string; now: IsoInstant }>) => sql<{
    changed: number
  }>`
    INSERT INTO trusted_list (tenant_id, url, problem, checked_at)
    VALUES (${p('tenantId')}, ${p('url')}, ${p('problem')}, ${p('now')})
    ON CONFLICT (tenant_id, url) DO UPDATE SET problem = excluded.problem, checked_at = excluded.checked_at`,
)

/** For a list that the tenant's policy does not name any more. */
export const dropTrustedList = statement(
  'drop_trusted_list',
  (q, p: Params<{ tenantId: TenantId; url: string }>) =>
    q.deleteFrom('trusted_list').where('tenant_id', '=', p('tenantId')).where('url', '=', p('url')),
)
