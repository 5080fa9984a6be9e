import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as write from '../../src/crypto/der.ts'
import {
  DerError,
  readBoolean,
  readChildren,
  readDer,
  readNamedBits,
  readObjectIdentifier,
  readSmallInteger,
} from '../../src/wallet/der.ts'

const bytes = (...octets: number[]) => Uint8Array.from(octets)

describe('the DER reader', () => {
  it('TR-10 reads what the writer wrote', () => {
    const [id, flag, number] = readChildren(
      readDer(
        write.sequence(
          write.objectIdentifier('2.5.29.19'),
          write.trueValue(),
          write.integer(bytes(1, 0)),
        ),
      ),
    )
    if (id === undefined || flag === undefined || number === undefined) throw new Error('cut short')
    expect(readObjectIdentifier(id)).toBe('2.5.29.19')
    expect(readBoolean(flag)).toBe(true)
    expect(readSmallInteger(number)).toBe(256)
  })

  it('TR-10 reads object identifiers as they were written', () => {
    const arcs = fc.tuple(
      fc.constantFrom(0, 1),
      fc.nat(39),
      fc.array(fc.nat(999_999_999), { minLength: 1, maxLength: 6 }),
    )
    fc.assert(
      fc.property(arcs, ([root, second, rest]) => {
        const dotted = [root, second, ...rest].join('.')
        expect(readObjectIdentifier(readDer(write.objectIdentifier(dotted)))).toBe(dotted)
      }),
      { seed: 690, numRuns: 200 },
    )
  })

  const refused: [string, () => unknown][] = [
    ['nothing', () => readDer(bytes())],
    ['a tag alone', () => readDer(bytes(0x30))],
    ['contents cut short', () => readDer(bytes(0x30, 2, 0))],
    ['octets behind the element', () => readDer(bytes(0x30, 0, 0))],
    ['the indefinite form', () => readDer(bytes(0x30, 0x80, 0, 0))],
    ['a length that is not minimal', () => readDer(bytes(0x04, 0x81, 1, 0))],
    [
      'a length of two octets that needs one',
      () => readDer(bytes(0x04, 0x82, 0, 0x80, ...new Uint8Array(128))),
    ],
    ['a length of four octets', () => readDer(bytes(0x04, 0x84, 0, 0, 0, 1, 0))],
    ['a tag of several octets', () => readDer(bytes(0x1f, 0x81, 0, 0))],
    [
      'a child that reaches beyond its parent',
      () => readChildren(readDer(bytes(0x30, 2, 0x04, 5))),
    ],
    [
      'more than 256 children',
      () =>
        readChildren(
          readDer(write.sequence(...Array.from({ length: 257 }, () => write.trueValue()))),
        ),
    ],
    ['a boolean of 1', () => readBoolean(readDer(bytes(1, 1, 1)))],
    ['a negative integer', () => readSmallInteger(readDer(bytes(2, 1, 0x80)))],
    ['a padded integer', () => readSmallInteger(readDer(bytes(2, 2, 0, 1)))],
    ['an empty integer', () => readSmallInteger(readDer(bytes(2, 0)))],
    ['a padded object identifier', () => readObjectIdentifier(readDer(bytes(6, 2, 0x80, 1)))],
    ['an object identifier cut short', () => readObjectIdentifier(readDer(bytes(6, 1, 0x81)))],
    ['an empty object identifier', () => readObjectIdentifier(readDer(bytes(6, 0)))],
    [
      'an arc beyond 2^53',
      () => readObjectIdentifier(readDer(bytes(6, 9, 255, 255, 255, 255, 255, 255, 255, 255, 1))),
    ],
    ['unused bits that are on', () => readNamedBits(readDer(bytes(3, 2, 1, 1)))],
    ['eight unused bits', () => readNamedBits(readDer(bytes(3, 2, 8, 0)))],
  ]
  it.each(refused)('TR-10 %s is refused', (_, attempt) => {
    expect(attempt).toThrow(DerError)
  })

  it('RE-07 any octets are read or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (octets) => {
        try {
          readChildren(readDer(octets))
        } catch (error) {
          expect(error).toBeInstanceOf(DerError)
        }
      }),
      { seed: 1, numRuns: 500 },
    )
  })
})
