/**
 * Asking the provider for what stands behind a code: token endpoint, keys, userinfo. What comes back is authentic and
 * belongs to this very attempt; whether it is good enough is judged by `readIdentity`, without a network.
 */
import * as oidc from 'openid-client'
import { equalText } from '../crypto/random.ts'
import { BridgeError, fail, type InstitutionReason } from '../domain/failure.ts'
import type { JsonObject } from '../domain/text.ts'
import type { Callback } from './callback.ts'
import type { ConnectedProvider } from './connection.ts'
import { readKeyChoice, verifyIdToken } from './id-token.ts'

/** What was kept of the attempt when the browser was sent away. */
export interface ExpectedAnswer {
  readonly state: string
  readonly nonce: string
  readonly codeVerifier: string
  /** The same as in the authorization request (UP-30). */
  readonly redirectUri: string
}

declare const asked: unique symbol

/** Made by {@link exchangeCode} alone. The provider's access token is not part of it: it has been used and dropped. */
export interface TokenAnswer {
  readonly [asked]: true
  readonly issuer: string
  /** Signature, issuer, audience, nonce and `at_hash` are right; times are not judged yet. */
  readonly idToken: JsonObject
  /** Of the same subject; undefined when the provider has no such endpoint. */
  readonly userinfo: JsonObject | undefined
}

/**
 * Redeems the code and asks userinfo (protocols UP-21 to UP-23, UP-30, UP-33 to UP-39; OpenID Connect Core 3.1.3, 5.3).
 * The code is sent once, whatever happens. Throws `institution_refused`: `response_invalid` for a call-back that is not
 * this attempt's or not this provider's, `login_refused` when the provider says no, `token_request_failed`,
 * `id_token_invalid`, `userinfo_invalid`, and `unavailable` for network trouble and 5xx.
 */
export async function exchangeCode(
  connected: ConnectedProvider,
  callback: Callback,
  expected: ExpectedAnswer,
): Promise<TokenAnswer> {
  const code = judgeCallback(connected, callback, expected)
  const { idToken, accessToken } = await requestTokens(connected, callback, code, expected)
  const choice = readKeyChoice(idToken, connected.metadata.id_token_signing_alg)
  const key = await connected.keys.keyFor(choice)
  const expectedToken = { clientId: connected.clientId, accessToken }
  const verified = await verifyIdToken(idToken, { key, alg: choice.alg }, expectedToken)
  const userinfo = await requestUserinfo(connected, accessToken, verified.subject)
  const { issuer } = connected.metadata
  return { issuer, idToken: verified.claims, userinfo } as TokenAnswer
}

/** State first, then issuer, then what is said: an error of somebody else's is not our provider's error. */
function judgeCallback(
  connected: ConnectedProvider,
  callback: Callback,
  expected: ExpectedAnswer,
): string {
  const { issuer, authorization_response_iss_parameter_supported: issExpected } = connected.metadata
  if (!equalText(callback.state, expected.state)) refuse('response_invalid')
  if (callback.iss === undefined ? issExpected : callback.iss !== issuer) refuse('response_invalid')
  return 'code' in callback.answer ? callback.answer.code : refuse('login_refused')
}

async function requestTokens(
  connected: ConnectedProvider,
  callback: Callback,
  code: string,
  expected: ExpectedAnswer,
): Promise<{ idToken: string; accessToken: string }> {
  const returned = new URL(expected.redirectUri)
  returned.search = new URLSearchParams({
    code,
    state: callback.state,
    ...(callback.iss === undefined ? {} : { iss: callback.iss }),
  }).toString()
  try {
    const answer = await oidc.authorizationCodeGrant(connected.configuration, returned, {
      expectedState: expected.state,
      expectedNonce: expected.nonce,
      pkceCodeVerifier: expected.codeVerifier,
      idTokenExpected: true,
    })
    if (answer.id_token === undefined) refuse('id_token_invalid')
    return { idToken: answer.id_token, accessToken: answer.access_token }
  } catch (error) {
    refuseAnswer(error, 'token_request_failed', 'id_token_invalid')
  }
}

async function requestUserinfo(
  connected: ConnectedProvider,
  accessToken: string,
  subject: string,
): Promise<JsonObject | undefined> {
  if (connected.metadata.userinfo_endpoint === undefined) return undefined
  try {
    const claims = await oidc.fetchUserInfo(connected.configuration, accessToken, subject)
    return claims as JsonObject
  } catch (error) {
    refuseAnswer(error, 'userinfo_invalid', 'userinfo_invalid')
  }
}

/** Codes of openid-client that are about HTTP; every other one is about what the answer says. */
const ABOUT_HTTP = ['OAUTH_RESPONSE_IS_NOT_CONFORM', 'OAUTH_RESPONSE_IS_NOT_JSON']

/**
 * Turns what openid-client threw into a refusal: `failed` when the endpoint did not give the answer asked for,
 * `disbelieved` when it gave one that is wrong. Its errors carry claims and bodies, so only their code goes on.
 */
function refuseAnswer(
  error: unknown,
  failed: InstitutionReason,
  disbelieved: InstitutionReason,
): never {
  const outbound = outboundReason(error)
  if (outbound === 'unreachable' || outbound === 'timeout') refuse('unavailable')
  if (outbound !== undefined) refuse(failed)
  if (error instanceof BridgeError) throw error
  if (error instanceof oidc.ResponseBodyError) refuse(failed, error.code)
  if (error instanceof oidc.WWWAuthenticateChallengeError) refuse(failed, error.code)
  if (!(error instanceof oidc.ClientError)) throw error
  if (error.cause instanceof Response && isOutOfOrder(error.cause.status)) refuse('unavailable')
  refuse(ABOUT_HTTP.includes(error.code ?? '') ? failed : disbelieved, error.code)
}

/** The guard's own refusal, which openid-client wraps. */
function outboundReason(error: unknown): string | undefined {
  const inner = error instanceof oidc.ClientError ? error.cause : error
  const refused = inner instanceof BridgeError && inner.failure.kind === 'outbound_refused'
  return refused && 'reason' in inner.failure ? inner.failure.reason : undefined
}

function isOutOfOrder(status: number): boolean {
  return status >= 500 || status === 429
}

function refuse(reason: InstitutionReason, code?: string): never {
  fail({ kind: 'institution_refused', reason }, code === undefined ? undefined : new Error(code))
}
