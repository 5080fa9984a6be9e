import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readEnvelope, writeEnvelope } from '../../src/crypto/envelope.ts'

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const envelopes = fc.record({
  keyId: fc.oneof(
    fc.constant('d1'),
    fc.integer({ min: 1, max: 999_999 }).map((version) => `c${version}`),
  ),
  iv: bytes(12),
  ciphertextAndTag: fc.uint8Array({ minLength: 16, maxLength: 64 }),
  commitment: bytes(32),
})

const SAMPLE = writeEnvelope({
  keyId: 'c1',
  iv: new Uint8Array(12).fill(1),
  ciphertextAndTag: new Uint8Array(17).fill(2),
  commitment: new Uint8Array(32).fill(3),
})
const PARTS = SAMPLE.split('.')
/** The sample with one of its five parts replaced. */
const withPart = (index: number, part: string) => PARTS.with(index, part).join('.')

describe('CR-06 the envelope', () => {
  test('CR-06 what is written is read back', () => {
    fc.assert(
      fc.property(envelopes, (envelope) => {
        expect(readEnvelope(writeEnvelope(envelope))).toEqual(envelope)
      }),
    )
  })

  test('CR-06 RE-07 no two texts say the same: changing any one character changes or ruins it', () => {
    const character = fc.constantFrom(...'AQgwB_-+/=. \nvcd01é')
    fc.assert(
      fc.property(envelopes, fc.nat(), character, (envelope, where, replacement) => {
        const text = writeEnvelope(envelope)
        const at = where % text.length
        const changed = text.slice(0, at) + replacement + text.slice(at + 1)
        const read = readEnvelope(changed)
        expect(read === undefined || writeEnvelope(read) === changed).toBe(true)
        if (changed !== text) expect(read).not.toEqual(envelope)
      }),
      { numRuns: 1_000 },
    )
  })

  test('RE-07 any text is read or refused, and never throws', () => {
    const piece = fc.oneof(
      fc.constantFrom('v1', 'c1', 'd1', ...PARTS),
      fc.string({ unit: 'binary', maxLength: 50 }),
      fc.base64String({ maxLength: 60 }),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 7 }), (pieces) => {
        const text = pieces.join('.')
        const read = readEnvelope(text)
        expect(read === undefined || writeEnvelope(read) === text).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  test.each([
    ['another version', withPart(0, 'v2')],
    ['no version', withPart(0, '')],
    ['a part too few', PARTS.slice(0, 4).join('.')],
    ['a part too many', `${SAMPLE}.`],
    ['an unknown kind of key', withPart(1, 'e1')],
    ['another data key', withPart(1, 'd2')],
    ['version 0 of a key', withPart(1, 'c0')],
    ['a leading zero', withPart(1, 'c01')],
    ['a version without end', withPart(1, `c${'1'.repeat(7)}`)],
    ['a key id with a line break', withPart(1, 'c1\n')],
    ['an IV of 11 bytes', withPart(2, 'A'.repeat(15))],
    ['an IV of 13 bytes', withPart(2, 'A'.repeat(18))],
    ['a padded IV', withPart(2, `${PARTS[2]}=`)],
    ['less than a tag', withPart(3, 'A'.repeat(20))],
    ['no ciphertext', withPart(3, '')],
    ['the standard alphabet', withPart(3, `${PARTS[3]?.slice(0, -4)}++//`)],
    ['a commitment of 16 bytes', withPart(4, 'A'.repeat(22))],
    ['no commitment', withPart(4, '')],
    ['a blank in front', ` ${SAMPLE}`],
    ['nothing', ''],
  ])('CR-06 %s is refused', (_name, text) => {
    expect(readEnvelope(text)).toBeUndefined()
  })

  test('CR-08 a ciphertext above 64 KiB and its tag is refused, as is any longer text, quickly', () => {
    const tooLong = writeEnvelope({
      keyId: 'c1',
      iv: new Uint8Array(12),
      ciphertextAndTag: new Uint8Array(65_536 + 17),
      commitment: new Uint8Array(32),
    })
    expect(readEnvelope(tooLong)).toBeUndefined()
    const times = [1, 2, 3].map(() => {
      const start = performance.now()
      expect(readEnvelope('.'.repeat(1_000_000))).toBeUndefined()
      expect(readEnvelope(`v1.c1.${'A'.repeat(1_000_000)}`)).toBeUndefined()
      return performance.now() - start
    })
    expect(Math.min(...times)).toBeLessThan(100) // the fastest, so that a busy machine does not decide
  })
})
