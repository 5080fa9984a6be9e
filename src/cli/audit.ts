/** `audit verify`, `verify-sealed`, `verify-export`, `export` and `keys`: the audit trail, checked and taken along. */
import { Command, InvalidArgumentError } from 'commander'
import { type Config, readConfig, type Secrets } from '../config.ts'
import { checkTrail, genesisHash, type TrailCheck } from '../crypto/audit-chain.ts'
import {
  type CheckpointKeys,
  checkpointJwks,
  readCheckpoint,
  readCheckpointKeys,
} from '../crypto/audit-checkpoint.ts'
import { JwsError } from '../crypto/jws.ts'
import { loadKeyring } from '../custody/load-keyring.ts'
import type { CheckpointClaims, TrailFault, TrailRow } from '../domain/audit-trail.ts'
import { exportCheckpoints, exportTrail } from '../flow/export-trail.ts'
import { verifyAllSeals } from '../flow/verify-seals.ts'
import { verifyTrails } from '../flow/verify-trails.ts'
import { SetupRefused } from '../store/setup-refused.ts'
import { withDatabase, withKeyring } from './database.ts'
import { type Terminal, tableOf } from './terminal.ts'
import { OPERATOR } from './tokens.ts'
import {
  exportedLine,
  readExport,
  readKeptCheckpoints,
  readKeyFile,
  readPlaces,
  writePlaces,
} from './trail-files.ts'

interface VerifyOptions {
  checkpoints: readonly string[]
  jwks?: string
  sinceCheckpoint: boolean
  progress?: string
}

const JWKS = [
  '--jwks <file>',
  'public keys of checkpoints, as `audit keys` printed them; the keyring without it',
] as const

export function auditCommand(terminal: Terminal): Command {
  const audit = new Command('audit').description('The audit trail (docs/audit-trail.md)')
  audit
    .command('verify')
    .description(
      'check trails row by row; ends with 1 and the first bad row of each where one is not as written',
    )
    .argument('[slug...]', 'which tenants; all of them, and `system`, without')
    .option(
      '--checkpoints <path...>',
      'files and folders of checkpoints kept outside the database',
      [],
    )
    .option(...JWKS)
    .option('--since-checkpoint', 'begin behind the newest checkpoint', false)
    .option('--progress <file>', 'remember how far the check came, and go on from there')
    .action((slugs: string[], options: VerifyOptions) => verify(terminal, slugs, options))
  audit
    .command('verify-sealed')
    .description(
      'check that what is sealed of people is what the trail tells last; ends with 1 and the places of older texts',
    )
    .argument('[slug...]', 'which tenants; all of them without')
    .action((slugs: string[]) => verifySealed(terminal, slugs))
  audit
    .command('verify-export')
    .description('check an exported trail without any database')
    .argument('<file>', 'what `audit export` printed')
    .option(...JWKS)
    .action((file: string, { jwks }: { jwks?: string }) => verifyExport(terminal, file, jwks))
  audit
    .command('export')
    .description('print a trail, an event a line, as NDJSON')
    .argument('<slug>', 'the tenant; `system` for what belongs to none')
    .option('--after <seq>', 'only events behind this one', readSeq, 0)
    .option('--with-checkpoints', 'and the signed checkpoints behind them', false)
    .action((slug: string, options: { after: number; withCheckpoints: boolean }) =>
      print(terminal, slug, options),
    )
  audit
    .command('keys')
    .description('print the public keys that checkpoints are signed with, for those who keep them')
    .action(async () => {
      const { secrets } = readConfig(terminal.environment)
      terminal.out(JSON.stringify(checkpointJwks(await loadKeyring(secrets, Date.now)), null, 2))
    })
  return audit
}

function readSeq(text: string): number {
  if (!/^(0|[1-9]\d{0,14})$/.test(text)) throw new InvalidArgumentError('a whole number.')
  return Number(text)
}

async function keysOf(secrets: Secrets, jwks: string | undefined): Promise<CheckpointKeys> {
  if (jwks !== undefined) return readKeyFile(jwks)
  return readCheckpointKeys(checkpointJwks(await loadKeyring(secrets, Date.now)))
}

function say({ seq, reason }: TrailFault): string {
  return `broken at event ${seq}: ${reason}`
}

async function verify(terminal: Terminal, slugs: string[], options: VerifyOptions): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  const { sinceCheckpoint, progress } = options
  const keys = await keysOf(secrets, options.jwks)
  const folders = ownFolders(config, options.checkpoints)
  const witnessed = readKeptCheckpoints(folders, keys)
  const places = readPlaces(progress)
  const rows: string[][] = []
  let broken = 0
  await withDatabase(config, secrets, async (db) => {
    const onPlace: Parameters<typeof verifyTrails>[1]['onPlace'] = (tenant, place) => {
      if (progress === undefined) return
      places.set(tenant, place)
      writePlaces(progress, places)
    }
    const wish = { slugs, keys, witnessed, sinceCheckpoint, places, onPlace }
    for await (const found of verifyTrails({ db }, wish)) {
      if (found.fault !== undefined) broken++
      const state = found.fault === undefined ? 'whole' : say(found.fault)
      const counts = [found.from.seq, found.events, found.checkpoints, found.unknown].map(String)
      rows.push([found.name, state, ...counts])
    }
  })
  const heading = ['tenant', 'trail', 'from', 'events', 'checkpoints', 'of unknown keys']
  terminal.out(tableOf(heading, rows))
  if (broken > 0)
    throw new SetupRefused(`${broken} of ${rows.length} trails are not what was written.`)
}

async function verifySealed(terminal: Terminal, slugs: readonly string[]): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  const rows: string[][] = []
  let older = 0
  await withKeyring(config, secrets, async (means) => {
    for await (const found of verifyAllSeals(means, slugs)) {
      older += found.older
      const counts = [found.texts, found.untold, found.unreadable, found.older].map(String)
      rows.push([found.slug, ...counts])
      for (const { table, column, row } of found.places)
        terminal.err(`${found.slug}: an older text lies in ${table}.${column} of ${row}`)
    }
  })
  terminal.out(tableOf(['tenant', 'sealed texts', 'untold', 'unreadable', 'older'], rows))
  if (older > 0) throw new SetupRefused(`${older} sealed texts are not the last that were written.`)
}

/** The folders that were named, or those that this service itself keeps checkpoints in. */
function ownFolders(config: Config, named: readonly string[]): readonly string[] {
  if (named.length > 0) return named
  return config.auditCheckpoints.filter(({ kind }) => kind === 'folder').map(({ where }) => where)
}

async function print(
  terminal: Terminal,
  slug: string,
  { after, withCheckpoints }: { after: number; withCheckpoints: boolean },
): Promise<void> {
  const { config, secrets } = readConfig(terminal.environment)
  await withDatabase(config, secrets, async (db) => {
    const means = { db, clock: Date.now }
    for await (const rows of exportTrail(means, OPERATOR, { slug, after }))
      for (const row of rows) terminal.out(exportedLine(row))
    if (!withCheckpoints) return
    for (const checkpoint of await exportCheckpoints(means, OPERATOR, { slug, after }))
      terminal.out(JSON.stringify({ checkpoint }))
  })
}

/** Checkpoints come behind the events, so what they say is held against the hashes that were seen. */
async function verifyExport(terminal: Terminal, file: string, jwks?: string): Promise<void> {
  const { secrets } = readConfig(terminal.environment)
  const keys = await keysOf(secrets, jwks)
  let check: TrailCheck | undefined
  let first = 0
  const hashes = new Map<number, string>()
  let signed = 0
  for await (const line of readExport(file)) {
    if ('row' in line) {
      const { row } = line
      check ??= checkTrail(row.tenant_id, startOf(row))
      if (first === 0) first = row.seq
      const fault = check.take(row)
      if (fault !== undefined) throw new SetupRefused(`The trail is ${say(fault)}.`)
      hashes.set(row.seq, row.row_hash)
      continue
    }
    const claims = believe(line.checkpoint, keys)
    const known = claims === undefined ? undefined : hashes.get(claims.seq)
    if (claims === undefined || (known === undefined && claims.seq < first)) continue
    if (known !== claims.row_hash)
      throw new SetupRefused(
        `The trail is ${say({ seq: claims.seq, reason: known === undefined ? 'tail_missing' : 'not_as_signed' })}.`,
      )
    signed++
  }
  terminal.out(JSON.stringify({ from: first, events: hashes.size, checkpoints: signed }))
  terminal.err('The trail is what was written.')
}

/** An export that does not begin with the first event is taken on trust up to where it begins. */
function startOf(row: TrailRow) {
  return row.seq === 1
    ? { seq: 0, rowHash: genesisHash(row.tenant_id) }
    : { seq: row.seq - 1, rowHash: row.prev_hash }
}

function believe(jws: string, keys: CheckpointKeys): CheckpointClaims | undefined {
  try {
    return readCheckpoint(jws, keys)
  } catch (error) {
    if (!(error instanceof JwsError)) throw error
    throw new SetupRefused(`A checkpoint is not to be believed: ${error.reason}.`)
  }
}
