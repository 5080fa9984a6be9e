/**
 * Texts and octets that two readers would read differently, or that ask a reader for more than they are worth: names twice,
 * numbers and lengths in odd forms, other alphabets, too much of anything (RFC 8259, RFC 8949, RFC 4648).
 */
import { type Case, casesOf, type Situation } from './cases.ts'
import { cbor, type Editable, Raw, type Writable } from './cbor.ts'
import { signAgain } from './jose.ts'
import type { JwtVcForgery } from './jwt-vc.ts'
import type { MdocForgery } from './mdoc.ts'
import { digestOf, disclosureOf, type SdJwtForgery } from './sd-jwt.ts'

/** The payload's text with members in front, signed by the issuer. */
const inPayload =
  (members: string) =>
  ({ world }: Situation): SdJwtForgery => ({
    issuerJwt: (jwt) =>
      signAgain(jwt, world.sdJwt.key, (json) => json.replace('{', `{${members},`)),
  })

const inBinding =
  (members: string) =>
  ({ holder }: Situation): SdJwtForgery => ({
    bindingJwt: (jwt) => signAgain(jwt, holder, (json) => json.replace('{', `{${members},`)),
  })

const SD_JWT_CASES = casesOf('sdJwt', [
  ['payload-name-twice', 'malformed_presentation', inPayload('"vct":"urn:other"')],
  ['payload-name-twice-by-escape', 'malformed_presentation', inPayload('"\\u0076ct":"urn:other"')],
  ['payload-name-proto', 'malformed_presentation', inPayload('"__proto__":{"vct":"urn:other"}')],
  ['payload-name-constructor', 'malformed_presentation', inPayload('"constructor":1')],
  ['payload-number-inexact', 'malformed_presentation', inPayload('"number":9007199254740993')],
  ['payload-number-endless', 'malformed_presentation', inPayload('"number":1e999')],
  ['payload-half-a-character', 'malformed_presentation', inPayload('"text":"\\ud800"')],
  [
    'payload-of-a-hundred-thousand-values',
    'malformed_presentation',
    inPayload(`"list":[${'0,'.repeat(60_000)}0]`),
  ],
  ['binding-name-twice', 'key_binding_invalid', inBinding('"nonce":"other"')],
  ['binding-name-proto', 'key_binding_invalid', inBinding('"__proto__":{}')],
  [
    'disclosure-name-twice-inside',
    'disclosure_invalid',
    ({ world }) => {
      const made = Buffer.from('["salt","home",{"a":1,"a":2}]').toString('base64url')
      return {
        signedDisclosures: (list) => [...list, made, disclosureOf(world, ['x'], 'x', 1)],
        shown: (list) => [...list, made],
      }
    },
  ],
  [
    'disclosure-in-padded-base64',
    'disclosure_invalid',
    () => {
      const made = Buffer.from('["salt","late",true]').toString('base64')
      return { signedDisclosures: (list) => [...list, made], shown: (list) => [...list, made] }
    },
  ],
  [
    'disclosures-more-than-200',
    'too_large',
    ({ world }) => {
      const many = Array.from({ length: 201 }, (_, at) =>
        disclosureOf(world, [`${at}`], `n${at}`, at),
      )
      return {
        signedDisclosures: (list) => [...list, ...many],
        shown: (list) => [...list, ...many],
      }
    },
  ],
  [
    'disclosure-of-17-kib',
    'too_large',
    ({ world }) => {
      const made = disclosureOf(world, ['long'], 'long', 'x'.repeat(17_000))
      return { signedDisclosures: (list) => [...list, made], shown: (list) => [...list, made] }
    },
  ],
  [
    'digests-more-than-1000',
    'too_large',
    { payload: { _sd: Array.from({ length: 1_001 }, (_, at) => digestOf(`${at}`)) } },
  ],
])

/** Set in the response, as it stands. */
const octets = (...bytes: readonly number[]): MdocForgery => ({
  response: (all) => void all.set('documentErrors', new Raw(Buffer.of(...bytes))),
})

const deep = (levels: number): Writable => {
  let value: Writable = 0
  for (let level = 0; level < levels; level += 1) value = [value]
  return value
}

const MDOC_CASES = casesOf('mdoc', [
  ['cbor-number-too-long', 'malformed_presentation', octets(0x18, 0x00)],
  ['cbor-number-of-eight-octets', 'malformed_presentation', octets(0x1b, 0, 0, 0, 0, 0, 0, 0, 1)],
  ['cbor-number-inexact', 'malformed_presentation', octets(0x1b, 0, 0x20, 0, 0, 0, 0, 0, 1)],
  ['cbor-list-without-length', 'malformed_presentation', octets(0x9f, 0xff)],
  ['cbor-map-without-length', 'malformed_presentation', octets(0xbf, 0xff)],
  ['cbor-text-without-length', 'malformed_presentation', octets(0x7f, 0x61, 0x61, 0xff)],
  ['cbor-octets-without-length', 'malformed_presentation', octets(0x5f, 0x41, 0x61, 0xff)],
  ['cbor-text-not-utf8', 'malformed_presentation', octets(0x61, 0xff)],
  ['cbor-not-a-number', 'malformed_presentation', octets(0xf9, 0x7e, 0x00)],
  ['cbor-undefined', 'malformed_presentation', octets(0xf7)],
  ['cbor-simple-value', 'malformed_presentation', octets(0xf8, 0xff)],
  ['cbor-tag-unknown', 'malformed_presentation', octets(0xc2, 0x41, 0x01)],
  ['cbor-tag-of-the-wrong-kind', 'malformed_presentation', octets(0xc0, 0x01)],
  ['cbor-break-alone', 'malformed_presentation', octets(0xff)],
  ['cbor-reserved-length', 'malformed_presentation', octets(0x1c)],
  ['cbor-list-longer-than-all', 'malformed_presentation', octets(0x9a, 0xff, 0xff, 0xff, 0xff)],
  ['cbor-key-a-list', 'malformed_presentation', octets(0xa1, 0x80, 0x00)],
  ['cbor-key-twice', 'malformed_presentation', octets(0xa2, 0x61, 0x61, 0x00, 0x61, 0x61, 0x01)],
  [
    'cbor-member-of-the-response-twice',
    'malformed_presentation',
    {
      octets: (all) =>
        Buffer.concat([Buffer.of((all[0] ?? 0) + 1), all.subarray(1), cbor('status'), cbor(0)]),
    },
  ],
  [
    'cbor-too-deep',
    'too_large',
    { response: (all: Editable) => void all.set('documentErrors', deep(40)) },
  ],
  [
    'cbor-of-twenty-thousand-values',
    'too_large',
    { response: (all: Editable) => void all.set('documentErrors', Array(20_000).fill(0)) },
  ],
  [
    'cbor-of-300-kib',
    'too_large',
    { response: (all: Editable) => void all.set('documentErrors', Buffer.alloc(300 * 1024)) },
  ],
])

const again =
  (members: string) =>
  ({ world }: Situation): JwtVcForgery => ({
    credentialJwt: (jwt) =>
      signAgain(jwt, world.did.key, (json) => json.replace('{', `{${members},`)),
  })

const JWT_VC_CASES = casesOf(
  'jwtVc',
  [
    ['payload-name-twice', 'malformed_presentation', again('"iss":"did:example:other"')],
    ['payload-name-proto', 'malformed_presentation', again('"__proto__":{}')],
    ['too-large', 'too_large', { payload: { filling: 'x'.repeat(300_000) } }],
    [
      'too-deep',
      'malformed_presentation',
      { payload: { deep: JSON.parse('['.repeat(40) + ']'.repeat(40)) } },
    ],
    [
      'presentation-name-twice',
      'malformed_presentation',
      ({ holder }) => ({
        whole: (jwt) => signAgain(jwt, holder, (json) => json.replace('{', '{"nonce":"other",')),
      }),
    ],
    [
      'presentation-header-with-a-key',
      'key_binding_invalid',
      ({ other }) => ({ vpHeader: { jwk: other.jwk }, holderKey: other }),
    ],
  ],
  { variant: 'degree-vcdm-1' },
)

export const ENCODING_ATTACKS: readonly Case[] = [...SD_JWT_CASES, ...MDOC_CASES, ...JWT_VC_CASES]
