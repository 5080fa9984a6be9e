/** Bodies and parameters, read once at the edge with their limits. */
import type { Context } from 'hono'
import type { Parameters } from '../domain/authorization-request.ts'
import { BridgeError, fail } from '../domain/failure.ts'

const FORM = 'application/x-www-form-urlencoded'

/**
 * The body, at most `limit` bytes; counting while it streams, so a length that lies costs nothing. Throws
 * `payload_too_large`, `unsupported_media_type` for one that is compressed (RFC 9110 section 8.4), and `invalid_request` for one that
 * ends early.
 */
export async function readBody(http: Context, limit: number): Promise<Uint8Array> {
  const coding = http.req.header('content-encoding')
  if (coding !== undefined && coding !== 'identity') fail({ kind: 'unsupported_media_type' })
  const declared = http.req.header('content-length')
  if (declared !== undefined && Number(declared) > limit) fail({ kind: 'payload_too_large' })
  const parts: Uint8Array[] = []
  let size = 0
  try {
    // node:http holds a caller to the length it declared, so such a body needs no stream around it to be counted.
    if (declared !== undefined) return withinLimit(await http.req.raw.arrayBuffer(), limit)
    const stream = http.req.raw.body
    if (stream === null) return new Uint8Array()
    for await (const part of stream) {
      size += part.length
      if (size > limit) fail({ kind: 'payload_too_large' })
      parts.push(part)
    }
  } catch (error) {
    if (error instanceof BridgeError) throw error
    // The caller went away, or was cut off for being too slow: nobody hears this answer, and it is no fault of ours.
    fail({ kind: 'invalid_request', detail: 'the body ended early' }, error)
  }
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts)
}

function withinLimit(body: ArrayBuffer, limit: number): Uint8Array {
  return body.byteLength > limit ? fail({ kind: 'payload_too_large' }) : new Uint8Array(body)
}

/** Whether a content type is that of a form, whatever its parameters. */
export function isForm(contentType: string): boolean {
  const [type = ''] = contentType.split(';')
  return type.trim().toLowerCase() === FORM
}

/** A form's bytes. Throws `unsupported_media_type` for anything but a UTF-8 form, `payload_too_large`. */
export async function readFormBody(http: Context, limit: number): Promise<Uint8Array> {
  const type = http.req.header('content-type') ?? ''
  if (!isForm(type)) fail({ kind: 'unsupported_media_type' })
  const [, ...parameters] = type.split(';')
  if (
    parameters.some(
      (parameter) => /charset/i.test(parameter) && !/charset="?utf-8"?$/i.test(parameter.trim()),
    )
  )
    fail({ kind: 'unsupported_media_type' })
  return readBody(http, limit)
}

/**
 * Parameters of a query or form. Empty ones are absent, repeated ones are named (RFC 6749 section 3.1). Throws
 * `invalid_request` for a NUL character: no parameter may hold one, and Postgres stores none.
 */
export function readParameters(source: URLSearchParams): Parameters {
  const values = new Map<string, string>()
  const repeated: string[] = []
  for (const [name, value] of source) {
    if (value.includes('\0'))
      fail({ kind: 'invalid_request', detail: 'a parameter holds a NUL character' })
    if (values.has(name)) repeated.push(name)
    else values.set(name, value)
  }
  return { get: (name) => values.get(name) || undefined, repeated }
}

/** Whether `Accept` allows JSON; of several ranges that fit, the closest one decides (RFC 9110 section 12.5.1). */
export function acceptsJson(accept: string | undefined): boolean {
  if (accept === undefined || accept.trim() === '') return true
  const ranges = accept
    .toLowerCase()
    .split(',')
    .map((range) => range.split(';').map((part) => part.trim()))
  for (const fitting of ['application/json', 'application/*', '*/*']) {
    const found = ranges.find(([type]) => type === fitting)
    if (found !== undefined) return !found.some((part) => /^q=0(\.0*)?$/.test(part))
  }
  return false
}

/** The parameters of a form's bytes. Throws what {@link readParameters} does. */
export function parametersIn(body: Uint8Array): Parameters {
  return readParameters(new URLSearchParams(Buffer.from(body).toString('utf8')))
}

/** The parameters of a form of at most `limit` bytes. Throws what {@link readFormBody} and {@link readParameters} do. */
export async function readForm(http: Context, limit: number): Promise<Parameters> {
  return parametersIn(await readFormBody(http, limit))
}

/** The query as it stands in the URL; undecodable escapes are kept by the platform's own rules. */
export function queryOf(http: Context): URLSearchParams {
  const mark = http.req.url.indexOf('?')
  if (mark < 0) return new URLSearchParams()
  const hash = http.req.url.indexOf('#', mark)
  return new URLSearchParams(http.req.url.slice(mark + 1, hash < 0 ? undefined : hash))
}
