/** The audit trail as it is asked for: by type, time, client and login, page by page. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCheckpoint, readCheckpointKeys } from '../../src/crypto/audit-checkpoint.ts'
import { ADMIN_SCOPE_NAMES, type AdminActor } from '../../src/domain/admin.ts'
import type { AuditDetail } from '../../src/domain/audit.ts'
import type { ClientId, CorrelationId } from '../../src/domain/ids.ts'
import { MINUTE } from '../../src/domain/time.ts'
import {
  type AuditPage,
  type AuditSelection,
  NEWEST,
  readTenantAudit,
} from '../../src/flow/read-audit-events.ts'
import { readCheckpoints } from '../../src/flow/read-checkpoints.ts'
import { signTrail } from '../../src/flow/sign-trail.ts'
import { insertAuditEvent } from '../../src/store/audit.ts'
import { day } from '../store/tenant-database.ts'
import { ONE, startTrails, type Trails, TWO } from './trails.ts'

const ACTOR: AdminActor = { id: 'test', scopes: ADMIN_SCOPE_NAMES }
const JOURNEY = 'journey-one' as CorrelationId
const [APP, OTHER] = ['app', 'other'] as [ClientId, ClientId]

let trails: Trails
beforeAll(async () => {
  trails = await startTrails()
  // Two events a day for ten days: seq 1 and 2 on day 1, and so on.
  for (let n = 0; n < 20; n++) {
    const detail: AuditDetail =
      n % 2 === 0
        ? { type: 'login_refused', reason: 'cancelled' }
        : { type: 'code_replayed', grant_revoked: true }
    const event = {
      detail,
      clientId: n < 6 ? APP : OTHER,
      ...(n === 4 || n === 5 ? { correlationId: JOURNEY } : {}),
    }
    const now = day(1 + Math.floor(n / 2))
    await trails.run(insertAuditEvent(ONE, crypto.randomUUID(), now, event), ONE)
  }
})
afterAll(() => trails.stop())

type ByTime = Extract<AuditSelection, { by: 'time' }>
const ask = (selection: Partial<ByTime>, slug: string = ONE): Promise<AuditPage> =>
  readTenantAudit({ db: trails.db }, ACTOR, slug, {
    ...{ by: 'time', before: NEWEST, limit: 50 },
    ...selection,
  })
const seqs = async (selection: Partial<ByTime>) =>
  (await ask(selection)).events.map(({ seq }) => seq)

test('issue 5 item 7 by time: from is in, until is not, either may be missing', async () => {
  expect(await seqs({ from: day(9) })).toEqual([20, 19, 18, 17])
  expect(await seqs({ until: day(3) })).toEqual([4, 3, 2, 1])
  expect(await seqs({ from: day(2), until: day(3) })).toEqual([4, 3])
  expect(await seqs({ from: day(3), until: day(3) })).toEqual([])
  expect(await seqs({ from: day(30) })).toEqual([])
  expect(await seqs({ until: day(1) })).toEqual([])
})

test('issue 5 item 7 by type and client, alone and together', async () => {
  expect(await seqs({ type: 'code_replayed', from: day(9) })).toEqual([20, 18])
  expect(await seqs({ clientId: APP })).toEqual([6, 5, 4, 3, 2, 1])
  expect(await seqs({ clientId: APP, type: 'code_replayed', from: day(2) })).toEqual([6, 4])
  expect(await seqs({ clientId: 'nobody' as ClientId })).toEqual([])
})

test('issue 5 item 7 pages follow one another without a gap or a repeat, whatever is asked for', async () => {
  for (const selection of [
    {},
    { type: 'login_refused' },
    { clientId: OTHER },
    { clientId: OTHER, type: 'login_refused' },
    { from: day(2), until: day(8) },
  ] satisfies Partial<ByTime>[]) {
    const whole = await seqs(selection)
    const paged: number[] = []
    let before = NEWEST
    for (;;) {
      const { events, next } = await ask({ ...selection, before, limit: 3 })
      paged.push(...events.map(({ seq }) => seq))
      if (next === undefined) break
      before = next
    }
    expect(paged).toEqual(whole)
  }
})

test('issue 5 item 7 the events of one login, in the order they happened', async () => {
  const { events, next } = await readTenantAudit({ db: trails.db }, ACTOR, ONE, {
    ...{ by: 'correlation', correlationId: JOURNEY },
  })
  expect([events.map(({ seq }) => seq), next]).toEqual([[5, 6], undefined])
})

test('issue 5 item 7 checkpoints are read newest first, page by page, with the keys to check them', async () => {
  await signTrail(trails.means, ONE)
  const detail = { type: 'refresh_token_reused' } as const
  for (const n of [21, 22]) {
    await trails.run(insertAuditEvent(ONE, crypto.randomUUID(), day(n), { detail }), ONE)
    trails.clock.at += 10 * MINUTE
    await signTrail(trails.means, ONE)
  }
  const ofOne = (before: number, limit: number) =>
    readCheckpoints(trails.means, ACTOR, ONE, { before, limit })
  const first = await ofOne(NEWEST, 2)
  expect([first.checkpoints.map(({ seq }) => seq), first.next]).toEqual([[22, 21], 21])
  const second = await ofOne(21, 2)
  expect([second.checkpoints.map(({ seq }) => seq), second.next]).toEqual([[20], undefined])
  const keys = readCheckpointKeys(second)
  expect(readCheckpoint(second.checkpoints[0]?.jws ?? '', keys)).toMatchObject({ seq: 20 })
  const ofNobody = readCheckpoints(trails.means, { ...ACTOR, forTenant: ONE }, undefined, {
    ...{ before: NEWEST, limit: 2 },
  })
  await expect(ofNobody).rejects.toThrow('admin_forbidden')
})

test('issue 5 item 7 what is written between two pages changes none of them', async () => {
  const { events, next } = await ask({ limit: 4 })
  const detail = { type: 'refresh_token_reused' } as const
  await trails.run(insertAuditEvent(ONE, crypto.randomUUID(), day(23), { detail }), ONE)
  const rest = await ask({ before: next ?? 0, limit: 50 })
  const seen = [...events, ...rest.events].map(({ seq }) => seq)
  expect(seen).toEqual(Array.from({ length: 22 }, (_, n) => 22 - n))
  expect((await ask({ limit: 1 })).events[0]?.seq).toBe(23)
})

test('a client that is rare in a long trail is found page by page, each a bounded look', async () => {
  await trails.force(`
    INSERT INTO audit_event (id, tenant_id, event_type, client_id, created_at, seq, prev_hash, row_hash)
    SELECT 'row ' || n, '${TWO}', 'login_refused', CASE n WHEN 7 THEN 'app' ELSE 'other' END, '${day(1)}', n, 'p' || n, 'r' || n
      FROM generate_series(1, 20007) n`)
  const first = await ask({ clientId: APP }, TWO)
  expect([first.events.length, first.next]).toEqual([0, 8])
  const second = await ask({ clientId: APP, before: first.next ?? 0 }, TWO)
  expect(second.events.map(({ seq }) => seq)).toEqual([7])
  expect(second.next).toBeUndefined()
})
