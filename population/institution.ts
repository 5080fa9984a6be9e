/**
 * The university's OpenID provider: real tokens over real HTTP, and a login that takes no time, for nobody types a
 * password ten thousand times. Not a line of it is the bridge's.
 */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Account } from './people.ts'

/** The home organization that it tells of everybody. */
export const HOME = 'noorderhaven.example'

export interface University {
  issuer: string
  /** Plays the browser: the parameters of the call-back that a login of this account ends with. */
  logIn(authorizationUrl: string, account: Account): URLSearchParams
  close(): Promise<void>
}

interface Pending {
  clientId: string
  nonce: string
  challenge: string
  account: Account
}

export async function startUniversity(): Promise<University> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwks = { keys: [{ ...publicKey.export({ format: 'jwk' }), alg: 'ES256', kid: 'k1' }] }
  const codes = new Map<string, Pending>()
  const people = new Map<string, Account>()
  let issuer = ''

  const makeIdToken = ({ clientId, nonce, account }: Pending, accessToken: string): string => {
    const now = Math.floor(Date.now() / 1000)
    const digest = createHash('sha256').update(accessToken).digest()
    const claims = {
      ...{ iss: issuer, sub: account.sub, aud: clientId, iat: now, exp: now + 300, nonce },
      ...{ auth_time: now, at_hash: digest.subarray(0, 16).toString('base64url') },
    }
    const signed = `${encode({ alg: 'ES256', kid: 'k1' })}.${encode(claims)}`
    const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const
    return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`
  }

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    switch (request.url) {
      case '/.well-known/openid-configuration':
        return send(response, 200, metadataOf(issuer))
      case '/jwks':
        return send(response, 200, jwks)
      case '/userinfo': {
        const account = people.get(request.headers.authorization?.slice('Bearer '.length) ?? '')
        if (account === undefined) return send(response, 401, {})
        const home = { schac_home_organization: HOME }
        return send(response, 200, { sub: account.sub, ...account.claims, ...home })
      }
      case '/token': {
        const form = new URLSearchParams(await bodyOf(request))
        const pending = take(codes, form.get('code') ?? '')
        const proof = createHash('sha256').update(form.get('code_verifier') ?? '')
        if (pending === undefined || proof.digest('base64url') !== pending.challenge)
          return send(response, 400, { error: 'invalid_grant' })
        const token = randomBytes(16).toString('base64url')
        people.set(token, pending.account)
        const idToken = makeIdToken(pending, token)
        return send(response, 200, {
          ...{ access_token: token, token_type: 'Bearer', id_token: idToken },
        })
      }
      default:
        return send(response, 404, {})
    }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    issuer,
    logIn(authorizationUrl, account) {
      const asked = new URL(authorizationUrl).searchParams
      const code = randomBytes(16).toString('base64url')
      codes.set(code, {
        ...{ clientId: asked.get('client_id') ?? '', nonce: asked.get('nonce') ?? '', account },
        challenge: asked.get('code_challenge') ?? '',
      })
      return new URLSearchParams({ code, state: asked.get('state') ?? '' })
    },
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

function take<Key, Value>(map: Map<Key, Value>, key: Key): Value | undefined {
  const value = map.get(key)
  map.delete(key)
  return value
}

function metadataOf(issuer: string) {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    userinfo_endpoint: `${issuer}/userinfo`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic'],
  }
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
