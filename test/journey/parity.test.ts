/**
 * The two ways in give the same claims and the same subject: tokens of a wallet's login and of a direct one, compared
 * claim by claim, under each merge mode and with each side speaking or silent.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import { EDUID_VCT } from '../../demo/issuer.ts'
import { demoPolicies } from '../../demo/policies.ts'
import type { Login } from '../../demo/relying-party.ts'
import type { Wallet } from '../../demo/wallet.ts'
import type { TenantId } from '../../src/domain/ids.ts'
import { publishPolicy } from '../../src/flow/publish-policy.ts'
import { openKept } from '../../src/flow/read-claims.ts'
import {
  type HostileProvider,
  makeSigningKey,
  startHostileProvider,
} from '../institution/hostile-provider.ts'
import {
  ACTOR,
  type Bridge,
  presentAt,
  pressDirect,
  REDIRECT_URI,
  startBridge,
  type TestTenant,
} from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { useProvider } from '../threats/attack.ts'

const MODES = ['WALLET_ONLY', 'OIDC_ONLY', 'OIDC_WINS', 'WALLET_WINS', 'MERGE_ALL'] as const
/** Attributes of one rule each: `both` both sides speak of, `shown` the wallet alone, `told` the institution alone. */
const SIDES = ['both', 'shown', 'told'] as const

const rules = MODES.flatMap((merge) =>
  SIDES.map((side) => {
    const name = `${merge.toLowerCase()}_${side}`
    return {
      ...{ name, merge, persist: true, project: true },
      ...(merge === 'OIDC_ONLY' ? {} : { wallet: [`w_${name}`] }),
      ...(merge === 'WALLET_ONLY' ? {} : { provider: [`p_${name}`] }),
    }
  }),
)
const SHOWN = Object.fromEntries(
  rules
    .filter(({ name, merge }) => !name.endsWith('told') && merge !== 'OIDC_ONLY')
    .map(({ name }) => [`w_${name}`, [`wallet ${name}`, 'shared']]),
)
const TOLD = Object.fromEntries(
  rules
    .filter(({ name, merge }) => !name.endsWith('shown') && merge !== 'WALLET_ONLY')
    .map(({ name }) => [`p_${name}`, ['shared', `institution ${name}`]]),
)

let bridge: Bridge
let provider: HostileProvider
let account: string
let told: Record<string, unknown>
beforeAll(async () => {
  bridge = await startBridge()
  provider = await startHostileProvider(await makeSigningKey('key-1'))
  provider.behave.claims = (claims) => ({ ...claims, sub: account, ...told })
  provider.behave.userinfo = (claims) => ({ ...claims, sub: account })
})
afterAll(async () => {
  await bridge.stop()
  await provider.close()
})

const atRelyingParty = (url: string) => url.startsWith(REDIRECT_URI)

async function addTenant(slug: string): Promise<TestTenant> {
  const tenant = await bridge.addTenant(slug, { directLogin: true })
  await useProvider(bridge, tenant, {
    ...{ slug: 'plain', issuer: provider.issuer, clientId: 'bridge', clientSecret: 'secret' },
  })
  const { query: asked } = demoPolicies(bridge.issuer)
  const claims = Object.keys(SHOWN).map((name) => ({ path: [name] }))
  const [credential] = asked.credentials
  await publishPolicy(bridge.deps, ACTOR, slug, 'query', {
    credentials: [{ ...credential, claims }],
  })
  await publishPolicy(bridge.deps, ACTOR, slug, 'attributes', { rules })
  account = `person of ${slug}`
  told = TOLD
  return tenant
}

async function direct(tenant: TestTenant): Promise<Login> {
  const browser = createBrowser()
  const attempt = await tenant.relyingParty.begin()
  const sentTo = await pressDirect(browser, await browser.get(attempt.url), 'plain')
  const end = await browser.follow(provider.authorize(sentTo).href, atRelyingParty)
  return await attempt.finish(end.location ?? end.text)
}

async function withWallet(
  tenant: TestTenant,
  wallet: Wallet,
  parameters?: Record<string, string>,
): Promise<Login> {
  const browser = createBrowser()
  const attempt = await tenant.relyingParty.begin(parameters)
  const returned = await presentAt(browser, wallet, attempt)
  const atInstitution = (url: string) => url.startsWith(provider.issuer)
  let end = await browser.follow(returned, (url) => atRelyingParty(url) || atInstitution(url))
  if (end.location !== undefined && atInstitution(end.location))
    end = await browser.follow(provider.authorize(end.location).href, atRelyingParty)
  return await attempt.finish(end.location ?? end.text)
}

const FORCE = { acr_values: 'urn:identity-bridge:acr:wallet-same-device+institution' }

/** What may differ: when, how and for which request. */
const OF_ONE_LOGIN = new Set([
  ...['iat', 'exp', 'nonce', 'at_hash', 'auth_time', 'acr', 'amr', 'sid'],
  ...['upstream_acr', 'upstream_amr', 'upstream_auth_time'],
])

function lasting({ idToken, claims }: Login) {
  const kept = Object.entries(idToken).filter(([name]) => !OF_ONE_LOGIN.has(name))
  return { idToken: Object.fromEntries(kept), claims: { ...claims } }
}

async function bindingsOf(slug: string) {
  const rows = await query(
    bridge.database.superuserUrl,
    `SELECT b.holder_hash_key_version AS holder FROM identity_link_binding b JOIN tenant t ON t.id = b.tenant_id
      WHERE t.slug = '${slug}' AND b.deleted_at IS NULL`,
  )
  return rows.map(({ holder }) => holder)
}

/** What lies sealed in the one binding of a tenant. */
async function keptOf(slug: string) {
  const [row] = await query<Parameters<typeof openKept>[2] & { tenant: TenantId }>(
    bridge.database.superuserUrl,
    `SELECT t.id AS tenant, b.id AS binding_id, b.persisted_attributes_envelope AS attributes,
            i.id AS key_identity_id, i.wrapped_data_key
       FROM tenant t JOIN identity_link_binding b ON b.tenant_id = t.id AND b.deleted_at IS NULL
       JOIN identity_match m ON m.id = b.match_id JOIN identity i ON i.id = m.internal_identity_id
      WHERE t.slug = '${slug}'`,
  )
  if (row === undefined) throw new Error('no binding')
  return openKept(bridge.deps.keyring, row.tenant, row)
}

describe('parity of both ways in', () => {
  test('issue 3.3 provenance is kept with the binding, and a direct login renews the institution’s part alone', async () => {
    const tenant = await addTenant('origins')
    await withWallet(tenant, await bridge.newWallet(SHOWN))
    const before = await keptOf('origins')
    const [shown] = before.origins.wallet_only_both ?? []
    const [told] = before.origins.oidc_only_both ?? []
    expect(shown).toMatchObject({ side: 'wallet', type: EDUID_VCT })
    expect(told).toMatchObject({ side: 'institution', provider: expect.any(String) })
    expect(before.origins).toMatchObject({
      ...{ oidc_wins_both: [told], oidc_wins_shown: [shown] },
      ...{ wallet_wins_both: [shown], wallet_wins_told: [told], merge_all_both: [told, shown] },
    })
    expect(Object.keys(before.origins).sort()).toEqual(Object.keys(before.values).sort())
    await direct(tenant)
    const after = await keptOf('origins')
    const [again] = after.origins.oidc_only_both ?? []
    expect(again).toMatchObject({ ...told, at: expect.any(String) })
    expect(String(again?.at) > String(told?.at)).toBe(true)
    expect(after.origins).toMatchObject({
      ...{ wallet_only_both: [shown], merge_all_both: [again, shown], oidc_wins_shown: [shown] },
    })
    expect(after.values).toEqual(before.values)
  })

  test('wallet first, then without: the same claims and subject, and no second binding', async () => {
    const tenant = await addTenant('wallet-first')
    const wallet = await bridge.newWallet(SHOWN)
    const first = await withWallet(tenant, wallet)
    const known = await withWallet(tenant, wallet)
    const without = await direct(tenant)
    expect(lasting(without)).toEqual(lasting(known))
    expect(lasting(first)).toEqual(lasting(known))
    expect(known.claims).toMatchObject({
      wallet_only_both: ['wallet wallet_only_both', 'shared'],
      wallet_only_shown: ['wallet wallet_only_shown', 'shared'],
      oidc_only_both: ['shared', 'institution oidc_only_both'],
      oidc_wins_both: ['shared', 'institution oidc_wins_both'],
      oidc_wins_shown: ['wallet oidc_wins_shown', 'shared'],
      wallet_wins_both: ['wallet wallet_wins_both', 'shared'],
      wallet_wins_told: ['shared', 'institution wallet_wins_told'],
      merge_all_both: ['shared', 'institution merge_all_both', 'wallet merge_all_both'],
    })
    expect(Object.keys(known.claims).filter((name) => name.startsWith('$'))).toEqual([])
    expect(await bindingsOf('wallet-first')).toEqual([1])
  })

  test('without a wallet first: the one binding gets the wallet that comes later', async () => {
    const tenant = await addTenant('direct-first')
    const alone = await direct(tenant)
    expect(await bindingsOf('direct-first')).toEqual([0])
    // The institution alone: what only a wallet shows is not there, everything else is.
    expect(Object.keys(alone.claims).filter((name) => name.startsWith('wallet_only'))).toEqual([])
    expect(alone.claims).toMatchObject({
      wallet_wins_both: ['shared', 'institution wallet_wins_both'],
      merge_all_both: ['shared', 'institution merge_all_both'],
    })
    const wallet = await bridge.newWallet(SHOWN)
    const first = await withWallet(tenant, wallet)
    expect(first.idToken.sub).toBe(alone.idToken.sub)
    expect(await bindingsOf('direct-first')).toEqual([1])
    const known = await withWallet(tenant, wallet)
    expect(lasting(await direct(tenant))).toEqual(lasting(known))
    expect(lasting(known)).toEqual(lasting(first))
    expect(await bindingsOf('direct-first')).toEqual([1])
  })

  test('what the institution says at a direct login, both ways tell from then on; what it no longer says, neither', async () => {
    const tenant = await addTenant('moved-on')
    const wallet = await bridge.newWallet(SHOWN)
    const second = await bridge.newWallet(SHOWN)
    await withWallet(tenant, wallet)
    await withWallet(tenant, second)
    told = {
      p_oidc_only_both: ['left'],
      p_oidc_wins_told: ['new'],
      p_merge_all_both: ['employee'],
    }
    const without = await direct(tenant)
    expect(without.claims).toMatchObject({
      oidc_only_both: ['left'],
      oidc_wins_told: ['new'],
      // The institution is silent now, so the wallet's word of then counts.
      oidc_wins_both: ['wallet oidc_wins_both', 'shared'],
      merge_all_both: ['employee', 'wallet merge_all_both', 'shared'],
    })
    expect(without.claims.oidc_only_told).toBeUndefined()
    expect(without.claims.merge_all_told).toBeUndefined()
    for (const one of [wallet, second])
      expect(lasting(await withWallet(tenant, one))).toEqual(lasting(without))
  })

  test('a direct login proves nothing anew about the wallet: proof, assurance and time of the binding stay', async () => {
    const tenant = await addTenant('unproved')
    told = { ...TOLD, acr: 'https://first.example' }
    await withWallet(tenant, await bridge.newWallet(SHOWN))
    const proof = () =>
      query(
        bridge.database.superuserUrl,
        `SELECT b.match_id, b.holder_identifier_hash, b.assurance_summary, b.reconcile_time, b.expires_at,
                b.material_fingerprints
           FROM identity_link_binding b JOIN tenant t ON t.id = b.tenant_id WHERE t.slug = 'unproved'`,
      )
    const before = await proof()
    told = { ...TOLD, acr: 'https://second.example' }
    const { idToken } = await direct(tenant)
    expect(idToken.upstream_acr).toEqual(['https://second.example'])
    expect(await proof()).toEqual(before)
  })

  test('a wallet’s proof that has run out is not made good by a login without one', async () => {
    const tenant = await addTenant('run-out')
    const wallet = await bridge.newWallet(SHOWN)
    const first = await withWallet(tenant, wallet)
    await query(
      bridge.database.superuserUrl,
      `UPDATE identity_link_binding SET expires_at = '2026-01-01T00:00:00.000Z'
        WHERE tenant_id = (SELECT id FROM tenant WHERE slug = 'run-out')`,
    )
    const without = await direct(tenant)
    expect(without.idToken.sub).toBe(first.idToken.sub)
    expect(new Set(await bindingsOf('run-out'))).toEqual(new Set([0, 1]))
    // The wallet has to be proved again, and then there is one binding to the account.
    const again = await withWallet(tenant, wallet)
    expect(again.idToken.acr).toBe('urn:identity-bridge:acr:wallet-same-device+institution')
    expect(again.idToken.sub).toBe(first.idToken.sub)
    expect(await bindingsOf('run-out')).toEqual([1])
    const known = await withWallet(tenant, wallet)
    expect(known.idToken.acr).toBe('urn:identity-bridge:acr:wallet-same-device')
    expect(lasting(await direct(tenant))).toEqual(lasting(known))
    expect(await bindingsOf('run-out')).toEqual([1])
  })

  test('one person with two accounts: a direct login uses the account it was made with, and the subject stays', async () => {
    const tenant = await addTenant('two-accounts')
    const { selector } = demoPolicies(bridge.issuer)
    const wallet = await bridge.newWallet(SHOWN)
    const first = await withWallet(tenant, wallet)
    // Asked for a login at the institution, the same wallet is linked to a second account.
    const plan = { ...selector.default, provider: 'plain', confirm: 'never' }
    const rules = [
      {
        ...{ id: 'further', when: { triggers: ['force_reconciliation'] } },
        plan: { ...plan, bindingPolicy: 'CREATE_NEW' },
      },
    ]
    await publishPolicy(bridge.deps, ACTOR, 'two-accounts', 'selector', { rules, default: plan })
    account = 'employee of two-accounts'
    told = { p_oidc_only_told: ['employee'] }
    const second = await withWallet(tenant, wallet, FORCE)
    expect(second.idToken.sub).toBe(first.idToken.sub)
    const asEmployee = await direct(tenant)
    expect(asEmployee.claims.oidc_only_told).toEqual(['employee'])
    account = 'person of two-accounts'
    told = TOLD
    const asStudent = await direct(tenant)
    expect(asStudent.claims.oidc_only_told).toEqual(TOLD.p_oidc_only_told)
    const subjects = [first, asEmployee, asStudent].map(({ idToken }) => idToken.sub)
    expect(new Set(subjects).size).toBe(1)
    expect(await bindingsOf('two-accounts')).toEqual([1, 1])
  })

  test('fifty direct logins of one new account at once: one person, one binding, one subject', async () => {
    const tenant = await addTenant('fifty')
    const logins = await Promise.all(Array.from({ length: 50 }, () => direct(tenant)))
    expect(new Set(logins.map(({ idToken }) => idToken.sub)).size).toBe(1)
    expect(await bindingsOf('fifty')).toEqual([0])
    const people = await query(
      bridge.database.superuserUrl,
      `SELECT count(*)::int AS people FROM identity WHERE tenant_id = (SELECT id FROM tenant WHERE slug = 'fifty')`,
    )
    expect(people).toEqual([{ people: 1 }])
  })
})
