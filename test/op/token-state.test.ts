import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as client from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Wallet } from '../../demo/wallet.ts'
import { authenticateMachine } from '../../src/flow/authenticate-machine.ts'
import { publishPolicy } from '../../src/flow/publish-policy.ts'
import { updateRelyingParty } from '../../src/flow/update-relying-party.ts'
import { ACTOR, type Bridge, logIn, startBridge } from '../support/bridge.ts'
import { basic, later, leavesNoTrace, rows, times, userinfoStatus } from '../threats/attack.ts'
import {
  type Answer,
  partOf,
  post,
  prepared,
  register,
  registerMachine,
  type TestClient,
} from './clients.ts'
import { loginOf, relyingPartyOf } from './logins.ts'

let bridge: Bridge
let wallet: Wallet
let app: TestClient
let other: TestClient
let machine: TestClient
let grades: TestClient
beforeAll(async () => {
  bridge = await startBridge()
  wallet = await bridge.newWallet()
  await logIn(bridge, wallet)
  app = await register(bridge, { grantTypes: ['authorization_code', 'refresh_token'] })
  other = await register(bridge)
  machine = await registerMachine(bridge, { audiences: ['https://grades.example'] })
  grades = await registerMachine(bridge, { resource: 'https://grades.example' })
})
afterAll(() => bridge.stop())

const issuer = () => bridge.tenant.issuer
const INACTIVE = { active: false }

async function begin(who = app) {
  const { tokens, idToken } = await loginOf(wallet, await relyingPartyOf(bridge, who))
  return { access: tokens.access_token, refresh: tokens.refresh_token ?? '', idToken }
}

const call = (
  endpoint: string,
  token: string | undefined,
  who: TestClient,
  headers: Record<string, string> = {},
) => post(`${issuer()}/${endpoint}`, { token }, { authorization: who.authorization, ...headers })
const revoke = (token: string, who = app) => call('revoke', token, who)
const introspect = (token: string | undefined, who = app) => call('introspect', token, who)
const refresh = (token: string) =>
  post(
    `${issuer()}/token`,
    { grant_type: 'refresh_token', refresh_token: token },
    { authorization: app.authorization },
  )

async function machineToken(form: Record<string, string> = {}): Promise<string> {
  const { authorization } = machine
  const asked = { grant_type: 'client_credentials', ...form }
  return String((await post(`${issuer()}/token`, asked, { authorization })).body.access_token)
}

async function machineEnters(token: string): Promise<boolean> {
  const credentials = { authorization: `Bearer ${token}` }
  const tenant = await prepared(bridge)
  return authenticateMachine(bridge.deps, tenant, credentials, 'reconciliation:read').then(
    () => true,
    () => false,
  )
}

const shape = ({ status, body }: Answer) => [status, body]

describe('revocation', () => {
  test('OP-71 openid-client ends an access token; the refresh token of the login goes on', async () => {
    const program = await relyingPartyOf(bridge, app)
    const { tokens } = await loginOf(wallet, program)
    await client.tokenRevocation(program.configuration, tokens.access_token)
    expect(await userinfoStatus(issuer(), tokens.access_token)).toBe(401)
    expect((await refresh(tokens.refresh_token ?? '')).status).toBe(200)
  })

  test('OP-71 a refresh token takes its family and the access tokens along, also a used one', async () => {
    const { access, refresh: first } = await begin()
    const second = await refresh(first)
    expect((await revoke(first)).status).toBe(200)
    for (const token of [access, String(second.body.access_token)])
      expect(await userinfoStatus(issuer(), token)).toBe(401)
    expect((await refresh(String(second.body.refresh_token))).body.error).toBe('invalid_grant')
    const [event] = await rows<{ detail: string; subject_hash: string | null }>(
      bridge,
      `SELECT detail, subject_hash FROM audit_event WHERE event_type = 'token_revoked' ORDER BY seq DESC LIMIT 1`,
    )
    expect(event).toMatchObject({ detail: '{"token":"refresh"}' })
    expect(event?.subject_hash).toBeTypeOf('string')
  })

  test('OP-71 each access token of a refresh ends alone and once, also while the next refresh is under way', async () => {
    const { refresh: first } = await begin()
    const second = await refresh(first)
    const again = await refresh(first)
    const third = await refresh(String(second.body.refresh_token))
    const tokens = [second, again, third].map(({ body }) => String(body.access_token))
    const live = () => Promise.all(tokens.map((token) => userinfoStatus(issuer(), token)))
    const told = `SELECT FROM audit_event WHERE event_type = 'token_revoked'`
    const events = async () => (await rows(bridge, told)).length
    const before = await events()
    await Promise.all(tokens.map((token) => revoke(token, other)))
    expect([await live(), await events()]).toEqual([[200, 200, 200], before])
    for (const [place, token] of tokens.entries()) {
      await Promise.all(times(10, () => revoke(token)))
      expect(await live()).toEqual(tokens.map((_, other) => (other <= place ? 401 : 200)))
    }
    expect(await events()).toBe(before + 3)

    let { body } = third
    for (let turn = 0; turn < 10; turn++) {
      const [next] = await Promise.all([
        refresh(String(body.refresh_token)),
        revoke(String(body.access_token)),
      ])
      expect(next.status).toBe(200)
      expect(await userinfoStatus(issuer(), String(body.access_token))).toBe(401)
      body = next.body
    }
    expect(await userinfoStatus(issuer(), String(body.access_token))).toBe(200)
  })

  test('OP-71 unknown tokens and those of another client: 200, and nothing happens', async () => {
    const { access, refresh: token } = await begin()
    const strange = [access, token, await machineToken(), 'A'.repeat(43), 'nonsense', 'a.b.c']
    const answers = await leavesNoTrace(bridge, () =>
      Promise.all(strange.map((each) => revoke(each, other))),
    )
    for (const answer of answers) expect(shape(answer)).toEqual([200, {}])
    expect(await userinfoStatus(issuer(), access)).toBe(200)
    expect((await refresh(token)).status).toBe(200)
  })

  test('OP-71 without authentication, without a token, in the query: refused', async () => {
    const { access } = await begin()
    const bare = await post(`${issuer()}/revoke`, { token: access })
    expect([bare.status, bare.body.error]).toEqual([401, 'invalid_client'])
    const wrong = await call('revoke', access, { ...app, authorization: basic(app.id, 'x') })
    expect(wrong.body.error).toBe('invalid_client')
    expect((await call('revoke', undefined, app)).body.error).toBe('invalid_request')
    const query = await post(
      `${issuer()}/revoke?token=${access}`,
      {},
      { authorization: app.authorization },
    )
    expect(query.body.error).toBe('invalid_request')
    expect((await fetch(`${issuer()}/revoke`)).status).toBe(405)
    expect(await userinfoStatus(issuer(), access)).toBe(200)
  })

  test('RFC 7009 a machine token is over at once; fifty times is once', async () => {
    const token = await machineToken()
    expect(await machineEnters(token)).toBe(true)
    await Promise.all(times(50, () => revoke(token, machine)))
    expect(await machineEnters(token)).toBe(false)
    const told = await rows<{ detail: string }>(
      bridge,
      `SELECT detail FROM audit_event WHERE event_type = 'token_revoked' AND client_id = '${machine.id}'`,
    )
    expect(told.map(({ detail }) => JSON.parse(detail))).toEqual([{ token: 'machine' }])
    expect((await introspect(token, machine)).body).toEqual(INACTIVE)
    expect(await machineEnters(await machineToken())).toBe(true)
  })

  test('RFC 7009 a public client ends its own token with its id alone', async () => {
    const native = await register(bridge, { authentication: 'none' })
    const program = await relyingPartyOf(bridge, native, { authentication: client.None() })
    const { tokens } = await loginOf(wallet, program)
    await client.tokenRevocation(program.configuration, tokens.access_token)
    expect(await userinfoStatus(issuer(), tokens.access_token)).toBe(401)
  })
})

describe('introspection', () => {
  test('OP-70 openid-client asks about its own token', async () => {
    const program = await relyingPartyOf(bridge, app)
    const { tokens, idToken } = await loginOf(wallet, program)
    const told = await client.tokenIntrospection(program.configuration, tokens.access_token)
    expect(told).toMatchObject({
      ...{ active: true, client_id: app.id, sub: idToken.sub, iss: issuer(), aud: issuer() },
      ...{ token_type: 'Bearer', scope: tokens.scope, auth_time: idToken.auth_time },
    })
    expect(Number(told.exp) - Number(told.iat)).toBe(600)
    const refreshed = await client.tokenIntrospection(
      program.configuration,
      tokens.refresh_token ?? '',
    )
    expect(refreshed).toMatchObject({ active: true, sub: idToken.sub })
    expect(refreshed.token_type).toBeUndefined()
  })

  test('OP-70 a login that links nobody has a token like any other', async () => {
    const tenant = await bridge.addTenant('guests')
    await publishPolicy(bridge.deps, ACTOR, 'guests', 'selector', {
      default: { plan: 'SKIP_RECONCILIATION' },
    })
    const { login } = await logIn(bridge, await bridge.newWallet(), { tenant })
    const headers = { authorization: basic(tenant.clientId, tenant.clientSecret) }
    const ask = (token: string) => post(`${tenant.issuer}/introspect`, { token }, headers)
    const token = login.tokens.access_token
    expect((await ask(token)).body).toMatchObject({ active: true, sub: login.idToken.sub })
    expect((await introspect(token)).body).toEqual(INACTIVE)
    await post(`${tenant.issuer}/revoke`, { token }, headers)
    expect((await ask(token)).body).toEqual(INACTIVE)
    // Nobody is linked, so there is nobody to look at when it is refreshed: no token that could never be used.
    const settings = { grantTypes: ['authorization_code', 'refresh_token'] as const }
    const refreshing = await register(bridge, settings, 'guests')
    const program = await relyingPartyOf({ ...bridge, tenant } as Bridge, refreshing)
    const guest = await loginOf(await bridge.newWallet(), program)
    expect(guest.tokens.refresh_token).toBeUndefined()
  })

  test('OP-70 exactly {"active":false} for what is unknown, over, used, revoked or another’s', async () => {
    const { access, refresh: token, idToken } = await begin()
    const used = await begin()
    await refresh(used.refresh)
    const ended = await begin()
    await revoke(ended.refresh)
    const asked: [string, TestClient][] = [
      ['A'.repeat(43), app],
      ['nonsense', app],
      [String(idToken.sub), app],
      [access, other],
      [token, other],
      [access, grades],
      [used.refresh, app],
      [ended.access, app],
      [ended.refresh, app],
      [await machineToken(), app],
    ]
    for (const [each, who] of asked)
      expect(shape(await introspect(each, who))).toEqual([200, INACTIVE])
    const late = await later(bridge, 600_000, () => introspect(access))
    expect(shape(late)).toEqual([200, INACTIVE])
    expect((await introspect(access)).body.active).toBe(true)
  })

  test('OP-70 a resource server sees the tokens that are meant for it, and no others', async () => {
    const meant = await machineToken({ resource: 'https://grades.example' })
    expect((await introspect(meant, grades)).body).toMatchObject({
      ...{ active: true, client_id: machine.id, aud: 'https://grades.example' },
      jti: partOf(meant, 1).jti,
    })
    expect((await introspect(await machineToken(), grades)).body).toEqual(INACTIVE)
    expect((await introspect(meant, other)).body).toEqual(INACTIVE)
  })

  test('OP-70 it takes a client that can prove itself', async () => {
    const native = await register(bridge, { authentication: 'none' })
    const { access } = await begin()
    for (const form of [{ token: access }, { token: access, client_id: native.id }]) {
      const answer = await post(`${issuer()}/introspect`, form)
      expect([answer.status, answer.body.error]).toEqual([401, 'invalid_client'])
    }
  })

  test('RFC 9701 signed on request, for the caller, in a type of its own', async () => {
    const { access } = await begin()
    const response = await fetch(`${issuer()}/introspect`, {
      method: 'POST',
      headers: {
        authorization: app.authorization,
        accept: 'application/token-introspection+jwt',
      },
      body: new URLSearchParams({ token: access }),
    })
    expect(response.headers.get('content-type')).toBe('application/token-introspection+jwt')
    const signed = await response.text()
    const keys = createRemoteJWKSet(new URL(`${issuer()}/jwks`))
    const { payload } = await jwtVerify(signed, keys, {
      ...{ issuer: issuer(), audience: app.id, typ: 'token-introspection+jwt' },
      currentDate: new Date(bridge.clock.now()),
    })
    expect(payload.token_introspection).toMatchObject({ active: true, client_id: app.id })
    expect(await machineEnters(signed)).toBe(false)
  })

  test('disabled at once: every token of the client is inactive, and active again with it', async () => {
    const going = await register(bridge, { grantTypes: ['authorization_code', 'refresh_token'] })
    const { access } = await begin(going)
    const change = (enabled: boolean) =>
      updateRelyingParty(bridge.deps, ACTOR, 'demo', going.relyingParty.clientId, { enabled })
    await change(false)
    expect(await userinfoStatus(issuer(), access)).toBe(401)
    expect((await introspect(access, going)).body.error).toBe('invalid_client')
    await change(true)
    expect((await introspect(access, going)).body.active).toBe(true)
  })
})
