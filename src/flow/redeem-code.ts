/** A code becomes tokens, once (RFC 6749 section 4.1.3, RFC 7636 section 4.6, OpenID Connect Core 3.1.3). */

import { auditSubjectHash } from '../crypto/audit-subject.ts'
import { codeChallengeOf } from '../crypto/id-token.ts'
import { newCodeToken } from '../crypto/opaque-token.ts'
import { hashSecret, newId } from '../crypto/random.ts'
import { type NewRefreshToken, newRefreshToken } from '../crypto/refresh-token.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { TenantId } from '../domain/ids.ts'
import {
  ACCESS_TOKEN_TIME,
  GRANT_SLACK,
  REFRESH_IDLE_TIME,
  REFRESH_TIME,
} from '../domain/journey.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import type { JsonObject, SecretHash } from '../domain/text.ts'
import { SECOND, toInstant } from '../domain/time.ts'
import { grantByAccessToken } from '../store/access-token.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read, transact } from '../store/database.ts'
import {
  type CodeRow,
  findCode,
  type RedeemedRow,
  type Redemption,
  redeemCodes,
  redeemTogether,
  revokeGrant,
} from '../store/grant.ts'
import { beginRefresh } from '../store/refresh-token.ts'
import { findWalletOnlyGrant } from '../store/wallet-only-grant.ts'
import { makeIdToken, type TokenResponse } from './make-id-token.ts'
import { hasClaimsInIdToken, readClaims } from './read-claims.ts'
import type { PreparedTenant } from './tenants.ts'

export interface CodeRequest {
  code: string
  redirectUri: string
  codeVerifier: string | undefined
  /** The key the tokens will be bound to; undefined: bearer tokens. */
  jkt: string | undefined
}

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

/**
 * Tokens for a code. Throws `invalid_grant` for every reason a code is not good; a second *valid* request also ends the
 * grant and what was issued from it, a wrong one does not (OP-43, protocols 11 row 33).
 */
export async function redeemCode(
  means: Means,
  prepared: PreparedTenant,
  relyingParty: RelyingParty,
  request: CodeRequest,
): Promise<TokenResponse> {
  const tenantId = prepared.tenant.id
  const key = prepared.tokenKeys.get(relyingParty.idTokenAlgorithm)
  if (key === undefined) return fail({ kind: 'unavailable' })
  const codeHash = hashSecret(request.code)
  const codeChallenge = challengeOf(request.codeVerifier)
  if (codeChallenge === undefined) return refuse(means, 'invalid_grant')
  const accessToken = newCodeToken(codeHash)
  const refreshToken = relyingParty.grantTypes.includes('refresh_token')
    ? newRefreshToken()
    : undefined
  const now = means.clock()
  const taken = { codeHash, codeChallenge, accessToken, refreshToken, now }
  const { row, begun } = await take(means, tenantId, relyingParty, request, taken)
  if (row === undefined) return await refuseCode(means, prepared, relyingParty, request, codeHash)
  const released = hasClaimsInIdToken(relyingParty, row)
    ? await readReleased(means, prepared, codeHash, accessToken)
    : {}
  if (released === undefined) return refuse(means, 'invalid_grant')
  const made = { key, accessToken, nonce: row.nonce, released, now }
  const idToken = await makeIdToken(prepared, relyingParty, row, made)
  means.metrics.outcome('token', 'ok')
  return {
    access_token: accessToken,
    token_type: request.jkt === undefined ? 'Bearer' : 'DPoP',
    expires_in: ACCESS_TOKEN_TIME / SECOND,
    id_token: idToken,
    ...(refreshToken === undefined || !begun ? {} : { refresh_token: refreshToken.token }),
    scope: row.scope,
  }
}

interface Taken {
  codeHash: SecretHash
  codeChallenge: string | null
  accessToken: string
  /** Undefined for a client that may not have any. */
  refreshToken: NewRefreshToken | undefined
  now: number
}

/**
 * One round trip takes the code, and begins a family of refresh tokens where there may be one. Should signing fail
 * afterwards, the code is gone and the person logs in again: better than a code that can be taken twice.
 */
async function take(
  { db }: Means,
  tenantId: TenantId,
  relyingParty: RelyingParty,
  request: CodeRequest,
  { codeHash, codeChallenge, accessToken, refreshToken, now }: Taken,
): Promise<{ row: RedeemedRow | undefined; begun: boolean }> {
  const jkt = request.jkt ?? null
  const tokenHash = hashSecret(accessToken)
  const redemption: Redemption = {
    ...{ codeHash, clientId: relyingParty.clientId, redirectUri: request.redirectUri },
    ...{ codeChallenge, jkt, tokenHash },
    ...{ now: toInstant(now), tokenExpiresAt: toInstant(now + ACCESS_TOKEN_TIME) },
  }
  if (refreshToken === undefined)
    return { row: await redeemTogether(db, tenantId, redemption), begun: false }
  const [[row], begun] = await transact(
    db,
    tenantId,
    [
      redeemCodes(tenantId, [redemption]),
      beginRefresh({
        ...{ tenantId, codeHash, accessHash: tokenHash },
        ...{ familyHash: refreshToken.familyHash, tokenHash: refreshToken.tokenHash },
        // A client that proves itself each time may change its key (RFC 9449 section 5).
        jkt: relyingParty.authentication === 'none' ? jkt : null,
        ...{ always: !relyingParty.offlineAccessNeeded, now: toInstant(now) },
        expiresAt: toInstant(now + REFRESH_IDLE_TIME),
        familyEndsAt: toInstant(now + REFRESH_TIME),
        grantKeptUntil: toInstant(now + REFRESH_IDLE_TIME + GRANT_SLACK),
      }),
    ],
    { retries: 1 },
  )
  return { row, begun: begun.length > 0 }
}

/** The person's claims, for clients that want them in the ID token; undefined when the link ended a moment ago. */
async function readReleased(
  means: Means,
  prepared: PreparedTenant,
  codeHash: SecretHash,
  accessToken: string,
): Promise<JsonObject | undefined> {
  const tenantId = prepared.tenant.id
  const now = toInstant(means.clock())
  const token = { rowHash: codeHash, tokenHash: hashSecret(accessToken) }
  const [[linked], [walletOnly]] = await read(means.db, tenantId, [
    grantByAccessToken(tenantId, { kind: 'code', ...token }, now),
    findWalletOnlyGrant({ tenantId, ...token, now }),
  ])
  const grant = linked ?? walletOnly
  return grant === undefined ? undefined : await readClaims(means, prepared, grant, 'idToken')
}

/** The challenge a verifier answers; null without a verifier, undefined for one that cannot be any (RFC 7636, 4.1). */
function challengeOf(verifier: string | undefined): string | null | undefined {
  if (verifier === undefined) return null
  return /^[A-Za-z0-9._~-]{43,128}$/.test(verifier) ? codeChallengeOf(verifier) : undefined
}

/** Why there was nothing to take: mostly nobody's business, but a valid replay ends the grant. */
async function refuseCode(
  means: Means,
  prepared: PreparedTenant,
  relyingParty: RelyingParty,
  request: CodeRequest,
  codeHash: SecretHash,
): Promise<never> {
  const tenantId = prepared.tenant.id
  const [[row]] = await read(means.db, tenantId, [findCode({ tenantId, codeHash })])
  const valid =
    row !== undefined &&
    row.client_id === relyingParty.clientId &&
    row.redirect_uri === request.redirectUri &&
    row.code_challenge === challengeOf(request.codeVerifier)
  if (!valid) return refuse(means, 'invalid_grant')
  if (row.consumed_at === null) return refuse(means, 'expired')
  return await endReplayedGrant(means, prepared, row)
}

/** A valid request for a code that was spent: somebody has both, so everything made from it ends (OP-43). */
async function endReplayedGrant(
  means: Means,
  prepared: PreparedTenant,
  row: CodeRow,
): Promise<never> {
  const tenantId = prepared.tenant.id
  const now = toInstant(means.clock())
  await inTransaction(means.db, tenantId, async (tx) => {
    const [revoked] = await tx.run(revokeGrant({ tenantId, grantId: row.grant_id, now }))
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'code_replayed', grant_revoked: revoked?.changed === 1 },
        correlationId: row.correlation_id,
        subjectHash:
          row.audit_salt === null
            ? undefined
            : auditSubjectHash(means.keyring, tenantId, row.audit_salt),
        clientId: row.client_id,
      }),
    ])
  })
  return refuse(means, 'replayed')
}

function refuse(means: Means, outcome: string): never {
  means.metrics.outcome('token', outcome)
  return fail({ kind: 'oauth', error: 'invalid_grant', description: 'the code is not valid' })
}
