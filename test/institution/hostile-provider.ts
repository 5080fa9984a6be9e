/**
 * An OpenID provider made by hand, so that each part of what it says can be made wrong. It speaks the protocol properly
 * until a test changes `behave`.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { CompactSign, type CryptoKey, exportJWK, generateKeyPair, type JWK } from 'jose'
import { listen } from '../outbound/server.ts'

type Claims = Record<string, unknown>

export interface SigningKey {
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

export interface Behaviour {
  metadata: (document: Claims) => Claims
  claims: (claims: Claims) => Claims
  header: (header: Claims) => Claims
  /** What the token is signed with; `none` and a shared secret make the classic forgeries. */
  sign: SigningKey | 'none' | { secret: string }
  /** Changes the compact token after it was signed. */
  token: (idToken: string) => string
  tokenAnswer: (answer: Claims) => Claims
  userinfo: (claims: Claims) => Claims
  jwks: () => unknown
  /** Answers instead of the endpoint of that name, when set. */
  instead: Partial<Record<'token' | 'userinfo' | 'jwks' | 'discovery', Answerer>>
}

type Answerer = (request: IncomingMessage, response: ServerResponse) => void

export interface HostileProvider {
  readonly issuer: string
  readonly behave: Behaviour
  readonly signingKey: SigningKey
  /** Requests by endpoint. */
  readonly asked: Record<'token' | 'userinfo' | 'jwks' | 'discovery', number>
  /** The last token request. */
  readonly seen: { form: URLSearchParams; authorization: string | undefined }
  /** Plays the browser: the call-back URL that a login at `authorizationUrl` ends with. */
  authorize(authorizationUrl: string, extra?: Record<string, string>): URL
  close(): Promise<void>
}

export async function makeSigningKey(kid: string | undefined, alg = 'RS256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const publicJwk = { ...(await exportJWK(publicKey)), use: 'sig', alg }
  return { privateKey, publicJwk: kid === undefined ? publicJwk : { ...publicJwk, kid } }
}

export async function startHostileProvider(signingKey: SigningKey): Promise<HostileProvider> {
  const codes = new Map<string, { nonce: string; challenge: string; redirectUri: string }>()
  const asked = { token: 0, userinfo: 0, jwks: 0, discovery: 0 }
  const seen = { form: new URLSearchParams(), authorization: undefined as string | undefined }
  const same = (value: Claims) => value
  const behave: Behaviour = {
    metadata: same,
    claims: same,
    header: same,
    sign: signingKey,
    token: (idToken) => idToken,
    tokenAnswer: same,
    userinfo: same,
    jwks: () => ({ keys: [signingKey.publicJwk] }),
    instead: {},
  }
  const server = await listen((request, response) => void answer(request, response))
  const issuer = server.url

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').slice(1)
    const endpoint = path === '.well-known/openid-configuration' ? 'discovery' : path
    if (!isEndpoint(endpoint)) return void response.writeHead(404).end()
    asked[endpoint]++
    const instead = behave.instead[endpoint]
    if (instead !== undefined) return instead(request, response)
    if (endpoint === 'discovery') return sendJson(response, behave.metadata(metadataOf(issuer)))
    if (endpoint === 'jwks') return sendJson(response, behave.jwks())
    if (endpoint === 'userinfo') return sendJson(response, behave.userinfo({ sub: 'person-1' }))
    seen.form = new URLSearchParams(await readBody(request))
    seen.authorization = request.headers.authorization
    const kept = codes.get(seen.form.get('code') ?? '')
    codes.delete(seen.form.get('code') ?? '')
    const challenge = createHash('sha256').update(seen.form.get('code_verifier') ?? '')
    if (
      kept === undefined ||
      kept.challenge !== challenge.digest('base64url') ||
      kept.redirectUri !== seen.form.get('redirect_uri')
    ) {
      return sendJson(response, { error: 'invalid_grant' }, 400)
    }
    const accessToken = randomBytes(16).toString('base64url')
    const idToken = await makeIdToken(issuer, behave, accessToken, kept.nonce)
    const tokens = { access_token: accessToken, token_type: 'Bearer', id_token: idToken }
    sendJson(response, behave.tokenAnswer(tokens))
  }

  return {
    issuer,
    behave,
    signingKey,
    asked,
    seen,
    authorize(authorizationUrl, extra = {}) {
      const asking = new URL(authorizationUrl).searchParams
      const code = randomBytes(16).toString('base64url')
      const redirectUri = asking.get('redirect_uri') ?? ''
      const nonce = asking.get('nonce') ?? ''
      codes.set(code, { nonce, challenge: asking.get('code_challenge') ?? '', redirectUri })
      const back = new URL(redirectUri)
      back.search = new URLSearchParams({
        code,
        state: asking.get('state') ?? '',
        ...extra,
      }).toString()
      return back
    },
    close: server.close,
  }
}

function isEndpoint(name: string): name is 'token' | 'userinfo' | 'jwks' | 'discovery' {
  return ['token', 'userinfo', 'jwks', 'discovery'].includes(name)
}

function metadataOf(issuer: string): Claims {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code', 'id_token'],
    subject_types_supported: ['pairwise', 'public'],
    id_token_signing_alg_values_supported: ['none', 'HS256', 'RS256', 'ES256'],
    code_challenge_methods_supported: ['plain', 'S256'],
    token_endpoint_auth_methods_supported: [
      'client_secret_basic',
      'client_secret_post',
      'private_key_jwt',
    ],
  }
}

async function makeIdToken(
  issuer: string,
  behave: Behaviour,
  accessToken: string,
  nonce: string,
): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const digest = createHash('sha256').update(accessToken).digest()
  const claims = behave.claims({
    iss: issuer,
    sub: 'person-1',
    aud: 'bridge',
    exp: now + 300,
    iat: now,
    nonce,
    at_hash: digest.subarray(0, 16).toString('base64url'),
  })
  return behave.token(await signClaims(behave, claims))
}

async function signClaims(behave: Behaviour, claims: Claims): Promise<string> {
  const payload = Buffer.from(JSON.stringify(claims))
  if (behave.sign === 'none' || 'secret' in behave.sign) {
    const alg = behave.sign === 'none' ? 'none' : 'HS256'
    const header = Buffer.from(JSON.stringify(behave.header({ alg }))).toString('base64url')
    const signed = `${header}.${payload.toString('base64url')}`
    if (behave.sign === 'none') return `${signed}.`
    const mac = createHmac('sha256', behave.sign.secret).update(signed).digest('base64url')
    return `${signed}.${mac}`
  }
  const { privateKey, publicJwk } = behave.sign
  const header = behave.header({ alg: publicJwk.alg, kid: publicJwk.kid })
  return new CompactSign(payload).setProtectedHeader(header as { alg: string }).sign(privateKey)
}

function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
