/**
 * The Postgres that comes with the service: a real server on the binaries npm brought, for a newcomer who has nothing but
 * Node. Every login has a password (SCRAM, on the socket too), so that sharing an account with the server is not yet a
 * way in. Who holds the cluster is told by an advisory lock on a connection that lives as long as its holder: an orphan
 * left by `kill -9` has none and is adopted, a second process is refused.
 */
import { chmodSync, mkdirSync, rmSync, statSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { ensureGroupRole, ensureLogin, ensureMember, RUNTIME_ROLE } from '../store/roles.ts'
import { SetupRefused } from '../store/setup-refused.ts'
import { mustReach, serverAccount } from './account.ts'
import { findBinaries, linkLibraries, placeBinaries } from './binaries.ts'
import {
  type Cluster,
  clusterExists,
  createCluster,
  type Listening,
  runningServer,
  SUPERUSER,
  startServer,
  stopServer,
} from './cluster.ts'
import { type Passwords, passwordsIn } from './passwords.ts'
import { socketFolderFor } from './socket-folder.ts'

export interface EmbeddedOptions {
  /** Where the data lives; made if it is not there. */
  folder: string
  /** False for tests only: a crash of the machine may then lose or spoil the data. Default true. */
  durable?: boolean
  /** Default: a socket, on Windows TCP on 127.0.0.1. */
  transport?: 'socket' | 'tcp'
}

export interface EmbeddedPostgres {
  /** The owner of the database, for migration alone. */
  readonly ownerUrl: string
  /** The login the service runs with. */
  readonly runtimeUrl: string
  /** The cluster's superuser, for tests and for rescue; the service never uses it. */
  readonly superuserUrl: string
  /** The server's own data directory. */
  readonly dataDirectory: string
  /** Was a server of an earlier process, killed before it could stop it, found running? */
  readonly adopted: boolean
  /** Resolves when the server is gone, whether it was asked to stop or not. */
  readonly gone: Promise<void>
  /** Stops the server in order. */
  stop(): Promise<void>
}

export const OWNER_ROLE = 'identity_bridge_owner'
export const DATABASE_NAME = 'identity_bridge'

/**
 * Starts the server on the folder, or adopts the one an earlier process left behind, and makes sure that database and
 * logins exist. Throws SetupRefused with a sentence: no binaries, folders out of reach, or another process at work.
 */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const folder = path.resolve(options.folder)
  const cluster = await prepareCluster(folder)
  const passwords = passwordsIn(folder)
  const durable = options.durable ?? true
  if (!clusterExists(cluster)) await createCluster(cluster, passwords.superuser, durable)

  const overTcp = (options.transport ?? (process.platform === 'win32' ? 'tcp' : 'socket')) === 'tcp'
  const socketFolder = overTcp ? undefined : await socketFolderFor(folder, cluster.account)
  const listening = { socketFolder, port: overTcp ? await freePort() : 5432 }
  const { running, adopted } = await bringUp(cluster, listening, durable)

  const superuserUrl = urlOf(running, SUPERUSER, passwords.superuser, 'postgres')
  const keeper = await holdAlone(superuserUrl, cluster)
  await provision(keeper, passwords)
  return {
    ownerUrl: urlOf(running, OWNER_ROLE, passwords.owner, DATABASE_NAME),
    runtimeUrl: urlOf(running, RUNTIME_ROLE, passwords.runtime, DATABASE_NAME),
    superuserUrl: urlOf(running, SUPERUSER, passwords.superuser, DATABASE_NAME),
    dataDirectory: cluster.data,
    adopted,
    gone: new Promise((resolve) => keeper.on('end', resolve)),
    stop: async () => {
      await stopServer(cluster)
      await keeper.end()
      if (running.socketFolder !== undefined)
        rmSync(running.socketFolder, { recursive: true, force: true })
    },
  }
}

async function prepareCluster(folder: string): Promise<Cluster> {
  const data = path.join(folder, 'postgres')
  const account = serverAccount(data)
  // As root: the server's account must be able to pass through, not to look around.
  mkdirSync(folder, { recursive: true, mode: account.uid === undefined ? 0o700 : 0o711 })
  if (account.uid !== undefined) chmodSync(folder, (statSync(folder).mode & 0o7777) | 0o011)
  mustReach(account, folder)
  const binaries = placeBinaries(await findBinaries(), account)
  const environment = linkLibraries(binaries, path.join(folder, 'postgres-lib'))
  return { binaries, account, environment, data }
}

/** Finds or starts the server. Two that start at once end up at one server; {@link holdAlone} decides between them. */
async function bringUp(
  cluster: Cluster,
  listening: Listening,
  durable: boolean,
): Promise<{ running: Listening; adopted: boolean }> {
  const found = runningServer(cluster)
  if (found !== undefined) return { running: found, adopted: true }
  try {
    await startServer(cluster, listening, durable)
    return { running: listening, adopted: false }
  } catch (error) {
    const other = runningServer(cluster)
    if (other === undefined) throw error
    return { running: other, adopted: true }
  }
}

/** Connects as superuser and takes the lock that says whose server it is. */
async function holdAlone(url: string, cluster: Cluster): Promise<pg.Client> {
  const keeper = await connectPatiently(url)
  keeper.on('error', () => undefined) // `gone` tells of the server's end
  const held = await keeper.query(`
    SELECT pg_try_advisory_lock(7265401) AS alone, current_setting('data_directory') AS data`)
  const { alone, data } = held.rows[0]
  if (alone === true && path.resolve(String(data)) === cluster.data) return keeper
  await keeper.end()
  throw new SetupRefused(
    `Another process of this service is using ${path.dirname(cluster.data)}. Stop it, or give this one a folder of its own.`,
  )
}

/** An adopted server may still be recovering; a just killed holder's lock takes a moment to fall. */
async function connectPatiently(url: string): Promise<pg.Client> {
  for (let tried = 1; ; tried++) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
    try {
      await client.connect()
      return client
    } catch (cause) {
      await client.end()
      const wrong = cause instanceof pg.DatabaseError && cause.code === '28P01'
      if (!wrong && tried < 100) {
        await wait(100)
        continue
      }
      throw new SetupRefused(
        wrong
          ? 'The embedded Postgres refuses the password in postgres-passwords.json'
          : 'The embedded Postgres does not answer',
        { cause },
      )
    }
  }
}

/** The owner may create nothing but in its own database; the run-time login owns nothing at all. */
async function provision(superuser: pg.Client, passwords: Passwords): Promise<void> {
  await ensureGroupRole(superuser)
  await ensureLogin(superuser, OWNER_ROLE, passwords.owner)
  await ensureLogin(superuser, RUNTIME_ROLE, passwords.runtime)
  await ensureMember(superuser)
  const { rowCount } = await superuser.query('SELECT FROM pg_database WHERE datname = $1', [
    DATABASE_NAME,
  ])
  if (rowCount === 0) await superuser.query(`CREATE DATABASE ${DATABASE_NAME} OWNER ${OWNER_ROLE}`)
}

function urlOf(at: Listening, user: string, password: string, database: string): string {
  const host = at.socketFolder === undefined ? '127.0.0.1' : 'localhost'
  const folder = at.socketFolder === undefined ? '' : `?host=${encodeURIComponent(at.socketFolder)}`
  return `postgresql://${user}:${password}@${host}:${at.port}/${database}${folder}`
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
