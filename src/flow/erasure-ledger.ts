/** The ledger of erasures outside the database: a file to which one line is added for each, and read again after a restore. */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import type { Deps } from '../deps.ts'
import type { LedgerLine } from '../domain/erasure.ts'
import type { ErasureId, TenantId } from '../domain/ids.ts'
import { toInstant } from '../domain/time.ts'
import { read, transact } from '../store/database.ts'
import { findErased, findErasure, markNoted } from '../store/erasure.ts'

/**
 * Returns when the ledger holds the erasure on disk, or at once where none is configured or it was noted before. Throws the
 * file system's error where it cannot be written: the erasure stands then, and asking for it again notes it. A line may
 * come twice, which does no harm.
 */
export async function noteErasure(
  means: Pick<Deps, 'db' | 'clock' | 'config'>,
  tenantId: TenantId,
  id: ErasureId,
): Promise<void> {
  const file = means.config.erasureLedger
  if (file === undefined) return
  const [[row], persons] = await read(means.db, tenantId, [
    findErasure({ tenantId, id }),
    findErased({ tenantId, erasureId: id }),
  ])
  if (row === undefined || row.noted_at !== null) return
  append(file, {
    ...{ v: 1, tenant: tenantId, erasure: id, persons: persons.map((person) => person.id) },
    ...{ ground: row.ground, erased_at: row.erased_at, receipt: row.receipt },
  })
  await transact(means.db, tenantId, [markNoted({ tenantId, id, now: toInstant(means.clock()) })])
}

/** One write, so that two instances with the same file do not mix their lines. */
function append(file: string, line: LedgerLine): void {
  const descriptor = openSync(file, 'a', 0o600)
  try {
    writeSync(descriptor, `${JSON.stringify(line)}\n`)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
