import { describe, expect, it } from 'vitest'
import { hashSecret, randomText } from '../../src/crypto/random.ts'
import { type DigitalRequestInput, digitalRequests } from '../../src/wallet/digital-request.ts'
import { prepareRequestSigner } from '../../src/wallet/request-signer.ts'
import { createResponseKey } from '../../src/wallet/response-encryption.ts'
import { createIdentity, NOW, NOW_S, QUERY } from './world.ts'

const signer = prepareRequestSigner(createIdentity())
const input: DigitalRequestInput = {
  ...{ origin: 'https://bridge.example', nonce: randomText(), query: QUERY },
  encryptionKey: createResponseKey().publicJwk,
  ...{ issuedAt: NOW, expiresAt: NOW + 300_000 },
}
const decode = (text = '') => JSON.parse(Buffer.from(text, 'base64url').toString())

function requestOf(protocol: string, given = input) {
  const found = digitalRequests(signer, given).find((one) => one.protocol === protocol)
  return found?.data as { request: never } & Record<string, unknown>
}

describe('the question for the browser', () => {
  it('VP-013, VP-015 names a response key whose id follows from the nonce, and both encryptions', () => {
    expect(requestOf('openid4vp-v1-unsigned').client_metadata).toMatchObject({
      jwks: { keys: [{ kid: hashSecret(input.nonce), use: 'enc', alg: 'ECDH-ES' }] },
      encrypted_response_enc_values_supported: ['A256GCM', 'A128GCM'],
    })
  })

  it('VP-116 has no key where nothing is to be encrypted', () => {
    const data = requestOf('openid4vp-v1-unsigned', { ...input, encryptionKey: undefined })
    expect(data.response_mode).toBe('dc_api')
    expect(data.client_metadata).not.toHaveProperty('jwks')
  })

  it('VP-012 the signed one begins and ends', () => {
    const jwt = String(requestOf('openid4vp-v1-signed').request)
    expect(decode(jwt.split('.')[1])).toMatchObject({ iat: NOW_S, exp: NOW_S + 300 })
  })

  it('VP-118 what is said of who asks stands in the header of each signer, of the signed one in the payload, of the unsigned one nowhere', () => {
    const registrations = [{ format: 'registration_cert', document: 'a.b.c' }]
    const given = { ...input, registrations }
    const info = [{ format: 'registration_cert', data: 'a.b.c' }]
    const jwt = String(requestOf('openid4vp-v1-signed', given).request)
    expect(decode(jwt.split('.')[1]).verifier_info).toEqual(info)
    const many = requestOf('openid4vp-v1-multisigned', given).request as {
      payload: string
      signatures: { protected: string }[]
    }
    expect(decode(many.payload)).not.toHaveProperty('verifier_info')
    expect(many.signatures).toHaveLength(2)
    for (const one of many.signatures) expect(decode(one.protected).verifier_info).toEqual(info)
    expect(requestOf('openid4vp-v1-unsigned', given)).not.toHaveProperty('verifier_info')
  })

  it('HA-03 a signer of one name signs no request of several', () => {
    const one = { ...signer, clientIds: [signer.clientId] }
    expect(digitalRequests(one, input).map(({ protocol }) => protocol)).toEqual([
      ...['openid4vp-v1-signed', 'openid4vp-v1-unsigned'],
    ])
  })
})
