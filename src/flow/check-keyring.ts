/**
 * At the start: does this keyring belong to this database? A wrong one would meet only strangers and make every person a
 * second time, so it stops the service instead (protocols CR-33).
 */

import { type Keyring, keyCheckValues } from '../crypto/keyring.ts'
import { checkKnownAnswers } from '../crypto/self-check.ts'
import type { Deps } from '../deps.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import { toInstant } from '../domain/time.ts'
import { read, transact } from '../store/database.ts'
import { insertKeyCheck, listKeyChecks } from '../store/key-check.ts'

/** Says which key it was; the keyring is wrong for this database, incomplete, or damaged. */
export class KeyringMismatch extends Error {
  constructor(key: string, version: number, what: string) {
    super(`Key ${key} version ${version} ${what}`)
    this.name = 'KeyringMismatch'
  }
}

/**
 * Compares every version with what the database remembers and records new ones. Throws {@link KeyringMismatch} for a
 * value that differs, and for a version the database knows and the keyring lacks.
 */
export async function checkKeyring(
  means: Pick<Deps, 'db' | 'clock'>,
  keyring: Keyring,
): Promise<void> {
  const { fresh } = await compareKeyring(means, keyring)
  if (fresh.length === 0) return
  const now = toInstant(means.clock())
  await transact(
    means.db,
    SYSTEM_TENANT,
    fresh.map(({ key, version, checkValue }) =>
      insertKeyCheck({ keyName: key, version, checkValue, now }),
    ),
  )
}

/** The same without recording: returns the versions that no service on this database has started with yet. */
export async function compareKeyring(
  means: Pick<Deps, 'db'>,
  keyring: Keyring,
): Promise<{ fresh: ReturnType<typeof keyCheckValues> }> {
  checkKnownAnswers()
  const [known] = await read(means.db, SYSTEM_TENANT, [listKeyChecks({})])
  const values = keyCheckValues(keyring)
  for (const { key_name: key, version, check_value: expected } of known) {
    const mine = values.find((value) => value.key === key && value.version === version)
    if (mine === undefined) throw new KeyringMismatch(key, version, 'is missing from the keyring')
    if (mine.checkValue !== expected)
      throw new KeyringMismatch(key, version, 'is not the key this database was written with')
  }
  const fresh = values.filter(
    (value) =>
      !known.some(({ key_name, version }) => key_name === value.key && version === value.version),
  )
  return { fresh }
}
