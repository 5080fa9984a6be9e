/**
 * The ledger outside the database: a file to which one line is added for each erasure, and for whatever else a restored backup
 * must not undo; read again after a restore.
 */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { ErasureId, IdentityId, LedgerLineId, TenantId } from '../domain/ids.ts'
import { type LedgerLine, LedgerSaid } from '../domain/ledger.ts'
import { type IsoInstant, toInstant } from '../domain/time.ts'
import { read, transact } from '../store/database.ts'
import { findErased, findErasure, markNoted } from '../store/erasure.ts'
import { findUnnotedLines, insertLedgerLine, markLinesNoted } from '../store/ledger.ts'
import type { Changed, Step } from '../store/statement.ts'

type Means = Pick<Deps, 'db' | 'clock' | 'config'>

const BATCH = 100

/**
 * Returns when the ledger holds the erasure on disk, or at once where none is configured or it was noted before. Throws the
 * file system's error where it cannot be written: the erasure stands then, and asking for it again notes it. A line may
 * come twice, which does no harm.
 */
export async function noteErasure(means: Means, tenantId: TenantId, id: ErasureId): Promise<void> {
  const file = means.config.erasureLedger
  if (file === undefined) return
  const [[row], persons] = await read(means.db, tenantId, [
    findErasure({ tenantId, id }),
    findErased({ tenantId, erasureId: id }),
  ])
  if (row === undefined || row.noted_at !== null) return
  append(file, [
    {
      ...{ v: 1, tenant: tenantId, erasure: id, persons: persons.map((person) => person.id) },
      ...{ ground: row.ground, erased_at: row.erased_at, receipt: row.receipt },
    },
  ])
  await transact(means.db, tenantId, [markNoted({ tenantId, id, now: toInstant(means.clock()) })])
}

/** What the ledger is to hear, in the transaction that it tells of; {@link noteLines} brings it there. */
export function ledgerStep(
  tenantId: TenantId,
  identityId: IdentityId,
  said: LedgerSaid,
  now: IsoInstant,
): Step<Changed> {
  const id = newId() as LedgerLineId
  const text = JSON.stringify(said)
  return insertLedgerLine({ tenantId, id, identityId, said: text, saidAt: now, notedAt: null })
}

/**
 * Returns how many lines the ledger lacked, when it holds them on disk; 0 at once where none is configured. Throws as
 * {@link noteErasure}; what was decided stands then, and the next call, or the job, notes it.
 */
export async function noteLines(means: Means, tenantId: TenantId): Promise<number> {
  const file = means.config.erasureLedger
  if (file === undefined) return 0
  for (let noted = 0; ; ) {
    const [rows] = await read(means.db, tenantId, [findUnnotedLines({ tenantId, limit: BATCH })])
    if (rows.length === 0) return noted
    append(
      file,
      rows.map(({ id, said, said_at }) => ({
        ...{ v: 1, tenant: tenantId, line: id, said_at },
        ...LedgerSaid.parse(JSON.parse(said)),
      })),
    )
    const ids = rows.map(({ id }) => id)
    await transact(means.db, tenantId, [
      markLinesNoted({ tenantId, ids, now: toInstant(means.clock()) }),
    ])
    noted += rows.length
    if (rows.length < BATCH) return noted
  }
}

/**
 * One write, so that two instances with the same file do not mix their lines. A line that a full disk cut short is an error
 * and is taken back; where that was not possible, the next one does not go on in it.
 */
function append(file: string, lines: readonly LedgerLine[]): void {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
  const descriptor = openSync(file, 'a+', 0o600)
  try {
    const bytes = Buffer.from(endsInLine(descriptor) ? text : `\n${text}`)
    const before = fstatSync(descriptor).size
    const written = writeSync(descriptor, bytes)
    if (written < bytes.length) {
      // A fragment would hold up whoever reads it again; another instance's line behind it may not go with it.
      if (fstatSync(descriptor).size === before + written) ftruncateSync(descriptor, before)
      throw new Error('the ledger is cut short')
    }
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function endsInLine(descriptor: number): boolean {
  const { size } = fstatSync(descriptor)
  const last = Buffer.alloc(1)
  return size === 0 || (readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] === 0x0a)
}
