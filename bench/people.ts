/**
 * The people who log in: a sample of everybody who is loaded. Each has a wallet key, a credential, and for the floor an
 * answer that is whole and encrypted beforehand.
 */
import { createECDH, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { DEMO_PERSON, type Issuer } from '../demo/issuer.ts'
import { encrypt, presentCredential } from '../demo/wallet-answer.ts'
import { thumbprint, validatePublicJwk } from '../src/crypto/thumbprint.ts'

export interface SamplePerson {
  /** RFC 7638, of the wallet's key. */
  thumbprint: string
  /** PKCS#8, PEM. */
  holderKey: string
  /** SPKI, PEM. */
  holderPublicKey: string
  credential: string
  /** For the floor: the form to post. */
  preparedForm: string
}

/** The key that the floor decrypts answers with: private scalar, public point, in hexadecimal. */
export interface FloorKey {
  privateKey: string
  publicKey: string
}

export function createFloorKey(): FloorKey {
  const ecdh = createECDH('prime256v1')
  const publicKey = ecdh.generateKeys('hex')
  return { privateKey: ecdh.getPrivateKey('hex'), publicKey }
}

/** Makes `count` of them. */
export async function createSample(
  issuer: Issuer,
  count: number,
  floorKey: FloorKey,
): Promise<SamplePerson[]> {
  const people: SamplePerson[] = []
  for (let made = 0; made < count; made++) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const holderKey = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
    const holderPublicKey = publicKey.export({ format: 'pem', type: 'spki' }).toString()
    const { kty, crv, x, y } = publicKey.export({ format: 'jwk' })
    const jwk = validatePublicJwk({ kty, crv, x, y })
    const credential = await issuer.issue(DEMO_PERSON, jwk)
    people.push({
      ...{ thumbprint: thumbprint(jwk), holderKey, holderPublicKey, credential },
      preparedForm: prepareForm(credential, privateKey, floorKey),
    })
  }
  return people
}

function prepareForm(credential: string, holderKey: KeyObject, floorKey: FloorKey): string {
  const names = ['given_name', 'family_name', 'schac_home_organization']
  const question = { client_id: 'x509_hash:floor', nonce: 'n'.repeat(43), names }
  const presentation = presentCredential(credential, holderKey, question)
  const point = Buffer.from(floorKey.publicKey, 'hex')
  const response = encrypt(
    { vp_token: { eduid: [presentation] }, state: 's'.repeat(32) },
    {
      kid: 'k'.repeat(43),
      x: point.subarray(1, 33).toString('base64url'),
      y: point.subarray(33).toString('base64url'),
    },
  )
  return new URLSearchParams({ response }).toString()
}
