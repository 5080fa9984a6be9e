/** After a restore from a backup, and before anybody is served: erasures since are made again, and what else must not be undone. */
import type { Deps } from '../deps.ts'
import { BridgeError, fail } from '../domain/failure.ts'
import { LedgerLine, planReplay } from '../domain/ledger.ts'
import { repeatErasure } from './record-erasure.ts'
import { repeatDecision } from './repeat-decision.ts'

export interface Held {
  /** The erasure's id, or the line's. */
  line: string
  /** `merged`: somebody who was not erased is one with them by a merge here. `unreadable`: no key at hand opens what is held. */
  why: 'merged' | 'unreadable'
}

export interface Replayed {
  erased: number
  /** Attributes, links and restrictions. */
  repeated: number
  known: number
  absent: number
  /** What could not be made again, and why. */
  held: readonly Held[]
}

/**
 * Makes everything of the ledger's text again that this database does not know; doing it twice changes nothing. The
 * whole text is read before anything is done. Throws `invalid_request` with the number of the first line that is none, but
 * for the beginning of one that stands there in full as well.
 */
export async function replayLedger(
  means: Pick<Deps, 'db' | 'clock' | 'keyring'>,
  text: string,
): Promise<Replayed> {
  const texts = text.split('\n')
  const lines = texts.flatMap((line, index) =>
    line === '' || isCutShort(line, texts.slice(index + 1)) ? [] : [readLine(line, index)],
  )
  const { erasures, decisions } = planReplay(lines)
  const counts = { erased: 0, repeated: 0, known: 0, absent: 0 }
  const held: Held[] = []
  for (const line of erasures) {
    const outcome = await repeatErasure(means, line)
    if (outcome === 'held') held.push({ line: line.erasure, why: 'merged' })
    else counts[outcome] += 1
  }
  for (const line of decisions) {
    const outcome = await repeatDecision(means, line).catch(unreadable)
    if (outcome === 'unreadable') held.push({ line: line.line, why: outcome })
    else counts[outcome] += 1
  }
  return { ...counts, held }
}

/** One person whose key is gone keeps nobody else from what they decided. */
function unreadable(error: unknown): 'unreadable' {
  if (error instanceof BridgeError && error.failure.kind === 'sealed_unreadable')
    return 'unreadable'
  throw error
}

/** What a full disk or a sudden end left of a line that was written again in full later. */
function isCutShort(line: string, later: readonly string[]): boolean {
  return (
    !line.endsWith('}') && later.some((text) => text.length > line.length && text.startsWith(line))
  )
}

function readLine(text: string, index: number): LedgerLine {
  try {
    return LedgerLine.parse(JSON.parse(text))
  } catch {
    return fail({ kind: 'invalid_request', detail: `line ${index + 1} is not one of a ledger` })
  }
}
