/** Each plan and each of its fields, live: over HTTP, with a wallet and an institution (dossier 4.1, fault 12). */
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import { EDUID_VCT } from '../../demo/issuer.ts'
import type { IdentityId } from '../../src/domain/ids.ts'
import { eraseIdentity } from '../../src/flow/erase-identity.ts'
import { exportIdentity } from '../../src/flow/export-identity.ts'
import { mergeIdentities } from '../../src/flow/merge-identities.ts'
import { restrictIdentity } from '../../src/flow/restrict-identity.ts'
import { ACTOR, type Bridge, logInDirectly, pressDirect, startBridge } from '../support/bridge.ts'
import { lockWaits } from '../support/locks.ts'
import {
  AT_TELLER,
  demoDocuments,
  lastEvent,
  publish,
  rowsOf,
  startTeller,
  type Teller,
  tenantAt,
  walk,
} from '../support/walk.ts'
import {
  answer,
  isRelyingParty,
  obtainCode,
  open,
  redeem,
  tally,
  times,
  userinfoStatus,
} from '../threats/attack.ts'

const DAY = 24 * 60 * 60 * 1000
const FORCE = { acr_values: 'urn:identity-bridge:acr:wallet-same-device+institution' }
const USE = { plan: 'USE_EXISTING_BINDING' }
const closed = (reason: string) => ({ plan: 'FAIL_CLOSED', reason })
const forKnown = (plan: object) => ({
  rules: [{ id: 'known', when: { states: ['MATCHED_HOLDER_KEY'] }, plan }],
  default: AT_TELLER,
})
const forForced = (plan: object) => ({
  rules: [{ id: 'forced', when: { triggers: ['force_reconciliation'] }, plan }],
  default: AT_TELLER,
})

let bridge: Bridge
let teller: Teller
beforeAll(async () => {
  bridge = await startBridge()
  teller = await startTeller()
})
afterEach(() => teller.reset())
afterAll(async () => {
  await bridge.stop()
  await teller.provider.close()
})

const newTenant = (
  slug: string,
  selector: object = { default: AT_TELLER },
  more: Record<string, object> = {},
) => tenantAt(bridge, teller, slug, { selector, ...more })
const bindings = (tenant: Parameters<typeof rowsOf>[1]) =>
  rowsOf(
    bridge,
    tenant,
    `SELECT id, reconcile_time, expires_at, deleted_at, deletion_reason, selector_rule_version, material_fingerprints
       FROM identity_link_binding WHERE tenant_id = $tenant ORDER BY created_at, id`,
  )
const countOf = async (tenant: Parameters<typeof rowsOf>[1], table: string) =>
  (
    await rowsOf(
      bridge,
      tenant,
      `SELECT count(*)::int AS n FROM ${table} WHERE tenant_id = $tenant`,
    )
  )[0]?.n

const peopleOf = (tenant: Parameters<typeof rowsOf>[1]) =>
  rowsOf(bridge, tenant, 'SELECT id FROM identity WHERE tenant_id = $tenant')

/** Materials of which the names only suggest. */
const BY_NAMES = [
  { type: 'holder_key' },
  {
    ...{ type: 'claim_tuple', name: 'names' },
    attributes: [
      { path: ['given_name'], read: 'name' },
      { path: ['family_name'], read: 'name' },
    ],
  },
  { type: 'provider_subject' },
]

/** A row is held by a third until both wait for it, in this order; what came of the first. */
async function afterAnother<First>(
  held: string,
  first: () => Promise<First>,
  second: () => Promise<unknown>,
): Promise<First> {
  const holder = new pg.Client({ connectionString: bridge.database.superuserUrl })
  await holder.connect()
  await holder.query('BEGIN')
  await holder.query(held)
  const one = first()
  await lockWaits(bridge, 1)
  const two = second()
  await lockWaits(bridge, 2)
  await holder.query('COMMIT')
  await holder.end()
  await two
  return await one
}

/** The clock cannot be moved: what wallets sign carries their own time. */
const runOut = (tenant: Parameters<typeof rowsOf>[1]) =>
  rowsOf(
    bridge,
    tenant,
    `UPDATE identity_link_binding SET expires_at = '2020-01-01T00:00:00.000Z' WHERE tenant_id = $tenant`,
  )

describe('FAIL_CLOSED', () => {
  test('12.2.15 a stranger goes no further: a page, a reason in the trail, and nobody is made', async () => {
    const tenant = await newTenant('shut', {
      rules: [
        { id: 'no-strangers', when: { states: ['NOT_FOUND'] }, plan: closed('invited_only') },
      ],
      default: AT_TELLER,
    })
    const { login, asked, page } = await walk(tenant, teller, await bridge.newWallet())
    expect([login, asked]).toEqual([undefined, undefined])
    expect(page).toContain('This login is not possible here')
    expect(await lastEvent(bridge, tenant)).toEqual({
      ...{ type: 'login_refused', reason: 'plan_refused', fail_reason: 'invited_only' },
      ...{ plan: 'FAIL_CLOSED', rule: 'no-strangers', reasons: 'states', state: 'NOT_FOUND' },
      selector: 3,
    })
    expect(await countOf(tenant, 'identity')).toBe(0)
  })

  test('4.4 a rule for a known holder is asked, which the selector of old never was', async () => {
    const tenant = await newTenant('shut-known')
    const wallet = await bridge.newWallet()
    expect((await walk(tenant, teller, wallet)).login).toBeDefined()
    await publish(bridge, tenant, 'selector', forKnown(closed('on_leave')))
    expect((await walk(tenant, teller, wallet)).login).toBeUndefined()
    expect(await lastEvent(bridge, tenant)).toMatchObject({ rule: 'known', reason: 'plan_refused' })
    // Strangers are not meant.
    expect((await walk(tenant, teller, await bridge.newWallet())).login).toBeDefined()
  })

  test('12.1.4 a tenant may close every way that no rule opens', async () => {
    const tenant = await newTenant('shut-all', { default: closed('closed') })
    expect((await walk(tenant, teller, await bridge.newWallet())).login).toBeUndefined()
    expect(await lastEvent(bridge, tenant)).toMatchObject({ rule: 'builtin:default' })
  })
})

describe('every condition looks at the login that is under way', () => {
  // The demo's wallet answers every query there is: what is not answered is tried in test/domain/choose-plan.test.ts.
  const CONDITIONS: readonly (readonly [string, object, object?])[] = [
    ['tenants', { tenants: ['conditions'] }, { tenants: ['other'] }],
    ['entryPoints', { entryPoints: ['wallet'] }, { entryPoints: ['direct'] }],
    ['ways', { ways: ['same_device'] }, { ways: ['cross_device', 'digital_credentials'] }],
    ['triggers', { triggers: ['login'] }, { triggers: ['force_reconciliation'] }],
    ['queries', { queries: ['eduid'] }],
    ['credentialSets', { credentialSets: [0] }],
    ['credentialTypes', { credentialTypes: [EDUID_VCT] }, { credentialTypes: ['urn:other'] }],
    ['issuers', { issuers: ['https://.*'] }, { issuers: ['https://'] }],
    [
      'attributes',
      { attributes: [{ path: ['given_name'], operator: 'REGEX', value: 'S[a-z]+' }] },
      { attributes: [{ path: ['given_name'], operator: 'EQUALS', value: 'Milan' }] },
    ],
    ['states', { states: ['NOT_FOUND'] }, { states: ['EXPIRED_BINDING'] }],
    ['projections', { projections: ['profile'] }, { projections: ['payments'] }],
    ['relyingParties', { relyingParties: ['app'] }, { relyingParties: ['other'] }],
    ['refreshDue', { refreshDue: false }, { refreshDue: true }],
  ]

  test('12.1.2, 12.3.1 to 12.3.5', async () => {
    const { query } = demoDocuments(bridge)
    const tenant = await newTenant('conditions', undefined, {
      query: {
        ...query,
        credential_sets: [{ options: [['eduid']] }],
      },
    })
    const wallet = await bridge.newWallet()
    const ruleOf = async (when: object) => {
      const rules = [{ id: 'asked', when, plan: closed('met') }]
      await publish(bridge, tenant, 'selector', { rules, default: closed('not_met') })
      await walk(tenant, teller, wallet)
      return (await lastEvent(bridge, tenant)).rule
    }
    for (const [name, met, unmet] of CONDITIONS) {
      expect([name, await ruleOf(met)]).toEqual([name, 'asked'])
      if (unmet !== undefined)
        expect([name, await ruleOf(unmet)]).toEqual([name, 'builtin:default'])
    }
  }, 60_000)
})

describe('USE_EXISTING_BINDING', () => {
  test('a stranger has none, and is sent nowhere', async () => {
    const tenant = await newTenant('known-only', { default: USE })
    const { login, asked } = await walk(tenant, teller, await bridge.newWallet())
    expect([login, asked]).toEqual([undefined, undefined])
    expect(await lastEvent(bridge, tenant)).toMatchObject({ reason: 'binding_missing' })
  })

  test('minimumAssurance is compared with what the provider said when the binding was proven', async () => {
    const tenant = await newTenant('known-sure')
    const [weak, strong] = [await bridge.newWallet(), await bridge.newWallet()]
    teller.says = { ...teller.says, sub: 'weak', amr: ['pwd'] }
    await walk(tenant, teller, weak)
    teller.says = { ...teller.says, sub: 'strong', amr: ['pwd', 'mfa'] }
    await walk(tenant, teller, strong)
    const plan = { ...USE, minimumAssurance: { amr: ['mfa'] } }
    await publish(bridge, tenant, 'selector', forKnown(plan))
    expect((await walk(tenant, teller, weak)).login).toBeUndefined()
    expect(await lastEvent(bridge, tenant)).toMatchObject({ reason: 'assurance_insufficient' })
    expect((await walk(tenant, teller, strong)).login).toBeDefined()
  })

  test('requiredAttributes are looked for in what was kept', async () => {
    const tenant = await newTenant('known-whole')
    const [bare, whole] = [await bridge.newWallet(), await bridge.newWallet()]
    await walk(tenant, teller, bare)
    teller.says = { ...teller.says, sub: 'whole', email: 'sanne@noorderhaven.example' }
    await walk(tenant, teller, whole)
    await publish(bridge, tenant, 'selector', forKnown({ ...USE, requiredAttributes: ['email'] }))
    expect((await walk(tenant, teller, bare)).login).toBeUndefined()
    expect(await lastEvent(bridge, tenant)).toMatchObject({ reason: 'attribute_missing' })
    expect((await walk(tenant, teller, whole)).login).toBeDefined()
  })
})

describe('SKIP_RECONCILIATION', () => {
  const SKIP = { plan: 'SKIP_RECONCILIATION' }

  test('12.2.14 the wallet’s attributes leave under a subject of this login alone, and nobody is made', async () => {
    const tenant = await newTenant('guests', { default: SKIP })
    const wallet = await bridge.newWallet()
    const first = await walk(tenant, teller, wallet)
    const second = await walk(tenant, teller, wallet)
    expect(first.asked).toBeUndefined()
    expect(first.login?.claims).toMatchObject({ given_name: 'Sanne', family_name: 'de Vries' })
    expect(first.login?.idToken.acr).toBe('urn:identity-bridge:acr:wallet-same-device')
    expect(second.login?.claims).toMatchObject({ given_name: 'Sanne' })
    expect(second.login?.idToken.sub).not.toBe(first.login?.idToken.sub)
    for (const table of ['identity', 'identity_match', 'identity_link_binding', 'pairwise_subject'])
      expect([table, await countOf(tenant, table)]).toEqual([table, 0])
    expect(await lastEvent(bridge, tenant)).toMatchObject({
      ...{ type: 'login_completed', plan: 'SKIP_RECONCILIATION', rule: 'builtin:default' },
    })
    const grants = await rowsOf(
      bridge,
      tenant,
      'SELECT wallet_attributes FROM login_grant WHERE tenant_id = $tenant',
    )
    expect(JSON.stringify(grants)).not.toContain('Sanne')
  })

  test('a known holder is not looked up: the binding is not touched', async () => {
    const tenant = await newTenant('guests-known')
    const wallet = await bridge.newWallet()
    const known = await walk(tenant, teller, wallet)
    await publish(bridge, tenant, 'selector', forKnown(SKIP))
    const touched = 'SELECT last_used_at FROM identity_link_binding WHERE tenant_id = $tenant'
    const before = await rowsOf(bridge, tenant, touched)
    const guest = await walk(tenant, teller, wallet)
    expect(guest.login?.idToken.sub).not.toBe(known.login?.idToken.sub)
    expect(await rowsOf(bridge, tenant, touched)).toEqual(before)
  })

  test('GD-05 somebody known whom the plan did not look for: a restriction and an erasure end that login too', async () => {
    const tenant = await newTenant('guests-erased')
    const wallet = await bridge.newWallet()
    await walk(tenant, teller, wallet)
    await publish(bridge, tenant, 'selector', forKnown(SKIP))
    const [person] = await rowsOf(
      bridge,
      tenant,
      'SELECT id FROM identity WHERE tenant_id = $tenant',
    )
    const identityId = String(person?.id) as IdentityId
    const visit = async () => {
      const { login } = await walk(tenant, teller, wallet)
      const token = login?.tokens.access_token ?? ''
      const status = () => userinfoStatus(tenant.issuer, token)
      expect(await status()).toBe(200)
      return status
    }
    const first = await visit()
    const told = await exportIdentity(bridge.deps, ACTOR, tenant.slug, identityId)
    expect(told.logins.filter(({ link }) => link === null)).toMatchObject([
      { wallet_attributes: { given_name: 'Sanne' } },
    ])
    await restrictIdentity(bridge.deps, ACTOR, tenant.slug, { identityId, restricted: true })
    expect(await first()).toBe(401)
    await restrictIdentity(bridge.deps, ACTOR, tenant.slug, { identityId, restricted: false })
    const second = await visit()
    await eraseIdentity(bridge.deps, ACTOR, tenant.slug, { identityId, ground: 'objection' })
    expect(await second()).toBe(401)
    for (const table of ['login_grant', 'journey', 'reconciliation_session'])
      expect([table, await countOf(tenant, table)]).toEqual([table, 0])
  })

  test('GD-02 what two people share says of neither that a login is theirs: not in an export, not ended by a restriction', async () => {
    const to = (plan: object) => ({
      rules: [{ id: 'candidates', when: { states: ['MATCHED_CLAIM_TUPLE'] }, plan }],
      default: AT_TELLER,
    })
    const material = { profiles: [{ id: 'wallet-and-account', materials: BY_NAMES }] }
    const tenant = await newTenant('guests-alike', to(SKIP), { material })
    const [one, two] = [await bridge.newWallet(), await bridge.newWallet()]
    await walk(tenant, teller, one)
    const stranger = await walk(tenant, teller, two)
    const [{ id: first } = { id: '' }] = await peopleOf(tenant)
    const guestsOf = async (id: unknown) =>
      (await exportIdentity(bridge.deps, ACTOR, tenant.slug, id as IdentityId)).logins.filter(
        ({ link }) => link === null,
      ).length
    expect([stranger.asked, stranger.login !== undefined]).toEqual([undefined, true])
    expect(await guestsOf(first), 'before it is known to be shared').toBe(0)
    await publish(bridge, tenant, 'selector', to(AT_TELLER))
    teller.says = { ...teller.says, sub: 'twin' }
    await walk(tenant, teller, two)
    const second = (await peopleOf(tenant)).find(({ id }) => id !== first)?.id
    await publish(bridge, tenant, 'selector', forKnown(SKIP))
    const visit = await walk(tenant, teller, two)
    expect(visit.asked).toBeUndefined()
    expect([await guestsOf(first), await guestsOf(second)]).toEqual([0, 2])
    await restrictIdentity(bridge.deps, ACTOR, tenant.slug, {
      ...{ identityId: first as IdentityId, restricted: true },
    })
    const token = visit.login?.tokens.access_token ?? ''
    expect(await userinfoStatus(tenant.issuer, token)).toBe(200)
  })

  test.each(['a restriction', 'an erasure'])(
    'GD-07 a grant that is recorded while %s waits for its journey is ended too',
    async (word) => {
      const tenant = await newTenant(`guests-between-${word.slice(-7)}`)
      const wallet = await bridge.newWallet()
      await walk(tenant, teller, wallet)
      await publish(bridge, tenant, 'selector', forKnown(SKIP))
      const [person] = await peopleOf(tenant)
      const identityId = String(person?.id) as IdentityId
      const opened = await open(tenant, wallet)
      const { redirectUri = '' } = await answer(wallet, opened)
      const { slug } = tenant
      const page = await afterAnother(
        `SELECT 1 FROM journey WHERE id = '${opened.journeyId}' FOR UPDATE`,
        () => opened.browser.get(redirectUri),
        () =>
          word === 'an erasure'
            ? eraseIdentity(bridge.deps, ACTOR, slug, { identityId, ground: 'objection' })
            : restrictIdentity(bridge.deps, ACTOR, slug, { identityId, restricted: true }),
      )
      expect(isRelyingParty(page.location ?? ''), 'the login came first').toBe(true)
      const alive = 'SELECT id FROM login_grant WHERE tenant_id = $tenant AND revoked_at IS NULL'
      expect(await rowsOf(bridge, tenant, alive)).toEqual([])
    },
  )

  test('a required attribute that the wallet does not show ends the login', async () => {
    const tenant = await newTenant('guests-whole', {
      default: { ...SKIP, requiredAttributes: ['institution_id'] },
    })
    const whole = await bridge.newWallet()
    const bare = await bridge.newWallet({
      ...{ given_name: 'Sanne', family_name: 'de Vries', schac_home_organization: '' },
    })
    expect((await walk(tenant, teller, whole)).login).toBeDefined()
    expect((await walk(tenant, teller, bare)).login).toBeUndefined()
    expect(await lastEvent(bridge, tenant)).toMatchObject({ reason: 'attribute_missing' })
  })

  test('the browser that comes back fifty times at once gets one code', async () => {
    const tenant = await newTenant('guests-race', { default: SKIP })
    const wallet = await bridge.newWallet()
    const opened = await open(tenant, wallet)
    const { redirectUri = '' } = await answer(wallet, opened)
    const pages = await Promise.all(times(50, () => opened.browser.get(redirectUri)))
    expect(pages.filter(({ location }) => isRelyingParty(location ?? ''))).toHaveLength(1)
    expect(await countOf(tenant, 'login_grant')).toBe(1)
  })

  test('OP-42, OP-43 its code is single use: of fifty one wins, and the replay ends the grant', async () => {
    const tenant = await newTenant('guests-once', { default: SKIP })
    const wallet = await bridge.newWallet()
    const redeemable = await obtainCode(tenant, wallet)
    const answers = await Promise.all(times(50, () => redeem(tenant, redeemable)))
    expect(tally(answers.map(({ status }) => status))).toEqual({ 200: 1, 400: 49 })
    const good = answers.find(({ status }) => status === 200)
    expect(await userinfoStatus(tenant.issuer, String(good?.body.access_token))).toBe(401)
  })
})

describe('STEP_UP', () => {
  const material = { profiles: [{ id: 'wallet-and-account', materials: BY_NAMES }] }

  test('12.4.4, fault 10 a candidate by claim tuple proves it, and the new wallet’s key is theirs', async () => {
    const tenant = await newTenant('confirmed', undefined, { material })
    const first = await walk(tenant, teller, await bridge.newWallet())
    const phone = await bridge.newWallet()
    const second = await walk(tenant, teller, phone)
    expect(second.asked).toBeDefined()
    const events = await rowsOf(
      bridge,
      tenant,
      `SELECT detail FROM audit_event WHERE tenant_id = $tenant AND event_type = 'session_created' ORDER BY seq DESC LIMIT 1`,
    )
    expect(JSON.parse(String(events[0]?.detail))).toMatchObject({
      ...{ plan: 'STEP_UP', rule: 'builtin:candidate', state: 'MATCHED_CLAIM_TUPLE' },
    })
    expect(second.login?.idToken.sub).toBe(first.login?.idToken.sub)
    const third = await walk(tenant, teller, phone)
    expect([third.asked, third.login?.idToken.sub]).toEqual([undefined, first.login?.idToken.sub])
    expect(await countOf(tenant, 'identity')).toBe(1)
  })

  test('the account of somebody else confirms nothing: refused, and nothing is written', async () => {
    const tenant = await newTenant('unconfirmed', undefined, { material })
    await walk(tenant, teller, await bridge.newWallet())
    for (const sub of ['twin', 'another-twin']) {
      teller.says = { ...teller.says, sub }
      const { login, page } = await walk(tenant, teller, await bridge.newWallet())
      expect(login).toBeUndefined()
      expect(page).toContain('We cannot log you in with this')
      expect(await lastEvent(bridge, tenant)).toMatchObject({ reason: 'candidate_not_confirmed' })
    }
    expect(await countOf(tenant, 'identity')).toBe(1)
    expect(await countOf(tenant, 'identity_link_binding')).toBe(1)
  })

  test('where RUN_IDV is chosen for a candidate, a twin is a person of their own', async () => {
    const rules = [{ id: 'twins', when: { states: ['MATCHED_CLAIM_TUPLE'] }, plan: AT_TELLER }]
    const tenant = await newTenant('twins', { rules, default: AT_TELLER }, { material })
    const first = await walk(tenant, teller, await bridge.newWallet())
    teller.says = { ...teller.says, sub: 'twin' }
    const second = await walk(tenant, teller, await bridge.newWallet())
    expect(second.login?.idToken.sub).not.toBe(first.login?.idToken.sub)
    expect(await countOf(tenant, 'identity')).toBe(2)
  })

  test('a stranger has nothing to confirm', async () => {
    const tenant = await newTenant('nobody', { default: { ...AT_TELLER, plan: 'STEP_UP' } })
    expect((await walk(tenant, teller, await bridge.newWallet())).login).toBeUndefined()
    expect(await lastEvent(bridge, tenant)).toMatchObject({ reason: 'candidate_missing' })
  })

  test('12.4.3 a known holder proves it again: the binding is refreshed in place, by their own account alone', async () => {
    const tenant = await newTenant('again')
    const wallet = await bridge.newWallet()
    const first = await walk(tenant, teller, wallet)
    const [before] = await bindings(tenant)
    await publish(bridge, tenant, 'selector', forKnown({ ...AT_TELLER, plan: 'STEP_UP' }))
    const second = await walk(tenant, teller, wallet)
    expect(second.asked).toBeDefined()
    expect(second.login?.idToken.sub).toBe(first.login?.idToken.sub)
    const [after, ...others] = await bindings(tenant)
    expect([after?.id, others]).toEqual([before?.id, []])
    expect(after?.selector_rule_version).toBe('4 known')
    teller.says = { ...teller.says, sub: 'somebody-else' }
    expect((await walk(tenant, teller, wallet)).login).toBeUndefined()
    expect(await bindings(tenant)).toEqual([after])
  })
})

describe('RUN_IDV', () => {
  test('fault 9 forced: the institution is asked although the holder is known, and the binding is refreshed in place', async () => {
    const tenant = await newTenant('forced')
    const wallet = await bridge.newWallet()
    const first = await walk(tenant, teller, wallet)
    const [before] = await bindings(tenant)
    const second = await walk(tenant, teller, wallet, { parameters: FORCE })
    expect(second.asked).toBeDefined()
    expect(second.login?.idToken).toMatchObject({
      ...{ sub: first.login?.idToken.sub, acr: FORCE.acr_values },
    })
    const [after, ...others] = await bindings(tenant)
    expect([after?.id, others]).toEqual([before?.id, []])
    expect(String(after?.reconcile_time) > String(before?.reconcile_time)).toBe(true)
    // The wish is for one login; the next one is as ever.
    expect((await walk(tenant, teller, wallet)).asked).toBeUndefined()
  })

  test('PG-17 what was a merged person’s is sealed anew without a second lock, which would be out of order', async () => {
    const tenant = await newTenant('forced-merged')
    const [one, two] = [await bridge.newWallet(), await bridge.newWallet()]
    await walk(tenant, teller, one)
    const [survivor] = await peopleOf(tenant)
    teller.says = { ...teller.says, sub: 'another' }
    await walk(tenant, teller, two)
    const merged = (await peopleOf(tenant)).find(({ id }) => id !== survivor?.id)
    await mergeIdentities(bridge.deps, ACTOR, tenant.slug, {
      mergedId: String(merged?.id) as IdentityId,
      survivingId: String(survivor?.id) as IdentityId,
    })
    const keys = 'SELECT key_identity_id AS id FROM identity_link_binding WHERE tenant_id = $tenant'
    expect((await rowsOf(bridge, tenant, keys)).map(({ id }) => id)).toContain(merged?.id)
    const holder = new pg.Client({ connectionString: bridge.database.superuserUrl })
    await holder.connect()
    await holder.query('BEGIN')
    await holder.query('SELECT 1 FROM identity WHERE id = $1 FOR UPDATE', [merged?.id])
    const { login } = await walk(tenant, teller, two, { parameters: FORCE })
    await holder.end()
    expect(login).toBeDefined()
    expect((await rowsOf(bridge, tenant, keys)).map(({ id }) => id)).toEqual([null, null])
  })

  test('refreshDue: a wallet that shows another name than was proven is asked to prove again, once', async () => {
    const names = {
      ...{ type: 'claim_tuple', name: 'names' },
      attributes: [
        { path: ['given_name'], read: 'name' },
        { path: ['family_name'], read: 'name' },
      ],
    }
    const materials = [{ type: 'holder_key' }, names, { type: 'provider_subject' }]
    const rules = [{ id: 'stale', when: { refreshDue: true }, plan: AT_TELLER }]
    const tenant = await newTenant(
      'stale',
      { rules, default: AT_TELLER },
      { material: { profiles: [{ id: 'wallet-and-account', materials }] } },
    )
    const wallet = await bridge.newWallet()
    await walk(tenant, teller, wallet)
    expect((await walk(tenant, teller, wallet)).asked).toBeUndefined()
    const married = { given_name: 'Sanne', family_name: 'Jansen' }
    const home = { schac_home_organization: 'noorderhaven.example' }
    wallet.add(await bridge.issuer.issue({ ...married, ...home }, wallet.publicJwk))
    teller.says = { ...teller.says, ...married }
    const asked = await walk(tenant, teller, wallet)
    expect([asked.asked !== undefined, asked.login?.claims.family_name]).toEqual([true, 'Jansen'])
    expect(await bindings(tenant)).toHaveLength(1)
    expect((await walk(tenant, teller, wallet)).asked).toBeUndefined()
  })

  test('acr_values is in order of preference', async () => {
    const tenant = await newTenant('preferred')
    const wallet = await bridge.newWallet()
    await walk(tenant, teller, wallet)
    const alone = 'urn:identity-bridge:acr:wallet-same-device'
    const acr_values = `urn:unknown ${alone} ${FORCE.acr_values}`
    expect(
      (await walk(tenant, teller, wallet, { parameters: { acr_values } })).asked,
    ).toBeUndefined()
  })

  test('provider: a rule sends some people to another provider', async () => {
    const rules = [
      {
        ...{ id: 'by-scope', when: { projections: ['email'] } },
        plan: { ...AT_TELLER, provider: 'surf' },
      },
    ]
    const tenant = await newTenant('two-providers', { rules, default: AT_TELLER })
    const wallet = await bridge.newWallet()
    const atSurf = await walk(tenant, teller, wallet)
    expect(atSurf.asked).toBeUndefined()
    expect(atSurf.url.startsWith(bridge.institution.issuer)).toBe(true)
    const parameters = { scope: 'openid profile' }
    expect((await walk(tenant, teller, wallet, { parameters })).login).toBeDefined()
  })

  test('profile: what the link is made of', async () => {
    const profiles = [
      {
        id: 'wallet-and-account',
        materials: [{ type: 'holder_key' }, { type: 'provider_subject' }],
      },
      {
        id: 'with-names',
        materials: [
          { type: 'holder_key' },
          {
            ...{ type: 'claim_tuple', name: 'names' },
            attributes: [
              { path: ['given_name'], read: 'name' },
              { path: ['family_name'], read: 'name' },
            ],
          },
          { type: 'provider_subject' },
        ],
      },
    ]
    const selector = { default: { ...AT_TELLER, profile: 'with-names' } }
    const tenant = await tenantAt(bridge, teller, 'profiles', { material: { profiles }, selector })
    await walk(tenant, teller, await bridge.newWallet())
    const [row] = await bindings(tenant)
    expect(Object.keys(JSON.parse(String(row?.material_fingerprints))).sort()).toEqual([
      ...['holder_key', 'names', 'provider_subject'],
    ])
  })

  test.each([
    ['login', {}],
    ['fresh_login', { prompt: 'login', max_age: '0' }],
    ['choose_account', { prompt: 'select_account' }],
  ])('method %s', async (method, sent) => {
    const tenant = await newTenant(`method-${method.replace('_', '-')}`, {
      default: { ...AT_TELLER, method },
    })
    const now = () => Math.floor(bridge.clock.now() / 1000)
    teller.says = { ...teller.says, auth_time: now() }
    const { asked, login } = await walk(tenant, teller, await bridge.newWallet())
    expect({ prompt: asked?.get('prompt'), max_age: asked?.get('max_age') }).toEqual({
      ...{ prompt: null, max_age: null },
      ...sent,
    })
    expect(login).toBeDefined()
    // A session that was open already is no fresh login, whatever was asked.
    teller.says = { ...teller.says, sub: 'old', auth_time: now() - 600 }
    const old = await walk(tenant, teller, await bridge.newWallet())
    expect(old.login === undefined).toBe(method === 'fresh_login')
  })

  test('requiredAttributes: beside those the attribute policy requires of everybody', async () => {
    const tenant = await newTenant('required', {
      default: { ...AT_TELLER, requiredAttributes: ['email'] },
    })
    expect((await walk(tenant, teller, await bridge.newWallet())).login).toBeUndefined()
    expect(await lastEvent(bridge, tenant)).toMatchObject({ reason: 'attribute_missing' })
    expect(await countOf(tenant, 'identity')).toBe(0)
    teller.says = { ...teller.says, email: 'sanne@noorderhaven.example' }
    expect((await walk(tenant, teller, await bridge.newWallet())).login).toBeDefined()
  })

  test.each([
    [
      'acr',
      { acr: ['urn:high', 'urn:higher'] },
      { acr: 'urn:other urn:higher' },
      { acr: 'urn:highest' },
    ],
    ['amr', { amr: ['mfa'] }, { amr: ['pwd', 'mfa'] }, { amr: ['pwd'] }],
    ['nothing said', { acr: ['urn:high'] }, { acr: 'urn:high' }, {}],
  ])('UP-45, UP-46 minimumAssurance: %s', async (name, minimumAssurance, enough, less) => {
    const slug = `minimum-${name.replace(' ', '-')}`
    const tenant = await newTenant(slug, { default: { ...AT_TELLER, minimumAssurance } })
    const person = teller.says
    teller.says = { ...person, ...enough }
    const good = await walk(tenant, teller, await bridge.newWallet())
    expect(good.login).toBeDefined()
    if ('acr' in minimumAssurance)
      expect(good.asked?.get('acr_values')).toBe(minimumAssurance.acr?.join(' '))
    teller.says = { ...person, ...less }
    expect((await walk(tenant, teller, await bridge.newWallet())).login).toBeUndefined()
    expect(await lastEvent(bridge, tenant)).toMatchObject({ reason: 'assurance_insufficient' })
  })

  test('REUSE_ONLY: nobody is linked, and a link there is gets refreshed', async () => {
    const reuse = { ...AT_TELLER, bindingPolicy: 'REUSE_ONLY' }
    const tenant = await newTenant('reuse', { default: AT_TELLER })
    const known = await bridge.newWallet()
    await walk(tenant, teller, known)
    await publish(bridge, tenant, 'selector', { default: reuse })
    expect((await walk(tenant, teller, await bridge.newWallet())).login).toBeUndefined()
    expect(await lastEvent(bridge, tenant)).toMatchObject({ reason: 'binding_missing' })
    expect((await walk(tenant, teller, known, { parameters: FORCE })).login).toBeDefined()
    expect(await bindings(tenant)).toHaveLength(1)
    expect(await countOf(tenant, 'identity_match')).toBe(2)
  })

  test('REUSE_OR_CREATE: a second account of the same provider is nobody’s guess', async () => {
    const tenant = await newTenant('no-second')
    const wallet = await bridge.newWallet()
    await walk(tenant, teller, wallet)
    teller.says = { ...teller.says, sub: 'employee' }
    expect((await walk(tenant, teller, wallet, { parameters: FORCE })).login).toBeUndefined()
    expect(await lastEvent(bridge, tenant)).toMatchObject({ reason: 'identity_conflict' })
    expect(await bindings(tenant)).toHaveLength(1)
  })

  test('CREATE_NEW: a new binding in place of the one to the same account, beside that to another', async () => {
    const create = { ...AT_TELLER, bindingPolicy: 'CREATE_NEW' }
    const tenant = await newTenant('create', forForced(create))
    const wallet = await bridge.newWallet()
    const first = await walk(tenant, teller, wallet)
    const again = await walk(tenant, teller, wallet, { parameters: FORCE })
    expect(again.login?.idToken.sub).toBe(first.login?.idToken.sub)
    const [replaced, fresh, ...none] = await bindings(tenant)
    expect(none).toEqual([])
    expect(replaced).toMatchObject({ deletion_reason: 'REPLACED' })
    expect(fresh).toMatchObject({ deleted_at: null, selector_rule_version: '3 forced' })
    teller.says = { ...teller.says, sub: 'employee' }
    const other = await walk(tenant, teller, wallet, { parameters: FORCE })
    expect(other.login?.idToken.sub).toBe(first.login?.idToken.sub)
    const live = (await bindings(tenant)).filter((row) => row.deleted_at === null)
    expect(live).toHaveLength(2)
  })

  test('bindingLifetimeDays: the proof runs out, the state is EXPIRED_BINDING, and proving it again refreshes it', async () => {
    const lasting = { ...AT_TELLER, bindingLifetimeDays: 30 }
    const tenant = await newTenant('lasting', { default: lasting })
    const wallet = await bridge.newWallet()
    const first = await walk(tenant, teller, wallet)
    const [made] = await bindings(tenant)
    const lives = Date.parse(String(made?.expires_at)) - Date.parse(String(made?.reconcile_time))
    expect(lives).toBe(30 * DAY)
    expect((await walk(tenant, teller, wallet)).asked).toBeUndefined()
    await runOut(tenant)
    await publish(bridge, tenant, 'selector', {
      rules: [
        { id: 'expired', when: { states: ['EXPIRED_BINDING'] }, plan: lasting },
        { id: 'rest', plan: USE },
      ],
      default: closed('unreachable'),
    })
    const later = await walk(tenant, teller, wallet)
    expect(later.asked).toBeDefined()
    expect(later.login?.idToken.sub).toBe(first.login?.idToken.sub)
    const [row, ...others] = await bindings(tenant)
    expect([row?.selector_rule_version, others]).toEqual(['4 expired', []])
    expect((await walk(tenant, teller, wallet)).asked).toBeUndefined()
    await runOut(tenant)
    await publish(bridge, tenant, 'selector', { default: USE })
    expect((await walk(tenant, teller, wallet)).login).toBeUndefined()
    expect(await lastEvent(bridge, tenant)).toMatchObject({
      ...{ reason: 'binding_missing', state: 'EXPIRED_BINDING' },
    })
  })
})

describe('a login without a wallet', () => {
  test('asks the same selector: a rule for the entry point direct decides', async () => {
    const tenant = await tenantAt(bridge, teller, 'direct-rules', {}, { directLogin: true })
    expect((await logInDirectly(bridge, { tenant })).login).toBeDefined()
    await publish(bridge, tenant, 'selector', {
      rules: [
        { id: 'wallets-only', when: { entryPoints: ['direct'] }, plan: closed('bring_a_wallet') },
      ],
      default: AT_TELLER,
    })
    const browser = createBrowser()
    const page = await browser.get((await tenant.relyingParty.begin()).url)
    await expect(pressDirect(browser, page, 'surf')).rejects.toThrow('leads nowhere')
    expect(await lastEvent(bridge, tenant)).toMatchObject({
      ...{ rule: 'wallets-only', fail_reason: 'bring_a_wallet' },
    })
    expect((await walk(tenant, teller, await bridge.newWallet())).login).toBeDefined()
  })
})
