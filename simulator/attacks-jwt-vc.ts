/** W3C credentials as JWTs that must be refused, each for one reason; in both versions of the data model where they differ. */
import { type Case, casesOf, type Situation } from './cases.ts'
import { changeSigned, encode, type Members, spoilSignature } from './jose.ts'
import { iso, type JwtVcForgery } from './jwt-vc.ts'
import { didJwkOf } from './world.ts'

const DAY = 86_400
const vp = (members: Members): JwtVcForgery => ({ vpPayload: members })

const V1: Parameters<typeof casesOf<'jwtVc'>>[1] = [
  ['issuer-signature-bit-flipped', 'issuer_signature_invalid', { credentialJwt: spoilSignature }],
  [
    'issuer-payload-changed',
    'issuer_signature_invalid',
    {
      credentialJwt: (jwt) => changeSigned(jwt, { payload: { exp: 4_000_000_000 } }),
    },
  ],
  ['issuer-signed-by-another', 'issuer_signature_invalid', ({ other }) => ({ issuerKey: other })],
  ['issuer-of-strangers', 'untrusted_issuer', ({ world }) => ({ issuer: world.strangers.did })],
  [
    'issuer-did-unknown-method',
    'untrusted_issuer',
    ({ world }) => ({
      issuer: { id: 'did:example:123', key: world.did.key },
    }),
  ],
  [
    'issuer-and-iss-differ',
    'malformed_presentation',
    { credential: { issuer: 'did:example:other' } },
  ],
  [
    'alg-none',
    'algorithm_refused',
    {
      credentialJwt: (jwt) => `${encode({ alg: 'none', typ: 'JWT' })}.${jwt.split('.')[1]}.AAAA`,
    },
  ],
  ['alg-hs256', 'algorithm_refused', { header: { alg: 'HS256' } }],
  ['alg-es384', 'algorithm_refused', { header: { alg: 'ES384' } }],
  ['crit-unknown', 'malformed_presentation', { header: { crit: ['exp'] } }],
  [
    'type-of-another',
    'untrusted_issuer',
    { credential: { type: ['VerifiableCredential', 'Other'] } },
  ],
  ['type-missing', 'malformed_presentation', { credential: { type: undefined } }],
  ['context-missing', 'malformed_presentation', { credential: { '@context': undefined } }],
  ['expired', 'credential_expired', ({ world }) => ({ payload: { exp: world.now - DAY } })],
  ['expiry-missing', 'malformed_presentation', { payload: { exp: undefined } }],
  [
    'not-yet-valid',
    'credential_not_yet_valid',
    ({ world }) => ({ payload: { nbf: world.now + DAY } }),
  ],
  ['subject-missing', 'malformed_presentation', { credential: { credentialSubject: undefined } }],
  [
    'subject-of-another',
    'key_binding_invalid',
    ({ other }) => ({
      payload: { sub: didJwkOf(other) },
      credential: { credentialSubject: { id: didJwkOf(other), family_name: 'Lovelace' } },
    }),
  ],
  ['presentation-signed-by-another', 'key_binding_invalid', ({ other }) => ({ holderKey: other })],
  ['presentation-signature-bit-flipped', 'key_binding_invalid', { whole: spoilSignature }],
  [
    'presentation-alg-none',
    'algorithm_refused',
    {
      whole: (jwt) => `${encode({ alg: 'none', typ: 'JWT' })}.${jwt.split('.')[1]}.AAAA`,
    },
  ],
  ['presentation-nonce-of-another', 'nonce_mismatch', vp({ nonce: 'of-another-login' })],
  ['presentation-nonce-missing', 'nonce_mismatch', vp({ nonce: undefined })],
  ['presentation-audience-of-another', 'audience_mismatch', vp({ aud: 'x509_hash:other' })],
  ['presentation-audience-missing', 'audience_mismatch', vp({ aud: undefined })],
  [
    'presentation-from-the-past',
    'key_binding_invalid',
    ({ world }) => vp({ iat: world.now - DAY }),
  ],
  [
    'presentation-from-the-future',
    'key_binding_invalid',
    ({ world }) => vp({ iat: world.now + DAY }),
  ],
  ['credential-alone', 'key_binding_missing', (situation) => ({ whole: () => alone(situation) })],
  ['no-credential', 'malformed_presentation', { credentials: () => [] }],
  ['two-credentials', 'malformed_presentation', { credentials: (jwt) => [jwt, jwt] }],
  [
    'credential-as-json',
    'malformed_presentation',
    { credentials: () => [{ type: 'VerifiableCredential' }] },
  ],
  ['not-a-jwt', 'malformed_presentation', { whole: () => 'x.y' }],
]

const V2: Parameters<typeof casesOf<'jwtVc'>>[1] = [
  [
    'v2-issuer-signature-bit-flipped',
    'issuer_signature_invalid',
    { credentialJwt: spoilSignature },
  ],
  [
    'v2-expired',
    'credential_expired',
    ({ world }) => ({
      credential: { validUntil: iso(world.now - DAY) },
    }),
  ],
  [
    'v2-not-yet-valid',
    'credential_not_yet_valid',
    ({ world }) => ({
      credential: { validFrom: iso(world.now + DAY) },
    }),
  ],
  ['v2-typ-of-a-jwt', 'malformed_presentation', { header: { typ: 'JWT' } }],
  ['v2-vc-claim-inside', 'malformed_presentation', { payload: { vc: {} } }],
  [
    'v2-envelope-not-data',
    'malformed_presentation',
    {
      credentials: () => [{ id: 'https://evil.example/vc', type: 'EnvelopedVerifiableCredential' }],
    },
  ],
  [
    'v2-holder-of-another',
    'key_binding_invalid',
    ({ other }) => ({
      presentation: { holder: didJwkOf(other) },
    }),
  ],
]

/** A credential that looks like a presentation to nobody but the careless: no holder has signed it. */
function alone({ world }: Situation): string {
  const body = { iss: world.did.id, vc: {}, nonce: 'x' }
  const signed = `${encode({ alg: 'ES256', typ: 'JWT' })}.${encode(body)}`
  return `${signed}.${Buffer.from(world.did.key.sign(signed)).toString('base64url')}`
}

export const JWT_VC_ATTACKS: readonly Case[] = [
  ...casesOf('jwtVc', V1, { variant: 'degree-vcdm-1' }),
  ...casesOf('jwtVc', V2, { variant: 'degree-vcdm-2' }),
]
