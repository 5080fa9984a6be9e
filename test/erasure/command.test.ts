/** `cli erase` and `cli receipt verify`, as an operator runs them. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createKeyringText } from '../../src/crypto/keyring.ts'
import { type EcPublicJwk, thumbprint } from '../../src/crypto/thumbprint.ts'
import { newPerson, rowsOf } from '../people/people.ts'
import { type Bridge, startBridge } from '../support/bridge.ts'
import { runCli } from '../support/cli.ts'
import { query } from '../support/postgres.ts'

let bridge: Bridge
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'identity-bridge-erasure-'))
  const keyring = createKeyringText()
  writeFileSync(path.join(folder, 'keyring.json'), keyring, { mode: 0o600 })
  bridge = await startBridge({ keyring })
})
afterAll(async () => {
  await bridge.stop()
  rmSync(folder, { recursive: true, force: true })
})

const environment = () => ({
  ...{ DATABASE_URL: bridge.database.runtimeUrl, PUBLIC_URL: bridge.url, ALLOW_LOOPBACK: 'yes' },
  KEYRING_FILE: path.join(folder, 'keyring.json'),
})
const cli = (...words: string[]) => runCli(words, environment())

describe('issue 5 item 1: by CLI', () => {
  test('a person is erased, the receipt is printed and believed; a changed one is not', async () => {
    const person = await newPerson(bridge, bridge.tenant, 'sanne')
    const missing = await cli('erase', 'demo', '--ground', 'objection')
    expect(missing).toMatchObject({ code: 1, err: 'Say whom: --person, --account or another.' })
    const value = bridge.institution.subjectOf('sanne', 'bridge-demo')
    const erased = await cli('erase', 'demo', '--account', `surf=${value}`, '--ground', 'objection')
    expect(erased.err).toContain('Erased at')
    expect(erased.code).toBe(0)
    const [row] = await rowsOf(bridge, bridge.tenant, 'identity')
    expect(row).toMatchObject({ id: person.id, status: 'ERASED' })
    const again = await cli('erase', 'demo', '--person', person.id, '--ground', 'objection')
    expect(again.out).toBe(erased.out)

    const files = { receipt: path.join(folder, 'receipt.jwt'), jwks: path.join(folder, 'jwks') }
    writeFileSync(files.receipt, `${erased.out}\n`)
    writeFileSync(files.jwks, await (await fetch(`${bridge.tenant.issuer}/jwks`)).text())
    const checked = await cli('receipt', 'verify', files.receipt, '--jwks', files.jwks)
    expect(checked).toMatchObject({ code: 0, err: 'The receipt is genuine.' })
    expect(JSON.parse(checked.out)).toMatchObject({ ground: 'objection', persons: [person.id] })
    const [header, payload, signature = ''] = erased.out.split('.')
    const swapped = `${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`
    writeFileSync(files.receipt, [header, payload, swapped].join('.'))
    const refused = await cli('receipt', 'verify', files.receipt, '--jwks', files.jwks)
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toContain('signature_invalid')
  })
})

test('GD-11 a line for which the disk has no room is taken back; asked again, it is there whole', async () => {
  const tenant = await bridge.addTenant('full-disk')
  const { id } = await newPerson(bridge, tenant, 'sanne')
  const ledger = path.join(folder, 'ledger')
  const lines = '\n'.repeat(500)
  writeFileSync(ledger, lines)
  // The same for a process as a full disk: files may be no longer than one block, of 512 bytes or 1024.
  const limited = ['-c', 'ulimit -f 1; exec "$0" src/cli.ts "$@"', process.execPath]
  const words = ['erase', tenant.slug, '--person', id, '--ground', 'objection']
  const ended = promisify(execFile)('sh', [...limited, ...words], {
    env: { ...environment(), PATH: process.env.PATH, ERASURE_LEDGER: ledger },
  })
  await expect(ended).rejects.toMatchObject({ code: 1 })
  expect(await rowsOf(bridge, tenant, 'identity', `status = 'ERASED'`)).toHaveLength(1)
  expect(readFileSync(ledger, 'utf8')).toBe(lines)
  const again = await runCli(words, { ...environment(), ERASURE_LEDGER: ledger })
  expect(again.code).toBe(0)
  const noted = JSON.parse(readFileSync(ledger, 'utf8').slice(lines.length))
  expect(noted).toMatchObject({ persons: [id], receipt: again.out })
})

describe('issue 5 item 2: people by CLI', () => {
  test('found, exported, restricted and brought back', async () => {
    const person = await newPerson(bridge, bridge.tenant, 'milan')
    const value = bridge.institution.subjectOf('milan', 'bridge-demo')
    const found = await cli('people', 'find', 'demo', `surf=${value}`)
    expect(found.out).toContain(`${person.id}  ACTIVE`)
    const key = thumbprint(person.wallet.publicJwk as EcPublicJwk)
    const byKey = await cli('people', 'find', 'demo', '--key', key)
    expect(byKey.out).toBe(found.out)
    expect((await cli('people', 'find', 'demo', '--did', 'did:example:1')).code).toBe(1)
    for (const words of [[], ['--key', 'x'], ['--key', key, '--did', 'did:example:1']])
      expect((await cli('people', 'find', 'demo', ...words)).code, words.join(' ')).not.toBe(0)
    const told = await cli('people', 'export', 'demo', person.id)
    expect(JSON.parse(told.out)).toMatchObject({ links: [{ account: value }] })
    await query(
      bridge.database.superuserUrl,
      `INSERT INTO consent (tenant_id, identity_id, client_id, scopes, claims, created_at, updated_at)
       SELECT tenant_id, id, 'app', '["openid"]', '["given_name"]', created_at, created_at FROM identity WHERE id = '${person.id}'`,
    )
    expect((await cli('people', 'consents', 'demo', person.id)).out).toContain('Course catalogue')
    const left = await cli('people', 'withdraw', 'demo', person.id, 'app')
    expect([left.code, left.out.includes('given_name')]).toEqual([0, false])
    expect((await cli('tenant', 'set', 'demo', '--consent', 'off')).out).toContain('consent')
    expect((await cli('people', 'restrict', 'demo', person.id)).out).toContain('RESTRICTED')
    const [match] = await rowsOf<{ id: string }>(
      ...([
        bridge,
        bridge.tenant,
        'identity_match',
        `internal_identity_id = '${person.id}'`,
      ] as const),
    )
    const refused = await cli('people', 'unlink', 'demo', person.id, match?.id ?? '')
    expect(refused).toMatchObject({ code: 1, err: 'Not now: the person is not active.' })
    expect((await cli('people', 'lift', 'demo', person.id)).out).toContain('ACTIVE')
    const ended = await cli('people', 'unlink', 'demo', person.id, match?.id ?? '')
    expect(ended.out).toContain('ADMIN_REQUEST')
    const back = await cli('people', 'restore', 'demo', person.id, match?.id ?? '')
    expect(back.out).not.toContain('ADMIN_REQUEST')
  })
})
