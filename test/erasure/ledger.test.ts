/** GD-11: a restored backup holds what was erased since, and links that ended since; the ledger says so again. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ledgerCommand } from '../../src/cli/erasures.ts'
import { createKeyringText } from '../../src/crypto/keyring.ts'
import type { ClientId, IdentityId, MatchId } from '../../src/domain/ids.ts'
import { withdrawFor } from '../../src/flow/change-consents.ts'
import { eraseIdentity } from '../../src/flow/erase-identity.ts'
import { exportIdentity } from '../../src/flow/export-identity.ts'
import { replayLedger } from '../../src/flow/replay-ledger.ts'
import { restoreLink } from '../../src/flow/restore-link.ts'
import { restrictIdentity } from '../../src/flow/restrict-identity.ts'
import { unlink } from '../../src/flow/unlink.ts'
import { type BridgeDatabase, closeDatabase, openDatabase } from '../../src/store/database.ts'
import { openOwn } from '../people/own-data.ts'
import { newPerson, type Person, rowsOf } from '../people/people.ts'
import { type AuditRow, brokenLinks } from '../support/audit-chain.ts'
import { ACTOR, type Bridge, startBridge, type TestTenant } from '../support/bridge.ts'
import { asSuperuser, onDatabase, query } from '../support/postgres.ts'
import { dump, marksOf } from './world.ts'

const keyring = createKeyringText()
let bridge: Bridge
let folder: string
/** The database as it was before anything was erased. */
let copy: string
let restored: string
let db: BridgeDatabase
let erased: Person
let partly: TestTenant
let people: Record<'sanne' | 'milan' | 'noor', Person>
beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'identity-bridge-ledger-'))
  bridge = await startBridge({ keyring, env: { ERASURE_LEDGER: path.join(folder, 'ledger') } })
  erased = await newPerson(bridge, bridge.tenant, 'sanne')
  partly = await bridge.addTenant('partly')
  people = {
    sanne: await newPerson(bridge, partly, 'sanne'),
    milan: await newPerson(bridge, partly, 'milan'),
    noor: await newPerson(bridge, partly, 'noor'),
  }
  await query(
    bridge.database.superuserUrl,
    `INSERT INTO consent (tenant_id, identity_id, client_id, scopes, claims, created_at, updated_at)
     SELECT tenant_id, id, 'app', '["openid"]', '[]', created_at, created_at FROM identity WHERE id = '${people.milan.id}'`,
  )
  copy = `${bridge.database.name}_copy`
  restored = onDatabase(bridge.database.superuserUrl, copy)
  await bridge.suspend()
  await asSuperuser(`CREATE DATABASE ${copy} TEMPLATE ${bridge.database.name}`)
  await bridge.restart()
  db = openDatabase({ connectionString: onDatabase(bridge.database.runtimeUrl, copy) })
})
afterAll(async () => {
  await closeDatabase(db)
  await bridge.stop()
  await asSuperuser(`DROP DATABASE IF EXISTS ${copy} WITH (FORCE)`)
  rmSync(folder, { recursive: true, force: true })
})

const NOTHING = { erased: 0, repeated: 0, known: 0, absent: 0, held: [] }
const readLedger = () => readFileSync(path.join(folder, 'ledger'), 'utf8')
const replay = (text: string, on = db) => {
  const { keyring, clock } = bridge.deps
  return replayLedger({ db: on, clock, keyring }, text)
}
/** The same as an operator does it; what was printed. */
async function replayByCommand(text: string): Promise<string> {
  const file = path.join(folder, 'copied')
  writeFileSync(file, text)
  const said: string[] = []
  const environment = {
    ...{ DATABASE_URL: onDatabase(bridge.database.runtimeUrl, copy), KEYRING: keyring },
    ...{ PUBLIC_URL: bridge.url, ALLOW_LOOPBACK: 'yes' },
  }
  const terminal = { environment, out: (line: string) => said.push(line), err: () => undefined }
  await ledgerCommand(terminal).parseAsync(['replay', file], { from: 'user' })
  return said.join('\n')
}
/** Where a row is looked for: the live database, or the restored one. */
const inCopy = <Row extends object>(text: string) => query<Row>(restored, text)

test('GD-11 row 44 a backup, restored and replayed, holds nothing of the person that a key opens', async () => {
  const request = { identityId: erased.id, ground: 'objection' } as const
  const { receipt } = await eraseIdentity(bridge.deps, ACTOR, 'demo', request)
  await eraseIdentity(bridge.deps, ACTOR, 'demo', request)

  const ledger = readLedger()
  expect(ledger.trim().split('\n')).toHaveLength(1)
  for (const mark of ['Sanne', 'sanne', erased.sub, 'uEi']) expect(ledger).not.toContain(mark)

  const others = `tenant_id = (SELECT id FROM tenant WHERE slug = 'partly')`
  const marks = await marksOf(restored, `NOT ${others}`)
  await expect(replay(`${ledger}{}\n`)).rejects.toMatchObject({
    failure: { kind: 'invalid_request', detail: 'line 2 is not one of a ledger' },
  })
  expect(await replay(ledger)).toEqual({ ...NOTHING, erased: 1 })
  expect(await replay(ledger)).toEqual({ ...NOTHING, known: 1 })
  const left = await dump(restored)
  const sealed = marks.filter((mark) => /^(v1\.|uEi)/.test(mark) || mark === erased.sub)
  expect(sealed.length).toBeGreaterThan(4)
  for (const [table, rows] of left)
    if (table !== 'audit_event')
      for (const mark of sealed) expect(rows.join('\n'), table).not.toContain(mark)
  const kept = 'status, wrapped_data_key, audit_salt'
  expect(await inCopy(`SELECT ${kept} FROM identity WHERE id = '${erased.id}'`)).toEqual([
    { status: 'ERASED', wrapped_data_key: null, audit_salt: null },
  ])
  const [row] = await inCopy<{ receipt: string }>('SELECT receipt FROM erasure')
  expect(row?.receipt).toBe(receipt)
})

/** A category of an institution's data, of nobody's key. */
const auxiliary = (id: IdentityId) => `
  INSERT INTO auxiliary_data (id, tenant_id, identity_id, category, encrypted_payload, created_at, updated_at)
    SELECT gen_random_uuid(), tenant_id, id, 'library', 'v1.x', created_at, created_at FROM identity WHERE id = '${id}'`

async function walletMatch(person: Person): Promise<MatchId> {
  const where = `hash_key = 'A' AND deleted_at IS NULL AND internal_identity_id = '${person.id}'`
  const [match] = await rowsOf<{ id: MatchId }>(bridge, partly, 'identity_match', where)
  if (match === undefined) throw new Error('no wallet is linked')
  return match.id
}

/** What each of the three decided, or had decided for them, since the backup. */
async function decide(): Promise<void> {
  const { sanne, milan, noor } = people
  const { browser, url } = await openOwn(partly, sanne.wallet)
  await query(bridge.database.superuserUrl, auxiliary(sanne.id))
  await query(restored, auxiliary(sanne.id))
  const ticks = {
    'attribute:given_name': 'yes',
    'attribute:nonsense': 'yes',
    'category:library': 'yes',
  }
  expect((await browser.post(`${url}/attributes`, ticks)).status).toBe(303)
  const end = async (person: Person) => {
    const matchId = await walletMatch(person)
    const request = { identityId: person.id, matchId, reason: 'ADMIN_REQUEST' } as const
    await unlink(bridge.deps, ACTOR, 'partly', request)
    return { identityId: person.id, matchId }
  }
  await end(milan)
  await restoreLink(bridge.deps, ACTOR, 'partly', await end(noor))
  await restrictIdentity(bridge.deps, ACTOR, 'partly', { identityId: noor.id, restricted: true })
  const taken = { identityId: milan.id, clientId: 'app' as ClientId }
  await withdrawFor(bridge.deps, ACTOR, 'partly', taken)
}

test('GD-11 attributes that were erased, links that ended and restrictions are made again too', async () => {
  const { sanne, milan, noor } = people
  const before = readLedger()
  await decide()
  const ledger = readLedger().slice(before.length)
  const lines = ledger
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind: string; attributes?: string[] })
  expect(lines.map(({ kind }) => kind)).toEqual([
    ...['attributes', 'unlink', 'unlink', 'restored', 'restriction', 'consent'],
  ])
  expect(lines[0]).toMatchObject({ attributes: ['given_name'], categories: ['library'] })
  for (const mark of ['Sanne', 'Milan', sanne.sub, milan.sub, 'uEi', 'v1.', 'nonsense'])
    expect(ledger).not.toContain(mark)

  const key = await inCopy<{ key: string }>(
    `UPDATE identity SET wrapped_data_key = 'v1.c1.a.b.c' WHERE id = '${sanne.id}'
      RETURNING (SELECT wrapped_data_key FROM identity WHERE id = '${sanne.id}') AS key`,
  )
  const [first] = ledger.split('\n')
  expect((await replay(`${first}\n`)).held).toMatchObject([{ why: 'unreadable' }])
  await inCopy(`UPDATE identity SET wrapped_data_key = '${key[0]?.key}' WHERE id = '${sanne.id}'`)

  expect(await replay(ledger)).toEqual({ ...NOTHING, repeated: 4 })
  expect(JSON.parse(await replayByCommand(ledger))).toEqual({ ...NOTHING, known: 4, held: 0 })
  // Nor is anything undone that came after it where it was decided.
  expect(await replay(ledger, bridge.deps.db)).toEqual({ ...NOTHING, known: 4 })

  const told = await exportIdentity({ ...bridge.deps, db }, ACTOR, 'partly', sanne.id)
  expect(JSON.stringify(told)).not.toContain('Sanne')
  expect(JSON.stringify(told)).toContain('de Vries')
  expect(told.auxiliary).toEqual([])
  const liveOf = ({ id }: Person) =>
    inCopy<{ side: string; bindings: number; grants: number }>(
      `SELECT m.hash_key AS side, count(b.id)::int AS bindings,
              (SELECT count(*)::int FROM login_grant g WHERE g.identity_id = '${id}' AND g.revoked_at IS NULL) AS grants
         FROM identity_match m
         LEFT JOIN identity_link_binding b ON b.match_id = m.id AND b.deleted_at IS NULL
        WHERE m.internal_identity_id = '${id}' AND m.deleted_at IS NULL GROUP BY 1 ORDER BY 1`,
    )
  expect(await liveOf(sanne)).toMatchObject([{ side: 'A', grants: 0 }, { side: 'B' }])
  expect(await liveOf(milan)).toEqual([{ side: 'B', bindings: 0, grants: 0 }])
  expect(await liveOf(noor)).toMatchObject([{ side: 'A', bindings: 1, grants: 0 }, { side: 'B' }])
  expect(await inCopy('SELECT client_id FROM consent')).toEqual([])
  expect(await inCopy(`SELECT status FROM identity WHERE id = '${noor.id}'`)).toEqual([
    { status: 'RESTRICTED' },
  ])
  expect(brokenLinks(await inCopy<AuditRow>('SELECT * FROM audit_event'))).toEqual([])
})

test('GD-11 once more, after life went on: a new yes and a lifted restriction stay as they are', async () => {
  const { milan, noor } = people
  const yes = new Date(bridge.clock.now() + 1000).toISOString()
  await inCopy(
    `INSERT INTO consent (tenant_id, identity_id, client_id, scopes, claims, created_at, updated_at)
     SELECT tenant_id, id, 'app', '["openid"]', '[]', '${yes}', '${yes}' FROM identity WHERE id = '${milan.id}'`,
  )
  await inCopy(`DELETE FROM ledger_line WHERE said LIKE '%consent%'`)
  await inCopy(`UPDATE identity SET status = 'ACTIVE' WHERE id = '${noor.id}'`)
  expect(await replay(readLedger())).toEqual({ ...NOTHING, known: 4, absent: 1 })
  expect(await inCopy('SELECT client_id FROM consent')).toEqual([{ client_id: 'app' }])
  expect(await inCopy(`SELECT status FROM identity WHERE id = '${noor.id}'`)).toEqual([
    { status: 'ACTIVE' },
  ])
})

test('GD-11 a restriction holds for whoever was merged in when it was said, and is known where it stands already', async () => {
  const { sanne, milan } = people
  const [{ id: tenantId } = { id: '' }] = await inCopy<{ id: string }>(
    `SELECT id FROM tenant WHERE slug = 'partly'`,
  )
  const line = (id: string, restricted: boolean) =>
    JSON.stringify({
      ...{ v: 1, tenant: tenantId, line: id, said_at: '2026-01-01T00:00:00.000Z' },
      ...{ kind: 'restriction', persons: [sanne.id, milan.id], restricted },
    })
  const statuses = () =>
    inCopy<{ status: string }>(
      `SELECT status FROM identity WHERE id IN ('${sanne.id}', '${milan.id}') ORDER BY id`,
    )
  expect(await replay(line('both', true))).toMatchObject({ repeated: 1 })
  expect(await statuses()).toEqual([{ status: 'RESTRICTED' }, { status: 'RESTRICTED' }])
  expect(await replay(line('again', true))).toMatchObject({ known: 1 })
  expect(await replay(line('lifted', false))).toMatchObject({ repeated: 1 })
  expect(await replay(line('again', true)), 'not once more').toMatchObject({ known: 1 })
  expect(await statuses()).toEqual([{ status: 'ACTIVE' }, { status: 'ACTIVE' }])
})

test('GD-11 a line that was cut short and written again is passed by; the next one begins on a line of its own', async () => {
  const whole = readLedger()
  const [first = ''] = whole.split('\n')
  const cut = first.slice(0, 70)
  expect(await replay(`${cut}\n${whole}`)).toMatchObject({ held: [] })
  await expect(replay(`${whole}${cut.replace('"v"', '"w"')}`)).rejects.toMatchObject({
    failure: { kind: 'invalid_request' },
  })
  writeFileSync(path.join(folder, 'ledger'), `${whole}${cut}`)
  await restrictIdentity(bridge.deps, ACTOR, 'partly', {
    identityId: people.milan.id,
    restricted: true,
  })
  const lines = readLedger().trim().split('\n')
  expect(lines.at(-2)).toBe(cut)
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ kind: 'restriction' })
  writeFileSync(path.join(folder, 'ledger'), whole)
})

test('GD-11 what a person had decided goes with them: no row of theirs is left for the ledger', async () => {
  const { sanne } = people
  expect(await rowsOf(bridge, partly, 'ledger_line', `identity_id = '${sanne.id}'`)).toHaveLength(1)
  await eraseIdentity(bridge.deps, ACTOR, 'partly', { identityId: sanne.id, ground: 'objection' })
  expect(await rowsOf(bridge, partly, 'ledger_line', `identity_id = '${sanne.id}'`)).toEqual([])
  const outcome = await replay(readLedger(), bridge.deps.db)
  expect(outcome).toEqual({ ...NOTHING, known: 5, absent: 1 })
})
