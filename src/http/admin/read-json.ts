/** JSON bodies, read strictly; a refusal names members, never what they hold. */
import type { Context } from 'hono'
import type { z } from 'zod'
import { fail } from '../../domain/failure.ts'
import { tellIssue } from '../../domain/shape-problem.ts'
import { parseStrictJson, StrictJsonError } from '../../domain/strict-json.ts'
import type { Json } from '../../domain/text.ts'
import { readBody } from '../parse.ts'

const MOST_PROBLEMS = 5
const JSON_TYPE = /^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i

/**
 * The body as the schema reads it. Throws `unsupported_media_type` unless it says it is UTF-8 JSON, `payload_too_large`
 * above `limit` bytes, `invalid_request` for text that is not strict JSON (RFC 8259, RFC 7493), not of this shape, or holds a NUL
 * character anywhere: Postgres stores none.
 */
export async function readJsonBody<Schema extends z.ZodType>(
  http: Context,
  schema: Schema,
  limit: number,
  options: { maxDepth?: number } = {},
): Promise<z.output<Schema>> {
  if (!JSON_TYPE.test(http.req.header('content-type') ?? ''))
    fail({ kind: 'unsupported_media_type' })
  const value = parseJson(await readBody(http, limit), options)
  if (holdsNul(value)) fail({ kind: 'invalid_request', detail: 'body: holds a NUL character' })
  return parseWith(schema, value, 'body')
}

/** The value as the schema reads it. Throws `invalid_request` with up to five paths and what is wrong there. */
export function parseWith<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  whole: 'body' | 'query',
): z.output<Schema> {
  const read = schema.safeParse(value)
  if (read.success) return read.data
  const problems = read.error.issues.slice(0, MOST_PROBLEMS).map((issue) => tellIssue(issue, whole))
  return fail({ kind: 'invalid_request', detail: problems.join('; ') })
}

/** In a text or a name; strict JSON is not deep. */
function holdsNul(value: Json): boolean {
  if (typeof value === 'string') return value.includes('\0')
  if (value === null || typeof value !== 'object') return false
  if (Array.isArray(value)) return value.some((item) => holdsNul(item as Json))
  return Object.entries(value).some(([name, member]) => name.includes('\0') || holdsNul(member))
}

function parseJson(bytes: Uint8Array, options: { maxDepth?: number }): Json {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return parseStrictJson(text, options)
  } catch (error) {
    if (!(error instanceof StrictJsonError || error instanceof TypeError)) throw error
    return fail({ kind: 'invalid_request', detail: 'body: not strict JSON in UTF-8' })
  }
}
