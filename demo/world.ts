/** Everything the demo needs running: a Postgres of its own, the bridge on it, an institution and an issuer. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { Writable } from 'node:stream'
import { readConfig } from '../src/config.ts'
import { createKeyringText, parseKeyring } from '../src/crypto/keyring.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/embedded/postgres.ts'
import { writeFirstToken } from '../src/flow/write-first-token.ts'
import { createLog } from '../src/log.ts'
import { startService } from '../src/service.ts'
import { migrate, migrationFolder, readMigrations } from '../src/store/migrate.ts'
import type { Closers } from './closers.ts'
import { type Institution, startInstitution } from './institution.ts'
import { createIssuer, type Issuer } from './issuer.ts'
import type { Narration } from './narration.ts'
import { freePort } from './site.ts'

export interface WorldOptions {
  /** Where the data stays; undefined for a temporary folder that is removed. */
  folder: string | undefined
  /** Of the bridge; undefined for any free one. */
  port: number | undefined
  jobs: boolean
  /** `NODE_ENV` as it is, so that the configuration's refusals hold for the demo too. */
  nodeEnv: string | undefined
  /** Called by the institution before it answers. */
  beforeAnswer?: (word: string) => Promise<void>
}

export interface World {
  url: string
  folder: string
  superuserUrl: string
  institution: Institution
  issuer: Issuer
  /** The token of the administration, as its file holds it. */
  adminToken: string
  /** What the bridge's log said. */
  logLines: readonly string[]
}

/** Starts it all. What is running is in `closers` at any moment, so that a failure half-way leaves nothing behind. */
export async function startWorld(
  options: WorldOptions,
  tell: Narration,
  closers: Closers,
): Promise<World> {
  const port = options.port ?? (await freePort())
  const { config } = readConfig({
    ...{ PUBLIC_URL: `http://localhost:${port}`, PORT: String(port), ALLOW_LOOPBACK: 'yes' },
    ...{ NODE_ENV: options.nodeEnv, JOBS: options.jobs ? 'yes' : 'no' },
  })
  const folder = prepareFolder(options.folder, closers)
  const database = await tell.step('A Postgres of its own, with the schema', () =>
    startDatabase(folder, closers),
  )
  const logLines: string[] = []
  const keyring = parseKeyring(keyringTextIn(folder))
  const adminToken = await tell.step('The bridge, with keys made for this folder', async () => {
    const log = createLog('info', collect(logLines))
    const service = await startService(config, {
      ...{ databaseUrl: database.runtimeUrl, keyring, clock: Date.now, log },
    })
    closers.push(() => service.stop())
    await writeFirstToken(service.deps, folder)
    return readFileSync(path.join(folder, 'admin-token'), 'utf8').trim()
  })
  const { beforeAnswer } = options
  const institution = await tell.step('An institution: an OpenID provider that plays SURF', () =>
    startInstitution(beforeAnswer === undefined ? {} : { beforeAnswer }),
  )
  closers.push(() => institution.close())
  const issuer = createIssuer()
  const { superuserUrl } = database
  return { url: config.publicUrl, folder, superuserUrl, institution, issuer, adminToken, logLines }
}

function prepareFolder(wanted: string | undefined, closers: Closers): string {
  if (wanted !== undefined) return path.resolve(wanted)
  const folder = mkdtempSync(path.join(os.tmpdir(), 'identity-bridge-demo-'))
  // Started by root, the database runs under another account, which must be able to pass through.
  if (process.getuid?.() === 0) chmodSync(folder, 0o711)
  closers.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function startDatabase(folder: string, closers: Closers): Promise<EmbeddedPostgres> {
  const database = await startEmbeddedPostgres({ folder: path.join(folder, 'postgres') })
  closers.push(() => database.stop())
  await migrate(database.ownerUrl, await readMigrations(migrationFolder()))
  return database
}

/** The keyring of the folder: a fresh one the first time, the same one as long as the folder is kept. */
function keyringTextIn(folder: string): string {
  const file = path.join(folder, 'keyring.json')
  if (!existsSync(file)) writeFileSync(file, createKeyringText(), { mode: 0o600, flag: 'wx' })
  return readFileSync(file, 'utf8')
}

function collect(lines: string[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(...chunk.toString('utf8').split('\n').filter(Boolean))
      done()
    },
  })
}
