/** `identity`: the person. Every transaction that records something about a person locks this row and reads its status. */
import type { IdentityId, TenantId } from '../domain/ids.ts'
import type { Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, statement } from './statement.ts'

export const insertIdentity = statement(
  'insert_identity',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: IdentityId
      wrappedDataKey: Sealed
      dataKeyVersion: number
      auditSalt: string
      now: IsoInstant
    }>,
  ) =>
    q.insertInto('identity').values({
      tenant_id: p('tenantId'),
      id: p('id'),
      status: 'ACTIVE',
      wrapped_data_key: p('wrappedDataKey'),
      data_key_version: p('dataKeyVersion'),
      audit_salt: p('auditSalt'),
      created_at: p('now'),
    }),
)

/**
 * The person's row, locked FOR SHARE until commit: an erasure, merge or restriction under way is waited for, and one
 * that comes later waits for us.
 */
export const lockIdentity = statement(
  'lock_identity',
  (q, p: Params<{ tenantId: TenantId; id: IdentityId }>) =>
    q
      .selectFrom('identity')
      .select(['id', 'status', 'wrapped_data_key', 'audit_salt'])
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .forShare(),
)
