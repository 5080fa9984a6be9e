/** How the sides of `bench -- op` compare, operation by operation. */
import type { Run } from './op.ts'
import type { Operation } from './op-requests.ts'
import type { SIDES } from './op-sides.ts'
import { round } from './report.ts'

type SideName = (typeof SIDES)[number]

/**
 * `ratio_to_oidc_provider` is what the same requests cost there, in CPU of server and Postgres, against what they cost here:
 * how many more a machine carries. `time_ratio` is how long they took: on cores that are shared with whoever asks, it has the
 * asking in it, at both sides. All levels have as many requests: slow levels weigh as much as they take.
 */
export function opRatios(operations: readonly Operation[], runs: readonly Run[]) {
  return operations.map((operation) => {
    const total = (side: SideName, of: (run: Run) => number) =>
      runs
        .filter((run) => run.operation === operation && run.side === side)
        .reduce((sum, run) => sum + of(run), 0)
    const ratio = (side: SideName, of: (run: Run) => number) =>
      round(total(side, of) / total('service', of))
    const time = (run: Run) => run.requests / run.requests_per_second
    return {
      operation,
      ratio_to_oidc_provider: ratio('oidc-provider', (run) => run.cpu_ms + run.database_cpu_ms),
      server_alone: ratio('oidc-provider', (run) => run.cpu_ms),
      time_ratio: ratio('oidc-provider', time),
      time_ratio_to_in_memory: ratio('oidc-provider in memory', time),
    }
  })
}
