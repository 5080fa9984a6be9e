/** The audit trail, computed again from its rows by the description in docs/audit-trail.md and not by the database. */
import { createHash } from 'node:crypto'

export interface AuditRow {
  tenant_id: string
  seq: string | number
  prev_hash: string
  id: string
  event_type: string
  correlation_id: string | null
  subject_hash: string | null
  client_id: string | null
  detail: string | null
  created_at: string
  row_hash: string
}

/** Four bytes of length, most significant first, then UTF-8; four bytes of ones for what is not there. */
export function fieldBytes(text: string | null): Buffer {
  if (text === null) return Buffer.alloc(4, 0xff)
  const bytes = Buffer.from(text, 'utf8')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

/** `prev_hash` of a tenant's first event. */
export function genesisOf(tenant: string): string {
  return sha256([fieldBytes('identity-bridge/audit/genesis/v1'), fieldBytes(tenant)])
}

/** What `row_hash` must be. */
export function rowHashOf(row: Omit<AuditRow, 'row_hash'>): string {
  const fields = [
    ...['identity-bridge/audit/v1', row.tenant_id, String(row.seq), row.prev_hash, row.id],
    ...[row.event_type, row.correlation_id, row.subject_hash, row.client_id, row.detail],
    row.created_at,
  ]
  return sha256([Buffer.from([0]), ...fields.map(fieldBytes)])
}

/** Where the chains of all tenants break; empty when they are whole. Rows in any order. */
export function brokenLinks(rows: readonly AuditRow[]): string[] {
  const broken: string[] = []
  for (const [tenant, chain] of Map.groupBy(rows, (row) => row.tenant_id)) {
    let previous = genesisOf(tenant)
    let time = ''
    chain.sort((a, b) => Number(a.seq) - Number(b.seq))
    chain.forEach((row, index) => {
      const place = `${tenant} ${row.seq}`
      if (Number(row.seq) !== index + 1) broken.push(`${place}: a gap before it`)
      if (row.prev_hash !== previous) broken.push(`${place}: does not hang on the one before`)
      if (row.row_hash !== rowHashOf(row)) broken.push(`${place}: is not what was written`)
      if (row.created_at < time) broken.push(`${place}: is earlier than the one before`)
      previous = row.row_hash
      time = row.created_at
    })
  }
  return broken
}

function sha256(parts: readonly Buffer[]): string {
  return createHash('sha256').update(Buffer.concat(parts)).digest('hex')
}
