/**
 * As much of CBOR writing (RFC 8949 section 4.2.1) as it takes to compute what somebody should have signed: session
 * transcripts, device authentication and the structure that COSE signs. What came from outside goes in as it came.
 */
import { TAG } from './cbor.ts'

/** CBOR that is written already. */
export interface Encoded {
  readonly encoded: Uint8Array
}
export type Writable = null | string | Uint8Array | Encoded | readonly Writable[]

/** Returns the deterministic encoding of a value. */
export function encodeCbor(value: Writable): Uint8Array {
  return Buffer.concat(partsOf(value))
}

/** Returns an embedded CBOR item: tag 24 around a byte string. */
export function encodeEmbedded(content: Uint8Array): Encoded {
  return { encoded: Buffer.concat([head(6, TAG.embedded), head(2, content.length), content]) }
}

function partsOf(value: Writable): Uint8Array[] {
  if (value === null) return [Uint8Array.of(0xf6)]
  if (typeof value === 'string') {
    const text = Buffer.from(value, 'utf8')
    return [head(3, text.length), text]
  }
  if (value instanceof Uint8Array) return [head(2, value.length), value]
  if ('encoded' in value) return [value.encoded]
  return [head(4, value.length), ...value.flatMap(partsOf)]
}

function head(major: number, argument: number): Uint8Array {
  const type = major << 5
  if (argument < 24) return Uint8Array.of(type | argument)
  if (argument < 0x100) return Uint8Array.of(type | 24, argument)
  if (argument < 0x1_0000) return Uint8Array.of(type | 25, argument >> 8, argument & 0xff)
  const long = Buffer.alloc(5)
  long.writeUInt8(type | 26)
  long.writeUInt32BE(argument, 1)
  return long
}
