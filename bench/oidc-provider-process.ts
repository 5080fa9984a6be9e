/** The opponent at the token endpoint, in a process of its own: on Postgres, or in memory for its best. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider } from 'oidc-provider'
import pg from 'pg'
import { memoryStore } from '../demo/institution-store.ts'
import { codeChallengeOf } from '../src/crypto/id-token.ts'
import { answerParent, readUsage } from './child.ts'
import { postgresStore } from './oidc-provider-store.ts'
import { CLIENT_ID, REDIRECT_URI } from './world.ts'

export interface OpponentQuestion {
  /** Undefined: in memory. */
  databaseUrl: string | undefined
  poolSize: number
  clientSecret: string
}

export interface CodesQuestion {
  count: number
  verifier: string
}

const HOUR = 3600
const SCOPE = 'openid profile email'
let provider: Provider | undefined
let statements = 0

async function start({ databaseUrl, poolSize, clientSecret }: OpponentQuestion): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const pool = new pg.Pool({ connectionString: databaseUrl, max: poolSize })
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  provider = new Provider(address, {
    adapter:
      databaseUrl === undefined ? memoryStore(new Map()) : postgresStore(pool, () => statements++),
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'bench' }] },
    cookies: { keys: ['bench'] },
    clients: [
      {
        ...{ client_id: CLIENT_ID, client_secret: clientSecret, redirect_uris: [REDIRECT_URI] },
        ...{ token_endpoint_auth_method: 'client_secret_basic', response_types: ['code'] },
        ...{ grant_types: ['authorization_code'], id_token_signed_response_alg: 'ES256' },
      },
    ],
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, family_name: 'Lovelace' }) }),
    features: { devInteractions: { enabled: false } },
    ttl: { AccessToken: 600, AuthorizationCode: HOUR, Grant: HOUR, IdToken: 300 },
  })
  server.on('request', provider.callback())
  return address
}

/** Codes as its own authorization endpoint would have stored them, each with a grant of its own. */
async function makeCodes({ count, verifier }: CodesQuestion): Promise<string[]> {
  const made = provider
  const client = await made?.Client.find(CLIENT_ID)
  if (made === undefined || client === undefined) throw new Error('not started')
  const codes: string[] = []
  for (let index = 0; index < count; index++) {
    const accountId = `person-${index}`
    const grant = new made.Grant({ accountId, clientId: CLIENT_ID })
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
