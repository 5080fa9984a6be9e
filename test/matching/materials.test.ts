/** Whom a wallet is recognised as, by each kind of material, through HTTP and the database. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import { cancelAt } from '../../demo/institution.ts'
import { EDUID_VCT } from '../../demo/issuer.ts'
import { SANNE } from '../../demo/people.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { publishPolicy } from '../../src/flow/publish-policy.ts'
import {
  ACTOR,
  type Bridge,
  logIn,
  presentAt,
  STUDENT,
  startBridge,
  type TestTenant,
  testPolicies,
} from '../support/bridge.ts'
import { query } from '../support/postgres.ts'

const MILAN = { username: 'milan', password: 'milan-demo' }
const KEY = { type: 'holder_key' }
const ACCOUNT = { type: 'provider_subject' }
const SUBJECT = { type: 'credential_subject', name: 'student', credential: 'eduid', path: ['sub'] }
const TUPLE = {
  ...{ type: 'claim_tuple', name: 'who', credential: 'eduid' },
  attributes: [
    { path: ['given_name'], read: 'name' },
    { path: ['family_name'], read: 'name' },
    { path: ['birthdate'], read: 'date' },
  ],
}

let bridge: Bridge
beforeAll(async () => {
  bridge = await startBridge()
})
afterAll(() => bridge.stop())

/** A tenant that links by these materials and asks for what they read. */
async function tenantBy(
  slug: string,
  materials: readonly object[],
  also: { material?: object; plan?: object; rules?: readonly object[] } = {},
): Promise<TestTenant> {
  const tenant = await bridge.addTenant(slug)
  const { selector } = testPolicies(bridge.issuer)
  const names = ['given_name', 'family_name', 'birthdate', 'sub', 'email']
  const claims = names.map((name) => ({ path: [name] }))
  const credential = { id: 'eduid', format: 'dc+sd-jwt', meta: { vct_values: [EDUID_VCT] }, claims }
  const profile = { id: 'wallet-and-account', materials: [...materials, ACCOUNT] }
  const publish = (kind: 'query' | 'material' | 'selector', document: unknown) =>
    publishPolicy(bridge.deps, ACTOR, slug, kind, document)
  await publish('query', { credentials: [credential] })
  await publish('material', { profiles: [profile], ...also.material })
  await publish('selector', {
    ...{ rules: also.rules ?? [], default: { ...selector.default, ...also.plan } },
  })
  return tenant
}

/** A wallet with a fresh key, holding what the issuer says of somebody. */
const walletOf = (claims: object = {}): Promise<Wallet> =>
  bridge.newWallet({ ...SANNE.credential, sub: 'S-1', ...claims } as typeof SANNE.credential)

interface Counts {
  people: number
  keys: number
  subjects: number
  accounts: number
  tuples: number
  bindings: number
}

async function countsOf({ slug }: TestTenant): Promise<Counts> {
  const of = (condition: string) =>
    `(SELECT count(*)::int FROM identity_match m WHERE m.tenant_id = t.id AND m.deleted_at IS NULL AND ${condition})`
  const [row] = await query<Counts>(
    bridge.database.superuserUrl,
    `SELECT (SELECT count(*)::int FROM identity i WHERE i.tenant_id = t.id) AS people,
            ${of(`identifier_type = 'KEY'`)} AS keys,
            ${of(`identifier_type = 'SUBJECT_ID' AND hash_key = 'A'`)} AS subjects,
            ${of(`identifier_type = 'SUBJECT_ID' AND hash_key = 'B'`)} AS accounts,
            ${of(`identifier_type = 'CLAIM_TUPLE'`)} AS tuples,
            (SELECT count(*)::int FROM identity_link_binding b WHERE b.tenant_id = t.id AND b.deleted_at IS NULL) AS bindings
       FROM tenant t WHERE t.slug = '${slug}'`,
  )
  if (row === undefined) throw new Error('no such tenant')
  return row
}

describe('issue 3.8 fault 7 a batch of 20 credentials, each with a key of its own', () => {
  test('VC-11 known by the issuer’s subject: one login at the institution, one person, no row for a dead key', async () => {
    const tenant = await tenantBy('batch', [KEY, SUBJECT])
    const subs = new Set<string>()
    const asked: boolean[] = []
    for (let turn = 0; turn < 20; turn++) {
      const { login, viaInstitution } = await logIn(bridge, await walletOf(), { tenant })
      subs.add(String(login.idToken.sub))
      asked.push(viaInstitution)
    }
    expect(asked).toEqual([true, ...Array<boolean>(19).fill(false)])
    expect(subs.size).toBe(1)
    expect(await countsOf(tenant)).toEqual({
      ...{ people: 1, keys: 1, subjects: 1, accounts: 1, tuples: 0, bindings: 1 },
    })
  }, 60_000)

  test('known by a tuple that identifies, the key refused alone', async () => {
    const own = { path: ['email'], read: 'email' }
    const strong = {
      ...{ ...TUPLE, strength: 'identifies' },
      attributes: [...TUPLE.attributes, own],
    }
    const refused = { material: { keyAlone: 'refused' } }
    const tenant = await tenantBy('tuples', [KEY, strong], refused)
    const first = await logIn(bridge, await walletOf(), { tenant })
    const again = await logIn(bridge, await walletOf({ given_name: 'SANNE' }), { tenant })
    expect(again.viaInstitution).toBe(false)
    expect(again.login.idToken.sub).toBe(first.login.idToken.sub)
    expect(await countsOf(tenant)).toMatchObject({ people: 1, keys: 1, tuples: 1, bindings: 1 })
  })

  test('known by nothing but the key: the institution each time, and no more rows than are kept', async () => {
    const tenant = await tenantBy('keys', [KEY], { material: { keysKept: 3 } })
    for (let turn = 0; turn < 6; turn++) {
      bridge.clock.advance(1_000)
      expect((await logIn(bridge, await walletOf(), { tenant })).viaInstitution).toBe(true)
    }
    expect(await countsOf(tenant)).toMatchObject({ people: 1, keys: 3, accounts: 1, bindings: 3 })
  })
})

describe('fault 7 a subject without the key', () => {
  test('KEY can be forbidden: no key is ever written, and the subject alone recognises', async () => {
    const tenant = await tenantBy('keyless', [SUBJECT])
    const first = await logIn(bridge, await walletOf(), { tenant })
    const second = await logIn(bridge, await walletOf(), { tenant })
    expect(second.viaInstitution).toBe(false)
    expect(second.login.idToken.sub).toBe(first.login.idToken.sub)
    expect(await countsOf(tenant)).toMatchObject({ keys: 0, subjects: 1, bindings: 1 })
  })

  test('CR-22 where the subject is empty there is nothing to link by: the login ends, and no person is made', async () => {
    const tenant = await tenantBy('empty', [SUBJECT])
    await expect(logIn(bridge, await walletOf({ sub: '' }), { tenant })).rejects.toThrow(
      'Your wallet showed too little',
    )
    expect(await countsOf(tenant)).toMatchObject({ people: 0, accounts: 0, bindings: 0 })
  })

  test('row 10 another subject is another person, whatever else is the same', async () => {
    const tenant = await tenantBy('others', [SUBJECT])
    const one = await logIn(bridge, await walletOf(), { tenant })
    const two = await logIn(bridge, await walletOf({ sub: 'S-2' }), { tenant, user: MILAN })
    expect(two.viaInstitution).toBe(true)
    expect(two.login.idToken.sub).not.toBe(one.login.idToken.sub)
  })
})

describe('a tuple that only suggests', () => {
  test('fault 10 fault 11 a new wallet of the same name is nobody before the institution says so, and then joins', async () => {
    const tenant = await tenantBy('suggested', [KEY, TUPLE])
    const first = await logIn(bridge, await walletOf(), { tenant })
    const second = await logIn(bridge, await walletOf(), { tenant, user: STUDENT })
    expect(second.viaInstitution).toBe(true)
    expect(second.login.idToken.sub).toBe(first.login.idToken.sub)
    expect(await countsOf(tenant)).toMatchObject({ people: 1, keys: 2, tuples: 1 })
  })

  test('fault 11 probing with somebody’s name keeps nothing of theirs fresh, however often', async () => {
    const tenant = await tenantBy('probed', [KEY, TUPLE])
    await logIn(bridge, await walletOf(), { tenant })
    const of = `tenant_id = (SELECT id FROM tenant WHERE slug = 'probed')`
    const long = '2020-01-01T00:00:00.000Z'
    const state = () =>
      query<{ row: string }>(
        bridge.database.superuserUrl,
        `SELECT to_jsonb(m)::text AS row FROM identity_match m WHERE ${of}
         UNION ALL SELECT to_jsonb(b)::text FROM identity_link_binding b WHERE ${of} ORDER BY 1`,
      )
    for (const table of ['identity_match', 'identity_link_binding'])
      await query(
        bridge.database.superuserUrl,
        `UPDATE ${table} SET last_used_at = '${long}' WHERE ${of}`,
      )
    const before = await state()
    for (let probe = 0; probe < 3; probe++) {
      const browser = createBrowser()
      const attempt = await tenant.relyingParty.begin()
      const returned = await presentAt(browser, await walletOf(), attempt)
      const atInstitution = (url: string) => url.startsWith(bridge.institution.issuer)
      const sent = await browser.follow(returned, atInstitution)
      const asked = await query<{ detail: string }>(
        bridge.database.superuserUrl,
        `SELECT detail FROM audit_event WHERE ${of} ORDER BY seq DESC LIMIT 1`,
      )
      expect(JSON.parse(asked[0]?.detail ?? '')).toMatchObject({ state: 'MATCHED_CLAIM_TUPLE' })
      // The institution says no: that is the end of it.
      await browser.get(await cancelAt(sent.location ?? ''))
    }
    expect(await state()).toEqual(before)
  })

  test('twins: what two people share speaks for neither, and both keep their own wallets', async () => {
    // By default a candidate has to be the one it looks like; here whoever looks like somebody may prove to be another.
    const when = { states: ['MATCHED_CLAIM_TUPLE'] }
    const plan = testPolicies(bridge.issuer).selector.default
    const rules = [{ id: 'look-alike', when, plan }]
    const tenant = await tenantBy('twins', [KEY, TUPLE], { rules })
    const [one, two] = [await walletOf(), await walletOf()]
    const first = await logIn(bridge, one, { tenant })
    const second = await logIn(bridge, two, { tenant, user: MILAN })
    expect(second.login.idToken.sub).not.toBe(first.login.idToken.sub)
    const [match] = await query<{ metadata_json: string }>(
      bridge.database.superuserUrl,
      `SELECT metadata_json FROM identity_match WHERE identifier_type = 'CLAIM_TUPLE'
        AND tenant_id = (SELECT id FROM tenant WHERE slug = 'twins')`,
    )
    expect(match?.metadata_json).toBe('{"shared":true}')
    for (const [wallet, before] of [
      [one, first],
      [two, second],
    ] as const) {
      const again = await logIn(bridge, wallet, { tenant })
      expect([again.viaInstitution, again.login.idToken.sub]).toEqual([
        false,
        before.login.idToken.sub,
      ])
    }
  })
})

describe('what changed, and what ran out', () => {
  test('issue 3.2 a changed name marks the binding to be refreshed, until it is proved again', async () => {
    const tenant = await tenantBy('married', [SUBJECT, TUPLE])
    const stale = () =>
      query<{ stale: boolean }>(
        bridge.database.superuserUrl,
        `SELECT stale_since IS NOT NULL AS stale FROM identity_link_binding
          WHERE deleted_at IS NULL AND tenant_id = (SELECT id FROM tenant WHERE slug = 'married')`,
      )
    await logIn(bridge, await walletOf(), { tenant })
    await logIn(bridge, await walletOf(), { tenant })
    expect(await stale()).toEqual([{ stale: false }])
    await logIn(bridge, await walletOf({ family_name: 'Bakker' }), { tenant })
    expect(await stale()).toEqual([{ stale: true }])
    // Proved again where the tenant asks for it, it is as good as new, and compared with what was proved now.
    const plan = testPolicies(bridge.issuer).selector.default
    const rules = [{ id: 'refresh', when: { refreshDue: true }, plan }]
    await publishPolicy(bridge.deps, ACTOR, 'married', 'selector', { rules, default: plan })
    const again = await logIn(bridge, await walletOf({ family_name: 'Bakker' }), { tenant })
    expect([again.viaInstitution, await stale()]).toEqual([true, [{ stale: false }]])
    const known = await logIn(bridge, await walletOf({ family_name: 'Bakker' }), { tenant })
    expect([known.viaInstitution, await stale()]).toEqual([false, [{ stale: false }]])
  })

  test('fault 12 a proof that ran out is proved again, in the same binding', async () => {
    const tenant = await tenantBy('expiring', [SUBJECT], { plan: { bindingLifetimeDays: 1 } })
    const first = await logIn(bridge, await walletOf(), { tenant })
    const ends = (change: string) =>
      query<{ expires_at: string }>(
        bridge.database.superuserUrl,
        `UPDATE identity_link_binding SET ${change} WHERE deleted_at IS NULL
            AND tenant_id = (SELECT id FROM tenant WHERE slug = 'expiring') RETURNING expires_at`,
      )
    const [proved] = await ends('id = id')
    const inDays = (Date.parse(proved?.expires_at ?? '') - bridge.clock.now()) / 86_400_000
    expect(inDays).toBeCloseTo(1, 2)
    await ends(`expires_at = '2020-01-01T00:00:00.000Z'`)
    const wallet = await walletOf()
    const second = await logIn(bridge, wallet, { tenant })
    expect([second.viaInstitution, second.login.idToken.sub]).toEqual([
      true,
      first.login.idToken.sub,
    ])
    expect(await countsOf(tenant)).toMatchObject({ people: 1, bindings: 1 })
  })
})

test('issue 3.4 every state of a holder, as logins come to it', async () => {
  const tenant = await tenantBy('states', [KEY, SUBJECT, TUPLE])
  const of = `tenant_id = (SELECT id FROM tenant WHERE slug = 'states')`
  const look = <Row extends object>(text: string) => query<Row>(bridge.database.superuserUrl, text)
  const stateOf = async () => {
    const [event] = await look<{ detail: string }>(
      `SELECT detail FROM audit_event WHERE ${of} AND detail LIKE '%"state":%' ORDER BY seq DESC LIMIT 1`,
    )
    return JSON.parse(event?.detail ?? '{}').state
  }
  /** The state that decided, and whether the institution was asked. */
  const decided = async (wallet: Wallet, user = STUDENT) => {
    const [before] = await look<{ seq: number }>(
      `SELECT max(seq)::int AS seq FROM audit_event WHERE ${of}`,
    )
    const { viaInstitution } = await logIn(bridge, wallet, { tenant, user })
    const [first] = await look<{ detail: string }>(
      `SELECT detail FROM audit_event WHERE ${of} AND seq > ${before?.seq ?? 0}
          AND detail LIKE '%"state":%' ORDER BY seq LIMIT 1`,
    )
    return [JSON.parse(first?.detail ?? '{}').state, viaInstitution]
  }
  const sanne = await walletOf()
  expect(await decided(sanne)).toEqual(['NOT_FOUND', true])
  expect(await decided(sanne)).toEqual(['MATCHED_HOLDER_KEY', false])
  expect(await decided(await walletOf())).toEqual(['MATCHED_SUBJECT', false])
  expect(await decided(await walletOf({ sub: 'S-9' }))).toEqual(['MATCHED_CLAIM_TUPLE', true])
  const other = { sub: 'S-2', given_name: 'Milan', birthdate: '1999-12-31' }
  const milan = await walletOf(other)
  expect(await decided(milan, MILAN)).toEqual(['NOT_FOUND', true])
  await look(
    `UPDATE identity_link_binding SET expires_at = '2020-01-01T00:00:00.000Z'
      WHERE ${of} AND created_at = (SELECT max(created_at) FROM identity_link_binding WHERE ${of})`,
  )
  expect(await decided(milan, MILAN)).toEqual(['EXPIRED_BINDING', true])
  // One person's key with another person's credential: neither is "the" person.
  sanne.add(await bridge.issuer.issue({ ...SANNE.credential, ...other }, sanne.publicJwk))
  await expect(logIn(bridge, sanne, { tenant })).rejects.toThrow('the login ended')
  expect(await stateOf()).toBe('AMBIGUOUS')
})
