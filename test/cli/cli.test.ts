import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createKeyringText } from '../../src/crypto/keyring.ts'
import { startEmbeddedPostgres } from '../../src/embedded/postgres.ts'
import { authenticateAdmin } from '../../src/flow/authenticate-admin.ts'
import { startService } from '../../src/service.ts'
import { migrate, migrationFolder, readMigrations } from '../../src/store/migrate.ts'
import { type Bridge, startBridge } from '../support/bridge.ts'
import { type Ended, runCli } from '../support/cli.ts'
import { query } from '../support/postgres.ts'

const KEYRING = createKeyringText()

let bridge: Bridge
let folder: string

beforeAll(async () => {
  bridge = await startBridge({ keyring: KEYRING })
  folder = mkdtempSync(path.join(os.tmpdir(), 'identity-bridge-cli-'))
  chmodSync(folder, 0o711) // a server that root starts runs as nobody, who must be able to pass
})
afterAll(async () => {
  await bridge.stop()
  rmSync(folder, { recursive: true, force: true })
})

const cli = (words: readonly string[], environment: Record<string, string> = {}) =>
  runCli(words, environment)

/** The same as an operator does it: a process of its own, with this environment and nothing else. */
function spawned(words: readonly string[], environment: Record<string, string>): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['src/cli.ts', ...words], {
      env: { PATH: process.env.PATH, ...environment },
    })
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')))
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString('utf8')))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code: code ?? -1, out: out.trim(), err: err.trim() }))
  })
}

const onDatabase = () => ({ DATABASE_URL: bridge.database.runtimeUrl })

test('issue 3 item 11 providers are listed with their health, and switched', async () => {
  const seen = async () => (await cli(['provider', 'list', 'demo'], onDatabase())).out
  const word = (line: string) => line.split(/ {2,}/).slice(0, 4)
  const surf = ['surf', bridge.institution.issuer]
  expect(word((await seen()).split('\n')[1] ?? '')).toEqual([...surf, 'on', 'off'])
  const off = await cli(['provider', 'set', 'demo', 'surf', '--enabled', 'off'], onDatabase())
  expect(word(off.out.split('\n')[1] ?? '')).toEqual([...surf, 'off', 'off'])
  await cli(['provider', 'set', 'demo', 'surf', '--enabled', 'on'], onDatabase())
  expect(word((await seen()).split('\n')[1] ?? '')).toEqual([...surf, 'on', 'off'])
  // It speaks for a list of institutions.
  const proof = ['provider', 'set', 'demo', 'surf', '--email-is-proof', 'on']
  expect(await cli(proof, onDatabase())).toMatchObject({
    ...{ code: 1, err: expect.stringContaining('email_is_proof') },
  })
})

describe('issue 9 keys', () => {
  test('are written for their owner alone, and never over others', async () => {
    const file = path.join(folder, 'keyring.json')
    const made = await cli(['keys', 'create', '--out', file])
    expect(made).toMatchObject({ code: 0, out: '' })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const text = readFileSync(file, 'utf8')
    const again = await cli(['keys', 'create', '--out', file])
    expect(again.code).toBe(1)
    expect(again.err).toContain('is there already')
    expect(readFileSync(file, 'utf8')).toBe(text)

    const checked = await cli(['keys', 'check'], { KEYRING_FILE: file })
    expect(checked).toMatchObject({ code: 0, err: '' })
    expect(checked.out.split('\n').map((line) => line.split(/ +/))).toEqual([
      ...[
        ['key', 'version', 'state'],
        ['A', '1', 'current'],
        ['B', '1', 'current'],
        ['C', '1', 'current'],
      ],
    ])
    for (const { secret } of (JSON.parse(text) as { keys: { secret: string }[] }).keys) {
      expect([made.err, checked.out].join()).not.toContain(secret)
    }
  })
  test('CR-33 that are not the database’s own are found out', async () => {
    const file = path.join(folder, 'another.json')
    await cli(['keys', 'create', '--out', file])
    const environment = { KEYRING_FILE: file, ...onDatabase() }
    const checked = await cli(['keys', 'check', '--database'], environment)
    expect(checked.code).toBe(1)
    const mismatch = 'Key A version 1 is not the key this database was written with'
    expect(checked.err).toBe(mismatch)
    // Whoever it would have been is not "nobody", and nothing is sealed under it.
    for (const words of [
      ['people', 'find', 'demo', 'surf=somebody'],
      ['signing-keys', 'rotate', 'demo'],
      ['erase', 'demo', '--account', 'surf=somebody', '--ground', 'objection'],
      ['jobs', 'run', 'expire-journeys'],
    ])
      expect(await cli(words, environment), words[0]).toMatchObject({ code: 1, err: mismatch })
  })
  test('that are broken, or missing, are said so in a sentence without them', async () => {
    const secret = 'a'.repeat(43)
    const broken = await cli(['keys', 'check'], { KEYRING: `{"keys":[{"secret":"${secret}"}]}` })
    expect(broken.code).toBe(1)
    expect(broken.err).toContain('keyring entry 1')
    expect(broken.err).not.toContain(secret)
    expect(await cli(['keys', 'check'])).toMatchObject({
      code: 1,
      err: 'There is no keyring to check: set KEYRING_FILE or KEYRING.',
    })
  })
})

describe('issue 9 tokens', () => {
  test('one is made, printed once and alone, listed without itself, and revoked', async () => {
    const words = [
      '--name',
      'from the shell',
      '--scope',
      'clients:manage',
      'audit:read',
      '--days',
      '7',
    ]
    const made = await spawned(['token', 'create', ...words, '--tenant', 'demo'], onDatabase())
    expect(made.code).toBe(0)
    expect(made.out).toMatch(/^iba_[A-Za-z0-9_-]{43}$/)
    expect(made.err).not.toContain(made.out)
    const actor = await authenticateAdmin(bridge.deps, made.out)
    expect(actor.scopes).toEqual(['audit:read', 'clients:manage'])
    expect(actor.forTenant).toBeDefined()

    const listed = await cli(['token', 'list'], onDatabase())
    expect(listed.out).toContain(`${actor.id}  from the shell  demo    audit:read clients:manage`)
    expect(listed.out).not.toContain(made.out)

    expect((await cli(['token', 'revoke', actor.id], onDatabase())).code).toBe(0)
    await expect(authenticateAdmin(bridge.deps, made.out)).rejects.toThrow('admin_unauthenticated')
    const rows = await query<{ event_type: string; detail: string }>(
      bridge.database.superuserUrl,
      "SELECT event_type, detail FROM audit_event WHERE tenant_id = 'system' ORDER BY seq DESC LIMIT 2",
    )
    expect(rows.map(({ event_type }) => event_type)).toEqual([
      'admin_token_revoked',
      'admin_token_created',
    ])
    expect(JSON.parse(rows[0]?.detail ?? '{}')).toMatchObject({ actor: 'cli' })
    expect(bridge.lines.join('\n')).not.toContain(made.out)
  })
  test.each<[string, string[], string]>([
    ['an unknown option', ['token', 'list', '--all'], "unknown option '--all'"],
    [
      'an unknown scope',
      ['token', 'create', '--name', 'x', '--scope', 'all:manage'],
      'Allowed choices are',
    ],
    [
      'no scope',
      ['token', 'create', '--name', 'x'],
      "required option '--scope <scope...>' not specified",
    ],
    [
      'no name',
      ['token', 'create', '--scope', 'all'],
      "required option '--name <name>' not specified",
    ],
    [
      'too many days',
      ['token', 'create', '--name', 'x', '--scope', 'all', '--days', '366'],
      'from 1 to 365',
    ],
    [
      'an unknown tenant',
      ['token', 'create', '--name', 'x', '--scope', 'all', '--tenant', 'nobody'],
      'There is nothing of that name',
    ],
    ['a token there is not', ['token', 'revoke', 'nothing'], 'There is nothing of that name'],
    ['a word too many', ['token', 'list', 'all'], 'too many arguments'],
    ['an unknown command', ['tokens'], "unknown command 'tokens'"],
    ['an unknown part of one', ['keys', 'delete'], "unknown command 'delete'"],
    ['what to do next', ['keys', 'delete'], '(--help shows what there is)'],
    [
      'a key set that is none',
      ['receipt', 'verify', 'README.md', '--jwks', 'README.md'],
      'A file that has to be JSON is not.',
    ],
    ['nobody to find', ['people', 'find', 'demo'], 'Say whom.'],
    [
      'a file there is not',
      ['registrations', 'put', 'demo', '/nowhere/at/all'],
      '/nowhere/at/all is not there (ENOENT)',
    ],
  ])('%s ends with 1, a sentence and no token', async (_, words, sentence) => {
    const ended = await cli(words, onDatabase())
    expect(ended.code).toBe(1)
    expect(ended.err).toContain(sentence)
    expect(ended.out).toBe('')
  })
  test('a process of its own ends with that 1 too, and says it on standard error', async () => {
    const ended = await spawned(['keys', 'delete'], {})
    expect(ended).toMatchObject({ code: 1, out: '' })
    expect(ended.err).toContain("unknown command 'delete'")
  })
  test('npm run reads .env beside it, and what the environment says counts more', async () => {
    writeFileSync(path.join(folder, '.env'), 'LOG_LEVEL=warn\nJOBS=no\nKEYRING_FILE=\n')
    const words = ['--import', pathToFileURL(path.resolve('src/env-file.ts')).href, '-p']
    const told = (cwd: string) =>
      execFileSync(process.execPath, [...words, '[process.env.LOG_LEVEL, process.env.JOBS]+""'], {
        ...{ cwd, encoding: 'utf8', env: { PATH: process.env.PATH, JOBS: 'yes' } },
      }).trim()
    expect(told(folder)).toBe('warn,yes')
    expect(told(os.tmpdir()), 'none there').toBe(',yes')
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
    for (const name of ['start', 'migrate', 'cli'])
      expect(scripts[name]).toMatch(/^node --import \.\/src\/env-file\.ts src\//)
  })
  test('a port that is taken, or an address of another machine, is named by its variable', async () => {
    const start = (host: string, port: number) =>
      startService(
        { ...bridge.deps.config, host, port },
        {
          ...{ databaseUrl: bridge.database.runtimeUrl, keyring: bridge.deps.keyring },
          ...{ clock: Date.now, log: bridge.deps.log },
        },
      )
    const { port } = new URL(bridge.url)
    await expect(start('127.0.0.1', Number(port))).rejects.toThrow('PORT: something else listens')
    await expect(start('192.0.2.1', 0)).rejects.toThrow('HOST: is no address of this machine')
  })
  test('a database out of reach is said so, without its URL', async () => {
    const url = 'postgresql://someone:password@127.0.0.1:1/nothing'
    const ended = await cli(['token', 'list'], { DATABASE_URL: url })
    expect(ended).toEqual({
      ...{ code: 1, out: '' },
      err: 'The database does not answer (ECONNREFUSED): see whether it is up, and host and port in the URL.',
    })
    const stranger = new URL(bridge.database.runtimeUrl)
    stranger.password = 'anything'
    expect((await cli(['token', 'list'], { DATABASE_URL: stranger.href })).err).toBe(
      'The database does not take this login and password (28P01): see the URL.',
    )
  })
})

test('issue 9 tenants and jobs are listed', async () => {
  const tenants = await cli(['tenant', 'list'], { ...onDatabase(), PUBLIC_URL: bridge.url })
  expect(tenants.code).toBe(0)
  expect(tenants.out.split('\n').at(-1)?.split(/ {2,}/)).toEqual([
    ...['demo', 'demo university', 'on', 'off', bridge.tenant.issuer],
  ])
  const jobs = await cli(['jobs', 'list'], onDatabase())
  expect(jobs.code).toBe(0)
  expect(jobs.out.split('\n')[0]?.split(/ {2,}/)).toEqual([
    ...['job', 'due', 'running until', 'last finished', 'last outcome'],
  ])
})

test('issue 5 a job is run by hand, paused and resumed', async () => {
  const keys = path.join(folder, 'jobs-keyring.json')
  writeFileSync(keys, KEYRING, { mode: 0o600 })
  const environment = { ...onDatabase(), PUBLIC_URL: bridge.url, KEYRING_FILE: keys }
  const run = (word: string, name = 'expire-journeys') => cli(['jobs', word, name], environment)
  const ran = await run('run')
  expect(ran).toMatchObject({ code: 0, err: '' })
  expect(JSON.parse(ran.out)).toMatchObject({ journeys: 0 })
  expect((await run('pause')).code).toBe(0)
  expect(await run('run')).toMatchObject({
    code: 1,
    err: 'It is paused, or somebody else is at it.',
  })
  expect((await cli(['jobs', 'list'], onDatabase())).out).toMatch(/^expire-journeys +paused/m)
  expect((await run('resume')).code).toBe(0)
  expect(await run('run', 'nothing')).toMatchObject({
    code: 1,
    err: 'There is no job of that name.',
  })
})

test('issue 5 how long data is kept is listed, tried, set, and written into the record of processing', async () => {
  const retention = (...words: string[]) => cli(['retention', ...words], onDatabase())
  const tried = await retention('plan', 'demo', 'links', '--days', '365')
  expect(tried.out).toMatch(/^links +0 +0$/m)
  expect((await retention('set', 'demo', 'links', '--days', '365')).out).toBe('365 days')
  expect((await retention('list', 'demo')).out).toMatch(/^links +365 days +0 +/m)
  const refused = await retention('set', 'demo', 'auxiliary', '--days', '3')
  expect(refused).toMatchObject({ code: 1, err: 'days: this kind ends by itself' })
  expect((await retention('record', 'demo')).out).toContain(
    '# Record of processing: demo university',
  )
  const [event] = await query<{ detail: string }>(
    bridge.database.superuserUrl,
    `SELECT detail FROM audit_event WHERE event_type = 'retention_changed'`,
  )
  expect(event?.detail).toBe('{"actor":"cli","kind":"links"}')
})

test('a tenant’s switches are turned, audited, and seen by the running service', async () => {
  const environment = { ...onDatabase(), PUBLIC_URL: bridge.url }
  const turned = await cli(['tenant', 'set', 'demo', '--direct-login', 'on'], environment)
  expect(turned.code).toBe(0)
  expect(turned.out).toMatch(/^direct login +on$/m)
  expect(turned.out).toMatch(/^cross device +on$/m)
  const strict = await cli(
    ['tenant', 'set', 'demo', '--haip', 'on', '--digital-credentials', 'off'],
    environment,
  )
  expect(strict.out).toMatch(/^haip +on$/m)
  expect(strict.out).toMatch(/^digital credentials +off$/m)
  expect(strict.out).toMatch(/^cross device +off$/m)
  const coarse = await cli(['tenant', 'set', 'demo', '--last-used', 'day'], environment)
  expect(coarse.out).toMatch(/^last used +day$/m)
  bridge.clock.advance(2_000)
  const page = await fetch((await bridge.tenant.relyingParty.begin()).url)
  expect(await page.text()).toContain('/direct"')
  const [event] = await query(
    bridge.database.superuserUrl,
    `SELECT detail FROM audit_event WHERE event_type = 'tenant_updated' ORDER BY seq DESC LIMIT 1`,
  )
  expect(event?.detail).toBe('{"actor":"cli"}')
  for (const words of [
    ['nowhere', '--direct-login', 'on'],
    ['demo', '--direct-login', 'perhaps'],
    // The demo's tenant has nothing that the profile refuses; this word is refused.
    ['demo', '--haip', 'maybe'],
    ['demo', '--last-used', 'never'],
  ])
    expect((await cli(['tenant', 'set', ...words], environment)).code).toBe(1)
})

describe('issue 9 without DATABASE_URL', () => {
  test('a command starts the embedded database for its while, and joins the one that is running', async () => {
    const data = path.join(folder, 'data')
    const create = ['token', 'create', '--name', 'x', '--scope', 'all']
    const alone = await spawned(create, { DATA_DIR: data })
    expect(alone.code, alone.err).toBe(0)

    const running = await startEmbeddedPostgres({
      folder: path.join(data, 'postgres'),
      durable: false,
    })
    try {
      expect(running.adopted).toBe(false)
      expect(await migrate(running.ownerUrl, await readMigrations(migrationFolder()))).toEqual([])
      const beside = await cli(create, { DATA_DIR: data })
      expect(beside.code, beside.err).toBe(0)
      const rows = await query(running.superuserUrl, 'SELECT id FROM admin_token')
      expect(rows).toHaveLength(2)
    } finally {
      await running.stop()
    }
  })
})
