/** `idempotency_key`: a write that carries a key is claimed, done and remembered with its answer for a day. */
import { sql } from 'kysely'
import type { ClientId, TenantId } from '../domain/ids.ts'
import type { Sealed, SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

interface Key {
  tenantId: TenantId
  clientId: ClientId
  keyHash: SecretHash
}

/** The attempt has the key to itself: nobody had it, its day is over, or the attempt before died. No row otherwise. */
export const claimKey = sqlStatement(
  'claim_idempotency_key',
  (
    p: Params<
      Key & {
        request: Sealed
        claim: string
        claimedUntil: IsoInstant
        expiresAt: IsoInstant
        now: IsoInstant
      }
    >,
  ) => sql<{ claim: string }>`
    INSERT INTO idempotency_key AS k
      (tenant_id, client_id, key_hash, request, claim, claimed_until, expires_at)
    VALUES (${p('tenantId')}, ${p('clientId')}, ${p('keyHash')}, ${p('request')}, ${p('claim')},
      ${p('claimedUntil')}, ${p('expiresAt')})
    ON CONFLICT (key_hash, client_id, tenant_id) DO UPDATE
      SET request = excluded.request, claim = excluded.claim, claimed_until = excluded.claimed_until,
          expires_at = excluded.expires_at, answer = NULL
      WHERE k.expires_at <= ${p('now')} OR (k.answer IS NULL AND k.claimed_until <= ${p('now')})
    RETURNING claim`,
)

export const findKey = statement('find_idempotency_key', (q, p: Params<Key>) =>
  q
    .selectFrom('idempotency_key')
    .select(['request', 'claim', 'answer'])
    .where('tenant_id', '=', p('tenantId'))
    .where('client_id', '=', p('clientId'))
    .where('key_hash', '=', p('keyHash')),
)

/** The claim has its answer. Changes nothing where another attempt has taken over. */
export const settleKey = statement(
  'settle_idempotency_key',
  (q, p: Params<Key & { claim: string; answer: Sealed }>) =>
    q
      .updateTable('idempotency_key')
      .set({ answer: p('answer') })
      .where('tenant_id', '=', p('tenantId'))
      .where('client_id', '=', p('clientId'))
      .where('key_hash', '=', p('keyHash'))
      .where('claim', '=', p('claim'))
      .where('answer', 'is', null),
)

/** An attempt that was refused leaves the key free. */
export const releaseKey = statement(
  'release_idempotency_key',
  (q, p: Params<Key & { claim: string }>) =>
    q
      .deleteFrom('idempotency_key')
      .where('tenant_id', '=', p('tenantId'))
      .where('client_id', '=', p('clientId'))
      .where('key_hash', '=', p('keyHash'))
      .where('claim', '=', p('claim'))
      .where('answer', 'is', null),
)

/** Forgets keys whose day is over; bounded. */
export const deleteExpiredKeys = sqlStatement(
  'delete_expired_idempotency_keys',
  (p: Params<{ tenantId: TenantId; now: IsoInstant; limit: number }>) => sql<{ changed: number }>`
    WITH picked AS MATERIALIZED (
      SELECT client_id, key_hash FROM idempotency_key
       WHERE tenant_id = ${p('tenantId')} AND expires_at <= ${p('now')}
       ORDER BY expires_at LIMIT ${p('limit')} FOR UPDATE SKIP LOCKED
    )
    DELETE FROM idempotency_key k USING picked
     WHERE k.tenant_id = ${p('tenantId')} AND k.client_id = picked.client_id AND k.key_hash = picked.key_hash`,
)
