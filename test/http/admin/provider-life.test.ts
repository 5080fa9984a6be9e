import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { demoPolicies } from '../../../demo/policies.ts'
import { createAdminToken } from '../../../src/flow/create-admin-token.ts'
import { ACTOR, type Bridge, logIn, startBridge } from '../../support/bridge.ts'
import { query } from '../../support/postgres.ts'
import { type Admin, adminBearing, adminWith } from './client.ts'

let bridge: Bridge
let admin: Admin
const ALL = '/tenants/demo/providers'
const OWN = 'noorderhaven.example'

beforeAll(async () => {
  bridge = await startBridge()
  admin = await adminWith(bridge, [
    'providers:manage',
    'audit:read',
    'policies:manage',
    'keys:manage',
  ])
})
afterAll(() => bridge.stop())

let count = 0
function register(by: Admin, changes: object = {}) {
  count++
  return by.post(ALL, {
    ...{ slug: `p${count}`, name: 'Another', issuer: bridge.institution.issuer },
    ...{ client_id: `client-${count}`, client_secret: 'given', ...changes },
  })
}

async function institutionToken(institution = OWN): Promise<Admin> {
  const { token } = await createAdminToken(bridge.deps, ACTOR, {
    ...{ name: 'of the institution', scopes: ['providers:manage'], tenant: 'demo', days: 1 },
    institution,
  })
  return adminBearing(bridge, `Bearer ${token}`)
}

describe('issue 3 item 11 an institution manages only its own providers', () => {
  test('what it registers is its own, and believed of its own people only', async () => {
    const own = await institutionToken()
    const made = await register(own, { slug: 'own' })
    expect([made.status, made.body.institution, made.body.allowed_organizations]).toEqual([
      ...[201, OWN, [OWN]],
    ])
    expect((await own.get(ALL)).body).toMatchObject({ providers: [{ slug: 'own' }] })
    const { providers } = (await admin.get(ALL)).body as { providers: { slug: string }[] }
    expect(providers.map(({ slug }) => slug)).toEqual(['own', 'surf'])
    expect((await own.patch(`${ALL}/own`, { enabled: false })).body.enabled).toBe(false)
    expect((await own.patch(`${ALL}/own`, { client_secret: 'another' })).status).toBe(200)
    expect((await own.delete(`${ALL}/own`)).status).toBe(204)
  })
  test('of the tenant’s, and of another institution’s, it hears what it hears of none', async () => {
    const [own, other] = [await institutionToken(), await institutionToken('elsewhere.example')]
    await register(other, { slug: 'theirs' })
    for (const slug of ['surf', 'theirs', 'nobody']) {
      expect((await own.get(`${ALL}/${slug}`)).status, slug).toBe(404)
      expect((await own.patch(`${ALL}/${slug}`, { enabled: false })).status, slug).toBe(404)
      expect((await own.delete(`${ALL}/${slug}`)).status, slug).toBe(404)
      expect((await own.post(`${ALL}/${slug}/tests`, undefined)).status, slug).toBe(404)
      const preview = await own.post(`${ALL}/${slug}/mapping-preview`, { claims: {} })
      expect(preview.status, slug).toBe(404)
    }
    expect((await other.get(`${ALL}/theirs`)).body.enabled).toBe(true)
    expect((await admin.get(`${ALL}/surf`)).body.enabled).toBe(true)
  })
  test('it speaks for no other organisation, at its registration or later', async () => {
    const own = await institutionToken()
    const refused = [
      await register(own, { allowed_organizations: [OWN, 'elsewhere.example'] }),
      await register(own, { institution: 'elsewhere.example' }),
    ]
    expect(refused.map(({ status, body }) => [status, body.detail])).toEqual([
      [400, "allowed_organizations: only this token's institution"],
      [400, "institution: not this token's"],
    ])
    await register(own, { slug: 'widened', allowed_organizations: ['Noorderhaven.EXAMPLE'] })
    const widened = await own.patch(`${ALL}/widened`, { allowed_organizations: null })
    expect([widened.status, widened.body.detail]).toEqual([
      ...[400, "allowed_organizations: only the tenant's own tokens change it"],
    ])
    const byTenant = { allowed_organizations: [OWN, 'library.example'] }
    expect((await admin.patch(`${ALL}/widened`, byTenant)).body).toMatchObject(byTenant)
  })
  test('its token can do nothing else, and none can be made that could', async () => {
    const own = await institutionToken()
    for (const path of [
      '/tenants',
      '/tenants/demo/policies',
      '/tokens',
      '/tenants/demo/audit-events',
    ]) {
      expect((await own.get(path)).status, path).toBe(403)
    }
    for (const wider of [
      { scopes: ['providers:manage', 'policies:manage'], tenant: 'demo', institution: OWN },
      { scopes: ['providers:manage'], institution: OWN },
    ]) {
      const made = await admin.post('/tokens', { name: 'x', ...wider })
      expect([made.status, made.body.detail]).toEqual([
        ...[400, 'institution: only with a tenant, and with the scope providers:manage alone'],
      ])
    }
    const made = await admin.post('/tokens', {
      ...{ name: 'institution', scopes: ['providers:manage'], tenant: 'demo', institution: OWN },
    })
    expect(made.status).toBe(201)
    const { tokens } = (await admin.get('/tokens')).body as { tokens: { id: string }[] }
    expect(tokens.find(({ id }) => id === made.body.id)).toMatchObject({ institution: OWN })
    await expect(
      query(
        bridge.database.superuserUrl,
        `UPDATE admin_token SET scopes = '["policies:manage"]' WHERE for_institution IS NOT NULL`,
      ),
    ).rejects.toMatchObject({ code: '23514' })
  })
})

describe('issue 3 item 11 a provider is changed', () => {
  test('registered switched off, it is offered to nobody until it is switched on', async () => {
    await register(admin, { slug: 'later', enabled: false })
    const enabled = async () =>
      (await bridge.deps.tenants.find('demo'))?.providers.find(({ slug }) => slug === 'later')
        ?.enabled
    expect(await enabled()).toBe(false)
    await admin.patch(`${ALL}/later`, { enabled: true })
    expect(await enabled()).toBe(true)
  })
  test('name, scopes, mappings and demands, each alone, and demands taken back', async () => {
    const before = (await register(admin, { slug: 'changed' })).body
    const steps = [
      { name: 'A better name' },
      { scope: 'openid profile' },
      { attribute_mappings: { family_name: 'sn' } },
      { required_acr: ['urn:high'] },
      { required_amr: ['mfa'] },
      { allowed_organizations: [OWN] },
      { required_acr: null, required_amr: null },
    ]
    let expected: object = before
    for (const step of steps) {
      const after = (await admin.patch(`${ALL}/changed`, step)).body
      expected = { ...expected, ...step, updated_at: after.updated_at }
      expect(after).toEqual(expected)
    }
    expect((await admin.get(`${ALL}/changed`)).body).toEqual(expected)
    const scopes = await admin.patch(`${ALL}/changed`, { scope: 'profile' })
    expect([scopes.status, scopes.body.detail]).toEqual([400, 'scope: must contain openid'])
    expect((await admin.patch(`${ALL}/changed`, { identifier_attribute: 'eduid' })).status).toBe(
      400,
    )
  })
  test('UP-62 its addresses are called proof only where it speaks for one institution, at its registration or later', async () => {
    const refused = [
      400,
      'email_is_proof: this provider hands on addresses of others, which prove nothing',
    ]
    const hub = { allowed_organizations: [OWN], email_is_proof: true }
    const answers = [
      await register(admin, hub),
      await register(await institutionToken(), { email_is_proof: true }),
      await admin.patch(`${ALL}/surf`, { email_is_proof: true }),
    ]
    for (const { status, body } of answers) expect([status, body.detail]).toEqual(refused)
    const own = await register(admin, { slug: 'own', email_is_proof: true })
    expect([own.status, own.body.email_is_proof]).toEqual([201, true])
    const widened = await admin.patch(`${ALL}/own`, { allowed_organizations: [OWN] })
    expect([widened.status, widened.body.detail]).toEqual(refused)
    const taken = { email_is_proof: false, allowed_organizations: [OWN] }
    expect((await admin.patch(`${ALL}/own`, taken)).body).toMatchObject(taken)
  })
  test('UP-33 a private key is rotated only for one that can be used, and only where a key is used', async () => {
    const jwk = () => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      return { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', kid: 'ours' }
    }
    const byKey = { token_endpoint_auth_method: 'private_key_jwt', client_secret: undefined }
    const made = await register(admin, { ...byKey, slug: 'keyed', private_key: jwk() })
    expect(made.status, made.text).toBe(201)
    expect((await admin.patch(`${ALL}/keyed`, { private_key: jwk() })).status).toBe(200)
    expect((await admin.patch(`${ALL}/keyed`, { private_key: { kty: 'oct' } })).status).toBe(422)
    expect((await admin.patch(`${ALL}/keyed`, { client_secret: 'x' })).status).toBe(400)
    expect((await admin.patch(`${ALL}/surf`, { private_key: jwk() })).status).toBe(400)
  })
})

describe('issue 3 item 11 a provider is removed only while nothing hangs on it', () => {
  test('an unused one is gone, and told', async () => {
    await register(admin, { slug: 'unused' })
    expect((await admin.delete(`${ALL}/unused`)).status).toBe(204)
    expect((await admin.get(`${ALL}/unused`)).status).toBe(404)
    expect((await admin.delete(`${ALL}/unused`)).status).toBe(404)
    const { events } = (await admin.get('/tenants/demo/audit-events?limit=1')).body
    expect(events).toMatchObject([{ type: 'provider_deleted' }])
  })
  test('named by the policy, with a login under way, or with people linked through it, it stays', async () => {
    const refusal = async () => {
      const answer = await admin.delete(`${ALL}/surf`)
      return [answer.status, answer.body.detail]
    }
    await register(admin, { slug: 'other' })
    await logIn(bridge, await bridge.newWallet())
    expect(await refusal()).toEqual([409, 'provider: the selector policy names it'])
    const { selector } = demoPolicies(bridge.issuer)
    const elsewhere = { default: { ...selector.default, provider: 'other' } }
    expect((await admin.put('/tenants/demo/policies/selector', elsewhere)).status).toBe(200)
    expect(await refusal()).toEqual([409, 'provider: people are linked through it'])
    await query(bridge.database.superuserUrl, 'UPDATE identity_link_binding SET provider_id = NULL')
    expect(await refusal()).toEqual([409, 'provider: a login there is not over'])
    await admin.put('/tenants/demo/policies/selector', selector)
  })
})

describe('issue 3 item 11 health', () => {
  const health = async () =>
    (await admin.get(`${ALL}/surf`)).body.health as { [name: string]: string | null }

  const OLD = '2026-01-01T00:00:00.000Z'
  const age = () =>
    query(
      bridge.database.superuserUrl,
      `UPDATE reconciliation_provider SET last_success_at = '${OLD}' WHERE slug = 'surf'`,
    )

  test('tells the last success to the minute, and the last failure with its word', async () => {
    await logIn(bridge, await bridge.newWallet())
    const first = (await health()).last_success_at
    expect(first).toMatch(/Z$/)
    await logIn(bridge, await bridge.newWallet())
    expect((await health()).last_success_at).toBe(first)
    await age()
    await logIn(bridge, await bridge.newWallet())
    expect(String((await health()).last_success_at) > String(first)).toBe(true)

    const before = (await admin.get(`${ALL}/surf`)).body
    await admin.patch(`${ALL}/surf`, { allowed_organizations: ['elsewhere.example'] })
    await expect(logIn(bridge, await bridge.newWallet())).rejects.toThrow()
    expect(await health()).toMatchObject({ last_failure: 'institution_not_allowed' })
    await admin.patch(`${ALL}/surf`, { allowed_organizations: before.allowed_organizations })
    expect((await logIn(bridge, await bridge.newWallet())).viaInstitution).toBe(true)
  })
  test('is written without changing the provider for logins under way', async () => {
    const updated = async () => (await admin.get(`${ALL}/surf`)).body.updated_at
    const before = await updated()
    await age()
    await logIn(bridge, await bridge.newWallet())
    expect((await health()).last_success_at).not.toBe(OLD)
    expect(await updated()).toBe(before)
  })
})
