/** Machine clients at the administration with tokens that are bound to a key (RFC 9449 section 7). */
import { createHash } from 'node:crypto'
import { exportJWK, generateKeyPair } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { post, registerMachine, type TestClient } from '../../op/clients.ts'
import { type KeyPair, type ProofChanges, proveFor } from '../../op/dpop-proof.ts'
import { rowsOf } from '../../people/people.ts'
import { type Bridge, startBridge } from '../../support/bridge.ts'
import { tally, times } from '../../threats/attack.ts'

const PROVIDERS = '/admin/v1/tenants/demo/providers'

let bridge: Bridge
let keys: KeyPair
let machine: TestClient
let token: string
beforeAll(async () => {
  bridge = await startBridge()
  keys = await generateKeyPair('ES256', { extractable: true })
  machine = await registerMachine(bridge, {
    ...{ dpopBound: true, machineScopes: ['providers:manage', 'audit:read'] },
  })
  token = await tokenOf(machine)
})
afterAll(() => bridge.stop())

const prove = (url: string, changes?: ProofChanges) =>
  proveFor({ htm: 'GET', htu: url, now: bridge.clock.now(), keys }, changes)

async function tokenOf(client: TestClient): Promise<string> {
  const url = `${bridge.tenant.issuer}/token`
  const ask = async (claims: object) => {
    const dpop = await prove(url, { claims: { htm: 'POST', ...claims } })
    return await post(
      url,
      { grant_type: 'client_credentials' },
      { authorization: client.authorization, dpop },
    )
  }
  const nonce = (await ask({})).headers.get('dpop-nonce')
  return String((await ask({ nonce })).body.access_token)
}

const ath = (of: string) => createHash('sha256').update(of).digest('base64url')

/** The right proof for a GET of the path, but for the changes. */
const proof = (path = PROVIDERS, { claims, ...rest }: ProofChanges = {}) =>
  prove(`${bridge.url}${path}`, { claims: { ath: ath(token), ...claims }, ...rest })

async function call(
  dpop: string | undefined,
  {
    path = PROVIDERS,
    scheme = 'DPoP',
    bearing = token,
    ...init
  }: { path?: string; scheme?: string; bearing?: string } & RequestInit = {},
) {
  const headers = {
    authorization: `${scheme} ${bearing}`,
    ...(dpop === undefined ? {} : { dpop }),
    ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
  }
  const response = await fetch(`${bridge.url}${path}`, { ...init, headers })
  const { reference: _, ...body } = (await response.json()) as Record<string, unknown>
  return { status: response.status, body }
}

describe('RFC 9449 section 7 at /admin/v1', () => {
  test('a bound token with its proof is let in, the query is no part of htu, and the trail names the client', async () => {
    const { status, body } = await call(await proof())
    expect([status, Array.isArray(body.providers)]).toEqual([200, true])
    const events = '/admin/v1/tenants/demo/audit-events'
    const listed = await call(await proof(events), { path: `${events}?limit=1` })
    expect(listed.status).toBe(200)
    const one = `${PROVIDERS}/surf`
    const changed = await call(await proof(one, { claims: { htm: 'PATCH' } }), {
      ...{ path: one, method: 'PATCH', body: JSON.stringify({ name: 'SURFconext' }) },
    })
    expect(changed.status).toBe(200)
    const [event] = await rowsOf<{ detail: string }>(
      ...([bridge, bridge.tenant, 'audit_event'] as const),
      `event_type = 'provider_updated' ORDER BY seq DESC`,
    )
    expect(JSON.parse(event?.detail ?? '')).toMatchObject({ actor: `client:${machine.id}` })
  })

  test('whatever is wrong is refused alike: as a token that nobody knows', async () => {
    const unknown = await call(undefined, { scheme: 'Bearer', bearing: 'a.b.c' })
    expect(unknown.status).toBe(401)
    const thief = await generateKeyPair('ES256', { extractable: true })
    const now = Math.floor(bridge.clock.now() / 1000)
    const refused = {
      'no proof': await call(undefined),
      'as a bearer token': await call(undefined, { scheme: 'Bearer' }),
      'as a bearer token with a proof': await call(await proof(), { scheme: 'Bearer' }),
      'another key': await call(await proof(PROVIDERS, { pair: thief })),
      'another key under the right name': await call(
        await proof(PROVIDERS, { pair: thief, header: { jwk: await exportJWK(keys.publicKey) } }),
      ),
      'another method': await call(await proof(PROVIDERS, { claims: { htm: 'POST' } })),
      'another path': await call(await proof(`${PROVIDERS}/surf`)),
      'another origin': await call(
        await prove(`https://elsewhere.example${PROVIDERS}`, { claims: { ath: ath(token) } }),
      ),
      'the tenant’s own API': await call(
        await prove(`${bridge.tenant.issuer}/api/v1/lookup`, { claims: { ath: ath(token) } }),
      ),
      'another token': await call(await proof(PROVIDERS, { claims: { ath: ath('another') } })),
      'no token': await call(await proof(PROVIDERS, { claims: { ath: undefined } })),
      'of yesterday': await call(await proof(PROVIDERS, { claims: { iat: now - 86_400 } })),
      'of tomorrow': await call(await proof(PROVIDERS, { claims: { iat: now + 86_400 } })),
      'no jti': await call(await proof(PROVIDERS, { claims: { jti: undefined } })),
      'another kind of JWT': await call(await proof(PROVIDERS, { header: { typ: 'JWT' } })),
      'no proof at all': await call('a.b.c'),
    }
    for (const [why, answer] of Object.entries(refused))
      expect([why, answer]).toEqual([why, unknown])
  })

  test('OP-96 a proof is used once: fifty at a time let one in', async () => {
    const dpop = await proof()
    const answers = await Promise.all(times(50, () => call(dpop)))
    expect(tally(answers.map(({ status }) => status))).toEqual({ '200': 1, '401': 49 })
  })

  test('a token that is bound to no key does not count as DPoP, whatever is proved', async () => {
    const plain = await registerMachine(bridge, { machineScopes: ['providers:manage'] })
    const answer = await post(
      `${bridge.tenant.issuer}/token`,
      { grant_type: 'client_credentials' },
      { authorization: plain.authorization },
    )
    const bearing = String(answer.body.access_token)
    const dpop = await proof(PROVIDERS, { claims: { ath: ath(bearing) } })
    expect((await call(dpop, { bearing })).status).toBe(401)
    expect((await call(undefined, { bearing, scheme: 'Bearer' })).status).toBe(200)
  })

  test('its scopes and its tenant bind a proven caller too', async () => {
    const policies = '/admin/v1/tenants/demo/policies'
    expect((await call(await proof(policies), { path: policies })).status).toBe(403)
    const other = await bridge.addTenant('dpop-elsewhere')
    const elsewhere = `/admin/v1/tenants/${other.slug}/providers`
    expect((await call(await proof(elsewhere), { path: elsewhere })).status).toBe(401)
    expect(
      (await call(await proof('/admin/v1/tenants'), { path: '/admin/v1/tenants' })).status,
    ).toBe(401)
  })
})
