/** Credo's keys: P-256 on node:crypto, for as long as the program runs. What a wallet does not need is refused. */
import {
  createCipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  randomUUID,
  sign,
  verify,
  type webcrypto,
} from 'node:crypto'
import type { Kms } from '@credo-ts/core'

type Service = Kms.KeyManagementService
type EcJwk = { kty: 'EC'; crv: 'P-256'; x: string; y: string; kid: string }

export function createKeys(): Service {
  const keys = new Map<string, KeyObject>()
  const keyOf = (id: string) => keys.get(id) ?? refuse(`key ${id}`)
  const keep = (id: string, key: KeyObject) => {
    keys.set(id, key)
    return { keyId: id, publicJwk: jwkOf(key, id) }
  }
  return {
    backend: 'memory',
    isOperationSupported: () => true,
    randomBytes: (_, { length }) => new Uint8Array(randomBytes(length)),
    getPublicKey: async (_, id) => (keys.has(id) ? jwkOf(keyOf(id), id) : null),
    createKey: async (_, { keyId = randomUUID(), type }) => {
      if (type.kty !== 'EC' || type.crv !== 'P-256') return refuse(JSON.stringify(type))
      return keep(keyId, generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey) as never
    },
    importKey: async (_, { privateJwk }) => {
      const key = createPrivateKey({ format: 'jwk', key: privateJwk as webcrypto.JsonWebKey })
      return keep(privateJwk.kid ?? randomUUID(), key) as never
    },
    deleteKey: async (_, { keyId }) => keys.delete(keyId),
    sign: async (_, { keyId, algorithm, data }) => {
      if (algorithm !== 'ES256') return refuse(algorithm)
      const key = { key: keyOf(keyId), dsaEncoding: 'ieee-p1363' } as const
      return { signature: new Uint8Array(sign('sha256', data, key)) }
    },
    verify: async (_, { key, algorithm, data, signature }) => {
      if (algorithm !== 'ES256') return refuse(algorithm)
      const publicJwk = key.publicJwk ?? jwkOf(keyOf(key.keyId), key.keyId)
      const publicKey = createPublicKey({ format: 'jwk', key: publicJwk as webcrypto.JsonWebKey })
      const isGood = verify(
        'sha256',
        data,
        { key: publicKey, dsaEncoding: 'ieee-p1363' },
        signature,
      )
      return isGood ? { verified: true, publicJwk } : { verified: false }
    },
    encrypt: async (_, { key, encryption, data }) => {
      const agreement = key.keyAgreement
      if (agreement?.algorithm !== 'ECDH-ES') return refuse('another key agreement')
      if (encryption.algorithm !== 'A128GCM' && encryption.algorithm !== 'A256GCM')
        return refuse(encryption.algorithm)
      const contentKey = contentKeyFor(keyOf(agreement.keyId), agreement, encryption.algorithm)
      return seal(contentKey, encryption, data)
    },
    decrypt: () => Promise.reject(new Error('this wallet is sent nothing encrypted')),
  }
}

function jwkOf(key: KeyObject, kid: string): EcJwk {
  const { x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' })
  return { kty: 'EC', crv: 'P-256', x, y, kid }
}

interface Agreement {
  externalPublicJwk: object
  apu?: Uint8Array | undefined
  apv?: Uint8Array | undefined
}

/** ECDH-ES in direct mode: one round of the Concat KDF (RFC 7518 section 4.6.2). */
function contentKeyFor(
  privateKey: KeyObject,
  { externalPublicJwk, apu, apv }: Agreement,
  enc: string,
) {
  const size = enc === 'A128GCM' ? 16 : 32
  const publicKey = createPublicKey({
    format: 'jwk',
    key: externalPublicJwk as webcrypto.JsonWebKey,
  })
  const hash = createHash('sha256')
    .update(uint32(1))
    .update(diffieHellman({ privateKey, publicKey }))
  for (const part of [Buffer.from(enc), apu ?? new Uint8Array(), apv ?? new Uint8Array()])
    hash.update(uint32(part.length)).update(part)
  return hash
    .update(uint32(size * 8))
    .digest()
    .subarray(0, size)
}

interface Sealing {
  iv?: Uint8Array | undefined
  aad?: Uint8Array | undefined
}

function seal(key: Uint8Array, { iv = randomBytes(12), aad }: Sealing, data: Uint8Array) {
  const cipher = createCipheriv(key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm', key, iv)
  if (aad !== undefined) cipher.setAAD(aad)
  const encrypted = new Uint8Array(Buffer.concat([cipher.update(data), cipher.final()]))
  return { encrypted, iv: new Uint8Array(iv), tag: new Uint8Array(cipher.getAuthTag()) }
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function refuse(what: string): never {
  throw new Error(`the wallet's keys cannot do that: ${what}`)
}
