/**
 * `pairwise_subject`: what relying parties know a person by. A login makes one where there is none (`grant_journey`);
 * here is what a merge and a split do with those that are there.
 */
import { sql } from 'kysely'
import type { IdentityId, TenantId } from '../domain/ids.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

/** What relying parties of the sector know a person by; none where they never met. */
export const findSubject = statement(
  'find_subject',
  (q, p: Params<{ tenantId: TenantId; identityId: IdentityId; sector: string }>) =>
    q
      .selectFrom('pairwise_subject')
      .select('subject')
      .where('tenant_id', '=', p('tenantId'))
      .where('identity_id', '=', p('identityId'))
      .where('sector', '=', p('sector')),
)

/** Lets go of every subject that was made for one of these people: nobody is known by them until they are given anew. */
export const releaseSubjects = sqlStatement(
  'release_subjects',
  (p: Params<{ tenantId: TenantId; people: readonly IdentityId[] }>) => sql<{ changed: number }>`
    UPDATE pairwise_subject SET origin_id = COALESCE(origin_id, identity_id), identity_id = NULL
     WHERE tenant_id = ${p('tenantId')}
       AND ((origin_id IS NULL AND identity_id = ANY (${p('people')}::text[])) OR origin_id = ANY (${p('people')}::text[]))`,
)

/**
 * Gives the person, in each sector, the oldest of the subjects that were made for anybody of the family; the others
 * wait. Only subjects that were released before.
 */
export const giveSubjects = sqlStatement(
  'give_subjects',
  (p: Params<{ tenantId: TenantId; id: IdentityId; family: readonly IdentityId[] }>) => sql<{
    changed: number
  }>`
    UPDATE pairwise_subject s SET identity_id = ${p('id')}, origin_id = NULLIF(s.origin_id, ${p('id')})
      FROM (
        SELECT DISTINCT ON (sector) subject FROM pairwise_subject
         WHERE tenant_id = ${p('tenantId')} AND origin_id = ANY (${p('family')}::text[]) AND identity_id IS NULL
         ORDER BY sector, created_at, subject
      ) AS oldest
     WHERE s.tenant_id = ${p('tenantId')} AND s.subject = oldest.subject`,
)
