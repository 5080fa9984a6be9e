/**
 * The audit trail's hashes computed by this service, as docs/audit-trail.md describes them and not by asking the database,
 * and a check that follows a trail row by row.
 */
import { hash } from 'node:crypto'
import type {
  CheckpointClaims,
  TrailFault,
  TrailPlace,
  TrailReason,
  TrailRow,
} from '../domain/audit-trail.ts'

const NOTHING = Buffer.alloc(4, 0xff)

/** `prev_hash` of a tenant's first event (protocols AU-03). */
export function genesisHash(tenant: string): string {
  return sha256([field('identity-bridge/audit/genesis/v1'), field(tenant)])
}

/** What `row_hash` of the event must be (protocols AU-02). */
export function rowHash(row: Omit<TrailRow, 'row_hash'>): string {
  const fields = [
    ...['identity-bridge/audit/v1', row.tenant_id, String(row.seq), row.prev_hash, row.id],
    ...[row.event_type, row.correlation_id, row.subject_hash, row.client_id, row.detail],
    row.created_at,
  ]
  return sha256([Buffer.of(0), ...fields.map(field)])
}

/** Follows one trail. */
export interface TrailCheck {
  /** What is wrong with the next row, or undefined; after a fault nothing more may be taken. */
  take(row: TrailRow): TrailFault | undefined
  /** Holds the trail against a checkpoint whose signature was verified, before its row is taken. */
  expect(claims: Pick<CheckpointClaims, 'seq' | 'row_hash'>): void
  /** What is wrong where the rows end: a checkpoint lies beyond. */
  end(): TrailFault | undefined
  /** Behind the last row taken. */
  readonly place: TrailPlace
  /** When the last row taken was written; empty before the first. */
  readonly time: string
}

/** A check that begins behind `start`: {@link genesisHash} at 0, or a place that a checkpoint or an earlier check vouches for. */
export function checkTrail(tenant: string, start: TrailPlace): TrailCheck {
  let place = start
  let time = ''
  let furthest = 0
  const expected = new Map<number, string>()
  const judge = (row: TrailRow): TrailReason | undefined => {
    if (row.tenant_id !== tenant) return 'other_tenant'
    if (row.seq <= place.seq) return 'row_repeated'
    if (row.seq > place.seq + 1) return place.seq === 0 ? 'start_missing' : 'row_missing'
    if (row.prev_hash !== place.rowHash) return 'chain_broken'
    if (row.row_hash !== rowHash(row)) return 'row_changed'
    if (row.created_at < time) return 'time_reversed'
    const signed = expected.get(row.seq)
    return signed === undefined || signed === row.row_hash ? undefined : 'not_as_signed'
  }
  return {
    take(row) {
      const reason = judge(row)
      if (reason !== undefined) {
        const gap = reason === 'row_missing' || reason === 'start_missing'
        return { seq: gap ? place.seq + 1 : row.seq, reason }
      }
      expected.delete(row.seq)
      time = row.created_at
      place = { seq: row.seq, rowHash: row.row_hash }
      return undefined
    },
    expect({ seq, row_hash: signed }) {
      if (seq <= start.seq) return
      furthest = Math.max(furthest, seq)
      const known = expected.get(seq)
      // Two checkpoints that contradict one another: no row can satisfy both.
      expected.set(seq, known === undefined || known === signed ? signed : '')
    },
    end() {
      return furthest > place.seq ? { seq: place.seq + 1, reason: 'tail_missing' } : undefined
    },
    get place() {
      return place
    },
    get time() {
      return time
    },
  }
}

/** Four bytes of length, most significant first, then UTF-8; four bytes of ones for what is not there. */
function field(text: string | null): Buffer {
  if (text === null) return NOTHING
  const bytes = Buffer.from(text, 'utf8')
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

function sha256(parts: readonly Buffer[]): string {
  return hash('sha256', Buffer.concat(parts), 'hex')
}
