/** What an erasure is held against: everything that was ever written about a person, and every row there is. */
import { PERSONAL_DATA } from '../../src/store/personal-data.ts'
import { query } from '../support/postgres.ts'

/** Every row of every table as JSON text, by table; of tables with a tenant those that fit `where`. */
export async function dump(url: string, where = 'true'): Promise<Map<string, string[]>> {
  const tables = await query<{ name: string; tenanted: boolean }>(
    url,
    `SELECT relname AS name, EXISTS (SELECT FROM pg_attribute WHERE attrelid = pg_class.oid AND attname = 'tenant_id') AS tenanted
       FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`,
  )
  const dumped = new Map<string, string[]>()
  for (const { name, tenanted } of tables) {
    const rows = await query<{ row: string }>(
      url,
      `SELECT to_json(t)::text AS row FROM ${name} t WHERE ${tenanted ? where : 'true'}`,
    )
    dumped.set(
      name,
      rows.map(({ row }) => row),
    )
  }
  return dumped
}

/**
 * Every value by which a row can be told from others, in the rows of the tables that an erasure deletes or empties: ids,
 * hashes, sealed texts, subjects. What the tenant's own tables say too is nobody's.
 */
export async function marksOf(url: string, where?: string): Promise<string[]> {
  const dumped = await dump(url, where)
  const everybodys: string[] = []
  const marks = new Set<string>()
  for (const [table, rows] of dumped) {
    if (PERSONAL_DATA[table]?.rule === 'nobody') everybodys.push(...rows)
    else for (const row of rows) for (const value of textsIn(JSON.parse(row))) marks.add(value)
  }
  return [...marks].filter(
    (mark) =>
      !isPlain(mark) &&
      !everybodys.some(
        (row) => row.includes(JSON.stringify(mark).slice(1, -1)) || row.includes(mark),
      ),
  )
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (value === null || typeof value !== 'object') return []
  return Object.values(value).flatMap(textsIn)
}

/** Times, words, numbers and documents of our own: they tell nobody apart. */
function isPlain(value: string): boolean {
  return value.length < 20 || /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) || /^[a-z_]+$/.test(value)
}
