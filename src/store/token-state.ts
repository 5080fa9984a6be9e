/** What is true of an opaque token now, and its end before its time: `access_token`, `refresh_token`, their grants. */
import { type RawBuilder, sql } from 'kysely'
import type { ClientId, GrantId, TenantId } from '../domain/ids.ts'
import type { LocatedToken } from '../domain/opaque-token.ts'
import type { SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { CODE_TOKEN, PLAIN_TOKEN, REFRESHED_TOKEN, type TokenNames } from './access-token.ts'
import { ALIVE, type GrantRow } from './grant.ts'
import { AGREED } from './refresh-token.ts'
import { type Params, type Step, sqlStatement } from './statement.ts'

/** A token that is good now. */
export interface LiveTokenRow
  extends Pick<GrantRow, 'client_id' | 'subject' | 'scope' | 'acr' | 'auth_time'> {
  kind: 'access' | 'refresh'
  token_scope: string | null
  token_jkt: string | null
  issued_at: IsoInstant
  ends_at: IsoInstant
}

export const LIVE_TOKEN_COLUMNS = sql`
  g.client_id, g.subject, g.scope, g.acr, g.auth_time, t.scope AS token_scope, t.jkt AS token_jkt,
  t.created_at AS issued_at, t.expires_at AS ends_at`

interface Asked extends TokenNames {
  tenantId: TenantId
  clientId: ClientId
  now: IsoInstant
}

const LIVE = (
  p: Params<Asked>,
  token: RawBuilder<unknown>,
  kind: RawBuilder<unknown>,
) => sql<LiveTokenRow>`
    SELECT ${LIVE_TOKEN_COLUMNS}, ${kind} AS kind
      FROM ${token}
      JOIN login_grant g ON g.tenant_id = ${p('tenantId')} AND g.id = t.grant_id AND g.revoked_at IS NULL
      ${ALIVE}
     WHERE g.client_id = ${p('clientId')} AND t.expires_at > ${p('now')}`

export const findLiveCodeToken = sqlStatement('find_live_code_token', (p: Params<Asked>) =>
  LIVE(p, CODE_TOKEN(p), sql`'access'`),
)
export const findLiveRefreshedToken = sqlStatement(
  'find_live_refreshed_token',
  (p: Params<Asked>) => LIVE(p, REFRESHED_TOKEN(p), sql`'access'`),
)
export const findLivePlainToken = sqlStatement('find_live_plain_token', (p: Params<Asked>) =>
  LIVE(p, PLAIN_TOKEN(p), sql`'access'`),
)
/** Of a refresh token the one that is good now, while somebody said yes or nobody is asked. */
export const findLiveRefreshToken = sqlStatement(
  'find_live_refresh_token',
  (p: Params<Asked & { tenantAsks: boolean }>) => sql<LiveTokenRow>`
    ${LIVE(
      p,
      sql`(
    SELECT grant_id, NULL::text AS scope, jkt, created_at, LEAST(expires_at, family_ends_at) AS expires_at
      FROM refresh_token
     WHERE tenant_id = ${p('tenantId')} AND family_hash = ${p('rowHash')} AND token_hash = ${p('tokenHash')}
  ) t`,
      sql`'refresh'`,
    )}
       AND ${AGREED(p)}`,
)

/** The live access token of this client with its grant; nothing for one that is unknown, over, revoked or another client's. */
export function liveToken(
  { kind, tokenHash, rowHash }: LocatedToken,
  asked: { tenantId: TenantId; clientId: ClientId; now: IsoInstant },
): Step<LiveTokenRow> {
  const find = {
    code: findLiveCodeToken,
    refreshed: findLiveRefreshedToken,
    plain: findLivePlainToken,
  }[kind]
  return find({ ...asked, tokenHash, rowHash })
}

/** Ends the grant of a refresh token of this client, used or not, and with it all of its tokens (OP-71). */
export const endRefreshFamily = sqlStatement(
  'end_refresh_family',
  (
    p: Params<{
      tenantId: TenantId
      familyHash: SecretHash
      clientId: ClientId
      now: IsoInstant
    }>,
  ) => sql<{ grant_id: GrantId }>`
    UPDATE login_grant g SET revoked_at = ${p('now')}
      FROM refresh_token f
     WHERE f.tenant_id = ${p('tenantId')} AND f.family_hash = ${p('familyHash')}
       AND g.tenant_id = f.tenant_id AND g.id = f.grant_id AND g.client_id = ${p('clientId')}
       AND g.revoked_at IS NULL
    RETURNING g.id AS grant_id`,
)

/** Whom a grant is about, for the trail. */
export const findGrantSubject = sqlStatement(
  'find_grant_subject',
  (p: Params<{ tenantId: TenantId; grantId: GrantId }>) => sql<{
    correlation_id: GrantRow['correlation_id']
    audit_salt: string | null
  }>`
    SELECT g.correlation_id, i.audit_salt FROM login_grant g
      JOIN identity i ON i.tenant_id = g.tenant_id AND i.id = g.identity_id
     WHERE g.tenant_id = ${p('tenantId')} AND g.id = ${p('grantId')}`,
)
