import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EDUID_VCT } from '../../../demo/issuer.ts'
import { type Bridge, startBridge, testPolicies } from '../../support/bridge.ts'
import { query } from '../../support/postgres.ts'
import { type Admin, adminWith } from './client.ts'

let bridge: Bridge
let admin: Admin
const DRAFTS = '/tenants/demo/policy-drafts'

beforeAll(async () => {
  bridge = await startBridge()
  admin = await adminWith(bridge, ['policies:manage', 'audit:read'])
})
afterAll(() => bridge.stop())

function logins() {
  const [entry] = bridge.issuer.trustPolicy().entries
  const credential = {
    query: 'eduid',
    types: [EDUID_VCT],
    issuer: `${entry?.id}#https://issuer.example`,
    claims: { given_name: true, family_name: true, schac_home_organization: true },
  }
  return [
    { name: 'stranger', credentials: [credential] },
    { name: 'known', credentials: [credential], state: 'MATCHED_HOLDER_KEY' },
  ]
}

const closed = () => ({
  ...testPolicies(bridge.issuer).selector,
  rules: [
    {
      id: 'closed',
      when: { states: ['NOT_FOUND'] },
      plan: { plan: 'FAIL_CLOSED', reason: 'closed' },
    },
  ],
})

describe('issue 3 item 10 plan', () => {
  test('documents sent along: what changes, and which logins come to something else', async () => {
    const { body } = await admin.post(`${DRAFTS}/plan`, {
      documents: { selector: closed() },
      logins: logins(),
    })
    expect(body).toMatchObject({
      acceptable: true,
      changes: [
        { kind: 'selector', version: 2, members: [{ path: 'rules.closed', change: 'added' }] },
      ],
      outcomes: [
        {
          name: 'stranger',
          changed: true,
          before: { decision: { plan: { plan: 'RUN_IDV' } } },
          after: { decision: { plan: { plan: 'FAIL_CLOSED', reason: 'closed' }, rule: 'closed' } },
        },
        { name: 'known', changed: false },
      ],
    })
  })
  test('the drafts, when nothing is sent; nothing at all without drafts', async () => {
    expect((await admin.post(`${DRAFTS}/plan`, {})).body).toMatchObject({ changes: [] })
    await admin.put(`${DRAFTS}/selector`, closed())
    expect((await admin.post(`${DRAFTS}/plan`, {})).body).toMatchObject({
      changes: [{ kind: 'selector', version: 2 }],
    })
    await admin.delete(`${DRAFTS}/selector`)
  })
  test('stores nothing and tells the trail nothing', async () => {
    const count = async () => {
      const [row] = await query<{ n: number }>(
        bridge.database.superuserUrl,
        `SELECT ((SELECT count(*) FROM policy_version) + (SELECT count(*) FROM policy_draft)
              + (SELECT count(*) FROM audit_event))::int AS n`,
      )
      return row?.n
    }
    const before = await count()
    const trial = { documents: { selector: closed() }, logins: logins() }
    await admin.post(`${DRAFTS}/plan`, trial)
    await admin.post(`${DRAFTS}/explain`, trial)
    await admin.post(`${DRAFTS}/validate`, { documents: trial.documents })
    expect(await count()).toBe(before)
  })
})

describe('issue 3 item 10 explain', () => {
  test('rule by rule, with why not', async () => {
    const trial = { documents: { selector: closed() }, logins: logins() }
    const { body } = await admin.post(`${DRAFTS}/explain`, trial)
    expect(body).toMatchObject({
      explanations: [
        { name: 'stranger', rules: [{ rule: 'closed', outcome: 'chosen', held: ['states'] }] },
        {
          name: 'known',
          rules: [
            { rule: 'closed', outcome: 'not_matched', failed: ['states'] },
            { rule: 'builtin:known-holder', outcome: 'chosen' },
          ],
        },
      ],
    })
  })
  test('a document that cannot be read is not replaced by the published one', async () => {
    const trial = { documents: { selector: { rules: 1 } }, logins: logins() }
    expect((await admin.post(`${DRAFTS}/explain`, trial)).body).toMatchObject({
      acceptable: false,
      explanations: [],
    })
  })
  test('a recorded login with an unknown member is refused', async () => {
    const trial = { logins: [{ name: 'x', subject: 'secret-value' }] }
    const answer = await admin.post(`${DRAFTS}/explain`, trial)
    expect(answer.status).toBe(400)
    expect(answer.text).not.toContain('secret-value')
  })
})

describe('issue 3 item 10 compare', () => {
  test('two published versions, and a version there is not', async () => {
    expect((await admin.put('/tenants/demo/policies/selector', closed())).body.version).toBe(2)
    const compare = (versions: object) =>
      admin.post('/tenants/demo/policies/selector/compare', { ...versions, logins: logins() })
    expect((await compare({ from: 2, to: 1 })).body).toMatchObject({
      kind: 'selector',
      members: [{ path: 'rules.closed', change: 'removed' }],
      outcomes: [
        { name: 'stranger', changed: true, before: { decision: { rule: 'closed' } } },
        { name: 'known', changed: false },
      ],
    })
    expect((await compare({ from: 1, to: 1 })).body).toMatchObject({ members: [] })
    expect((await compare({ from: 1, to: 9 })).status).toBe(404)
  })
})
