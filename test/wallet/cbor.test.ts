import { describe, expect, it } from 'vitest'
import { CborError, type CborLimits, decodeCbor } from '../../src/wallet/cbor.ts'

const decode = (hex: string, limits?: Partial<CborLimits>) =>
  decodeCbor(Buffer.from(hex, 'hex'), limits)

function refusalOf(attempt: () => unknown): string {
  try {
    attempt()
  } catch (error) {
    if (error instanceof CborError) return error.reason
    throw error
  }
  return 'nothing was refused'
}

describe('CBOR', () => {
  /* From RFC 8949 appendix A, as far as it is deterministic and means something here. */
  it.each([
    ['00', 0],
    ['17', 23],
    ['1818', 24],
    ['1903e8', 1000],
    ['1a000f4240', 1_000_000],
    ['1b000000e8d4a51000', 1_000_000_000_000],
    ['20', -1],
    ['3863', -100],
    ['f90000', 0],
    ['f93c00', 1],
    ['f93e00', 1.5],
    ['f97bff', 65_504],
    ['f90001', 2 ** -24],
    ['f90400', 0.00006103515625],
    ['f9c400', -4],
    ['fa47c35000', 100_000],
    ['fb3ff199999999999a', 1.1],
    ['f4', false],
    ['f5', true],
    ['f6', null],
    ['40', new Uint8Array()],
    ['4401020304', Uint8Array.of(1, 2, 3, 4)],
    ['60', ''],
    ['62c3bc', 'ü'],
    ['64f0908591', '𐅑'],
    ['80', []],
    ['8301820203820405', [1, [2, 3], [4, 5]]],
    ['a0', new Map()],
    [
      'a201020304',
      new Map([
        [1, 2],
        [3, 4],
      ]),
    ],
    [
      'a26161016162820203',
      new Map<string, unknown>([
        ['a', 1],
        ['b', [2, 3]],
      ]),
    ],
    ['c074323031332d30332d32315432303a30343a30305a', { tag: 0, value: '2013-03-21T20:04:00Z' }],
    ['d818456449455446', { tag: 24, value: Buffer.from('6449455446', 'hex') }],
  ])('RFC 8949 %s is read', (hex, value) => {
    const read = decode(hex)
    expect(read instanceof Uint8Array ? Uint8Array.from(read) : read).toEqual(value)
  })

  it.each([
    ['nothing', ''],
    ['a value cut short', '1903'],
    ['text cut short', '6261'],
    ['two values', '0000'],
    ['row 19 a number in more octets than it needs', '1817'],
    ['row 19 the same in two', '1900ff'],
    ['row 19 the same in four', '1a0000ffff'],
    ['row 19 the same in eight', '1b00000000ffffffff'],
    ['row 19 a length in more octets than it needs', '580100'],
    ['row 19 a count in more octets than it needs', '980100'],
    ['row 19 a tag in more octets than it needs', 'd9001840'],
    ['row 19 a list of indefinite length', '9fff'],
    ['row 19 a map of indefinite length', 'bfff'],
    ['row 19 text of indefinite length', '7f6161ff'],
    ['row 19 bytes of indefinite length', '5f4101ff'],
    ['row 19 a key twice', 'a2616101616102'],
    ['row 19 a number twice as key', 'a201010102'],
    ['row 19 one key as two kinds of number', 'a20101f93c0002'],
    ['a key that is a list', 'a18001'],
    ['a key that is a fraction', 'a1f93e0001'],
    ['a number beyond 2^53', '1b0020000000000000'],
    ['a negative number beyond 2^53', '3b0020000000000000'],
    ['infinity', 'f97c00'],
    ['not a number', 'f97e00'],
    ['undefined', 'f7'],
    ['another simple value', 'f0'],
    ['a simple value in two octets', 'f8ff'],
    ['a reserved length', '1c'],
    ['a break', 'ff'],
    ['text that is not UTF-8', '61ff'],
    ['an overlong UTF-8', '62c080'],
    ['a surrogate', '63eda080'],
    ['an unknown tag', 'c11a514b67b0'],
    ['a date that is a number', 'c001'],
    ['embedded text', 'd8186161'],
    ['a full date in bytes', 'd903ec4131'],
    ['row 18 a list of four thousand million', '9affffffff'],
    ['row 18 a map of two thousand million', 'ba7fffffff'],
    ['row 18 bytes of a terabyte', '5b0000010000000000'],
  ])('MD-01 %s is malformed', (_, hex) => {
    expect(refusalOf(() => decode(hex))).toBe('malformed')
  })

  it('MD-01 nests sixteen deep and no deeper', () => {
    expect(decode(`${'81'.repeat(16)}01`)).toBeDefined()
    expect(refusalOf(() => decode(`${'81'.repeat(17)}01`))).toBe('too_large')
    expect(refusalOf(() => decode(`${'a101'.repeat(17)}01`))).toBe('too_large')
    expect(refusalOf(() => decode(`${'c0'.repeat(17)}60`))).toBe('too_large')
  })

  it('row 18 holds as many values and octets as it may and no more', () => {
    expect(decode('83010203', { maxItems: 4 })).toEqual([1, 2, 3])
    expect(refusalOf(() => decode('83010203', { maxItems: 3 }))).toBe('too_large')
    expect(decode('83010203', { maxBytes: 4 })).toEqual([1, 2, 3])
    expect(refusalOf(() => decode('83010203', { maxBytes: 3 }))).toBe('too_large')
  })

  it('reads a map that counts its members in more octets than it needs, as cbor-x writes it', () => {
    expect(decode('b9000101f6')).toEqual(new Map([[1, null]]))
    expect(decode('b80101f6')).toEqual(new Map([[1, null]]))
  })

  it('MD-06 gives bytes as views of what came', () => {
    const bytes = Buffer.from('4401020304', 'hex')
    const read = decodeCbor(bytes)
    expect(read).toBeInstanceOf(Uint8Array)
    expect((read as Uint8Array).buffer).toBe(bytes.buffer)
  })

  it('reads a part of a larger buffer', () => {
    expect(decodeCbor(Buffer.from('ffff1903e8ffff', 'hex').subarray(2, 5))).toBe(1000)
  })

  it('row 20 leaves prototypes alone', () => {
    const read = decode('a1695f5f70726f746f5f5fa0')
    expect(read).toEqual(new Map([['__proto__', new Map()]]))
  })
})
