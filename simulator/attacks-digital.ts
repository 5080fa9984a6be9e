/** Answers through the browser: honest ones to every form of the question, and what must be refused (OpenID4VP 1.0 appendix A). */
import type { Situation } from './cases.ts'
import type { DigitalCase, DigitalForgery } from './digital.ts'
import { PROTOCOLS, type Protocol } from './digital-request.ts'
import { audienceOf, mayUseMac } from './request.ts'
import { type Format, JWT_VC, MDOC, SD_JWT } from './variants.ts'

const PHISHER = 'https://phisher.example'
const SIGNED = 'openid4vp-v1-signed'

/** Which of the variants shows a format here. */
const SHOWN: readonly (readonly [Format, string])[] = [
  [SD_JWT, 'eudi-pid'],
  [MDOC, 'mdl'],
  [JWT_VC, 'degree-vcdm-2'],
]

/** An honest answer in each format to each form of the question. */
export function honestDigitalCases(): DigitalCase[] {
  return PROTOCOLS.flatMap((protocol) =>
    SHOWN.map(([format, variant]) => ({
      name: `digital-honest-${protocol.replace('openid4vp-v1-', '')}-${variant}`,
      ...{ format, variant, protocol, expect: 'accepted' },
      forge: () => ({}),
    })),
  )
}

/** The page of a phisher asks with our question: the wallet binds its answer to where it is asked, in each format's way. */
const PHISHED: readonly DigitalCase[] = PROTOCOLS.flatMap((protocol) =>
  SHOWN.map(([format, variant]) => ({
    name: `digital-phished-${protocol.replace('openid4vp-v1-', '')}-${variant}`,
    ...{ format, variant, protocol },
    expect: format === MDOC ? 'key_binding_invalid' : 'audience_mismatch',
    forge: () => ({ request: { origin: PHISHER } }),
  })),
)

type Row = readonly [
  name: string,
  expect: string,
  forge: DigitalForgery | ((situation: Situation) => DigitalForgery),
]

const audience =
  (make: (situation: Situation) => unknown) =>
  (situation: Situation): DigitalForgery => ({
    sdJwt: { bindingPayload: { aud: make(situation) } },
  })

const originOf = ({ request }: Situation) => request.origin ?? ''

const SD_JWT_ROWS: readonly Row[] = [
  ['audience-of-a-link', 'audience_mismatch', audience(({ request }) => request.client_id)],
  ['audience-without-prefix', 'audience_mismatch', audience(originOf)],
  ['audience-with-slash', 'audience_mismatch', audience((one) => `origin:${originOf(one)}/`)],
  ['audience-web-origin', 'audience_mismatch', audience((one) => `web-origin:${originOf(one)}`)],
  ['audience-list', 'audience_mismatch', audience(({ request }) => [audienceOf(request)])],
  ['audience-missing', 'audience_mismatch', audience(() => undefined)],
  ['nonce-of-another', 'nonce_mismatch', { request: { nonce: 'of-another-login' } }],
  ['key-binding-missing', 'key_binding_missing', { sdJwt: { whole: withoutBinding } }],
  // How the answer is sealed
  [
    'clear-where-encryption-was-asked',
    'unencrypted_response',
    { request: { response_mode: 'dc_api' } },
  ],
  [
    'jwe-for-another-key',
    'decryption_failed',
    ({ other, request }) => ({
      key: { ...other.jwk, kid: request.client_metadata?.jwks?.keys[0]?.kid ?? '' },
    }),
  ],
  ['jwe-of-an-unknown-key-id', 'malformed_response', { header: { kid: 'unknown' } }],
  ['jwe-header-enc-other', 'algorithm_refused', { header: { enc: 'A256CBC-HS512' } }],
  ['jwe-plaintext-not-json', 'malformed_response', { plaintext: 'vp_token={}' }],
  [
    'jwe-plaintext-error-and-token',
    'malformed_response',
    { plaintext: '{"error":"x","vp_token":{}}' },
  ],
  ['jwe-token-empty', 'query_not_satisfied', { plaintext: '{"vp_token":{}}' }],
  // What the page hands in
  ['data-empty', 'malformed_response', handing({})],
  ['data-of-two-kinds', 'malformed_response', handing({ error: 'access_denied', response: 'x' })],
  ['data-response-not-text', 'malformed_response', handing({ response: 1 })],
  [
    'data-of-older-drafts',
    'malformed_response',
    handing({ presentation_submission: {}, vp_token: {} }),
  ],
  ['wallet-said-no', 'wallet_refused', handing({ error: 'access_denied' })],
  ['data-missing', 'none', { brought: { credential: () => ({ protocol: SIGNED }) } }],
  [
    'protocol-unknown',
    'none',
    { brought: { credential: ({ data }) => ({ protocol: 'org-iso-mdoc', data }) } },
  ],
  ['body-not-json', 'none', { brought: { body: '{' } }],
  ['body-a-form', 'none', { brought: { body: 'a=b', type: 'application/x-www-form-urlencoded' } }],
  ['body-too-large', 'none', { brought: { body: JSON.stringify('x'.repeat(2_000_000)) } }],
  // Who hands it in
  ['page-of-a-phisher', 'none', { brought: { from: PHISHER } }],
  ['page-without-origin', 'none', { brought: { from: null } }],
  ['page-of-origin-null', 'none', { brought: { from: 'null' } }],
  ['browser-without-cookies', 'none', { brought: { cookies: '' } }],
]

const MDOC_ROWS: readonly Row[] = [
  [
    'transcript-of-a-link',
    'key_binding_invalid',
    { mdoc: { transcript: { origin: undefined, responseUri: 'https://bridge.example/response' } } },
  ],
  [
    'transcript-origin-with-prefix',
    'key_binding_invalid',
    (one) => ({ mdoc: { transcript: { origin: `origin:${originOf(one)}` } } }),
  ],
  [
    'transcript-origin-with-slash',
    'key_binding_invalid',
    (one) => ({ mdoc: { transcript: { origin: `${originOf(one)}/` } } }),
  ],
  [
    'transcript-nonce-of-another',
    'key_binding_invalid',
    { mdoc: { transcript: { nonce: 'other' } } },
  ],
  ['transcript-without-key', 'key_binding_invalid', { mdoc: { transcript: { thumbprint: null } } }],
  [
    'transcript-key-of-another',
    'key_binding_invalid',
    { mdoc: { transcript: { thumbprint: Buffer.alloc(32) } } },
  ],
  ['mac-instead-of-signature', 'accepted', { mdoc: { deviceMac: {} } }],
  [
    'mac-for-a-phisher',
    'key_binding_invalid',
    { mdoc: { deviceMac: {} }, request: { origin: PHISHER } },
  ],
]

const JWT_VC_ROWS: readonly Row[] = [
  [
    'audience-of-a-link',
    'audience_mismatch',
    ({ request }) => ({ jwtVc: { vpPayload: { aud: request.client_id } } }),
  ],
  ['nonce-of-another', 'nonce_mismatch', { request: { nonce: 'of-another-login' } }],
]

export const DIGITAL_ATTACKS: readonly DigitalCase[] = [
  ...PHISHED,
  ...rowsOf(SD_JWT, 'sd-jwt', SD_JWT_ROWS),
  ...rowsOf(MDOC, 'mdoc', MDOC_ROWS),
  ...rowsOf(JWT_VC, 'jwt-vc', JWT_VC_ROWS),
]

function rowsOf(format: Format, prefix: string, rows: readonly Row[]): DigitalCase[] {
  const protocol: Protocol = SIGNED
  return rows.map(([name, expect, forge]) => ({
    ...{ name: `digital-${prefix}-${name}`, expect, format, protocol },
    ...(name.startsWith('mac-') ? { isAsked: mayUseMac } : {}),
    forge: (situation) => (typeof forge === 'function' ? forge(situation) : forge),
  }))
}

function handing(data: Record<string, unknown>): DigitalForgery {
  return { brought: { credential: ({ protocol }) => ({ protocol, data }) } }
}

function withoutBinding(presentation: string): string {
  return presentation.slice(0, presentation.lastIndexOf('~') + 1)
}
