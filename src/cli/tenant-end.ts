/** `tenant end`: an institution leaves. What is held goes to a folder, everybody is erased, keys and secrets are destroyed. */
import { createWriteStream, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { finished } from 'node:stream/promises'
import { type Config, readConfig, type Secrets } from '../config.ts'
import type { Deps } from '../deps.ts'
import { findAdminTenant } from '../flow/admin-tenant.ts'
import { endTenant } from '../flow/end-tenant.ts'
import { exportCheckpoints, exportTrail } from '../flow/export-trail.ts'
import {
  eraseEverybody,
  exportEverybody,
  exportReceipts,
  exportTenant,
} from '../flow/leave-tenant.ts'
import { switchTenant } from '../flow/switch-tenant.ts'
import { SetupRefused } from '../store/setup-refused.ts'
import { withKeyring } from './database.ts'
import type { Terminal } from './terminal.ts'
import { OPERATOR } from './tokens.ts'
import { exportedLine } from './trail-files.ts'

export interface EndOptions {
  /** Where what the institution takes along is written. */
  export: string
  /** The slug once more. */
  confirm: string
  dropMessages: boolean
}

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'config' | 'checkpointPlaces'>

/** Each step can be repeated; run again after a stop, it goes on where it was. */
export async function endTenantHere(
  terminal: Terminal,
  slug: string,
  options: EndOptions,
): Promise<void> {
  if (options.confirm !== slug)
    throw new SetupRefused(
      'This erases everybody. To confirm it, repeat the slug: --confirm <slug>.',
    )
  const { config, secrets } = readConfig(terminal.environment)
  mkdirSync(options.export, { recursive: true, mode: 0o700 })
  await withMeans(config, secrets, async (means) => {
    const { ended } = await findAdminTenant(means.db, OPERATOR, 'audit:read', slug)
    if (!ended) await leave(terminal, means, slug, options.export)
    const messages = options.dropMessages ? 'drop' : 'wait'
    const last = await endTenant(means, OPERATOR, slug, { messages })
    await writeLines(path.join(options.export, 'audit.ndjson'), trailLines(means, slug))
    terminal.out(JSON.stringify(last))
    terminal.err(
      `${slug} has ended. Its trail is closed; ${options.export} has what it takes along.`,
    )
    terminal.err(
      'Backups hold its people until they are thrown away, or until Keys A, B and C are rotated and',
    )
    terminal.err('their old versions destroyed: docs/tenant-end.md.')
  })
}

async function withMeans(
  config: Config,
  secrets: Secrets,
  work: (means: Means) => Promise<void>,
): Promise<void> {
  const { openCheckpointPlaces } = await import('../service.ts')
  const { places, close } = openCheckpointPlaces(config, secrets.auditCheckpointsToken)
  try {
    await withKeyring(config, secrets, (place) =>
      work({ ...place, config, clock: Date.now, checkpointPlaces: places }),
    )
  } finally {
    await close()
  }
}

async function leave(terminal: Terminal, means: Means, slug: string, folder: string) {
  await switchTenant(means, OPERATOR, slug, { enabled: false })
  const people = path.join(folder, 'people.ndjson')
  // Once written it stays: a second run finds fewer people, or nobody.
  if (!existsSync(people)) await writeLines(people, peopleLines(means, slug))
  const erased = await eraseEverybody(means, OPERATOR, slug)
  terminal.err(`${erased} persons erased.`)
  const tenant = await exportTenant(means, OPERATOR, slug)
  writeFileSync(path.join(folder, 'tenant.json'), JSON.stringify(tenant, null, 2), { mode: 0o600 })
  await writeLines(path.join(folder, 'receipts.jws'), exportReceipts(means, OPERATOR, slug))
}

async function* peopleLines(means: Means, slug: string): AsyncGenerator<string> {
  for await (const person of exportEverybody(means, OPERATOR, slug)) yield JSON.stringify(person)
}

async function* trailLines(means: Means, slug: string): AsyncGenerator<string> {
  for await (const rows of exportTrail(means, OPERATOR, { slug, after: 0 }))
    for (const row of rows) yield exportedLine(row)
  for (const checkpoint of await exportCheckpoints(means, OPERATOR, { slug, after: 0 }))
    yield JSON.stringify({ checkpoint })
}

/** The whole file or none, for its owner alone. */
async function writeLines(file: string, lines: AsyncIterable<string>): Promise<void> {
  const stream = createWriteStream(`${file}.new`, { mode: 0o600 })
  const done = finished(stream)
  for await (const line of lines)
    if (!stream.write(`${line}\n`)) await new Promise((resolve) => stream.once('drain', resolve))
  stream.end()
  await done
  renameSync(`${file}.new`, file)
}
