/** The passwords of the embedded cluster's three logins, made once and kept in one file that only its owner may read. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { newPassword } from '../store/roles.ts'
import { SetupRefused } from '../store/setup-refused.ts'

const PASSWORDS = z.strictObject({
  superuser: z.string(),
  owner: z.string(),
  runtime: z.string(),
})

export type Passwords = z.infer<typeof PASSWORDS>

/** Reads `postgres-passwords.json` in the folder, or makes it (mode 0600, whole or not at all). Throws SetupRefused. */
export function passwordsIn(folder: string): Passwords {
  const file = path.join(folder, 'postgres-passwords.json')
  if (existsSync(file)) return readPasswords(file)
  const made = { superuser: newPassword(), owner: newPassword(), runtime: newPassword() }
  const making = `${file}-new-${process.pid}`
  writeFileSync(making, JSON.stringify(made), { mode: 0o600 })
  renameSync(making, file)
  return made
}

function readPasswords(file: string): Passwords {
  try {
    return PASSWORDS.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (cause) {
    throw new SetupRefused(
      `${file} cannot be read: it is damaged, or it belongs to another account. Without it the database beside it stays closed.`,
      { cause },
    )
  }
}
