/**
 * Each key is rotated while people log in at two instances that are a step apart: no login fails, nobody becomes somebody
 * else, and whoever asks to be erased is found (CR-41, CR-42; issue 5 item 5).
 */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { SANNE, walletOf } from '../../demo/people.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { addNestedKey, addPendingKey, moveKey } from '../../src/crypto/key-states.ts'
import { createKeyringText } from '../../src/crypto/keyring.ts'
import { type EcPublicJwk, thumbprint } from '../../src/crypto/thumbprint.ts'
import { eraseByIdentifier } from '../../src/flow/erase-by-identifier.ts'
import { readKeyMigration } from '../../src/flow/read-key-migrations.ts'
import { startKeyMigration } from '../../src/flow/start-key-migration.ts'
import type { Service } from '../../src/service.ts'
import { type Caller, newCaller } from '../data/world.ts'
import { divertTraffic } from '../resilience/traffic.ts'
import { type Bridge, logIn, startBridge } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { ACTOR, instance, startBeside } from './world.ts'

let keyring = createKeyringText()
const MILAN = { username: 'milan', password: 'milan-demo' }
let bridge: Bridge
let wallets: readonly Wallet[]
let away: Wallet
/** Whom the relying party knew each wallet's person by at first. */
let subject: string
let sanne: string
let caller: Caller
const services: Service[] = []

beforeAll(async () => {
  bridge = await startBridge({ keyring })
  wallets = await Promise.all([newWallet(), newWallet()])
  away = await newWallet()
  for (const wallet of [...wallets, away]) subject = (await logIn(bridge, wallet)).login.idToken.sub
  caller = await newCaller(bridge)
  const { body } = await caller.ask('POST', '/lookup', {
    body: {
      ...{ identifier_type: 'SUBJECT_ID', provider: 'surf' },
      identifier: bridge.institution.subjectOf('sanne', 'bridge-demo'),
    },
  })
  sanne = body.person?.identity_id ?? ''
  expect(sanne).not.toBe('')
})
afterEach(() => vi.unstubAllGlobals())
afterAll(async () => {
  await Promise.all(services.map((service) => service.stop()))
  await bridge.stop()
})

/** Whatever it is asked of goes where the traffic goes at that moment. */
const newWallet = () =>
  walletOf(SANNE, bridge.issuer, (input, init) => globalThis.fetch(input, init))

async function startWith(text: string): Promise<Service> {
  const started = await startBeside(bridge, text)
  services.push(started)
  return started
}

/** Logins of everybody who is known, each request at another instance than the one before. */
async function everybodyLogsIn(pair: readonly [Service, Service]): Promise<void> {
  let turn = 0
  divertTraffic(bridge.url, () => pair[turn++ % 2]?.address ?? '')
  const logins = await Promise.all(wallets.map((wallet) => logIn(bridge, wallet)))
  for (const { login, viaInstitution } of logins) {
    expect(viaInstitution).toBe(false)
    expect(login.idToken.sub).toBe(subject)
    expect(login.claims.given_name).toBe('Sanne')
  }
  await othersFindThem()
  vi.unstubAllGlobals()
}

/** A machine client, at one instance after the other: by wallet and by account it is the same person. */
async function othersFindThem(): Promise<void> {
  const value = bridge.institution.subjectOf('sanne', 'bridge-demo')
  const asked = [
    ...wallets.map((wallet) => ({
      ...{ identifier_type: 'KEY', identifier: thumbprint(wallet.publicJwk as EcPublicJwk) },
    })),
    { identifier_type: 'SUBJECT_ID', provider: 'surf', identifier: value },
  ]
  const found = await Promise.all(
    [...asked, ...asked].map((body) => caller.ask('POST', '/lookup', { body })),
  )
  const ids = found.map(({ body }) => body.person?.identity_id)
  expect(ids.every((id) => id === sanne)).toBe(true)
}

/** Somebody new is linked at one instance, and erased by their account at the other. */
async function somebodyComesAndGoes([at, other]: readonly [Service, Service]): Promise<void> {
  divertTraffic(bridge.url, () => at.address)
  const wallet = await newWallet()
  const first = await logIn(bridge, wallet, { user: MILAN })
  divertTraffic(bridge.url, () => other.address)
  const again = await logIn(bridge, wallet, { user: MILAN })
  expect(again.login.idToken.sub).toBe(first.login.idToken.sub)
  vi.unstubAllGlobals()
  const value = bridge.institution.subjectOf('milan', 'bridge-demo')
  const identifier = { type: 'SUBJECT_ID', provider: 'surf', value } as const
  const erased = await eraseByIdentifier(other.deps, ACTOR, 'demo', {
    ...{ identifier, ground: 'consent_withdrawn' },
  })
  expect(erased.receipt).toMatch(/^ey/)
}

const people = async () => {
  const [row] = await query<{ n: number }>(
    bridge.database.superuserUrl,
    `SELECT count(*)::int AS n FROM identity WHERE status = 'ACTIVE'`,
  )
  return row?.n
}

/** The steps of one rotation, from one step behind to the old version's end. */
async function rotate(key: 'A' | 'B' | 'C', stragglers: 'keep' | 'nest'): Promise<void> {
  const added = addPendingKey(keyring, key)
  const { version } = added
  const nests = stragglers === 'nest'
  const pending = nests
    ? addNestedKey(added.text, key, { outer: version, inner: 1 }).text
    : added.text
  const rotated = moveKey(pending, key, version, 'current')
  const [old, behind] = [await startWith(keyring), await startWith(pending)]
  await everybodyLogsIn([old, behind])
  await somebodyComesAndGoes([behind, old])
  const ahead = await startWith(rotated)
  await everybodyLogsIn([behind, ahead])
  await somebodyComesAndGoes([ahead, behind])
  await startKeyMigration(ahead.deps, ACTOR, { version, stragglers })
  const worker = instance(ahead.deps, rotated, { clock: bridge.clock.now, batch: 1 })
  const run = () => readKeyMigration(worker, ACTOR, version)
  const migrate = async () => {
    await worker.work()
    if ((await run()).state === 'running') await migrate()
  }
  const migrating = migrate()
  for (let wave = 0; wave < 2; wave++) {
    await everybodyLogsIn([behind, ahead])
    await somebodyComesAndGoes([behind, ahead])
  }
  await migrating
  await everybodyLogsIn([ahead, behind])
  const ended = await run()
  expect(ended).toMatchObject({ state: 'completed', failed: 0 })
  expect(ended.processed + ended.skipped + ended.purged).toBe(ended.total)
  keyring = moveKey(rotated, key, 1, 'retired')
  const retired = await startWith(keyring)
  await everybodyLogsIn([retired, retired])
  await somebodyComesAndGoes([retired, retired])
  // Who stayed away all the time is known as well.
  divertTraffic(bridge.url, () => retired.address)
  const { login, viaInstitution } = await logIn(bridge, away)
  expect([viaInstitution, login.idToken.sub]).toEqual([false, subject])
  expect(await people()).toBe(1)
  expect(await disagreements()).toEqual([])
}

/** What stands in two places: the wallet's hash with its match and the fingerprint, the account's with both as well. */
const disagreements = () =>
  query(
    bridge.database.superuserUrl,
    `SELECT b.id, b.match_id, b.holder_hash_key_version, m.hash_key_version, b.institution_hash_key_version, b.material_fingerprints,
            b.holder_identifier_hash = m.identifier_hash AS same_holder, m.identifier_hash, b.institution_identifier_hash
       FROM identity_link_binding b JOIN identity_match m ON m.id = b.match_id
      WHERE b.deleted_at IS NULL AND b.holder_hash_key_version > 0
        AND (b.holder_identifier_hash <> m.identifier_hash OR b.holder_hash_key_version <> m.hash_key_version
             OR b.material_fingerprints::jsonb -> 'holder_key'
                IS DISTINCT FROM jsonb_build_object('hash', m.identifier_hash, 'version', m.hash_key_version)
             OR b.material_fingerprints::jsonb -> 'provider_subject'
                IS DISTINCT FROM jsonb_build_object('hash', b.institution_identifier_hash, 'version', b.institution_hash_key_version)
             OR NOT EXISTS (
               SELECT FROM identity_match a WHERE a.tenant_id = b.tenant_id AND a.hash_key = 'B' AND a.deleted_at IS NULL
                  AND a.identifier_hash = b.institution_identifier_hash
                  AND a.internal_identity_id = m.internal_identity_id))`,
  )

test('OP-63 fault 43 Key B: zero failed logins, unchanged subjects, erasures found, and what stands in two places is one', () =>
  rotate('B', 'keep'))

test('Key C: the same', () => rotate('C', 'keep'))

test('Key A: the same, and who stayed away is found through the nesting', async () => {
  await rotate('A', 'nest')
  const [row] = await query<{ n: number }>(
    bridge.database.superuserUrl,
    `SELECT count(*)::int AS n FROM identity_match WHERE hash_key = 'A' AND hash_key_version = 1`,
  )
  expect(row?.n).toBe(0)
})
