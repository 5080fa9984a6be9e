import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ADMIN_SCOPE_NAMES } from '../../src/domain/admin.ts'
import { DAY } from '../../src/domain/time.ts'
import { authenticateAdmin } from '../../src/flow/authenticate-admin.ts'
import { revokeAdminToken } from '../../src/flow/revoke-admin-token.ts'
import { writeFirstToken } from '../../src/flow/write-first-token.ts'
import { type BridgeDatabase, closeDatabase, openDatabase } from '../../src/store/database.ts'
import { createTestDatabase, query, type TestDatabase } from '../support/postgres.ts'

let database: TestDatabase
let db: BridgeDatabase
let folder: string
let now = Date.parse('2026-03-01T00:00:00.000Z')
const clock = () => now

beforeEach(async () => {
  database = await createTestDatabase()
  db = openDatabase({ connectionString: database.runtimeUrl, poolSize: 2 })
  folder = mkdtempSync(path.join(os.tmpdir(), 'identity-bridge-first-token-'))
})
afterEach(async () => {
  await closeDatabase(db)
  await database.drop()
  rmSync(folder, { recursive: true, force: true })
})

test('issue 9 the first token is a file for its owner alone, and opens everything for 90 days', async () => {
  const file = await writeFirstToken({ db, clock }, folder)
  expect(file).toBe(path.join(folder, 'admin-token'))
  if (file === undefined) return
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const token = readFileSync(file, 'utf8').trim()
  const actor = await authenticateAdmin({ db, clock }, token)
  expect(actor).toMatchObject({ forTenant: undefined })
  expect([...actor.scopes].toSorted()).toEqual([...ADMIN_SCOPE_NAMES].toSorted())
  now += 89 * DAY
  await expect(authenticateAdmin({ db, clock }, token)).resolves.toMatchObject({ id: actor.id })
  now += 2 * DAY
  await expect(authenticateAdmin({ db, clock }, token)).rejects.toThrow('admin_unauthenticated')
  const rows = await query(database.superuserUrl, 'SELECT * FROM admin_token')
  expect(JSON.stringify(rows)).not.toContain(token)
})

test('issue 9 there is one first token: not after a restart, and not after it was revoked', async () => {
  const file = await writeFirstToken({ db, clock }, folder)
  const token = readFileSync(String(file), 'utf8').trim()
  const actor = await authenticateAdmin({ db, clock }, token)
  expect(await writeFirstToken({ db, clock }, folder)).toBeUndefined()
  await revokeAdminToken({ db, clock }, actor, actor.id)
  expect(await writeFirstToken({ db, clock }, folder)).toBeUndefined()
  expect(readFileSync(String(file), 'utf8').trim()).toBe(token)
})

test('issue 9 it follows no link and takes over no open file that somebody left there', async () => {
  const elsewhere = path.join(folder, 'elsewhere')
  writeFileSync(elsewhere, 'theirs', { mode: 0o666 })
  symlinkSync(elsewhere, path.join(folder, 'admin-token'))
  const file = String(await writeFirstToken({ db, clock }, folder))
  expect(readFileSync(elsewhere, 'utf8')).toBe('theirs')
  expect(readFileSync(file, 'utf8')).toMatch(/^iba_/)
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('issue 9 a folder that cannot be written costs no token', async () => {
  const blocked = path.join(folder, 'file')
  writeFileSync(blocked, '')
  await expect(writeFirstToken({ db, clock }, path.join(blocked, 'below'))).rejects.toThrow()
  expect(await query(database.superuserUrl, 'SELECT id FROM admin_token')).toEqual([])
  expect(await writeFirstToken({ db, clock }, folder)).toBeDefined()
  expect(readdirSync(folder)).toContain('admin-token')
})
