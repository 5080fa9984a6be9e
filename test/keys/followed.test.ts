/**
 * What stands beside a live match goes to the new version with it: fingerprints, and links that ended and are brought back
 * afterwards (CR-44; design 3, deleting and coming back).
 */
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { SANNE, walletOf } from '../../demo/people.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { addPendingKey, moveKey } from '../../src/crypto/key-states.ts'
import { type Keyring, parseKeyring } from '../../src/crypto/keyring.ts'
import type { IdentityId, MatchId } from '../../src/domain/ids.ts'
import { restoreLink } from '../../src/flow/restore-link.ts'
import { startKeyMigration } from '../../src/flow/start-key-migration.ts'
import { unlink } from '../../src/flow/unlink.ts'
import type { Service } from '../../src/service.ts'
import { divertTraffic } from '../resilience/traffic.ts'
import { type Bridge, logIn, startBridge } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { ACTOR, instance, rotation, startBeside } from './world.ts'

const MILAN = { username: 'milan', password: 'milan-demo' }
const steps = rotation('A')

let bridge: Bridge
/** Writes with version 2 already. */
let ahead: Service
const others: Service[] = []
beforeAll(async () => {
  bridge = await startBridge({ keyring: steps.pending })
  ahead = await startWith(steps.rotated)
})
afterEach(() => vi.unstubAllGlobals())
afterAll(async () => {
  await Promise.all(others.map((service) => service.stop()))
  await bridge.stop()
})

async function startWith(text: string): Promise<Service> {
  const started = await startBeside(bridge, text)
  others.push(started)
  return started
}

/** Whatever it is asked of goes where the traffic goes at that moment. */
const newWallet = () =>
  walletOf(SANNE, bridge.issuer, (input, init) => globalThis.fetch(input, init))

/** A login at another instance. */
async function logInAt(service: Service, wallet: Wallet, user?: typeof MILAN) {
  divertTraffic(bridge.url, () => service.address)
  try {
    return await logIn(bridge, wallet, user === undefined ? {} : { user })
  } finally {
    vi.unstubAllGlobals()
  }
}

interface KeyRow {
  id: MatchId
  identity: IdentityId
  hash: string
  deleted: string | null
  version: number
}

/** The matches of wallets' keys, newest first. */
const keyRows = () =>
  query<KeyRow & Record<string, unknown>>(
    bridge.database.superuserUrl,
    `SELECT id, internal_identity_id AS identity, identifier_hash AS hash, deleted_identifier_hash AS deleted,
            hash_key_version AS version
       FROM identity_match WHERE identifier_type = 'KEY' ORDER BY created_at DESC, id`,
  )
const rowOf = async (id: MatchId) => (await keyRows()).find((row) => row.id === id)

/** A wallet that was linked under version 1, and its row. */
async function linked(): Promise<{ wallet: Wallet; row: KeyRow }> {
  const wallet = await newWallet()
  const before = new Set((await keyRows()).map(({ id }) => id))
  await logIn(bridge, wallet)
  const row = (await keyRows()).find(({ id }) => !before.has(id))
  if (row === undefined) throw new Error('no match was made')
  expect(row.version).toBe(1)
  return { wallet, row }
}

async function unlinked(): Promise<{ wallet: Wallet; row: KeyRow }> {
  const { wallet, row } = await linked()
  const request = { identityId: row.identity, matchId: row.id, reason: 'USER_UNLINK' } as const
  await unlink(bridge.deps, ACTOR, bridge.tenant.slug, request)
  return { wallet, row }
}

const restore = (row: KeyRow, keyring: Keyring = ahead.deps.keyring) =>
  restoreLink({ ...bridge.deps, keyring }, ACTOR, bridge.tenant.slug, {
    ...{ identityId: row.identity, matchId: row.id },
  })
const refusal = (detail: string) => ({ failure: { kind: 'conflict', detail } })

/** What a binding says of its wallet. */
async function bindingOf(row: KeyRow) {
  const [binding] = await query<{ holder: string; version: number; prints: string }>(
    bridge.database.superuserUrl,
    `SELECT holder_identifier_hash AS holder, holder_hash_key_version AS version, material_fingerprints AS prints
       FROM identity_link_binding WHERE match_id = '${row.id}'`,
  )
  return { ...binding, prints: JSON.parse(binding?.prints ?? '{}') }
}

test('CR-44 a login moves match, binding and fingerprint to the new version in one step', async () => {
  const { wallet, row } = await linked()
  const { viaInstitution } = await logInAt(ahead, wallet)
  expect(viaInstitution).toBe(false)
  const now = await rowOf(row.id)
  expect(now?.version).toBe(2)
  expect(now?.hash).not.toBe(row.hash)
  const binding = await bindingOf(row)
  expect(binding).toMatchObject({ holder: now?.hash, version: 2 })
  expect(binding.prints.holder_key).toEqual({ hash: now?.hash, version: 2 })
  expect(binding.prints.provider_subject.version).toBe(1)
})

test('CR-44 also where somebody holds the binding just then: the fingerprint is not left behind', async () => {
  const { wallet, row } = await linked()
  const holder = new pg.Client({ connectionString: bridge.database.superuserUrl })
  await holder.connect()
  await holder.query('BEGIN')
  const held = 'SELECT FROM identity_link_binding WHERE match_id = $1 FOR NO KEY UPDATE'
  await holder.query(held, [row.id])
  const login = logInAt(ahead, wallet)
  await somebodyWaits()
  await holder.query('ROLLBACK')
  await holder.end()
  expect((await login).viaInstitution).toBe(false)
  const hash = (await rowOf(row.id))?.hash
  const binding = await bindingOf(row)
  expect(binding).toMatchObject({ holder: hash, version: 2 })
  expect(binding.prints.holder_key).toEqual({ hash, version: 2 })
})

async function somebodyWaits(): Promise<void> {
  const waiting = () =>
    query(
      bridge.database.superuserUrl,
      `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
    )
  while ((await waiting()).length === 0);
}

describe('a link that ended before its key was rotated', () => {
  test('comes back while the old version is read, and moves on at the next login', async () => {
    const { wallet, row } = await unlinked()
    await restore(row)
    expect(await rowOf(row.id)).toEqual(row)
    expect((await logInAt(ahead, wallet)).viaInstitution).toBe(false)
    expect((await rowOf(row.id))?.version).toBe(2)
  })

  test('stays ended where somebody else became known by it under the new version', async () => {
    const { wallet, row } = await unlinked()
    expect((await logInAt(ahead, wallet, MILAN)).viaInstitution).toBe(true)
    await expect(restore(row)).rejects.toMatchObject(
      refusal('somebody is known by this identifier now'),
    )
    expect((await rowOf(row.id))?.version).toBe(2)
  })

  test('stays ended where the person came back with it, and that row moved on since', async () => {
    const { wallet, row } = await unlinked()
    expect((await logIn(bridge, wallet)).viaInstitution).toBe(true)
    expect((await logInAt(ahead, wallet)).viaInstitution).toBe(false)
    await expect(restore(row)).rejects.toMatchObject(
      refusal('somebody is known by this identifier now'),
    )
    expect((await logInAt(ahead, wallet)).viaInstitution).toBe(false)
  })

  test('is gone with the version of its key', async () => {
    const { row } = await unlinked()
    await expect(restore(row, parseKeyring(steps.retired()))).rejects.toMatchObject(
      refusal('the version of the key it was known by is gone'),
    )
    expect((await rowOf(row.id))?.deleted).toBe(row.hash)
  })

  test('comes back nested, where everybody who stayed away was nested under the new key', async () => {
    const { wallet, row } = await unlinked()
    const { row: away } = await linked()
    const text = steps.nested()
    const at = instance(bridge.deps, text)
    await startKeyMigration(at, ACTOR, { version: 2, stragglers: 'nest' })
    await at.work()
    const [moved, own] = [await rowOf(row.id), await rowOf(away.id)]
    expect([moved?.version, own?.version]).toEqual([3, 3])
    expect(moved?.deleted).not.toBe(row.hash)
    // While one of the old version is still there, nobody can tell whether it is of the same wallet.
    const back = `UPDATE identity_match SET hash_key_version = 1 WHERE id = '${away.id}'`
    await query(bridge.database.superuserUrl, back)
    const keyring = parseKeyring(text)
    await expect(restore(row, keyring)).rejects.toMatchObject(
      refusal('its key is being rotated; try again when that is done'),
    )
    await query(bridge.database.superuserUrl, back.replace('= 1', '= 3'))
    await restore(row, keyring)
    const last = await startWith(steps.retired(text))
    expect((await logInAt(last, wallet)).viaInstitution).toBe(false)
    expect((await rowOf(row.id))?.version).toBe(2)
  })
})

test('fault 48 whoever stayed away for two rotations is known, and moves to the newest version at once', async () => {
  const { wallet, row } = await linked()
  const twice = addPendingKey(steps.nested(), 'A')
  const newest = await startWith(moveKey(twice.text, 'A', twice.version, 'current'))
  const { viaInstitution, login } = await logInAt(newest, wallet)
  expect([viaInstitution, login.claims.given_name]).toEqual([false, 'Sanne'])
  expect((await rowOf(row.id))?.version).toBe(twice.version)
})
