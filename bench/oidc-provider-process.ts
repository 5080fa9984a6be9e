/** The opponent, in a process of its own: on Postgres, or in memory for its best. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair } from 'jose'
import { type AdapterFactory, type ClientMetadata, Provider } from 'oidc-provider'
import pg from 'pg'
import { memoryStore } from '../demo/institution-store.ts'
import { codeChallengeOf } from '../src/crypto/id-token.ts'
import { answerParent, readUsage } from './child.ts'
import { ATTRIBUTES } from './load.ts'
import { postgresStore } from './oidc-provider-store.ts'
import { AGENT_ID, API, CLIENT_ID, REDIRECT_URI } from './world.ts'

export interface OpponentQuestion {
  /** Undefined: in memory. */
  databaseUrl: string | undefined
  poolSize: number
  clientSecret: string
  agentSecret: string
}

export interface CodesQuestion {
  count: number
  verifier: string
  clientId: typeof CLIENT_ID | typeof AGENT_ID
}

const HOUR = 3600
/** As many as the service knows; their claims are found in one look without a key. */
const ACCOUNTS = 1_000
const SCOPE = 'openid profile email'
let provider: Provider | undefined
let statements = 0

async function start(question: OpponentQuestion): Promise<string> {
  const { databaseUrl, poolSize, clientSecret, agentSecret } = question
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const pool = new pg.Pool({ connectionString: databaseUrl, max: poolSize })
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const registered: Omit<ClientMetadata, 'client_id'> = {
    redirect_uris: [REDIRECT_URI],
    ...{ token_endpoint_auth_method: 'client_secret_basic', id_token_signed_response_alg: 'ES256' },
    response_types: ['code'],
  }
  const store: AdapterFactory =
    databaseUrl === undefined ? memoryStore(new Map()) : postgresStore(pool, () => statements++)
  for (let index = 0; index < ACCOUNTS; index++)
    await store('Account').upsert(accountOf(index), { ...ATTRIBUTES }, HOUR)
  provider = new Provider(address, {
    adapter: store,
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'bench' }] },
    cookies: { keys: ['bench'] },
    clients: [
      {
        ...{ client_id: CLIENT_ID, client_secret: clientSecret, ...registered },
        grant_types: ['authorization_code'],
      },
      {
        ...{ client_id: AGENT_ID, client_secret: agentSecret, ...registered },
        grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      },
    ],
    // As the service does: a refresh token with each code, and another at each refresh.
    issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    findAccount: (_, sub) => ({
      accountId: sub,
      // An ID token has no more of it than the subject, as at the service; userinfo looks the person up.
      claims: async (use) => ({
        ...(use === 'userinfo' ? await store('Account').find(sub) : {}),
        sub,
      }),
    }),
    // What each scope releases at the service.
    claims: {
      openid: ['sub', 'institution_id'],
      profile: ['given_name', 'family_name', 'eduperson_scoped_affiliation'],
      email: ['email'],
    },
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true },
      clientCredentials: { enabled: true },
      // Machine tokens are signed at both sides (RFC 9068) and stored at neither.
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          ...{ scope: 'reconciliation:read', audience: API, accessTokenFormat: 'jwt' },
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    ttl: {
      ...{ AccessToken: 600, AuthorizationCode: HOUR, Grant: HOUR, IdToken: 300 },
      ...{ ClientCredentials: 600, RefreshToken: HOUR },
    },
  })
  server.on('request', provider.callback())
  return address
}

function accountOf(index: number): string {
  return `person-${index}`
}

/** Codes as its own authorization endpoint would have stored them, each with a grant of its own. */
async function makeCodes({ count, verifier, clientId }: CodesQuestion): Promise<string[]> {
  const made = provider
  const client = await made?.Client.find(clientId)
  if (made === undefined || client === undefined) throw new Error('not started')
  const codes: string[] = []
  for (let index = 0; index < count; index++) {
    const accountId = accountOf(index % ACCOUNTS)
    const grant = new made.Grant({ accountId, clientId })
    grant.addOIDCScope(SCOPE)
    const code = new made.AuthorizationCode({
      ...{ client, accountId, grantId: await grant.save(), redirectUri: REDIRECT_URI },
      ...{ scope: SCOPE, nonce: 'n'.repeat(43), authTime: Math.floor(Date.now() / 1000) },
      ...{ acr: 'urn:bench', amr: ['pop'], expiresWithSession: false, gty: 'authorization_code' },
      ...{ codeChallenge: codeChallengeOf(verifier), codeChallengeMethod: 'S256' },
    })
    codes.push(await code.save())
  }
  return codes
}

answerParent({ start, makeCodes, usage: () => readUsage(statements) })
