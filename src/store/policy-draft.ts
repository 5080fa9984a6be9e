/** `policy_draft`: documents on their way to being published, one a tenant and kind. */
import { sql } from 'kysely'
import type { TenantId } from '../domain/ids.ts'
import type { PolicyKind } from '../domain/policy.ts'
import type { IsoInstant } from '../domain/time.ts'
import { anyOf, type Params, sqlStatement, statement } from './statement.ts'

/** All of a tenant, locked until the transaction ends: what is judged is what is published. */
export const lockPolicyDrafts = statement(
  'lock_policy_drafts',
  (q, p: Params<{ tenantId: TenantId }>) =>
    q
      .selectFrom('policy_draft')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .orderBy('kind')
      .forUpdate(),
)

export const listPolicyDrafts = statement(
  'list_policy_drafts',
  (q, p: Params<{ tenantId: TenantId }>) =>
    q.selectFrom('policy_draft').selectAll().where('tenant_id', '=', p('tenantId')).orderBy('kind'),
)

/**
 * Saves a draft, unvalidated. A new one is based on the version that is current now; one that is there keeps its base, so
 * that a version published meanwhile is noticed. Gives the row.
 */
export const savePolicyDraft = sqlStatement(
  'save_policy_draft',
  (
    p: Params<{
      tenantId: TenantId
      kind: PolicyKind
      document: string
      digest: string
      savedBy: string
      now: IsoInstant
    }>,
  ) => sql<{ based_on: number }>`
    INSERT INTO policy_draft (tenant_id, kind, document, digest, based_on, state, saved_at, saved_by)
    SELECT ${p('tenantId')}, ${p('kind')}, ${p('document')}, ${p('digest')}, coalesce(max(version), 0), 'draft',
           ${p('now')}::iso_instant, ${p('savedBy')}
      FROM policy_version WHERE tenant_id = ${p('tenantId')} AND kind = ${p('kind')}
    ON CONFLICT (tenant_id, kind) DO UPDATE
      SET document = EXCLUDED.document, digest = EXCLUDED.digest, state = 'draft',
          saved_at = EXCLUDED.saved_at, saved_by = EXCLUDED.saved_by
    RETURNING based_on`,
)

/** Draft → validated, where the text is still the one that was judged. */
export const validatePolicyDraft = statement(
  'validate_policy_draft',
  (q, p: Params<{ tenantId: TenantId; kind: PolicyKind; digest: string }>) =>
    q
      .updateTable('policy_draft')
      .set({ state: 'validated' })
      .where('tenant_id', '=', p('tenantId'))
      .where('kind', '=', p('kind'))
      .where('digest', '=', p('digest')),
)

/** Takes drafts away: published, or given up. Gives the kinds that were there. */
export const dropPolicyDrafts = statement(
  'drop_policy_drafts',
  (q, p: Params<{ tenantId: TenantId; kinds: readonly PolicyKind[] }>) =>
    q
      .deleteFrom('policy_draft')
      .where('tenant_id', '=', p('tenantId'))
      .where('kind', '=', anyOf(p('kinds')))
      .returning('kind'),
)
