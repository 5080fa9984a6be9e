/** The text of `openapi.yaml`: what the service would serve at the address of a fresh checkout. */
import { allRoutes } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { createKeyringText, parseKeyring } from '../src/crypto/keyring.ts'
import { createCheckpointPlaces } from '../src/flow/checkpoint-places.ts'
import { createTenants } from '../src/flow/tenants.ts'
import { describeService, type OpenApiDocument } from '../src/http/openapi.ts'
import { writeYaml } from '../src/http/reference.ts'
import type { Route } from '../src/http/route.ts'
import { createLog } from '../src/log.ts'
import { createMetrics } from '../src/metrics.ts'
import { createOutbound } from '../src/outbound/guard.ts'
import { openDatabase } from '../src/store/database.ts'

/** Every route of the service. Nothing is asked: the pool connects at a first query, and there is none. */
export function mountedRoutes(): Route[] {
  const { config } = readConfig({})
  const db = openDatabase({ connectionString: 'postgresql://nobody@localhost/nothing' })
  const keyring = parseKeyring(createKeyringText())
  const outbound = createOutbound({ allowLoopback: false })
  const clock = Date.now
  const tenants = createTenants({ db, keyring, outbound, clock, publicUrl: config.publicUrl })
  const metrics = createMetrics({ processMetrics: false })
  return allRoutes({
    config,
    db,
    keyring,
    outbound,
    tenants,
    checkpointPlaces: createCheckpointPlaces({ places: [], outbound }),
    stopping: new AbortController().signal,
    clock,
    log: createLog('silent'),
    metrics,
  })
}

export function openapiDocument(): OpenApiDocument {
  return describeService(mountedRoutes(), readConfig({}).config.publicUrl)
}

export function openapiText(): string {
  return writeYaml(openapiDocument())
}
