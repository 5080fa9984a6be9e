/**
 * Prepared statements from Kysely. Kysely only writes SQL here and never talks to a server: a statement is compiled once,
 * at its first use, and from then on a call costs one array of values. Parameters are named and typed; everything else in
 * the query is a constant of the code and becomes part of the text, so that the planner can see it (a partial index on
 * `state = 'PENDING'` is of no use to `state = $2`).
 */
import {
  type Compilable,
  type DeleteResult,
  DummyDriver,
  type InsertResult,
  Kysely,
  type MergeResult,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  sql,
  type UpdateResult,
} from 'kysely'
import type { Database } from './schema.ts'

/** What can be bound. Documents are bound as their JSON text, lists as `= any(…)`, see {@link anyOf}. */
export type Bindable =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | readonly (string | null)[]
  | readonly number[]

/** What a statement without result columns gives: one row that says how many rows it wrote. */
export interface Changed {
  changed: number
}

declare const yields: unique symbol

/** One statement with its values, ready to be sent. `Row` is what each of its rows will be. */
export interface Step<Row> {
  readonly name: string
  readonly text: string
  readonly values: (string | Buffer | null)[]
  readonly [yields]?: Row
}

/** Names a parameter in a query: `p('tenantId')` stands for that member of the values and has its type. */
export type Params<Values> = <Name extends keyof Values & string>(name: Name) => Values[Name]

type AllBindable<Values> = { readonly [Name in keyof Values]: Bindable }

type RowOf<Output> = Output extends InsertResult | UpdateResult | DeleteResult | MergeResult
  ? Changed
  : Output

/**
 * Declares a statement written with Kysely. `name` is that of the prepared statement: unique in the code base, at most
 * 63 bytes. The types of values and rows follow from the builder:
 *
 *     export const findMatch = statement('find_match', (q, p: Params<{ tenantId: TenantId; hash: HolderHash }>) =>
 *       q.selectFrom('identity_match').select(['id']).where('tenant_id', '=', p('tenantId'))…)
 *     const [matches] = await transact(db, tenantId, [findMatch({ tenantId, hash })])
 *
 * Returns a function from values to a step. It throws TypeError when a value is missing.
 */
export function statement<Values extends AllBindable<Values>, Output>(
  name: string,
  build: (query: Kysely<Database>, p: Params<Values>) => Compilable<Output>,
): (values: Values) => Step<RowOf<Output>> {
  return prepare(name, (query) => build(query, parameter).compile())
}

/**
 * The same for what Kysely has no words for, such as several writes that hang on one compare-and-set. The text is
 * Kysely's `sql` template, typed by the row it gives: sql<{ id: JourneyId }>`WITH moved AS (UPDATE … ${p('id')} …) …`.
 */
export function sqlStatement<Values extends AllBindable<Values>, Row>(
  name: string,
  build: (p: Params<Values>) => RawBuilder<Row>,
): (values: Values) => Step<Row> {
  return prepare(name, (query) => build(parameter).compile(query))
}

/** `column = anyOf(p('hashes'))`: equal to one of a list, as one parameter whatever the list's length. */
export function anyOf<Item extends string | number>(list: readonly Item[]): RawBuilder<Item> {
  return sql<Item>`any(${list})`
}

const parameterName = Symbol('parameter')

function parameter(name: string): never {
  // The query never runs with this object in it: it marks the place where the value of that name belongs.
  return { [parameterName]: name } as never
}

function nameOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !(parameterName in value)) return undefined
  return String(value[parameterName])
}

/** Kysely's compilers are adapted by subclassing. This one keeps named parameters and writes constants into the text. */
class ConstantsInText extends PostgresQueryCompiler {
  protected override appendValue(value: unknown): void {
    if (nameOf(value) === undefined) this.appendImmediateValue(value)
    else super.appendValue(value)
  }
}

function queryWriter(): Kysely<Database> {
  return new Kysely<Database>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new ConstantsInText(),
    },
  })
}

interface Compiled {
  readonly sql: string
  readonly parameters: readonly unknown[]
}

function prepare<Values extends AllBindable<Values>, Row>(
  name: string,
  compile: (query: Kysely<Database>) => Compiled,
): (values: Values) => Step<Row> {
  let known: { text: string; names: readonly (keyof Values)[] } | undefined
  return (values) => {
    if (known === undefined) {
      const compiled = compile(queryWriter())
      known = {
        text: compiled.sql,
        names: compiled.parameters.map((each) => nameOf(each) as keyof Values),
      }
    }
    return { name, text: known.text, values: known.names.map((each) => encode(values[each], each)) }
  }
}

function encode(value: Bindable | undefined, name: PropertyKey): string | Buffer | null {
  if (typeof value === 'string' || value === null) return value
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (typeof value === 'boolean') return value ? 't' : 'f'
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  }
  if (value === undefined) throw new TypeError(`no value for parameter ${String(name)}`)
  return `{${value.map(encodeItem).join(',')}}`
}

/** An element of a Postgres array literal: text is always quoted, so that 'NULL' and the empty text mean themselves. */
function encodeItem(item: string | number | null): string {
  if (item === null) return 'NULL'
  return `"${String(item).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
}
