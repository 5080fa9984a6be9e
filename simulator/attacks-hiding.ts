/** SD-JWT VCs that hide what may not be hidden, or disclose it in the wrong form (RFC 9901 section 7.1, SD-JWT VC section 2.2.2.2). */
import { type Case, casesOf, type Situation } from './cases.ts'
import { encode } from './jose.ts'
import { digestOf, disclosureOf, type SdJwtForgery } from './sd-jwt.ts'

/** A claim that the issuer must show to everybody, behind a digest; shown to this verifier or not. */
const hidden =
  (name: string, value: (situation: Situation) => unknown, isShown = true) =>
  (situation: Situation): SdJwtForgery => {
    const made = disclosureOf(situation.world, ['hidden', name], name, value(situation))
    return {
      payload: { [name]: undefined },
      signedDisclosures: (list) => [...list, made],
      ...(isShown ? { shown: (list: string[]) => [...list, made] } : {}),
    }
  }

/** A disclosure of any form that the issuer has signed, and the holder shows. */
const disclosed =
  (make: (situation: Situation) => string) =>
  (situation: Situation): SdJwtForgery => {
    const made = make(situation)
    return {
      signedDisclosures: (list) => [...list, made],
      shown: (list) => [...list, made],
    }
  }

const always = (value: unknown) => () => value
const inTime = ({ world }: Situation) => world.now + 86_400

export const HIDING_ATTACKS: readonly Case[] = casesOf('sdJwt', [
  [
    'hidden-issuer',
    'disclosure_invalid',
    hidden('iss', always('https://issuer.simulator.example')),
  ],
  ['hidden-type', 'malformed_presentation', hidden('vct', always('urn:eudi:pid:1'))],
  ['hidden-other-types', 'disclosure_invalid', hidden('aka_vcts', always(['urn:eudi:pid:1']))],
  [
    'hidden-integrity-of-the-type',
    'disclosure_invalid',
    hidden('vct#integrity', always('sha256-x')),
  ],
  ['hidden-expiry', 'disclosure_invalid', hidden('exp', inTime)],
  ['hidden-expiry-not-shown', 'malformed_presentation', hidden('exp', inTime, false)],
  ['hidden-beginning', 'disclosure_invalid', hidden('nbf', ({ world }) => world.now - 60)],
  ['hidden-holder-key', 'disclosure_invalid', hidden('cnf', ({ holder }) => ({ jwk: holder.jwk }))],
  [
    'hidden-holder-key-inside',
    'disclosure_invalid',
    ({ world, holder }) => {
      const made = disclosureOf(world, ['inside'], 'jwk', holder.jwk)
      return {
        payload: { cnf: { _sd: [digestOf(made)] } },
        shown: (list) => [...list, made],
      }
    },
  ],
  ['hidden-status', 'disclosure_invalid', hidden('status', always({ status_list: {} }))],
  ['hidden-hash-algorithm', 'disclosure_invalid', hidden('_sd_alg', always('sha-256'))],
  // Disclosures of the wrong form
  ['disclosure-salt-not-text', 'disclosure_invalid', disclosed(() => encode([1, 'late', true]))],
  ['disclosure-name-not-text', 'disclosure_invalid', disclosed(() => encode(['salt', 1, true]))],
  ['disclosure-of-one-part', 'disclosure_invalid', disclosed(() => encode(['salt']))],
  ['disclosure-an-object', 'disclosure_invalid', disclosed(() => encode({ salt: 'x' }))],
  [
    'disclosure-of-an-element-as-a-claim',
    'disclosure_invalid',
    disclosed(({ world }) => disclosureOf(world, ['element'], 'NL')),
  ],
  [
    'disclosure-of-a-claim-as-an-element',
    'disclosure_invalid',
    ({ world }) => {
      const made = disclosureOf(world, ['claim'], 'name', 'NL')
      return {
        payload: { list: [{ '...': digestOf(made) }] },
        shown: (list) => [...list, made],
      }
    },
  ],
  [
    'disclosure-of-a-child-without-its-parent',
    'disclosure_invalid',
    ({ world }) => {
      const child = disclosureOf(world, ['child'], 'street', 'Domplein')
      const parent = disclosureOf(world, ['parent'], 'home', { _sd: [digestOf(child)] })
      return {
        signedDisclosures: (list) => [...list, parent],
        shown: (list) => [...list, child],
      }
    },
  ],
  [
    'disclosure-named-proto',
    'disclosure_invalid',
    disclosed(() => Buffer.from('["salt","__proto__",{"admin":true}]').toString('base64url')),
  ],
  ['disclosure-empty', 'disclosure_invalid', { shown: (list) => [...list, ''] }],
  [
    'element-with-more-than-a-digest',
    'disclosure_invalid',
    { payload: { list: [{ '...': 'A'.repeat(43), more: 1 }] } },
  ],
  ['digest-not-text', 'disclosure_invalid', { payload: { _sd: [1] } }],
  ['digests-not-a-list', 'disclosure_invalid', { payload: { _sd: 'x' } }],
  ['hash-algorithm-truncated', 'algorithm_refused', { payload: { _sd_alg: 'sha-256-32' } }],
  [
    'hash-algorithm-further-in',
    'disclosure_invalid',
    { payload: { home: { _sd_alg: 'sha-256' } } },
  ],
])
