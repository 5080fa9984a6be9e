/** What a relying party may know about the person behind its access token (OpenID Connect Core section 5.3). */

import { signIdToken } from '../crypto/id-token.ts'
import { locateToken } from '../crypto/opaque-token.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { TenantId } from '../domain/ids.ts'
import type { JsonObject } from '../domain/text.ts'
import { type IsoInstant, toInstant } from '../domain/time.ts'
import type { TokenAlgorithm } from '../domain/token-algorithm.ts'
import { type AccessRow, grantByAccessToken } from '../store/access-token.ts'
import { read } from '../store/database.ts'
import { readTogether } from '../store/together.ts'
import { findWalletOnlyGrant, type WalletOnlyAccessRow } from '../store/wallet-only-grant.ts'
import { checkResourceProof } from './check-proof.ts'
import { readClaims } from './read-claims.ts'
import type { PreparedTenant } from './tenants.ts'

/** Plain, or as a JWT for a client that registered an algorithm. */
export type Userinfo = { claims: JsonObject } | { signed: string }

/** A token, and the proof of its key where it came as `Authorization: DPoP`. */
export interface TokenCredentials {
  accessToken: string
  proof: string | undefined
  method: 'GET' | 'POST'
}

/**
 * `sub` and the claims of the granted scopes. A token that is unknown, expired, revoked, another tenant's, of a disabled
 * relying party or of a person who is gone throws the same `invalid_token` (OP-69).
 */
export async function readUserinfo(
  means: Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>,
  prepared: PreparedTenant,
  credentials: TokenCredentials,
): Promise<Userinfo> {
  const tenantId = prepared.tenant.id
  const now = toInstant(means.clock())
  const { accessToken } = credentials
  const grant = await findGrant(means, tenantId, accessToken, now)
  if (grant === undefined || !(await isBoundTo(means, prepared, credentials, grant.access_jkt))) {
    means.metrics.outcome('userinfo', 'invalid_token')
    return fail({
      ...{ kind: 'oauth', error: 'invalid_token', description: 'the access token is not valid' },
      // In the scheme it was shown by (RFC 9449 section 7.1).
      ...(credentials.proof === undefined ? {} : { challenge: 'DPoP' }),
    })
  }
  const scope = grant.narrowed_scope ?? grant.scope
  if (!scope.split(' ').includes('openid')) {
    means.metrics.outcome('userinfo', 'insufficient_scope')
    fail({ kind: 'oauth', error: 'insufficient_scope', description: 'scope openid is needed' })
  }
  const claims = await readClaims(means, prepared, { ...grant, scope }, 'userinfo')
  const answer = { ...claims, sub: grant.subject }
  const relyingParty = await prepared.relyingParty(grant.client_id)
  means.metrics.outcome('userinfo', 'ok')
  const algorithm = relyingParty?.userinfoAlgorithm
  if (algorithm === undefined) return { claims: answer }
  return { signed: await sign(prepared, algorithm, grant.client_id, answer) }
}

/** A bound token counts with its key, and a bearer token as one: neither is the other (RFC 9449 section 7). */
async function isBoundTo(
  means: Pick<Deps, 'db' | 'clock'>,
  prepared: PreparedTenant,
  { accessToken, proof, method }: TokenCredentials,
  jkt: string | null,
): Promise<boolean> {
  if (proof === undefined || jkt === null) return proof === undefined && jkt === null
  const url = `${prepared.issuer}/userinfo`
  return (await checkResourceProof(means, prepared, { proof, method, url, accessToken })) === jkt
}

/** For clients that registered it (OpenID Connect Core 5.3.2): `iss` and `aud` beside the claims, no time of its own. */
async function sign(
  prepared: PreparedTenant,
  algorithm: TokenAlgorithm,
  audience: string,
  claims: JsonObject,
): Promise<string> {
  const key = prepared.tokenKeys.get(algorithm)
  if (key === undefined) return fail({ kind: 'unavailable' })
  return await signIdToken(key, algorithm, { ...claims, iss: prepared.issuer, aud: audience })
}

/** Most grants have a person; the other kind is asked for only where there is none of these. */
async function findGrant(
  { db }: Pick<Deps, 'db'>,
  tenantId: TenantId,
  accessToken: string,
  now: IsoInstant,
): Promise<AccessRow | WalletOnlyAccessRow | undefined> {
  const located = locateToken(accessToken)
  if (located === undefined) return undefined
  const [grant] = await readTogether(db, tenantId, grantByAccessToken(tenantId, located, now))
  if (grant !== undefined) return grant
  const { tokenHash, rowHash } = located
  const [[walletOnly]] = await read(db, tenantId, [
    findWalletOnlyGrant({ tenantId, tokenHash, rowHash, now }),
  ])
  return walletOnly
}
