/** An example for a JSON Schema, as OpenAPI 3.1 documents carry them, for readers of the reference page. */
import type { Json, JsonObject } from '../../domain/text.ts'

/** Longer than any chain of references of ours; one that turns in a circle resolves to nothing. */
const LONGEST = 8

const FORMATS: Readonly<Record<string, string>> = {
  'date-time': '2026-01-31T12:00:00.000Z',
  date: '2026-01-31',
  uuid: '2f1c9a60-7d0e-4c0b-9a55-3f1d2c4b5a69',
  uri: 'https://example.org/',
  url: 'https://example.org/',
  email: 'person@example.org',
}

/** The member when the value is a JSON object, else undefined. */
export function member(value: Json | undefined, name: string): Json | undefined {
  const object = asObject(value)
  return object !== undefined && Object.hasOwn(object, name) ? object[name] : undefined
}

/** The value when it is a JSON object, else undefined. */
export function asObject(value: Json | undefined): JsonObject | undefined {
  return isObject(value) ? value : undefined
}

/** The value when it is a JSON array, else an empty one. */
export function asList(value: Json | undefined): readonly Json[] {
  return isList(value) ? value : []
}

/** The value when it is text, else undefined. */
export function asText(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** What a local reference (`#/components/…`, RFC 6901) stands for; any other value is returned as it is. */
export function resolve(document: JsonObject, value: Json | undefined): Json | undefined {
  let found = value
  for (let step = 0; step < LONGEST; step += 1) {
    const reference = asText(member(found, '$ref'))
    if (reference === undefined) return found
    found = follow(document, reference)
  }
  return undefined
}

/**
 * An example value for the schema: its own example, constant or default where it has one, else one made from its type.
 * `within` are the references that led here; a schema that contains itself is null the second time.
 */
export function exampleOf(
  document: JsonObject,
  schema: Json | undefined,
  within: readonly string[] = [],
): Json {
  const reference = asText(member(schema, '$ref'))
  if (reference !== undefined && within.includes(reference)) return null
  const shape = resolve(document, schema)
  if (shape === undefined) return null
  const path = reference === undefined ? within : [...within, reference]
  const given = member(shape, 'example') ?? asList(member(shape, 'examples'))[0]
  const fixed = given ?? member(shape, 'const') ?? member(shape, 'default')
  if (fixed !== undefined) return fixed
  const [listed] = asList(member(shape, 'enum'))
  if (listed !== undefined) return listed
  return composed(document, shape, path) ?? fromType(document, shape, path)
}

function follow(document: JsonObject, reference: string): Json | undefined {
  if (!reference.startsWith('#/')) return undefined
  const path = reference.slice(2).split('/')
  const names = path.map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  return names.reduce<Json | undefined>(member, document)
}

/** One of the alternatives, or all parts together, where the schema is made of others. */
function composed(document: JsonObject, shape: Json, within: readonly string[]): Json | undefined {
  const [alternative] = [...asList(member(shape, 'oneOf')), ...asList(member(shape, 'anyOf'))]
  if (alternative !== undefined) return exampleOf(document, alternative, within)
  const parts = asList(member(shape, 'allOf'))
  if (parts.length === 0) return undefined
  const own = member(shape, 'properties') === undefined ? [] : [fromType(document, shape, within)]
  const all = [...parts.map((part) => exampleOf(document, part, within)), ...own]
  return Object.assign({}, ...all.map((part) => asObject(part) ?? {}))
}

function fromType(document: JsonObject, shape: Json, within: readonly string[]): Json {
  const properties = asObject(member(shape, 'properties'))
  const kind = member(shape, 'type')
  const [type] = isList(kind) ? kind.filter((name) => name !== 'null') : [kind]
  if (properties !== undefined || type === 'object') {
    const entries = Object.entries(properties ?? {})
    return Object.fromEntries(
      entries.map(([name, value]) => [name, exampleOf(document, value, within)]),
    )
  }
  if (type === 'array') return [exampleOf(document, member(shape, 'items'), within)]
  if (type === 'integer' || type === 'number') return member(shape, 'minimum') ?? 1
  if (type === 'boolean') return true
  if (type === 'string') return FORMATS[asText(member(shape, 'format')) ?? ''] ?? '…'
  return null
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value)
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !isList(value)
}
