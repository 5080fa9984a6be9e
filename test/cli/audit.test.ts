/** `cli audit …`, as an operator runs it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createKeyringText } from '../../src/crypto/keyring.ts'
import { signTrail } from '../../src/flow/sign-trail.ts'
import { ONE, startTrails, type Trails, TWO } from '../audit/trails.ts'
import { type Ended, runCli } from '../support/cli.ts'

let trails: Trails
let folder: string
let ended: Ended
beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'identity-bridge-audit-cli-'))
  const keyring = createKeyringText()
  writeFileSync(at('keyring.json'), keyring, { mode: 0o600 })
  trails = await startTrails(keyring)
  await trails.append(ONE, 5)
  await signTrail(trails.means, ONE)
  await trails.append(TWO, 3)
  await signTrail(trails.means, TWO)
  writeFileSync(at('keys.json'), (await cli('keys')).out)
})
afterAll(async () => {
  await trails.stop()
  rmSync(folder, { recursive: true, force: true })
})

const at = (name: string) => path.join(folder, name)
const environment = () => ({
  ...{ PATH: process.env.PATH, DATABASE_URL: trails.runtimeUrl },
  ...{ KEYRING_FILE: at('keyring.json'), AUDIT_CHECKPOINTS: `folder:${trails.folder}` },
})

const cli = (...words: string[]) => runCli(['audit', ...words], environment())

const lineOf = (name: string) =>
  ended.out
    .split('\n')
    .find((line) => line.startsWith(name))
    ?.split(/ {2,}/)

describe('AU-10 verify', () => {
  test('checks every trail against the folder outside, remembers its way, and goes on from there', async () => {
    ended = await cli('verify', '--progress', at('progress.json'))
    expect(ended).toMatchObject({ code: 0, err: '' })
    expect(lineOf(ONE)).toEqual([ONE, 'whole', '0', '5', '1', '0'])
    expect(lineOf(TWO)).toEqual([TWO, 'whole', '0', '3', '1', '0'])
    await trails.append(ONE, 2)
    ended = await cli('verify', ONE, '--progress', at('progress.json'))
    expect(lineOf(ONE)).toEqual([ONE, 'whole', '5', '2', '0', '0'])
    ended = await cli('verify', ONE, '--since-checkpoint', '--jwks', at('keys.json'))
    expect(lineOf(ONE)).toEqual([ONE, 'whole', '5', '2', '0', '0'])
  })

  test('ends with 1 and the first bad row of each broken trail', async () => {
    const edit = `UPDATE audit_event SET detail = '{}' WHERE tenant_id = '${ONE}' AND seq IN (3, 4);
      DELETE FROM audit_event WHERE tenant_id = '${TWO}' AND seq = 3`
    ended = await trails.tamper(edit, () => cli('verify'))
    expect(ended.code).toBe(1)
    expect(lineOf(ONE)?.[1]).toBe('broken at event 3: row_changed')
    expect(lineOf(TWO)?.[1]).toBe('broken at event 3: tail_missing')
    expect(ended.err).toBe('2 of 3 trails are not what was written.')
  })

  test('a tenant that only the folder remembers is missed; a forged line there is refused', async () => {
    const drop = ['audit_event', 'audit_checkpoint', 'audit_head']
      .map((table) => `DELETE FROM ${table} WHERE tenant_id = '${TWO}'`)
      .join('; ')
    ended = await trails.tamper(drop, () => cli('verify'))
    expect(lineOf(TWO)?.[1]).toBe('broken at event 1: tail_missing')
    const kept = readFileSync(path.join(trails.folder, `${ONE}.jws`), 'utf8')
    writeFileSync(at('forged.jws'), kept.replace(/.{5}$/m, 'AAAAA'))
    ended = await cli('verify', '--checkpoints', at('forged.jws'))
    expect(ended.code).toBe(1)
    expect(ended.err).toContain('forged.jws:1 is not to be believed')
    expect(await cli('verify', 'nobody')).toMatchObject({ code: 1, out: '' })
  })
})

describe('export', () => {
  test('NDJSON that ends with the event telling of itself, and can be checked without a database', async () => {
    ended = await cli('export', ONE, '--with-checkpoints')
    expect(ended.code).toBe(0)
    const lines = ended.out.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines.slice(0, -1).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(lines.at(-2)).toMatchObject({
      ...{ tenant: ONE, type: 'audit_exported', detail: { actor: 'cli', after: 0 } },
    })
    expect(lines.at(-1)).toHaveProperty('checkpoint')
    const file = at('export.ndjson')
    writeFileSync(file, `${ended.out}\n`)
    const check = () => cli('verify-export', file, '--jwks', at('keys.json'))
    expect(JSON.parse((await check()).out)).toEqual({ from: 1, events: 8, checkpoints: 1 })
    writeFileSync(file, ended.out.replace('"cancelled"', '"canceled"'))
    expect(await check()).toMatchObject({
      code: 1,
      err: 'The trail is broken at event 1: row_changed.',
    })
    writeFileSync(
      file,
      [...ended.out.split('\n').slice(0, 3), ended.out.split('\n').at(-1)].join('\n'),
    )
    expect(await check()).toMatchObject({
      code: 1,
      err: 'The trail is broken at event 5: tail_missing.',
    })
  })

  test('goes on behind an event, for a program that was there before', async () => {
    ended = await cli('export', ONE, '--after', '7')
    expect(ended.out.split('\n').map((line) => JSON.parse(line).seq)).toEqual([8, 9])
    ended = await cli('export', 'system')
    expect(JSON.parse(ended.out)).toMatchObject({ tenant: 'system', type: 'audit_exported' })
  })
})
