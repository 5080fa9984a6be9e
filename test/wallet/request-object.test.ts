import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { compactDecrypt, compactVerify, decodeProtectedHeader } from 'jose'
import { describe, expect, it } from 'vitest'
import { hashSecret, randomText } from '../../src/crypto/random.ts'
import { DcqlQuery } from '../../src/domain/dcql.ts'
import { BridgeError } from '../../src/domain/failure.ts'
import { encryptRequestObject } from '../../src/wallet/request-encryption.ts'
import {
  type RequestObjectInput,
  readRequestUriPost,
  signRequestObject,
  walletLink,
} from '../../src/wallet/request-object.ts'
import {
  checkSigningCertificate,
  clientIdOf,
  prepareRequestSigner,
} from '../../src/wallet/request-signer.ts'
import { createResponseKey } from '../../src/wallet/response-encryption.ts'
import {
  type OddRequest,
  SIGNS_CERTIFICATES,
  SIGNS_DATA,
  writeAnchor,
  writeOdd,
} from './certificates.ts'
import { createIdentity, createSigner, DAY, NOW, NOW_S, newKey, QUERY, refusalOf } from './world.ts'

const SIGNS_BOTH = SIGNS_CERTIFICATES + SIGNS_DATA
const identity = createIdentity()
const signer = prepareRequestSigner(identity)

function input(members: Partial<RequestObjectInput> = {}): RequestObjectInput {
  return {
    responseUri: 'https://bridge.example/t/uni/wallet/response',
    response: { mode: 'direct_post.jwt', encryptionKey: createResponseKey().publicJwk },
    nonce: randomText(),
    state: randomText(),
    query: QUERY,
    issuedAt: NOW,
    expiresAt: NOW + 300_000,
    ...members,
  }
}

function payloadOf(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())
}

describe('the request object', () => {
  const asked = input()
  const jwt = signRequestObject(signer, asked)
  const payload = payloadOf(jwt)

  it('VP-009 has typ, alg and the chain, leaf first', () => {
    expect(decodeProtectedHeader(jwt)).toEqual({
      typ: 'oauth-authz-req+jwt',
      alg: 'ES256',
      x5c: identity.chain.map((der) => Buffer.from(der).toString('base64')),
    })
  })

  it('VP-009 is signed by the key of the leaf', async () => {
    const key = createPublicKey(identity.privateKey)
    expect(
      (await compactVerify(jwt, key, { algorithms: ['ES256'] })).payload.length,
    ).toBeGreaterThan(0)
  })

  it('VP-001, VP-002, VP-003, VP-004, VP-005, VP-010 says what is asked, for whom and where to answer', () => {
    expect(payload).toMatchObject({
      response_type: 'vp_token',
      client_id: signer.clientId,
      nonce: asked.nonce,
      state: asked.state,
      response_mode: 'direct_post.jwt',
      aud: 'https://self-issued.me/v2',
    })
  })

  it('VP-006, VP-007 has a query and a response_uri, neither scope nor redirect_uri', () => {
    expect(payload.response_uri).toBe(asked.responseUri)
    for (const name of ['scope', 'redirect_uri', 'iss', 'transaction_data', 'verifier_info']) {
      expect(payload).not.toHaveProperty(name)
    }
  })

  it('VP-011 carries objects, not text of objects', () => {
    expect(payload.dcql_query).toEqual(QUERY)
    expect(typeof payload.client_metadata).toBe('object')
  })

  it('VP-012 begins and ends', () => {
    expect(payload).toMatchObject({ iat: NOW_S, exp: NOW_S + 300 })
  })

  it('VP-013, VP-015, VP-016, VP-017, VP-018 tells key, encryption and formats, and nothing else', () => {
    const { response } = asked
    if (response.mode !== 'direct_post.jwt') throw new Error('wrong mode')
    const key = {
      ...response.encryptionKey,
      kid: hashSecret(asked.state),
      use: 'enc',
      alg: 'ECDH-ES',
    }
    expect(payload.client_metadata).toEqual({
      jwks: { keys: [key] },
      encrypted_response_enc_values_supported: ['A256GCM', 'A128GCM'],
      vp_formats_supported: {
        'dc+sd-jwt': {
          'sd-jwt_alg_values': ['ES256', 'ES384', 'EdDSA'],
          'kb-jwt_alg_values': ['ES256', 'ES384', 'EdDSA'],
        },
      },
    })
  })

  it('VP-016 names the algorithms of the formats that it asks for, and no MAC', () => {
    const credentials = [
      { id: 'm', format: 'mso_mdoc', meta: { doctype_value: 'org.iso.18013.5.1.mDL' } },
      { id: 'v', format: 'jwt_vc_json', meta: { type_values: [['Degree']] } },
    ]
    const text = signRequestObject(signer, input({ query: DcqlQuery.parse({ credentials }) }))
    const algorithms = [-7, -9, -35, -51, -8, -19]
    expect(payloadOf(text).client_metadata).toMatchObject({
      vp_formats_supported: {
        mso_mdoc: { issuerauth_alg_values: algorithms, deviceauth_alg_values: algorithms },
        jwt_vc_json: { alg_values: ['ES256', 'ES384', 'EdDSA'] },
      },
    })
    expect(JSON.stringify(payloadOf(text).client_metadata)).not.toContain('dc+sd-jwt')
  })

  it('VP-017 names a device MAC only where it may be, and only for an encrypted answer', () => {
    const credentials = [{ id: 'm', format: 'mso_mdoc', meta: { doctype_value: 'org.example' } }]
    const asked = { query: DcqlQuery.parse({ credentials }), deviceMac: true }
    const told = (members: object) => {
      const { client_metadata: metadata } = payloadOf(signRequestObject(signer, input(members)))
      return (
        metadata as { vp_formats_supported: { mso_mdoc: { deviceauth_alg_values: number[] } } }
      ).vp_formats_supported.mso_mdoc
    }
    const signatures = [-7, -9, -35, -51, -8, -19]
    expect(told(asked)).toEqual({
      issuerauth_alg_values: signatures,
      deviceauth_alg_values: [...signatures, -65537],
    })
    for (const members of [{ deviceMac: false }, { response: { mode: 'direct_post' } }])
      expect(told({ ...asked, ...members }).deviceauth_alg_values).toEqual(signatures)
  })

  it('VP-013 never shows a private member', () => {
    const leaky = { ...createResponseKey().publicJwk, d: 'secret-scalar' }
    const text = signRequestObject(
      signer,
      input({ response: { mode: 'direct_post.jwt', encryptionKey: leaky } }),
    )
    expect(JSON.stringify(payloadOf(text))).not.toContain('secret-scalar')
  })

  it('VP-015 has no key where nothing is to be encrypted', () => {
    const text = signRequestObject(signer, input({ response: { mode: 'direct_post' } }))
    expect(payloadOf(text)).toMatchObject({ response_mode: 'direct_post' })
    expect(payloadOf(text).client_metadata).toEqual({ vp_formats_supported: expect.anything() })
  })

  it('VP-032 copies wallet_nonce, and has none where none came', () => {
    expect(payloadOf(signRequestObject(signer, input({ walletNonce: 'ä"\\' }))).wallet_nonce).toBe(
      'ä"\\',
    )
    expect(payload).not.toHaveProperty('wallet_nonce')
  })

  it('VP-035 a second one differs in wallet_nonce, iat and exp alone', () => {
    const again = signRequestObject(signer, { ...asked, issuedAt: NOW + 5_000, walletNonce: 'w' })
    const { wallet_nonce: _, iat: __, ...rest } = payloadOf(again)
    const { iat: ___, ...first } = payload
    expect(rest).toEqual(first)
  })

  it('VP-042 after renewal a session under way keeps its signer and client id', () => {
    const renewed = createSigner()
    expect(renewed.clientId).not.toBe(signer.clientId)
    expect(payloadOf(signRequestObject(signer, asked)).client_id).toBe(signer.clientId)
  })

  it.each([
    ['VP-003 a nonce of other characters', { nonce: 'a b'.repeat(10) }],
    ['VP-003 a nonce below 128 bits', { nonce: 'a'.repeat(21) }],
    ['VP-004 a state below 128 bits', { state: 'a'.repeat(21) }],
    [
      'VP-014 the signing key as response key',
      {
        response: {
          mode: 'direct_post.jwt',
          encryptionKey: createPublicKey(identity.privateKey).export({ format: 'jwk' }) as never,
        },
      } as const,
    ],
  ])('%s is refused', (_, members) => {
    expect(() => signRequestObject(signer, input(members))).toThrow(RangeError)
  })

  it('VP-008 under x509_san_dns a response_uri elsewhere is refused', () => {
    const dns = createSigner({ prefix: 'x509_san_dns' })
    expect(() => signRequestObject(dns, input({ responseUri: 'https://other.example/r' }))).toThrow(
      RangeError,
    )
    expect(payloadOf(signRequestObject(dns, input())).client_id).toBe('x509_san_dns:bridge.example')
  })
})

describe('the client identifier', () => {
  it('VP-040 x509_hash is over the DER of the leaf', () => {
    const [leaf = new Uint8Array()] = identity.chain
    const digest = createHash('sha256').update(leaf).digest('base64url')
    expect(clientIdOf('x509_hash', leaf, 'bridge.example')).toBe(`x509_hash:${digest}`)
  })

  it('VP-002 is the same in the link and in the request object', () => {
    const link = walletLink('openid4vp://', {
      clientId: signer.clientId,
      requestUri: 'https://bridge.example/r/1?a=b&c',
      method: 'post',
    })
    const parameters = Object.fromEntries(new URL(link).searchParams)
    expect(parameters).toEqual({
      client_id: payloadOf(signRequestObject(signer, input())).client_id,
      request_uri: 'https://bridge.example/r/1?a=b&c',
      request_uri_method: 'post',
    })
  })

  it('VP-030 a claimed https link may have parameters of its own', () => {
    const link = walletLink('https://wallet.example/open?lang=nl', {
      clientId: 'x',
      requestUri: 'https://b.example/r',
      method: 'get',
    })
    expect(new URL(link).searchParams.get('lang')).toBe('nl')
    expect(new URL(link).searchParams.get('request_uri_method')).toBe('get')
  })
})

describe('the signing certificate', () => {
  it('VP-041 a good one tells when it ends', () => {
    expect(checkSigningCertificate(identity, NOW)).toEqual({
      notAfter: NOW + 300 * DAY,
      expiresSoon: false,
    })
  })

  it('VP-041 one within 14 days of its end is complained of', () => {
    const brief = createIdentity({ notAfter: NOW + 14 * DAY - 1_000 })
    expect(checkSigningCertificate(brief, NOW).expiresSoon).toBe(true)
  })

  const anchor = writeAnchor()
  const between = writeOdd({ name: 'Between', issuer: anchor, ca: {} })
  const leaf = writeOdd({ issuer: between })
  it('VP-041 a chain in order is good', () => {
    const chain = [leaf.der, between.der]
    expect(
      checkSigningCertificate({ ...identity, chain, privateKey: leaf.key }, NOW).expiresSoon,
    ).toBe(true)
  })

  it.each([
    ["VP-041 a key that is not the leaf's", createIdentity({ privateKey: newKey() })],
    ['VP-041 a public key', createIdentity({ privateKey: createPublicKey(newKey()) })],
    ['VP-041 an expired leaf', createIdentity({ notAfter: NOW - 1_000 })],
    ['VP-041 no certificate', createIdentity({ chain: [] })],
    ['VP-041 no certificate at all', createIdentity({ chain: [Buffer.from('junk')] })],
    [
      'VP-041 a chain out of order',
      { ...identity, chain: [between.der, leaf.der], privateKey: between.key },
    ],
    [
      'VP-041 a gap in the chain',
      {
        ...identity,
        chain: [leaf.der, writeOdd({ name: 'Other', issuer: anchor, ca: {} }).der],
        privateKey: leaf.key,
      },
    ],
    [
      'VP-041 an authority of the right name that did not sign the leaf',
      {
        ...identity,
        chain: [leaf.der, writeOdd({ name: 'Between', issuer: anchor, ca: {} }).der],
        privateKey: leaf.key,
      },
    ],
    ['VP-041 a leaf that is an authority itself', signedBy({ ca: {}, keyUsage: SIGNS_BOTH })],
    ['VP-041 a leaf that may certify but not sign', signedBy({ keyUsage: SIGNS_CERTIFICATES })],
    ['VP-041 a key of another curve', signedBy({ key: p384() })],
    ['HA-03 a self-signed leaf', selfSigned()],
    [
      'HA-03 the anchor in the chain',
      { ...identity, chain: [leaf.der, between.der, anchor.der], privateKey: leaf.key },
    ],
    [
      'VP-008 a host that the leaf does not name',
      createIdentity({ prefix: 'x509_san_dns', host: 'tenant-b.example' }),
    ],
    [
      'VP-008 a wildcard',
      createIdentity({
        prefix: 'x509_san_dns',
        host: 'a.bridge.example',
        dnsNames: ['*.bridge.example'],
      }),
    ],
  ])('%s is refused', async (_, wrong) => {
    expect(await refusalOf(() => checkSigningCertificate(wrong, NOW))).toBe('policy_refused')
  })

  it('VP-041 not yet valid is refused', () => {
    expect(() => checkSigningCertificate(identity, NOW - 2 * DAY)).toThrow(BridgeError)
  })

  function signedBy(members: OddRequest) {
    const odd = writeOdd({ issuer: between, ...members })
    return { ...identity, chain: [odd.der, between.der], privateKey: odd.key }
  }

  function p384() {
    return generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey
  }

  function selfSigned() {
    const odd = writeOdd({})
    return { ...identity, chain: [odd.der], privateKey: odd.key }
  }
})

describe('what a wallet says when it fetches the request', () => {
  const read = (members: Record<string, string>) =>
    readRequestUriPost(new Map(Object.entries(members)))

  it('VP-031 may be nothing, and unknown parameters are ignored', () => {
    expect(read({ unknown: 'x' })).toEqual({
      ...{ walletNonce: undefined, formats: undefined, key: undefined },
    })
  })

  it('VP-036 can rule out our format', () => {
    const metadata = (formats: object) =>
      JSON.stringify({ vp_formats_supported: formats, jwks_uri: 'https://evil.example' })
    expect(read({ wallet_metadata: metadata({ 'dc+sd-jwt': {} }) }).formats).toEqual(['dc+sd-jwt'])
    expect(read({ wallet_metadata: metadata({ mso_mdoc: {} }) }).formats).toEqual(['mso_mdoc'])
    expect(read({ wallet_metadata: '{}' }).formats).toBeUndefined()
  })

  const walletKey = newKey()
  const jwk = { ...createPublicKey(walletKey).export({ format: 'jwk' }), kid: 'w-1', use: 'enc' }
  const keyOf = (jwks: unknown, more: object = {}) =>
    read({ wallet_metadata: JSON.stringify({ jwks, ...more }) }).key
  const ENC = 'request_object_encryption_enc_values_supported'

  it.each([
    ['A128GCM', {}],
    ['A256GCM', { [ENC]: ['A128GCM', 'A256GCM'] }],
    ['A128GCM', { [ENC]: ['A128CBC-HS256', 'A128GCM'] }],
  ])('VP-036 a key in it encrypts the request, with %s, and nothing else', async (enc, more) => {
    const key = keyOf({ keys: [{ kty: 'RSA', n: 'AQAB', e: 'AQAB' }, jwk] }, more)
    if (key === undefined) throw new Error('the key was not taken')
    const signed = signRequestObject(signer, input())
    const { plaintext, protectedHeader } = await compactDecrypt(
      await encryptRequestObject(signed, key),
      walletKey,
    )
    expect(Buffer.from(plaintext).toString()).toBe(signed)
    expect(protectedHeader).toMatchObject({ alg: 'ECDH-ES', enc, kid: 'w-1', cty: 'JWT' })
  })

  it.each([
    ['none', { keys: [] }, {}],
    ['no set', [jwk], {}],
    ['one of another curve', { keys: [{ ...jwk, crv: 'P-384' }] }, {}],
    ['one off the curve', { keys: [{ ...jwk, y: jwk.x }] }, {}],
    ['one without coordinates', { keys: [{ kty: 'EC', crv: 'P-256' }] }, {}],
    ['one to sign with', { keys: [{ ...jwk, use: 'sig' }] }, {}],
    ['one of another algorithm', { keys: [{ ...jwk, alg: 'ECDH-ES+A128KW' }] }, {}],
    ['one with an id of 257 characters', { keys: [{ ...jwk, kid: 'x'.repeat(257) }] }, {}],
    ['the 17th alone', { keys: [...Array(16).fill({ kty: 'oct' }), jwk] }, {}],
    ['one for other encryptions', { keys: [jwk] }, { [ENC]: ['A256CBC-HS512'] }],
    [
      'one for other algorithms',
      { keys: [jwk] },
      { request_object_encryption_alg_values_supported: ['RSA-OAEP'] },
    ],
  ])('VP-036 where it offers %s, the request stays signed alone', (_, jwks, more) => {
    expect(keyOf(jwks, more)).toBeUndefined()
  })

  it('VP-032 a nonce of 256 characters is taken', () => {
    expect(read({ wallet_nonce: 'x'.repeat(256) }).walletNonce).toHaveLength(256)
  })

  const deep = `${'{"a":'.repeat(9)}1${'}'.repeat(9)}`
  it.each([
    ['VP-032 a nonce of 257 characters', { wallet_nonce: 'x'.repeat(257) }],
    [
      'VP-036 metadata of more than 16 KiB',
      { wallet_metadata: JSON.stringify({ a: 'x'.repeat(16_384) }) },
    ],
    ['VP-036 metadata of nine levels', { wallet_metadata: deep }],
    ['VP-036 metadata that is no object', { wallet_metadata: '[]' }],
    ['VP-036 metadata that is no JSON', { wallet_metadata: 'x' }],
    ['VP-036 metadata with a member twice', { wallet_metadata: '{"a":1,"a":2}' }],
  ])('%s is refused', async (_, members) => {
    expect(await refusalOf(() => read(members as Record<string, string>))).toBe('invalid_request')
  })
})
