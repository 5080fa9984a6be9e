/**
 * What superiors of a federation allow below them (OpenID Federation 1.0 section 6.2): how far down, of which names, and of
 * which kinds.
 */
import type { JsonObject } from './text.ts'

/** Whom a statement is about: those of its chain from the leaf up to its own subject. */
export interface Below {
  /** Entity identifiers, the leaf first. */
  subjects: readonly string[]
}

/**
 * Returns whether a chain below a statement obeys its constraints. A constraint that cannot be read is obeyed by nobody; one
 * that is not known is passed over.
 */
export function obeysConstraints(constraints: JsonObject, { subjects }: Below): boolean {
  const { max_path_length: longest, naming_constraints: names } = constraints
  // Between the leaf and whoever says so there are the subjects less the leaf.
  if (longest !== undefined) {
    if (typeof longest !== 'number' || !Number.isSafeInteger(longest) || longest < 0) return false
    if (subjects.length - 1 > longest) return false
  }
  if (names === undefined) return true
  if (typeof names !== 'object' || names === null || Array.isArray(names)) return false
  const { permitted, excluded } = names as JsonObject
  return subjects.every((subject) => isNamed(subject, permitted, excluded))
}

/** Returns the kinds of metadata that constraints leave; undefined where they leave all, and none where they cannot be read. */
export function allowedTypes(constraints: JsonObject): readonly string[] | undefined {
  const { allowed_entity_types: types } = constraints
  if (types === undefined) return undefined
  if (!Array.isArray(types)) return []
  return ['federation_entity', ...types.filter((type) => typeof type === 'string')]
}

function isNamed(subject: string, permitted: unknown, excluded: unknown): boolean {
  const host = URL.parse(subject)?.hostname
  if (host === undefined || host === '') return false
  if (
    excluded !== undefined &&
    !(isNames(excluded) && !excluded.some((name) => covers(name, host)))
  ) {
    return false
  }
  return (
    permitted === undefined || (isNames(permitted) && permitted.some((name) => covers(name, host)))
  )
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string')
}

/** RFC 5280 section 4.2.1.10 for URIs: with a dot in front every host below that domain, without one that host alone. */
function covers(name: string, host: string): boolean {
  const wanted = name.toLowerCase()
  return wanted.startsWith('.')
    ? host.endsWith(wanted) && host.length > wanted.length
    : host === wanted
}
