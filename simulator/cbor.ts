/** A writer of CBOR (RFC 8949) that writes whatever it is told to, in the order in which it is told. */
export class Tag {
  readonly tag: number
  readonly value: Writable
  constructor(tag: number, value: Writable) {
    this.tag = tag
    this.value = value
  }
}

/** Octets that stand in the encoding as they are. */
export class Raw {
  readonly octets: Uint8Array
  constructor(octets: Uint8Array) {
    this.octets = octets
  }
}

export type Writable =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | Tag
  | Raw
  | readonly Writable[]
  | ReadonlyMap<string | number, Writable>

export type Editable = Map<string | number, Writable>

export function cbor(value: Writable): Buffer {
  if (value === null) return Buffer.of(0xf6)
  if (typeof value === 'boolean') return Buffer.of(value ? 0xf5 : 0xf4)
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === 'string') {
    return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  }
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value])
  if (value instanceof Raw) return Buffer.from(value.octets)
  if (value instanceof Tag) return Buffer.concat([head(6, value.tag), cbor(value.value)])
  if (value instanceof Map) {
    const members = [...(value as ReadonlyMap<string | number, Writable>)]
    return Buffer.concat([head(5, value.size), ...members.flatMap((pair) => pair.map(cbor))])
  }
  const list = value as readonly Writable[]
  return Buffer.concat([head(4, list.length), ...list.map(cbor)])
}

/** `#6.24(bstr .cbor …)` */
export function embed(content: Writable): Tag {
  return new Tag(24, cbor(content))
}

export function mapOf(members: Record<string, Writable>): Editable {
  return new Map(Object.entries(members))
}

function head(major: number, argument: number): Buffer {
  const type = major << 5
  if (argument < 24) return Buffer.of(type | argument)
  if (argument < 0x100) return Buffer.of(type | 24, argument)
  if (argument < 0x1_0000) return Buffer.of(type | 25, argument >> 8, argument & 0xff)
  const bytes = Buffer.alloc(5, type | 26)
  bytes.writeUInt32BE(argument, 1)
  return bytes
}
