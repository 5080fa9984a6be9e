import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { checkPlaces } from '../src/check-places.ts'
import { ConfigError, DEVELOPMENT_KEYS, readConfig, refuseOwnerAlone } from '../src/config.ts'
import { parseKeyring } from '../src/crypto/keyring.ts'
import { loadKeyring } from '../src/custody/load-keyring.ts'

const FOLDER = mkdtempSync(path.join(os.tmpdir(), 'bridge-config-'))
afterAll(() => rmSync(FOLDER, { recursive: true }))

const PRODUCTION = { NODE_ENV: 'production', PUBLIC_URL: 'https://bridge.example' }

const DATABASE_RULE = 'must be postgresql://login:password@host:port/database'

/** The sentence a bad environment is refused with. */
function refusal(environment: Record<string, string>): string {
  try {
    readConfig(environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  return 'accepted'
}

describe('production refuses', () => {
  test('CR-33 development keys, and so does any address but this machine', () => {
    const keys = { KEYRING: DEVELOPMENT_KEYS }
    const sentence = 'KEYRING: development keys are refused in production and off this machine'
    expect(refusal({ ...PRODUCTION, ...keys })).toBe(sentence)
    expect(refusal({ PUBLIC_URL: 'https://bridge.example', ...keys })).toBe(sentence)
    for (const origin of ['http://localhost:3000', 'http://127.0.0.1:3000', 'http://[::1]:3000'])
      expect(readConfig({ PUBLIC_URL: origin, ...keys }).secrets.keyring).toEqual({
        kind: 'development',
      })
  })

  test('plain http, on loopback too', () => {
    const sentence = 'PUBLIC_URL: must be https in production'
    expect(refusal({ ...PRODUCTION, PUBLIC_URL: 'http://localhost:3000' })).toBe(sentence)
    expect(refusal({ NODE_ENV: 'production' }), 'the default is http').toBe(sentence)
  })

  test('UP-50 the switch that opens loopback to outgoing requests', () => {
    const sentence = 'ALLOW_LOOPBACK: is refused in production'
    expect(refusal({ ...PRODUCTION, ALLOW_LOOPBACK: 'yes' })).toBe(sentence)
    expect(readConfig({ ...PRODUCTION, ALLOW_LOOPBACK: 'no' }).config.allowLoopback).toBe(false)
    expect(readConfig({}).config.allowLoopback).toBe(false)
  })
})

describe('the public address', () => {
  test.each([
    ['http://bridge.example', 'must be https (http on loopback only)'],
    ['ftp://localhost', 'must be https (http on loopback only)'],
    ['bridge.example', 'must be an absolute URL'],
    [
      'https://bridge.example/',
      'must be an origin: scheme, host and port, no path and no trailing slash',
    ],
    [
      'https://bridge.example/path',
      'must be an origin: scheme, host and port, no path and no trailing slash',
    ],
    [
      'https://bridge.example?a=b',
      'must be an origin: scheme, host and port, no path and no trailing slash',
    ],
    [
      'https://me@bridge.example',
      'must be an origin: scheme, host and port, no path and no trailing slash',
    ],
    [
      'https://:pw@bridge.example',
      'must be an origin: scheme, host and port, no path and no trailing slash',
    ],
  ])('%s is refused', (text, rule) => {
    expect(refusal({ PUBLIC_URL: text })).toBe(`PUBLIC_URL: ${rule}`)
  })

  test('is kept as its origin', () => {
    const origin = (text: string) => readConfig({ PUBLIC_URL: text }).config.publicUrl
    expect(origin('https://Bridge.Example:443')).toBe('https://bridge.example')
    expect(origin('https://bridge.example:8443')).toBe('https://bridge.example:8443')
  })
})

describe('the keyring', () => {
  test('CR-35 comes from one place, and a file that cannot be read is named by its variable only', () => {
    expect(refusal({ KEYRING: 'x', KEYRING_FILE: 'y' })).toBe(
      'KEYRING: and KEYRING_FILE exclude each other',
    )
    const nowhere = path.join(FOLDER, 'nowhere.json')
    expect(refusal({ KEYRING_FILE: nowhere })).toMatch(
      /^KEYRING_FILE: names a file that is not there. No other keyring is made in its place/,
    )
    expect(refusal({ KEYRING_FILE: FOLDER })).toBe('KEYRING_FILE: cannot be read')
    const file = path.join(FOLDER, 'keyring.json')
    writeFileSync(file, 'content', { mode: 0o600 })
    const { secrets } = readConfig({ KEYRING_FILE: file })
    expect(secrets.keyring).toEqual({ kind: 'text', text: 'content', file })
  })

  test('CR-35 in a file that others may read is refused; a mounted secret of root may be its group’s', () => {
    const file = path.join(FOLDER, 'open.json')
    writeFileSync(file, 'content')
    for (const mode of [0o644, 0o604, 0o620, 0o666]) {
      chmodSync(file, mode)
      expect(refusal({ KEYRING_FILE: file })).toBe(
        'KEYRING_FILE: can be read by others: chmod 600 it',
      )
    }
    chmodSync(file, 0o640)
    const mine = process.getuid?.() !== 0
    expect(refusal({ KEYRING_FILE: file })).toBe(
      mine ? 'KEYRING_FILE: can be read by others: chmod 600 it' : 'accepted',
    )
  })

  test('CR-33 is never made up: none is an error that says how to make one', async () => {
    const load = (environment: Record<string, string>) =>
      loadKeyring(readConfig(environment).secrets, Date.now)
    await expect(load({})).rejects.toThrow('KEYRING_FILE=keyring.json')
    await expect(load({ KEYRING: '{"not":"a keyring"}' })).rejects.toThrow('keyring: must be')
    expect(() => parseKeyring('')).toThrow()
  })

  test('CR-34 what opens it stands in a variable or in a file, not in both', () => {
    const file = path.join(FOLDER, 'passphrase')
    writeFileSync(file, 'of twelve characters\n')
    const { custody } = readConfig({ KEYRING_PASSPHRASE_FILE: file }).secrets
    expect(custody.passphrase).toBe('of twelve characters')
    expect(refusal({ KEYRING_PASSPHRASE_FILE: file, KEYRING_PASSPHRASE: 'x' })).toBe(
      'KEYRING_PASSPHRASE: and KEYRING_PASSPHRASE_FILE exclude each other',
    )
    expect(refusal({ VAULT_TOKEN_FILE: path.join(FOLDER, 'nowhere') })).toBe(
      'VAULT_TOKEN_FILE: cannot be read',
    )
  })
})

describe('everything else', () => {
  test.each([
    ['PORT', '65536', 'must be a whole number from 0 to 65535'],
    ['PORT', '-1', 'must be a whole number from 0 to 65535'],
    ['PORT', '80a', 'must be a whole number from 0 to 65535'],
    ['PORT', '1e3', 'must be a whole number from 0 to 65535'],
    ['DATABASE_POOL_SIZE', '0', 'must be a whole number from 1 to 200'],
    ['RATE_LIMIT_PER_MINUTE', '0', 'must be a whole number from 1 to 100000000'],
    ['REQUEST_TIMEOUT_SECONDS', '601', 'must be a whole number from 1 to 600'],
    ['SHUTDOWN_TIMEOUT_SECONDS', '1.5', 'must be a whole number from 0 to 600'],
    ['TRUSTED_PROXIES', '9', 'must be a whole number from 0 to 8'],
    ['JOBS', 'true', 'must be yes or no'],
    ['ALLOW_LOOPBACK', '1', 'must be yes or no'],
    ['LOG_LEVEL', 'trace', 'must be one of debug, info, warn, error, silent'],
    ['NODE_ENV', 'prodution', 'must be one of development, test, production'],
    ['DATABASE_URL', 'db.example/bridge', DATABASE_RULE],
    ['DATABASE_OWNER_URL', 'mysql://db.example/bridge', DATABASE_RULE],
  ])('%s=%s is refused, and the value is not repeated', (name, value, rule) => {
    expect(refusal({ [name]: value })).toBe(`${name}: ${rule}`)
  })

  test('intermediary mode is refused, not ignored', () => {
    for (const name of ['INTERMEDIARY', 'INTERMEDIARY_MODE'])
      expect(refusal({ [name]: 'yes' })).toBe(`${name}: intermediary mode is not supported`)
  })

  test('AUDIT_CHECKPOINTS names folders and addresses, separated by spaces', () => {
    const read = (text: string) => readConfig({ AUDIT_CHECKPOINTS: text }).config.auditCheckpoints
    expect(
      read('folder:/srv/kept  webhook:https://a.example/b store:https://c.example/d?e=f'),
    ).toEqual([
      { kind: 'folder', where: '/srv/kept' },
      { kind: 'webhook', where: 'https://a.example/b' },
      { kind: 'store', where: 'https://c.example/d?e=f' },
    ])
    for (const wrong of ['/srv', 'folder:relative', 'webhook:ftp://a.example', 'store:', 'tape:/x'])
      expect(() => read(wrong), wrong).toThrow('AUDIT_CHECKPOINTS')
    const plain = { AUDIT_CHECKPOINTS: 'webhook:http://localhost:1/a' }
    expect(refusal(plain), 'https, as everything that leaves').toContain('AUDIT_CHECKPOINTS')
    expect(refusal({ ...plain, ALLOW_LOOPBACK: 'yes' })).toBe('accepted')
  })

  test('the owner’s URL alone does not lead to a database of our own', () => {
    const { secrets } = readConfig({ DATABASE_OWNER_URL: 'postgresql://owner:x@db.example/bridge' })
    expect(() => refuseOwnerAlone(secrets)).toThrow('DATABASE_OWNER_URL: is for migration only')
    expect(() => refuseOwnerAlone({ ...secrets, databaseUrl: 'postgresql://a' })).not.toThrow()
  })

  test('a ledger or a folder of checkpoints that cannot be written is told before the first erasure', () => {
    const [ledger, folder] = [path.join(FOLDER, 'ledger'), path.join(FOLDER, 'kept', 'here')]
    const places = (file: string, where: string) => ({
      ...{ erasureLedger: file, auditCheckpoints: [{ kind: 'folder' as const, where }] },
    })
    checkPlaces(places(ledger, folder))
    expect([statSync(ledger).size, statSync(folder).isDirectory()]).toEqual([0, true])
    expect(() => checkPlaces(places(path.join(FOLDER, 'no', 'ledger'), folder))).toThrow(
      'ERASURE_LEDGER: cannot be written to (ENOENT)',
    )
    expect(() => checkPlaces(places(ledger, path.join(ledger, 'below')))).toThrow(
      'AUDIT_CHECKPOINTS: cannot be written to (ENOTDIR)',
    )
  })

  test('nothing set means the defaults; blanks are nothing', () => {
    const { config, secrets } = readConfig({ PORT: ' ', DATABASE_URL: '' })
    expect(config).toEqual({
      ...{ publicUrl: 'http://localhost:3000', host: '127.0.0.1', port: 3000, production: false },
      ...{ dataFolder: './data', databasePoolSize: 10, allowLoopback: false, trustedProxies: 0 },
      ...{ rateLimitPerMinute: 3000, requestTimeoutMs: 30_000, shutdownTimeoutMs: 20_000 },
      ...{ logLevel: 'info', jobs: true, erasureLedger: undefined, auditCheckpoints: [] },
    })
    const { custody, ...others } = secrets
    expect(others).toEqual({
      ...{ databaseUrl: undefined, databaseOwnerUrl: undefined, keyring: { kind: 'missing' } },
    })
    expect([custody.passphrase, custody.rootKey, custody.vault.token]).toEqual(Array(3))
    expect(Object.isFrozen(config) && Object.isFrozen(secrets)).toBe(true)
  })
})
