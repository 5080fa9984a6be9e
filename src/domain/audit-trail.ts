/** The audit trail as a chain: where one is in it, what can be wrong with it, and what a signed checkpoint says of it. */
import { z } from 'zod'
import { MINUTE } from './time.ts'

/** Behind an event: its place in the tenant's chain and the hash of its row. Place 0 is the beginning. */
export interface TrailPlace {
  seq: number
  rowHash: string
}

/** An event as it is hashed. `seq` counts from 1. */
export interface TrailRow {
  tenant_id: string
  seq: number
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

/** What is wrong at the first bad place of a trail (protocols AU-09). */
export type TrailReason =
  | 'start_missing' // events are gone from the beginning, and no checkpoint says that they may be
  | 'other_tenant'
  | 'row_missing'
  | 'row_repeated'
  | 'chain_broken' // does not hang on the event before
  | 'row_changed'
  | 'time_reversed'
  | 'not_as_signed' // a checkpoint was signed over another event at this place
  | 'tail_missing' // a checkpoint was signed beyond the last event
  | 'checkpoint_forged' // a key of ours is named and did not sign it

export interface TrailFault {
  seq: number
  reason: TrailReason
}

/** A trail that is not what was written. Carries where and how. */
export class TrailBroken extends Error {
  readonly fault: TrailFault
  constructor(fault: TrailFault) {
    super(`audit trail broken at ${fault.seq}: ${fault.reason}`)
    this.name = 'TrailBroken'
    this.fault = fault
  }
}

/** Sealed texts that are not the last that were written at their places. Carries how many, and of which table the first is. */
export class OlderText extends Error {
  readonly table: string
  readonly count: number
  constructor(table: string, count: number) {
    super(`${count} sealed texts are older than the trail says, the first in ${table}`)
    this.name = 'OlderText'
    this.table = table
    this.count = count
  }
}

/** `typ` of a checkpoint: no other token of ours is one (RFC 8725 section 3.11). */
export const CHECKPOINT_TYPE = 'audit-checkpoint+jwt'

const hash = z.string().regex(/^[0-9a-f]{64}$/)

/** What a checkpoint says: this tenant's trail goes from `start` to here, and then so far. */
export const CheckpointClaims = z.strictObject({
  v: z.literal(1),
  tenant: z.string().min(1).max(64),
  seq: z.int().min(1),
  row_hash: hash,
  /** Events up to here were pruned; 0 and the genesis hash where none were. */
  start_seq: z.int().min(0),
  start_hash: hash,
  /** When the event was written. */
  event_at: z.string().length(24),
  signed_at: z.string().length(24),
  /** The tenant ended, and with it the trail. */
  last: z.literal(true).optional(),
})
export type CheckpointClaims = z.infer<typeof CheckpointClaims>

/** A checkpoint follows after so many events, or after so long if there is any. */
const EVENTS = 1000
const PAUSE = 5 * MINUTE

/**
 * Whether the trail that stands at `head` is due for a checkpoint, the newest one being `last`: for what is new, and for
 * a new key, so that the newest checkpoint is never signed by a key about to be retired.
 */
export function checkpointIsDue(
  head: { seq: number },
  last: { seq: number; kid: string; signedAt: number } | undefined,
  now: { at: number; kid: string },
): boolean {
  if (last === undefined || last.kid !== now.kid) return true
  if (head.seq - last.seq >= EVENTS) return true
  return head.seq > last.seq && now.at - last.signedAt >= PAUSE
}

/** Of two checkpoints of a trail, whether `a` says more: it is further on, or knows a later start. */
export function isNewer(
  a: Pick<CheckpointClaims, 'seq' | 'start_seq'>,
  b: Pick<CheckpointClaims, 'seq' | 'start_seq'>,
): boolean {
  return a.seq > b.seq || (a.seq === b.seq && a.start_seq > b.start_seq)
}
