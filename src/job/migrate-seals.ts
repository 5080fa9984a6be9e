/** Key C: data keys are wrapped anew, salts bound anew, and every text that C seals itself is sealed anew (CR-51). */
import { auditSaltVersion, rebindAuditSalt } from '../crypto/audit-subject.ts'
import { rewrapDataKey } from '../crypto/data-key.ts'
import { resealUnder } from '../crypto/seal.ts'
import type { Sealed } from '../domain/text.ts'
import { read } from '../store/database.ts'
import {
  columnStatements,
  listBindingsOfSealVersion,
  listPeopleOfWrapVersion,
  noteSealVersion,
  prefixOf,
  rewrapPeople,
  type SealedColumn,
} from '../store/sealed-columns.ts'
import {
  type Batch,
  ifItOpens,
  type Leg,
  type Walk,
  workGently,
  writeOne,
} from './migration-walk.ts'

/** Every person wrapped under one version, with the version that their bindings repeat. */
export function peopleLeg(walk: Walk, version: number): Leg {
  const { tenantId, target } = walk
  async function prepare(after: string): Promise<Batch | undefined> {
    const rows = await readPeople(walk, version, after)
    const last = rows.at(-1)
    if (last === undefined) return undefined
    const made = await workGently(rows, (row) => rewrap(walk, row))
    const done = made.flatMap((each) => (each === undefined ? [] : [each]))
    const step = rewrapPeople({
      ...{ tenantId, identityIds: done.map(({ id }) => id), keyVersion: target },
      ...{ wrapped: done.map((each) => each.wrapped), salts: done.map((each) => each.salt) },
      rewrapped: done.map(({ rewrapped }) => rewrapped),
      newSalts: done.map(({ newSalt }) => newSalt),
    })
    const failed = rows.length - done.length
    return {
      last: last.id,
      async write(tx) {
        const [moved] = await tx.run(step)
        const { people = 0, bindings = 0 } = moved ?? {}
        return { moved: people + bindings, failed, purged: 0, locked: done.length - people }
      },
    }
  }
  return { name: `people:${version}`, prepare }
}

type PersonRow = Awaited<ReturnType<typeof readPeople>>[number]

async function readPeople(
  { means, tenantId, batch }: Walk,
  dataKeyVersion: number,
  afterId: string,
) {
  const page = { tenantId, dataKeyVersion, afterId, limit: batch }
  const [rows] = await read(means.db, tenantId, [listPeopleOfWrapVersion(page)])
  return rows
}

/** Undefined where wrapping or salt cannot be read: the person stays under the old version, and the run says so. */
function rewrap({ means, tenantId, target }: Walk, row: PersonRow) {
  const { id, wrapped_data_key: wrapped, audit_salt: salt } = row
  if (wrapped === null || salt === null) return undefined
  return ifItOpens(() => ({
    ...{ id, wrapped, salt },
    rewrapped: rewrapDataKey(means.keyring, tenantId, id, wrapped).wrapped,
    newSalt:
      auditSaltVersion(salt) === target ? salt : rebindAuditSalt(means.keyring, tenantId, salt),
  }))
}

/** Bindings that still name an older version: of merged persons, or locked when theirs were written. */
export function bindingLeg({ means, tenantId, target, batch }: Walk, version: number): Leg {
  async function prepare(after: string): Promise<Batch | undefined> {
    const page = { tenantId, sealedVersion: version, afterId: after, limit: batch }
    const [rows] = await read(means.db, tenantId, [listBindingsOfSealVersion(page)])
    const last = rows.at(-1)
    if (last === undefined) return undefined
    const bindingIds = rows.map(({ id }) => id)
    const step = noteSealVersion({ tenantId, bindingIds, keyVersion: target })
    return { last: last.id, write: writeOne(step, rows.length) }
  }
  return { name: `binding:${version}`, prepare }
}

/** Every text of one column under another version than the wanted one. */
export function columnLeg({ means, tenantId, target, batch }: Walk, sealed: SealedColumn): Leg {
  const { table, column, purpose } = sealed
  const statements = columnStatements(sealed)
  async function prepare(after: string): Promise<Batch | undefined> {
    const page = { tenantId, prefix: prefixOf(target), afterId: after, limit: batch }
    const [rows] = await read(means.db, tenantId, [statements.list(page)])
    const last = rows.at(-1)
    if (last === undefined) return undefined
    const made = await workGently(rows, ({ row, sealed: text }) =>
      ifItOpens(() => {
        const place = { tenant: tenantId, table, column, row }
        return { row, text, resealed: resealUnder(means.keyring, purpose, place, text) }
      }),
    )
    const done = made.flatMap((each) => (each === undefined ? [] : [each]))
    const step = statements.reseal({
      ...{ tenantId, rows: done.map(({ row }) => row), keyVersion: target },
      sealed: done.map(({ text }): Sealed => text),
      resealed: done.map(({ resealed }) => resealed),
    })
    return { last: last.row, write: writeOne(step, done.length, rows.length - done.length) }
  }
  return { name: `column:${table}.${column}`, prepare }
}
