import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { isEd25519Point } from '../../src/crypto/ed25519-point.ts'
import {
  importPublicKey,
  JwkError,
  readPublicKey,
  thumbprint,
  validatePublicJwk,
} from '../../src/crypto/thumbprint.ts'

const ec = (namedCurve: string) =>
  generateKeyPairSync('ec', { namedCurve }).publicKey.export({ format: 'jwk' })
const P256 = ec('P-256')
const P384 = ec('P-384')
const ED25519 = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
const base64url = (hex: string) => Buffer.from(hex, 'hex').toString('base64url')

describe('CR-21 thumbprints', () => {
  test('CR-21 RFC 7638 section 3.1', () => {
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw'
    const key = { kty: 'RSA', n, e: 'AQAB', alg: 'RS256', kid: '2011-04-29' } as const
    expect(thumbprint(key)).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs')
  })

  test('CR-21 RFC 8037 appendix A.3', () => {
    const x = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'
    expect(thumbprint({ kty: 'OKP', crv: 'Ed25519', x })).toBe(
      'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
    )
  })

  test.each([
    ['P-256', P256],
    ['P-384', P384],
    ['Ed25519', ED25519],
  ])('CR-21 further members and another order change nothing for %s', (_curve, jwk) => {
    const turned = Object.fromEntries(Object.entries(jwk).toReversed())
    const more = { kid: 'k', alg: 'ES256', use: 'sig', key_ops: ['verify'], ...turned, exp: 1 }
    expect(thumbprint(validatePublicJwk(more))).toBe(thumbprint(validatePublicJwk(jwk)))
    expect(validatePublicJwk(more)).toEqual(jwk)
    expect(importPublicKey(more).export({ format: 'jwk' })).toEqual(jwk)
  })
})

describe('CR-21 public keys', () => {
  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'malformed'],
    ['null', null, 'malformed'],
    ['a text', 'key', 'malformed'],
    ['an empty object', {}, 'unsupported'],
    ['a private key', { ...P256, d: P256.x }, 'private_key'],
    ['a private Ed25519 key', { ...ED25519, d: ED25519.x }, 'private_key'],
    ['a symmetric key', { kty: 'oct', k: 'AAAA' }, 'private_key'],
    ['an RSA key', { kty: 'RSA', n: 'AQAB', e: 'AQAB' }, 'unsupported'],
    ['P-521', ec('P-521'), 'unsupported'],
    ['secp256k1', ec('secp256k1'), 'unsupported'],
    ['X25519', { ...ED25519, crv: 'X25519' }, 'unsupported'],
    ['a curve of another key type', { ...P256, kty: 'OKP' }, 'unsupported'],
    ['an encryption key', { ...P256, use: 'enc' }, 'wrong_use'],
    ['operations without verify', { ...P256, key_ops: ['encrypt'] }, 'wrong_use'],
    ['a missing y', { ...P256, y: undefined }, 'malformed'],
    ['an x that is a number', { ...P256, x: 1 }, 'malformed'],
    ['a padded x', { ...P256, x: `${P256.x}=` }, 'malformed'],
    ['a short x', { ...P256, x: P256.x?.slice(0, 40) }, 'malformed'],
    [
      'an x with a leading zero byte',
      { ...P256, x: base64url(`00${'11'.repeat(32)}`) },
      'malformed',
    ],
    ['a coordinate without end', { ...P256, x: 'A'.repeat(1_000_000) }, 'malformed'],
    ['coordinates of P-256 on P-384', { ...P256, crv: 'P-384' }, 'malformed'],
    ['a P-256 point off the curve', { ...P256, y: P256.x }, 'not_on_curve'],
    [
      'the P-256 point (0, 0)',
      { ...P256, x: base64url('00'.repeat(32)), y: base64url('00'.repeat(32)) },
      'not_on_curve',
    ],
    ['an x beyond the field', { ...P256, x: base64url('ff'.repeat(32)) }, 'not_on_curve'],
    ['a P-384 point off the curve', { ...P384, y: P384.x }, 'not_on_curve'],
    [
      'an Ed25519 point off the curve',
      { ...ED25519, x: base64url(`02${'00'.repeat(31)}`) },
      'not_on_curve',
    ],
    [
      'an Ed25519 point of order 1',
      { ...ED25519, x: base64url(`01${'00'.repeat(31)}`) },
      'not_on_curve',
    ],
  ])('CR-21 %s is refused', (_name, jwk, reason) => {
    expect(() => readPublicKey(jwk)).toThrow(expect.objectContaining({ name: 'JwkError', reason }))
    expect(() => readPublicKey(jwk)).toThrow(JwkError)
  })

  test('CR-21 the error shows nothing of the key', () => {
    expect(() => readPublicKey({ ...P256, d: 'marked' })).toThrow(
      /^public key refused: private_key$/,
    )
  })

  test('CR-21 real Ed25519 keys are points; about half of all byte strings are not', () => {
    for (let count = 0; count < 20; count++) {
      const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })
      expect(isEd25519Point(Buffer.from(x, 'base64url'))).toBe(true)
    }
    const points = Array.from({ length: 200 }, (_, seed) => {
      const bytes = new Uint8Array(32).map((_byte, at) => (seed * 7 + at * 31 + seed * at) & 0xff)
      return isEd25519Point(bytes)
    }).filter(Boolean)
    expect(points.length).toBeGreaterThan(60)
    expect(points.length).toBeLessThan(140)
  })

  test.each([
    ['order 1', `01${'00'.repeat(31)}`],
    ['order 2', `ec${'ff'.repeat(30)}7f`],
    ['order 4', '00'.repeat(32)],
    ['order 4, other sign', `${'00'.repeat(31)}80`],
    ['order 8', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'],
    ['order 8, other sign', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa'],
    ['order 8, other y', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'],
    ['a y beyond the field', `ee${'ff'.repeat(30)}7f`],
    ['31 bytes', '58'.repeat(31)],
  ])('CR-21 an Ed25519 key of %s is refused', (_name, hex) => {
    expect(isEd25519Point(Buffer.from(hex, 'hex'))).toBe(false)
  })
})
