/** W3C credentials and presentations as JWTs (data models 1.1 and 2.0), honest but for what is asked to be different. */
import { type Members, signJwt } from './jose.ts'
import type { SigningKey } from './seed.ts'
import type { JwtVcVariant } from './variants.ts'
import { didJwkOf, type World } from './world.ts'

const V1 = 'https://www.w3.org/2018/credentials/v1'
const V2 = 'https://www.w3.org/ns/credentials/v2'

export interface JwtVcForgery {
  issuer?: { id: string; key: SigningKey }
  issuerKey?: SigningKey
  header?: Members
  /** Claims of the credential's JWT. */
  payload?: Members
  /** Members of the credential inside it. */
  credential?: Members
  credentialJwt?: (jwt: string) => string
  holderKey?: SigningKey
  vpHeader?: Members
  vpPayload?: Members
  presentation?: Members
  /** What stands in `verifiableCredential`. */
  credentials?: (jwt: string) => unknown
  whole?: (jwt: string) => string
}

/** A presentation as compact JWT. */
export function presentJwtVc(
  world: World,
  variant: JwtVcVariant,
  bound: { holder: SigningKey; audience: string; nonce: string },
  forgery: JwtVcForgery = {},
): string {
  const isNew = variant.version === '2.0'
  const holder = didJwkOf(bound.holder)
  const issued = issue(world, variant, holder, forgery)
  const credential = forgery.credentialJwt?.(issued) ?? issued
  const envelope = {
    '@context': V2,
    id: `data:application/vc+jwt,${credential}`,
    type: 'EnvelopedVerifiableCredential',
  }
  const presentation = {
    '@context': [isNew ? V2 : V1],
    type: ['VerifiablePresentation'],
    verifiableCredential: forgery.credentials?.(credential) ?? [isNew ? envelope : credential],
    ...(isNew ? { holder } : {}),
    ...forgery.presentation,
  }
  const said = { nonce: bound.nonce, aud: bound.audience, iat: world.now, ...forgery.vpPayload }
  const payload = isNew ? { ...presentation, ...said } : { iss: holder, vp: presentation, ...said }
  const header = { alg: 'ES256', typ: isNew ? 'vp+jwt' : 'JWT', ...forgery.vpHeader }
  const whole = signJwt(header, payload, forgery.holderKey ?? bound.holder)
  return forgery.whole?.(whole) ?? whole
}

function issue(world: World, variant: JwtVcVariant, holder: string, forgery: JwtVcForgery): string {
  const { issuer = world.did } = forgery
  const isNew = variant.version === '2.0'
  const [begins, ends] = [world.now - 3600, world.now + 30 * 86_400]
  const credential = {
    '@context': [isNew ? V2 : V1],
    type: ['VerifiableCredential', variant.type],
    issuer: issuer.id,
    credentialSubject: { id: holder, ...variant.subject },
    ...(isNew ? { validFrom: iso(begins), validUntil: iso(ends) } : {}),
    ...forgery.credential,
  }
  const payload = isNew
    ? { ...credential, ...forgery.payload }
    : { iss: issuer.id, sub: holder, nbf: begins, exp: ends, vc: credential, ...forgery.payload }
  const header = { alg: 'ES256', typ: isNew ? 'vc+jwt' : 'JWT', ...forgery.header }
  return signJwt(header, payload, forgery.issuerKey ?? issuer.key)
}

export function iso(seconds: number): string {
  return new Date(seconds * 1000).toISOString()
}
