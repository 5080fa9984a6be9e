/** `refresh_token`: a family a grant, each token used once. */
import { sql } from 'kysely'
import type { ClientId, GrantId, TenantId } from '../domain/ids.ts'
import type { SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { ALIVE, GRANT_COLUMNS, type GrantRow } from './grant.ts'
import { type Params, sqlStatement } from './statement.ts'

/** A refresh token with its grant, as a request found it. */
export interface RefreshRow extends GrantRow {
  refresh_jkt: string | null
  refresh_expires_at: IsoInstant
  family_ends_at: IsoInstant
  used_at: IsoInstant | null
  successor_salt: string | null
  revoked_at: IsoInstant | null
  /** Whether the scopes asked for are in the grant's. */
  fits: boolean
  /** Whether this very request used it. */
  taken: boolean
}

/**
 * The first token of a family, in the transaction that redeems the code and behind it: it hangs on the access token that
 * the code became there. No row where the login did not ask for `offline_access` and the registration wants that. The grant lives
 * as long as the family may.
 */
export const beginRefresh = sqlStatement(
  'begin_refresh',
  (
    p: Params<{
      tenantId: TenantId
      codeHash: SecretHash
      accessHash: SecretHash
      tokenHash: SecretHash
      jkt: string | null
      always: boolean
      now: IsoInstant
      expiresAt: IsoInstant
      familyEndsAt: IsoInstant
      grantKeptUntil: IsoInstant
    }>,
  ) => sql<{ id: GrantId }>`
    WITH born AS (
      INSERT INTO refresh_token (tenant_id, token_hash, grant_id, jkt, created_at, expires_at, family_ends_at)
      SELECT ${p('tenantId')}, ${p('tokenHash')}, t.grant_id, ${p('jkt')}, ${p('now')}::iso_instant,
             ${p('expiresAt')}::iso_instant, ${p('familyEndsAt')}::iso_instant
        FROM authorization_code t
        JOIN login_grant g ON g.tenant_id = t.tenant_id AND g.id = t.grant_id AND g.revoked_at IS NULL
       WHERE t.tenant_id = ${p('tenantId')} AND t.code_hash = ${p('codeHash')} AND t.token_hash = ${p('accessHash')}
         AND (${p('always')}::boolean OR 'offline_access' = ANY (string_to_array(g.scope, ' ')))
      RETURNING grant_id
    )
    UPDATE login_grant g SET expires_at = GREATEST(g.expires_at, ${p('grantKeptUntil')}::iso_instant)
      FROM born WHERE g.tenant_id = ${p('tenantId')} AND g.id = born.grant_id
    RETURNING g.id`,
)

/** What both ways of using a refresh token ask. */
interface Use {
  tenantId: TenantId
  tokenHash: SecretHash
  clientId: ClientId
  jkt: string | null
  scopes: readonly string[]
  accessHash: SecretHash
  accessScope: string | null
  accessJkt: string | null
  accessExpiresAt: IsoInstant
  expiresAt: IsoInstant
  grantExpiresAt: IsoInstant
  grantKeptUntil: IsoInstant
  now: IsoInstant
  usedAt: IsoInstant
}

/**
 * The token with its grant, both held, the grant first as everybody does who ends one: an erasure, a logout, an unlink comes
 * before all of this or after it.
 */
const LIVE = (p: Params<Use>) => sql`
    live AS (
      SELECT ${GRANT_COLUMNS}, f.token_hash, f.jkt AS refresh_jkt, f.expires_at AS refresh_expires_at,
             f.family_ends_at, f.used_at, f.successor_salt, f.predecessor_hash, g.revoked_at, g.expires_at AS grant_expires_at,
             string_to_array(g.scope, ' ') @> ${p('scopes')}::text[] AS fits
        FROM refresh_token f
        JOIN login_grant g ON g.tenant_id = f.tenant_id AND g.id = f.grant_id
        ${ALIVE}
       WHERE f.tenant_id = ${p('tenantId')} AND f.token_hash = ${p('tokenHash')} AND g.client_id = ${p('clientId')}
         FOR NO KEY UPDATE OF g, f
    )`

/** Whether `live` may be used: for its key, in time, for scopes it has, and not used before. */
const USABLE = (p: Params<Use>) => sql`
         r.tenant_id = ${p('tenantId')} AND r.token_hash = live.token_hash AND r.used_at IS NULL
         AND live.revoked_at IS NULL AND live.refresh_expires_at > ${p('now')} AND live.family_ends_at > ${p('now')}
         AND live.fits AND live.refresh_jkt IS NOT DISTINCT FROM ${p('jkt')}`

/** What every use moves on: the grant's end where it is near, and when the link was last used. */
const KEPT = (p: Params<Use>) => sql`
    kept AS (
      UPDATE login_grant g
         SET expires_at = ${p('grantKeptUntil')}::iso_instant
        FROM live JOIN taken ON taken.grant_id = live.grant_id
       WHERE g.tenant_id = ${p('tenantId')} AND g.id = taken.grant_id
         AND live.grant_expires_at < GREATEST(${p('grantExpiresAt')}::iso_instant,
                                              LEAST(${p('expiresAt')}::iso_instant, live.family_ends_at))
    ), touched_binding AS (
      UPDATE identity_link_binding b SET last_used_at = ${p('usedAt')}
        FROM live JOIN taken ON taken.grant_id = live.grant_id
       WHERE b.tenant_id = ${p('tenantId')} AND b.id = live.binding_id AND b.last_used_at < ${p('usedAt')}
      RETURNING b.match_id
    ), touched_match AS (
      UPDATE identity_match m SET last_used_at = ${p('usedAt')}
        FROM touched_binding WHERE m.tenant_id = ${p('tenantId')} AND m.id = touched_binding.match_id
    )`

/**
 * A refresh token is used, once (OP-77), and the next one born with an access token in its row: for its own client, its
 * key, in time, for scopes it has, and while the person, the binding and the client are alive. The row comes back in
 * any case, and `taken` says whether anything happened; no row for a token that is unknown or another client's. The grant is
 * kept a while longer than it must be, so that its time, which an index knows, is not written at every refresh. The salt
 * behind this token is forgotten: salts in a row would lead from any old token to the live one.
 */
export const rotateRefreshToken = sqlStatement(
  'rotate_refresh_token',
  (p: Params<Use & { salt: string; nextHash: SecretHash }>) => sql<RefreshRow>`
    WITH ${LIVE(p)}, taken AS (
      UPDATE refresh_token r SET used_at = ${p('now')}::iso_instant, successor_salt = ${p('salt')}
        FROM live
       WHERE ${USABLE(p)}
      RETURNING r.grant_id, r.family_ends_at
    ), born AS (
      INSERT INTO refresh_token (tenant_id, token_hash, grant_id, jkt, created_at, expires_at, family_ends_at,
        predecessor_hash, access_hash, access_scope, access_jkt, access_expires_at)
      SELECT ${p('tenantId')}, ${p('nextHash')}, grant_id, ${p('jkt')}, ${p('now')}::iso_instant,
             LEAST(${p('expiresAt')}::iso_instant, family_ends_at), family_ends_at,
             ${p('tokenHash')}, ${p('accessHash')}, ${p('accessScope')}, ${p('accessJkt')}, ${p('accessExpiresAt')}::iso_instant
        FROM taken
    ), forgotten AS (
      UPDATE refresh_token r SET successor_salt = NULL
        FROM live JOIN taken ON taken.grant_id = live.grant_id
       WHERE r.tenant_id = ${p('tenantId')} AND r.token_hash = live.predecessor_hash AND r.successor_salt IS NOT NULL
    ), ${KEPT(p)}
    SELECT live.*, EXISTS (SELECT FROM taken) AS taken FROM live`,
)

/**
 * The same for clients that prove themselves and a key each time: the token stays (OP-75), lives on, and each access token
 * has a row of its own. Those of the login that are over go.
 */
export const useRefreshToken = sqlStatement(
  'use_refresh_token',
  (p: Params<Use>) => sql<RefreshRow>`
    WITH ${LIVE(p)}, taken AS (
      UPDATE refresh_token r SET expires_at = LEAST(${p('expiresAt')}::iso_instant, r.family_ends_at)
        FROM live
       WHERE ${USABLE(p)}
      RETURNING r.grant_id
    ), ended AS (
      DELETE FROM access_token t USING taken
       WHERE t.tenant_id = ${p('tenantId')} AND t.grant_id = taken.grant_id AND t.expires_at <= ${p('now')}
    ), issued AS (
      INSERT INTO access_token (tenant_id, token_hash, grant_id, scope, jkt, created_at, expires_at)
      SELECT ${p('tenantId')}, ${p('accessHash')}, grant_id, ${p('accessScope')}, ${p('accessJkt')},
             ${p('now')}::iso_instant, ${p('accessExpiresAt')}::iso_instant
        FROM taken
    ), ${KEPT(p)}
    SELECT live.*, EXISTS (SELECT FROM taken) AS taken FROM live`,
)

/**
 * One more access token for a token that was used a moment ago, while the one after it was never used: the answer was lost
 * on its way (OP-75). Those of the login that are over go. No row when the next one was used, or anything ended.
 */
export const answerAgain = sqlStatement(
  'answer_again',
  (
    p: Params<{
      tenantId: TenantId
      nextHash: SecretHash
      accessHash: SecretHash
      accessScope: string | null
      accessJkt: string | null
      accessExpiresAt: IsoInstant
      now: IsoInstant
    }>,
  ) => sql<{ grant_id: GrantId }>`
    WITH next AS (
      SELECT r.grant_id FROM refresh_token r
        JOIN login_grant g ON g.tenant_id = r.tenant_id AND g.id = r.grant_id AND g.revoked_at IS NULL
       WHERE r.tenant_id = ${p('tenantId')} AND r.token_hash = ${p('nextHash')} AND r.used_at IS NULL
         AND r.expires_at > ${p('now')}
         FOR SHARE OF g, r
    ), ended AS (
      DELETE FROM access_token t USING next
       WHERE t.tenant_id = ${p('tenantId')} AND t.grant_id = next.grant_id AND t.expires_at <= ${p('now')}
    )
    INSERT INTO access_token (tenant_id, token_hash, grant_id, scope, jkt, created_at, expires_at)
    SELECT ${p('tenantId')}, ${p('accessHash')}, grant_id, ${p('accessScope')}, ${p('accessJkt')},
           ${p('now')}::iso_instant, ${p('accessExpiresAt')}::iso_instant
      FROM next
    RETURNING grant_id`,
)
