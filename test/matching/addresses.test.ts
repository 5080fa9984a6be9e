/**
 * The institution's e-mail address as an identifier: only of a provider whose addresses are proof, only a verified one, and
 * never enough by itself (UP-47, UP-62, UP-65; attacks 23 and 24).
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import { parseKeyring } from '../../src/crypto/keyring.ts'
import { eraseIdentity } from '../../src/flow/erase-identity.ts'
import { startKeyMigration } from '../../src/flow/start-key-migration.ts'
import { updateProvider } from '../../src/flow/update-provider.ts'
import { newCaller } from '../data/world.ts'
import { instance, rotation } from '../keys/world.ts'
import {
  ACTOR,
  type Bridge,
  pressDirect,
  REDIRECT_URI,
  startBridge,
  type TestTenant,
} from '../support/bridge.ts'
import { AT_TELLER, rowsOf, startTeller, type Teller, tenantAt, walk } from '../support/walk.ts'

const steps = rotation('B')
const VERIFIED = { email: 'Sanne@University.example', email_verified: true }

let bridge: Bridge
let teller: Teller
beforeAll(async () => {
  bridge = await startBridge({ keyring: steps.before })
  teller = await startTeller()
})
afterAll(async () => {
  await bridge.stop()
  await teller.provider.close()
})

async function tenantOf(slug: string, isProof = true): Promise<TestTenant> {
  teller.reset()
  teller.says = { ...teller.says, ...VERIFIED }
  const selector = { default: { ...AT_TELLER, confirm: 'never' } }
  const tenant = await tenantAt(bridge, teller, slug, { selector }, { directLogin: true })
  await prove(tenant, isProof)
  return tenant
}
const prove = (tenant: TestTenant, emailIsProof: boolean) =>
  updateProvider(bridge.deps, ACTOR, tenant.slug, 'teller', { emailIsProof })

/** Without a wallet. */
async function logInAtTeller(tenant: TestTenant): Promise<void> {
  const browser = createBrowser()
  const attempt = await tenant.relyingParty.begin()
  const onward = await pressDirect(browser, await browser.get(attempt.url), 'teller')
  const callback = teller.provider.authorize(onward).href
  const end = await browser.follow(callback, (url) => url.startsWith(REDIRECT_URI))
  await attempt.finish(end.location ?? '')
}

interface Address {
  id: string
  hash: string
  key: string
  version: number
  person: string
  shared: boolean
  reason: string | null
}
const addresses = (tenant: TestTenant) =>
  rowsOf(
    bridge,
    tenant,
    `SELECT id, coalesce(deleted_identifier_hash, identifier_hash) AS hash, hash_key AS key, hash_key_version AS version,
            internal_identity_id AS person, metadata_json IS NOT NULL AS shared, deletion_reason AS reason
       FROM identity_match WHERE tenant_id = $tenant AND identifier_type = 'EMAIL' ORDER BY created_at, id`,
  ) as unknown as Promise<Address[]>
const prints = async (tenant: TestTenant) =>
  (
    await rowsOf(
      bridge,
      tenant,
      `SELECT material_fingerprints AS prints FROM identity_link_binding
        WHERE tenant_id = $tenant AND deleted_at IS NULL ORDER BY created_at, id`,
    )
  ).map((row) => JSON.parse(String(row.prints)).provider_email)

test('UP-62 kept under Key B where the provider’s addresses are proof and this one is verified, else never', async () => {
  const tenant = await tenantOf('proof')
  const wallet = await bridge.newWallet()
  await walk(tenant, teller, wallet)
  const [address] = await addresses(tenant)
  expect(address).toMatchObject({ key: 'B', version: 1, shared: false, reason: null })
  expect(await prints(tenant)).toEqual([{ hash: address?.hash, version: 1 }])
  const caller = await newCaller(bridge, { slug: 'proof' })
  const asked = { identifier_type: 'EMAIL', identifier: 'sanne@UNIVERSITY.example' }
  const found = async (provider: string) =>
    (await caller.ask('POST', '/lookup', { body: { ...asked, provider } })).body
  expect(await found('teller'), 'issue 4.7').toMatchObject({ found: true, strength: 'suggests' })
  expect(await found('surf')).toMatchObject({ found: false })
  const plain = await tenantOf('no-proof', false)
  await walk(plain, teller, await bridge.newWallet())
  teller.says = { ...teller.says, email_verified: false }
  const unverified = await tenantOf('unverified')
  teller.says = { ...teller.says, email_verified: false }
  await walk(unverified, teller, await bridge.newWallet())
  for (const none of [plain, unverified]) expect(await addresses(none)).toEqual([])
})

test('row 23 a new account with an old address is a person of its own, and the address is nobody’s from then on', async () => {
  const tenant = await tenantOf('reassigned')
  const first = await walk(tenant, teller, await bridge.newWallet())
  teller.says = { ...teller.says, sub: 'another' }
  const second = await walk(tenant, teller, await bridge.newWallet())
  expect(second.login?.idToken.sub).not.toBe(first.login?.idToken.sub)
  expect(await addresses(tenant)).toMatchObject([{ shared: true, reason: null }])
})

test('an account has one address: the one before ends, in all of its links, with or without a wallet', async () => {
  const tenant = await tenantOf('moved')
  await walk(tenant, teller, await bridge.newWallet())
  await walk(tenant, teller, await bridge.newWallet())
  expect(await addresses(tenant)).toHaveLength(1)
  teller.says = { ...teller.says, email: 'sanne.de.vries@university.example' }
  await walk(tenant, teller, await bridge.newWallet())
  const [before, now, ...others] = await addresses(tenant)
  expect(others).toEqual([])
  expect([before?.reason, now?.reason]).toEqual(['REPLACED', null])
  const told = { hash: now?.hash, version: 1 }
  expect(await prints(tenant)).toEqual([told, told, told])
  // No proof any more: what was kept ends with the next login.
  await prove(tenant, false)
  await walk(tenant, teller, await bridge.newWallet())
  expect((await addresses(tenant)).map(({ reason }) => reason)).toEqual(['REPLACED', 'REPLACED'])
  expect(await prints(tenant)).toEqual([undefined, undefined, undefined, undefined])
})

test('a login without a wallet keeps it too, and uses it at the next one', async () => {
  const tenant = await tenantOf('direct-address')
  await logInAtTeller(tenant)
  const [made] = await addresses(tenant)
  expect(made).toMatchObject({ key: 'B', reason: null })
  await rowsOf(
    bridge,
    tenant,
    `UPDATE identity_match SET last_used_at = '2020-01-01T00:00:00.000Z' WHERE tenant_id = $tenant`,
  )
  await logInAtTeller(tenant)
  const used = await rowsOf(
    bridge,
    tenant,
    `SELECT identifier_type FROM identity_match WHERE tenant_id = $tenant AND last_used_at > '2021' ORDER BY 1`,
  )
  expect(used.map((row) => row.identifier_type)).toEqual(['EMAIL', 'SUBJECT_ID'])
})

test('CR-40 rotating Key B nests the address of whoever stays away, fingerprint and all; a login makes it anew', async () => {
  const tenant = await tenantOf('rotated')
  await walk(tenant, teller, await bridge.newWallet())
  const at = instance(bridge.deps, steps.nested())
  await startKeyMigration(at, ACTOR, { version: 2, stragglers: 'nest' })
  await at.work()
  const [nested] = await addresses(tenant)
  expect(nested).toMatchObject({ version: 3, reason: null })
  expect(await prints(tenant)).toEqual([{ hash: nested?.hash, version: 3 }])
  const left = await rowsOf(
    bridge,
    tenant,
    `SELECT id FROM identity_match WHERE tenant_id = $tenant AND hash_key = 'B' AND hash_key_version = 1`,
  )
  expect(left).toEqual([])
  const [account] = await rowsOf(
    bridge,
    tenant,
    `SELECT internal_identity_id AS id FROM identity_match WHERE tenant_id = $tenant AND identifier_type = 'SUBJECT_ID'`,
  )
  await eraseIdentity(
    { ...bridge.deps, keyring: parseKeyring(steps.nested()) },
    ACTOR,
    tenant.slug,
    {
      ...{ identityId: account?.id as never, ground: 'consent_withdrawn' },
    },
  )
  expect(await addresses(tenant)).toEqual([])
})
