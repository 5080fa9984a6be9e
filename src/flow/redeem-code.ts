/** A code becomes tokens, once (RFC 6749 section 4.1.3, RFC 7636 section 4.6, OpenID Connect Core 3.1.3). */

import { auditSubjectHash } from '../crypto/audit-subject.ts'
import { accessTokenHash, codeChallengeOf, signIdToken } from '../crypto/id-token.ts'
import { equalText, hashSecret, newId, randomText } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { detailText } from '../domain/audit.ts'
import { fail } from '../domain/failure.ts'
import { ACCESS_TOKEN_TIME, ID_TOKEN_TIME } from '../domain/journey.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import type { JsonObject, SecretHash } from '../domain/text.ts'
import { fromInstant, SECOND, toInstant, toSeconds } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read, transact } from '../store/database.ts'
import { type CodeRow, consumeCode, findCode, revokeGrant } from '../store/grant.ts'
import { readClaims } from './read-claims.ts'
import type { PreparedTenant } from './tenants.ts'

export interface CodeRequest {
  code: string
  redirectUri: string | undefined
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
  const codeHash = hashSecret(request.code)
  const [[row]] = await read(means.db, tenantId, [findCode({ tenantId, codeHash })])
  const now = means.clock()
  if (row === undefined || !belongsTo(row, relyingParty, request))
    return refuse(means, 'invalid_grant')
  if (row.consumed_at !== null) return await endReplayedGrant(means, prepared, row)
  if (row.revoked_at !== null || fromInstant(row.code_expires_at) <= now)
    return refuse(means, 'expired')
  return await issueTokens(means, prepared, relyingParty, row, codeHash)
}

/** Client, redirect URI and PKCE verifier; a verifier exactly when there was a challenge (OP-41, OP-44, OP-45). */
function belongsTo(row: CodeRow, relyingParty: RelyingParty, request: CodeRequest): boolean {
  if (row.client_id !== relyingParty.clientId) return false
  if (request.redirectUri === undefined || request.redirectUri !== row.redirect_uri) return false
  if (row.code_challenge === null || request.codeVerifier === undefined)
    return row.code_challenge === null && request.codeVerifier === undefined
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(request.codeVerifier)) return false
  return equalText(codeChallengeOf(request.codeVerifier), row.code_challenge)
}

async function issueTokens(
  means: Means,
  prepared: PreparedTenant,
  relyingParty: RelyingParty,
  row: CodeRow,
  codeHash: SecretHash,
): Promise<TokenResponse> {
  const tenantId = prepared.tenant.id
  const accessToken = randomText()
  const now = means.clock()
  // Signed before the code dies: what fails here costs the relying party nothing.
  const idToken = await makeIdToken(means, prepared, relyingParty, row, accessToken, now)
  const [[consumed]] = await transact(means.db, tenantId, [
    consumeCode({
      tenantId,
      codeHash,
      identityId: row.identity_id,
      tokenHash: hashSecret(accessToken),
      tokenExpiresAt: toInstant(now + ACCESS_TOKEN_TIME),
      eventId: newId(),
      correlationId: row.correlation_id,
      subjectHash: auditSubjectHash(means.keyring, tenantId, row.audit_salt),
      clientId: row.client_id,
      detail: detailText({ type: 'tokens_issued', scope: row.scope }),
      now: toInstant(now),
    }),
  ])
  // Somebody else's request consumed it in between; it was as valid as this one, so this is a replay.
  if (consumed === undefined) return await endReplayedGrant(means, prepared, row)
  means.metrics.outcome('token', 'ok')
  return {
    access_token: accessToken,
    token_type: 'Bearer',
    expires_in: ACCESS_TOKEN_TIME / SECOND,
    id_token: idToken,
    scope: row.scope,
  }
}

async function makeIdToken(
  means: Means,
  prepared: PreparedTenant,
  relyingParty: RelyingParty,
  row: CodeRow,
  accessToken: string,
  now: number,
): Promise<string> {
  const key = prepared.tokenKeys.get(relyingParty.idTokenAlgorithm)
  if (key === undefined) return fail({ kind: 'unavailable' })
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
    auth_time: row.auth_time,
    acr: row.acr,
    amr: JSON.parse(row.amr) as string[],
    at_hash: accessTokenHash(accessToken),
    ...(row.nonce === null ? {} : { nonce: row.nonce }),
  })
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
