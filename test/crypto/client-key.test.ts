import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { readClientKeys } from '../../src/crypto/client-key.ts'

const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ed = generateKeyPairSync('ed25519')
const publicOf = (pair: { publicKey: { export(options: { format: 'jwk' }): object } }) =>
  pair.publicKey.export({ format: 'jwk' }) as Record<string, string>
const ec = publicOf(p256)

describe('OP-47 keys of a relying party', () => {
  test.each([
    ['P-256', ec, 'ES256'],
    ['RSA', publicOf(rsa), 'PS256'],
    ['Ed25519', publicOf(ed), 'EdDSA'],
    ['P-384', publicOf(generateKeyPairSync('ec', { namedCurve: 'P-384' })), 'ES384'],
  ])('%s is taken with kid, alg and use', (_, jwk, alg) => {
    expect(readClientKeys([{ ...jwk, kid: 'k', alg, ext: true }])).toEqual([
      { ...jwk, kid: 'k', alg, use: 'sig' },
    ])
  })
  test.each<[string, unknown[]]>([
    ['none', []],
    ['something that is no object', ['key']],
    ['a private RSA key', [rsa.privateKey.export({ format: 'jwk' })]],
    ['a private Ed25519 key', [ed.privateKey.export({ format: 'jwk' })]],
    ['an RSA key of 1024 bits', [publicOf(generateKeyPairSync('rsa', { modulusLength: 1024 }))]],
    ['an RSA key with exponent 1', [{ ...publicOf(rsa), e: 'AQ' }]],
    ['an RSA key that is no base64url', [{ ...publicOf(rsa), n: '+/==' }]],
    ['an RSA key for signing', [{ ...publicOf(rsa), key_ops: ['sign'] }]],
    ['P-521', [publicOf(generateKeyPairSync('ec', { namedCurve: 'P-521' }))]],
    ['secp256k1', [publicOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }))]],
    ['a shared secret', [{ kty: 'oct', k: 'c2VjcmV0' }]],
    ['an unknown algorithm', [{ ...ec, alg: 'none' }]],
    ['an algorithm of another curve', [{ ...ec, alg: 'ES384' }]],
    ['a use that is no signature', [{ ...ec, use: 'enc' }]],
    ['an empty kid', [{ ...ec, kid: '' }]],
    ['one good and one bad', [ec, { kty: 'EC' }]],
    ['one named and one not', [{ ...ec, kid: 'a' }, publicOf(ed)]],
    ['nine', Array.from({ length: 9 }, (_, index) => ({ ...ec, kid: String(index) }))],
  ])('%s is refused', (_, keys) => {
    expect(readClientKeys(keys)).toBeUndefined()
  })
})
