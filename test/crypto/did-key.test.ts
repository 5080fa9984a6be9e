import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { thumbprintOfDid } from '../../src/crypto/did-key.ts'
import { thumbprint, validatePublicJwk } from '../../src/crypto/thumbprint.ts'

const didJwk = (jwk: unknown) => `did:jwk:${Buffer.from(JSON.stringify(jwk)).toString('base64url')}`

test('CR-20 did:jwk is its key, whatever else the JWK carries', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicKey.export({ format: 'jwk' })
  const expected = thumbprint(validatePublicJwk(jwk))
  expect(thumbprintOfDid(didJwk(jwk))).toBe(expected)
  expect(thumbprintOfDid(didJwk({ ...jwk, use: 'sig', kid: 'x' }))).toBe(expected)
})

// Published examples of the did:key method specification, with the JWKs it gives for them.
test.each([
  [
    'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK',
    { kty: 'OKP', crv: 'Ed25519', x: 'Lm_M42cB3HkUiODQsXRcweM6TByfzEHGO9ND274JcOY' },
  ],
  [
    'did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169',
    {
      ...{ kty: 'EC', crv: 'P-256', x: 'fyNYMN0976ci7xqiSdag3buk-ZCwgXU4kz9XNkBlNUI' },
      y: 'hW2ojTNfH7Jbi8--CJUo3OCbH3y5n91g-IMA9MLMbTU',
    },
  ],
])('CR-20 %s is the key it is made of', (did, jwk) => {
  expect(thumbprintOfDid(did)).toBe(thumbprint(validatePublicJwk(jwk)))
  expect(thumbprintOfDid(didJwk(jwk)), 'both spellings').toBe(thumbprintOfDid(did))
})

test.each([
  'did:web:example.org',
  'did:jwk:!',
  'did:jwk:e30',
  'did:key:z0',
  'did:key:z111',
  'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2do',
  `did:key:z${'1'.repeat(2000)}`,
])('CR-20 %s is a DID by its text alone', (did) => expect(thumbprintOfDid(did)).toBeUndefined())
