import * as client from 'openid-client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRelyingParty } from '../../demo/relying-party.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { createRegistrationToken } from '../../src/flow/create-registration-token.ts'
import { revokeRegistrationToken } from '../../src/flow/revoke-registration-token.ts'
import { ACTOR, type Bridge, logIn, REDIRECT_URI, startBridge } from '../support/bridge.ts'
import { later, leavesNoTrace, rows, tally, times } from '../threats/attack.ts'
import { loginOf } from './logins.ts'

let bridge: Bridge
let wallet: Wallet
beforeAll(async () => {
  bridge = await startBridge()
  wallet = await bridge.newWallet()
  await logIn(bridge, wallet)
})
afterAll(() => bridge.stop())

const APP = { redirect_uris: [REDIRECT_URI], client_name: 'Student project' }
const KEYED = { ...APP, token_endpoint_auth_method: 'private_key_jwt' }
const issuer = () => bridge.tenant.issuer
const invite = (uses = 1, slug = 'demo') =>
  createRegistrationToken(bridge.deps, ACTOR, slug, { name: 'students', uses, days: 7 })

async function register(
  token: string | undefined,
  body: unknown = APP,
  type = 'application/json',
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${issuer()}/register`, {
    method: 'POST',
    headers: {
      'content-type': type,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const discovered = async () =>
  (await (await fetch(`${issuer()}/.well-known/openid-configuration`)).json()) as {
    registration_endpoint?: string
  }

test('RFC 7591 off by default: no endpoint in discovery, and nothing there', async () => {
  expect((await discovered()).registration_endpoint).toBeUndefined()
  expect((await register(`ibr_${'A'.repeat(43)}`)).status).toBe(404)
  expect((await register(undefined, '{', 'text/plain')).status).toBe(404)
})

test('RFC 7591 openid-client registers itself with an initial access token and logs somebody in', async () => {
  const { token } = await invite()
  expect((await discovered()).registration_endpoint).toBe(`${issuer()}/register`)
  const configuration = await client.dynamicClientRegistration(
    new URL(issuer()),
    { ...APP, id_token_signed_response_alg: 'ES256', software_id: 'ignored' },
    undefined,
    { initialAccessToken: token, execute: [client.allowInsecureRequests] },
  )
  const { client_id: clientId, client_secret: secret = '' } = configuration.clientMetadata()
  const program = await createRelyingParty({
    ...{ issuer: issuer(), clientId, redirectUri: REDIRECT_URI },
    authentication: client.ClientSecretBasic(String(secret)),
  })
  expect((await loginOf(wallet, program)).claims.given_name).toBe('Sanne')
  const [event] = await rows<{ client_id: string }>(
    bridge,
    `SELECT client_id FROM audit_event WHERE event_type = 'relying_party_registered' ORDER BY seq DESC LIMIT 1`,
  )
  expect(event?.client_id).toBe(clientId)
  // It was good for one, and nobody else has one: the endpoint is gone again.
  expect((await register(token)).status).toBe(404)
})

test('RFC 7591 a token is used as often as it says, under fifty parallel tries', async () => {
  const { token } = await invite(3)
  const answers = await Promise.all(times(50, () => register(token)))
  const tallied = tally(answers.map(({ status }) => status))
  expect(tallied[201]).toBe(3)
  expect(Object.keys(tallied).every((status) => ['201', '401', '404'].includes(status))).toBe(true)
})

test('no token, another tenant’s, an admin’s, an expired and a revoked one: refused, and nothing is fetched or written', async () => {
  const { id, token, expiresAt } = await invite(10)
  await bridge.addTenant('elsewhere')
  const foreign = await invite(1, 'elsewhere')
  const strange = [
    undefined,
    '',
    'x',
    `ibr_${'A'.repeat(43)}`,
    `iba_${'A'.repeat(43)}`,
    foreign.token,
  ]
  const answers = await leavesNoTrace(bridge, () =>
    Promise.all(strange.map((each) => register(each))),
  )
  expect(tally(answers.map(({ status }) => status))).toEqual({ 401: strange.length })
  const late = await later(bridge, Date.parse(expiresAt) - bridge.clock.now() + 1, () =>
    register(token),
  )
  expect([401, 404]).toContain(late.status)
  expect((await register(token)).status).toBe(201)
  await revokeRegistrationToken(bridge.deps, ACTOR, 'demo', id)
  expect([401, 404]).toContain((await register(token)).status)
  const kept = await rows<{ row: string }>(
    bridge,
    'SELECT t::text AS row FROM registration_token t',
  )
  expect(kept.some(({ row }) => row.includes(foreign.token))).toBe(false)
})

test('RFC 7591 section 3.2.2 what is wrong is named, in its words, and uses nothing up', async () => {
  const { token } = await invite(2)
  const wrong: [unknown, string][] = [
    [{}, 'invalid_redirect_uri'],
    [{ redirect_uris: ['http://app.example/cb'] }, 'invalid_redirect_uri'],
    [{ redirect_uris: ['https://a.example/cb#x'] }, 'invalid_redirect_uri'],
    [{ redirect_uris: 'https://a.example/cb' }, 'invalid_redirect_uri'],
    [{ ...APP, grant_types: ['client_credentials'] }, 'invalid_client_metadata'],
    [{ ...APP, grant_types: ['implicit'] }, 'invalid_client_metadata'],
    [{ ...APP, response_types: ['token'] }, 'invalid_client_metadata'],
    [{ ...APP, jwks_uri: 'https://a.example/jwks' }, 'invalid_client_metadata'],
    [{ ...KEYED, jwks_uri: 'https://10.0.0.1/jwks' }, 'invalid_client_metadata'],
    [{ ...KEYED, jwks_uri: 'https://a.example/', jwks: { keys: [] } }, 'invalid_client_metadata'],
    [{ ...APP, token_endpoint_auth_method: 'private_key_jwt' }, 'invalid_client_metadata'],
    [{ ...APP, id_token_signed_response_alg: 'none' }, 'invalid_client_metadata'],
    [{ ...APP, client_name: 'a\u202eb' }, 'invalid_client_metadata'],
    [{ ...APP, sector_identifier_uri: 'http://10.0.0.1/x' }, 'invalid_client_metadata'],
    ['{"redirect_uris": [], "redirect_uris": []}', 'invalid_client_metadata'],
    ['nonsense', 'invalid_client_metadata'],
  ]
  for (const [body, error] of wrong) {
    const answer = await register(token, body)
    expect([answer.status, answer.body.error], JSON.stringify(body)).toEqual([400, error])
  }
  expect((await register(token, APP, 'text/plain')).status).toBe(415)
  expect((await register(token, { ...APP, software_statement: 'x'.repeat(70_000) })).status).toBe(
    413,
  )
  const keyed = await register(token, { ...KEYED, jwks_uri: 'https://a.example/jwks' })
  expect([keyed.status, keyed.body.jwks_uri]).toEqual([201, 'https://a.example/jwks'])
  const made = await register(token, { ...APP, token_endpoint_auth_method: 'none' })
  expect(made.status).toBe(201)
  expect(made.body.client_secret).toBeUndefined()
})
