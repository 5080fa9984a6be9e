import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readKeptCheckpoints } from '../../src/cli/trail-files.ts'
import {
  checkpointJwks,
  readCheckpoint,
  readCheckpointKeys,
} from '../../src/crypto/audit-checkpoint.ts'
import { addPendingKey, moveKey } from '../../src/crypto/key-states.ts'
import { createKeyringText, parseKeyring } from '../../src/crypto/keyring.ts'
import { checkpointIsDue, TrailBroken } from '../../src/domain/audit-trail.ts'
import type { TenantId } from '../../src/domain/ids.ts'
import { DAY, MINUTE, toInstant } from '../../src/domain/time.ts'
import { createCheckpointPlaces } from '../../src/flow/checkpoint-places.ts'
import { pruneTrail } from '../../src/flow/prune-trail.ts'
import { signTrail } from '../../src/flow/sign-trail.ts'
import { requireSeals } from '../../src/flow/verify-seals.ts'
import { verifyTrail } from '../../src/flow/verify-trail.ts'
import { type Job, newOwner, runNow } from '../../src/job/lease.ts'
import { verifyAuditJob } from '../../src/job/verify-audit.ts'
import { createLog } from '../../src/log.ts'
import { createMetrics } from '../../src/metrics.ts'
import { createOutbound } from '../../src/outbound/guard.ts'
import { insertAuditEvent } from '../../src/store/audit.ts'
import { ONE, startTrails, type Trails, TWO } from './trails.ts'

const goOn = () => Promise.resolve(true)
const keyringText = createKeyringText()
let trails: Trails
beforeAll(async () => {
  trails = await startTrails(keyringText)
})
afterAll(() => trails.stop())

test('AU-09 a checkpoint is due after a thousand events, after five minutes with any, and for a new key', () => {
  const now = { at: 10 * MINUTE, kid: 'new' }
  const last = { seq: 10, kid: 'new', signedAt: 6 * MINUTE }
  expect(checkpointIsDue({ seq: 1 }, undefined, now)).toBe(true)
  expect(checkpointIsDue({ seq: 11 }, last, now)).toBe(false)
  expect(checkpointIsDue({ seq: 11 }, { ...last, signedAt: 5 * MINUTE }, now)).toBe(true)
  expect(checkpointIsDue({ seq: 10 }, { ...last, signedAt: 0 }, now)).toBe(false)
  expect(checkpointIsDue({ seq: 1009 }, last, now)).toBe(false)
  expect(checkpointIsDue({ seq: 1010 }, last, now)).toBe(true)
  expect(checkpointIsDue({ seq: 10 }, { ...last, kid: 'old' }, now)).toBe(true)
})

describe('where checkpoints are kept', () => {
  let server: Server
  let url: string
  const requests: { line: string; headers: IncomingMessage['headers']; body: string }[] = []
  const there = new Set<string>()
  let status = 201
  beforeAll(async () => {
    server = createServer((request, response) => {
      void text(request).then((body) => {
        const line = `${request.method} ${request.url}`
        requests.push({ line, headers: request.headers, body })
        const again = request.headers['if-none-match'] === '*' && there.has(line)
        there.add(line)
        response.writeHead(again ? 412 : status).end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  test('a webhook hears each, an object store has an object each, with the token; what was there already is no error', async () => {
    const outbound = createOutbound({ allowLoopback: true })
    const places = createCheckpointPlaces({
      places: [
        { kind: 'webhook', where: `${url}/hook` },
        { kind: 'store', where: `${url}/bucket/?sv=1` },
      ],
      ...{ outbound, token: 'secret' },
    })
    const checkpoint = { tenant: 'tenant-one', seq: 7, kid: 'kid', jws: 'a.b.c' }
    await places.keep(checkpoint)
    await places.keep(checkpoint)
    const put = 'PUT /bucket/tenant-one/000000000007-kid.jws?sv=1'
    expect(requests.map(({ line }) => line)).toEqual(['POST /hook', put, 'POST /hook', put])
    for (const { headers, body } of requests) {
      expect(body).toBe('a.b.c')
      expect(headers).toMatchObject({
        ...{ 'content-type': 'application/jose', authorization: 'Bearer secret' },
      })
    }
    expect(places.newest('tenant-one')).toEqual([])
    await outbound.close()
  })

  test('half a line that a power cut left in a folder spoils neither the next one nor the check', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'bridge-half-line-'))
    const outbound = createOutbound({ allowLoopback: true })
    const checkpointPlaces = createCheckpointPlaces({
      ...{ places: [{ kind: 'folder', where: folder }], outbound },
    })
    const means = { ...trails.means, checkpointPlaces }
    const torn = 'torn' as TenantId
    const sign = async () => {
      await trails.append(torn, 1)
      trails.clock.at += 10 * MINUTE
      return await signTrail(means, torn)
    }
    await sign()
    const file = path.join(folder, `${torn}.jws`)
    const first = readFileSync(file, 'utf8')
    writeFileSync(file, `${first}${first.slice(0, -9)}`)
    expect(checkpointPlaces.newest(torn), 'says nothing').toEqual([first.trim()])
    await sign()
    const lines = readFileSync(file, 'utf8').split('\n')
    expect(lines[1]).toBe(`${first.slice(0, -9)}#`)
    expect(checkpointPlaces.newest(torn)).toEqual([lines[2]])
    expect(await verifyTrail(means, torn, goOn)).toBe(2)
    const keys = readCheckpointKeys(checkpointJwks(trails.means.keyring))
    expect(
      readKeptCheckpoints([folder], keys)
        .get(torn)
        ?.map(({ seq }) => seq),
    ).toEqual([1, 2])
    await outbound.close()
    rmSync(folder, { recursive: true })
    await trails.force(
      ['audit_event', 'audit_head', 'audit_checkpoint']
        .map((table) => `DELETE FROM ${table} WHERE tenant_id = '${torn}'`)
        .join('; '),
    )
  })

  test('what a place does not take is not written down as signed, and is tried again', async () => {
    const outbound = createOutbound({ allowLoopback: true })
    const checkpointPlaces = createCheckpointPlaces({
      ...{ places: [{ kind: 'webhook', where: `${url}/hook` }], outbound },
    })
    await trails.append(TWO, 1)
    status = 500
    const means = { ...trails.means, checkpointPlaces }
    await expect(signTrail(means, TWO)).rejects.toThrow('outbound_refused')
    expect(await trails.look(`SELECT FROM audit_checkpoint`)).toEqual([])
    status = 204
    expect(await signTrail(means, TWO)).toMatchObject({ tenant: TWO, seq: 1, start_seq: 0 })
    expect(await trails.look(`SELECT FROM audit_checkpoint`)).toHaveLength(1)
    await outbound.close()
  })
})

describe('the signature', () => {
  test('AU-09 is by a key that the database does not have, and of a type of its own', async () => {
    await trails.append(ONE, 3)
    const claims = await signTrail(trails.means, ONE)
    expect(claims).toMatchObject({ v: 1, tenant: ONE, seq: 3, start_seq: 0 })
    expect(await signTrail(trails.means, ONE), 'nothing new').toBeUndefined()
    const [row] = await trails.look<{ jws: string; kid: string }>(
      `SELECT jws, kid FROM audit_checkpoint WHERE tenant_id = '${ONE}'`,
    )
    const line = readFileSync(`${trails.folder}/${ONE}.jws`, 'utf8')
    expect(line).toBe(`${row?.jws}\n`)
    const jwks = checkpointJwks(trails.means.keyring)
    expect(jwks.keys).toMatchObject([{ kty: 'OKP', crv: 'Ed25519', kid: row?.kid, use: 'sig' }])
    expect(JSON.stringify(jwks)).not.toContain('"d"')
    const keys = readCheckpointKeys(jwks)
    expect(readCheckpoint(row?.jws ?? '', keys)).toEqual(claims)
    const others = readCheckpointKeys(checkpointJwks(parseKeyring(createKeyringText())))
    expect(
      readCheckpoint(row?.jws ?? '', others),
      'a key nobody knows says nothing',
    ).toBeUndefined()
    const [header, payload, signature = ''] = (row?.jws ?? '').split('.')
    const forged = [header, payload, `${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`]
    expect(() => readCheckpoint(forged.join('.'), keys)).toThrow('signature_invalid')
  })

  test('a new version of Key C signs at once, and the trail before it stays checkable', async () => {
    const added = addPendingKey(keyringText, 'C')
    const rotated = moveKey(added.text, 'C', added.version, 'current')
    const means = { ...trails.means, keyring: parseKeyring(rotated) }
    trails.clock.at += MINUTE
    expect(await signTrail(means, ONE)).toMatchObject({ seq: 3 })
    expect(await signTrail(means, ONE)).toBeUndefined()
    const kids = await trails.look(
      `SELECT DISTINCT kid FROM audit_checkpoint WHERE tenant_id = '${ONE}'`,
    )
    expect(kids).toHaveLength(2)
    const retired = { ...means, keyring: parseKeyring(moveKey(rotated, 'C', 1, 'retired')) }
    await trails.append(ONE, 1)
    expect(await signTrail(retired, ONE)).toMatchObject({ seq: 4 })
    expect(await verifyTrail(retired, ONE, goOn)).toBe(4)
    trails.means.keyring = retired.keyring
  })

  test('the daily check sees the tail that only a folder outside remembers', async () => {
    const cut = `DELETE FROM audit_event WHERE tenant_id = '${ONE}' AND seq > 2;
      DELETE FROM audit_checkpoint WHERE tenant_id = '${ONE}'`
    const checking = trails.tamper(cut, () => verifyTrail(trails.means, ONE, goOn))
    await expect(checking).rejects.toMatchObject({ fault: { seq: 3, reason: 'tail_missing' } })
    const file = `${trails.folder}/${ONE}.jws`
    const kept = readFileSync(file, 'utf8')
    writeFileSync(file, `${kept.trim().slice(0, -4)}AAAA\n`)
    await expect(verifyTrail(trails.means, ONE, goOn)).rejects.toThrow(TrailBroken)
    writeFileSync(file, kept)
    expect(await verifyTrail(trails.means, ONE, goOn)).toBe(4)
    expect(await verifyTrail(trails.means, ONE, () => Promise.resolve(false))).toBeUndefined()
  })
})

describe('AU-13 pruning', () => {
  const count = async () =>
    (await trails.look(`SELECT FROM audit_event WHERE tenant_id = '${TWO}'`)).length
  const prune = (days: number) =>
    pruneTrail(trails.means, TWO, toInstant(trails.clock.at - days * DAY), goOn)

  test('removes the prefix up to a start that is signed, and the trail stays whole', async () => {
    await trails.append(TWO, 19)
    expect(await count()).toBe(20)
    expect(await prune(30)).toBe(0)
    expect(await prune(10.5)).toBe(9)
    expect(await count()).toBe(12)
    const verdict = await trails.verify(TWO)
    expect(verdict).toMatchObject({ from: { seq: 9 }, place: { seq: 21 }, fault: undefined })
    const [event] = await trails.look<{ detail: string }>(
      `SELECT detail FROM audit_event WHERE event_type = 'audit_pruned'`,
    )
    expect(JSON.parse(event?.detail ?? '')).toEqual({ until: 9, removed: 9 })
    expect(await prune(10.5), 'again').toBe(0)
    const newest = trails.witnessed(TWO).at(-1)
    expect(newest).toMatchObject({ start_seq: 9, seq: 20 })
    const unsigned = `DELETE FROM audit_event WHERE tenant_id = '${TWO}' AND seq = 10`
    expect((await trails.tamper(unsigned, () => trails.verify(TWO))).fault).toEqual({
      ...{ seq: 10, reason: 'row_missing' },
    })
  })

  test('a trail of which everything is old keeps its newest event and the one that tells of the pruning', async () => {
    trails.clock.at += 100 * DAY
    expect(await prune(30)).toBe(11)
    expect(await count()).toBe(2)
    expect((await trails.verify(TWO, trails.witnessed(TWO))).fault).toBeUndefined()
  })

  test('AU-08 the database removes nothing without a checkpoint, nothing young, nothing for another row', async () => {
    const call = (tenant: string) =>
      trails.db.pool.query(`BEGIN; SELECT set_config('app.tenant_id', '${tenant}', true);
        SELECT audit_prune('${tenant}', 100); COMMIT`)
    await call(TWO)
    expect(await count(), 'there is nothing to remove').toBe(2)
    trails.clock.at = Date.now()
    await trails.append(TWO, 2)
    const last = await signTrail(trails.means, TWO)
    const forge = (start: number, hash: string) => `
      INSERT INTO audit_checkpoint SELECT tenant_id, seq, row_hash, ${start}, ${hash}, kid, jws, created_at FROM audit_checkpoint
       WHERE tenant_id = '${TWO}' AND seq = ${last?.seq}`
    const hashOf = (seq: number) =>
      `(SELECT row_hash FROM audit_event WHERE tenant_id = '${TWO}' AND seq = ${seq})`
    const young = (last?.seq ?? 0) - 1
    for (const row of [forge(young, hashOf(young)), forge(21, `repeat('a', 64)`)])
      await trails.tamper(row, async () => {
        await expect(call(TWO)).rejects.toMatchObject({ code: '55000' })
        await trails.db.pool.query('ROLLBACK')
      })
    const mine = trails.db.pool.query(`BEGIN; SELECT set_config('app.tenant_id', '${TWO}', true);
      DELETE FROM audit_event`)
    await expect(mine).rejects.toMatchObject({ code: '42501' })
    expect(await count()).toBe(4)
  })
})

describe('the trail of a tenant that ended', () => {
  test('AU-13 is checked every day as any other, pruned when its time has come, and tells of it elsewhere', async () => {
    await trails.look(
      `UPDATE tenant SET enabled = 0, ended_at = '2026-01-01T00:00:00.000Z' WHERE id = '${ONE}'`,
    )
    const detail = { type: 'tenant_ended', actor: 'cli', messages: 0 } as const
    trails.clock.at = Date.UTC(2026, 2, 1)
    const ending = insertAuditEvent(ONE, crypto.randomUUID(), toInstant(trails.clock.at), {
      detail,
    })
    await trails.run(ending, ONE)
    expect(await signTrail(trails.means, ONE, { last: true })).toMatchObject({ last: true })
    await expect(trails.append(ONE, 1)).rejects.toMatchObject({ sqlState: '55000' })

    const { db, keyring } = trails.means
    const log = createLog('silent')
    const metrics = createMetrics({ processMetrics: false })
    const run = (job: Job) =>
      runNow({ db, clock: trails.means.clock, log, metrics }, job, newOwner())
    const walked: string[] = []
    const noted = (tenant: TenantId) => {
      walked.push(tenant)
      return Promise.resolve({})
    }
    await run({ name: 'living', next: (now) => now, run: (_, tenant) => noted(tenant) })
    expect(walked).not.toContain(ONE)
    const cut = `DELETE FROM audit_event WHERE tenant_id = '${ONE}' AND event_type = 'tenant_ended'`
    const daily = (days: number) =>
      verifyAuditJob({
        verify: (tenant, goesOn) => verifyTrail(trails.means, tenant, goesOn),
        verifySeals: (tenant, goesOn) => requireSeals(trails.means, tenant, goesOn),
        prune: (tenant, goesOn) =>
          tenant === ONE
            ? pruneTrail(trails.means, tenant, toInstant(trails.clock.at - days * DAY), goesOn)
            : Promise.resolve(0),
      })
    expect((await trails.tamper(cut, () => run(daily(730))))?.word, 'a tail cut off').toBe('failed')
    expect(await run(daily(730))).toMatchObject({ word: 'ok', counts: { pruned: 0 } })

    trails.clock.at += 100 * DAY
    expect(await run(daily(90))).toMatchObject({ word: 'ok', counts: { pruned: 4 } })
    const left = await trails.look(`SELECT event_type FROM audit_event WHERE tenant_id = '${ONE}'`)
    expect(left).toEqual([{ event_type: 'tenant_ended' }])
    const told = await trails.look<{ detail: string }>(
      `SELECT detail FROM audit_event WHERE tenant_id = 'system' AND event_type = 'audit_pruned'`,
    )
    expect(told.map((row) => JSON.parse(row.detail))).toEqual([
      { until: 4, removed: 4, tenant: ONE },
    ])
    const keys = readCheckpointKeys(checkpointJwks(keyring))
    const jws = readFileSync(`${trails.folder}/${ONE}.jws`, 'utf8').trim().split('\n').at(-1)
    expect(readCheckpoint(jws ?? '', keys)).toMatchObject({ seq: 5, start_seq: 4, last: true })
    expect(await run(daily(90))).toMatchObject({ word: 'ok', counts: { pruned: 0 } })
  })
})
