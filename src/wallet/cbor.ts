/**
 * CBOR from outside (RFC 8949), as strictly as JSON is read: shortest numbers and lengths, no indefinite ones, no key
 * twice, no value without a meaning here, and a limit on everything that a sender could blow up (MD-01, row 19). Written
 * by hand because the packages that read CBOR well bound neither depth nor the number of items. The one leniency: a map
 * may count its members in more octets than it needs, since cbor-x, which many wallets are built on, always does.
 *
 * Byte strings are views of the input: what was signed is hashed as it came and never written again.
 */

/** A tagged value; only the tags below exist. */
export interface CborTagged {
  readonly tag: number
  readonly value: CborValue
}
export type CborMap = ReadonlyMap<string | number, CborValue>
export type CborValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly CborValue[]
  | CborMap
  | CborTagged

export interface CborLimits {
  /** Octets of the whole. */
  maxBytes: number
  /** Arrays, maps and tags inside each other. */
  maxDepth: number
  /** Values of any kind, keys among them. */
  maxItems: number
  /** Whether keys may be byte strings, too; they stand in the map as {@link byteKey} writes them. */
  byteKeys: boolean
}

const LIMITS: CborLimits = {
  ...{ maxBytes: 256 * 1024, maxDepth: 16, maxItems: 10_000 },
  byteKeys: false,
}

/** Date and time as text, embedded CBOR, and a full date (RFC 8949 section 3.4, RFC 8943). */
export const TAG = { dateTime: 0, embedded: 24, fullDate: 1004 } as const

/** Bytes that are not CBOR for us. Carries the reason and nothing of the content. */
export class CborError extends Error {
  readonly reason: 'malformed' | 'too_large'
  constructor(reason: CborError['reason'], options?: ErrorOptions) {
    super(`CBOR refused: ${reason}`, options)
    this.name = 'CborError'
    this.reason = reason
  }
}

/**
 * Returns the one value that the bytes hold. Throws {@link CborError}: `too_large` beyond a limit (256 KiB, depth 16 and
 * 10 000 values without others), `malformed` for anything else.
 */
export function decodeCbor(bytes: Uint8Array, limits: Partial<CborLimits> = {}): CborValue {
  const { maxBytes, maxDepth, maxItems, byteKeys } = { ...LIMITS, ...limits }
  if (bytes.length > maxBytes) throw new CborError('too_large')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const reader: Reader = { bytes, view, offset: 0, itemsLeft: maxItems, byteKeys }
  const value = readValue(reader, maxDepth)
  if (reader.offset !== bytes.length) throw new CborError('malformed')
  return value
}

export function isCborMap(value: CborValue | undefined): value is CborMap {
  return value instanceof Map
}

export function isCborArray(value: CborValue | undefined): value is readonly CborValue[] {
  return Array.isArray(value)
}

export function isTagged(value: CborValue | undefined): value is CborTagged {
  return (
    typeof value === 'object' &&
    value !== null &&
    !(value instanceof Uint8Array) &&
    !(value instanceof Map) &&
    !Array.isArray(value)
  )
}

/** Returns the bytes inside an embedded CBOR item (tag 24), or undefined. */
export function embeddedBytes(value: CborValue | undefined): Uint8Array | undefined {
  if (!isTagged(value) || value.tag !== TAG.embedded) return undefined
  return value.value instanceof Uint8Array ? value.value : undefined
}

interface Reader {
  bytes: Uint8Array
  view: DataView
  offset: number
  itemsLeft: number
  byteKeys: boolean
}

function readValue(reader: Reader, depth: number): CborValue {
  reader.itemsLeft -= 1
  if (reader.itemsLeft < 0) throw new CborError('too_large')
  const initial = readOctet(reader)
  const major = initial >> 5
  const info = initial & 0x1f
  if (major === 7) return readSimple(reader, info)
  const argument = readArgument(reader, info, major === 5)
  switch (major) {
    case 0:
      return argument
    case 1:
      return -1 - argument
    case 2:
      return take(reader, argument)
    case 3:
      return readText(take(reader, argument))
  }
  if (depth === 0) throw new CborError('too_large')
  if (major === 6) return readTagged(reader, argument, depth - 1)
  // Every item takes an octet at least, so a number beyond the rest is a lie, found before anything is made for it.
  const items = major === 5 ? argument * 2 : argument
  if (items > reader.bytes.length - reader.offset) throw new CborError('malformed')
  return major === 4 ? readArray(reader, argument, depth - 1) : readMap(reader, argument, depth - 1)
}

/** Length, count, tag or integer; in the shortest form that holds it (RFC 8949 section 4.2.1). */
function readArgument(reader: Reader, info: number, mayBeLonger: boolean): number {
  if (info < 24) return info
  // 28 to 30 are reserved, 31 is of indefinite length.
  if (info > 27) throw new CborError('malformed')
  const size = 1 << (info - 24)
  const offset = reader.offset
  take(reader, size)
  const { view } = reader
  const value = readUnsigned(view, offset, size)
  const least = size === 1 ? 24 : 2 ** (size * 4)
  if (value < least && !mayBeLonger) throw new CborError('malformed')
  return value
}

function readUnsigned(view: DataView, offset: number, size: number): number {
  if (size === 1) return view.getUint8(offset)
  if (size === 2) return view.getUint16(offset)
  if (size === 4) return view.getUint32(offset)
  const long = view.getBigUint64(offset)
  // Nothing that we read counts beyond 2^53, and a number that is not exact is another number.
  if (long > BigInt(Number.MAX_SAFE_INTEGER)) throw new CborError('malformed')
  return Number(long)
}

/** `false`, `true`, `null` and floating-point numbers; `undefined` and other simple values mean nothing to us. */
function readSimple(reader: Reader, info: number): CborValue {
  if (info === 20 || info === 21) return info === 21
  if (info === 22) return null
  const offset = reader.offset
  const number = readFloat(reader, info, offset)
  if (!Number.isFinite(number)) throw new CborError('malformed')
  return number
}

function readFloat(reader: Reader, info: number, offset: number): number {
  switch (info) {
    case 25:
      take(reader, 2)
      return halfToNumber(reader.view.getUint16(offset))
    case 26:
      take(reader, 4)
      return reader.view.getFloat32(offset)
    case 27:
      take(reader, 8)
      return reader.view.getFloat64(offset)
    default:
      throw new CborError('malformed')
  }
}

/** IEEE 754 binary16 (RFC 8949 appendix D). */
function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0x1f) return Number.NaN
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (fraction + 0x400) * 2 ** (exponent - 25)
}

function readTagged(reader: Reader, tag: number, depth: number): CborTagged {
  const value = readValue(reader, depth)
  const wanted = tag === TAG.embedded ? value instanceof Uint8Array : typeof value === 'string'
  const isKnown = tag === TAG.dateTime || tag === TAG.embedded || tag === TAG.fullDate
  if (!isKnown || !wanted) throw new CborError('malformed')
  return { tag, value }
}

function readArray(reader: Reader, count: number, depth: number): readonly CborValue[] {
  const list: CborValue[] = []
  for (let index = 0; index < count; index += 1) list.push(readValue(reader, depth))
  return list
}

/** Keys are text or whole numbers (or octets, where that was asked for), each once. */
function readMap(reader: Reader, count: number, depth: number): CborMap {
  const map = new Map<string | number, CborValue>()
  for (let index = 0; index < count; index += 1) {
    const name = nameOf(readValue(reader, depth), reader)
    if (map.has(name)) throw new CborError('malformed')
    map.set(name, readValue(reader, depth))
  }
  return map
}

function nameOf(key: CborValue, { byteKeys }: Reader): string | number {
  if (typeof key === 'string') return key
  if (typeof key === 'number' && Number.isSafeInteger(key)) return key
  if (byteKeys && key instanceof Uint8Array) return byteKey(key)
  throw new CborError('malformed')
}

/** Returns how a key of octets stands in a {@link CborMap}: no other kind of key has this form in the maps we read so. */
export function byteKey(octets: Uint8Array): string {
  return `h'${Buffer.from(octets).toString('base64url')}'`
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function readText(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes)
  } catch (cause) {
    throw new CborError('malformed', { cause })
  }
}

function readOctet(reader: Reader): number {
  return reader.view.getUint8(take(reader, 1).byteOffset - reader.bytes.byteOffset)
}

function take(reader: Reader, length: number): Uint8Array {
  const end = reader.offset + length
  if (end > reader.bytes.length) throw new CborError('malformed')
  const part = reader.bytes.subarray(reader.offset, end)
  reader.offset = end
  return part
}
