/** How the sides of `bench -- op` compare, operation by operation. */
import type { Run } from './op.ts'
import type { Operation } from './op-requests.ts'
import type { SIDES } from './op-sides.ts'
import { round } from './report.ts'

/** All levels have as many requests: slow levels weigh as much as they take. */
export function opRatios(operations: readonly Operation[], runs: readonly Run[]) {
  return operations.map((operation) => {
    const of = (side: (typeof SIDES)[number]) =>
      runs.filter((run) => run.operation === operation && run.side === side)
    const total = (side: (typeof SIDES)[number]) =>
      of(side).reduce((sum, run) => sum + run.requests / run.requests_per_second, 0)
    const cpu = (side: (typeof SIDES)[number]) => of(side).reduce((sum, run) => sum + run.cpu_ms, 0)
    const all = (side: (typeof SIDES)[number]) =>
      cpu(side) + of(side).reduce((sum, run) => sum + run.database_cpu_ms, 0)
    return {
      operation,
      ratio_to_oidc_provider: round(total('oidc-provider') / total('service')),
      ratio_to_oidc_provider_in_memory: round(total('oidc-provider in memory') / total('service')),
      cpu_ratio: round(cpu('oidc-provider') / cpu('service')),
      machine_cpu_ratio: round(all('oidc-provider') / all('service')),
    }
  })
}
