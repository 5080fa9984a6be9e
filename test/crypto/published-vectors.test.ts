import { describe, expect, test } from 'vitest'
import { decryptGcm, encryptGcm } from '../../src/crypto/aes-gcm.ts'
import { deriveBytes, makeSecretKey } from '../../src/crypto/secret-key.ts'

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'))
const ascii = (text: string) => new Uint8Array(Buffer.from(text))
const hex = (value: Uint8Array | undefined) => Buffer.from(value ?? []).toString('hex')
const counting = (from: number, to: number) =>
  Uint8Array.from({ length: to - from + 1 }, (_, index) => from + index)

describe('CR-25 HMAC-SHA-256, RFC 4231', () => {
  // Section 4.6 is about truncation, which we never do.
  test.each<[string, Uint8Array, Uint8Array, string]>([
    [
      '4.2',
      new Uint8Array(20).fill(0x0b),
      ascii('Hi There'),
      'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
    ],
    [
      '4.3',
      ascii('Jefe'),
      ascii('what do ya want for nothing?'),
      '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    ],
    [
      '4.4',
      new Uint8Array(20).fill(0xaa),
      new Uint8Array(50).fill(0xdd),
      '773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe',
    ],
    [
      '4.5',
      counting(1, 25),
      new Uint8Array(50).fill(0xcd),
      '82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b',
    ],
    [
      '4.7',
      new Uint8Array(131).fill(0xaa),
      ascii('Test Using Larger Than Block-Size Key - Hash Key First'),
      '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
    ],
    [
      '4.8',
      new Uint8Array(131).fill(0xaa),
      ascii(
        'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
      ),
      '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
    ],
  ])('CR-25 section %s', (_section, key, message, expected) => {
    const prepared = makeSecretKey(key)
    expect(hex(prepared.mac(message))).toBe(expected)
    expect(hex(prepared.mac(message))).toBe(expected) // a prepared key is not used up
  })
})

describe('CR-25 HKDF-SHA-256, RFC 5869', () => {
  test.each<[string, Uint8Array, Uint8Array, Uint8Array, string]>([
    [
      'A.1',
      new Uint8Array(22).fill(0x0b),
      counting(0, 12),
      counting(0xf0, 0xf9),
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    ],
    [
      'A.2',
      counting(0, 0x4f),
      counting(0x60, 0xaf),
      counting(0xb0, 0xff),
      'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
    ],
    [
      'A.3',
      new Uint8Array(22).fill(0x0b),
      new Uint8Array(0),
      new Uint8Array(0),
      '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
    ],
  ])('CR-25 appendix %s', (_appendix, secret, salt, info, expected) => {
    expect(hex(deriveBytes(secret, salt, info, expected.length / 2))).toBe(expected)
  })

  test('CR-25 appendix A.1, expanding alone, from the pseudorandom key it names', () => {
    const key = makeSecretKey(
      bytes('077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5'),
    )
    expect(hex(key.expand(counting(0xf0, 0xf9), 42))).toBe(
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    )
  })
})

describe('CR-09 AES-256-GCM, test cases 13 to 16 of the GCM specification submitted to NIST', () => {
  const zeroKey = '00'.repeat(32)
  const key = 'feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308'
  const iv = 'cafebabefacedbaddecaf888'
  const plaintext =
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255'
  const ciphertext =
    '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad'

  test.each<[number, string, string, string, string, string, string]>([
    [13, zeroKey, '00'.repeat(12), '', '', '', '530f8afbc74536b9a963b4f1c4cb738b'],
    [
      14,
      zeroKey,
      '00'.repeat(12),
      '',
      '00'.repeat(16),
      'cea7403d4d606b6e074ec5d3baf39d18',
      'd0d1c8a799996bf0265b98b5d48ab919',
    ],
    [15, key, iv, '', plaintext, ciphertext, 'b094dac5d93471bdec1a502270e3cc6c'],
    [
      16,
      key,
      iv,
      'feedfacedeadbeeffeedfacedeadbeefabaddad2',
      plaintext.slice(0, 120),
      ciphertext.slice(0, 120),
      '76fc6ece0f4e1768cddf8853bb2d551b',
    ],
  ])('CR-09 test case %i', (_number, k, n, additional, plain, cipher, tag) => {
    const sealed = encryptGcm(bytes(k), bytes(n), bytes(additional), bytes(plain))
    expect(hex(sealed)).toBe(cipher + tag)
    expect(hex(decryptGcm(bytes(k), bytes(n), bytes(additional), sealed))).toBe(plain)
    const noTag = sealed.subarray(0, sealed.length - 1)
    expect(decryptGcm(bytes(k), bytes(n), bytes(additional), noTag)).toBeUndefined()
  })
})
