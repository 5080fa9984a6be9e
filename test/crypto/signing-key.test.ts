import { createPublicKey } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { readCompact, signCompact, verifyCompact } from '../../src/crypto/jws.ts'
import {
  exportPublicJwk,
  generateSigningKey,
  importSigningKey,
} from '../../src/crypto/signing-key.ts'
import { thumbprint } from '../../src/crypto/thumbprint.ts'

describe('OP signing keys', () => {
  test.each(['ES256', 'RS256'] as const)(
    'CR-60 a new %s key signs what its public JWK verifies',
    async (algorithm) => {
      const made = await generateSigningKey(algorithm)
      expect(made.kid).toBe(thumbprint(made.publicJwk))
      const key = importSigningKey(made.privatePkcs8)
      const text = signCompact({ header: { kid: made.kid }, payload: { a: 1 }, key, algorithm })
      const publicKey = createPublicKey({ key: { ...made.publicJwk }, format: 'jwk' })
      expect(
        verifyCompact(readCompact(text, { maxBytes: 4_000 }), publicKey, [algorithm]),
      ).toBeUndefined()
      const members = algorithm === 'ES256' ? ['kty', 'crv', 'x', 'y'] : ['kty', 'n', 'e']
      expect(Object.keys(made.publicJwk)).toEqual(members)
    },
  )

  test('TR-14 RSA keys have 3072 bits, and making one leaves the event loop free', async () => {
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    const made = await generateSigningKey('RS256')
    clearInterval(timer)
    expect(importSigningKey(made.privatePkcs8).asymmetricKeyDetails?.modulusLength).toBe(3072)
    expect(turns).toBeGreaterThan(3)
  })

  test('CR-60 two keys are never the same, and other keys have no JWK here', async () => {
    const [one, other] = await Promise.all([
      generateSigningKey('ES256'),
      generateSigningKey('ES256'),
    ])
    expect(one.kid).not.toBe(other.kid)
    const { publicKey } = await import('node:crypto').then((node) =>
      node.generateKeyPairSync('ed25519'),
    )
    expect(() => exportPublicJwk(publicKey)).toThrow(TypeError)
    expect(() => importSigningKey(Uint8Array.of(1, 2, 3))).toThrow()
  })
})
