/** Where Credo keeps what it holds: in memory, for as long as the program runs. */
import {
  type BaseRecord,
  type BaseRecordConstructor,
  JsonTransformer,
  type Query,
  RecordNotFoundError,
  type StorageService,
  StorageVersionRecord,
} from '@credo-ts/core'

interface Row {
  type: string
  value: Record<string, unknown>
  tags: Record<string, unknown>
}

/** Returns a storage that holds nothing but its own version, which Credo asks for when it starts. */
export function createStorage(): StorageService<BaseRecord> {
  const rows = new Map<string, Row>()
  const put = (record: BaseRecord) => {
    rows.set(record.id, {
      type: record.type,
      value: JsonTransformer.toJSON(record),
      tags: record.getTags(),
    })
    return Promise.resolve()
  }
  const all = <R extends BaseRecord>(kind: BaseRecordConstructor<R>, fits: (row: Row) => boolean) =>
    [...rows].flatMap(([id, row]) =>
      row.type === kind.type && fits(row) ? [read(kind, id, row)] : [],
    )
  void put(
    new StorageVersionRecord({ storageVersion: StorageVersionRecord.frameworkStorageVersion }),
  )
  return {
    supportsCursorPagination: false,
    save: (_, record) => put(record),
    update: (_, record) => put(record),
    delete: async (_, { id }) => void rows.delete(id),
    deleteById: async (_, _kind, id) => void rows.delete(id),
    getById: async (_, kind, id) => {
      const row = rows.get(id)
      if (row?.type !== kind.type)
        throw new RecordNotFoundError('no such record', { recordType: kind.type })
      return read(kind, id, row)
    },
    getAll: async (_, kind) => all(kind, () => true),
    findByQuery: async (_, kind, query) => all(kind, ({ tags }) => fits(tags, query)),
  }
}

function read<R extends BaseRecord>(kind: BaseRecordConstructor<R>, id: string, row: Row): R {
  const record = JsonTransformer.fromJSON(row.value, kind)
  record.id = id
  record.replaceTags(row.tags as Parameters<R['replaceTags']>[0])
  return record
}

/** A query names tags with their values; of a list each must be there. */
function fits(tags: Row['tags'], query: Query<BaseRecord>): boolean {
  const {
    $and = [],
    $or = [],
    $not,
    ...wanted
  } = query as {
    $and?: Query<BaseRecord>[]
    $or?: Query<BaseRecord>[]
    $not?: Query<BaseRecord>
  } & Row['tags']
  return (
    Object.entries(wanted).every(
      ([name, value]) => value === undefined || has(tags[name], value),
    ) &&
    $and.every((one) => fits(tags, one)) &&
    ($or.length === 0 || $or.some((one) => fits(tags, one))) &&
    ($not === undefined || !fits(tags, $not))
  )
}

function has(held: unknown, wanted: unknown): boolean {
  if (!Array.isArray(wanted)) return held === wanted
  return Array.isArray(held) && wanted.every((one) => held.includes(one))
}
