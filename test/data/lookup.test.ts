/** Looking somebody up by everything a login knows them by, at a tenant that keeps the day of a use and no more. */
import { calculateJwkThumbprint as thumbprintOf } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import { EDUID_VCT } from '../../demo/issuer.ts'
import { SANNE } from '../../demo/people.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { publishPolicy } from '../../src/flow/publish-policy.ts'
import { adminWith } from '../http/admin/client.ts'
import {
  ACTOR,
  type Bridge,
  logIn,
  startBridge,
  type TestTenant,
  testPolicies,
} from '../support/bridge.ts'
import { type Caller, newCaller, rows } from './world.ts'

const SLUG = 'wide'
const OWN = { sub: 'S-1', did: 'did:web:sanne.example', email: 'Sanne@Example.org' }
const NOBODY = { found: false, strength: null, person: null }
const one = { credential: 'eduid' }
const MATERIALS = [
  { type: 'holder_key' },
  { type: 'credential_subject', name: 'student', ...one, path: ['sub'] },
  { type: 'did', name: 'did', ...one, path: ['did'] },
  { type: 'email', name: 'mail', ...one, path: ['email'] },
  {
    ...{ type: 'claim_tuple', name: 'who', ...one },
    attributes: [
      { path: ['given_name'], read: 'name' },
      { path: ['birthdate'], read: 'date' },
    ],
  },
  { type: 'provider_subject' },
]

let bridge: Bridge
let tenant: TestTenant
let caller: Caller
let wallet: Wallet
let issuer: string

beforeAll(async () => {
  bridge = await startBridge()
  tenant = await bridge.addTenant(SLUG, { lastUsed: 'day' })
  const { trust } = testPolicies(bridge.issuer)
  const names = ['given_name', 'family_name', 'birthdate', ...Object.keys(OWN)]
  const credential = {
    ...{ id: 'eduid', format: 'dc+sd-jwt', meta: { vct_values: [EDUID_VCT] } },
    claims: names.map((name) => ({ path: [name] })),
  }
  const proving = trust.entries.map((entry) => ({ ...entry, provesEmail: true }))
  await publishPolicy(bridge.deps, ACTOR, SLUG, 'trust', { ...trust, entries: proving })
  await publishPolicy(bridge.deps, ACTOR, SLUG, 'query', { credentials: [credential] })
  await publishPolicy(bridge.deps, ACTOR, SLUG, 'material', {
    profiles: [{ id: 'wallet-and-account', materials: MATERIALS }],
  })
  caller = await newCaller(bridge, { slug: SLUG })
  wallet = await bridge.newWallet({ ...SANNE.credential, ...OWN } as typeof SANNE.credential)
  await logIn(bridge, wallet, { tenant })
  const [entry] = trust.entries
  issuer = `${entry?.id}#${bridge.issuer.metadata().issuer}`
})
afterAll(() => bridge.stop())

const lookUp = async (asked: object) => {
  const { status, body } = await caller.ask('POST', '/lookup', { body: asked })
  return { status, body }
}

describe('issue 4.7 lookup by every identifier that a login is known by', () => {
  const { given_name, birthdate } = SANNE.credential
  const asked = async (): Promise<Record<string, object>> => ({
    KEY: { identifier_type: 'KEY', identifier: await thumbprintOf(wallet.publicJwk) },
    'SUBJECT_ID of an account': {
      ...{ identifier_type: 'SUBJECT_ID', provider: 'surf' },
      identifier: bridge.institution.subjectOf('sanne', `bridge-${SLUG}`),
    },
    'SUBJECT_ID of a credential': {
      ...{ identifier_type: 'SUBJECT_ID', material: 'student', issuer, identifier: OWN.sub },
    },
    DID: { identifier_type: 'DID', identifier: OWN.did },
    EMAIL: { identifier_type: 'EMAIL', issuer, identifier: 'sanne@example.org' },
    CLAIM_TUPLE: {
      ...{ identifier_type: 'CLAIM_TUPLE', material: 'who', issuer },
      claims: { given_name: String(given_name).toUpperCase(), birthdate: String(birthdate) },
    },
  })
  const SUGGESTS = ['EMAIL', 'CLAIM_TUPLE']

  test('each finds the person, and says what it is worth', async () => {
    const found = new Set<string>()
    for (const [name, body] of Object.entries(await asked())) {
      const told = await lookUp(body)
      expect([name, told.status, told.body]).toMatchObject([name, 200, { found: true }])
      expect([name, told.body]).toMatchObject([
        name,
        { strength: SUGGESTS.includes(name) ? 'suggests' : 'identifies' },
      ])
      found.add(JSON.stringify(told.body).replace(/"strength":"\w+"/, ''))
    }
    expect(found.size).toBe(1)
    const [events] = await rows<{ types: string }>(
      bridge,
      `SELECT string_agg(DISTINCT detail::jsonb->>'identifier', ' ') AS types FROM audit_event WHERE event_type = 'person_looked_up'`,
    )
    expect(events?.types).toBe('CLAIM_TUPLE DID EMAIL KEY SUBJECT_ID')
  })

  test('issue 5.1 an administrator finds by each as well; by what only suggests nothing is done at once', async () => {
    const admin = await adminWith(bridge, ['identities:manage', 'privacy:export', 'privacy:erase'])
    const at = `/tenants/${SLUG}`
    const found = new Set<unknown>()
    for (const [name, body] of Object.entries(await asked())) {
      const strength = SUGGESTS.includes(name) ? 'suggests' : 'identifies'
      const told = await admin.post(`${at}/identities/find`, body)
      expect([name, told.body]).toMatchObject([name, { status: 'ACTIVE', strength }])
      found.add(told.body.id)
      const exported = await admin.post(`${at}/exports`, body)
      expect([name, exported.status]).toEqual([name, strength === 'suggests' ? 409 : 200])
      if (strength === 'identifies') continue
      const request = { identifier: body, ground: 'objection' }
      const erased = await admin.post(`${at}/erasures`, request)
      expect([erased.status, erased.text]).toEqual([409, expect.stringContaining('only suggests')])
    }
    expect(found.size).toBe(1)
    const half = { identifier_type: 'EMAIL', identifier: 'sanne@example.org' }
    expect((await admin.post(`${at}/identities/find`, half)).status).toBe(400)
  })

  test('issue 5.1 and so do compliance staff on their page, who are told what is only likely', async () => {
    const { token } = await adminWith(bridge, ['identities:manage'])
    const browser = createBrowser()
    const home = `${bridge.url}/compliance`
    await browser.post(`${home}/session`, { tenant: SLUG, token })
    const page = await browser.get(home)
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? ''
    // What only a certificate says of its issuer is left to be filled in.
    const [entry] = issuer.split('#')
    for (const word of ['given_name', 'birthdate', `<option value="${entry}#">`])
      expect(page.text).toContain(word)
    const find = async (form: Record<string, string>) =>
      await browser.post(`${home}/find`, { csrf, ...form })
    const bySubject = await find({ by: 'material:student', issuer, value0: OWN.sub })
    const person = bySubject.location ?? ''
    expect(person).toMatch(/\/people\/[\w-]+$/)
    expect((await find({ by: 'did', value: OWN.did })).location).toBe(person)
    const tuple = { value0: String(given_name).toUpperCase(), value1: String(birthdate) }
    const likely = [
      await find({ by: 'material:who', issuer, ...tuple }),
      await find({ by: 'material:mail', issuer, value0: 'sanne@example.org' }),
    ]
    for (const { location } of likely) expect(location).toBe(`${person}?outcome=suggested`)
    expect((await browser.get(likely[0]?.location ?? '')).text).toContain('only suggests')
    for (const form of [
      { by: 'material:who', ...tuple },
      { by: 'material:who', issuer, value0: 'Sanne' },
      { by: 'material:other', issuer, value0: 'x' },
      { by: 'did', value: 'x' },
      { by: 'nothing', value: 'x' },
    ])
      expect([form, (await find(form)).status]).toEqual([form, 400])
    expect((await find({ by: 'material:student', issuer, value0: 'S-2' })).status).toBe(404)
    expect((await find({ by: 'email:surf', value: 'sanne@example.org' })).status).toBe(404)
  })

  test('of another issuer, of another material, or changed a little, each is nobody’s, and all alike', async () => {
    const other = { issuer: `${issuer}.org`, material: 'unknown', provider: 'other' }
    for (const body of Object.values(await asked())) {
      const own = 'identifier' in body ? String(body.identifier) : undefined
      const changes: [string, string][] = [
        ...Object.entries(other).filter(([name]) => name in body),
        ...(own === undefined ? [] : ([['identifier', misspelt(own)]] as const)),
      ].map(([name, value]) => [name, value])
      for (const [name, value] of changes) {
        const told = await lookUp({ ...body, [name]: value })
        expect(told, name).toEqual({ status: 200, body: NOBODY })
      }
    }
  })

  /** With another last letter but one: the very last of a thumbprint may stand for the same bytes as another. */
  const misspelt = (text: string) =>
    `${text.slice(0, -2)}${text.at(-2) === 'q' ? 'z' : 'q'}${text.slice(-1)}`

  test('what was proved of two people leads to neither', async () => {
    await rows(
      bridge,
      `UPDATE identity_match SET metadata_json = '{"shared":true}' WHERE identifier_type IN ('EMAIL', 'CLAIM_TUPLE')`,
    )
    const { EMAIL, CLAIM_TUPLE, DID } = await asked()
    for (const shared of [EMAIL, CLAIM_TUPLE])
      expect(await lookUp(shared ?? {})).toEqual({ status: 200, body: NOBODY })
    expect((await lookUp(DID ?? {})).body).toMatchObject({ found: true })
  })

  test.each([
    ['neither account nor credential', { identifier_type: 'SUBJECT_ID', identifier: 'x' }],
    [
      'both',
      { identifier_type: 'SUBJECT_ID', identifier: 'x', provider: 'surf', material: 'student' },
    ],
    ['an address without an issuer', { identifier_type: 'EMAIL', identifier: 'a@b.example' }],
    ['half a letter', { identifier_type: 'EMAIL', issuer: 'x', identifier: '\ud800@b.example' }],
    ['a NUL', { identifier_type: 'SUBJECT_ID', provider: 'surf', identifier: 'a\0b' }],
    ['a tuple without claims', { identifier_type: 'CLAIM_TUPLE', material: 'who' }],
  ])('issue 4.10 %s is a 400', async (_, body) => {
    expect((await lookUp(body)).status).toBe(400)
  })
})

describe('issue 4.7 a tenant that keeps the day', () => {
  const kept = () =>
    rows<{ at: string; written: string }>(
      bridge,
      `SELECT m.last_used_at AS at, m.xmin::text AS written FROM identity_match m JOIN tenant t ON t.id = m.tenant_id WHERE t.slug = '${SLUG}'
       UNION ALL SELECT b.last_used_at, b.xmin::text FROM identity_link_binding b JOIN tenant t ON t.id = b.tenant_id WHERE t.slug = '${SLUG}'
       ORDER BY 1, 2`,
    )

  test('has nothing more exact in any row, and a second use on the day writes none', async () => {
    const { body } = await lookUp({ identifier_type: 'DID', identifier: OWN.did })
    const id = body.person?.identity_id ?? ''
    const before = await kept()
    expect(before.length).toBeGreaterThan(6)
    expect(before.every(({ at }) => at.endsWith('T00:00:00.000Z'))).toBe(true)
    await logIn(bridge, wallet, { tenant })
    await caller.ask('GET', `/identities/${id}`)
    const put = { body: { fields: { year: 1 } } }
    expect((await caller.ask('PUT', `/identities/${id}/auxiliary/enrolment`, put)).status).toBe(201)
    expect(await kept()).toEqual(before)
  })

  test('moves with the next day’s use, by whichever way', async () => {
    const yesterday = '2020-01-01T00:00:00.000Z'
    for (const table of ['identity_match', 'identity_link_binding'])
      await rows(bridge, `UPDATE ${table} SET last_used_at = '${yesterday}'`)
    const { viaInstitution } = await logIn(bridge, wallet, { tenant })
    expect(viaInstitution).toBe(false)
    const after = await kept()
    const moved = after.filter(({ at }) => at !== yesterday)
    expect(moved.length).toBeGreaterThan(1)
    expect(moved.every(({ at }) => at.endsWith('T00:00:00.000Z'))).toBe(true)
  })
})
