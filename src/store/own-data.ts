/** What a person takes out of what is held about them, and leaves the rest: sealed texts made anew, categories removed. */
import { sql } from 'kysely'
import type { IdentityId, TenantId } from '../domain/ids.ts'
import type { Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { anyOf, type Params, sqlStatement, statement } from './statement.ts'

type People = { tenantId: TenantId; people: readonly IdentityId[] }

/** Each binding's sealed attributes, replaced; ended bindings too. */
export const replaceAttributes = sqlStatement(
  'replace_attributes',
  (
    p: Params<{
      tenantId: TenantId
      ids: readonly string[]
      envelopes: readonly Sealed[]
      now: IsoInstant
    }>,
  ) => sql<{ changed: number }>`
    UPDATE identity_link_binding b SET persisted_attributes_envelope = row.envelope, updated_at = ${p('now')}
      FROM unnest(${p('ids')}::text[], ${p('envelopes')}::text[]) AS row (id, envelope)
     WHERE b.tenant_id = ${p('tenantId')} AND b.id = row.id`,
)

/** Data of institutions in these categories; a row for each that was there. */
export const dropCategories = statement(
  'drop_categories',
  (q, p: Params<People & { categories: readonly string[] }>) =>
    q
      .deleteFrom('auxiliary_data')
      .where('tenant_id', '=', p('tenantId'))
      .where('identity_id', '=', anyOf(p('people')))
      .where('category', '=', anyOf(p('categories')))
      .returning(['id', 'identity_id', 'category']),
)

/** What was granted ends, and carries nothing of the wallet any more. */
export const dropGrantAttributes = statement(
  'drop_grant_attributes',
  (q, p: Params<People & { now: IsoInstant }>) =>
    q
      .updateTable('login_grant')
      .set((row) => ({
        wallet_attributes: null,
        revoked_at: row.fn.coalesce('revoked_at', row.val<IsoInstant>(p('now'))),
      }))
      .where('tenant_id', '=', p('tenantId'))
      .where('identity_id', '=', anyOf(p('people'))),
)
