import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mountedRoutes } from '../../../scripts/openapi.ts'
import { MINUTE } from '../../../src/domain/time.ts'
import { type Bridge, startBridge } from '../../support/bridge.ts'
import { query } from '../../support/postgres.ts'
import { type Admin, adminBearing, adminWith } from './client.ts'

let bridge: Bridge
let other: string

beforeAll(async () => {
  bridge = await startBridge()
  other = (await bridge.addTenant('other')).slug
})
afterAll(() => bridge.stop())

/** Every route of the administration, as a path of the tenant and what its scope is. */
function adminCalls(tenant: string) {
  return mountedRoutes()
    .filter((route) => route.path.startsWith('/admin/v1/'))
    .map((route) => ({
      method: route.method,
      path: route.path
        .slice('/admin/v1'.length)
        .replace(':tenant', tenant)
        .replace(':client_id', 'app')
        .replace(':provider', 'surf')
        .replace(':kind', 'selector')
        .replace(':data', 'links')
        .replace(':version', '1')
        .replace(':kid', 'A'.repeat(43))
        .replace(':test', '00000000-0000-4000-8000-000000000000')
        .replace(/:(id|identity|match|merge)(?=\/|$)/g, '00000000-0000-4000-8000-000000000000'),
      scope: /scope `([a-z:]+)`/.exec(route.operation.description ?? '')?.[1] ?? '',
      ofTenant: route.path.includes(':tenant'),
      id: route.operation.operationId,
    }))
}

/** Bodies that are well-formed, so that what is refused is the caller. */
const BODIES: { [operationId: string]: unknown } = {
  changeRetention: { days: 365 },
  planRetention: {},
  publishDrafts: {},
  createTenant: { slug: 'third', name: { en: 'Third', nl: 'Derde' } },
  updateTenant: { cross_device: true },
  replaceRequestCertificate: {},
  replaceAccessCertificate: {},
  putRegistrationCertificate: { document: 'a.b.c' },
  registerRelyingParty: { client_name: 'App', redirect_uris: ['https://x.example/cb'] },
  updateRelyingParty: {},
  registerProvider: {
    ...{ slug: 'p', name: 'P', issuer: 'https://idp.example', client_id: 'c', client_secret: 's' },
  },
  updateProvider: {},
  previewMapping: { claims: {} },
  publishPolicy: {},
  restorePolicy: { version: 1 },
  savePolicyDraft: {},
  validatePolicies: {},
  planPolicies: {},
  explainPolicies: {},
  comparePolicies: { from: 1, to: 1 },
  createRegistrationToken: { name: 'x' },
  rotateSigningKey: { algorithm: 'ES256' },
  recordTokenContract: {},
  trustAuthorizationServer: {
    ...{ issuer: 'https://as.example', jwks_uri: 'https://as.example/jwks' },
  },
  createAdminToken: { name: 'x', scopes: ['keys:manage'] },
  subscribeToEvents: { delivery: 'poll' },
  updateEventSubscription: { enabled: false },
  eraseIdentity: { ground: 'consent_withdrawn' },
  eraseByIdentifier: {
    ...{
      ground: 'consent_withdrawn',
      identifier: { kind: 'account', provider: 'surf', value: 'x' },
    },
  },
  startKeyMigration: { version: 2 },
  pauseKeyMigration: {},
  resumeKeyMigration: {},
  cancelKeyMigration: {},
  rollbackKeyMigration: {},
  unlink: { reason: 'ADMIN_REQUEST' },
  findIdentity: { kind: 'account', provider: 'surf', value: 'x' },
  exportByIdentifier: { kind: 'account', provider: 'surf', value: 'x' },
  exportIdentity: {},
  changeErasurePolicy: { four_eyes: true, wait_hours: 1 },
  requestErasures: {
    ground: 'not_needed',
    persons: ['00000000-0000-4000-8000-000000000000'],
  },
  approveErasures: {},
  cancelErasures: {},
  restrictIdentity: {},
  liftRestriction: {},
  restoreLink: {},
  splitIdentities: {},
  mergeIdentities: {
    merged: '00000000-0000-4000-8000-000000000000',
    surviving: '00000000-0000-4000-8000-000000000001',
  },
}

function send(admin: Admin, call: ReturnType<typeof adminCalls>[number]) {
  const body = BODIES[call.id]
  switch (call.method) {
    case 'GET':
      return admin.get(call.path)
    case 'DELETE':
      return admin.delete(call.path)
    case 'POST':
      return admin.post(call.path, body)
    case 'PUT':
      return admin.put(call.path, body)
    case 'PATCH':
      return admin.patch(call.path, body)
  }
}

test('issue 9 without a valid token every route of the administration answers 401 and says how to come in', async () => {
  const token = `iba_${'A'.repeat(43)}`
  const bad = [undefined, 'Bearer ', 'Bearer nonsense', `Bearer ${token}`, `Basic ${token}`, token]
  const calls = adminCalls('demo')
  expect(calls.length).toBeGreaterThan(20)
  for (const call of calls) {
    for (const authorization of bad) {
      const answer = await send(adminBearing(bridge, authorization), call)
      expect(answer.status, `${call.id} ${authorization}`).toBe(401)
      expect(answer.headers.get('www-authenticate')).toContain('Bearer')
    }
  }
})

test('issue 9 a token with every scope but the right one is refused, whatever the tenant, and hears which it lacks', async () => {
  const scopes = [
    ...[
      'tenants:manage',
      'clients:manage',
      'providers:manage',
      'policies:manage',
      'identities:manage',
      'privacy:erase',
      'audit:read',
      'keys:manage',
    ],
  ] as const
  const refused: string[] = []
  for (const lacking of new Set(adminCalls('demo').map((call) => call.scope))) {
    const admin = await adminWith(
      bridge,
      scopes.filter((scope) => scope !== lacking),
    )
    for (const call of [...adminCalls('demo'), ...adminCalls('nowhere')]) {
      if (call.scope !== lacking) continue
      const answer = await send(admin, call)
      expect([answer.status, answer.body.code, answer.body.detail], call.id).toEqual([
        ...[403, 'insufficient_scope', `scope ${lacking} is needed`],
      ])
      refused.push(lacking)
    }
  }
  const told = await query<{ detail: string }>(
    bridge.database.superuserUrl,
    "SELECT detail FROM audit_event WHERE tenant_id = 'system' AND event_type = 'admin_denied' ORDER BY seq",
  )
  expect(told.map(({ detail }) => (JSON.parse(detail) as { scope: string }).scope)).toEqual(refused)
})

test('row 36 a token of one tenant hears of another exactly what it hears of none at all', async () => {
  const admin = await adminWith(bridge, [...SCOPES], other)
  for (const [index, call] of adminCalls('demo').entries()) {
    if (!call.ofTenant) continue
    const nowhere = adminCalls('nowhere')[index]
    if (nowhere === undefined) throw new Error('the two lists differ')
    const [foreign, absent] = [await send(admin, call), await send(admin, nowhere)]
    expect(foreign.status, call.id).toBe(404)
    expect({ ...foreign.body, reference: '' }).toEqual({ ...absent.body, reference: '' })
  }
  expect((await admin.get(`/tenants/${other}`)).status).toBe(200)
})

test('row 36 the reserved tenant is nobody’s, not even for a token of all tenants', async () => {
  const admin = await adminWith(bridge, [...SCOPES])
  for (const call of adminCalls('system').filter(({ ofTenant }) => ofTenant)) {
    expect((await send(admin, call)).status, call.id).toBe(404)
  }
})

describe('issue 9 what concerns all tenants', () => {
  test('is refused to a token of one', async () => {
    const admin = await adminWith(bridge, [...SCOPES], other)
    expect((await admin.post('/tenants', BODIES.createTenant)).status).toBe(403)
    expect((await admin.get('/audit-events')).status).toBe(403)
    expect((await admin.post('/tokens', { name: 'x', scopes: ['keys:manage'] })).status).toBe(403)
  })
  test('shows it its own tenant and its own tokens only', async () => {
    const admin = await adminWith(bridge, [...SCOPES], other)
    const tenants = await admin.get('/tenants?limit=1')
    expect(tenants.body).toMatchObject({ tenants: [{ slug: other }], next_cursor: null })
    const { tokens } = (await admin.get('/tokens')).body as { tokens: { tenant: string }[] }
    expect(new Set(tokens.map(({ tenant }) => tenant))).toEqual(new Set([other]))
  })
})

describe('issue 9 tokens', () => {
  test('a token may make another that can do less, and it works until it is revoked', async () => {
    const admin = await adminWith(bridge, [...SCOPES])
    const made = await admin.post('/tokens', {
      ...{ name: 'pipeline', scopes: ['clients:manage'], tenant: 'demo', expires_in_days: 1 },
    })
    expect(made.status).toBe(201)
    expect(made.body.token).toMatch(/^iba_[A-Za-z0-9_-]{43}$/)
    const pipeline = adminBearing(bridge, `Bearer ${made.body.token}`)
    expect((await pipeline.get('/tenants/demo/relying-parties')).status).toBe(200)
    expect((await pipeline.get('/tenants/demo')).status).toBe(403)

    expect((await admin.delete(`/tokens/${made.body.id}`)).status).toBe(204)
    expect((await pipeline.get('/tenants/demo/relying-parties')).status).toBe(401)
    expect((await admin.delete(`/tokens/${made.body.id}`)).status).toBe(204)
    const { tokens } = (await admin.get('/tokens')).body as { tokens: Record<string, unknown>[] }
    const entry = tokens.find(({ id }) => id === made.body.id)
    expect(entry).toMatchObject({ name: 'pipeline', scopes: ['clients:manage'], tenant: 'demo' })
    expect(entry?.revoked_at).toEqual(expect.any(String))
  })
  test('none can make one that can do more, in scopes or in tenants', async () => {
    const narrow = await adminWith(bridge, ['keys:manage'])
    const wide = await narrow.post('/tokens', {
      name: 'x',
      scopes: ['keys:manage', 'privacy:erase'],
    })
    expect([wide.status, wide.body.detail]).toEqual([403, 'scope privacy:erase is needed'])
    const bound = await adminWith(bridge, ['keys:manage'], other)
    const elsewhere = { name: 'x', scopes: ['keys:manage'], tenant: 'demo' }
    expect((await bound.post('/tokens', elsewhere)).status).toBe(404)
    expect((await bound.post('/tokens', { ...elsewhere, tenant: other })).status).toBe(201)
  })
  test('a token of one tenant cannot revoke one of another', async () => {
    const admin = await adminWith(bridge, [...SCOPES])
    const made = await admin.post('/tokens', { name: 'x', scopes: ['audit:read'] })
    const bound = await adminWith(bridge, ['keys:manage'], other)
    expect((await bound.delete(`/tokens/${made.body.id}`)).status).toBe(404)
    const alive = adminBearing(bridge, `Bearer ${made.body.token}`)
    expect((await alive.get('/audit-events')).status).toBe(200)
  })
  test('are kept as hashes, appear in no answer but the first, and in no log line', async () => {
    const admin = await adminWith(bridge, [...SCOPES])
    const made = await admin.post('/tokens', { name: 'secret', scopes: ['audit:read'] })
    const token = String(made.body.token)
    await adminBearing(bridge, `Bearer ${token}`).get('/audit-events')
    const rows = await query(bridge.database.superuserUrl, 'SELECT * FROM admin_token')
    const said = [JSON.stringify(rows), (await admin.get('/tokens')).text, ...bridge.lines].join(
      '\n',
    )
    expect(said).not.toContain(token)
    expect(said).not.toContain(admin.token)
    expect(bridge.lines.join('\n')).toContain('/admin/v1/tokens')
  })
  test('making and revoking one is told in the trail of what has no tenant', async () => {
    const admin = await adminWith(bridge, [...SCOPES])
    const made = await admin.post('/tokens', { name: 'x', scopes: ['audit:read', 'audit:read'] })
    await admin.delete(`/tokens/${made.body.id}`)
    const { events } = (await admin.get('/audit-events?limit=2')).body as { events: object[] }
    expect(events).toMatchObject([
      { type: 'admin_token_revoked' },
      { type: 'admin_token_created', detail: { scopes: 'audit:read' } },
    ])
  })
})

test('issue 9 last use is noted, once a minute at most, and an expired token is as good as none', async () => {
  const admin = await adminWith(bridge, ['tenants:manage'])
  const lastUse = async () => {
    const rows = await query<{ last_used_at: string }>(
      bridge.database.superuserUrl,
      "SELECT last_used_at FROM admin_token WHERE name = 'test' ORDER BY created_at DESC LIMIT 1",
    )
    return rows[0]?.last_used_at
  }
  await admin.get('/tenants')
  const first = await lastUse()
  expect(first).toMatch(/Z$/)
  await admin.get('/tenants')
  expect(await lastUse()).toBe(first)
  bridge.clock.advance(2 * MINUTE)
  await admin.get('/tenants')
  expect(String(await lastUse()) > String(first)).toBe(true)
  bridge.clock.advance(24 * 60 * MINUTE)
  expect((await admin.get('/tenants')).status).toBe(401)
})

const SCOPES = [
  'privacy:retention',
  ...[
    'tenants:manage',
    'clients:manage',
    'providers:manage',
    'policies:manage',
    'identities:manage',
    'privacy:erase',
    'privacy:export',
    'audit:read',
    'keys:manage',
  ],
] as const
