/** AU-09, row 47: whatever somebody with the database's superuser does to a trail is found, with the first bad place. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkTrail, genesisHash, rowHash } from '../../src/crypto/audit-chain.ts'
import type { TrailRow } from '../../src/domain/audit-trail.ts'
import { signTrail } from '../../src/flow/sign-trail.ts'
import { rowHashOf } from '../support/audit-chain.ts'
import { ONE, startTrails, type Trails, TWO } from './trails.ts'

let trails: Trails
beforeAll(async () => {
  trails = await startTrails()
  for (const tenant of [ONE, TWO]) {
    await trails.append(tenant, 6)
    await signTrail(trails.means, tenant)
    await trails.append(tenant, 4)
    await signTrail(trails.means, tenant)
  }
})
afterAll(() => trails.stop())

const rowsOf = async (tenant: string) =>
  (
    await trails.look<TrailRow>(
      `SELECT * FROM audit_event WHERE tenant_id = '${tenant}' ORDER BY seq`,
    )
  ).map((row) => ({ ...row, seq: Number(row.seq) }))
const inOne = `tenant_id = '${ONE}'`

describe('one trail', () => {
  test('is whole as it was written, against the checkpoints inside and outside', async () => {
    for (const tenant of [ONE, TWO]) {
      const verdict = await trails.verify(tenant, trails.witnessed(tenant))
      expect(verdict).toMatchObject({ events: 10, checkpoints: 2, unknown: 0, fault: undefined })
    }
  })

  test('any byte of any column that is changed is found, in that row', async () => {
    const rows = await rowsOf(ONE)
    let tried = 0
    for (const [index, row] of rows.slice(0, 3).entries()) {
      for (const [column, value] of Object.entries(row)) {
        const text = String(value ?? '')
        for (let at = 0; at < Math.max(text.length, 1); at++) {
          const changed = `${text.slice(0, at)}${text[at] === '0' ? '1' : '0'}${text.slice(at + 1)}`
          const forged = { ...row, [column]: column === 'seq' ? Number(changed) : changed }
          const check = checkTrail(ONE, { seq: 0, rowHash: genesisHash(ONE) })
          const faults = [...rows.slice(0, index), forged].map((one) => check.take(one))
          expect(faults.at(-1), `${column} at ${at}`).toBeDefined()
          tried++
        }
      }
    }
    expect(tried).toBeGreaterThan(600)
  })

  test('the two implementations of the hash agree', async () => {
    for (const row of await rowsOf(TWO)) expect(rowHash(row)).toBe(rowHashOf(row))
  })
})

/** Changes behind row `from`, hashed anew to the end, as somebody would who knows the algorithm and has no key. */
async function rewritten(tenant: string, from: number, change: (row: TrailRow) => TrailRow) {
  const rows = await rowsOf(tenant)
  let prev = rows[from - 2]?.row_hash ?? genesisHash(tenant)
  return rows
    .slice(from - 1)
    .map((row) => {
      const forged = { ...change(row), prev_hash: prev }
      prev = rowHash(forged)
      return `UPDATE audit_event SET detail = '${forged.detail}', prev_hash = '${forged.prev_hash}', row_hash = '${prev}'
               WHERE tenant_id = '${tenant}' AND seq = ${row.seq}`
    })
    .toReversed()
    .join('; ')
}

const SWAP = `UPDATE audit_event SET seq = seq + 100, prev_hash = 'x' || prev_hash WHERE ${inOne};
  UPDATE audit_event SET tenant_id = '${ONE}' WHERE tenant_id = '${TWO}';
  UPDATE audit_event SET tenant_id = '${TWO}', seq = seq - 100, prev_hash = substr(prev_hash, 2) WHERE seq > 100`

const MANIPULATIONS: readonly [string, () => string | Promise<string>, object][] = [
  [
    'an edited row',
    () => `UPDATE audit_event SET detail = '{"reason":"other"}' WHERE ${inOne} AND seq = 4`,
    { seq: 4, reason: 'row_changed' },
  ],
  [
    'a row removed from the middle',
    () => `DELETE FROM audit_event WHERE ${inOne} AND seq = 5`,
    { seq: 5, reason: 'row_missing' },
  ],
  [
    'the first row removed',
    () => `DELETE FROM audit_event WHERE ${inOne} AND seq = 1`,
    { seq: 1, reason: 'start_missing' },
  ],
  [
    'a beginning cut off at a place that was signed',
    () =>
      `DELETE FROM audit_event WHERE ${inOne} AND seq <= 6; UPDATE audit_head SET start_seq = 6 WHERE ${inOne};
       UPDATE audit_checkpoint SET start_seq = 6 WHERE ${inOne} AND seq = 10`,
    { seq: 10, reason: 'checkpoint_forged' },
  ],
  [
    'the tail removed',
    () => `DELETE FROM audit_event WHERE ${inOne} AND seq > 8`,
    { seq: 9, reason: 'tail_missing' },
  ],
  [
    'the tail removed with its checkpoints',
    () =>
      `DELETE FROM audit_event WHERE ${inOne} AND seq > 6; DELETE FROM audit_checkpoint WHERE ${inOne} AND seq > 6`,
    { seq: 7, reason: 'tail_missing' },
  ],
  [
    'two rows that changed places',
    () =>
      `UPDATE audit_event SET seq = CASE seq WHEN 3 THEN 1004 ELSE 1003 END WHERE ${inOne} AND seq IN (3, 4);
       UPDATE audit_event SET seq = seq - 1000 WHERE ${inOne} AND seq > 1000`,
    { seq: 3, reason: 'chain_broken' },
  ],
  [
    'a doubled row',
    () =>
      `INSERT INTO audit_event SELECT 'again', tenant_id, event_type, correlation_id, subject_hash, client_id, detail, created_at,
              11, 'again', row_hash FROM audit_event WHERE ${inOne} AND seq = 10`,
    { seq: 11, reason: 'chain_broken' },
  ],
  ['two tenants swapped', () => SWAP, { seq: 1, reason: 'chain_broken' }],
  [
    'a row and all after it written anew',
    () => rewritten(ONE, 9, (row) => (row.seq === 9 ? { ...row, detail: '{}' } : row)),
    { seq: 10, reason: 'not_as_signed' },
  ],
  [
    'the whole chain written anew, its checkpoints gone',
    async () =>
      `${await rewritten(ONE, 1, (row) => ({ ...row, detail: '{}' }))}; DELETE FROM audit_checkpoint WHERE ${inOne}`,
    { seq: 6, reason: 'not_as_signed' },
  ],
  [
    'the whole trail removed, with everything about it',
    () =>
      ['audit_event', 'audit_head', 'audit_checkpoint']
        .map((table) => `DELETE FROM ${table} WHERE ${inOne}`)
        .join('; '),
    { seq: 1, reason: 'tail_missing' },
  ],
  [
    'a checkpoint changed to fit',
    () => `UPDATE audit_checkpoint SET row_hash = repeat('a', 64) WHERE ${inOne} AND seq = 6`,
    { seq: 6, reason: 'checkpoint_forged' },
  ],
  [
    'a checkpoint of another tenant',
    () =>
      `UPDATE audit_checkpoint c SET jws = o.jws FROM audit_checkpoint o
        WHERE c.${inOne} AND c.seq = 6 AND o.tenant_id = '${TWO}' AND o.seq = 6`,
    { seq: 6, reason: 'checkpoint_forged' },
  ],
]

describe('AU-09', () => {
  test.each(MANIPULATIONS)('%s is found', async (_, manipulate, fault) => {
    const witnessed = trails.witnessed(ONE)
    const verdict = await trails.tamper(await manipulate(), () => trails.verify(ONE, witnessed))
    expect(verdict.fault).toEqual(fault)
    expect((await trails.verify(ONE, witnessed)).fault, 'put back').toBeUndefined()
  })

  test('what is broken is not signed', async () => {
    await trails.append(ONE, 1)
    trails.clock.at += 3_600_000
    const edit = `UPDATE audit_event SET detail = '{}' WHERE ${inOne} AND seq = 11`
    const signing = trails.tamper(edit, () => signTrail(trails.means, ONE))
    await expect(signing).rejects.toMatchObject({ fault: { seq: 11, reason: 'row_changed' } })
    expect(trails.witnessed(ONE)).toHaveLength(2)
    expect(await signTrail(trails.means, ONE)).toMatchObject({ seq: 11 })
  })
})
