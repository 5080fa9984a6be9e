import { Ajv2020 } from 'ajv/dist/2020.js'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { policySchemas } from '../../../scripts/policy-schemas.ts'
import { POLICY_KINDS } from '../../../src/domain/policy.ts'
import { type Bridge, logIn, startBridge, testPolicies } from '../../support/bridge.ts'
import { query } from '../../support/postgres.ts'
import { type Admin, adminWith } from './client.ts'

let bridge: Bridge
let admin: Admin
const DRAFTS = '/tenants/demo/policy-drafts'
const POLICIES = '/tenants/demo/policies'

beforeAll(async () => {
  bridge = await startBridge()
  admin = await adminWith(bridge, ['policies:manage', 'audit:read'])
})
afterAll(() => bridge.stop())
beforeEach(() => query(bridge.database.superuserUrl, 'DELETE FROM policy_draft'))

const good = () => testPolicies(bridge.issuer)
const save = (kind: string, document: unknown) => admin.put(`${DRAFTS}/${kind}`, document)
const validate = (body: object = {}) => admin.post(`${DRAFTS}/validate`, body)
const publish = (body: object = {}) => admin.post(`${DRAFTS}/publish`, body)
const versionOf = async (kind: string) => (await admin.get(`${POLICIES}/${kind}`)).body.version
const codes = (answer: { body: { [name: string]: unknown } }) =>
  (answer.body.findings as { code: string; kind: string; path: string }[]).map(
    ({ code, kind, path }) => `${code} ${kind} ${path}`,
  )

/** Two documents that fit each other and not what stands. */
function renamedProfile() {
  const { material, selector } = good()
  return {
    material: { profiles: [{ ...material.profiles[0], id: 'renamed' }] },
    selector: { default: { ...selector.default, profile: 'renamed' } },
  }
}

describe('issue 3 item 10 the life of a policy document', () => {
  test('draft, validated, published, and gone as a draft', async () => {
    const before = Number(await versionOf('query'))
    const { query: document } = good()
    const saved = await save('query', document)
    expect(saved.body).toMatchObject({ kind: 'query', state: 'draft', based_on: before })
    expect((await admin.get(DRAFTS)).body).toMatchObject({ drafts: [{ state: 'draft', document }] })

    const early = await publish()
    expect([early.status, early.body.detail]).toEqual([
      409,
      'query: the draft has not been validated',
    ])
    expect((await validate()).body).toMatchObject({ acceptable: true })
    expect((await admin.get(DRAFTS)).body).toMatchObject({ drafts: [{ state: 'validated' }] })

    const published = await publish()
    expect(published.body).toMatchObject({ published: [{ kind: 'query', version: before + 1 }] })
    expect((await admin.get(DRAFTS)).body).toEqual({ drafts: [] })
    expect((await admin.get(`${POLICIES}/query`)).body).toMatchObject({
      version: before + 1,
      document,
    })
    const { events } = (await admin.get('/tenants/demo/audit-events?limit=2')).body
    expect(events).toMatchObject([
      { type: 'policy_published', detail: { kind: 'query', version: before + 1 } },
      { type: 'policy_draft_saved', detail: { kind: 'query' } },
    ])
  })
  test('saved again it is a draft again, and the old text is not what gets published', async () => {
    await save('query', good().query)
    await validate()
    await save('query', { credentials: [] })
    expect((await publish()).status).toBe(409)
    const verdict = await validate()
    expect([verdict.body.acceptable, codes(verdict)]).toEqual([false, ['shape query credentials']])
    expect((await admin.get(DRAFTS)).body).toMatchObject({ drafts: [{ state: 'draft' }] })
    expect((await publish()).status).toBe(409)
  })
  test('documents that need one another are judged and published together', async () => {
    const { material, selector } = renamedProfile()
    await save('selector', selector)
    expect(codes(await validate())).toContain('profile_missing selector default.profile')
    await save('material', material)
    expect((await validate()).body.acceptable).toBe(true)
    expect((await publish()).body).toMatchObject({
      published: [{ kind: 'material' }, { kind: 'selector' }],
    })
    const wallet = await bridge.newWallet()
    expect((await logIn(bridge, wallet)).viaInstitution).toBe(true)
  })
  test('nothing of it is published when one document does not fit what came meanwhile', async () => {
    const { material, selector } = good()
    await save('material', material)
    await save('selector', selector)
    await validate()
    // Behind the drafts' back the material draft is gone: what is left no longer fits.
    expect((await admin.delete(`${DRAFTS}/material`)).status).toBe(204)
    const before = await versionOf('selector')
    const refused = await publish()
    expect([refused.status, refused.body.code]).toEqual([422, 'policy_refused'])
    expect(await versionOf('selector')).toBe(before)
    expect((await admin.get(DRAFTS)).body).toMatchObject({ drafts: [{ kind: 'selector' }] })
  })
  test('a draft that began from a version no longer current is not published over it', async () => {
    await save('query', good().query)
    await validate()
    await admin.put(`${POLICIES}/query`, good().query)
    const late = await publish()
    expect([late.status, late.body.detail]).toEqual([
      409,
      'query: another version was published since the draft was begun',
    ])
  })
  test('given up it is gone, and told; a second time there is nothing', async () => {
    await save('trust', {})
    expect((await admin.delete(`${DRAFTS}/trust`)).status).toBe(204)
    expect((await admin.delete(`${DRAFTS}/trust`)).status).toBe(404)
    const { events } = (await admin.get('/tenants/demo/audit-events?limit=1')).body
    expect(events).toMatchObject([{ type: 'policy_draft_dropped', detail: { kind: 'trust' } }])
    const nothing = await publish()
    expect([nothing.status, nothing.body.detail]).toEqual([409, 'drafts: there are none'])
  })
  test('fifty publishers at once publish it once', async () => {
    const before = Number(await versionOf('query'))
    await save('query', good().query)
    await validate()
    const answers = await Promise.all(Array.from({ length: 50 }, () => publish()))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(49)
    expect(await versionOf('query')).toBe(before + 1)
  })
})

describe('TR-03 row 48 a trust policy under four eyes', () => {
  const turn = async (on: boolean) => {
    const owner = await adminWith(bridge, ['tenants:manage'])
    return await owner.patch('/tenants/demo', { trust_four_eyes: on })
  }
  const events = async (type: string) =>
    (await admin.get(`/tenants/demo/audit-events?type=${type}&limit=1`)).body.events
  beforeAll(async () => {
    expect((await turn(true)).body).toMatchObject({ trust_four_eyes: true })
  })
  afterAll(() => turn(false))

  test('that it is, and no more, is told', async () => {
    expect(await events('tenant_updated')).toMatchObject([{ detail: { trust_four_eyes: true } }])
  })
  test('nobody publishes one alone: at once, by going back, or from a draft of their own', async () => {
    const before = await versionOf('trust')
    const direct = await admin.put(`${POLICIES}/trust`, good().trust)
    const back = await admin.post(`${POLICIES}/trust/restore`, { version: 1 })
    await save('trust', good().trust)
    await validate()
    const own = await publish()
    expect([direct, back, own].map(({ status, body }) => [status, body.detail])).toEqual([
      [409, 'trust: it must be saved as a draft, and published by another'],
      [409, 'trust: it must be saved as a draft, and published by another'],
      [409, 'trust: somebody else has to publish it'],
    ])
    expect(await versionOf('trust')).toBe(before)
    expect((await admin.get(DRAFTS)).body).toMatchObject({ drafts: [{ kind: 'trust' }] })
  })
  test('another does, and the trail names both', async () => {
    const second = await adminWith(bridge, ['policies:manage'])
    const { saved_by: writer, digest } = (await save('trust', good().trust)).body
    await validate()
    expect((await second.post(`${DRAFTS}/publish`, { trust_digest: digest })).status).toBe(200)
    const [event] = (await events('policy_published')) as { detail: Record<string, unknown> }[]
    expect(event?.detail).toMatchObject({ kind: 'trust', written_by: writer })
    expect(event?.detail.actor).not.toBe(writer)
  })
  test('whoever changed the draft last wrote it', async () => {
    const second = await adminWith(bridge, ['policies:manage'])
    await save('trust', { entries: [] })
    const { digest: trust_digest } = (await second.put(`${DRAFTS}/trust`, good().trust)).body
    await validate()
    expect((await second.post(`${DRAFTS}/publish`, { trust_digest })).status).toBe(409)
    expect((await publish({ trust_digest })).status).toBe(200)
  })
  test('nobody publishes what they did not read: unnamed, or changed since they read it', async () => {
    const second = await adminWith(bridge, ['policies:manage'])
    const before = await versionOf('trust')
    const { digest: read } = (await save('trust', good().trust)).body
    await save('query', good().query)
    await validate()
    const unnamed = await second.post(`${DRAFTS}/publish`, {})
    await save('trust', bridge.issuer.trustPolicy({ statusGraceSeconds: 60 }))
    await validate()
    const replaced = await second.post(`${DRAFTS}/publish`, { trust_digest: read })
    const detail = 'trust: read the draft as it is now, and name its digest as trust_digest'
    expect([unnamed, replaced].map(({ status, body }) => [status, body.detail])).toEqual([
      [409, detail],
      [409, detail],
    ])
    expect(await versionOf('trust')).toBe(before)
    const { drafts } = (await second.get(DRAFTS)).body as {
      drafts: { kind: string; digest: string }[]
    }
    const trust_digest = drafts.find(({ kind }) => kind === 'trust')?.digest
    expect((await second.post(`${DRAFTS}/publish`, { trust_digest })).status).toBe(200)
  })
  test('other kinds need one pair', async () => {
    expect((await admin.put(`${POLICIES}/query`, good().query)).status).toBe(200)
  })
})

describe('issue 3 item 10 rolled back by publishing again', () => {
  test('the older document is the next version, and the trail says whose it is', async () => {
    const first = (await admin.get(`${POLICIES}/attributes/versions/1`)).body
    const { attributes } = good()
    const fewer = { rules: attributes.rules.slice(0, 3) }
    const bad = Number((await admin.put(`${POLICIES}/attributes`, fewer)).body.version)
    const restored = await admin.post(`${POLICIES}/attributes/restore`, { version: 1 })
    expect([restored.status, restored.body.version]).toEqual([200, bad + 1])
    const now = (await admin.get(`${POLICIES}/attributes`)).body
    expect([now.document, now.digest]).toEqual([first.document, first.digest])
    expect((await admin.get(`${POLICIES}/attributes/versions/${bad}`)).body).toMatchObject({
      version: bad,
    })
    const { events } = (await admin.get('/tenants/demo/audit-events?limit=1')).body
    expect(events).toMatchObject([
      { type: 'policy_published', detail: { kind: 'attributes', version: bad + 1, restored: 1 } },
    ])
  })
  test('a version there is not, and one that no longer fits, are refused', async () => {
    const absent = await admin.post(`${POLICIES}/query/restore`, { version: 999 })
    expect(absent.status).toBe(404)
    // The first selector names a profile of the first material policy, which was renamed above or is now.
    const { material, selector } = renamedProfile()
    await save('material', material)
    await save('selector', selector)
    await validate()
    await publish()
    const misfit = await admin.post(`${POLICIES}/selector/restore`, { version: 1 })
    expect([misfit.status, misfit.body.problems]).toEqual([
      422,
      ['default.profile: the material policy has no such profile'],
    ])
  })
})

test('issue 3 item 10 the run-time login can neither change nor remove a published document', async () => {
  const runtime = new pg.Client({ connectionString: bridge.database.runtimeUrl })
  await runtime.connect()
  try {
    for (const text of [
      "UPDATE policy_version SET document = '{}'",
      'DELETE FROM policy_version',
      'TRUNCATE policy_version',
    ]) {
      await expect(runtime.query(text), text).rejects.toMatchObject({ code: '42501' })
    }
  } finally {
    await runtime.end()
  }
})

describe('issue 3 item 10 documents sent along are judged and stored nowhere', () => {
  test('alone, together and beside the published ones', async () => {
    const { selector } = renamedProfile()
    const alone = await validate({ documents: { selector } })
    expect([alone.body.acceptable, (await admin.get(DRAFTS)).body]).toEqual([
      (alone.body.findings as { severity: string }[]).every(({ severity }) => severity !== 'error'),
      { drafts: [] },
    ])
    const together = await validate({ documents: renamedProfile() })
    expect(together.body.acceptable).toBe(true)
    const absent = { default: { ...selector.default, provider: 'nobody' } }
    expect(
      codes(await validate({ documents: { ...renamedProfile(), selector: absent } })),
    ).toContain('provider_unknown selector default.provider')
    expect((await validate({ documents: { retention: {} } })).status).toBe(400)
  })
  test('a value of theirs is never repeated', async () => {
    const documents = {
      selector: { 'secret value': 1, default: { plan: 'secret-value' } },
      attributes: { rules: [{ name: 'secret-value', merge: 'secret-value' }] },
      trust: bridge.issuer.trustPolicy({
        anchors: ['-----BEGIN CERTIFICATE-----\nc2VjcmV0LXZhbHVl\n-----END CERTIFICATE-----\n'],
      }),
    }
    const verdict = await validate({ documents })
    expect(verdict.body.acceptable).toBe(false)
    expect(codes(verdict)).toContain('anchor_unusable trust entries.0.anchors.0')
    expect([verdict.text, ...bridge.lines].join('\n')).not.toMatch(/secret.value|c2VjcmV0/)
  })
})

test('issue 3 item 10 the JSON Schemas take what the code takes and refuse an unknown member', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false })
  const documents: Record<string, object> = good()
  for (const kind of POLICY_KINDS) {
    const check = ajv.compile(JSON.parse(policySchemas().get(`${kind}.json`) ?? 'false'))
    expect(check(documents[kind]), JSON.stringify(check.errors)).toBe(true)
    expect(check({ ...documents[kind], fallback: true }), kind).toBe(false)
  }
})
