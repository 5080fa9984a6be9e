import { createDecipheriv } from 'node:crypto'
import fc from 'fast-check'
import { CompactEncrypt, GeneralEncrypt, importJWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { encrypt } from '../../demo/wallet-answer.ts'
import { BridgeError } from '../../src/domain/failure.ts'
import type { Json } from '../../src/domain/text.ts'
import {
  agree,
  createResponseKey,
  decryptResponse,
  deriveContentKey,
  publicJwkOf,
  readKeyId,
} from '../../src/wallet/response-encryption.ts'
import { findVectors, type ReadVectors } from '../support/vectors.ts'
import { encode, refusalOf } from './world.ts'

const KID = 'the-key-of-this-journey'
const { privateKey, publicJwk } = createResponseKey()
const key = { privateKey, kid: KID }
const PLAINTEXT = Buffer.from('{"vp_token":{"a":["b"]}}')

async function joseEncrypt(header: Record<string, unknown> = {}): Promise<string> {
  const full = { alg: 'ECDH-ES', enc: 'A256GCM', kid: KID, ...header }
  return new CompactEncrypt(PLAINTEXT)
    .setProtectedHeader(full)
    .encrypt(await importJWK({ ...publicJwk }, 'ECDH-ES'))
}

function withHeader(header: Record<string, unknown>): string {
  return encrypt({}, { kid: KID, ...publicJwk }, { encryptionHeader: header })
}

describe('a response of jose', () => {
  it.each(['A128GCM', 'A256GCM'])('HA-04 is opened with %s', async (enc) => {
    expect(decryptResponse(await joseEncrypt({ enc }), key)).toEqual(PLAINTEXT)
  })

  it('VP-072 is opened with apu and apv', async () => {
    const jwe = await new CompactEncrypt(PLAINTEXT)
      .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A128GCM', kid: KID })
      .setKeyManagementParameters({ apu: Buffer.from('wallet'), apv: Buffer.from('nonce') })
      .encrypt(await importJWK({ ...publicJwk }, 'ECDH-ES'))
    expect(decryptResponse(jwe, key)).toEqual(PLAINTEXT)
  })

  it('VP-079 names its key without being opened', async () => {
    expect(readKeyId(await joseEncrypt())).toBe(KID)
  })
})

describe('a response key', () => {
  it('VP-013 has a public half of kty, crv, x and y', () => {
    expect(Object.keys(publicJwk)).toEqual(['kty', 'crv', 'x', 'y'])
    expect(publicJwkOf(privateKey)).toEqual(publicJwk)
    expect(privateKey).toHaveLength(32)
  })

  it('HA-05 is another one each time', () => {
    const seen = new Set(Array.from({ length: 200 }, () => createResponseKey().publicJwk.x))
    expect(seen.size).toBe(200)
  })

  it.each([new Uint8Array(31), new Uint8Array(32), new Uint8Array(32).fill(0xff)])(
    'VP-013 is a scalar of P-256',
    (bytes) => expect(() => publicJwkOf(bytes)).toThrow(RangeError),
  )
})

describe('refused responses', () => {
  const rows: [string, () => string | Promise<string>, string][] = [
    ['VP-072 A192GCM', () => withHeader({ enc: 'A192GCM' }), 'algorithm_refused'],
    ['VP-072 A256CBC-HS512', () => withHeader({ enc: 'A256CBC-HS512' }), 'algorithm_refused'],
    ['VP-072 RSA-OAEP', () => withHeader({ alg: 'RSA-OAEP' }), 'algorithm_refused'],
    ['VP-072 dir', () => withHeader({ alg: 'dir' }), 'algorithm_refused'],
    ['CR-61 RSA1_5', () => withHeader({ alg: 'RSA1_5' }), 'algorithm_refused'],
    [
      'VP-072 ECDH-ES with key wrapping',
      () => joseEncrypt({ alg: 'ECDH-ES+A128KW' }),
      'algorithm_refused',
    ],
    [
      'CR-61 a password with ten million rounds',
      () => withHeader({ alg: 'PBES2-HS256+A128KW', p2c: 1e7, p2s: 'AAAA' }),
      'algorithm_refused',
    ],
    ['CR-61 compression', () => withHeader({ zip: 'DEF' }), 'algorithm_refused'],
    ['CR-62 crit', () => withHeader({ crit: ['exp'], exp: 1 }), 'algorithm_refused'],
    ['VP-072 another kid', () => withHeader({ kid: 'other' }), 'malformed_response'],
    ['VP-072 no kid', () => withHeader({ kid: undefined }), 'malformed_response'],
    ['VP-072 no epk', () => withHeader({ epk: undefined }), 'malformed_response'],
    [
      'VP-072 an epk of P-384',
      () => withHeader({ epk: { ...publicJwk, crv: 'P-384' } }),
      'malformed_response',
    ],
    [
      'VP-072 an epk with a private member',
      () => withHeader({ epk: { ...publicJwk, d: publicJwk.x } }),
      'malformed_response',
    ],
    [
      'VP-072 a short coordinate',
      () => withHeader({ epk: { ...publicJwk, x: 'AAAA' } }),
      'malformed_response',
    ],
    [
      'VP-072 a point that is not on the curve',
      () => withHeader({ epk: { ...publicJwk, y: publicJwk.x } }),
      'decryption_failed',
    ],
    [
      'VP-072 the epk of another',
      () => withHeader({ epk: createResponseKey().publicJwk }),
      'decryption_failed',
    ],
    ['VP-072 apu that is no base64url', () => withHeader({ apu: 'a+b=' }), 'malformed_response'],
    [
      'VP-072 apu of a kilobyte and more',
      () => withHeader({ apu: 'A'.repeat(1028) }),
      'malformed_response',
    ],
    [
      'SD-17 a header member twice',
      () =>
        changed(0, () => Buffer.from('{"alg":"ECDH-ES","alg":"ECDH-ES"}').toString('base64url')),
      'malformed_response',
    ],
    ['VP-071 a header that is no object', () => changed(0, () => encode([])), 'malformed_response'],
    [
      'VP-071 a header that is no base64url',
      () => changed(0, () => '{"alg"}'),
      'malformed_response',
    ],
    [
      'CR-62 a header of more than 16 KiB',
      () => withHeader({ x: 'x'.repeat(16_384) }),
      'too_large',
    ],
    ['VP-070 more than a megabyte', () => `${'A'.repeat(1_048_577)}....`, 'too_large'],
    ['VP-072 an encrypted key', () => changed(1, () => 'AAAA'), 'malformed_response'],
    [
      'VP-072 a changed header',
      () =>
        changed(0, (text) =>
          encode({ ...JSON.parse(Buffer.from(text, 'base64url').toString()), x: 1 }),
        ),
      'decryption_failed',
    ],
    ['VP-072 a short iv', () => changed(2, (text) => text.slice(0, 12)), 'malformed_response'],
    ['VP-072 a changed iv', () => changed(2, () => 'AAAAAAAAAAAAAAAA'), 'decryption_failed'],
    [
      'VP-072 a changed ciphertext',
      () =>
        changed(3, (text) => (text.startsWith('A') ? `B${text.slice(1)}` : `A${text.slice(1)}`)),
      'decryption_failed',
    ],
    ['VP-072 a changed tag', () => changed(4, () => 'A'.repeat(22)), 'decryption_failed'],
    ['VP-072 a short tag', () => changed(4, (text) => text.slice(0, 16)), 'malformed_response'],
    ['VP-071 four parts', () => 'a.b.c.d', 'malformed_response'],
    ['VP-071 six parts', () => 'a.b.c.d.e.f', 'malformed_response'],
    ['VP-071 nothing', () => '', 'malformed_response'],
    [
      'VP-071 a signed JWT',
      () => `${encode({ alg: 'ES256' })}.${encode({ vp_token: {} })}.AAAA`,
      'unencrypted_response',
    ],
    ['CR-62 JSON serialisation', () => joseGeneral(), 'malformed_response'],
  ]
  it.each(rows)('%s', async (_, response, reason) => {
    const jwe = await response()
    expect(await refusalOf(() => decryptResponse(jwe, key))).toBe(reason)
  })

  it('VP-132 the key of another journey opens nothing', async () => {
    const jwe = await joseEncrypt()
    const other = { privateKey: createResponseKey().privateKey, kid: KID }
    expect(await refusalOf(() => decryptResponse(jwe, other))).toBe('decryption_failed')
  })

  it('RE-07 any text ends in a typed refusal', async () => {
    const parts = (await joseEncrypt()).split('.')
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json().map((json) => Buffer.from(json).toString('base64url')),
      fc.constantFrom('', ...parts),
    )
    const attempt = fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), (pieces) => {
      const jwe = pieces.join('.')
      fc.pre(jwe !== parts.join('.'))
      try {
        decryptResponse(jwe, key)
      } catch (error) {
        expect(error).toBeInstanceOf(BridgeError)
        return
      }
      expect.fail('a made-up response was opened')
    })
    fc.assert(attempt, { seed: 7516, numRuns: 500 })
  })

  function changed(place: number, change: (text: string) => string): string {
    return withHeader({})
      .split('.')
      .map((part, at) => (at === place ? change(part) : part))
      .join('.')
  }

  async function joseGeneral(): Promise<string> {
    const jwe = await new GeneralEncrypt(PLAINTEXT)
      .setProtectedHeader({ enc: 'A256GCM' })
      .addRecipient(await importJWK({ ...publicJwk }, 'ECDH-ES'))
      .setUnprotectedHeader({ alg: 'ECDH-ES', kid: KID })
      .encrypt()
    return JSON.stringify(jwe)
  }
})

function openByHand(jwe: string, contentKey: Uint8Array): Buffer {
  const [header = '', , ...rest] = jwe.split('.')
  const [iv, ciphertext, tag] = rest.map((part) => Buffer.from(part, 'base64url'))
  if (iv === undefined || ciphertext === undefined || tag === undefined) throw new Error('no JWE')
  const name = contentKey.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm'
  const decipher = createDecipheriv(name, contentKey, iv)
  decipher.setAAD(Buffer.from(header)).setAuthTag(tag)
  return Buffer.concat([decipher.update(ciphertext), decipher.final()])
}

describe('vectors', () => {
  it('RE-03 RFC 7518 appendix C: agreement and Concat KDF', () => {
    const bob = Buffer.from('VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw', 'base64url')
    const epk = {
      kty: 'EC',
      crv: 'P-256',
      x: 'gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0',
      y: 'SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps',
    }
    const derived = deriveContentKey(agree(bob, epk), {
      algorithm: 'A128GCM',
      bits: 128,
      partyU: Buffer.from('Alice'),
      partyV: Buffer.from('Bob'),
    })
    expect(Buffer.from(derived).toString('base64url')).toBe('VqqN6vgjbSBcIijNcacQGg')
  })

  const read = findVectors()
  if (read !== undefined) registerWycheproof(read)
})

interface JweGroup {
  private: Readonly<Partial<Record<string, string>>>
  tests: readonly { comment: string; jwe: unknown; pt?: string }[]
}
interface EcdhGroup {
  tests: readonly {
    comment: string
    result: 'valid' | 'invalid' | 'acceptable'
    private: { d: string }
    public: Json
    shared: string
  }[]
}

function registerWycheproof(read: ReadVectors): void {
  const cases = read<{ testGroups: readonly JweGroup[] }>('json_web_encryption').testGroups.flatMap(
    (group) => group.tests.map((test) => ({ group, test })),
  )
  const ecdh = read<{ testGroups: readonly EcdhGroup[] }>('ecdh_secp256r1_webcrypto').testGroups
  /** Valid cases of our kind; as they name no kid, not even these could have been made for us. */
  const ours = new Set(['acceptsEcdhEsA128Gcm', 'acceptsEcdhEsA256Gcm'])

  it('CR-60 Wycheproof json_web_encryption: none of 139 is opened, by its own key and kid', () => {
    expect(cases).toHaveLength(139)
    for (const { group, test } of cases) {
      const jwe = typeof test.jwe === 'string' ? test.jwe : JSON.stringify(test.jwe)
      const { d, crv, kid } = group.private
      const scalar = crv === 'P-256' ? Buffer.from(d ?? '', 'base64url') : privateKey
      const attempt = () => decryptResponse(jwe, { privateKey: scalar, kid: kid ?? KID })
      expect(attempt, test.comment).toThrow(BridgeError)
    }
  })

  it('CR-60 Wycheproof json_web_encryption: the cases of our kind agree on the key', () => {
    const known = cases.filter(({ test }) => ours.has(test.comment))
    expect(known).toHaveLength(2)
    for (const { group, test } of known) {
      const scalar = Buffer.from(String(group.private.d), 'base64url')
      const [header = ''] = String(test.jwe).split('.')
      const { epk, enc } = JSON.parse(Buffer.from(header, 'base64url').toString())
      const none = new Uint8Array(0)
      const bits = enc === 'A128GCM' ? 128 : 256
      const derived = deriveContentKey(agree(scalar, epk), {
        algorithm: enc,
        bits,
        partyU: none,
        partyV: none,
      })
      expect(openByHand(String(test.jwe), derived).toString('hex')).toBe(test.pt)
    }
  })

  it('CR-60 Wycheproof ecdh_secp256r1_webcrypto: the same secret, or a refusal', () => {
    let valid = 0
    for (const test of ecdh.flatMap((group) => group.tests)) {
      const scalar = Buffer.from(test.private.d, 'base64url')
      const padded = Buffer.concat([Buffer.alloc(Math.max(0, 32 - scalar.length)), scalar])
      if (test.result === 'valid') {
        valid++
        expect(Buffer.from(agree(padded, test.public)).toString('hex'), test.comment).toBe(
          test.shared,
        )
      } else {
        expect(() => agree(padded, test.public), test.comment).toThrow(BridgeError)
      }
    }
    expect(valid).toBeGreaterThan(300)
  })
}
