/** The data API: everything under `/t/{tenant}/api/v1`, for machine clients of institutions. */

import { auxiliaryRoutes } from './data/auxiliary.ts'
import type { DataDeps } from './data/data-route.ts'
import { deviceRoutes } from './data/devices.ts'
import { dataErasureRoutes } from './data/erasure.ts'
import { personRoutes } from './data/people.ts'
import type { Route } from './route.ts'

/** Every route of the data API; each asks for a machine token with its scope. */
export function dataRoutes(deps: DataDeps): Route[] {
  return [
    ...personRoutes(deps),
    ...auxiliaryRoutes(deps),
    ...deviceRoutes(deps),
    ...dataErasureRoutes(deps),
  ]
}
