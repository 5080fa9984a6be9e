/** GD-11: a restored backup holds people who were erased since; the ledger makes the erasures again. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eraseIdentity } from '../../src/flow/erase-identity.ts'
import { replayLedger } from '../../src/flow/replay-ledger.ts'
import { closeDatabase, openDatabase } from '../../src/store/database.ts'
import { newPerson } from '../people/people.ts'
import { ACTOR, type Bridge, startBridge } from '../support/bridge.ts'
import { asSuperuser, onDatabase, query } from '../support/postgres.ts'
import { dump, marksOf } from './world.ts'

let bridge: Bridge
let folder: string
let copy: string
beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'identity-bridge-ledger-'))
  bridge = await startBridge({ env: { ERASURE_LEDGER: path.join(folder, 'ledger') } })
  copy = `${bridge.database.name}_copy`
})
afterAll(async () => {
  await bridge.stop()
  await asSuperuser(`DROP DATABASE IF EXISTS ${copy} WITH (FORCE)`)
  rmSync(folder, { recursive: true, force: true })
})

test('GD-11 row 44 a backup, restored and replayed, holds nothing of the person that a key opens', async () => {
  const person = await newPerson(bridge, bridge.tenant, 'sanne')
  const { keyring, config, clock } = bridge.deps
  const restored = onDatabase(bridge.database.superuserUrl, copy)
  await bridge.suspend()
  await asSuperuser(`CREATE DATABASE ${copy} TEMPLATE ${bridge.database.name}`)
  const live = openDatabase({ connectionString: bridge.database.runtimeUrl })
  const request = { identityId: person.id, ground: 'objection' } as const
  const erased = await eraseIdentity({ db: live, keyring, config, clock }, ACTOR, 'demo', request)
  await eraseIdentity({ db: live, keyring, config, clock }, ACTOR, 'demo', request)
  await closeDatabase(live)

  const ledger = readFileSync(path.join(folder, 'ledger'), 'utf8')
  expect(ledger.trim().split('\n')).toHaveLength(1)
  for (const mark of ['Sanne', 'sanne', person.sub, 'uEi']) expect(ledger).not.toContain(mark)

  const marks = await marksOf(restored)
  const db = openDatabase({ connectionString: onDatabase(bridge.database.runtimeUrl, copy) })
  try {
    await expect(replayLedger({ db, clock }, `${ledger}{}\n`)).rejects.toMatchObject({
      failure: { kind: 'invalid_request', detail: 'line 2 is not one of a ledger' },
    })
    const nothing = { erased: 0, known: 0, absent: 0, held: [] }
    expect(await replayLedger({ db, clock }, ledger)).toEqual({ ...nothing, erased: 1 })
    expect(await replayLedger({ db, clock }, ledger)).toEqual({ ...nothing, known: 1 })
  } finally {
    await closeDatabase(db)
  }
  const left = await dump(restored)
  const sealed = marks.filter((mark) => /^(v1\.|uEi)/.test(mark) || mark === person.sub)
  expect(sealed.length).toBeGreaterThan(4)
  for (const [table, rows] of left)
    if (table !== 'audit_event')
      for (const mark of sealed) expect(rows.join('\n'), table).not.toContain(mark)
  expect(
    await query(restored, 'SELECT status, wrapped_data_key, audit_salt FROM identity'),
  ).toEqual([{ status: 'ERASED', wrapped_data_key: null, audit_salt: null }])
  const [row] = await query<{ receipt: string }>(restored, 'SELECT receipt FROM erasure')
  expect(row?.receipt).toBe(erased.receipt)
})
