import { createHmac, createSecretKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import fc from 'fast-check'
import { CompactSign, compactVerify } from 'jose'
import { describe, expect, test } from 'vitest'
import {
  type JwsAlgorithm,
  JwsError,
  readCompact,
  readPayload,
  signCompact,
  signCompactAside,
  verifyCompact,
} from '../../src/crypto/jws.ts'

const LIMIT = { maxBytes: 100_000 }
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
const k256 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' })
const ed25519 = generateKeyPairSync('ed25519')
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const smallRsa = generateKeyPairSync('rsa', { modulusLength: 1024 })

const PAIRS: readonly [JwsAlgorithm, { publicKey: KeyObject; privateKey: KeyObject }][] = [
  ['ES256', p256],
  ['ES384', p384],
  ['EdDSA', ed25519],
  ['Ed25519', ed25519],
  ['RS256', rsa],
  ['PS256', rsa],
]

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
/** A JWS over any header text, signed with P-256 as ES256 asks. */
function signedWithHeader(headerText: string, payloadText = part({ sub: 'x' })): string {
  const input = `${Buffer.from(headerText).toString('base64url')}.${payloadText}`
  const key = { key: p256.privateKey, dsaEncoding: 'ieee-p1363' as const }
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}
const refusal = (reason: string) => expect.objectContaining({ name: 'JwsError', reason })

describe('CR-60 signing and verifying', () => {
  test.each(PAIRS)(
    'CR-60 %s: signed, read, verified, and verified by jose',
    async (algorithm, pair) => {
      const text = signCompact({
        header: { typ: 'JWT', kid: 'k1' },
        payload: { sub: 'ada' },
        key: pair.privateKey,
        algorithm,
      })
      const jws = readCompact(text, LIMIT)
      expect(verifyCompact(jws, pair.publicKey, [algorithm])).toBeUndefined()
      expect({ ...jws.header }).toEqual({ typ: 'JWT', kid: 'k1', alg: algorithm })
      expect({ ...readPayload(jws) }).toEqual({ sub: 'ada' })
      const verified = await compactVerify(text, pair.publicKey)
      expect(JSON.parse(Buffer.from(verified.payload).toString())).toEqual({ sub: 'ada' })
    },
  )

  test.each(PAIRS)('CR-60 %s: what jose signs is verified', async (alg, pair) => {
    const signer = new CompactSign(Buffer.from('{"a":1}')).setProtectedHeader({ alg })
    const jws = readCompact(await signer.sign(pair.privateKey), LIMIT)
    expect(verifyCompact(jws, pair.publicKey, [alg])).toBeUndefined()
  })

  test.each(PAIRS)(
    'CR-60 %s: signed aside it is the same, and no less strict',
    async (algorithm, pair) => {
      const input = { header: { kid: 'k1' }, payload: { sub: 'ada' }, algorithm }
      const text = await signCompactAside({ ...input, key: pair.privateKey })
      expect(verifyCompact(readCompact(text, LIMIT), pair.publicKey, [algorithm])).toBeUndefined()
      expect((await compactVerify(text, pair.publicKey)).protectedHeader).toEqual({
        ...{ kid: 'k1', alg: algorithm },
      })
      await expect(signCompactAside({ ...input, key: pair.publicKey })).rejects.toThrow(TypeError)
    },
  )

  test('CR-60 a payload of bytes is carried as it is', () => {
    const payload = Uint8Array.of(0, 255, 10)
    const text = signCompact({ header: {}, payload, key: p256.privateKey, algorithm: 'ES256' })
    expect(readCompact(text, LIMIT).payloadBytes).toEqual(payload)
  })

  test.each(PAIRS)(
    'CR-60 %s: header, payload and signature are each covered',
    (algorithm, pair) => {
      const text = signCompact({
        header: { kid: 'a' },
        payload: { sub: 'ada' },
        key: pair.privateKey,
        algorithm,
      })
      const parts = text.split('.')
      const changed = [
        parts.with(0, part({ kid: 'b', alg: algorithm })),
        parts.with(1, part({ sub: 'eve' })),
        parts.with(2, flipFirstBit(parts[2] ?? '')),
      ]
      for (const one of changed) {
        const jws = readCompact(one.join('.'), LIMIT)
        expect(() => verifyCompact(jws, pair.publicKey, [algorithm])).toThrow(
          refusal('signature_invalid'),
        )
      }
    },
  )

  test('CR-60 signing with a key that does not fit is a programmer’s mistake', () => {
    const input = { header: {}, payload: {} }
    expect(() => signCompact({ ...input, key: rsa.privateKey, algorithm: 'ES256' })).toThrow(
      TypeError,
    )
    expect(() => signCompact({ ...input, key: p256.publicKey, algorithm: 'ES256' })).toThrow(
      TypeError,
    )
    expect(() => signCompact({ ...input, key: p384.privateKey, algorithm: 'ES256' })).toThrow(
      TypeError,
    )
  })
})

describe('CR-60 the algorithm is the caller’s choice', () => {
  const text = signCompact({ header: {}, payload: {}, key: p256.privateKey, algorithm: 'ES256' })

  test('CR-60 an algorithm that is not allowed is refused though its signature is right', () => {
    const jws = readCompact(text, LIMIT)
    expect(() => verifyCompact(jws, p256.publicKey, ['RS256', 'ES384'])).toThrow(
      refusal('algorithm_refused'),
    )
    expect(() => verifyCompact(jws, p256.publicKey, [])).toThrow(refusal('algorithm_refused'))
  })

  test.each([
    'none',
    'None',
    'NONE',
    'nOnE',
    '',
    'es256',
    'ES256K',
    'HS256',
    'HS512',
    'RSA1_5',
    'toString',
  ])('CR-60 alg %j is refused, whatever is allowed', (alg) => {
    const jws = readCompact(signedWithHeader(JSON.stringify({ alg })), LIMIT)
    const everything = PAIRS.map(([name]) => name)
    expect(() => verifyCompact(jws, p256.publicKey, everything)).toThrow(
      refusal('algorithm_refused'),
    )
  })

  test.each(['{}', '{"alg":null}', '{"alg":["ES256"]}', '{"alg":256}'])(
    'CR-60 the header %s names no algorithm',
    (header) => {
      const jws = readCompact(signedWithHeader(header), LIMIT)
      expect(() => verifyCompact(jws, p256.publicKey, ['ES256'])).toThrow(
        refusal('algorithm_refused'),
      )
    },
  )

  test('CR-60 a caller who names an HMAC or none past the compiler is refused too', () => {
    for (const alg of ['none', 'HS256', '__proto__', 'constructor']) {
      const jws = readCompact(signedWithHeader(JSON.stringify({ alg })), LIMIT)
      expect(() => verifyCompact(jws, p256.publicKey, [alg as JwsAlgorithm])).toThrow(
        refusal('algorithm_refused'),
      )
    }
  })

  test('CR-60 a public key is never taken for an HMAC secret', () => {
    const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' })
    const input = `${part({ alg: 'HS256' })}.${part({ sub: 'eve' })}`
    const mac = createHmac('sha256', pem).update(input).digest('base64url')
    const jws = readCompact(`${input}.${mac}`, LIMIT)
    expect(() => verifyCompact(jws, rsa.publicKey, ['RS256'])).toThrow(refusal('algorithm_refused'))
  })

  test.each<[string, KeyObject]>([
    ['P-384', p384.publicKey],
    ['secp256k1', k256.publicKey],
    ['RSA', rsa.publicKey],
    ['Ed25519', ed25519.publicKey],
    ['a private key', p256.privateKey],
    ['a secret', createSecretKey(Buffer.alloc(32))],
  ])('CR-60 ES256 with %s is refused before anything is computed', (_name, key) => {
    expect(() => verifyCompact(readCompact(text, LIMIT), key, ['ES256'])).toThrow(
      refusal('key_mismatch'),
    )
  })

  test('CR-60 RSA below 2048 bits is refused', () => {
    const input = `${part({ alg: 'RS256' })}.${part({})}`
    const signature = sign('sha256', Buffer.from(input), smallRsa.privateKey).toString('base64url')
    const jws = readCompact(`${input}.${signature}`, LIMIT)
    expect(() => verifyCompact(jws, smallRsa.publicKey, ['RS256'])).toThrow(refusal('key_mismatch'))
  })
})

describe('CR-63 ECDSA signatures', () => {
  const input = `${part({ alg: 'ES256' })}.${part({})}`

  test('CR-63 DER is refused where r‖s is due', () => {
    const der = sign('sha256', Buffer.from(input), p256.privateKey).toString('base64url')
    const jws = readCompact(`${input}.${der}`, LIMIT)
    expect(() => verifyCompact(jws, p256.publicKey, ['ES256'])).toThrow(
      refusal('signature_invalid'),
    )
  })

  test('CR-63 a high s is accepted: signatures identify nothing', () => {
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
    const raw = sign('sha256', Buffer.from(input), {
      key: p256.privateKey,
      dsaEncoding: 'ieee-p1363',
    })
    const s = BigInt(`0x${raw.subarray(32).toString('hex')}`)
    const turned = Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex')
    for (const half of [raw.subarray(32), turned]) {
      const signature = Buffer.concat([raw.subarray(0, 32), half]).toString('base64url')
      const jws = readCompact(`${input}.${signature}`, LIMIT)
      expect(verifyCompact(jws, p256.publicKey, ['ES256'])).toBeUndefined()
    }
  })

  test.each([63, 65, 128, 1])('CR-63 a signature of %i bytes is refused', (length) => {
    const jws = readCompact(`${input}.${Buffer.alloc(length, 1).toString('base64url')}`, LIMIT)
    expect(() => verifyCompact(jws, p256.publicKey, ['ES256'])).toThrow(
      refusal('signature_invalid'),
    )
  })
})

describe('CR-62 reading', () => {
  const good = signedWithHeader('{"alg":"ES256"}')
  const [header = '', payload = '', signature = ''] = good.split('.')

  test.each<[string, string, string]>([
    [
      'crit with an unknown name',
      signedWithHeader('{"alg":"ES256","crit":["exp"],"exp":1}'),
      'header_refused',
    ],
    ['an empty crit', signedWithHeader('{"alg":"ES256","crit":[]}'), 'header_refused'],
    ['a crit that is null', signedWithHeader('{"alg":"ES256","crit":null}'), 'header_refused'],
    ['b64 false', signedWithHeader('{"alg":"ES256","b64":false}'), 'header_refused'],
    ['b64 true', signedWithHeader('{"alg":"ES256","b64":true}'), 'header_refused'],
    ['alg twice', signedWithHeader('{"alg":"none","alg":"ES256"}'), 'malformed'],
    [
      'alg twice, once with escapes',
      signedWithHeader('{"alg":"ES256","\\u0061lg":"none"}'),
      'malformed',
    ],
    ['__proto__', signedWithHeader('{"__proto__":{"alg":"ES256"}}'), 'malformed'],
    [
      'a header nested too deep',
      signedWithHeader(`{"alg":"ES256","a":${'['.repeat(16)}${']'.repeat(16)}}`),
      'malformed',
    ],
    ['a header that is no object', signedWithHeader('["ES256"]'), 'malformed'],
    ['a header that is no JSON', signedWithHeader('alg=ES256'), 'malformed'],
    ['a byte order mark', signedWithHeader('\ufeff{"alg":"ES256"}'), 'malformed'],
    [
      'a header above 16 KiB',
      signedWithHeader(JSON.stringify({ alg: 'ES256', pad: 'x'.repeat(16_384) })),
      'malformed',
    ],
    [
      'a header that is not UTF-8',
      `${Buffer.from('{"alg":"ES256","a":"\xff"}', 'latin1').toString('base64url')}.${payload}.${signature}`,
      'malformed',
    ],
    [
      'the JSON serialisation',
      JSON.stringify({ protected: header, payload, signature }),
      'malformed',
    ],
    ['two parts', `${header}.${payload}`, 'malformed'],
    ['five parts, as a JWE has', `${good}.a.b`, 'malformed'],
    ['no signature', `${header}.${payload}.`, 'malformed'],
    ['no header', `.${payload}.${signature}`, 'malformed'],
    ['padding', `${header}.${payload}.${signature}==`, 'malformed'],
    ['white space', ` ${good}`, 'malformed'],
    ['a line break', `${good}\n`, 'malformed'],
    ['trailing bits', `${header}.${payload.slice(0, -1)}B.${signature}`, 'malformed'],
    ['the standard alphabet', `${header}.+/+/.${signature}`, 'malformed'],
    ['nothing', '', 'malformed'],
    ['more than the limit', `${good}${'A'.repeat(100_000)}`, 'too_large'],
  ])('CR-62 %s is refused', (_name, text, reason) => {
    expect(() => readCompact(text, LIMIT)).toThrow(refusal(reason))
  })

  test('CR-62 a header of 16 KiB is read', () => {
    const pad = 'x'.repeat(16_384 - '{"alg":"ES256","pad":""}'.length)
    expect(
      readCompact(signedWithHeader(JSON.stringify({ alg: 'ES256', pad })), LIMIT).header.pad,
    ).toBe(pad)
  })

  test.each<[string, string]>([
    ['a list', '[1]'],
    ['a text', '"x"'],
    ['null', 'null'],
    ['nothing', ''],
    ['a claim twice', '{"sub":"a","sub":"b"}'],
    ['constructor', '{"constructor":1}'],
    ['an integer that would be rounded', '{"n":9007199254740993}'],
  ])('SD-17 a payload that is %s is refused when it is read', (_name, json) => {
    const jws = readCompact(
      signedWithHeader('{"alg":"ES256"}', Buffer.from(json).toString('base64url')),
      LIMIT,
    )
    expect(verifyCompact(jws, p256.publicKey, ['ES256'])).toBeUndefined()
    expect(() => readPayload(jws)).toThrow(refusal('payload_invalid'))
  })

  test('SD-17 header and payload have no prototype', () => {
    const jws = readCompact(good, LIMIT)
    expect(Object.getPrototypeOf(jws.header)).toBeNull()
    expect(Object.getPrototypeOf(readPayload(jws))).toBeNull()
  })

  test('RE-07 any text is read or refused with a JwsError', () => {
    const piece = fc.oneof(
      fc.constantFrom(header, payload, signature, ''),
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.json({ maxDepth: 2 }).map((json) => Buffer.from(json).toString('base64url')),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 5 }), (pieces) => {
        try {
          const jws = readCompact(pieces.join('.'), LIMIT)
          expect(typeof jws.header).toBe('object')
        } catch (error) {
          expect(error).toBeInstanceOf(JwsError)
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

function flipFirstBit(text: string): string {
  const bytes = Buffer.from(text, 'base64url')
  return Buffer.from(bytes.map((byte, at) => (at === 10 ? byte ^ 1 : byte))).toString('base64url')
}
