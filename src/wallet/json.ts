/** JSON from outside, read strictly. */
import { parseStrictJson, StrictJsonError } from '../domain/strict-json.ts'
import type { Json, JsonObject } from '../domain/text.ts'

/** Whether a JSON value is an object, not an array and not null. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

/**
 * Returns the value of strict JSON (no member twice, no `__proto__`), as text or as UTF-8; undefined where it is none.
 * `maxDepth` as in `parseStrictJson`.
 */
export function readJson(text: string | Uint8Array, maxDepth = 16): Json | undefined {
  try {
    const decoded = typeof text === 'string' ? text : readUtf8(text)
    return decoded === undefined ? undefined : parseStrictJson(decoded, { maxDepth })
  } catch (error) {
    if (error instanceof StrictJsonError) return undefined
    throw error
  }
}

/** Returns the text of well-formed UTF-8 without a byte order mark, or undefined. */
function readUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
