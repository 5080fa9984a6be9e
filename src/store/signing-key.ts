/** `signing_key`: next → active → retiring → retired, for tokens and for wallet requests apart; sealed at rest. */
import { sql } from 'kysely'
import type { TenantId } from '../domain/ids.ts'
import type { Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { TokenAlgorithm } from '../domain/token-algorithm.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

/** Every key that is still of use: all but the retired ones. */
export const listSigningKeys = statement(
  'list_signing_keys',
  (q, p: Params<{ tenantId: TenantId }>) =>
    q
      .selectFrom('signing_key')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .where('state', '!=', 'retired')
      .orderBy('created_at')
      .orderBy('kid'),
)

export const insertSigningKey = statement(
  'insert_signing_key',
  (
    q,
    p: Params<{
      tenantId: TenantId
      kid: string
      purpose: 'token' | 'request'
      algorithm: TokenAlgorithm
      state: 'next' | 'active'
      publicJwk: string
      sealedPrivateKey: Sealed
      certificateChain: string | null
      /** Purpose `request`: whose access certificate it is; empty for the tenant's own, and for tokens. */
      clientId: string
      now: IsoInstant
    }>,
  ) =>
    q.insertInto('signing_key').values({
      tenant_id: p('tenantId'),
      kid: p('kid'),
      purpose: p('purpose'),
      algorithm: p('algorithm'),
      state: p('state'),
      public_jwk: p('publicJwk'),
      sealed_private_key: p('sealedPrivateKey'),
      certificate_chain: p('certificateChain'),
      client_id: p('clientId'),
      created_at: p('now'),
      activated_at: p('now'),
    }),
)

/**
 * The first key of an algorithm that a tenant had none for: it signs at once, for no relying party keeps an older set in
 * which it is missing and has a token of it. No row where there is one already.
 */
export const insertFirstTokenKey = sqlStatement(
  'insert_first_token_key',
  (
    p: Params<{
      tenantId: TenantId
      kid: string
      algorithm: TokenAlgorithm
      publicJwk: string
      sealedPrivateKey: Sealed
      now: IsoInstant
    }>,
  ) => sql<{ kid: string }>`
    INSERT INTO signing_key (tenant_id, kid, purpose, algorithm, state, public_jwk, sealed_private_key, created_at, activated_at)
    VALUES (${p('tenantId')}, ${p('kid')}, 'token', ${p('algorithm')}, 'active', ${p('publicJwk')},
            ${p('sealedPrivateKey')}, ${p('now')}, ${p('now')})
    ON CONFLICT (tenant_id, purpose, algorithm, client_id) WHERE state = 'active' DO NOTHING
    RETURNING kid`,
)

/** active → retiring for one purpose and algorithm: published, and journeys that began with it may end with it. */
export const retireActiveSigningKey = statement(
  'retire_active_signing_key',
  (
    q,
    p: Params<{
      tenantId: TenantId
      purpose: 'token' | 'request'
      algorithm: TokenAlgorithm
      clientId: string
      retireAt: IsoInstant
    }>,
  ) =>
    q
      .updateTable('signing_key')
      .set({ state: 'retiring', retire_at: p('retireAt') })
      .where('tenant_id', '=', p('tenantId'))
      .where('purpose', '=', p('purpose'))
      .where('algorithm', '=', p('algorithm'))
      .where('client_id', '=', p('clientId'))
      .where('state', '=', 'active'),
)

/** A key for tokens that is published and waits for its turn; no row when one waits already. */
export const publishNextKey = sqlStatement(
  'publish_next_key',
  (
    p: Params<{
      tenantId: TenantId
      kid: string
      algorithm: TokenAlgorithm
      publicJwk: string
      sealedPrivateKey: Sealed
      now: IsoInstant
    }>,
  ) => sql<{ kid: string }>`
    INSERT INTO signing_key (tenant_id, kid, purpose, algorithm, state, public_jwk, sealed_private_key, created_at)
    VALUES (${p('tenantId')}, ${p('kid')}, 'token', ${p('algorithm')}, 'next', ${p('publicJwk')},
            ${p('sealedPrivateKey')}, ${p('now')})
    ON CONFLICT (tenant_id, purpose, algorithm) WHERE state = 'next' DO NOTHING
    RETURNING kid`,
)

/** next → active; its predecessor must have made way in the same transaction. */
export const activateSigningKey = statement(
  'activate_signing_key',
  (q, p: Params<{ tenantId: TenantId; kid: string; now: IsoInstant }>) =>
    q
      .updateTable('signing_key')
      .set({ state: 'active', activated_at: p('now') })
      .where('tenant_id', '=', p('tenantId'))
      .where('kid', '=', p('kid'))
      .where('state', '=', 'next'),
)

/** retiring → retired, past its time: the private half is gone, and it is published no more. */
export const retireSigningKey = statement(
  'retire_signing_key',
  (q, p: Params<{ tenantId: TenantId; kid: string; now: IsoInstant }>) =>
    q
      .updateTable('signing_key')
      .set({ state: 'retired', sealed_private_key: '' as Sealed })
      .where('tenant_id', '=', p('tenantId'))
      .where('kid', '=', p('kid'))
      .where('state', '=', 'retiring')
      .where('retire_at', '<=', p('now')),
)

/** Any state → retired, at once: nothing it signed counts any more. Returns what it was for. */
export const removeSigningKey = sqlStatement(
  'remove_signing_key',
  (p: Params<{ tenantId: TenantId; kid: string; now: IsoInstant }>) => sql<{
    algorithm: TokenAlgorithm
    was: 'next' | 'active' | 'retiring'
  }>`
    WITH old AS (
      SELECT kid, state FROM signing_key
       WHERE tenant_id = ${p('tenantId')} AND kid = ${p('kid')} AND purpose = 'token' AND state <> 'retired'
         FOR UPDATE
    )
    UPDATE signing_key k SET state = 'retired', sealed_private_key = '', retire_at = ${p('now')}, removed_at = ${p('now')}
      FROM old WHERE k.tenant_id = ${p('tenantId')} AND k.kid = old.kid
    RETURNING k.algorithm, old.state AS was`,
)

/** A key for tokens that was retired in its time, for what is older than it may be: hints (OP-21, OP-82). */
export const findRetiredKey = statement(
  'find_retired_key',
  (q, p: Params<{ tenantId: TenantId; kid: string }>) =>
    q
      .selectFrom('signing_key')
      .select(['algorithm', 'public_jwk'])
      .where('tenant_id', '=', p('tenantId'))
      .where('kid', '=', p('kid'))
      .where('purpose', '=', 'token')
      .where('state', '=', 'retired')
      .where('removed_at', 'is', null),
)

/** Every key of a tenant, retired ones included, newest first. */
export const listAllSigningKeys = statement(
  'list_all_signing_keys',
  (q, p: Params<{ tenantId: TenantId }>) =>
    q
      .selectFrom('signing_key')
      .select(['kid', 'purpose', 'algorithm', 'state', 'client_id'])
      .select(['created_at', 'activated_at', 'retire_at'])
      .where('tenant_id', '=', p('tenantId'))
      .orderBy('created_at', 'desc')
      .orderBy('kid')
      .limit(200),
)

/** Ends every login's tokens: a key that got away may have signed anything (OP-91). */
export const revokeAllGrants = sqlStatement(
  'revoke_all_grants',
  (p: Params<{ tenantId: TenantId; now: IsoInstant }>) => sql<{ changed: number }>`
    WITH held AS MATERIALIZED (
      SELECT id FROM login_grant
       WHERE tenant_id = ${p('tenantId')} AND revoked_at IS NULL AND expires_at > ${p('now')}
       ORDER BY id FOR NO KEY UPDATE
    )
    UPDATE login_grant g SET revoked_at = ${p('now')} FROM held
     WHERE g.tenant_id = ${p('tenantId')} AND g.id = held.id`,
)
