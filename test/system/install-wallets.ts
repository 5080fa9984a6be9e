/**
 * Once a run: the packages of the wallets that are programs of their own, each by its own lock file. Large, and no part of the
 * service's development packages; what is installed already for the same lock file stays.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const WALLETS = ['credo', 'sphereon'].map((name) => path.join(import.meta.dirname, name))

/** Throws what npm said where a wallet cannot be installed: its tests are not skipped. */
export default async function setup(): Promise<void> {
  for (const folder of WALLETS) {
    const lock = await readFile(path.join(folder, 'package-lock.json'))
    const wanted = createHash('sha256').update(lock).digest('hex')
    const stamp = path.join(folder, 'node_modules/.installed')
    if ((await readFile(stamp, 'utf8').catch(() => '')) === wanted) continue
    await run('npm', ['ci', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: folder })
    await writeFile(stamp, wanted)
  }
}
