/**
 * Access tokens that are random texts, and the grants behind them. Most lie in the row they came of, a code's or a family's
 * of refresh tokens, whose name they carry: one row written, and no index of their own. `access_token` has the rest: those that came
 * of no row of their own.
 */
import { type RawBuilder, sql } from 'kysely'
import type { ClientId, GrantId, TenantId } from '../domain/ids.ts'
import type { LocatedToken } from '../domain/opaque-token.ts'
import type { SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { ALIVE, GRANT_COLUMNS, type GrantRow } from './grant.ts'
import { type Params, type Step, sqlStatement } from './statement.ts'

/** The names a token goes by in the database. */
export type TokenNames = Pick<LocatedToken, 'tokenHash' | 'rowHash'>

type Named = Params<{ tenantId: TenantId } & TokenNames>

/** The token as `t`, whatever its time. */
export const CODE_TOKEN = (p: Named) => sql`(
    SELECT grant_id, NULL::text AS scope, token_jkt AS jkt, consumed_at AS created_at, token_expires_at AS expires_at
      FROM authorization_code
     WHERE tenant_id = ${p('tenantId')} AND code_hash = ${p('rowHash')} AND token_hash = ${p('tokenHash')}
  ) t`
export const REFRESHED_TOKEN = (p: Named) => sql`(
    SELECT f.grant_id, a.scope, a.jkt, a.created_at, a.expires_at
      FROM refresh_token f
     CROSS JOIN LATERAL (VALUES
       (f.access_hash, f.access_scope, f.access_jkt, f.created_at, f.access_expires_at),
       (f.prior_access_hash, f.prior_access_scope, f.prior_access_jkt, f.prior_access_created_at, f.prior_access_expires_at)
     ) AS a (hash, scope, jkt, created_at, expires_at)
     WHERE f.tenant_id = ${p('tenantId')} AND f.family_hash = ${p('rowHash')} AND a.hash = ${p('tokenHash')}
  ) t`
export const PLAIN_TOKEN = (p: Params<{ tenantId: TenantId; tokenHash: SecretHash }>) => sql`(
    SELECT grant_id, scope, jkt, created_at, expires_at FROM access_token
     WHERE tenant_id = ${p('tenantId')} AND token_hash = ${p('tokenHash')}
  ) t`

/** A grant reached by an access token, which may have less than all of its scope. */
export interface AccessRow extends GrantRow {
  narrowed_scope: string | null
  access_jkt: string | null
}

interface Asked extends TokenNames {
  tenantId: TenantId
  now: IsoInstant
}

const GRANT_OF = (p: Params<Asked>, token: RawBuilder<unknown>) => sql<AccessRow>`
    SELECT ${GRANT_COLUMNS}, t.scope AS narrowed_scope, t.jkt AS access_jkt
      FROM ${token}
      JOIN login_grant g ON g.tenant_id = ${p('tenantId')} AND g.id = t.grant_id AND g.revoked_at IS NULL
      ${ALIVE}
     WHERE t.expires_at > ${p('now')}`

export const findGrantByCodeToken = sqlStatement('find_grant_by_code_token', (p: Params<Asked>) =>
  GRANT_OF(p, CODE_TOKEN(p)),
)
export const findGrantByRefreshedToken = sqlStatement(
  'find_grant_by_refreshed_token',
  (p: Params<Asked>) => GRANT_OF(p, REFRESHED_TOKEN(p)),
)
export const findGrantByPlainToken = sqlStatement('find_grant_by_plain_token', (p: Params<Asked>) =>
  GRANT_OF(p, PLAIN_TOKEN(p)),
)

/** The grant behind an access token that is alive, with everything claims are made of. */
export function grantByAccessToken(
  tenantId: TenantId,
  { kind, tokenHash, rowHash }: LocatedToken,
  now: IsoInstant,
): Step<AccessRow> {
  const find = {
    code: findGrantByCodeToken,
    refreshed: findGrantByRefreshedToken,
    plain: findGrantByPlainToken,
  }[kind]
  return find({ tenantId, tokenHash, rowHash, now })
}

/** Ends an access token of this client, alone. */
export const endAccessToken = sqlStatement(
  'end_access_token',
  (p: Params<{ tenantId: TenantId; clientId: ClientId } & TokenNames>) => sql<{
    grant_id: GrantId
  }>`
    WITH blanked AS (
      UPDATE authorization_code SET token_hash = NULL, token_jkt = NULL, token_expires_at = NULL
       WHERE tenant_id = ${p('tenantId')} AND code_hash = ${p('rowHash')} AND token_hash = ${p('tokenHash')}
         AND client_id = ${p('clientId')}
      RETURNING grant_id
    ), emptied AS (
      UPDATE refresh_token f
         SET access_hash = NULLIF(f.access_hash, ${p('tokenHash')}),
             prior_access_hash = NULLIF(f.prior_access_hash, ${p('tokenHash')})
        FROM login_grant g
       WHERE f.tenant_id = ${p('tenantId')} AND f.family_hash = ${p('rowHash')}
         AND ${p('tokenHash')} IN (f.access_hash, f.prior_access_hash)
         AND g.tenant_id = f.tenant_id AND g.id = f.grant_id AND g.client_id = ${p('clientId')}
      RETURNING f.grant_id
    ), deleted AS (
      DELETE FROM access_token t USING login_grant g
       WHERE t.tenant_id = ${p('tenantId')} AND t.token_hash = ${p('tokenHash')}
         AND g.tenant_id = t.tenant_id AND g.id = t.grant_id AND g.client_id = ${p('clientId')}
      RETURNING t.grant_id
    )
    SELECT grant_id FROM blanked UNION ALL SELECT grant_id FROM emptied UNION ALL SELECT grant_id FROM deleted`,
)
