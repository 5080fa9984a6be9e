/**
 * Once a run: a Postgres of its own on the launcher the service ships, and in it a template built from sql/. A run that
 * was killed leaves its server behind; the next one ends it.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { isAlive } from '../../src/embedded/cluster.ts'
import {
  type EmbeddedPostgres,
  OWNER_ROLE,
  startEmbeddedPostgres,
} from '../../src/embedded/postgres.ts'
import { migrate, migrationFolder, readMigrations } from '../../src/store/migrate.ts'
import { onDatabase, query, TEMPLATE, WATCHED } from './postgres.ts'
import { WATCH } from './watch.ts'

const PREFIX = 'identity-bridge-test-'

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await endAbandonedRuns()
  const folder = await mkdtemp(path.join(os.tmpdir(), `${PREFIX}${process.pid}-`))
  let server: EmbeddedPostgres | undefined
  try {
    server = await startEmbeddedPostgres({ folder, durable: false })
    await buildTemplate(server)
    const { ownerUrl, runtimeUrl, superuserUrl, dataDirectory } = server
    project.provide('cluster', { ownerUrl, runtimeUrl, superuserUrl, dataDirectory })
  } catch (error) {
    // Tests that need no database shall run; those that do fail with this sentence.
    project.provide('cluster', { problem: error instanceof Error ? error.message : String(error) })
  }
  return async () => {
    await server?.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** The owner of tests may create roles and databases, as the one of `npm run migrate` should. */
async function buildTemplate(server: EmbeddedPostgres): Promise<void> {
  const superuser = new pg.Client({ connectionString: server.superuserUrl })
  await superuser.connect()
  try {
    await superuser.query(`ALTER ROLE ${OWNER_ROLE} CREATEDB CREATEROLE`)
    await superuser.query(`CREATE DATABASE ${TEMPLATE} OWNER ${OWNER_ROLE}`)
    await migrate(onDatabase(server.ownerUrl, TEMPLATE), await readMigrations(migrationFolder()))
    await superuser.query(`CREATE DATABASE ${WATCHED} OWNER ${OWNER_ROLE} TEMPLATE ${TEMPLATE}`)
    await query(onDatabase(server.superuserUrl, WATCHED), WATCH)
    for (const name of [TEMPLATE, WATCHED])
      await superuser.query(`ALTER DATABASE ${name} ALLOW_CONNECTIONS false`)
  } finally {
    await superuser.end()
  }
}

async function endAbandonedRuns(): Promise<void> {
  for (const name of await readdir(os.tmpdir())) {
    if (!name.startsWith(PREFIX)) continue
    if (isAlive(Number.parseInt(name.slice(PREFIX.length), 10))) continue
    const folder = path.join(os.tmpdir(), name)
    const lock = await readFile(path.join(folder, 'postgres/postmaster.pid'), 'utf8').catch(
      () => '',
    )
    const pid = Number.parseInt(lock, 10)
    if (Number.isInteger(pid) && isAlive(pid)) {
      process.kill(pid, 'SIGQUIT')
      await wait(500)
    }
    await rm(folder, { recursive: true, force: true })
  }
}
