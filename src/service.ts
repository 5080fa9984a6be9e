/**
 * The whole service: database, keyring, routes, jobs and server, put together in one place and taken apart in reverse.
 * `main.ts` runs it; tests, demo and bench start the very same thing in their own process.
 */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { createApp } from './app.ts'
import type { Config } from './config.ts'
import type { Keyring } from './crypto/keyring.ts'
import type { Deps } from './deps.ts'
import type { Clock } from './domain/time.ts'
import { ConfigError } from './environment.ts'
import { checkKeyring } from './flow/check-keyring.ts'
import { type CheckpointPlaces, createCheckpointPlaces } from './flow/checkpoint-places.ts'
import { createTenants } from './flow/tenants.ts'
import { startJobs } from './jobs.ts'
import type { Log } from './log.ts'
import { createMetrics } from './metrics.ts'
import { createOutbound } from './outbound/guard.ts'
import { closeDatabase, openDatabase } from './store/database.ts'
import { checkSchema, migrationFolder, readMigrations } from './store/migrate.ts'
import { checkRuntimeRole } from './store/roles.ts'

/** Headers of one request; more is answered with 431 by the server itself. */
const MAX_HEADER_BYTES = 16 * 1024

export interface Service {
  /** Where it listens, as `http://host:port`. */
  address: string
  deps: Deps
  /** Finishes what it accepted, then lets go of everything; gives up after the configured time. */
  stop(): Promise<void>
}

/** The places where audit checkpoints are kept, for a command that signs; close them when it is done. */
export function openCheckpointPlaces(
  config: Pick<Config, 'auditCheckpoints' | 'allowLoopback'>,
  token: string | undefined,
): { places: CheckpointPlaces; close: () => Promise<void> } {
  const outbound = createOutbound({ allowLoopback: config.allowLoopback })
  const places = createCheckpointPlaces({ places: config.auditCheckpoints, outbound, token })
  return { places, close: () => outbound.close() }
}

/** Starts the service on a migrated database. Throws when role, schema or keyring are not what they must be. */
export async function startService(
  config: Config,
  means: {
    databaseUrl: string
    keyring: Keyring
    clock: Clock
    log: Log
    processMetrics?: boolean
    /** Bearer token for the places where audit checkpoints are kept. */
    checkpointToken?: string | undefined
  },
): Promise<Service> {
  const { keyring, clock, log } = means
  const db = openDatabase({
    connectionString: means.databaseUrl,
    applicationName: 'identity-bridge',
    poolSize: config.databasePoolSize,
  })
  try {
    await checkRuntimeRole(db)
    await checkSchema(db, await readMigrations(migrationFolder()))
    await checkKeyring({ db, clock }, keyring)
  } catch (error) {
    await closeDatabase(db)
    throw error
  }
  const outbound = createOutbound({ allowLoopback: config.allowLoopback })
  const tenants = createTenants({ db, keyring, outbound, clock, publicUrl: config.publicUrl })
  const metrics = createMetrics({ processMetrics: means.processMetrics ?? false })
  const checkpointPlaces = createCheckpointPlaces({
    ...{ places: config.auditCheckpoints, outbound, token: means.checkpointToken },
  })
  const stopping = new AbortController()
  const deps: Deps = {
    ...{ config, db, keyring, outbound, tenants, checkpointPlaces, clock, log, metrics },
    stopping: stopping.signal,
  }
  const server = await listen(config, deps).catch(async (error: unknown) => {
    await outbound.close()
    await closeDatabase(db)
    throw error
  })
  const jobs = config.jobs ? startJobs(deps) : undefined
  const { address, port } = server.address() as AddressInfo
  return {
    address: `http://${address.includes(':') ? `[${address}]` : address}:${port}`,
    deps,
    async stop() {
      stopping.abort()
      // At once: a job's run must not begin while requests end, nor its end come on top of theirs.
      await Promise.all([closeServer(server, config.shutdownTimeoutMs), jobs?.stop()])
      await outbound.close()
      await closeDatabase(db)
    },
  }
}

function listen(config: Config, deps: Deps): Promise<Server> {
  const app = createApp(deps)
  return new Promise((resolve, reject) => {
    const server = serve(
      {
        fetch: app.fetch,
        hostname: config.host,
        port: config.port,
        serverOptions: {
          maxHeaderSize: MAX_HEADER_BYTES,
          requestTimeout: config.requestTimeoutMs,
          headersTimeout: Math.min(config.requestTimeoutMs, 10_000),
          // Node looks for requests past their time every 30 seconds by itself.
          connectionsCheckingInterval: 1_000,
        },
      },
      () => resolve(server as Server),
    )
    server.once('error', (error) => reject(addressRefused(error)))
  })
}

/** Why nobody can be heard at HOST and PORT; the code of the system's error stays with it. */
const ADDRESS_REFUSED: { readonly [code: string]: readonly [variable: string, rule: string] } = {
  EADDRINUSE: ['PORT', 'something else listens there already'],
  EACCES: ['PORT', 'this account may not listen there'],
  EADDRNOTAVAIL: ['HOST', 'is no address of this machine'],
  ENOTFOUND: ['HOST', 'is no address of this machine'],
}

function addressRefused(cause: Error): Error {
  const code = 'code' in cause ? String(cause.code) : ''
  const refused = ADDRESS_REFUSED[code]
  return refused === undefined ? cause : Object.assign(new ConfigError(...refused), { cause, code })
}

/** Takes no new connection, lets requests under way finish, then closes what is left. */
async function closeServer(server: Server, timeoutMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), timeoutMs)
  // Keep-alive connections turn idle as their last answer ends.
  const idle = setInterval(() => server.closeIdleConnections(), 50)
  await closed
  clearTimeout(timer)
  clearInterval(idle)
}
