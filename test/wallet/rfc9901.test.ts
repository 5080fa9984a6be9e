/**
 * The signed examples of RFC 9901: the simple one (sections 5.1 and 5.2), and the credential of appendix A.3, which is judged
 * whole, as if a wallet had just sent it; each of its parts is then broken.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readCompact, readPayload, verifyCompact } from '../../src/crypto/jws.ts'
import { readPublicKey } from '../../src/crypto/thumbprint.ts'
import { TrustPolicy } from '../../src/domain/trust-policy.ts'
import { digestOf, revealClaims } from '../../src/wallet/disclosures.ts'
import { verifyKeyBinding } from '../../src/wallet/key-binding.ts'
import { verifySdJwtVc } from '../../src/wallet/sd-jwt-vc.ts'
import { prepareTrust } from '../../src/wallet/trust.ts'
import { createMeans, encode, refusalOf } from './world.ts'

interface Example {
  issued: readonly string[]
  /** Which of the disclosures are presented, counted from 1, in their order. */
  shown: readonly number[]
  keyBinding: readonly string[]
}
const made = JSON.parse(readFileSync(new URL('rfc9901.json', import.meta.url), 'utf8')) as {
  issuerKey: object
  simple: Example
  pid: Example
}

function partsOf({ issued, shown, keyBinding }: Example) {
  const [jwt = '', ...disclosures] = issued.join('').split('~').slice(0, -1)
  const chosen = shown.map((number) => disclosures[number - 1] ?? '')
  return { jwt, disclosures, chosen, kb: keyBinding.join('') }
}
const simple = partsOf(made.simple)
const pid = partsOf(made.pid)

/** When the examples were bound, their verifier and its question. */
const AT = 1_748_537_244_000
const asked = { nonce: '1234567890', audience: 'https://verifier.example.org' }
const HOLDER = {
  kty: 'EC',
  crv: 'P-256',
  x: 'TCAER19Zvu3OHF4j4W4vfSVoHIP1ILilDls7vCeGemc',
  y: 'ZxjiWWbZMQGHVWKVQ4hbSIirsVfuecCE6t4jT9F2HZQ',
}

function payloadOf(jwt: string) {
  const jws = readCompact(jwt, { maxBytes: 10_000 })
  verifyCompact(jws, readPublicKey(made.issuerKey).key, ['ES256'])
  return readPayload(jws)
}

describe('the simple example of RFC 9901', () => {
  it('SD-19 section 5.1: is signed by the key of A.5, and says all that was disclosed', () => {
    expect(revealClaims(payloadOf(simple.jwt), simple.disclosures)).toEqual({
      ...{ sub: 'user_42', given_name: 'John', family_name: 'Doe', email: 'johndoe@example.com' },
      ...{ phone_number: '+1-202-555-0101', phone_number_verified: true },
      address: {
        ...{ street_address: '123 Main St', locality: 'Anytown', region: 'Anystate' },
        country: 'US',
      },
      ...{ birthdate: '1940-01-01', updated_at: 1_570_000_000, nationalities: ['US', 'DE'] },
      ...{ iss: 'https://issuer.example.com', iat: 1_683_000_000, exp: 1_883_000_000 },
      cnf: { jwk: HOLDER },
    })
  })

  it('SD-15 section 5.2: the holder signs what is shown, and nothing else', async () => {
    const payload = payloadOf(simple.jwt)
    const bind = (chosen: readonly string[], at = AT) =>
      verifyKeyBinding(
        {
          presented: [simple.jwt, ...chosen, ''].join('~'),
          keyBindingJwt: simple.kb,
          holderKey: readPublicKey(HOLDER).key,
          digest: (text) => digestOf(payload, text),
        },
        { ...asked, notBefore: at, now: at },
      )
    expect(() => bind(simple.chosen)).not.toThrow()
    expect(revealClaims(payload, simple.chosen)).toMatchObject({
      ...{ given_name: 'John', family_name: 'Doe', nationalities: ['US'] },
    })
    const others = [simple.disclosures, simple.chosen.toReversed(), simple.chosen.slice(1), []]
    for (const chosen of others)
      expect(await refusalOf(() => bind(chosen))).toBe('key_binding_invalid')
    for (const at of [AT - 61_000, AT + 61_000])
      expect(await refusalOf(() => bind(simple.chosen, at))).toBe('key_binding_invalid')
  })
})

describe('the credential of RFC 9901 appendix A.3', () => {
  const ISSUER = 'https://pid-issuer.bund.de.example'
  const VCT = 'urn:eudi:pid:de:1'
  const entry = { id: 'pid', format: 'dc+sd-jwt', vct: [VCT], mechanism: 'jwt-vc-issuer' }
  const trust = prepareTrust(TrustPolicy.parse({ entries: [{ ...entry, issuer: ISSUER }] }))
  const metadata = (key: object) => ({
    [`${ISSUER}/.well-known/jwt-vc-issuer`]: { issuer: ISSUER, jwks: { keys: [key] } },
  })

  interface Forgery {
    jwt?: string
    chosen?: readonly string[]
    kb?: string
    at?: number
    nonce?: string
    audience?: string
    key?: object
  }
  function verify(forgery: Forgery = {}) {
    const { jwt, chosen, kb, at, key, ...question } = {
      ...{ ...pid, ...asked, at: AT, key: made.issuerKey },
      ...forgery,
    }
    return verifySdJwtVc(
      [jwt, ...chosen, kb].join('~'),
      {
        ...{ queryId: 'pid', vcts: [VCT], trust, notBefore: at, now: at },
        ...{ nonce: question.nonce, audience: question.audience },
      },
      createMeans(metadata(key)),
    )
  }

  it('SD-19 is believed as it is presented: with a nested claim, and nothing that was not shown', async () => {
    const verified = await verify()
    expect(verified).toMatchObject({ type: VCT, issuer: `pid#${ISSUER}`, publicJwk: HOLDER })
    expect(verified.claims).toEqual({
      ...{ age_equal_or_over: { '18': true }, nationalities: ['DE'] },
      ...{ iss: ISSUER, iat: 1_683_000_000, exp: 1_883_000_000, vct: VCT, cnf: { jwk: HOLDER } },
    })
  })

  it('SD-12 says all its twenty-seven disclosures as they are nested', () => {
    expect(revealClaims(payloadOf(pid.jwt), pid.disclosures)).toMatchObject({
      ...{ given_name: 'Erika', family_name: 'Mustermann', birthdate: '1963-08-12', sex: 2 },
      address: {
        ...{ street_address: 'Heidestraße 17', locality: 'Köln', postal_code: '51147' },
        country: 'DE',
      },
      ...{ nationalities: ['DE'], birth_family_name: 'Gabler', age_in_years: 62 },
      place_of_birth: { locality: 'Berlin', country: 'DE' },
      age_equal_or_over: { 12: true, 14: true, 16: true, 18: true, 21: true, 65: false },
      ...{ age_birth_year: 1963, issuance_date: '2020-03-11', expiry_date: '2030-03-12' },
      ...{ issuing_authority: 'DE', issuing_country: 'DE' },
    })
  })

  const [ages = '', adult = '', nations = ''] = pid.chosen
  const [given = ''] = pid.disclosures
  const flip = (text: string, place: number) =>
    `${text.slice(0, place)}${text[place] === 'A' ? 'B' : 'A'}${text.slice(place + 1)}`
  const rows: [string, Forgery, string][] = [
    ['SD-04 another issuer’s key', { key: HOLDER }, 'issuer_signature_invalid'],
    [
      'SD-04 a changed signature',
      { jwt: flip(pid.jwt, pid.jwt.length - 9) },
      'issuer_signature_invalid',
    ],
    ['SD-12 a child without its parent', { chosen: [adult, nations] }, 'disclosure_invalid'],
    ['SD-10 a disclosure twice', { chosen: [ages, adult, nations, nations] }, 'disclosure_invalid'],
    [
      'SD-10 one that nobody signed for',
      { chosen: [...pid.chosen, encode(['s', 'sex', 1])] },
      'disclosure_invalid',
    ],
    [
      'SD-15 one more that was signed for',
      { chosen: [...pid.chosen, given] },
      'key_binding_invalid',
    ],
    ['SD-15 one less', { chosen: [ages, adult] }, 'key_binding_invalid'],
    ['SD-15 another order', { chosen: [nations, ages, adult] }, 'key_binding_invalid'],
    [
      'SD-06 a changed disclosure',
      { chosen: [ages, adult, flip(nations, 20)] },
      'disclosure_invalid',
    ],
    ['SD-15 the key binding of section 5.2', { kb: simple.kb }, 'key_binding_invalid'],
    ['SD-15 a changed key binding', { kb: flip(pid.kb, pid.kb.length - 9) }, 'key_binding_invalid'],
    ['SD-14 no key binding', { kb: '' }, 'key_binding_missing'],
    ['VP-094 another nonce', { nonce: '1234567891' }, 'nonce_mismatch'],
    ['VP-097 another verifier', { audience: 'https://verifier.example.com' }, 'audience_mismatch'],
    ['VP-097 a minute and a second later', { at: AT + 61_000 }, 'key_binding_invalid'],
    ['SD-13 after its end', { at: 1_883_000_060_000 }, 'credential_expired'],
    [
      'VC-01 the simple example in its place',
      { jwt: simple.jwt, chosen: [] },
      'malformed_presentation',
    ],
  ]
  it.each(rows)('%s is refused', async (_, forgery, reason) => {
    expect(await refusalOf(() => verify(forgery))).toBe(reason)
  })
})
