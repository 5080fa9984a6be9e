/** A cluster of the Postgres 15 that the system's packages install, for a test of its own. */
import { execFileSync } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { serverAccount } from '../../src/embedded/account.ts'
import { freePort } from '../support/bridge.ts'

const BINARIES = '/usr/lib/postgresql/15/bin'

export interface Postgres15 {
  folder: string
  data: string
  /** What the server itself wrote down. */
  log: string
  urlOf: (database: string, user?: string) => string
  ask: <Row extends pg.QueryResultRow>(database: string, text: string) => Promise<Row[]>
  stop: () => void
}

export async function startPostgres15(): Promise<Postgres15> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bridge-postgres15-'))
  const data = path.join(folder, 'data')
  const log = path.join(folder, 'log')
  const account = serverAccount(data)
  if (account.uid !== undefined && account.gid !== undefined)
    chownSync(folder, account.uid, account.gid)
  const run = (name: string, ...words: string[]) =>
    execFileSync(path.join(BINARIES, name), words, {
      ...account,
      cwd: folder,
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
      encoding: 'utf8',
      // pg_ctl would hand a pipe on to the server, and we would wait for its end.
      stdio: [
        'ignore',
        name === 'pg_ctl' ? 'ignore' : 'pipe',
        name === 'pg_ctl' ? 'ignore' : 'pipe',
      ],
    })
  const port = await freePort()
  run('initdb', '-D', data, '-U', 'postgres', '--auth=trust', '--no-sync', '-E', 'UTF8')
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off`
  run('pg_ctl', 'start', '-D', data, '-w', '-s', '-l', log, '-o', options)
  const urlOf = (database: string, user = 'postgres') =>
    `postgresql://${user}@127.0.0.1:${port}/${database}`
  return {
    ...{ folder, data, log, urlOf },
    async ask(database, text) {
      const client = new pg.Client({ connectionString: urlOf(database) })
      await client.connect()
      try {
        return (await client.query(text)).rows
      } finally {
        await client.end()
      }
    },
    stop() {
      run('pg_ctl', 'stop', '-D', data, '-m', 'immediate', '-w', '-s')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
