import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { readDid, readMultikey } from '../../src/wallet/did.ts'
import { didWebUrl } from '../../src/wallet/did-web.ts'

/* Examples of the did:key and did:jwk method specifications. */
describe('a DID that is a key', () => {
  it.each([
    [
      'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
      { kty: 'OKP', crv: 'Ed25519', x: 'O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik' },
    ],
    [
      'did:key:zDnaerDaTF5BXEavCrfRZEk316dpbLsfPDZ3WJ5hRTPFU2169',
      {
        ...{ kty: 'EC', crv: 'P-256' },
        x: 'fyNYMN0976ci7xqiSdag3buk-ZCwgXU4kz9XNkBlNUI',
        y: 'hW2ojTNfH7Jbi8--CJUo3OCbH3y5n91g-IMA9MLMbTU',
      },
    ],
    [
      'did:key:z82Lm1MpAkeJcix9K8TMiLd5NMAhnwkjjCBeWHXyu3U4oT2MVJJKXkcVBgjGhnLBn2Kaau9',
      {
        ...{ kty: 'EC', crv: 'P-384' },
        x: 'lInTxl8fjLKp_UCrxI0WDklahi-7-_6JbtiHjiRvMvhedhKVdHBfi2HCY8t_QJyc',
        y: 'y6N1IC-2mXxHreETBW7K3mBcw0qGr3CWHCs-yl09yCQRLcyfGv7XhqAngHOu51Zv',
      },
    ],
    [
      'did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l6OTFQSDZDZEgyVjAiLCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9',
      {
        ...{ kty: 'EC', crv: 'P-256' },
        x: 'acbIQiuMs3i8_uszEjJ2tpTtRM4EU3yz91PH6CdH2V0',
        y: '_KcyLj9vWMptnmKtm46GqDz8wf74I5LKgrl2GzH3nSE',
      },
    ],
  ])('%s is read', (did, jwk) => {
    expect(readDid(did)?.jwk).toEqual(jwk)
  })

  const { crv, kty, x, y } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
    format: 'jwk',
  })
  const canonical = JSON.stringify({ crv, kty, x, y })
  const jwkKey = (text: string) =>
    `z${base58(Buffer.concat([Buffer.of(0xd1, 0xd6, 0x03), Buffer.from(text)]))}`

  it('a did:key of a canonical JWK, as EBSI makes them, is read', () => {
    expect(readMultikey(jwkKey(canonical))?.jwk).toEqual({ crv, kty, x, y })
  })

  it.each([
    ['another method', 'did:web:issuer.example'],
    ['a fragment', 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp#z6Mk'],
    ['another base', 'did:key:u6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'],
    ['a letter that is no digit', 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDoo0p'],
    [
      'a key for agreement',
      `did:key:z${base58(Buffer.concat([Buffer.of(0xec, 0x01), Buffer.alloc(32, 7)]))}`,
    ],
    [
      'a secp256k1 key',
      `did:key:z${base58(Buffer.concat([Buffer.of(0xe7, 0x01, 2), Buffer.alloc(32, 7)]))}`,
    ],
    [
      'a point off the curve',
      `did:key:z${base58(Buffer.concat([Buffer.of(0x80, 0x24, 2), Buffer.alloc(32, 0xff)]))}`,
    ],
    [
      'a point written at length',
      `did:key:z${base58(Buffer.concat([Buffer.of(0x80, 0x24, 4), Buffer.alloc(64, 1)]))}`,
    ],
    [
      'an Ed25519 key cut short',
      `did:key:z${base58(Buffer.concat([Buffer.of(0xed, 0x01), Buffer.alloc(31, 1)]))}`,
    ],
    ['nothing', 'did:key:'],
    ['no bytes', 'did:key:z'],
    ['a JWK in another order', `did:key:${jwkKey(JSON.stringify({ kty, crv, x, y }))}`],
    [
      'a JWK with more in it',
      `did:key:${jwkKey(JSON.stringify({ alg: 'ES256', crv, kty, x, y }))}`,
    ],
    ['a did:jwk that is no JSON', 'did:jwk:AAAA'],
    ['a did:jwk that is a list', `did:jwk:${Buffer.from('[]').toString('base64url')}`],
    [
      'a did:jwk with a private key',
      `did:jwk:${Buffer.from(JSON.stringify({ crv, kty, x, y, d: x })).toString('base64url')}`,
    ],
    [
      'a did:jwk with a member twice',
      `did:jwk:${Buffer.from('{"kty":"EC","kty":"EC"}').toString('base64url')}`,
    ],
    ['a very long one', `did:key:z${'1'.repeat(100_000)}`],
  ])('%s is none of ours', (_, did) => {
    expect(readDid(did)).toBeUndefined()
  })
})

describe('did:web', () => {
  it.each([
    ['did:web:w3c-ccg.github.io', 'https://w3c-ccg.github.io/.well-known/did.json'],
    ['did:web:w3c-ccg.github.io:user:alice', 'https://w3c-ccg.github.io/user/alice/did.json'],
    ['did:web:example.com%3A3000:user:alice', 'https://example.com:3000/user/alice/did.json'],
  ])('%s lies at %s', (did, url) => {
    expect(didWebUrl(did)).toBe(url)
  })

  it.each([
    'did:web:',
    'did:web:example.com:',
    'did:web:example.com::a',
    'did:web:example.com:..:a',
    'did:web:EXAMPLE.com',
    'did:web:user@example.com',
    'did:web:example.com%3A443',
    'did:web:example.com:a?b',
    'did:web:example.com:a#b',
    'did:key:z6Mk',
  ])('VC-08 %s lies nowhere', (did) => {
    expect(didWebUrl(did)).toBeUndefined()
  })
})

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

function base58(bytes: Uint8Array): string {
  let number = BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
  let text = ''
  for (; number > 0n; number /= 58n) text = ALPHABET.charAt(Number(number % 58n)) + text
  return text
}
