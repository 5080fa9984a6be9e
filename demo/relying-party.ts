/** A relying party like any other: openid-client, code flow, PKCE, nothing that knows the bridge. */
import * as client from 'openid-client'

export interface Login {
  idToken: client.IDToken
  claims: client.UserInfoResponse
  tokens: client.TokenEndpointResponse
}

export interface Attempt {
  /** Where to send the browser. */
  url: string
  /** Takes the browser's return and gives tokens and claims; every check of openid-client applies. */
  finish(callbackUrl: string): Promise<Login>
  verifier: string
  state: string
  nonce: string
}

export interface RelyingPartyProgram {
  configuration: client.Configuration
  begin(parameters?: Record<string, string>): Promise<Attempt>
}

/** Discovers the issuer and gets ready. Plain http on loopback is allowed, as in the rest of the demo. */
export async function createRelyingParty(options: {
  issuer: string
  clientId: string
  redirectUri: string
  authentication: client.ClientAuth
  idTokenAlgorithm?: 'ES256' | 'RS256' | 'PS256'
  scope?: string
}): Promise<RelyingPartyProgram> {
  const { issuer, clientId, redirectUri, authentication } = options
  const metadata = { id_token_signed_response_alg: options.idTokenAlgorithm ?? 'ES256' }
  const configuration = await client.discovery(
    new URL(issuer),
    clientId,
    metadata,
    authentication,
    {
      execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
    },
  )
  return {
    configuration,
    async begin(parameters = {}) {
      const verifier = client.randomPKCECodeVerifier()
      const state = client.randomState()
      const nonce = client.randomNonce()
      const url = client.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: options.scope ?? 'openid profile email',
        state,
        nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        ...parameters,
      })
      return {
        ...{ url: url.href, verifier, state, nonce },
        async finish(callbackUrl) {
          const tokens = await client.authorizationCodeGrant(configuration, new URL(callbackUrl), {
            pkceCodeVerifier: verifier,
            expectedState: state,
            expectedNonce: nonce,
            idTokenExpected: true,
          })
          const idToken = tokens.claims()
          if (idToken === undefined) throw new Error('no ID token')
          const claims = await client.fetchUserInfo(configuration, tokens.access_token, idToken.sub)
          return { idToken, claims, tokens }
        },
      }
    },
  }
}
