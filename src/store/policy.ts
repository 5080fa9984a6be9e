/** `policy_version`: published documents, numbered by tenant and kind, never changed. */
import { sql } from 'kysely'
import type { TenantId } from '../domain/ids.ts'
import type { PolicyKind } from '../domain/policy.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

export interface PolicyRow {
  kind: PolicyKind
  version: number
  document: string
}

/** The newest document of each kind. */
export const findCurrentPolicies = sqlStatement(
  'find_current_policies',
  (p: Params<{ tenantId: TenantId }>) => sql<PolicyRow>`
    SELECT DISTINCT ON (kind) kind, version, document
      FROM policy_version WHERE tenant_id = ${p('tenantId')} ORDER BY kind, version DESC`,
)

/** One document by its number: a journey ends with the policies it began with. */
export const findPolicy = statement(
  'find_policy',
  (q, p: Params<{ tenantId: TenantId; kind: PolicyKind; version: number }>) =>
    q
      .selectFrom('policy_version')
      .select(['kind', 'version', 'document', 'digest', 'published_at', 'published_by'])
      .where('tenant_id', '=', p('tenantId'))
      .where('kind', '=', p('kind'))
      .where('version', '=', p('version')),
)

/** Every version of a kind, newest first, without the documents; at most 100. */
export const listPolicyVersions = statement(
  'list_policy_versions',
  (q, p: Params<{ tenantId: TenantId; kind: PolicyKind }>) =>
    q
      .selectFrom('policy_version')
      .select(['version', 'digest', 'published_at', 'published_by'])
      .where('tenant_id', '=', p('tenantId'))
      .where('kind', '=', p('kind'))
      .orderBy('version', 'desc')
      .limit(100),
)

/** The next version; two publishers at once: the primary key lets one of them win. */
export const insertPolicy = sqlStatement(
  'insert_policy',
  (
    p: Params<{
      tenantId: TenantId
      kind: PolicyKind
      document: string
      digest: string
      publishedBy: string
      now: IsoInstant
    }>,
  ) => sql<{ version: number }>`
    INSERT INTO policy_version (tenant_id, kind, version, document, digest, published_at, published_by)
    SELECT ${p('tenantId')}, ${p('kind')}, coalesce(max(version), 0) + 1, ${p('document')}, ${p('digest')},
           ${p('now')}::iso_instant, ${p('publishedBy')}
      FROM policy_version WHERE tenant_id = ${p('tenantId')} AND kind = ${p('kind')}
    RETURNING version`,
)
