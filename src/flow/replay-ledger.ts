/** After a restore from a backup, and before anybody is served: erasures since are made again. */
import type { Deps } from '../deps.ts'
import { LedgerLine } from '../domain/erasure.ts'
import { fail } from '../domain/failure.ts'
import { repeatErasure } from './record-erasure.ts'

export interface Replayed {
  erased: number
  known: number
  absent: number
  /** Erasures that need a split first, by id. */
  held: readonly string[]
}

/**
 * Makes every erasure of the ledger's text again that this database does not know; doing it twice changes nothing. The
 * whole text is read before anything is done. Throws `invalid_request` with the number of the first line that is none.
 */
export async function replayLedger(
  means: Pick<Deps, 'db' | 'clock'>,
  text: string,
): Promise<Replayed> {
  const lines = text
    .split('\n')
    .flatMap((line, index) => (line === '' ? [] : [readLine(line, index)]))
  const counts = { erased: 0, known: 0, absent: 0 }
  const held: string[] = []
  for (const line of lines) {
    const outcome = await repeatErasure(means, line)
    if (outcome === 'held') held.push(line.erasure)
    else counts[outcome] += 1
  }
  return { ...counts, held }
}

function readLine(text: string, index: number): LedgerLine {
  try {
    return LedgerLine.parse(JSON.parse(text))
  } catch {
    return fail({ kind: 'invalid_request', detail: `line ${index + 1} is not one of a ledger` })
  }
}
