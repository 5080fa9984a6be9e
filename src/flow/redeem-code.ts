/** A code becomes tokens, once (RFC 6749 section 4.1.3, RFC 7636 section 4.6, OpenID Connect Core 3.1.3). */

import { auditSubjectHash } from '../crypto/audit-subject.ts'
import { accessTokenHash, codeChallengeOf, signIdToken } from '../crypto/id-token.ts'
import { hashSecret, newId, randomText } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { UpstreamAssurance } from '../domain/assurance.ts'
import { fail } from '../domain/failure.ts'
import { ACCESS_TOKEN_TIME, ID_TOKEN_TIME } from '../domain/journey.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import type { JsonObject, SecretHash } from '../domain/text.ts'
import { SECOND, toInstant, toSeconds } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read, transact } from '../store/database.ts'
import {
  type CodeRow,
  findCode,
  type GrantRow,
  redeemLiveCode,
  revokeGrant,
} from '../store/grant.ts'
import { readClaims } from './read-claims.ts'
import type { PreparedTenant, TokenKey } from './tenants.ts'

export interface CodeRequest {
  code: string
  redirectUri: string
  codeVerifier: string | undefined
}

/** The token response of RFC 6749 section 5.1, in the wire's spelling. */
export interface TokenResponse {
  access_token: string
  token_type: 'Bearer'
  expires_in: number
  id_token: string
  scope: string
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
  const accessToken = randomText()
  const now = means.clock()
  // One statement takes the code and everything tokens are made of. Should signing fail afterwards, the code is gone and
  // the person logs in again: better than a code that can be taken twice.
  const [[row]] = await transact(means.db, tenantId, [
    redeemLiveCode({
      ...{ tenantId, codeHash, clientId: relyingParty.clientId, redirectUri: request.redirectUri },
      ...{ codeChallenge, tokenHash: hashSecret(accessToken), now: toInstant(now) },
      tokenExpiresAt: toInstant(now + ACCESS_TOKEN_TIME),
    }),
  ])
  if (row === undefined) return await refuseCode(means, prepared, relyingParty, request, codeHash)
  const idToken = await makeIdToken(means, prepared, relyingParty, row, { key, accessToken, now })
  means.metrics.outcome('token', 'ok')
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: ACCESS_TOKEN_TIME / SECOND,
    id_token: idToken,
    scope: row.scope,
  }
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

async function makeIdToken(
  means: Means,
  prepared: PreparedTenant,
  relyingParty: RelyingParty,
  row: CodeRow,
  { key, accessToken, now }: { key: TokenKey; accessToken: string; now: number },
): Promise<string> {
  const released: JsonObject = relyingParty.claimsInIdToken
    ? await readClaims(means, prepared, row)
    : {}
  return signIdToken(key, relyingParty.idTokenAlgorithm, {
    ...released,
    iss: prepared.issuer,
    sub: row.subject,
    aud: relyingParty.clientId,
    iat: toSeconds(now),
    exp: toSeconds(now + ID_TOKEN_TIME),
    ...assuranceClaims(row),
    at_hash: accessTokenHash(accessToken),
    ...(row.nonce === null ? {} : { nonce: row.nonce }),
  })
}

/**
 * How and when the person was authenticated (OP-55, OP-58, OP-59): `acr` and `amr` of this login, and, if the
 * institution's login was part of it, what that one said of itself, under names of our own. What is not known is left out.
 */
function assuranceClaims(grant: GrantRow): JsonObject {
  const amr = JSON.parse(grant.amr) as string[]
  const upstream =
    grant.upstream === null ? undefined : (JSON.parse(grant.upstream) as UpstreamAssurance)
  return {
    acr: grant.acr,
    ...(amr.length === 0 ? {} : { amr }),
    ...(grant.auth_time === null ? {} : { auth_time: grant.auth_time }),
    ...(upstream === undefined || upstream.acr.length === 0 ? {} : { upstream_acr: upstream.acr }),
    ...(upstream === undefined || upstream.amr.length === 0 ? {} : { upstream_amr: upstream.amr }),
    ...(upstream?.authTime === undefined ? {} : { upstream_auth_time: upstream.authTime }),
  }
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
        subjectHash: auditSubjectHash(means.keyring, tenantId, row.audit_salt),
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
