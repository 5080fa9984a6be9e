import { type ChildProcess, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { TenantId } from '../../src/domain/ids.ts'
import { mustReach } from '../../src/embedded/account.ts'
import { isAlive } from '../../src/embedded/cluster.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/embedded/postgres.ts'
import { closeDatabase, openDatabase, transact } from '../../src/store/database.ts'
import { checkSchema, migrate, migrationFolder, readMigrations } from '../../src/store/migrate.ts'
import { checkRuntimeRole } from '../../src/store/roles.ts'
import { SetupRefused } from '../../src/store/setup-refused.ts'
import { failByDivision } from '../store/note-table.ts'
import { query } from '../support/postgres.ts'

let folder: string
const servers: EmbeddedPostgres[] = []
const programs: ChildProcess[] = []

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'identity-bridge-embedded-'))
})
afterEach(async () => {
  for (const program of programs.splice(0)) program.kill('SIGKILL')
  for (const server of servers.splice(0)) await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function start(
  options: { transport?: 'tcp'; durable?: true } = {},
): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ folder, durable: false, ...options })
  servers.push(server)
  return server
}

/** Starts it in another process and returns that process's first line. */
function startElsewhere(): Promise<{ adopted?: boolean; runtimeUrl?: string; refused?: string }> {
  const file = fileURLToPath(new URL('start-and-wait.ts', import.meta.url))
  const program = spawn(process.execPath, [file, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  programs.push(program)
  return new Promise((resolve, reject) => {
    program.on('error', reject)
    program.stdout.once('data', (line: Buffer) => resolve(JSON.parse(line.toString())))
  })
}

const killPrograms = () =>
  Promise.all(
    programs.splice(0).map(
      (program) =>
        new Promise((resolve) => {
          program.once('exit', resolve)
          program.kill('SIGKILL')
        }),
    ),
  )

const postmaster = () =>
  Number.parseInt(readFileSync(path.join(folder, 'postgres/postmaster.pid'), 'utf8'), 10)

const socketFolderOf = ({ runtimeUrl }: { runtimeUrl: string }) =>
  new URL(runtimeUrl).searchParams.get('host') ?? ''

describe('what a start gives', () => {
  let shared: string
  let server: EmbeddedPostgres
  beforeAll(async () => {
    shared = mkdtempSync(path.join(os.tmpdir(), 'identity-bridge-embedded-'))
    server = await startEmbeddedPostgres({ folder: shared, durable: false })
  })
  afterAll(async () => {
    await server.stop()
    rmSync(shared, { recursive: true, force: true })
  })

  test('design 5 the service connects as the run-time login, the migration as an owner, neither a superuser', async () => {
    const { runtimeUrl, ownerUrl } = server
    const who = `
      SELECT current_user AS name, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb,
             (SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()) AS owner,
             pg_has_role(current_user, 'identity_bridge_owner', 'MEMBER') AS may_own
        FROM pg_roles WHERE rolname = current_user`
    const plain = { rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false }
    const owner = 'identity_bridge_owner'
    expect(await query(runtimeUrl, who)).toEqual([
      { ...plain, name: 'identity_bridge', owner, may_own: false },
    ])
    expect(await query(ownerUrl, who)).toEqual([{ ...plain, name: owner, owner, may_own: true }])
  })

  test('design 5 the owner it gives can build the schema, and the run-time login can use it', async () => {
    const { ownerUrl, runtimeUrl } = server
    const migrations = await readMigrations(migrationFolder())
    await migrate(ownerUrl, migrations)
    const db = openDatabase({ connectionString: runtimeUrl })
    await expect(checkSchema(db, migrations)).resolves.toBeUndefined()
    await expect(checkRuntimeRole(db)).resolves.toBeUndefined()
    await closeDatabase(db)
  })

  test('design 5 no login is let in without its password, not even on the socket', async () => {
    const { superuserUrl, runtimeUrl } = server
    for (const url of [superuserUrl, runtimeUrl]) {
      const without = new URL(url)
      without.password = 'guess'
      await expect(query(without.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' })
    }
    const rules = readFileSync(path.join(shared, 'postgres/pg_hba.conf'), 'utf8')
    expect(rules.split('\n').filter((line) => /^[^#].*\btrust\b/.test(line))).toEqual([])
  })

  test('design 5 it listens on a socket in a short 0700 folder and on no port', async () => {
    const found = lstatSync(socketFolderOf(server))
    expect(found.isDirectory()).toBe(true)
    expect(found.mode & 0o777).toBe(0o700)
    expect(path.basename(socketFolderOf(server))).toMatch(/^identity-bridge-[0-9a-f]{16}$/)
    expect(await query(server.superuserUrl, 'SHOW listen_addresses')).toEqual([
      { listen_addresses: '' },
    ])
  })

  test('design 5 passwords are in one file that only its owner may read', async () => {
    const file = path.join(shared, 'postgres-passwords.json')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const kept = Object.values(JSON.parse(readFileSync(file, 'utf8')))
    expect(new Set(kept).size).toBe(3)
    for (const password of kept) expect(password).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect(readdirSync(shared).sort()).toEqual(['postgres', 'postgres-passwords.json'])
  })

  test('design 5 the server writes no statement and no value into its log', async () => {
    const { runtimeUrl } = server
    const secret = 'subject-4711'
    await expect(query(runtimeUrl, `SELECT '${secret}'::int`)).rejects.toMatchObject({
      code: '22P02',
    })
    const log = readFileSync(path.join(shared, 'postgres/server.log'), 'utf8')
    expect(log).toContain('ready to accept connections')
    expect(log).not.toContain(secret)
  })
})

describe('other ways to start', () => {
  test('design 5 as on Windows it can listen on 127.0.0.1, with passwords', async () => {
    const server = await start({ transport: 'tcp' })
    expect(new URL(server.runtimeUrl).hostname).toBe('127.0.0.1')
    expect(await query(server.superuserUrl, 'SHOW listen_addresses')).toEqual([
      { listen_addresses: '127.0.0.1' },
    ])
    const without = new URL(server.runtimeUrl)
    without.password = 'guess'
    await expect(query(without.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' })
  })

  test('design 5 folders above the data are made where they are missing', async () => {
    chmodSync(folder, 0o711)
    const below = path.join(folder, 'data/postgres')
    const server = await startEmbeddedPostgres({ folder: below, durable: false })
    servers.push(server)
    expect(await query(server.runtimeUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect(statSync(below).mode & 0o066).toBe(0)
    expect(statSync(path.dirname(below)).mode & 0o066).toBe(0)
  })

  test('design 5 data is durable unless a test asks otherwise', async () => {
    const settings = `SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit`
    const usual = await startEmbeddedPostgres({ folder })
    servers.push(usual)
    expect(await query(usual.runtimeUrl, settings)).toEqual([{ fsync: 'on', commit: 'on' }])
    await usual.stop()
    servers.pop()
    expect(await query((await start()).runtimeUrl, settings)).toEqual([
      { fsync: 'off', commit: 'off' },
    ])
  })
})

describe('stopping, dying, starting again', () => {
  test('design 5 what was written is there after a stop and a start', async () => {
    const first = await start()
    await query(first.ownerUrl, `CREATE TABLE kept AS SELECT 7 AS seven`)
    await first.stop()
    await first.gone
    servers.pop()
    expect(existsSync(socketFolderOf(first))).toBe(false)
    const second = await start()
    expect(second.adopted).toBe(false)
    expect(await query(second.ownerUrl, 'SELECT * FROM kept')).toEqual([{ seven: 7 }])
  })

  test('design 5 a second process on the folder is refused, and does not disturb the first', async () => {
    const { runtimeUrl } = await start()
    const { refused } = await startElsewhere()
    expect(refused).toBe(
      `Another process of this service is using ${folder}. Stop it, or give this one a folder of its own.`,
    )
    expect(await query(runtimeUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  test('design 5 of two that start at once one works and the other is refused', async () => {
    const outcomes = await Promise.all([startElsewhere(), startElsewhere()])
    expect(outcomes.filter(({ refused }) => refused === undefined)).toHaveLength(1)
    const winner = outcomes.find(({ runtimeUrl }) => runtimeUrl !== undefined)
    expect(await query(winner?.runtimeUrl ?? '', 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    await killPrograms()
    expect((await start()).adopted).toBe(true)
  })

  test('design 5 a server whose process was killed is adopted with its data', async () => {
    const { runtimeUrl } = await startElsewhere()
    expect(runtimeUrl).toBeDefined()
    const before = postmaster()
    await killPrograms()
    expect(isAlive(before)).toBe(true)
    const adopted = await start()
    expect(adopted.adopted).toBe(true)
    expect(postmaster()).toBe(before)
    expect(adopted.runtimeUrl).toBe(runtimeUrl)
  })

  test('design 5 a killed server is unavailable at once and recovers with everything that was committed', async () => {
    const server = await start({ durable: true })
    await query(server.ownerUrl, 'CREATE TABLE kept AS SELECT 7 AS seven')
    const db = openDatabase({ connectionString: server.runtimeUrl })
    const load = () => transact(db, 'a' as TenantId, [failByDivision({ by: 1 })])
    await load()
    process.kill(postmaster(), 'SIGKILL')
    await server.gone
    await expect(load()).rejects.toMatchObject({ failure: { kind: 'unavailable' } })
    servers.pop()
    const again = await start({ durable: true })
    expect(again.adopted).toBe(false)
    expect(await query(again.ownerUrl, 'SELECT * FROM kept')).toEqual([{ seven: 7 }])
    await expect(load()).resolves.toEqual([[{ result: 1 }]])
    await closeDatabase(db)
  })

  test('design 5 a lock file whose number belongs to another program does not keep it from starting', async () => {
    const server = await start()
    await server.stop()
    servers.pop()
    const file = path.join(folder, 'postgres/postmaster.pid')
    writeFileSync(file, `${process.pid}\n${folder}/postgres\n0\n5432\n/nowhere\n\n\nready\n`)
    await expect(start()).resolves.toMatchObject({ adopted: false })
  })

  test('design 5 a cluster that was killed while being made is made anew', async () => {
    mkdirSync(path.join(folder, 'postgres-new-999999999'))
    writeFileSync(path.join(folder, 'postgres-new-999999999/PG_VERSION'), '18\n')
    const { runtimeUrl } = await start()
    expect(await query(runtimeUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
    expect(readdirSync(folder).sort()).toEqual(['postgres', 'postgres-passwords.json'])
  })
})

describe('what is refused', () => {
  test('design 5 a socket folder that is not ours alone is refused', async () => {
    const server = await start()
    const place = socketFolderOf(server)
    await server.stop()
    servers.pop()
    const elsewhere = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'elsewhere-')))
    symlinkSync(elsewhere, place)
    await expect(start()).rejects.toThrow(SetupRefused)
    rmSync(place)
    mkdirSync(place, { mode: 0o755 })
    await expect(start()).rejects.toThrow('mode 0700')
    rmSync(place, { recursive: true })
    rmSync(elsewhere, { recursive: true })
  })

  test('design 5 a damaged password file is told as what it is', async () => {
    writeFileSync(path.join(folder, 'postgres-passwords.json'), '{"superuser":')
    await expect(start()).rejects.toThrow('postgres-passwords.json cannot be read')
  })

  test('design 5 a folder the server account may not enter is named', () => {
    const closed = path.join(folder, 'closed')
    mkdirSync(closed, { mode: 0o700 })
    chmodSync(folder, 0o755)
    const stranger = { uid: 65533, gid: 65533 }
    expect(() => mustReach(stranger, closed)).toThrow(
      `it runs as uid 65533, which may not enter ${closed}. Run the service as an ordinary user`,
    )
    expect(() => mustReach(stranger, folder)).not.toThrow()
    expect(() => mustReach({}, closed)).not.toThrow()
  })
})
