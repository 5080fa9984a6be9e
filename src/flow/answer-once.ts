/** A write that carries an Idempotency-Key happens once and is answered alike each time (draft-ietf-httpapi-idempotency-key-header). */
import { digestText } from '../crypto/digest.ts'
import { hashSecret, newId } from '../crypto/random.ts'
import { openUnder, sealUnder } from '../crypto/seal.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { TenantId } from '../domain/ids.ts'
import type { MachineClient } from '../domain/machine.ts'
import type { JsonObject, Sealed } from '../domain/text.ts'
import { DAY, MINUTE, toInstant } from '../domain/time.ts'
import { read, type Transaction, transact } from '../store/database.ts'
import { claimKey, findKey, releaseKey, settleKey } from '../store/idempotency.ts'
import type { PreparedTenant } from './tenants.ts'

/** An answer that can be given again. */
export interface WriteAnswer {
  status: 200 | 201 | 204
  body?: JsonObject
  etag?: string
}

/** Keeps the answer, inside the transaction that does what it tells of. */
export type Settle = (tx: Transaction, answer: WriteAnswer) => Promise<void>

export interface OnceRequest {
  /** The caller's key; undefined where it sent none. */
  key: string | undefined
  /** Everything that makes it this request: method, path, body, conditions. */
  parts: readonly string[]
}

const KEPT = 1 * DAY
/** After so long an attempt is taken for dead; nothing here waits that long for a database. */
const ATTEMPT = 2 * MINUTE

/**
 * The answer of `write`, or the one it gave before under this key. `write` hands its answer to `settle` in its own
 * transaction: both are kept or neither. A refusal leaves the key free. Throws `idempotency_key_reused` for a key that was
 * used for another request, `conflict` while the same request is under way.
 */
export async function answerOnce(
  means: Pick<Deps, 'db' | 'keyring' | 'clock'>,
  prepared: PreparedTenant,
  client: MachineClient,
  request: OnceRequest,
  write: (settle: Settle) => Promise<WriteAnswer>,
): Promise<WriteAnswer> {
  if (request.key === undefined) return await write(async () => {})
  const tenantId = prepared.tenant.id
  const named = { tenantId, clientId: client.clientId, keyHash: hashSecret(request.key) }
  const digest = digestText(JSON.stringify(request.parts))
  const claim = newId()
  const at = means.clock()
  const [claimed] = await transact(means.db, tenantId, [
    claimKey({
      ...{ ...named, claim, now: toInstant(at) },
      request: sealUnder(means.keyring, 'session', placeOf(tenantId, claim, 'request'), digest),
      ...{ claimedUntil: toInstant(at + ATTEMPT), expiresAt: toInstant(at + KEPT) },
    }),
  ])
  if (claimed.length === 0) return await repeat(means, named, digest)
  const settle: Settle = async (tx, answer) => {
    const place = placeOf(tenantId, claim, 'answer')
    const sealed = sealUnder(means.keyring, 'session', place, JSON.stringify(answer))
    const [settled] = await tx.run(settleKey({ ...named, claim, answer: sealed }))
    if (settled?.changed !== 1) fail({ kind: 'conflict', detail: IN_FLIGHT })
  }
  try {
    return await write(settle)
  } catch (error) {
    await transact(means.db, tenantId, [releaseKey({ ...named, claim })])
    throw error
  }
}

const IN_FLIGHT = 'Idempotency-Key: the same request is under way'

async function repeat(
  means: Pick<Deps, 'db' | 'keyring'>,
  named: Parameters<typeof findKey>[0],
  digest: string,
): Promise<WriteAnswer> {
  const { tenantId } = named
  const [[found]] = await read(means.db, tenantId, [findKey(named)])
  if (found === undefined) return fail({ kind: 'conflict', detail: IN_FLIGHT })
  const open = (column: 'request' | 'answer', sealed: Sealed) => {
    const place = placeOf(tenantId, found.claim, column)
    return Buffer.from(openUnder(means.keyring, 'session', place, sealed)).toString('utf8')
  }
  if (open('request', found.request) !== digest) return fail({ kind: 'idempotency_key_reused' })
  if (found.answer === null) return fail({ kind: 'conflict', detail: IN_FLIGHT })
  return JSON.parse(open('answer', found.answer)) as WriteAnswer
}

function placeOf(tenant: TenantId, claim: string, column: 'request' | 'answer') {
  return { tenant, table: 'idempotency_key', column, row: claim }
}
