/** Erasures of many people that are approved and have waited are carried out, and what the ledger lacks is noted. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { BridgeError } from '../domain/failure.ts'
import type { IdentityId, TenantId } from '../domain/ids.ts'
import type { Tenant } from '../domain/tenant.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read } from '../store/database.ts'
import { findUnnoted } from '../store/erasure.ts'
import {
  type ErasureRequestRow,
  endErasureRequest,
  findDueErasures,
} from '../store/erasure-request.ts'
import { findTenantById, readTenant } from '../store/tenant.ts'
import { noteErasure, noteLines } from './erasure-ledger.ts'
import { erasePerson } from './record-erasure.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'config'>

/**
 * Each person in a transaction of their own, so a run that died goes on where it was: who is erased already has a receipt.
 * Stops between two people where the lease is lost.
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
    let erased = 0
    for (const identityId of due.people) {
      if (!(await keepLease())) return counts
      if (await eraseOne(means, tenant, due, identityId)) erased += 1
    }
    await recordDone(means, tenantId, due, erased)
    counts.requests += 1
    counts.persons += erased
  }
  counts.noted = await noteMissing(means, tenantId)
  return counts
}

/** False for somebody who is not there any more: a merge was split, or a restored database never knew them. */
async function eraseOne(
  means: Means,
  tenant: Tenant,
  { ground, requested_by: actor }: ErasureRequestRow,
  identityId: IdentityId,
): Promise<boolean> {
  try {
    await erasePerson(means, tenant, actor, { identityId, ground })
    return true
  } catch (error) {
    if (error instanceof BridgeError && error.failure.kind === 'not_found') return false
    throw error
  }
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
