/** `account_choice`: which of several accounts a person uses at a relying party without being asked again. */
import { sql } from 'kysely'
import type { BindingId, ClientId, IdentityId, TenantId } from '../domain/ids.ts'
import type { Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

export const findAccountChoice = statement(
  'find_account_choice',
  (q, p: Params<{ tenantId: TenantId; identityId: IdentityId; clientId: ClientId }>) =>
    q
      .selectFrom('account_choice')
      .select(['binding_id'])
      .where('tenant_id', '=', p('tenantId'))
      .where('identity_id', '=', p('identityId'))
      .where('client_id', '=', p('clientId')),
)

/** The choice from now on, in place of an earlier one. */
export const rememberAccountChoice = sqlStatement(
  'remember_account_choice',
  (
    p: Params<{
      tenantId: TenantId
      identityId: IdentityId
      clientId: ClientId
      bindingId: BindingId
      now: IsoInstant
    }>,
  ) => sql<{ binding_id: BindingId }>`
    INSERT INTO account_choice (tenant_id, identity_id, client_id, binding_id, created_at, updated_at)
    VALUES (${p('tenantId')}, ${p('identityId')}, ${p('clientId')}, ${p('bindingId')}, ${p('now')}::iso_instant,
            ${p('now')}::iso_instant)
    ON CONFLICT (identity_id, client_id, tenant_id)
    DO UPDATE SET binding_id = EXCLUDED.binding_id, updated_at = EXCLUDED.updated_at
    RETURNING binding_id`,
)

export const forgetAccountChoice = statement(
  'forget_account_choice',
  (q, p: Params<{ tenantId: TenantId; identityId: IdentityId; clientId: ClientId }>) =>
    q
      .deleteFrom('account_choice')
      .where('tenant_id', '=', p('tenantId'))
      .where('identity_id', '=', p('identityId'))
      .where('client_id', '=', p('clientId')),
)

/** One account as its own person may see it; sealed texts stay sealed. */
export interface AccountRow {
  binding_id: BindingId
  /** The person whose data key seals it: another than the person's own only after a merge. */
  key_identity_id: IdentityId
  wrapped_data_key: Sealed
  attributes: Sealed
  assurance: string | null
  provider_name: string | null
  used_at: IsoInstant
}

/** Live bindings of an active person, out of those named. */
export const findAccounts = sqlStatement(
  'find_accounts',
  (p: Params<{ tenantId: TenantId; identityId: IdentityId; bindingIds: readonly BindingId[] }>) =>
    sql<AccountRow>`
    SELECT b.id AS binding_id, k.id AS key_identity_id, k.wrapped_data_key, b.persisted_attributes_envelope AS attributes,
           b.assurance_summary AS assurance, r.name AS provider_name, b.last_used_at AS used_at
      FROM identity i
      JOIN identity_match m ON m.tenant_id = i.tenant_id AND m.internal_identity_id = i.id AND m.deleted_at IS NULL
      JOIN identity_link_binding b ON b.tenant_id = m.tenant_id AND b.match_id = m.id AND b.deleted_at IS NULL
      JOIN identity k ON k.tenant_id = i.tenant_id AND k.id = CASE WHEN b.key_identity_id IS NULL THEN i.id ELSE b.key_identity_id END
      LEFT JOIN reconciliation_provider r ON r.tenant_id = b.tenant_id AND r.id = b.provider_id
     WHERE i.tenant_id = ${p('tenantId')} AND i.id = ${p('identityId')} AND i.status = 'ACTIVE'
       AND b.id = ANY (${p('bindingIds')}::text[])`,
)
