/** `refresh_token`: a family a grant, in one row; each token is used once and the next takes its place. */
import { sql } from 'kysely'
import type { ClientId, GrantId, TenantId } from '../domain/ids.ts'
import type { SecretHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { ALIVE, GRANT_COLUMNS, type GrantRow } from './grant.ts'
import { type Params, type Step, sqlStatement, statement } from './statement.ts'
import { together } from './together.ts'

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
      familyHash: SecretHash
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
      INSERT INTO refresh_token (tenant_id, family_hash, token_hash, grant_id, jkt, created_at, expires_at, family_ends_at)
      SELECT ${p('tenantId')}, ${p('familyHash')}, ${p('tokenHash')}, t.grant_id, ${p('jkt')},
             ${p('now')}::iso_instant, ${p('expiresAt')}::iso_instant, ${p('familyEndsAt')}::iso_instant
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
  familyHash: SecretHash
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
  now: IsoInstant
  usedAt: IsoInstant
}

/** The grant of a token that was used just now. */
export interface UsedRow extends GrantRow {
  /** Of the access token, by which a request knows its own row. */
  access_hash: SecretHash
  grant_expires_at: IsoInstant
  family_ends_at: IsoInstant
}

const USED_COLUMNS = sql`
  ${GRANT_COLUMNS}, asked.access_hash, g.expires_at AS grant_expires_at, f.family_ends_at`

/** Whether somebody said yes at the login, or nobody is asked now. */
export const AGREED = (p: Params<{ tenantAsks: boolean }>) => sql`(
  g.claims::jsonb -> 'agreed' IS NOT NULL
  OR NOT CASE r.consent WHEN 'tenant' THEN ${p('tenantAsks')}::boolean ELSE r.consent = 'ask' END)`

const FITS = sql`string_to_array(g.scope, ' ') @> string_to_array(asked.scopes, ' ')`

/**
 * `f`, the family, with `g`, the grant, may be used for what was `asked`: by the token that is good now, for its client and its
 * key, in time, for scopes it has, with a yes where one is needed, nothing revoked.
 */
const USABLE = (p: Params<{ tenantId: TenantId; tenantAsks: boolean; now: IsoInstant }>) => sql`
         f.tenant_id = ${p('tenantId')} AND f.family_hash = asked.family_hash AND f.token_hash = asked.token_hash
     AND f.expires_at > ${p('now')} AND f.family_ends_at > ${p('now')} AND f.jkt IS NOT DISTINCT FROM asked.jkt
     AND g.tenant_id = f.tenant_id AND g.id = f.grant_id AND g.client_id = asked.client_id AND g.revoked_at IS NULL
     AND ${FITS} AND ${AGREED(p)}`

/**
 * Every use moves on when the link was last used; all links in one order before all matches in one order, for a match may
 * have several links. So two of these do not wait for each other in a circle, nor one of them and a login.
 */
const TOUCHED = (p: Params<{ tenantId: TenantId; usedAt: IsoInstant }>) => sql`
    touched_binding AS (
      UPDATE identity_link_binding b SET last_used_at = ${p('usedAt')}
        FROM (SELECT binding_id FROM used ORDER BY binding_id) AS link
       WHERE b.tenant_id = ${p('tenantId')} AND b.id = link.binding_id AND b.last_used_at < ${p('usedAt')}
      RETURNING b.match_id
    ), touched_match AS (
      UPDATE identity_match m SET last_used_at = ${p('usedAt')}
        FROM (SELECT match_id FROM touched_binding ORDER BY match_id) AS held
       WHERE m.tenant_id = ${p('tenantId')} AND m.id = held.match_id
    )`

/** A request, and the token that would follow the one it has. */
export interface Rotation extends Asked {
  nextHash: SecretHash
  /** With the token used it makes the next one. */
  salt: string
  times: UseTimes
}

/**
 * Refresh tokens are used, each once (OP-77): the next one takes its place in the family's row, with the access token that
 * is born with it; the access token before that stays beside it until its own end. A row comes back for each that was used,
 * and none for whatever is not usable now. Salts of older tokens are gone, so that none leads to the live one.
 *
 * One update of one row for each, and its touches. Of two at a time the second waits for it, looks at it again, finds another
 * token there, and writes nothing; of two in one statement one is taken. Sorted, so that two statements meet families in the
 * same order. Grant and person are not locked: what ends them ends the tokens too, whichever comes first, and an erasure
 * deletes the grant and the family with it. A list stands in a sub-select, so that the planner keeps one plan, see
 * `grant-journey.ts`.
 */
export const rotateRefreshTokens = sqlStatement(
  'rotate_refresh_tokens',
  (
    p: Params<
      UseTimes & {
        tenantId: TenantId
        familyHashes: readonly SecretHash[]
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
  ) => sql<UsedRow>`
    WITH used AS (
      UPDATE refresh_token f
         SET token_hash = asked.next_hash, predecessor_hash = asked.token_hash, salt = asked.salt,
             created_at = ${p('now')}::iso_instant, expires_at = LEAST(${p('expiresAt')}::iso_instant, f.family_ends_at),
             access_hash = asked.access_hash, access_scope = asked.access_scope, access_jkt = asked.access_jkt,
             access_expires_at = ${p('accessExpiresAt')}::iso_instant,
             prior_access_hash = f.access_hash, prior_access_scope = f.access_scope, prior_access_jkt = f.access_jkt,
             prior_access_created_at = f.created_at, prior_access_expires_at = f.access_expires_at
        FROM unnest((SELECT ${p('familyHashes')}::text[]), ${p('tokenHashes')}::text[], ${p('clientIds')}::text[],
                    ${p('jkts')}::text[], ${p('scopes')}::text[], ${p('accessHashes')}::text[], ${p('accessScopes')}::text[],
                    ${p('accessJkts')}::text[], ${p('nextHashes')}::text[], ${p('salts')}::text[])
               AS asked (family_hash, token_hash, client_id, jkt, scopes, access_hash, access_scope, access_jkt, next_hash, salt),
             login_grant g
        ${ALIVE}
       WHERE ${USABLE(p)}
      RETURNING ${USED_COLUMNS}
    ), ${TOUCHED(p)}
    SELECT * FROM used`,
)

/** The step for some of them. */
export function rotate(tenantId: TenantId, rotations: readonly Rotation[]): Step<UsedRow> {
  const sorted = rotations.toSorted((a, b) => (a.familyHash < b.familyHash ? -1 : 1))
  const all = <Name extends keyof Rotation>(name: Name) => sorted.map((each) => each[name])
  // Milliseconds lie between them; what is latest is true of all.
  const [{ times }] = rotations.toSorted((a, b) => (a.times.now < b.times.now ? 1 : -1)) as [
    Rotation,
  ]
  return rotateRefreshTokens({
    ...{ tenantId, ...times },
    ...{ familyHashes: all('familyHash'), tokenHashes: all('tokenHash') },
    ...{ clientIds: all('clientId'), jkts: all('jkt') },
    scopes: sorted.map(({ scopes }) => scopes.join(' ')),
    ...{ accessHashes: all('accessHash'), accessScopes: all('accessScope') },
    ...{ accessJkts: all('accessJkt'), nextHashes: all('nextHash'), salts: all('salt') },
  })
}

/** Uses one token, with all others of the tenant that are used at the same moment; undefined: it is not usable now. */
export const rotateTogether = together<Rotation, UsedRow>({
  step: rotate,
  keyOf: ({ accessHash }) => accessHash,
  keyIn: (row) => row.access_hash,
})

/**
 * The same for clients that prove themselves and a key each time: the token stays (OP-75), lives on, and each access token
 * has a row of its own. Those of the login that are over go.
 */
export const useRefreshToken = sqlStatement(
  'use_refresh_token',
  (
    p: Params<UseTimes & Omit<Asked, 'scopes'> & { tenantId: TenantId; scopes: string }>,
  ) => sql<UsedRow>`
    WITH used AS (
      UPDATE refresh_token f SET expires_at = LEAST(${p('expiresAt')}::iso_instant, f.family_ends_at)
        FROM (SELECT ${p('familyHash')}::text AS family_hash, ${p('tokenHash')}::text AS token_hash,
                     ${p('clientId')}::text AS client_id, ${p('jkt')}::text AS jkt, ${p('scopes')}::text AS scopes,
                     ${p('accessHash')}::text AS access_hash) AS asked,
             login_grant g
        ${ALIVE}
       WHERE ${USABLE(p)}
      RETURNING ${USED_COLUMNS}
    ), ended AS (
      DELETE FROM access_token t USING used
       WHERE t.tenant_id = ${p('tenantId')} AND t.grant_id = used.grant_id AND t.expires_at <= ${p('now')}
    ), issued AS (
      INSERT INTO access_token (tenant_id, token_hash, grant_id, scope, jkt, created_at, expires_at)
      SELECT ${p('tenantId')}, access_hash, grant_id, ${p('accessScope')}, ${p('accessJkt')},
             ${p('now')}::iso_instant, ${p('accessExpiresAt')}::iso_instant
        FROM used
    ), ${TOUCHED(p)}
    SELECT * FROM used`,
)

/** A grant lives at least as long as its refresh tokens may. */
export const keepGrant = statement(
  'keep_grant',
  (q, p: Params<{ tenantId: TenantId; grantId: GrantId; until: IsoInstant }>) =>
    q
      .updateTable('login_grant')
      .set({ expires_at: p('until') })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('grantId'))
      .where('expires_at', '<', p('until')),
)

/** A family with its grant, whatever became of the token that was shown. */
export interface FamilyRow extends GrantRow {
  /** Of the token that is good, and of the one before it. */
  token_hash: SecretHash
  predecessor_hash: SecretHash | null
  salt: string | null
  given_at: IsoInstant
  family_ends_at: IsoInstant
  grant_expires_at: IsoInstant
  refresh_jkt: string | null
  revoked_at: IsoInstant | null
  /** Whether the scopes asked for are in the grant's. */
  fits: boolean
  agreed: boolean
}

/** Why a token could not be used; the caller judges. Nothing for a family that is unknown, another client's, or nobody's now. */
export const findRefreshFamily = sqlStatement(
  'find_refresh_family',
  (
    p: Params<{
      tenantId: TenantId
      familyHash: SecretHash
      clientId: ClientId
      scopes: string
      tenantAsks: boolean
    }>,
  ) => sql<FamilyRow>`
    SELECT ${GRANT_COLUMNS}, f.token_hash, f.predecessor_hash, f.salt, f.created_at AS given_at, f.jkt AS refresh_jkt,
           f.family_ends_at, g.expires_at AS grant_expires_at, g.revoked_at, ${FITS} AS fits, ${AGREED(p)} AS agreed
      FROM refresh_token f
     CROSS JOIN (SELECT ${p('scopes')}::text AS scopes) AS asked
      JOIN login_grant g ON g.tenant_id = f.tenant_id AND g.id = f.grant_id AND g.client_id = ${p('clientId')}
      ${ALIVE}
     WHERE f.tenant_id = ${p('tenantId')} AND f.family_hash = ${p('familyHash')}`,
)

/**
 * One more access token for a token that was used a moment ago, while the one after it was never used: the answer was lost
 * on its way (OP-75). Those of the login that are over go. No row when the next one was used, or anything ended. The family
 * is held before its grant, as whoever ends both holds them.
 */
export const answerAgain = sqlStatement(
  'answer_again',
  (
    p: Params<{
      tenantId: TenantId
      familyHash: SecretHash
      nextHash: SecretHash
      accessHash: SecretHash
      accessScope: string | null
      accessJkt: string | null
      accessExpiresAt: IsoInstant
      now: IsoInstant
    }>,
  ) => sql<{ grant_id: GrantId }>`
    WITH next AS (
      SELECT f.grant_id FROM refresh_token f
        JOIN login_grant g ON g.tenant_id = f.tenant_id AND g.id = f.grant_id AND g.revoked_at IS NULL
       WHERE f.tenant_id = ${p('tenantId')} AND f.family_hash = ${p('familyHash')} AND f.token_hash = ${p('nextHash')}
         AND f.expires_at > ${p('now')}
         FOR SHARE OF f, g
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
