/** `refresh_token`: a family a grant, each token used once. */
import { sql } from 'kysely'
import type { ClientId, GrantId, TenantId } from '../domain/ids.ts'
import type { SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { ALIVE, GRANT_COLUMNS, type GrantRow } from './grant.ts'
import { type Params, type Step, sqlStatement } from './statement.ts'
import { together } from './together.ts'

/** A refresh token with its grant, as a request found it. */
export interface RefreshRow extends GrantRow {
  refresh_jkt: string | null
  refresh_expires_at: IsoInstant
  family_ends_at: IsoInstant
  used_at: IsoInstant | null
  revoked_at: IsoInstant | null
  /** Whether the scopes asked for are in the grant's. */
  fits: boolean
  /** Whether somebody said yes at the login, or nobody is asked now. */
  agreed: boolean
  /** Whether this very request used it. */
  taken: boolean
}

/**
 * The first token of a family, in the transaction that redeems the code and behind it: it hangs on the access token that
 * the code became there. No row where the login did not ask for `offline_access` and the registration wants that, nor for a
 * login that links nobody: at a refresh there would be nobody to look at. The grant lives as long as the family may.
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
         AND g.identity_id IS NOT NULL
         AND (${p('always')}::boolean OR 'offline_access' = ANY (string_to_array(g.scope, ' ')))
      RETURNING grant_id
    )
    UPDATE login_grant g SET expires_at = GREATEST(g.expires_at, ${p('grantKeptUntil')}::iso_instant)
      FROM born WHERE g.tenant_id = ${p('tenantId')} AND g.id = born.grant_id
    RETURNING g.id`,
)

/** A request for a refresh token's use, and the access token it would give. */
interface Asked {
  tokenHash: SecretHash
  clientId: ClientId
  jkt: string | null
  scopes: readonly string[]
  accessHash: SecretHash
  accessScope: string | null
  accessJkt: string | null
}

/** The same for all that are used at one moment: until when what a use makes is good, and what the tenant wants. */
interface UseTimes {
  /** Whether people are asked for a yes where the relying party has no word of its own. */
  tenantAsks: boolean
  accessExpiresAt: IsoInstant
  expiresAt: IsoInstant
  grantExpiresAt: IsoInstant
  grantKeptUntil: IsoInstant
  now: IsoInstant
  usedAt: IsoInstant
}

/**
 * The tokens with their grants, all held, the grants first and in one order, so that two of these never wait for each other in
 * a circle: whoever ends a grant, by an erasure, a logout, an unlink, comes before all of this or after it. `agreed`: somebody
 * said yes at the login, or nobody is asked now. `asked` is what was asked for.
 */
const LIVE = (p: Params<{ tenantId: TenantId; tenantAsks: boolean }>) => sql`
    live AS (
      SELECT ${GRANT_COLUMNS}, asked.token_hash, asked.jkt, asked.access_hash, f.jkt AS refresh_jkt, f.expires_at AS refresh_expires_at,
             f.family_ends_at, f.used_at, g.revoked_at, g.expires_at AS grant_expires_at,
             string_to_array(g.scope, ' ') @> string_to_array(asked.scopes, ' ') AS fits,
             g.claims::jsonb -> 'agreed' IS NOT NULL
               OR NOT CASE r.consent WHEN 'tenant' THEN ${p('tenantAsks')}::boolean ELSE r.consent = 'ask' END AS agreed
        FROM asked
        JOIN refresh_token f ON f.tenant_id = ${p('tenantId')} AND f.token_hash = asked.token_hash
        JOIN login_grant g ON g.tenant_id = f.tenant_id AND g.id = f.grant_id AND g.client_id = asked.client_id
        ${ALIVE}
       ORDER BY g.id, f.token_hash
         FOR NO KEY UPDATE OF g, f
    )`

/** Whether `live` may be used: for its key, in time, for scopes it has, with a yes where one is needed, and not used before. */
const USABLE = (p: Params<{ tenantId: TenantId; now: IsoInstant }>) => sql`
         r.tenant_id = ${p('tenantId')} AND r.token_hash = live.token_hash AND r.used_at IS NULL
         AND live.revoked_at IS NULL AND live.refresh_expires_at > ${p('now')} AND live.family_ends_at > ${p('now')}
         AND live.fits AND live.agreed AND live.refresh_jkt IS NOT DISTINCT FROM live.jkt`

/** What every use moves on: the grant's end where it is near, and when the link was last used, links in one order as well. */
const KEPT = (p: Params<UseTimes & { tenantId: TenantId }>) => sql`
    kept AS (
      UPDATE login_grant g
         SET expires_at = ${p('grantKeptUntil')}::iso_instant
        FROM live JOIN taken ON taken.access_hash = live.access_hash
       WHERE g.tenant_id = ${p('tenantId')} AND g.id = live.grant_id
         AND live.grant_expires_at < GREATEST(${p('grantExpiresAt')}::iso_instant,
                                              LEAST(${p('expiresAt')}::iso_instant, live.family_ends_at))
    ), held_binding AS MATERIALIZED (
      SELECT b.id FROM live JOIN taken ON taken.access_hash = live.access_hash
        JOIN identity_link_binding b ON b.tenant_id = ${p('tenantId')} AND b.id = live.binding_id
       WHERE b.last_used_at < ${p('usedAt')}
       ORDER BY b.id FOR NO KEY UPDATE OF b
    ), touched_binding AS (
      UPDATE identity_link_binding b SET last_used_at = ${p('usedAt')}
        FROM held_binding held WHERE b.tenant_id = ${p('tenantId')} AND b.id = held.id
      RETURNING b.match_id
    ), touched_match AS (
      UPDATE identity_match m SET last_used_at = ${p('usedAt')}
        FROM touched_binding WHERE m.tenant_id = ${p('tenantId')} AND m.id = touched_binding.match_id
    )`

/** A request, and the token that would follow the one it has. */
export interface Rotation extends Asked {
  nextHash: SecretHash
  /** With the token used it makes the next one. */
  salt: string
  times: UseTimes
}

/** As it was found for one request, which the access token it would have been given names. */
export interface RotatedRow extends RefreshRow {
  access_hash: SecretHash
}

/**
 * Refresh tokens are used, each once (OP-77), and for each the next one is born with an access token in its row: for its own
 * client, its key, in time, for scopes it has, and while the person, the binding and the client are alive. A row comes back for
 * each in any case, and `taken` says whether anything happened; no row for a token that is unknown or another client's. A grant
 * is kept a while longer than it must be, so that its time, which an index knows, is not written at every refresh. The salt
 * that made the token used is forgotten with it: salts in rows would lead from any old token to the live one.
 * A list stands in a sub-select, so that the planner keeps one plan, see `grant-journey.ts`.
 */
export const rotateRefreshTokens = sqlStatement(
  'rotate_refresh_tokens',
  (
    p: Params<
      UseTimes & {
        tenantId: TenantId
        tokenHashes: readonly SecretHash[]
        clientIds: readonly ClientId[]
        jkts: readonly (string | null)[]
        scopes: readonly string[]
        accessHashes: readonly SecretHash[]
        accessScopes: readonly (string | null)[]
        accessJkts: readonly (string | null)[]
        nextHashes: readonly SecretHash[]
        salts: readonly string[]
      }
    >,
  ) => sql<RotatedRow>`
    WITH asked AS (
      SELECT * FROM unnest((SELECT ${p('tokenHashes')}::text[]), ${p('clientIds')}::text[], ${p('jkts')}::text[],
                           ${p('scopes')}::text[], ${p('accessHashes')}::text[], ${p('accessScopes')}::text[],
                           ${p('accessJkts')}::text[], ${p('nextHashes')}::text[], ${p('salts')}::text[])
        AS a (token_hash, client_id, jkt, scopes, access_hash, access_scope, access_jkt, next_hash, salt)
    ), ${LIVE(p)}, taken AS (
      UPDATE refresh_token r SET used_at = ${p('now')}::iso_instant, salt = NULL
        FROM live
       WHERE ${USABLE(p)}
      RETURNING live.access_hash
    ), born AS (
      INSERT INTO refresh_token (tenant_id, token_hash, grant_id, jkt, created_at, expires_at, family_ends_at,
        predecessor_hash, salt, access_hash, access_scope, access_jkt, access_expires_at)
      SELECT ${p('tenantId')}, asked.next_hash, live.grant_id, live.jkt, ${p('now')}::iso_instant,
             LEAST(${p('expiresAt')}::iso_instant, live.family_ends_at), live.family_ends_at,
             live.token_hash, asked.salt, live.access_hash, asked.access_scope, asked.access_jkt, ${p('accessExpiresAt')}::iso_instant
        FROM live JOIN taken ON taken.access_hash = live.access_hash
        JOIN asked ON asked.access_hash = live.access_hash
    ), ${KEPT(p)}
    SELECT live.*, taken.access_hash IS NOT NULL AS taken
      FROM live LEFT JOIN taken ON taken.access_hash = live.access_hash`,
)

/** The step for some of them, of which no two have the same token. */
export function rotate(tenantId: TenantId, rotations: readonly Rotation[]): Step<RotatedRow> {
  const all = <Name extends keyof Rotation>(name: Name) => rotations.map((each) => each[name])
  // Milliseconds lie between them; what is latest is true of all.
  const [{ times }] = rotations.toSorted((a, b) => (a.times.now < b.times.now ? 1 : -1)) as [
    Rotation,
  ]
  return rotateRefreshTokens({
    ...{ tenantId, ...times },
    ...{ tokenHashes: all('tokenHash'), clientIds: all('clientId'), jkts: all('jkt') },
    scopes: rotations.map(({ scopes }) => scopes.join(' ')),
    ...{ accessHashes: all('accessHash'), accessScopes: all('accessScope') },
    ...{ accessJkts: all('accessJkt'), nextHashes: all('nextHash'), salts: all('salt') },
  })
}

/** Uses one token, with all others of the tenant that are used at the same moment; undefined: nobody has such a token. */
export const rotateTogether = together<Rotation, RotatedRow>({
  step: rotate,
  keyOf: ({ accessHash }) => accessHash,
  keyIn: (row) => row.access_hash,
  apart: ({ tokenHash }) => tokenHash,
})

/**
 * The same for clients that prove themselves and a key each time: the token stays (OP-75), lives on, and each access token
 * has a row of its own. Those of the login that are over go.
 */
export const useRefreshToken = sqlStatement(
  'use_refresh_token',
  (
    p: Params<UseTimes & Omit<Asked, 'scopes'> & { tenantId: TenantId; scopes: string }>,
  ) => sql<RefreshRow>`
    WITH asked AS (
      SELECT ${p('tokenHash')}::text AS token_hash, ${p('clientId')}::text AS client_id, ${p('jkt')}::text AS jkt,
             ${p('scopes')}::text AS scopes, ${p('accessHash')}::text AS access_hash
    ), ${LIVE(p)}, taken AS (
      UPDATE refresh_token r SET expires_at = LEAST(${p('expiresAt')}::iso_instant, r.family_ends_at)
        FROM live
       WHERE ${USABLE(p)}
      RETURNING r.grant_id, live.access_hash
    ), ended AS (
      DELETE FROM access_token t USING taken
       WHERE t.tenant_id = ${p('tenantId')} AND t.grant_id = taken.grant_id AND t.expires_at <= ${p('now')}
    ), issued AS (
      INSERT INTO access_token (tenant_id, token_hash, grant_id, scope, jkt, created_at, expires_at)
      SELECT ${p('tenantId')}, access_hash, grant_id, ${p('accessScope')}, ${p('accessJkt')},
             ${p('now')}::iso_instant, ${p('accessExpiresAt')}::iso_instant
        FROM taken
    ), ${KEPT(p)}
    SELECT live.*, EXISTS (SELECT FROM taken) AS taken FROM live`,
)

/** What made the token that follows this one, while nobody has used that. */
export const findSuccessorSalt = sqlStatement(
  'find_successor_salt',
  (p: Params<{ tenantId: TenantId; grantId: GrantId; tokenHash: SecretHash }>) => sql<{
    salt: string
  }>`
    SELECT salt FROM refresh_token
     WHERE tenant_id = ${p('tenantId')} AND grant_id = ${p('grantId')} AND predecessor_hash = ${p('tokenHash')}
       AND used_at IS NULL AND salt IS NOT NULL`,
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
