/** Key C: data keys are wrapped anew, salts bound anew, and every text that C seals itself is sealed anew (CR-51). */
import { auditSaltVersion, rebindAuditSalt } from '../crypto/audit-subject.ts'
import { rewrapDataKey } from '../crypto/data-key.ts'
import { resealUnder } from '../crypto/seal.ts'
import type { BindingId } from '../domain/ids.ts'
import { read } from '../store/database.ts'
import {
  columnStatements,
  listBindingsOfSealVersion,
  listPeopleOfWrapVersion,
  noteSealVersion,
  prefixOf,
  rewrapPeople,
  type SealedColumn,
  type SealedRow,
} from '../store/sealed-columns.ts'
import type { Step } from '../store/statement.ts'
import { ifItOpens, type Leg, legOf, type Walk, workGently, writeOne } from './migration-walk.ts'

type PersonRow = ReturnType<typeof listPeopleOfWrapVersion> extends Step<infer Row> ? Row : never

/** Every person wrapped under one version, with the version that their bindings repeat. */
export function peopleLeg(walk: Walk, version: number): Leg {
  const { means, tenantId, target, batch } = walk
  return legOf<PersonRow>(`people:${version}`, {
    idOf: ({ id }) => id,
    async read(afterId) {
      const page = { tenantId, dataKeyVersion: version, afterId, limit: batch }
      return (await read(means.db, tenantId, [listPeopleOfWrapVersion(page)]))[0]
    },
    async work(rows) {
      const made = await workGently(rows, (row) => rewrap(walk, row))
      const done = made.flatMap((each) => (each === undefined ? [] : [each]))
      const step = rewrapPeople({
        ...{ tenantId, identityIds: done.map(({ id }) => id), keyVersion: target },
        ...{ wrapped: done.map((each) => each.wrapped), salts: done.map((each) => each.salt) },
        rewrapped: done.map(({ rewrapped }) => rewrapped),
        newSalts: done.map(({ newSalt }) => newSalt),
      })
      const failed = rows.length - done.length
      return async (run) => {
        const [moved] = await run(step)
        const { people = 0, bindings = 0 } = moved ?? {}
        return { moved: people + bindings, failed, purged: 0, locked: done.length - people }
      }
    },
  })
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
  return legOf<{ id: BindingId }>(`binding:${version}`, {
    idOf: ({ id }) => id,
    async read(afterId) {
      const page = { tenantId, sealedVersion: version, afterId, limit: batch }
      return (await read(means.db, tenantId, [listBindingsOfSealVersion(page)]))[0]
    },
    async work(rows) {
      const bindingIds = rows.map(({ id }) => id)
      return writeOne(noteSealVersion({ tenantId, bindingIds, keyVersion: target }), rows.length)
    },
  })
}

/** Every text of one column under another version than the wanted one. */
export function columnLeg({ means, tenantId, target, batch }: Walk, sealed: SealedColumn): Leg {
  const { table, column, purpose } = sealed
  const statements = columnStatements(sealed)
  return legOf<SealedRow>(`column:${table}.${column}`, {
    idOf: ({ row }) => row,
    async read(afterId) {
      const page = { tenantId, prefix: prefixOf(target), afterId, limit: batch }
      return (await read(means.db, tenantId, [statements.list(page)]))[0]
    },
    async work(rows) {
      const made = await workGently(rows, ({ row, sealed: text }) =>
        ifItOpens(() => {
          const place = { tenant: tenantId, table, column, row }
          return { row, text, resealed: resealUnder(means.keyring, purpose, place, text) }
        }),
      )
      const done = made.flatMap((each) => (each === undefined ? [] : [each]))
      const step = statements.reseal({
        ...{ tenantId, rows: done.map(({ row }) => row), keyVersion: target },
        sealed: done.map(({ text }) => text),
        resealed: done.map(({ resealed }) => resealed),
      })
      return writeOne(step, done.length, { failed: rows.length - done.length })
    },
  })
}
