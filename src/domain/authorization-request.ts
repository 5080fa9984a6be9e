/**
 * Which authorization requests a relying party may make (RFC 6749, OpenID Connect Core 3.1.2.1, RFC 7636, protocols OP-10
 * to OP-27).
 */
import { ACR, ACR_VALUES } from './assurance.ts'
import { type ClaimsRequest, type NamedClaims, readClaimsRequest } from './claims-request.ts'
import { type ErrorRedirect, fail, type OAuthError } from './failure.ts'
import { isAppAddress, matchRedirectUri, type RelyingParty } from './relying-party.ts'
import type { Trigger } from './selector-rule.ts'

/** A request that passed every check: only this may start a journey. */
export interface AuthorizationRequest {
  relyingParty: RelyingParty
  redirectUri: string
  scope: readonly string[]
  state: string | undefined
  nonce: string | undefined
  codeChallenge: string | undefined
  /** Thumbprint of the key that must redeem the code (RFC 9449 section 10). */
  dpopJkt: string | undefined
  uiLocales: string | undefined
  /** Seconds; how old a login may be that the person brings along. 0 for `prompt=login` (OP-18, OP-19). */
  maxAge: number | undefined
  /** `force_reconciliation` where the relying party prefers a login that has the institution's word of this very moment. */
  trigger: Trigger
  /** `prompt=none`: nobody is asked anything; a login that would need that is refused (OP-18). */
  silent: boolean
  /** `prompt=select_account`: a person with several accounts is asked, whatever was remembered (Core 3.1.2.1). */
  selectAccount: boolean
  /** `prompt=consent`: the person is asked again, whatever they agreed to before (Core 3.1.2.1). */
  askConsent: true | undefined
  /** Which provider to log in at without a wallet; a wish (no standard, but Keycloak and its peers know it). */
  idpHint: string | undefined
  /** The answer goes back by POST; undefined: by the query. */
  formPost: true | undefined
  /** Values of `acr` of which one must be reached; undefined: whatever comes. */
  essentialAcr: readonly string[] | undefined
  /** Claims asked for by name, and where they shall go (Core 5.5); undefined: no such request. */
  claims: NamedClaims | undefined
  /** Who has to be logged in: one of these, by the relying party's own name (Core 3.1.2.1); undefined: whoever comes. */
  subjects: readonly string[] | undefined
}

/** Parameters as they came: empty ones are absent (RFC 6749 section 3.1), repeated ones are named apart. */
export interface Parameters {
  get(name: string): string | undefined
  readonly repeated: readonly string[]
  /** Whether they came through the pushed request endpoint, from a client that proved itself (RFC 9126). */
  readonly pushed?: true
}

/** Every parameter of an authorization request that is read, or refused by name. */
export const AUTHORIZATION_PARAMETERS = [
  ...['client_id', 'redirect_uri', 'response_type', 'response_mode', 'scope', 'state', 'nonce'],
  ...['code_challenge', 'code_challenge_method', 'dpop_jkt', 'prompt', 'max_age', 'acr_values'],
  ...['claims', 'id_token_hint', 'ui_locales', 'idp_hint', 'request', 'request_uri'],
  'registration',
] as const

/** Values of `prompt` (OpenID Connect Core 3.1.2.1). */
export const PROMPTS: readonly string[] = ['none', 'login', 'select_account', 'consent']

const CODE_CHALLENGE = /^[A-Za-z0-9_-]{43}$/
/** Old enough for every login, and makes an institution say when it was (Core 3.1.2.1). */
const LONGEST_AGE = 999_999_999
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/

function refuse(redirect: ErrorRedirect, error: OAuthError, description: string): never {
  return fail({ kind: 'oauth', error, description, redirect })
}

/**
 * Judges an authorization request against the registration. Throws `authorization_refused` where redirecting would be
 * unsafe (no such client, redirect URI not registered, RFC 6749 section 4.1.2.1), else an `oauth` failure that carries
 * the redirect with `state` and `iss` (RFC 9207).
 */
export function judgeAuthorizationRequest(
  parameters: Parameters,
  relyingParty: RelyingParty | undefined,
  issuer: string,
  known: { scopes: ReadonlySet<string>; claims: ReadonlySet<string> },
): AuthorizationRequest {
  if (parameters.repeated.includes('client_id') || parameters.repeated.includes('redirect_uri'))
    fail({ kind: 'authorization_refused', description: 'A parameter occurs twice.' })
  if (relyingParty === undefined || !relyingParty.enabled)
    fail({ kind: 'authorization_refused', description: 'This application is not registered here.' })
  const asked = parameters.get('redirect_uri')
  const redirectUri =
    asked === undefined ? undefined : matchRedirectUri(relyingParty.redirectUris, asked)
  if (redirectUri === undefined)
    fail({
      kind: 'authorization_refused',
      description: 'The return address is not registered for this application.',
    })

  const state = parameters.repeated.includes('state') ? undefined : parameters.get('state')
  const wantsPost = parameters.get('response_mode') === 'form_post'
  const formPost = (wantsPost && !isAppAddress(redirectUri)) || undefined
  const fragment = (!wantsPost && looksInFragment(parameters)) || undefined
  const redirect: ErrorRedirect = {
    ...{ redirectUri, state, issuer },
    ...(formPost && { formPost }),
    ...(fragment && { fragment }),
  }
  if (parameters.repeated.length > 0)
    refuse(redirect, 'invalid_request', 'a parameter occurs twice')
  if (relyingParty.pushedRequestsOnly && parameters.pushed !== true)
    refuse(redirect, 'invalid_request', 'this client must push its requests')
  judgeUnsupported(parameters, redirect)
  const prompt = judgePrompt(parameters, redirect)
  const claims = judgeClaims(parameters, redirect, known.claims)
  const essentialAcr = judgeAcr(claims?.acr, redirect)
  return {
    relyingParty,
    redirectUri,
    scope: judgeScope(parameters, redirect, known.scopes, relyingParty.scopes),
    state,
    nonce: limited(parameters.get('nonce'), 512, redirect, 'nonce is too long'),
    codeChallenge: judgeCodeChallenge(parameters, redirect, relyingParty),
    dpopJkt: judgeThumbprint(parameters, redirect),
    uiLocales: parameters.get('ui_locales'),
    maxAge: judgeMaxAge(parameters, redirect, prompt) ?? (claims?.authTime && LONGEST_AGE),
    trigger: readTrigger([
      ...(essentialAcr ?? claims?.acr?.values ?? []),
      ...(limited(parameters.get('acr_values'), 1024, redirect, 'acr_values is too long')?.split(
        ' ',
      ) ?? []),
    ]),
    silent: prompt.includes('none'),
    selectAccount: prompt.includes('select_account'),
    askConsent: prompt.includes('consent') || undefined,
    idpHint: parameters.get('idp_hint'),
    formPost,
    essentialAcr,
    claims: claims?.named,
    subjects: claims?.subjects,
  }
}

/** A refusal of the implicit and hybrid flows has to be heard by who asked for them (Core 3.2.2.6, RFC 6749 section 4.2.2.1). */
function looksInFragment(parameters: Parameters): boolean {
  const types = parameters.get('response_type')?.split(' ') ?? []
  const mode = parameters.get('response_mode')
  const modeAllows = mode === undefined || mode === 'fragment'
  return modeAllows && (types.includes('token') || types.includes('id_token'))
}

function limited(
  value: string | undefined,
  most: number,
  redirect: ErrorRedirect,
  description: string,
): string | undefined {
  if (value !== undefined && value.length > most) refuse(redirect, 'invalid_request', description)
  return value
}

function judgeUnsupported(parameters: Parameters, redirect: ErrorRedirect): void {
  if (parameters.get('request') !== undefined)
    refuse(redirect, 'request_not_supported', 'request objects are not supported')
  // A URL in request_uri is never fetched (OP-22).
  if (parameters.get('request_uri') !== undefined)
    refuse(redirect, 'request_uri_not_supported', 'request_uri is not supported')
  if (parameters.get('registration') !== undefined)
    refuse(redirect, 'registration_not_supported', 'registration is not supported')
  const responseType = parameters.get('response_type')
  if (responseType === undefined) refuse(redirect, 'invalid_request', 'response_type is missing')
  if (responseType !== 'code')
    refuse(redirect, 'unsupported_response_type', 'only response_type code is supported')
  const responseMode = parameters.get('response_mode')
  if (responseMode !== undefined && responseMode !== 'query' && responseMode !== 'form_post')
    refuse(redirect, 'invalid_request', 'only response_mode query and form_post are supported')
  if (responseMode === 'form_post' && redirect.formPost !== true)
    refuse(redirect, 'invalid_request', 'response_mode form_post does not reach an app')
  limited(redirect.state, 4096, { ...redirect, state: undefined }, 'state is too long')
}

/** A value that discovery does not announce would be a wish that nobody hears (Initiating User Registration 1.0, 4.1). */
function judgePrompt(parameters: Parameters, redirect: ErrorRedirect): readonly string[] {
  const prompt = parameters.get('prompt')?.split(' ') ?? []
  if (prompt.some((value) => !PROMPTS.includes(value)))
    refuse(redirect, 'invalid_request', 'a value of prompt is not supported')
  if (prompt.includes('none') && prompt.length > 1)
    refuse(redirect, 'invalid_request', 'prompt none stands alone')
  return prompt
}

/** `acr_values` is in order of preference, and values nobody here knows are passed over (Core 3.1.2.1). */
function readTrigger(acrValues: readonly string[]): Trigger {
  const preferred = acrValues.find((value) => ACR_VALUES.includes(value))
  const upstream: readonly (string | undefined)[] = [
    ACR.digitalCredentialsUpstream,
    ACR.sameDeviceUpstream,
    ACR.crossDeviceUpstream,
  ]
  return upstream.includes(preferred) ? 'force_reconciliation' : 'login'
}

/** The parameter `claims` (Core 5.5): claims by name and place, an `acr`, and who is meant. */
function judgeClaims(
  parameters: Parameters,
  redirect: ErrorRedirect,
  known: ReadonlySet<string>,
): ClaimsRequest | undefined {
  const text = limited(parameters.get('claims'), 4096, redirect, 'claims is too long')
  if (text === undefined) return undefined
  const asked = readClaimsRequest(text, known)
  if (asked === undefined) return refuse(redirect, 'invalid_request', 'claims is malformed')
  return asked
}

/** The values of an essential `acr` that can be reached here: without one of them the client takes no login (5.5.1.1). */
function judgeAcr(
  acr: ClaimsRequest['acr'],
  redirect: ErrorRedirect,
): readonly string[] | undefined {
  if (acr?.essential !== true) return undefined
  const known = acr.values.filter((value) => ACR_VALUES.includes(value))
  if (known.length > 0) return known
  return refuse(
    redirect,
    'unmet_authentication_requirements',
    'none of the essential acr values can be reached here',
  )
}

function judgeMaxAge(
  parameters: Parameters,
  redirect: ErrorRedirect,
  prompt: readonly string[],
): number | undefined {
  const maxAge = parameters.get('max_age')
  if (maxAge !== undefined && !/^\d{1,9}$/.test(maxAge))
    refuse(redirect, 'invalid_request', 'max_age is not a number of seconds')
  if (prompt.includes('login')) return 0
  return maxAge === undefined ? undefined : Number(maxAge)
}

function judgeScope(
  parameters: Parameters,
  redirect: ErrorRedirect,
  known: ReadonlySet<string>,
  declared: readonly string[] | undefined,
): readonly string[] {
  const scopes = (
    limited(parameters.get('scope'), 1024, redirect, 'scope is too long') ?? ''
  ).split(' ')
  if (!scopes.includes('openid')) refuse(redirect, 'invalid_scope', 'scope openid is needed')
  if (scopes.some((scope) => !SCOPE_TOKEN.test(scope)))
    refuse(redirect, 'invalid_scope', 'scope is malformed')
  // Unknown scopes are passed over; known ones that the client did not declare are asked for in vain, and it should hear so.
  const asked = [...new Set(scopes)].filter((scope) => known.has(scope))
  if (asked.some((scope) => scope !== 'openid' && declared?.includes(scope) === false))
    refuse(redirect, 'invalid_scope', 'a scope is not declared for this client')
  return asked
}

function judgeThumbprint(parameters: Parameters, redirect: ErrorRedirect): string | undefined {
  const jkt = parameters.get('dpop_jkt')
  // As long as a challenge: both are SHA-256.
  if (jkt !== undefined && !CODE_CHALLENGE.test(jkt))
    refuse(redirect, 'invalid_request', 'dpop_jkt is malformed')
  return jkt
}

function judgeCodeChallenge(
  parameters: Parameters,
  redirect: ErrorRedirect,
  relyingParty: RelyingParty,
): string | undefined {
  const challenge = parameters.get('code_challenge')
  const method = parameters.get('code_challenge_method')
  if (challenge === undefined) {
    if (method !== undefined) refuse(redirect, 'invalid_request', 'code_challenge is missing')
    if (relyingParty.requirePkce)
      refuse(redirect, 'invalid_request', 'PKCE is required: code_challenge is missing')
    return undefined
  }
  // A missing method means "plain" (RFC 7636 section 4.3), which is never accepted (OP-16).
  if (method !== 'S256')
    refuse(redirect, 'invalid_request', 'only code_challenge_method S256 is supported')
  if (!CODE_CHALLENGE.test(challenge))
    refuse(redirect, 'invalid_request', 'code_challenge is malformed')
  return challenge
}
