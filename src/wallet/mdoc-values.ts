/**
 * Elements of an mdoc as the JSON that attribute rules read (MD-12), total in what can occur: text, whole and other
 * numbers, booleans, null, lists and objects stay what they are; bytes, as a portrait, become base64url (RFC 8949
 * section 6.1); a full date becomes its text, `2001-02-28`; an instant its text.
 */
import { fail } from '../domain/failure.ts'
import type { Json, JsonObject } from '../domain/text.ts'
import { type CborTagged, type CborValue, isCborArray, isCborMap, TAG } from './cbor.ts'

const FULL_DATE = /^\d{4}-\d{2}-\d{2}$/
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/

/**
 * Returns an element's value as JSON, objects without prototype. Throws `presentation_refused` with
 * `malformed_presentation` for a date that is none, and for an object whose keys are not text.
 */
export function jsonOf(value: CborValue): Json {
  if (value === null || typeof value !== 'object') return value
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64url')
  if (isCborArray(value)) return value.map(jsonOf)
  if (isCborMap(value)) return objectOf(value)
  return taggedOf(value)
}

function objectOf(map: ReadonlyMap<string | number, CborValue>): JsonObject {
  const object: Record<string, Json> = Object.create(null)
  for (const [name, member] of map) {
    if (typeof name !== 'string') return refuse()
    object[name] = jsonOf(member)
  }
  return object
}

function taggedOf({ tag, value }: CborTagged): Json {
  if (tag === TAG.embedded) return jsonOf(value)
  const form = tag === TAG.fullDate ? FULL_DATE : INSTANT
  if (typeof value !== 'string' || !form.test(value)) return refuse()
  return isOnCalendar(value.slice(0, 10)) && !Number.isNaN(Date.parse(value)) ? value : refuse()
}

/** `Date` takes 30 February for 2 March. */
function isOnCalendar(day: string): boolean {
  const instant = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(day)
}

function refuse(): never {
  return fail({ kind: 'presentation_refused', reason: 'malformed_presentation' })
}
