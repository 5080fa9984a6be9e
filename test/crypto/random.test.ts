import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeBase64url, encodeBase64url } from '../../src/crypto/base64url.ts'
import { prefixLengths } from '../../src/crypto/length-prefixed.ts'
import { equalText, hashSecret, newId, randomText } from '../../src/crypto/random.ts'

describe('random texts', () => {
  test('CR-02 random texts are base64url of the asked length and do not repeat', () => {
    const texts = Array.from({ length: 10_000 }, () => randomText())
    expect(new Set(texts).size).toBe(10_000)
    expect(texts.every((text) => /^[A-Za-z0-9_-]{43}$/.test(text))).toBe(true)
    expect(randomText(16)).toMatch(/^[A-Za-z0-9_-]{22}$/)
  })

  test('CR-02 ids are version 4 UUIDs and do not repeat', () => {
    const ids = Array.from({ length: 1_000 }, () => newId())
    expect(new Set(ids).size).toBe(1_000)
    for (const id of ids) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    }
  })

  test('RE-03 the hash of a secret is SHA-256 as base64url (RFC 7636 appendix B)', () => {
    expect(hashSecret('dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk')).toBe(
      'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
    )
  })

  test('CR-24 texts of different length are unequal, not an exception', () => {
    expect(equalText('abc', 'abc')).toBe(true)
    expect(equalText('abc', 'abd')).toBe(false)
    expect(equalText('abc', 'ab')).toBe(false)
    expect(equalText('', '')).toBe(true)
    expect(equalText('é', 'e')).toBe(false)
  })
})

describe('base64url', () => {
  test('CR-06 every byte string has one text, and it is read back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const text = encodeBase64url(bytes)
        expect(text).toBe(Buffer.from(bytes).toString('base64url'))
        expect(decodeBase64url(text)).toEqual(bytes)
      }),
    )
  })

  test('CR-06 a text that is read is the only one for its bytes', () => {
    const alphabet = 'ABwxyz019-_+/=. \n'
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 12 }), (text) => {
        const bytes = decodeBase64url(text)
        expect(bytes === undefined || encodeBase64url(bytes) === text).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  test.each([
    ['padding', 'AA=='],
    ['the standard alphabet', '+/+/'],
    ['white space', 'AA AA'],
    ['a line break', 'AAAA\n'],
    ['an impossible length', 'AAAAA'],
    ['trailing bits after one byte', 'AB'],
    ['trailing bits after two bytes', 'AAB'],
    ['a foreign character', 'AA*A'],
    ['a character beyond ASCII', 'ŁAAA'],
  ])('CR-06 %s is refused', (_name, text) => {
    expect(decodeBase64url(text)).toBeUndefined()
  })

  test('CR-06 a view into a larger buffer is encoded without its surroundings', () => {
    expect(encodeBase64url(Uint8Array.of(1, 2, 3, 4, 5).subarray(1, 4))).toBe('AgME')
  })
})

describe('length-prefixed bytes', () => {
  const lists = fc.array(fc.string({ unit: 'binary', maxLength: 6 }), { maxLength: 5 })

  test('CR-15 each part stands behind its length in four bytes, big-endian', () => {
    const bytes = prefixLengths(['ab', Uint8Array.of(7), '', 'é'])
    expect(Buffer.from(bytes).toString('hex')).toBe(
      '00000002' + '6162' + '00000001' + '07' + '00000000' + '00000002' + 'c3a9',
    )
  })

  test('CR-15 different lists never give equal bytes', () => {
    fc.assert(
      fc.property(lists, lists, (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other)
        const equal = Buffer.from(prefixLengths(one)).equals(Buffer.from(prefixLengths(other)))
        expect(equal).toBe(same)
      }),
      { numRuns: 2_000 },
    )
  })

  test('CR-15 the parts can be read back from the bytes, so nothing is lost in them', () => {
    fc.assert(
      fc.property(lists, (parts) => {
        const bytes = Buffer.from(prefixLengths(parts))
        const read: string[] = []
        for (let at = 0; at < bytes.length; ) {
          const end = at + 4 + bytes.readUInt32BE(at)
          read.push(bytes.toString('utf8', at + 4, end))
          at = end
        }
        expect(read).toEqual(parts)
      }),
    )
  })

  test('CR-15 moving the border between two parts changes the bytes', () => {
    expect(prefixLengths(['ab', 'c'])).not.toEqual(prefixLengths(['a', 'bc']))
    expect(prefixLengths(['', 'a'])).not.toEqual(prefixLengths(['a']))
  })

  test('CR-15 a lone surrogate is refused, for its UTF-8 would be that of U+FFFD', () => {
    expect(() => prefixLengths(['a\ud800'])).toThrow(TypeError)
  })
})
