/** The ID token of a grant, at a code's redemption and at every refresh (OpenID Connect Core 3.1.3.3 and 12.2). */
import { accessTokenHash, sessionIdFor, signIdToken } from '../crypto/id-token.ts'
import type { UpstreamAssurance } from '../domain/assurance.ts'
import { ID_TOKEN_TIME } from '../domain/journey.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import type { JsonObject } from '../domain/text.ts'
import { toSeconds } from '../domain/time.ts'
import type { TokenGrant } from '../store/grant.ts'
import type { PreparedTenant, TokenKey } from './tenants.ts'

/** The token response of RFC 6749 section 5.1, in the wire's spelling. */
export interface TokenResponse {
  access_token: string
  token_type: 'Bearer' | 'DPoP'
  expires_in: number
  /** Not at a refresh that leaves `openid` out. */
  id_token?: string
  refresh_token?: string
  scope: string
}

/**
 * Signed; time, method and strength of the login are those of the grant, whenever this is made. `nonce` is null where there
 * was none, and at a refresh. `released`: claims of the person, where the client has them here. `now` in milliseconds.
 */
export function makeIdToken(
  prepared: PreparedTenant,
  relyingParty: RelyingParty,
  grant: TokenGrant,
  made: {
    key: TokenKey
    accessToken: string
    nonce: string | null
    released: JsonObject
    now: number
  },
): Promise<string> {
  const { key, accessToken, nonce, released, now } = made
  return signIdToken(key, relyingParty.idTokenAlgorithm, {
    ...released,
    iss: prepared.issuer,
    sub: grant.subject,
    aud: relyingParty.clientId,
    sid: sessionIdFor(relyingParty.clientId, grant.sid),
    iat: toSeconds(now),
    exp: toSeconds(now + ID_TOKEN_TIME),
    ...assuranceClaims(grant),
    at_hash: accessTokenHash(accessToken),
    ...(nonce === null ? {} : { nonce }),
  })
}

/**
 * How and when the person was authenticated (OP-55, OP-58, OP-59): `acr` and `amr` of this login, and, if the
 * institution's login was part of it, what that one said of itself, under names of our own. What is not known is left out.
 */
function assuranceClaims(grant: TokenGrant): JsonObject {
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
