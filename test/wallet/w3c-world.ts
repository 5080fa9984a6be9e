/** W3C credentials and presentations as JWTs, signed by `jose`, which the verifier does not use. */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import { AUDIENCE, NONCE, NOW, NOW_S, newKey } from './world.ts'

export const DEGREE = 'UniversityDegreeCredential'
export const V1 = 'https://www.w3.org/2018/credentials/v1'
export const V2 = 'https://www.w3.org/ns/credentials/v2'

export function publicJwkOf(key: KeyObject) {
  const { kty, crv, x, y } = createPublicKey(key).export({ format: 'jwk' })
  return { kty, crv, x, y }
}

export function didJwkOf(key: KeyObject): string {
  return `did:jwk:${Buffer.from(JSON.stringify(publicJwkOf(key))).toString('base64url')}`
}

type Members = Record<string, unknown>

/** What is to be different from an honest credential; members set to undefined vanish. */
export interface VcForgery {
  header?: Members
  payload?: Members
  credential?: Members
  key?: KeyObject
  algorithm?: string
}

export interface VpForgery {
  header?: Members
  payload?: Members
  presentation?: Members
  key?: KeyObject
  /** What stands in `verifiableCredential`. */
  credentials?: unknown
}

export interface W3cWorld {
  issuerKey: KeyObject
  issuer: string
  holderKey: KeyObject
  holder: string
}

export function createW3cWorld(): W3cWorld {
  const [issuerKey, holderKey] = [newKey(), newKey()]
  return { issuerKey, issuer: didJwkOf(issuerKey), holderKey, holder: didJwkOf(holderKey) }
}

export function trustEntry(world: W3cWorld, members: Members = {}) {
  return {
    ...{ id: 'uni', format: 'jwt_vc_json', types: [DEGREE], mechanism: 'did' },
    ...{ issuers: [world.issuer], ...members },
  }
}

export type Version = '1.1' | '2.0'

export function issueVc(
  world: W3cWorld,
  version: Version,
  forgery: VcForgery = {},
): Promise<string> {
  const { issuer, holder } = world
  const isNew = version === '2.0'
  const credential = {
    '@context': [isNew ? V2 : V1],
    type: ['VerifiableCredential', DEGREE],
    issuer,
    credentialSubject: { id: holder, family_name: 'Lovelace', degree: { name: 'BSc', level: 6 } },
    ...(isNew ? { validFrom: iso(NOW - 60_000), validUntil: iso(NOW + 86_400_000) } : {}),
    ...forgery.credential,
  }
  const payload = isNew
    ? { ...credential, ...forgery.payload }
    : {
        ...{ iss: issuer, sub: holder, nbf: NOW_S - 60, exp: NOW_S + 86_400, vc: credential },
        ...forgery.payload,
      }
  const header = { alg: 'ES256', typ: isNew ? 'vc+jwt' : 'JWT', ...forgery.header }
  return signed(header, payload, forgery.key ?? world.issuerKey)
}

export function presentVc(
  world: W3cWorld,
  version: Version,
  credential: string,
  forgery: VpForgery = {},
): Promise<string> {
  const isNew = version === '2.0'
  const envelope = {
    '@context': V2,
    id: `data:application/vc+jwt,${credential}`,
    type: 'EnvelopedVerifiableCredential',
  }
  const presentation = {
    '@context': [isNew ? V2 : V1],
    type: ['VerifiablePresentation'],
    verifiableCredential: forgery.credentials ?? [isNew ? envelope : credential],
    ...(isNew ? { holder: world.holder } : {}),
    ...forgery.presentation,
  }
  const bound = { nonce: NONCE, aud: AUDIENCE, iat: NOW_S - 5 }
  const payload = isNew
    ? { ...presentation, ...bound, ...forgery.payload }
    : { iss: world.holder, vp: presentation, ...bound, ...forgery.payload }
  const header = { alg: 'ES256', typ: isNew ? 'vp+jwt' : 'JWT', ...forgery.header }
  return signed(header, payload, forgery.key ?? world.holderKey)
}

function signed(header: Members, payload: Members, key: KeyObject): Promise<string> {
  return new SignJWT(payload).setProtectedHeader(header as { alg: string }).sign(key)
}

export function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
