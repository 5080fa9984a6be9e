/**
 * One Postgres cluster in one folder: made, started, stopped. Everything goes through `initdb` and `pg_ctl`, which know
 * each platform's ways (a detached process, a restricted token on Windows) and outlive a Ctrl-C meant for us.
 */
import { spawn } from 'node:child_process'
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { SetupRefused } from '../store/setup-refused.ts'
import type { Account } from './account.ts'
import { type Binaries, hasCode } from './binaries.ts'

export interface Cluster {
  readonly binaries: Binaries
  readonly account: Account
  readonly environment: Record<string, string>
  /** The server's data directory. */
  readonly data: string
}

/** Where the server listens: a folder for its socket, or 127.0.0.1 when there is none. */
export interface Listening {
  readonly socketFolder: string | undefined
  readonly port: number
}

export const SUPERUSER = 'postgres'

/** Is there a complete cluster? One that was interrupted while being made has another name. */
export function clusterExists(cluster: Cluster): boolean {
  return existsSync(path.join(cluster.data, 'PG_VERSION'))
}

/** Makes the cluster beside its place and moves it there whole, so that a kill leaves none or all. */
export async function createCluster(
  cluster: Cluster,
  password: string,
  durable: boolean,
): Promise<void> {
  sweepUnfinished(cluster)
  const making = `${cluster.data}-new-${process.pid}`
  const passwordFile = `${making}.password`
  writeFileSync(passwordFile, password, { mode: 0o600 })
  give(cluster.account, passwordFile)
  mkdirSync(making, { mode: 0o700 })
  give(cluster.account, making)
  try {
    const { status, said } = await run(cluster, cluster.binaries.initdb, [
      ...['-D', making, '-U', SUPERUSER, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
      ...['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'],
      ...(durable ? [] : ['--no-sync']),
    ])
    if (status !== 0) throw new SetupRefused(`The embedded Postgres could not be made: ${said}`)
    renameSync(making, cluster.data)
  } finally {
    rmSync(passwordFile, { force: true })
    rmSync(making, { recursive: true, force: true })
  }
}

/** Starts the server and waits until it takes connections. Throws SetupRefused with the end of the server's own log. */
export async function startServer(
  cluster: Cluster,
  listening: Listening,
  durable: boolean,
): Promise<void> {
  const { socketFolder, port } = listening
  if (socketFolder !== undefined) isHeld(path.join(socketFolder, `.s.PGSQL.${port}.lock`))
  const log = path.join(cluster.data, 'server.log')
  if (existsSync(log) && statSync(log).size > 5_000_000) rmSync(log)
  const settings = path.join(cluster.data, 'postgresql.conf')
  writeFileSync(settings, settingsFor(listening, durable), { mode: 0o600 })
  give(cluster.account, settings)
  const { status } = await run(cluster, cluster.binaries.pgCtl, [
    ...['start', '-D', cluster.data, '-l', log, '-w', '-t', '60', '-s'],
  ])
  if (status === 0) return
  const end = existsSync(log) ? readFileSync(log, 'utf8').slice(-600) : ''
  throw new SetupRefused(`The embedded Postgres did not start. Its log ends with:\n${end}`)
}

/** Stops the server at once but in order: sessions are ended, everything is written. */
export async function stopServer(cluster: Cluster): Promise<void> {
  const { pgCtl } = cluster.binaries
  const { status } = await run(cluster, pgCtl, [
    ...['stop', '-D', cluster.data, '-m', 'fast', '-w', '-t', '60', '-s'],
  ])
  if (status !== 0 && runningServer(cluster) !== undefined) {
    throw new SetupRefused(`The embedded Postgres in ${cluster.data} did not stop`)
  }
}

/** The server that runs on this cluster by its lock file, or undefined. */
export function runningServer(cluster: Cluster): (Listening & { pid: number }) | undefined {
  const file = path.join(cluster.data, 'postmaster.pid')
  if (!isHeld(file)) return undefined
  const [pid, , , port, socketFolder] = readFileSync(file, 'utf8').split('\n')
  return { pid: Number(pid), port: Number(port), socketFolder: socketFolder || undefined }
}

/**
 * Is there a lock file whose process lives? One whose process is surely no Postgres (dead, or in a container where the
 * same few numbers come again) is removed, for Postgres itself only asks whether the number is in use.
 */
function isHeld(lockFile: string): boolean {
  if (!existsSync(lockFile)) return false
  const pid = Number.parseInt(readFileSync(lockFile, 'utf8'), 10)
  const program = `/proc/${pid}/cmdline` // empty for one that is dead and was not collected by its parent
  const isOther = existsSync(program) && !readFileSync(program, 'utf8').includes('postgres')
  if (isAlive(pid) && !isOther) return true
  rmSync(lockFile, { force: true })
  return false
}

/** Is there a process with this number? One that we may not signal exists too. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return hasCode(error, ['EPERM'])
  }
}

/** Hands a file or folder of ours to the server's account. */
export function give({ uid, gid }: Account, file: string): void {
  if (uid !== undefined && gid !== undefined) chownSync(file, uid, gid)
}

function sweepUnfinished(cluster: Cluster): void {
  const parent = path.dirname(cluster.data)
  const prefix = `${path.basename(cluster.data)}-new-`
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(prefix) || isAlive(Number.parseInt(name.slice(prefix.length), 10)))
      continue
    rmSync(path.join(parent, name), { recursive: true, force: true })
  }
}

/**
 * The whole of postgresql.conf, written anew at each start. Errors stay out of the log, for Postgres quotes values in
 * them: `log` means the server's own doings and what ends it.
 */
function settingsFor({ socketFolder, port }: Listening, durable: boolean): string {
  const settings: Record<string, string> = {
    listen_addresses: socketFolder === undefined ? '127.0.0.1' : '',
    unix_socket_directories: socketFolder ?? '',
    unix_socket_permissions: '0700',
    port: String(port),
    password_encryption: 'scram-sha-256',
    max_connections: '100',
    shared_buffers: '128MB',
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    ...(durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  }
  const lines = Object.entries(settings).map(
    ([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`,
  )
  return lines.join('')
}

interface Finished {
  readonly status: number | null
  readonly said: string
}

/** Runs a program under the server's account. It gets no variable of ours: some of them are secrets. */
function run(cluster: Cluster, program: string, words: readonly string[]): Promise<Finished> {
  return new Promise((resolve, reject) => {
    // pg_ctl hands its streams on to the server, so it must not have any; initdb ends and may speak.
    const stderr = program === cluster.binaries.initdb ? 'pipe' : 'ignore'
    const child = spawn(program, words, {
      ...cluster.account,
      cwd: path.dirname(cluster.data),
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', ...cluster.environment },
      stdio: ['ignore', 'ignore', stderr],
      windowsHide: true,
    })
    let said = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-600)
    })
    child.on('error', (cause) => {
      reject(new SetupRefused(`${program} cannot be run here. Set DATABASE_URL.`, { cause }))
    })
    child.on('close', (status) => resolve({ status, said }))
  })
}
