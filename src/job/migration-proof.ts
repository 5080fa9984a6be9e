/**
 * Rows that are where a run wanted them are looked at before it ends, and not only counted: an account's hash is that of
 * the sealed account, and what C seals is sealed under the version that it says. Of A nobody knows what was hashed. All rows
 * of a small tenant; of a large one so many, in a row from a random place on.
 */
import { auditSaltVersion, auditSubjectHash } from '../crypto/audit-subject.ts'
import { unwrapDataKey } from '../crypto/data-key.ts'
import { newId } from '../crypto/random.ts'
import { openUnder, sealedVersion } from '../crypto/seal.ts'
import type { VersionCount, WrongCount } from '../domain/key-migration.ts'
import { listAccountsOfVersion } from '../store/account-rows.ts'
import { read } from '../store/database.ts'
import {
  columnStatements,
  listPeopleOfWrapVersion,
  prefixOf,
  SEALED_COLUMNS,
  type SealedColumn,
} from '../store/sealed-columns.ts'
import type { Step } from '../store/statement.ts'
import { isAccountHash } from './migrate-accounts.ts'
import { ifItOpens, type Walk, workGently } from './migration-walk.ts'

/** Rows of each part that are looked at. */
const LOOKED_AT = 200

/** How many rows of each part are not what they say, among those that were looked at. `counts` says where there are any. */
export async function countWrong(
  walk: Walk,
  counts: readonly VersionCount[],
): Promise<WrongCount[]> {
  const { run, target } = walk
  const has = (part: string) =>
    counts.some((row) => row.part === part && row.version === target && row.count > 0)
  const looks: Promise<WrongCount>[] = []
  if (run.key === 'B' && has('binding')) looks.push(wrongAccounts(walk))
  if (run.key === 'C') {
    const columns = SEALED_COLUMNS.filter(({ table, column }) => has(`${table}.${column}`))
    looks.push(wrongPeople(walk), ...columns.map((column) => wrongTexts(walk, column)))
  }
  return (await Promise.all(looks)).filter(({ count }) => count > 0)
}

async function wrongAccounts(walk: Walk): Promise<WrongCount> {
  const { tenantId, target: institutionHashVersion } = walk
  const count = await countThose(
    walk,
    (page) => listAccountsOfVersion({ tenantId, institutionHashVersion, ...page }),
    (row) => row.id,
    (row) => isAccountHash(walk, row) === false,
  )
  return { part: 'binding', count }
}

async function wrongPeople(walk: Walk): Promise<WrongCount> {
  const { means, tenantId, target } = walk
  const count = await countThose(
    walk,
    (page) => listPeopleOfWrapVersion({ tenantId, dataKeyVersion: target, ...page }),
    (row) => row.id,
    ({ id, wrapped_data_key: wrapped, audit_salt: salt }) => {
      if (wrapped === null || salt === null || sealedVersion(wrapped) !== target) return true
      const opened = ifItOpens(() => {
        unwrapDataKey(means.keyring, tenantId, id, wrapped)
        return auditSubjectHash(means.keyring, tenantId, salt)
      })
      return opened === undefined || auditSaltVersion(salt) !== target
    },
  )
  return { part: 'identity', count }
}

async function wrongTexts(walk: Walk, of: SealedColumn): Promise<WrongCount> {
  const { means, tenantId, target } = walk
  const { table, column, purpose } = of
  const { listWanted } = columnStatements(of)
  const count = await countThose(
    walk,
    (page) => listWanted({ tenantId, prefix: prefixOf(target), ...page }),
    ({ row }) => row,
    ({ row, sealed }) => {
      const place = { tenant: tenantId, table, column, row }
      return ifItOpens(() => openUnder(means.keyring, purpose, place, sealed)) === undefined
    },
  )
  return { part: `${table}.${column}`, count }
}

async function countThose<Row>(
  { means, tenantId }: Walk,
  list: (page: { afterId: string; limit: number }) => Step<Row>,
  idOf: (row: Row) => string,
  isWrong: (row: Row) => boolean,
): Promise<number> {
  const limit = LOOKED_AT
  const [rows, first] = await read(means.db, tenantId, [
    list({ afterId: newId(), limit }),
    list({ afterId: '', limit }),
  ])
  const found = new Map([...rows, ...first].slice(0, limit).map((row) => [idOf(row), row]))
  const wrong = await workGently([...found.values()], isWrong)
  return wrong.filter(Boolean).length
}
