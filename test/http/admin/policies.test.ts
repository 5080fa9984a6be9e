import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { demoPolicies } from '../../../demo/policies.ts'
import { type Bridge, logIn, startBridge } from '../../support/bridge.ts'
import { query } from '../../support/postgres.ts'
import { type Admin, adminWith } from './client.ts'

let bridge: Bridge
let admin: Admin
const ALL = '/tenants/demo/policies'

beforeAll(async () => {
  bridge = await startBridge()
  admin = await adminWith(bridge, ['policies:manage', 'audit:read', 'tenants:manage'])
})
afterAll(() => bridge.stop())

const name = { en: 'Empty', nl: 'Leeg' }

describe('issue 9 a policy document is published', () => {
  test('as the next version of its kind, and stays as it is for ever', async () => {
    const { query: before } = demoPolicies(bridge.issuer)
    const document = {
      credentials: [{ ...before.credentials[0], claims: [{ path: ['given_name'] }] }],
    }
    const published = await admin.put(`${ALL}/query`, document)
    expect([published.status, published.body.kind, published.body.version]).toEqual([
      200,
      'query',
      2,
    ])
    expect((await admin.get(`${ALL}/query`)).body).toMatchObject({ version: 2, document })
    expect((await admin.get(`${ALL}/query/versions/1`)).body).toMatchObject({
      version: 1,
      document: before,
    })
    expect((await admin.get(`${ALL}/query/versions/3`)).status).toBe(404)
    expect((await admin.get(`${ALL}/query/versions/x`)).status).toBe(404)
    expect((await admin.get('/tenants/demo')).body).toMatchObject({
      policies: { query: 2, trust: 1 },
    })
    const { events } = (await admin.get('/tenants/demo/audit-events?limit=1')).body
    expect(events).toMatchObject([
      { type: 'policy_published', detail: { kind: 'query', version: 2 } },
    ])
  })
  test('with a digest of what is stored', async () => {
    const { version, digest } = (
      await admin.put(`${ALL}/attributes`, demoPolicies(bridge.issuer).attributes)
    ).body
    const rows = await query<{ document: string }>(
      bridge.database.superuserUrl,
      `SELECT document FROM policy_version WHERE kind = 'attributes' AND version = ${version}
         AND tenant_id <> 'system' ORDER BY published_at DESC LIMIT 1`,
    )
    expect(
      createHash('sha256')
        .update(rows[0]?.document ?? '')
        .digest('base64url'),
    ).toBe(digest)
  })
  test('TR-03 and defaults are written out, so that a later default changes nothing', async () => {
    await admin.put(`${ALL}/trust`, demoPolicies(bridge.issuer).trust)
    const { document } = (await admin.get(`${ALL}/trust`)).body
    expect(document).toMatchObject({
      entries: [
        {
          status: 'check',
          statusGraceSeconds: 0,
          expiry: 'required',
          issuer: { match: 'san_uri' },
        },
      ],
    })
  })
  test('TR-03 each login that rests on a presentation says which version believed it', async () => {
    const { version } = (await admin.put(`${ALL}/trust`, demoPolicies(bridge.issuer).trust)).body
    await logIn(bridge, await bridge.newWallet())
    const { events } = (await admin.get('/tenants/demo/audit-events?type=login_completed&limit=1'))
      .body
    expect(events).toMatchObject([{ detail: { trust: version } }])
  })
  test('and the very next login follows it', async () => {
    const wallet = await bridge.newWallet()
    await logIn(bridge, wallet)
    await admin.put(`${ALL}/trust`, { entries: [] })
    await expect(logIn(bridge, wallet)).rejects.toThrow()
    await admin.put(`${ALL}/trust`, demoPolicies(bridge.issuer).trust)
    expect((await logIn(bridge, wallet)).viaInstitution).toBe(false)
  })
  test('ten at once are ten versions', async () => {
    const { version } = (await admin.get(`${ALL}/query`)).body
    const document = demoPolicies(bridge.issuer).query
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => admin.put(`${ALL}/query`, document)),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200))
    const versions = answers.map(({ body }) => Number(body.version)).toSorted((a, b) => a - b)
    expect(versions).toEqual(Array.from({ length: 10 }, (_, index) => Number(version) + 1 + index))
    const { query: listed } = (await admin.get(ALL)).body as { query: { version: number }[] }
    expect(listed[0]?.version).toBe(Number(version) + 10)
    const { events } = (
      await admin.get('/tenants/demo/audit-events?type=policy_published&limit=10')
    ).body as {
      events: { detail: { version: number } }[]
    }
    const told = events.map(({ detail }) => detail.version).toSorted((a, b) => a - b)
    expect(told).toEqual(versions)
  })
})

describe('issue 9 a document is refused as a whole', () => {
  const good = () => demoPolicies(bridge.issuer)
  test.each<[string, string, () => unknown, string[]]>([
    [
      'an unknown member',
      'selector',
      () => ({ ...good().selector, fallback: 'secret-value' }),
      ['document: unrecognized_keys (fallback)'],
    ],
    [
      'an unknown plan',
      'selector',
      () => ({ default: { ...good().selector.default, plan: 'secret-value' } }),
      ['default.plan: invalid_union'],
    ],
    ['no claims', 'query', () => ({ credentials: [] }), ['credentials: too_small (at least 1)']],
    [
      'a merge rule that is none',
      'attributes',
      () => ({ rules: [{ name: 'a', merge: 'secret-value' }] }),
      [
        'rules.0.merge: invalid_value (one of WALLET_ONLY, OIDC_ONLY, OIDC_WINS, WALLET_WINS, MERGE_ALL)',
      ],
    ],
    [
      'a profile twice',
      'material',
      () => ({ profiles: [...good().material.profiles, ...good().material.profiles] }),
      ['profiles: two profiles share an id'],
    ],
    [
      'TR-04 an anchor that is no certificate',
      'trust',
      () =>
        bridge.issuer.trustPolicy({
          anchors: ['-----BEGIN CERTIFICATE-----\nc2VjcmV0LXZhbHVl\n-----END CERTIFICATE-----\n'],
        }),
      ['entries.0.anchors.0: not a usable CA certificate'],
    ],
    [
      'something that is no object',
      'trust',
      () => [],
      ['document: invalid_type (object expected)'],
    ],
  ])('%s in %s', async (_, kind, document, problems) => {
    const before = (await admin.get(`${ALL}/${kind}`)).body.version
    const answer = await admin.put(`${ALL}/${kind}`, document())
    expect([answer.status, answer.body.problems]).toEqual([422, problems])
    expect([answer.text, ...bridge.lines].join('\n')).not.toMatch(/secret-value|c2VjcmV0/)
    expect((await admin.get(`${ALL}/${kind}`)).body.version).toBe(before)
  })
  test('a plan whose profile the material policy has not, published alone or together', async () => {
    const { selector, material } = good()
    const elsewhere = { default: { ...selector.default, profile: 'absent' } }
    const problem = expect.stringContaining('default.profile: ')
    const alone = await admin.put(`${ALL}/selector`, elsewhere)
    expect([alone.status, alone.body.problems]).toEqual([422, [problem]])
    const renamed = { profiles: [{ ...material.profiles[0], id: 'renamed' }] }
    const dropped = await admin.put(`${ALL}/material`, renamed)
    expect([dropped.status, dropped.body.problems]).toEqual([422, [problem]])
    const together = { slug: 'together', name, policies: { selector: elsewhere, material } }
    expect((await admin.post('/tenants', together)).status).toBe(422)
    expect((await admin.get('/tenants/together')).status).toBe(404)
  })
  test('a plan before any material policy', async () => {
    await admin.post('/tenants', { slug: 'empty', name })
    const { selector, material } = good()
    expect((await admin.put('/tenants/empty/policies/selector', selector)).status).toBe(422)
    expect((await admin.get('/tenants/empty/policies/selector')).status).toBe(404)
    expect((await admin.put('/tenants/empty/policies/material', material)).body.version).toBe(1)
    expect((await admin.put('/tenants/empty/policies/selector', selector)).body.version).toBe(1)
  })
  test('a kind there is not', async () => {
    expect((await admin.put(`${ALL}/retention`, {})).status).toBe(404)
    expect((await admin.get(`${ALL}/__proto__`)).status).toBe(404)
  })
})

test('issue 9 policies in the first call need the scope for policies too', async () => {
  const tenants = await adminWith(bridge, ['tenants:manage'])
  const policies = { material: demoPolicies(bridge.issuer).material }
  const answer = await tenants.post('/tenants', { slug: 'scoped', name, policies })
  expect([answer.status, answer.body.detail]).toEqual([403, 'scope policies:manage is needed'])
  expect((await tenants.post('/tenants', { slug: 'scoped', name })).status).toBe(201)
})

describe('issue 9 the audit trail is read', () => {
  type Events = {
    events: {
      seq: number
      type: string
      correlation_id: string
      prev_hash: string
      row_hash: string
    }[]
  }
  const trail = '/tenants/demo/audit-events'

  test('AU-01 page by page, newest first, without a gap, each row chained to the one before', async () => {
    const seen: Events['events'] = []
    let cursor = ''
    for (;;) {
      const page = await admin.get(`${trail}?limit=7${cursor}`)
      const { events } = page.body as unknown as Events
      seen.push(...events)
      if (page.body.next_cursor === null) break
      cursor = `&cursor=${page.body.next_cursor}`
    }
    expect(seen.map(({ seq }) => seq)).toEqual(seen.map((_, index) => seen.length - index))
    for (const [index, event] of seen.slice(0, -1).entries()) {
      expect(event.prev_hash).toBe(seen[index + 1]?.row_hash)
    }
  })
  test('by type, and by one login in the order it happened', async () => {
    await logIn(bridge, await bridge.newWallet())
    const byType = (await admin.get(`${trail}?type=binding_created&limit=1`))
      .body as unknown as Events
    const id = byType.events[0]?.correlation_id
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    const login = (await admin.get(`${trail}?correlation_id=${id}`)).body as unknown as Events
    const seqs = login.events.map(({ seq }) => seq)
    expect(seqs.length).toBeGreaterThan(1)
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b))
    expect(new Set(login.events.map((event) => event.correlation_id))).toEqual(new Set([id]))
    expect((await admin.get(`${trail}?correlation_id=${id}&type=x`)).status).toBe(400)
  })
  test('a login of another tenant is not in it', async () => {
    const other = await bridge.addTenant('second')
    await logIn(bridge, await bridge.newWallet(), { tenant: other })
    const theirs = (await admin.get(`/tenants/second/audit-events?type=binding_created`))
      .body as unknown as Events
    const id = theirs.events[0]?.correlation_id
    expect(
      ((await admin.get(`${trail}?correlation_id=${id}`)).body as unknown as Events).events,
    ).toEqual([])
  })
})
