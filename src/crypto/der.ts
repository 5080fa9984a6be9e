/** Writes DER (ITU-T X.690), as much of it as certificates need. Each function returns one encoded element. */

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const

/** Any element: a tag byte, its length, its content. */
export function element(tag: number, ...content: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(content)
  return Buffer.concat([Uint8Array.of(tag), encodeLength(body.length), body])
}

export function sequence(...members: readonly Uint8Array[]): Uint8Array {
  return element(TAG.sequence, ...members)
}

export function set(...members: readonly Uint8Array[]): Uint8Array {
  return element(TAG.set, ...members)
}

/** BOOLEAN TRUE; FALSE is always a default and left out in DER. */
export function trueValue(): Uint8Array {
  return element(TAG.boolean, Uint8Array.of(0xff))
}

/** INTEGER from the big-endian bytes of a number that is not negative. */
export function integer(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0)
  const digits = start === -1 ? Uint8Array.of(0) : bytes.subarray(start)
  const sign = (digits[0] ?? 0) >= 0x80 ? Uint8Array.of(0) : new Uint8Array(0)
  return element(TAG.integer, sign, digits)
}

/** BIT STRING whose last `unused` bits count for nothing. */
export function bitString(bytes: Uint8Array, unused = 0): Uint8Array {
  return element(TAG.bitString, Uint8Array.of(unused), bytes)
}

export function octetString(bytes: Uint8Array): Uint8Array {
  return element(TAG.octetString, bytes)
}

export function utf8String(text: string): Uint8Array {
  return element(TAG.utf8String, Buffer.from(text))
}

export function printableString(text: string): Uint8Array {
  return element(TAG.printableString, Buffer.from(text, 'ascii'))
}

/** An element whose tag is context-specific: `[number]`, constructed or primitive. */
export function tagged(number: number, constructed: boolean, ...content: readonly Uint8Array[]) {
  return element((constructed ? 0xa0 : 0x80) | number, ...content)
}

/** OBJECT IDENTIFIER from its dotted text. Throws TypeError where the text is not one. */
export function objectIdentifier(dotted: string): Uint8Array {
  if (!/^[0-2](?:\.(?:0|[1-9][0-9]{0,8})){2,}$/.test(dotted)) throw new TypeError('not an OID')
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [40 * first + second, ...rest].flatMap(base128)
  return element(TAG.objectIdentifier, Uint8Array.from(bytes))
}

/**
 * A point in time, in whole seconds: UTCTime until 2049 and GeneralizedTime after, as RFC 5280 section 4.1.2.5 asks.
 * `at` are milliseconds since the epoch.
 */
export function time(at: number): Uint8Array {
  const digits = new Date(at).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)
  const year = Number(digits.slice(0, 4))
  if (year >= 1950 && year < 2050) return element(TAG.utcTime, Buffer.from(`${digits.slice(2)}Z`))
  return element(TAG.generalizedTime, Buffer.from(`${digits}Z`))
}

function encodeLength(length: number): Uint8Array {
  if (length < 0x80) return Uint8Array.of(length)
  const digits: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256)
  return Uint8Array.of(0x80 | digits.length, ...digits)
}

function base128(value: number): number[] {
  const digits = [value & 0x7f]
  for (let rest = value >> 7; rest > 0; rest >>= 7) digits.unshift((rest & 0x7f) | 0x80)
  return digits
}
