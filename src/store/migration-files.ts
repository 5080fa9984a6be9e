/** The files of `sql/`: which there are, whether their order is whole, and what each says. */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { SetupRefused } from './setup-refused.ts'

export interface Migration {
  readonly name: string
  readonly text: string
  /** SHA-256 of the text with LF line ends, hexadecimal. */
  readonly checksum: string
}

/** The folder `sql/` of this repository. */
export function migrationFolder(): string {
  return fileURLToPath(new URL('../../sql/', import.meta.url))
}

/** Reads the files in order. Throws {@link SetupRefused} on a stray name, a gap, or a transaction command inside. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  return await Promise.all(
    names.map(async (name, index) => {
      const expected = String(index + 1).padStart(3, '0')
      if (!/^\d{3}_[a-z0-9_]+\.sql$/.test(name) || !name.startsWith(expected)) {
        throw new SetupRefused(`${name} is out of order: number ${expected} was expected`)
      }
      const text = (await readFile(path.join(folder, name), 'utf8')).replaceAll('\r\n', '\n')
      if (/^\s*(BEGIN|START TRANSACTION|COMMIT|ROLLBACK)\s*;/im.test(text)) {
        throw new SetupRefused(`${name} has a transaction command; the runner wraps each file`)
      }
      const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
      return { name, text, checksum: Buffer.from(digest).toString('hex') }
    }),
  )
}
