/** What `bench -- op` asks of both sides, word for word the same but for the path and the tokens. */
import { VERIFIER } from './codes.ts'
import { AGENT_ID, API, CLIENT_ID, REDIRECT_URI } from './world.ts'

export const OPERATIONS = [
  'code',
  'refresh',
  'client_credentials',
  'introspect',
  'userinfo',
] as const
export type Operation = (typeof OPERATIONS)[number]

export interface Prepared {
  headers: Record<string, string>
  body: string
}

export interface Credentials {
  clientSecret: string
  agentSecret: string
}

/** What the requests are made of. */
export interface Material extends Credentials {
  codes: readonly string[]
  accessTokens: readonly string[]
  refreshTokens: readonly string[]
}

/** What the answer of each operation says when it was a success. */
export const EXPECTED: Readonly<Record<Operation, string>> = {
  ...{ code: '"id_token":"', refresh: '"refresh_token":"', client_credentials: '"access_token":"' },
  ...{ introspect: '"active":true', userinfo: '"email":"ada' },
}

/** The requests of one measurement. */
export function prepareRequests(operation: Operation, material: Material): Prepared[] {
  const { codes, accessTokens, refreshTokens, clientSecret } = material
  const agent = formHeaders(AGENT_ID, material.agentSecret)
  switch (operation) {
    case 'code':
      return prepareCodes(codes, CLIENT_ID, clientSecret)
    case 'refresh':
      return refreshTokens.map((token) => ({ headers: agent, body: refreshForm(token) }))
    case 'client_credentials': {
      const asked = { grant_type: operation, scope: 'reconciliation:read', resource: API }
      return [{ headers: agent, body: String(new URLSearchParams(asked)) }]
    }
    case 'introspect':
      return accessTokens.map((token) => ({
        ...{ headers: agent, body: String(new URLSearchParams({ token })) },
      }))
    case 'userinfo':
      return accessTokens.map((token) => ({
        ...{ headers: { authorization: `Bearer ${token}` }, body: '' },
      }))
    default:
      return operation satisfies never
  }
}

export function prepareCodes(codes: readonly string[], id: string, secret: string): Prepared[] {
  const headers = formHeaders(id, secret)
  return codes.map((code) => ({
    headers,
    body: new URLSearchParams({
      ...{ grant_type: 'authorization_code', code },
      ...{ redirect_uri: REDIRECT_URI, code_verifier: VERIFIER },
    }).toString(),
  }))
}

/** The form that spends a refresh token. */
export function refreshForm(refreshToken: string): string {
  return String(new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refreshToken }))
}

function formHeaders(id: string, secret: string): Record<string, string> {
  return {
    'content-type': 'application/x-www-form-urlencoded',
    authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
  }
}
