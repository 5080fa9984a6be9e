/** SD-JWT VCs that must be refused, each for one reason. */
import { type Case, casesOf, type Situation } from './cases.ts'
import { changeSigned, encode, type Members, spoilSignature, text } from './jose.ts'
import { disclosureOf, type SdJwtForgery } from './sd-jwt.ts'
import { certifiedIssuer, ISSUER_URL } from './world.ts'

const header = (members: Members): SdJwtForgery => ({ header: members })
const payload = (members: Members): SdJwtForgery => ({ payload: members })
const binding = (members: Members): SdJwtForgery => ({ bindingPayload: members })
const DAY = 86_400

/** The claim with another value than the issuer signed. */
function rewrite(list: string[]): string[] {
  return list.map((each, index) => {
    const parts = JSON.parse(Buffer.from(each, 'base64url').toString('utf8'))
    return index === 0 ? encode([parts[0], parts[1], 'Mallory']) : each
  })
}

/** A leaf of the trusted issuer with something wrong about it. */
const leaf =
  (change: Omit<Parameters<typeof certifiedIssuer>[3], 'uris'>, uris = [ISSUER_URL]) =>
  ({ world }: Situation): SdJwtForgery => ({
    issuer: certifiedIssuer(world.seed, 'sd-jwt', world.now * 1000, { uris, ...change }),
  })

const signed =
  (...more: readonly unknown[][]) =>
  ({ world }: Situation): SdJwtForgery => {
    const added = more.map((content, index) => disclosureOf(world, [`more ${index}`], ...content))
    return {
      signedDisclosures: (list) => [...list, ...added],
      shown: (list) => [...list, ...added],
    }
  }

export const SD_JWT_ATTACKS: readonly Case[] = casesOf('sdJwt', [
  // Who signed it
  ['issuer-signature-bit-flipped', 'issuer_signature_invalid', { issuerJwt: spoilSignature }],
  [
    'issuer-payload-changed',
    'issuer_signature_invalid',
    { issuerJwt: (jwt) => changeSigned(jwt, { payload: { exp: 4_000_000_000 } }) },
  ],
  [
    'issuer-header-changed',
    'issuer_signature_invalid',
    { issuerJwt: (jwt) => changeSigned(jwt, { header: { kid: 'other' } }) },
  ],
  [
    'issuer-key-not-of-certificate',
    'issuer_signature_invalid',
    ({ other }) => ({ issuerKey: other }),
  ],
  [
    'issuer-signature-der',
    'issuer_signature_invalid',
    ({ world }) => ({
      issuerJwt: (jwt) => {
        const [head, body] = jwt.split('.')
        return `${head}.${body}.${text(world.sdJwt.key.signDer(Buffer.from(`${head}.${body}`)))}`
      },
    }),
  ],
  [
    'issuer-signature-empty',
    'malformed_presentation',
    {
      issuerJwt: (jwt) => `${jwt.split('.').slice(0, 2).join('.')}.`,
    },
  ],
  ['issuer-of-strangers', 'untrusted_issuer', ({ world }) => ({ issuer: world.strangers.sdJwt })],
  ['issuer-of-another-format', 'untrusted_issuer', ({ world }) => ({ issuer: world.mdoc })],
  ['chain-missing', 'untrusted_issuer', header({ x5c: undefined })],
  ['chain-empty', 'certificate_invalid', header({ x5c: [] })],
  ['chain-not-certificates', 'certificate_invalid', header({ x5c: ['AAAA'] })],
  [
    'key-in-header',
    'untrusted_issuer',
    ({ other }) => ({
      header: { x5c: undefined, jwk: other.jwk },
      issuerKey: other,
    }),
  ],
  [
    'leaf-expired',
    'certificate_invalid',
    (situation) => leaf({ notAfter: (situation.world.now - DAY) * 1000 })(situation),
  ],
  [
    'leaf-not-yet-valid',
    'certificate_invalid',
    (situation) => leaf({ notBefore: (situation.world.now + DAY) * 1000 })(situation),
  ],
  ['leaf-is-authority', 'certificate_invalid', leaf({ isAuthority: true })],
  ['leaf-of-another-name', 'untrusted_issuer', leaf({}, ['https://other.simulator.example'])],
  [
    'leaf-below-itself',
    'untrusted_issuer',
    (situation) =>
      leaf({
        authority: { subject: { country: 'NL', commonName: 'Nobody' }, key: situation.other },
      })(situation),
  ],
  ['iss-of-another', 'untrusted_issuer', payload({ iss: 'https://other.simulator.example' })],
  // Algorithms and headers
  [
    'alg-none',
    'algorithm_refused',
    {
      issuerJwt: (jwt) => `${encode({ alg: 'none', typ: 'dc+sd-jwt' })}.${jwt.split('.')[1]}.AAAA`,
    },
  ],
  ['alg-hs256', 'algorithm_refused', header({ alg: 'HS256' })],
  ['alg-rs256', 'algorithm_refused', header({ alg: 'RS256' })],
  ['alg-es384', 'algorithm_refused', header({ alg: 'ES384' })],
  ['alg-lower-case', 'algorithm_refused', header({ alg: 'es256' })],
  ['alg-missing', 'algorithm_refused', header({ alg: undefined })],
  ['typ-of-a-jwt', 'malformed_presentation', header({ typ: 'JWT' })],
  ['crit-unknown', 'malformed_presentation', header({ crit: ['exp'] })],
  ['unencoded-payload', 'malformed_presentation', header({ b64: false, crit: ['b64'] })],
  // What it is and when it counts
  ['vct-of-another', 'unexpected_credential', payload({ vct: 'urn:simulator:other' })],
  ['vct-missing', 'malformed_presentation', payload({ vct: undefined })],
  ['expired', 'credential_expired', ({ world }) => payload({ exp: world.now - 2 * DAY })],
  ['expiry-missing', 'malformed_presentation', payload({ exp: undefined })],
  ['expiry-as-text', 'malformed_presentation', payload({ exp: '4000000000' })],
  ['not-yet-valid', 'credential_not_yet_valid', ({ world }) => payload({ nbf: world.now + DAY })],
  [
    'issued-in-the-future',
    'credential_not_yet_valid',
    ({ world }) => payload({ iat: world.now + DAY }),
  ],
  [
    'status-list-on-loopback',
    'status_unavailable',
    payload({
      status: { status_list: { idx: 1, uri: 'https://127.0.0.1/list' } },
    }),
  ],
  ['status-of-unknown-kind', 'status_not_supported', payload({ status: { other: {} } })],
  // Whose it is
  ['holder-key-missing', 'holder_key_missing', payload({ cnf: undefined })],
  ['holder-key-by-id', 'holder_key_missing', payload({ cnf: { kid: 'x' } })],
  [
    'holder-key-not-on-curve',
    'holder_key_missing',
    ({ holder }) => payload({ cnf: { jwk: { ...holder.jwk, y: holder.jwk.x } } }),
  ],
  [
    'holder-key-symmetric',
    'holder_key_missing',
    payload({ cnf: { jwk: { kty: 'oct', k: 'AAAA' } } }),
  ],
  [
    'binding-missing',
    'key_binding_missing',
    { whole: (all) => all.slice(0, all.lastIndexOf('~') + 1) },
  ],
  ['binding-by-another-key', 'key_binding_invalid', ({ other }) => ({ bindingKey: other })],
  ['binding-signature-bit-flipped', 'key_binding_invalid', { bindingJwt: spoilSignature }],
  [
    'binding-alg-none',
    'algorithm_refused',
    {
      bindingJwt: (jwt) => `${encode({ alg: 'none', typ: 'kb+jwt' })}.${jwt.split('.')[1]}.AAAA`,
    },
  ],
  [
    'binding-key-in-its-header',
    'key_binding_invalid',
    ({ other }) => ({ bindingHeader: { jwk: other.jwk }, bindingKey: other }),
  ],
  ['binding-crit', 'key_binding_invalid', { bindingHeader: { crit: ['exp'] } }],
  ['binding-typ-wrong', 'key_binding_invalid', { bindingHeader: { typ: 'JWT' } }],
  ['binding-nonce-of-another', 'nonce_mismatch', binding({ nonce: 'of-another-login' })],
  ['binding-nonce-missing', 'nonce_mismatch', binding({ nonce: undefined })],
  ['binding-audience-of-another', 'audience_mismatch', binding({ aud: 'x509_hash:other' })],
  [
    'binding-audience-a-list-of-one',
    'audience_mismatch',
    ({ request }) => binding({ aud: [request.client_id] }),
  ],
  [
    'binding-audience-without-prefix',
    'audience_mismatch',
    ({ request }) => binding({ aud: request.client_id.replace(/^[a-z0-9_]+:/, '') }),
  ],
  ['binding-audience-missing', 'audience_mismatch', binding({ aud: undefined })],
  [
    'binding-audience-two',
    'audience_mismatch',
    ({ request }) => binding({ aud: [request.client_id, 'x509_hash:other'] }),
  ],
  [
    'binding-from-the-past',
    'key_binding_invalid',
    ({ world }) => binding({ iat: world.now - DAY }),
  ],
  [
    'binding-from-the-future',
    'key_binding_invalid',
    ({ world }) => binding({ iat: world.now + DAY }),
  ],
  ['binding-time-missing', 'key_binding_invalid', binding({ iat: undefined })],
  ['binding-hash-wrong', 'key_binding_invalid', binding({ sd_hash: 'A'.repeat(43) })],
  ['binding-hash-missing', 'key_binding_invalid', binding({ sd_hash: undefined })],
  // What is disclosed
  [
    'disclosure-added-afterwards',
    'disclosure_invalid',
    ({ world }) => ({
      shownAfter: (list) => [...list, disclosureOf(world, ['late'], 'admin', true)],
    }),
  ],
  ['disclosure-removed-afterwards', 'key_binding_invalid', { shownAfter: (list) => list.slice(1) }],
  [
    'disclosures-reordered-afterwards',
    'key_binding_invalid',
    { shownAfter: (list) => list.toReversed() },
  ],
  ['disclosure-rewritten', 'disclosure_invalid', { shown: rewrite }],
  [
    'disclosure-never-signed',
    'disclosure_invalid',
    ({ world }) => ({
      shown: (list) => [...list, disclosureOf(world, ['never'], 'admin', true)],
    }),
  ],
  ['disclosure-twice', 'disclosure_invalid', { shown: (list) => [...list, ...list.slice(0, 1)] }],
  [
    'disclosure-not-json',
    'disclosure_invalid',
    { shown: (list) => [...list, text(Buffer.from('x'))] },
  ],
  ['disclosure-of-four-parts', 'disclosure_invalid', signed(['a', 'b', 'c'])],
  ['disclosure-named-sd', 'disclosure_invalid', signed(['_sd', ['x']])],
  ['disclosure-named-dots', 'disclosure_invalid', signed(['...', 'x'])],
  ['disclosure-shadows-a-claim', 'disclosure_invalid', signed(['vct', 'urn:simulator:other'])],
  ['disclosure-shadows-a-disclosure', 'disclosure_invalid', signed(['given_name', 'Mallory'])],
  ['digest-twice', 'disclosure_invalid', payload({ _sd: ['A'.repeat(43), 'A'.repeat(43)] })],
  ['hash-algorithm-md5', 'algorithm_refused', payload({ _sd_alg: 'md5' })],
  ['nothing-disclosed', 'query_not_satisfied', { shown: () => [] }],
  // Text and size
  ['without-tildes', 'malformed_presentation', { whole: (all) => all.split('~')[0] ?? '' }],
  ['empty', 'malformed_presentation', { whole: () => '' }],
  ['json-serialised', 'malformed_presentation', { whole: (all) => JSON.stringify({ all }) }],
  ['with-white-space', 'malformed_presentation', { whole: (all) => ` ${all}` }],
  ['too-large', 'too_large', payload({ filling: 'x'.repeat(300_000) })],
  [
    'too-deep',
    'malformed_presentation',
    payload({ deep: JSON.parse('['.repeat(40) + ']'.repeat(40)) }),
  ],
])
