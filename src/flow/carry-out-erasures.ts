/** Erasures of many people that are approved and have waited are carried out, and what the ledger lacks is noted. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { BridgeError, fail } from '../domain/failure.ts'
import { type IdentityId, SYSTEM_TENANT, type TenantId } from '../domain/ids.ts'
import type { Tenant } from '../domain/tenant.ts'
import { toInstant } from '../domain/time.ts'
import { findTokenAges } from '../store/admin-token.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read, type Transaction } from '../store/database.ts'
import { findUnnoted } from '../store/erasure.ts'
import {
  type ErasureRequestRow,
  endErasureRequest,
  findDueErasures,
  reopenErasureRequest,
  shareErasureRequest,
} from '../store/erasure-request.ts'
import { findTenantById, readTenant } from '../store/tenant.ts'
import { noteErasure, noteLines } from './erasure-ledger.ts'
import { erasePerson } from './record-erasure.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'config'>

/**
 * Each person in a transaction of their own, so a run that died goes on where it was: who is erased already has a receipt.
 * Stops between two people where the lease is lost, or the request is cancelled.
 */
export async function carryOutErasures(
  means: Means,
  tenantId: TenantId,
  keepLease: () => Promise<boolean>,
): Promise<{ requests: number; persons: number; noted: number }> {
  const counts = { requests: 0, persons: 0, noted: 0 }
  const [[row]] = await read(means.db, tenantId, [findTenantById({ id: tenantId })])
  if (row === undefined) return counts
  const tenant = readTenant(row)
  for (;;) {
    const now = toInstant(means.clock())
    const [[due]] = await read(means.db, tenantId, [findDueErasures({ tenantId, now })])
    if (due === undefined) break
    if (await reopenIfRevoked(means, tenantId, due)) continue
    let erased = 0
    let outcome: Outcome | undefined
    for (const identityId of due.people) {
      if (!(await keepLease())) return counts
      outcome = await eraseOne(means, tenant, due, identityId)
      if (outcome === 'stopped') break
      if (outcome === 'erased') erased += 1
    }
    counts.persons += erased
    if (outcome === 'stopped') continue
    await recordDone(means, tenantId, due, erased)
    counts.requests += 1
  }
  counts.noted = await noteMissing(means, tenantId)
  return counts
}

/** `absent`: not there any more, for a restored database never knew them. `stopped`: the request was cancelled meanwhile. */
type Outcome = 'erased' | 'absent' | 'stopped'

async function eraseOne(
  means: Means,
  tenant: Tenant,
  { id, ground, requested_by: actor }: ErasureRequestRow,
  identityId: IdentityId,
): Promise<Outcome> {
  let stopped = false
  // Whoever cancels waits for this transaction, and nobody is erased after their answer.
  const before = async (tx: Transaction) => {
    const [row] = await tx.run(shareErasureRequest({ tenantId: tenant.id, id }))
    stopped = row?.state !== 'approved'
    if (stopped) fail({ kind: 'conflict', detail: 'the request was cancelled' })
  }
  try {
    await erasePerson(means, tenant, actor, { identityId, ground, before })
    return 'erased'
  } catch (error) {
    if (stopped) return 'stopped'
    if (error instanceof BridgeError && error.failure.kind === 'not_found') return 'absent'
    throw error
  }
}

/** A token that is revoked stands behind nothing: who asked or approved with it may have been somebody else. */
async function reopenIfRevoked(
  means: Means,
  tenantId: TenantId,
  { id, requested_by: asked, approved_by: approved }: ErasureRequestRow,
): Promise<boolean> {
  const ids = [asked, approved].filter((one) => one !== null)
  const [tokens] = await read(means.db, SYSTEM_TENANT, [findTokenAges({ ids })])
  if (tokens.every((token) => token.revoked_at === null)) return false
  await inTransaction(means.db, tenantId, async (tx) => {
    const [moved] = await tx.run(reopenErasureRequest({ tenantId, id }))
    if (moved?.changed !== 1) return
    const now = toInstant(means.clock())
    const detail = { type: 'erasures_reopened', request: id } as const
    await tx.runLast([insertAuditEvent(tenantId, newId(), now, { detail })])
  })
  return true
}

async function recordDone(
  means: Means,
  tenantId: TenantId,
  { id }: ErasureRequestRow,
  erased: number,
): Promise<void> {
  const now = toInstant(means.clock())
  await inTransaction(means.db, tenantId, async (tx) => {
    const [moved] = await tx.run(endErasureRequest({ tenantId, id, state: 'done', erased, now }))
    if (moved?.changed !== 1) return
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'erasures_done', request: id, persons: erased },
      }),
    ])
  })
}

/** An instance that died between a decision and its line in the ledger left it without; so did a command that knew of none. */
async function noteMissing(means: Means, tenantId: TenantId): Promise<number> {
  if (means.config.erasureLedger === undefined) return 0
  const [missing] = await read(means.db, tenantId, [findUnnoted({ tenantId, limit: 100 })])
  for (const { id } of missing) await noteErasure(means, tenantId, id)
  return missing.length + (await noteLines(means, tenantId))
}
