/**
 * As much of DER (ITU-T X.690) as it takes to see in a certificate what node:crypto does not tell: raw names, the
 * signature algorithm, path length, key usage, and extensions that nobody here understands. A reader, never a
 * builder; every element is bounded by the one around it, and nothing is read that was not asked for.
 */

/** One element: its tag octet, its contents, and the whole of it with tag and length. Views, not copies. */
export interface DerElement {
  tag: number
  content: Uint8Array
  whole: Uint8Array
}

export const DER = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  enumerated: 0x0a,
  sequence: 0x30,
} as const

/** More elements in one sequence than any certificate has. */
const MOST_ELEMENTS = 256

/** Thrown by everything here; the caller says what it means for the certificate. */
export class DerError extends Error {}

/** Returns the one element that the bytes hold. Throws {@link DerError} where anything follows it. */
export function readDer(bytes: Uint8Array): DerElement {
  const element = elementAt(bytes, 0)
  if (element.whole.length !== bytes.length) throw new DerError('octets after the element')
  return element
}

/** Returns the elements inside a constructed element, `most` of them at most. Throws {@link DerError}. */
export function readChildren(parent: DerElement, most = MOST_ELEMENTS): readonly DerElement[] {
  return [...eachChild(parent, most)]
}

/** The same one by one, so that what was looked at need not be kept. Throws {@link DerError} once there are too many. */
export function* eachChild(parent: DerElement, most: number): Generator<DerElement> {
  let offset = 0
  for (let count = 0; offset < parent.content.length; count += 1) {
    if (count === most) throw new DerError('too many elements')
    const child = elementAt(parent.content, offset)
    yield child
    offset += child.whole.length
  }
}

/** Returns the element if it has the tag. Throws {@link DerError} if it has another, or is missing. */
export function expectTag(element: DerElement | undefined, tag: number): DerElement {
  if (element?.tag !== tag) throw new DerError('another element was expected')
  return element
}

/** Returns a BOOLEAN; DER knows no true but 0xff (X.690 section 11.1). */
export function readBoolean(element: DerElement): boolean {
  const octet = element.content[0]
  if (
    element.tag !== DER.boolean ||
    element.content.length !== 1 ||
    (octet !== 0 && octet !== 0xff)
  ) {
    throw new DerError('not a boolean')
  }
  return octet === 0xff
}

/** Returns a non-negative INTEGER below 2^31, minimally encoded. */
export function readSmallInteger(element: DerElement): number {
  const octets = element.content
  const first = octets[0] ?? 0x80
  const padded = octets.length > 1 && first === 0 && (octets[1] ?? 0) < 0x80
  if (element.tag !== DER.integer || first >= 0x80 || padded || octets.length > 4) {
    throw new DerError('not a small integer')
  }
  return octets.reduce((sum, octet) => sum * 256 + octet, 0)
}

/** Returns an OBJECT IDENTIFIER in dotted form (X.690 section 8.19). */
export function readObjectIdentifier(element: DerElement): string {
  const octets = element.content
  const last = octets.at(-1)
  if (element.tag !== DER.objectIdentifier || last === undefined || last >= 0x80) {
    throw new DerError('not an object identifier')
  }
  const arcs: number[] = []
  let arc = 0
  let fresh = true
  for (const octet of octets) {
    if (fresh && octet === 0x80) throw new DerError('padded object identifier')
    arc = arc * 128 + (octet & 0x7f)
    if (!Number.isSafeInteger(arc)) throw new DerError('object identifier too large')
    fresh = octet < 0x80
    if (fresh) {
      arcs.push(arc)
      arc = 0
    }
  }
  const [both = 0, ...rest] = arcs
  const root = Math.min(2, Math.floor(both / 40))
  return [root, both - root * 40, ...rest].join('.')
}

/** Returns a named-bit BIT STRING as the set of the bits that are on, bit 0 first (X.690 sections 8.6, 11.2). */
export function readNamedBits(element: DerElement): ReadonlySet<number> {
  const [unused = 8, ...octets] = element.content
  if (element.tag !== DER.bitString || unused > 7 || (octets.length === 0 && unused !== 0)) {
    throw new DerError('not a bit string')
  }
  const bits = new Set<number>()
  octets.forEach((octet, index) => {
    for (let bit = 0; bit < 8; bit++) if (octet & (0x80 >> bit)) bits.add(index * 8 + bit)
  })
  const length = octets.length * 8
  if ([...bits].some((bit) => bit >= length - unused)) throw new DerError('unused bits are on')
  return bits
}

function elementAt(bytes: Uint8Array, offset: number): DerElement {
  const tag = bytes[offset]
  const first = bytes[offset + 1]
  if (tag === undefined || first === undefined) throw new DerError('element cut short')
  if ((tag & 0x1f) === 0x1f) throw new DerError('tag of several octets')
  let start = offset + 2
  let length = first
  if (first >= 0x80) {
    const count = first & 0x7f
    // 0x80 is the indefinite form; three octets are more than any certificate we take needs.
    if (count === 0 || count > 3) throw new DerError('length form')
    length = 0
    for (const octet of bytes.subarray(start, start + count)) length = length * 256 + octet
    start += count
    if (length < 0x80 || length < 256 ** (count - 1)) throw new DerError('length not minimal')
  }
  const end = start + length
  if (end > bytes.length) throw new DerError('element cut short')
  return { tag, content: bytes.subarray(start, end), whole: bytes.subarray(offset, end) }
}
