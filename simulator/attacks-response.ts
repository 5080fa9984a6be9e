/** Responses that must be refused whatever they carry: the form, the JWE and the vp_token (OpenID4VP 1.0 section 8). */
import {
  answerWith,
  type Case,
  present,
  queryFor,
  type ResponseForgery,
  type Situation,
  variantFor,
} from './cases.ts'
import { MDOC, SD_JWT } from './variants.ts'

type Row = readonly [
  name: string,
  expect: string,
  forge: ResponseForgery | ((situation: Situation) => ResponseForgery),
]

/** An honest presentation and its query's id. */
function honest(situation: Situation): { id: string; text: string } {
  const variant = variantFor(situation.request, 'any')
  const query = variant && queryFor(situation.request, variant)
  if (variant === undefined || query === undefined)
    throw new Error('the request asks for nothing we know')
  return { id: query.id, text: present(situation, variant) }
}

const token =
  (make: (one: { id: string; text: string }) => unknown) =>
  (situation: Situation): ResponseForgery => ({ vpToken: make(honest(situation)) })

const pair = (name: string): [string, string] => [name, 'x']

const put =
  (at: number, text: string) =>
  (parts: string[]): string[] =>
    parts.map((part, index) => (index === at ? text : part))

/** These members as the text inside the JWE, behind the right state. */
function inside(members: string) {
  return ({ request }: Situation): ResponseForgery => ({
    plaintext: `{"state":${JSON.stringify(request.state)},${members}}`,
  })
}

function withPrivateEphemeral({ other }: Situation): ResponseForgery {
  return { header: { epk: { ...other.jwk, d: 'AAAA' } } }
}

/** Two credentials, of which a stranger holds the second. */
function beside(change: Partial<Situation['request']>) {
  return (situation: Situation): ResponseForgery => {
    const { other, request } = situation
    const shown = ([SD_JWT, MDOC] as const).map((format, index) => {
      const variant = variantFor(request, format)
      const query = variant && queryFor(request, variant)
      if (variant === undefined || query === undefined) throw new Error('asks for one format only')
      const second = { ...situation, holder: other, request: { ...request, ...change } }
      return [query.id, [present(index === 0 ? situation : second, variant)]]
    })
    return { vpToken: Object.fromEntries(shown) }
  }
}

/** Cases with two credentials need a request that asks for both. */
function asksForBoth(request: Situation['request']): boolean {
  return ([SD_JWT, MDOC] as const).every((format) => variantFor(request, format) !== undefined)
}

const ROWS: readonly Row[] = [
  ['state-of-another', 'none', { mode: 'direct_post', state: 'of-another-login' }],
  ['state-missing', 'none', { mode: 'direct_post', state: undefined }],
  ['form-empty', 'none', { body: '' }],
  ['form-not-a-form', 'none', { body: '{"vp_token":{}}' }],
  ['form-parameter-twice', 'none', { form: (all) => [...all, ...all] }],
  [
    'form-both-kinds',
    'none',
    ({ request }) => ({
      form: (all) => [
        ...all,
        ['vp_token', '{}'],
        ['state', request.state],
        ['response', 'x.y.z.a.b'],
      ],
    }),
  ],
  [
    'form-of-an-older-draft',
    'none',
    { form: (all) => [...all, ['presentation_submission', '{}']] },
  ],
  [
    'form-of-seventeen-parameters',
    'none',
    { form: (all) => [...all, ...Array.from({ length: 16 }, (_, at) => pair(`p${at}`))] },
  ],
  ['form-not-utf8', 'none', { body: 'response=%ff%fe' }],
  ['form-half-escaped', 'none', { body: 'response=%4' }],
  ['form-too-large', 'none', { body: `response=${'x'.repeat(2_000_000)}` }],
  ['clear-where-encryption-was-asked', 'unencrypted_response', { mode: 'direct_post' }],
  [
    'jwe-for-another-key',
    'decryption_failed',
    ({ other, request }) => ({
      key: { ...other.jwk, kid: request.client_metadata?.jwks?.keys[0]?.kid ?? '' },
    }),
  ],
  [
    'jwe-tag-cut',
    'malformed_response',
    {
      parts: (parts) => [...parts.slice(0, 4), (parts[4] ?? '').slice(0, 6)],
    },
  ],
  [
    'jwe-ciphertext-changed',
    'decryption_failed',
    {
      parts: (parts) => parts.map((part, index) => (index === 3 ? `AAAA${part.slice(4)}` : part)),
    },
  ],
  ['jwe-header-alg-other', 'algorithm_refused', { header: { alg: 'ECDH-ES+A256KW' } }],
  ['jwe-header-alg-rsa', 'algorithm_refused', { header: { alg: 'RSA-OAEP-256' } }],
  ['jwe-header-alg-dir', 'algorithm_refused', { header: { alg: 'dir' } }],
  [
    'jwe-header-alg-password',
    'algorithm_refused',
    { header: { alg: 'PBES2-HS256+A128KW', p2c: 2_000_000_000, p2s: 'AAAA' } },
  ],
  ['jwe-header-alg-none', 'algorithm_refused', { header: { alg: 'none' } }],
  ['jwe-header-enc-missing', 'algorithm_refused', { header: { enc: undefined } }],
  ['jwe-header-key-id-of-another', 'none', { header: { kid: 'A'.repeat(43) } }],
  ['jwe-header-key-id-missing', 'none', { header: { kid: undefined } }],
  ['jwe-header-key-private', 'malformed_response', withPrivateEphemeral],
  ['jwe-header-of-20-kib', 'none', { header: { filling: 'x'.repeat(20_000) } }],
  ['jwe-encrypted-key-there', 'malformed_response', { parts: put(1, 'AAAA') }],
  ['jwe-iv-short', 'malformed_response', { parts: put(2, 'AAAA') }],
  ['jwe-of-four-parts', 'none', { parts: (parts) => parts.slice(0, 4) }],
  ['jwe-of-six-parts', 'none', { parts: (parts) => [...parts, 'AAAA'] }],
  ['jwt-instead-of-a-jwe', 'none', { parts: (parts) => parts.slice(0, 3) }],
  ['jwe-around-a-jwt', 'malformed_response', { plaintext: 'eyJhbGciOiJub25lIn0.e30.' }],
  ['jwe-plaintext-a-list', 'malformed_response', { plaintext: '[]' }],
  ['jwe-plaintext-empty', 'malformed_response', { plaintext: '' }],
  ['jwe-plaintext-name-twice', 'malformed_response', inside('"state":"x","state":"y"')],
  [
    'jwe-plaintext-of-200000-values',
    'malformed_response',
    inside(`"x":[${'{},'.repeat(200_000)}0]`),
  ],
  ['jwe-header-enc-other', 'algorithm_refused', { header: { enc: 'A256CBC-HS512' } }],
  ['jwe-header-compressed', 'algorithm_refused', { header: { zip: 'DEF' } }],
  ['jwe-header-crit', 'algorithm_refused', { header: { crit: ['exp'] } }],
  [
    'jwe-point-not-on-curve',
    'decryption_failed',
    ({ other }) => ({
      header: { epk: { ...other.jwk, y: other.jwk.x } },
    }),
  ],
  ['jwe-plaintext-not-json', 'malformed_response', { plaintext: 'vp_token={}' }],
  ['jwe-state-of-another', 'state_mismatch', { state: 'of-another-login' }],
  ['token-not-an-object', 'malformed_response', { vpToken: 'text' }],
  ['token-a-list', 'malformed_response', token(({ text }) => [text])],
  ['token-null', 'malformed_response', { vpToken: null }],
  ['token-name-twice', 'malformed_response', inside('"vp_token":{"a":["x"],"a":["y"]}')],
  ['token-name-proto', 'malformed_response', inside('"vp_token":{"__proto__":["x"]}')],
  ['token-beside-an-error', 'malformed_response', inside('"vp_token":{},"error":"x"')],
  ['token-of-an-older-draft', 'malformed_response', inside('"presentation_submission":{}')],
  ['token-second-nonce-of-another', 'key_binding_invalid', beside({ nonce: 'of-another-login' })],
  ['token-of-two-people', 'holder_conflict', beside({})],
  ['token-empty', 'query_not_satisfied', { vpToken: {} }],
  ['token-unknown-query', 'unexpected_credential', token(({ text }) => ({ nobody_asked: [text] }))],
  [
    'token-more-than-asked',
    'unexpected_credential',
    token(({ id, text }) => ({ [id]: [text], more: [text] })),
  ],
  ['token-two-for-one', 'unexpected_credential', token(({ id, text }) => ({ [id]: [text, text] }))],
  ['token-none-for-one', 'malformed_response', token(({ id }) => ({ [id]: [] }))],
  ['token-not-a-list', 'malformed_response', token(({ id, text }) => ({ [id]: text }))],
  ['token-of-null', 'malformed_response', token(({ id }) => ({ [id]: [null] }))],
  [
    'token-of-ten-thousand',
    'unexpected_credential',
    token(({ id }) => ({ [id]: Array(10_000).fill('x') })),
  ],
]

const OF_TWO = ['token-second-nonce-of-another', 'token-of-two-people']

export const RESPONSE_ATTACKS: readonly Case[] = ROWS.map(([name, expect, forge]) => ({
  ...{ name: `response-${name}`, format: 'any', expect },
  ...(OF_TWO.includes(name) ? { isAsked: asksForBoth } : {}),
  answer: (situation) => {
    const forgery = typeof forge === 'function' ? forge(situation) : forge
    return answerWith(situation, { format: 'any' }, {}, forgery)
  },
}))
