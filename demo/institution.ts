/**
 * A real OpenID provider that plays SURFconext: `oidc-provider` over http on 127.0.0.1, pairwise subjects, RS256, the
 * claim set of SURF in userinfo and in the ID token, and a login page of its own. For tests and the demo; the bridge
 * reaches it through its development switch for loopback.
 */
import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { type Configuration, interactionPolicy, Provider } from 'oidc-provider'
import { memoryStore } from './institution-store.ts'
import { INSTITUTION_USERS, type InstitutionUser, SURF_CLAIMS } from './institution-users.ts'

export { cancelAt, loginAt } from './institution-browser.ts'
export { INSTITUTION_USERS, type InstitutionUser, SURF_CLAIMS } from './institution-users.ts'

export interface InstitutionClient {
  readonly clientId: string
  readonly clientSecret?: string
  /** For `private_key_jwt`. */
  readonly publicKeys?: readonly JWK[]
  readonly authMethod?: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'
  readonly redirectUris: readonly string[]
}

export interface InstitutionOptions {
  /** 0 for any free port. */
  readonly port?: number
  readonly users?: readonly InstitutionUser[]
  readonly clients?: readonly InstitutionClient[]
  /**
   * True by default. False puts the claims into userinfo alone and behind the scope `profile`, as a provider does that
   * follows OpenID Connect Core 5.4 to the letter.
   */
  readonly claimsInIdToken?: boolean
  /** Called with a path's last word before it is answered, so that a narrator can look at what happened meanwhile. */
  readonly beforeAnswer?: (word: string) => Promise<void>
}

export interface Institution {
  /** Also its base URL; no trailing slash. */
  readonly issuer: string
  /** How often each path was asked, by its last word: `token`, `me` (userinfo), `jwks`, `auth`, `openid-configuration`. */
  readonly requests: ReadonlyMap<string, number>
  /** Registers a client, or replaces the one with its id. */
  setClient(client: InstitutionClient): void
  /** The pairwise `sub` that a client sees of a user. */
  subjectOf(username: string, clientId: string): string
  close(): Promise<void>
}

/** Starts the provider and returns when it listens. */
export async function startInstitution(options: InstitutionOptions = {}): Promise<Institution> {
  const users = options.users ?? INSTITUTION_USERS
  const clients = new Map<string, Record<string, unknown>>()
  const requests = new Map<string, number>()
  const salt = randomBytes(16).toString('hex')
  const subjectOf = (username: string, clientId: string) =>
    createHash('sha256').update(`${salt} ${clientId} ${username}`).digest('hex')
  const setClient = (client: InstitutionClient) => {
    clients.set(client.clientId, clientMetadata(client))
  }
  for (const client of options.clients ?? []) setClient(client)

  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const configuration = await configure(users, clients, subjectOf, options.claimsInIdToken ?? true)
  const provider = new Provider(issuer, configuration)
  const answer = provider.callback()
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const path = new URL(request.url ?? '/', issuer).pathname
    const word = path.split('/').at(-1) ?? ''
    requests.set(word, (requests.get(word) ?? 0) + 1)
    const respond = async () => {
      await options.beforeAnswer?.(word)
      if (path.startsWith('/interaction/')) await showLogin(provider, users, request, response)
      else await answer(request, response)
    }
    respond().catch(() => sendPage(response, 400, GONE))
  })
  return {
    issuer,
    requests,
    setClient,
    subjectOf,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function clientMetadata(client: InstitutionClient): Record<string, unknown> {
  return {
    client_id: client.clientId,
    token_endpoint_auth_method: client.authMethod ?? 'client_secret_basic',
    redirect_uris: [...client.redirectUris],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    subject_type: 'pairwise',
    id_token_signed_response_alg: 'RS256',
    ...(client.clientSecret === undefined ? {} : { client_secret: client.clientSecret }),
    ...(client.publicKeys === undefined ? {} : { jwks: { keys: [...client.publicKeys] } }),
  }
}

async function configure(
  users: readonly InstitutionUser[],
  clients: ReadonlyMap<string, Record<string, unknown>>,
  subjectOf: (username: string, clientId: string) => string,
  claimsInIdToken: boolean,
): Promise<Configuration> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const signingKey = { ...(await exportJWK(privateKey)), kid: 'surf-1', alg: 'RS256', use: 'sig' }
  return {
    adapter: memoryStore(clients),
    jwks: { keys: [signingKey] } as NonNullable<Configuration['jwks']>,
    cookies: { keys: [randomBytes(32).toString('hex')] },
    subjectTypes: ['pairwise'],
    pairwiseIdentifier: async (_context, username, client) => subjectOf(username, client.clientId),
    // SURF releases whatever the institution and the service agreed on, whichever scopes are asked for.
    scopes: ['openid', 'profile', 'email'],
    claims: claimsInIdToken
      ? { openid: ['sub', 'amr', ...SURF_CLAIMS] }
      : { openid: ['sub', 'amr'], profile: [...SURF_CLAIMS] },
    conformIdTokenClaims: !claimsInIdToken,
    acrValues: [...new Set(users.flatMap((user) => user.acr ?? []))],
    features: { devInteractions: { enabled: false }, claimsParameter: { enabled: true } },
    interactions: {
      url: (_context, interaction) => `/interaction/${interaction.uid}`,
      policy: lenientPolicy(),
    },
    ttl: {
      AccessToken: 3600,
      AuthorizationCode: 60,
      Grant: 600,
      IdToken: 3600,
      Interaction: 600,
      Session: 600,
    },
    findAccount: async (_context, username) => {
      const user = users.find((one) => one.username === username)
      return (
        user && { accountId: username, claims: async () => ({ sub: username, ...user.claims }) }
      )
    },
    renderError: (context, out) => {
      context.type = 'text/plain'
      context.body = `${out.error}: ${out.error_description ?? ''}`
    },
    // Consent is asked elsewhere in a federation: every client has it.
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({
        clientId: oidc.client?.clientId ?? '',
        accountId: oidc.session?.accountId ?? '',
      })
      grant.addOIDCScope('openid profile email')
      await grant.save()
      return grant
    },
  }
}

/** Like SURFconext, says what the login was worth instead of asking again when more was wanted. */
function lenientPolicy(): interactionPolicy.Prompt[] {
  const policy = interactionPolicy.base()
  const login = policy.get('login')
  login?.checks.remove('essential_acr')
  login?.checks.remove('essential_acrs')
  return policy
}

async function showLogin(
  provider: Provider,
  users: readonly InstitutionUser[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { uid } = await provider.interactionDetails(request, response)
  if (request.method !== 'POST') return sendPage(response, 200, loginForm(uid, users, ''))
  const form = await readForm(request)
  if (form.get('cancel') !== null) {
    return provider.interactionFinished(request, response, { error: 'access_denied' })
  }
  const user = users.find((one) => one.username === form.get('username'))
  if (user === undefined || user.password !== form.get('password')) {
    return sendPage(response, 401, loginForm(uid, users, 'That password does not belong to it.'))
  }
  const login = {
    accountId: user.username,
    ...(user.acr === undefined ? {} : { acr: user.acr.join(' ') }),
    ...(user.amr === undefined ? {} : { amr: [...user.amr] }),
  }
  await provider.interactionFinished(request, response, { login })
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return new URLSearchParams(Buffer.concat(chunks).toString())
}

const GONE = '<p>This login is no longer open. Start again where you came from.</p>'

function loginForm(uid: string, users: readonly InstitutionUser[], problem: string): string {
  const options = users.map(({ username }) => `<option>${escapeHtml(username)}</option>`).join('')
  return `<p role="alert">${problem}</p>
<form method="post" action="/interaction/${escapeHtml(uid)}">
<p><label>Account <select name="username">${options}</select></label></p>
<p><label>Password <input name="password" type="password" autocomplete="current-password"></label></p>
<p><button name="login" value="yes">Log in</button> <button name="cancel" value="yes">Cancel</button></p>
</form>`
}

function sendPage(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  })
  response.end(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Demo federation</title>
<main><h1>Log in at your institution</h1>${body}</main></html>`)
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}
