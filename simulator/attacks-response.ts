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

export const RESPONSE_ATTACKS: readonly Case[] = ROWS.map(([name, expect, forge]) => ({
  ...{ name: `response-${name}`, format: 'any', expect },
  answer: (situation) => {
    const forgery = typeof forge === 'function' ? forge(situation) : forge
    return answerWith(situation, { format: 'any' }, {}, forgery)
  },
}))
