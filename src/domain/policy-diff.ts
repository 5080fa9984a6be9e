/** What is different between two versions of a policy document, member by member. */
import type { Json, JsonObject } from './text.ts'

export interface MemberChange {
  /** Names of members, and of list entries by what they are called there, joined by dots; `document` for the whole. */
  path: string
  change: 'added' | 'removed' | 'changed' | 'reordered'
  /** Absent where there was nothing. */
  before?: Json
  /** Absent where there is nothing any more. */
  after?: Json
}

/**
 * Returns the changes that lead from one document to the other, in the order of the older one, then what is new. List
 * entries that are called something (`id`, `name`, a claim's `path`) are compared with their namesakes, wherever they stand.
 */
export function diffDocuments(before: unknown, after: unknown): readonly MemberChange[] {
  return diffMember([], asJson(before), asJson(after))
}

/** The document as it is stored: members that are undefined are not there. */
function asJson(document: unknown): Json | undefined {
  return document === undefined ? undefined : (JSON.parse(JSON.stringify(document)) as Json)
}

function diffMember(
  path: readonly string[],
  before: Json | undefined,
  after: Json | undefined,
): readonly MemberChange[] {
  const where = path.length === 0 ? 'document' : path.join('.')
  if (before === undefined && after === undefined) return []
  if (before === undefined) return [{ path: where, change: 'added', after: after ?? null }]
  if (after === undefined) return [{ path: where, change: 'removed', before }]
  if (textOf(before) === textOf(after)) return []
  if (isObject(before) && isObject(after))
    return diffMembers(path, entriesOf(before), entriesOf(after))
  const [named, renamed] = [namedEntries(before), namedEntries(after)]
  if (named !== undefined && renamed !== undefined) {
    const changes = diffMembers(path, named, renamed)
    const stayed = [...named.keys()].filter((name) => renamed.has(name))
    const order = [...renamed.keys()].filter((name) => named.has(name))
    return stayed.join('\0') === order.join('\0')
      ? changes
      : [...changes, { path: where, change: 'reordered' }]
  }
  return [{ path: where, change: 'changed', before, after }]
}

function diffMembers(
  path: readonly string[],
  before: ReadonlyMap<string, Json>,
  after: ReadonlyMap<string, Json>,
): readonly MemberChange[] {
  const names = new Set([...before.keys(), ...after.keys()])
  return [...names].flatMap((name) =>
    diffMember([...path, name], before.get(name), after.get(name)),
  )
}

function entriesOf(object: JsonObject): ReadonlyMap<string, Json> {
  return new Map(Object.entries(object))
}

/** A list whose entries are all called something, each differently; undefined for any other value. */
function namedEntries(list: Json): ReadonlyMap<string, Json> | undefined {
  if (!isList(list)) return undefined
  const entries = list.flatMap((entry) => {
    const name = nameOf(entry)
    return name === undefined ? [] : [[name, entry] as const]
  })
  const named = new Map(entries)
  return named.size === list.length ? named : undefined
}

function nameOf(entry: Json): string | undefined {
  if (!isObject(entry)) return undefined
  const { id, name, path } = entry
  const called = id ?? name
  if (typeof called === 'string') return called
  return path !== undefined && isList(path) ? path.map(String).join('/') : undefined
}

/** The same text for the same value, however its members are ordered. */
function textOf(value: Json): string {
  if (isList(value)) return `[${value.map(textOf).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value)
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${textOf(member)}`).join(',')}}`
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}

function isObject(value: Json): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
