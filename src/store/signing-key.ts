/** `signing_key`: next → active → retiring → retired, for tokens and for wallet requests apart; sealed at rest. */
import type { TenantId } from '../domain/ids.ts'
import type { Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { type Params, statement } from './statement.ts'

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
      algorithm: 'ES256' | 'RS256'
      state: 'next' | 'active'
      publicJwk: string
      sealedPrivateKey: Sealed
      certificateChain: string | null
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
      created_at: p('now'),
      activated_at: p('now'),
    }),
)

/** active → retiring for one purpose and algorithm: published, and journeys that began with it may end with it. */
export const retireActiveSigningKey = statement(
  'retire_active_signing_key',
  (
    q,
    p: Params<{
      tenantId: TenantId
      purpose: 'token' | 'request'
      algorithm: 'ES256' | 'RS256'
      retireAt: IsoInstant
    }>,
  ) =>
    q
      .updateTable('signing_key')
      .set({ state: 'retiring', retire_at: p('retireAt') })
      .where('tenant_id', '=', p('tenantId'))
      .where('purpose', '=', p('purpose'))
      .where('algorithm', '=', p('algorithm'))
      .where('state', '=', 'active'),
)
