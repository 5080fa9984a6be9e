/** A refresh token becomes new tokens (RFC 6749 section 6, OpenID Connect Core 12, RFC 9700 section 4.14). */
import { auditSubjectHash } from '../crypto/audit-subject.ts'
import { newRefreshedToken } from '../crypto/opaque-token.ts'
import { hashSecret, newId, randomText } from '../crypto/random.ts'
import { locateRefreshToken, successorOf } from '../crypto/refresh-token.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import {
  ACCESS_TOKEN_TIME,
  GRANT_SLACK,
  GRANT_TIME,
  REFRESH_GRACE,
  REFRESH_IDLE_TIME,
} from '../domain/journey.ts'
import { instantOfUse } from '../domain/last-use.ts'
import type { LocatedRefreshToken } from '../domain/opaque-token.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import { fromInstant, SECOND, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read, transact } from '../store/database.ts'
import type { GrantRow } from '../store/grant.ts'
import {
  answerAgain,
  type FamilyRow,
  findRefreshFamily,
  keepGrant,
  rotateTogether,
  type UsedRow,
  useRefreshToken,
} from '../store/refresh-token.ts'
import { endRefreshFamily } from '../store/token-state.ts'
import { makeIdToken, type TokenResponse } from './make-id-token.ts'
import { hasClaimsInIdToken, readClaims } from './read-claims.ts'
import type { PreparedTenant, TokenKey } from './tenants.ts'

export interface RefreshRequest {
  refreshToken: string
  /** Scopes the new access token shall have; undefined: all that were granted. */
  scope: readonly string[] | undefined
  /** The key the caller proved to hold; undefined: none. */
  jkt: string | undefined
}

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

/** What one request asks and what it would be given. */
interface Refresh {
  means: Means
  prepared: PreparedTenant
  relyingParty: RelyingParty
  request: RefreshRequest
  located: LocatedRefreshToken
  key: TokenKey
  now: number
}

/** The pair that one request is answered with. */
interface NewTokens {
  accessToken: string
  refreshToken: string
}

/**
 * New tokens; the claims are what they are now, the subject what it was. Throws `unauthorized_client`, `invalid_scope` for more than was
 * granted, and `invalid_grant` for every reason a token is not good, also where people are asked for a yes by now and nobody was
 * at this login. A used token that comes again ends its family and what was made from it, but for one case: the token
 * before the current one, within ten seconds, while the current one was never used. Then an answer was lost, and it is
 * given again (protocols OP-74 to OP-78).
 */
export async function refreshTokens(
  means: Means,
  prepared: PreparedTenant,
  relyingParty: RelyingParty,
  request: RefreshRequest,
): Promise<TokenResponse> {
  if (!relyingParty.grantTypes.includes('refresh_token'))
    fail({
      ...{ kind: 'oauth', error: 'unauthorized_client' },
      description: 'refresh_token is not registered for this client',
    })
  const key = prepared.tokenKeys.get(relyingParty.idTokenAlgorithm)
  if (key === undefined) return fail({ kind: 'unavailable' })
  const located = locateRefreshToken(request.refreshToken)
  if (located === undefined) return refuse(means, 'invalid_grant')
  const refresh = { means, prepared, relyingParty, request, located, key, now: means.clock() }
  const { row, ...tokens } = await take(refresh)
  if (row === undefined) return await refuseToken(refresh)
  await keep(refresh, row)
  return await answer(refresh, row, tokens)
}

/** Clients that prove themselves and a key each time keep their token: nobody else can use it (OP-75). */
function rotates({ authentication, dpopBound }: RelyingParty): boolean {
  return authentication === 'none' || !dpopBound
}

/** One statement takes the token and makes the next two; no row when there was nothing to take. */
async function take(refresh: Refresh): Promise<NewTokens & { row: UsedRow | undefined }> {
  const { means, prepared, relyingParty, request, located } = refresh
  const { refreshToken } = request
  const tenantId = prepared.tenant.id
  if (!rotates(relyingParty)) {
    const accessToken = randomText()
    const use = { ...useOf(refresh, accessToken), ...timesOf(refresh) }
    const step = useRefreshToken({ ...use, tenantId, scopes: use.scopes.join(' ') })
    const [[row]] = await transact(means.db, tenantId, [step], { retries: 2 })
    return { row, accessToken, refreshToken }
  }
  const salt = randomText()
  const next = successorOf(refreshToken, salt)
  const accessToken = newRefreshedToken(located.familyHash)
  const use = { ...useOf(refresh, accessToken), nextHash: hashSecret(next), salt }
  const row = await rotateTogether(means.db, tenantId, { ...use, times: timesOf(refresh) })
  return { row, accessToken, refreshToken: next }
}

/** The key that a public client's token is bound to: whoever has the token alone may neither use it nor end its family. */
function keyWanted({ relyingParty, request }: Refresh): string | null {
  return relyingParty.authentication === 'none' ? (request.jkt ?? null) : null
}

function useOf(refresh: Refresh, accessToken: string) {
  const { relyingParty, request, located } = refresh
  return {
    ...{ ...located, clientId: relyingParty.clientId },
    ...{ jkt: keyWanted(refresh), scopes: request.scope ?? [] },
    ...accessTokenOf(request, accessToken),
  }
}

function timesOf({ prepared, now }: Refresh) {
  return {
    tenantAsks: prepared.tenant.consent,
    expiresAt: toInstant(now + REFRESH_IDLE_TIME),
    usedAt: instantOfUse(prepared.tenant, now),
    ...accessTimes(now),
  }
}

function accessTokenOf(request: RefreshRequest, accessToken: string) {
  return {
    accessHash: hashSecret(accessToken),
    accessScope: request.scope?.join(' ') ?? null,
    accessJkt: request.jkt ?? null,
  }
}

function accessTimes(now: number) {
  return { accessExpiresAt: toInstant(now + ACCESS_TOKEN_TIME), now: toInstant(now) }
}

type KeptRow = Pick<UsedRow, 'grant_id' | 'grant_expires_at' | 'family_ends_at'>

/**
 * The grant lives as long as its tokens may, and a while longer, so that its time, which an index knows, is not written at
 * every refresh. Apart from the use: should this be lost, the same answer once more does it, or the next refresh.
 */
async function keep({ means, prepared, now }: Refresh, row: KeptRow): Promise<void> {
  const refreshEnds = Math.min(now + REFRESH_IDLE_TIME, fromInstant(row.family_ends_at))
  if (fromInstant(row.grant_expires_at) >= Math.max(now + GRANT_TIME, refreshEnds)) return
  const tenantId = prepared.tenant.id
  const until = toInstant(now + REFRESH_IDLE_TIME + GRANT_SLACK)
  await transact(means.db, tenantId, [keepGrant({ tenantId, grantId: row.grant_id, until })])
}

async function answer(
  refresh: Refresh,
  row: GrantRow,
  { accessToken, refreshToken }: NewTokens,
): Promise<TokenResponse> {
  const { means, prepared, relyingParty, request, key, now } = refresh
  const scope = request.scope?.join(' ') ?? row.scope
  const isLogin = scope.split(' ').includes('openid')
  const released =
    isLogin && hasClaimsInIdToken(relyingParty, row)
      ? await readClaims(means, prepared, { ...row, scope }, 'idToken')
      : {}
  const made = { key, accessToken, nonce: null, released, now }
  const idToken = isLogin ? await makeIdToken(prepared, relyingParty, row, made) : undefined
  means.metrics.outcome('refresh', 'ok')
  return {
    access_token: accessToken,
    token_type: request.jkt === undefined ? 'Bearer' : 'DPoP',
    expires_in: ACCESS_TOKEN_TIME / SECOND,
    ...(idToken === undefined ? {} : { id_token: idToken }),
    refresh_token: refreshToken,
    scope,
  }
}

/** Why there was nothing to take: mostly nobody's business, but one that was used before ends its family. */
async function refuseToken(refresh: Refresh): Promise<TokenResponse> {
  const { means, prepared, relyingParty, request, located } = refresh
  const { id: tenantId, consent: tenantAsks } = prepared.tenant
  const { familyHash } = located
  const scopes = request.scope?.join(' ') ?? ''
  const { clientId } = relyingParty
  const [[row]] = await read(means.db, tenantId, [
    findRefreshFamily({ tenantId, familyHash, clientId, scopes, tenantAsks }),
  ])
  if (row === undefined) return refuse(means, 'invalid_grant')
  if (row.refresh_jkt !== keyWanted(refresh)) return refuse(means, 'other_key')
  if (row.revoked_at !== null) return refuse(means, 'revoked')
  const isGood = row.token_hash === located.tokenHash
  const salt = isGood ? null : saltOfLost(refresh, row)
  if (!isGood && salt === null) return await endFamily(refresh, row)
  if (!row.fits)
    return fail({ kind: 'oauth', error: 'invalid_scope', description: 'more than was granted' })
  if (!row.agreed) return refuse(means, 'not_agreed')
  if (salt === null) return refuse(means, 'expired')
  return (await giveAgain(refresh, row, salt)) ?? (await endFamily(refresh, row))
}

/** What made the token that is good of the one shown, whose answer may have been lost seconds ago; null otherwise. */
function saltOfLost({ located, now }: Refresh, row: FamilyRow): string | null {
  const isLost = row.predecessor_hash === located.tokenHash
  return isLost && now - fromInstant(row.given_at) < REFRESH_GRACE ? row.salt : null
}

/** The same next token once more; undefined where somebody has used it by now. */
async function giveAgain(
  refresh: Refresh,
  row: FamilyRow,
  salt: string,
): Promise<TokenResponse | undefined> {
  const { means, prepared, request, located, now } = refresh
  const tenantId = prepared.tenant.id
  const { familyHash } = located
  const next = successorOf(request.refreshToken, salt)
  const accessToken = randomText()
  const [[again]] = await transact(means.db, tenantId, [
    answerAgain({
      ...{ tenantId, familyHash, nextHash: hashSecret(next) },
      ...{ ...accessTokenOf(request, accessToken), ...accessTimes(now) },
    }),
  ])
  if (again === undefined) return undefined
  await keep(refresh, row)
  return await answer(refresh, row, { accessToken, refreshToken: next })
}

/**
 * Two have the same token: nobody knows which is the thief, so the person logs in again (OP-74). Nobody has it where a logout
 * took the family away while a lost answer was to be given again.
 */
async function endFamily(refresh: Refresh, row: FamilyRow): Promise<never> {
  const { means, prepared } = refresh
  const tenantId = prepared.tenant.id
  const now = toInstant(refresh.now)
  const { familyHash } = refresh.located
  const isReuse = await inTransaction(means.db, tenantId, async (tx) => {
    const family = { tenantId, familyHash, clientId: row.client_id, now }
    if ((await tx.run(endRefreshFamily(family))).length === 0) return false
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'refresh_token_reused' },
        correlationId: row.correlation_id,
        subjectHash: auditSubjectHash(means.keyring, tenantId, row.audit_salt),
        clientId: row.client_id,
      }),
    ])
    return true
  })
  return refuse(means, isReuse ? 'reused' : 'revoked')
}

function refuse(means: Means, outcome: string): never {
  means.metrics.outcome('refresh', outcome)
  return fail({
    ...{ kind: 'oauth', error: 'invalid_grant' },
    description: 'the refresh token is not valid',
  })
}
