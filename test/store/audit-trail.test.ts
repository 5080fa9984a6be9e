import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TenantId } from '../../src/domain/ids.ts'
import type { IsoInstant } from '../../src/domain/time.ts'
import { insertAuditEvent } from '../../src/store/audit.ts'
import { type AuditRow, brokenLinks, genesisOf, rowHashOf } from '../support/audit-chain.ts'
import { day, ONE, startTenantDatabase, type TenantDatabase, TWO } from './tenant-database.ts'

const PAGE = readFileSync(path.resolve(import.meta.dirname, '../../docs/audit-trail.md'), 'utf8')
const block = (kind: string) =>
  new RegExp(`\`\`\`${kind}\\n([\\s\\S]*?)\`\`\``).exec(PAGE)?.[1] ?? ''
const example: { tenant: string; genesis: string; events: AuditRow[] } = JSON.parse(block('json'))

let tenants: TenantDatabase
beforeAll(async () => {
  tenants = await startTenantDatabase()
})
afterAll(() => tenants.stop())

const readTrail = () => tenants.look<AuditRow>('SELECT * FROM audit_event')

function append(tenantId: TenantId, id: string, now: IsoInstant) {
  const event = insertAuditEvent(tenantId, id, now, {
    detail: { type: 'login_refused', reason: 'cancelled' },
  })
  return tenants.run(event, tenantId)
}

describe('the worked example of docs/audit-trail.md', () => {
  test('AU-02 AU-03 the description gives its numbers', () => {
    expect(example.events).toHaveLength(2)
    expect(genesisOf(example.tenant)).toBe(example.genesis)
    for (const event of example.events) expect(rowHashOf(event)).toBe(event.row_hash)
    expect(brokenLinks(example.events)).toEqual([])
  })

  test('AU-02 its bytes have its hash', () => {
    const bytes = Buffer.from(block('hex').replaceAll(/\s/g, ''), 'hex')
    const hash = createHash('sha256').update(bytes).digest('hex')
    expect(hash).toBe(example.events[0]?.row_hash)
  })

  test('AU-02 Postgres gives its numbers', async () => {
    const [genesis] = await tenants.look<{ hash: string }>(
      `SELECT audit_genesis('${example.tenant}') AS hash`,
    )
    expect(genesis?.hash).toBe(example.genesis)
    for (const event of example.events) {
      const json = JSON.stringify(event).replaceAll("'", "''")
      const [row] = await tenants.look<{ hash: string }>(`
        SELECT audit_row_hash(e.tenant_id, e.seq, e.prev_hash, e.id, e.event_type, e.correlation_id,
                              e.subject_hash, e.client_id, e.detail, e.created_at) AS hash
          FROM json_populate_record(NULL::audit_event, '${json}') e`)
      expect(row?.hash).toBe(event.row_hash)
    }
  })
})

describe('the chain', () => {
  test('AU-01 AU-03 AU-05 two tenants append at once, from many sides: each chain is whole, without a gap', async () => {
    const events = Array.from({ length: 40 }, (_, index) => {
      const tenantId = index % 2 === 0 ? ONE : TWO
      // Clocks of several instances: not in order. The trail's time does not run backwards.
      return append(tenantId, `event ${index}`, day(1 + ((index * 7) % 11)))
    })
    await Promise.all(events)
    const trail = await readTrail()
    expect(trail).toHaveLength(40)
    expect(brokenLinks(trail)).toEqual([])
    const [first] = trail.filter((row) => row.tenant_id === TWO && String(row.seq) === '1')
    expect(first?.prev_hash).toBe(genesisOf(TWO))
  })

  test('AU-02 whatever place a row is given, the chain decides', async () => {
    await tenants.look(`
      BEGIN; SELECT set_config('app.tenant_id', '${ONE}', true);
      INSERT INTO audit_event (id, tenant_id, event_type, created_at, seq, prev_hash, row_hash)
      VALUES ('forged', '${ONE}', 'login_refused', '${day(1)}', 999, 'aa', 'bb'); COMMIT`)
    expect(brokenLinks(await readTrail())).toEqual([])
  })

  type Change = (trail: AuditRow[]) => AuditRow[]
  const ofOne = (row: AuditRow) => row.tenant_id === ONE && String(row.seq) === '3'
  test.each<[string, Change]>([
    [
      'a row that was changed',
      (rows) => rows.map((row) => (ofOne(row) ? { ...row, detail: '{}' } : row)),
    ],
    [
      'a row whose NULL became empty',
      (rows) => rows.map((row) => (ofOne(row) ? { ...row, client_id: '' } : row)),
    ],
    ['a row that was removed from the middle', (rows) => rows.filter((row) => !ofOne(row))],
    ['a row that was doubled', (rows) => [...rows, ...rows.filter(ofOne)]],
    [
      'a row moved to another tenant',
      (rows) => rows.map((row) => (ofOne(row) ? { ...row, tenant_id: TWO } : row)),
    ],
    [
      'two rows that changed places',
      (rows) =>
        rows.map((row) => {
          const other = { 3: 4, 4: 3 }[Number(row.seq)]
          return row.tenant_id === ONE && other !== undefined ? { ...row, seq: other } : row
        }),
    ],
    [
      'a row written anew with its hash',
      (rows) =>
        rows.map((row) => {
          const forged = { ...row, detail: '{}' }
          return ofOne(row) ? { ...forged, row_hash: rowHashOf(forged) } : row
        }),
    ],
  ])('AU-09 %s is seen', async (_, change) => {
    const trail = await readTrail()
    expect(brokenLinks(change(trail)).length).toBeGreaterThan(0)
  })
})
