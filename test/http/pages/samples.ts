/** Views that several tests draw, and a small reader of what was drawn. */
import type { JsonObject } from '../../../src/domain/text.ts'
import { toInstant } from '../../../src/domain/time.ts'
import type { AccountPageView } from '../../../src/http/pages/account-page.ts'
import type { ConfirmPageView } from '../../../src/http/pages/confirm-page.ts'
import type { ConsentPageView } from '../../../src/http/pages/consent-page.ts'
import type { EndPageView } from '../../../src/http/pages/end-page.ts'
import type { LoginPageView } from '../../../src/http/pages/login-page.ts'
import type { LogoutPageView } from '../../../src/http/pages/logout-page.ts'
import type { OwnDataView } from '../../../src/http/pages/own-data-page.ts'
import type { ProviderTestPageView } from '../../../src/http/pages/provider-test-page.ts'
import type { SessionPageView } from '../../../src/http/pages/session-page.ts'
import type { Language } from '../../../src/http/pages/text.ts'

export const NONCE = 'AAECAwQFBgcICQoLDA0ODw'
export const NOW = Date.UTC(2026, 10, 3, 12, 0, 0)
export const WALLET_LINK =
  'openid4vp://?client_id=x509_san_dns%3Alogin.example.edu&request_uri=https%3A%2F%2Flogin.example.edu%2Ft%2Fexample%2Fwallet%2Frequest%2FUqVbXJqk3PZ0mVt8m3cYpw&request_uri_method=post'

const LABELS: Record<Language, readonly string[]> = {
  en: ['Your name', 'Student number', 'Name of your institution'],
  nl: ['Je naam', 'Studentnummer', 'Naam van je instelling'],
}
const PURPOSES: Record<Language, string> = {
  en: 'So that the library knows you are a student and can lend you books.',
  nl: 'Zo weet de bibliotheek dat je student bent en kun je boeken lenen.',
}

export function loginView(change: Partial<LoginPageView> = {}): LoginPageView {
  const language = change.language ?? 'en'
  return {
    language,
    nonce: NONCE,
    tenant: {
      name: 'Example University',
      colour: '#0b6e4f',
      noticeUrl: 'https://www.example.edu/privacy',
    },
    relyingPartyName: 'University Library',
    host: 'login.example.edu',
    purpose: PURPOSES[language],
    requested: LABELS[language],
    walletLink: WALLET_LINK,
    qrUrl: '/t/example/qr/1',
    statusUrl: '/t/example/status/1',
    refreshUrl: '/t/example/continue/1',
    cancelUrl: '/t/example/cancel/1',
    directUrl: '/t/example/direct/1',
    tryAgainUrl: '/t/example/again/1',
    state: 'waiting',
    now: NOW,
    expiresAt: toInstant(NOW + 120_000),
    alternatives: [],
    ...change,
  }
}

export function accountView(change: Partial<AccountPageView> = {}): AccountPageView {
  return {
    language: 'en',
    nonce: NONCE,
    tenant: loginView().tenant,
    relyingPartyName: 'University Library',
    accounts: [
      {
        title: 'Example University',
        details: ['Role: student@example.edu'],
        lastUsedAt: toInstant(NOW),
      },
      { title: 'Example Hospital', details: [], lastUsedAt: toInstant(NOW - 86_400_000) },
    ],
    remembered: undefined,
    chooseUrl: '/t/example/login/1/account',
    cancelUrl: '/t/example/cancel/1',
    ...change,
  }
}

export function confirmView(change: Partial<ConfirmPageView> = {}): ConfirmPageView {
  return {
    language: 'en',
    nonce: NONCE,
    tenant: loginView().tenant,
    walletName: 'Sanne de Vries',
    issuers: ['Example Identity', 'Example Diplomas'],
    providerName: 'Example University',
    accountLabel: 'Sanne de Vries',
    confirmUrl: '/t/example/login/1/confirm',
    cancelUrl: '/t/example/login/1/cancel',
    ...change,
  }
}

export function consentView(change: Partial<ConsentPageView> = {}): ConsentPageView {
  return {
    language: 'en',
    nonce: NONCE,
    tenant: loginView().tenant,
    relyingPartyName: 'University Library',
    purpose: 'To lend you books.',
    claims: ['Your first name', 'email'],
    lasting: true,
    remembered: true,
    proof: 'proof',
    answerUrl: '/t/example/login/1/consent',
    ownDataUrl: '/t/example/privacy',
    ...change,
  }
}

export function sessionView(change: Partial<SessionPageView> = {}): SessionPageView {
  return {
    language: 'en',
    nonce: NONCE,
    tenant: loginView().tenant,
    state: 'there',
    endUrl: '/t/example/session',
    consents: [{ clientId: 'library', name: 'University Library', givenAt: toInstant(NOW) }],
    done: false,
    ...change,
  }
}

export function logoutView(change: Partial<LogoutPageView> = {}): LogoutPageView {
  return {
    language: 'en',
    nonce: NONCE,
    tenant: loginView().tenant,
    asking: 'University Library',
    fields: [['state', 'a state']],
    confirmUrl: '/t/example/end_session/confirmation',
    ...change,
  }
}

export function providerTestView(change: Partial<ProviderTestPageView> = {}): ProviderTestPageView {
  return {
    language: 'en',
    nonce: NONCE,
    tenant: loginView().tenant,
    providerName: 'Example University',
    identifierAttribute: 'sub',
    reason: 'attribute_missing',
    claims: {
      sub: 'a'.repeat(200),
      email: 'sanne@example.edu',
      eduperson_affiliation: ['student'],
    },
    acr: ['urn:example:loa2'],
    amr: ['pwd', 'otp'],
    mapping: {
      identified: true,
      attributes: [],
      missing: ['birthdate'],
      unused: ['eduperson_affiliation'],
    },
    ...change,
  }
}

export function endView(change: Partial<EndPageView> = {}): EndPageView {
  return {
    language: 'en',
    nonce: NONCE,
    tenant: loginView().tenant,
    kind: 'refused',
    tryAgainUrl: '/t/example/again/1',
    backUrl: 'https://library.example.edu/',
    reference: '2f1c9a60-7d0e-4c0b-9a55-3f1d2c4b5a69',
    ...change,
  }
}

export const OPENAPI: JsonObject = {
  openapi: '3.1.0',
  info: { title: 'Identity bridge', version: '0.1.0', description: 'First.\n\nUses `code`.' },
  tags: [{ name: 'Tokens', description: 'What a relying party redeems.' }],
  paths: {
    '/t/{slug}/token': {
      parameters: [{ $ref: '#/components/parameters/Slug' }],
      post: {
        tags: ['Tokens'],
        summary: 'Redeem a code',
        requestBody: {
          content: {
            'application/x-www-form-urlencoded': {
              schema: {
                type: 'object',
                properties: {
                  grant_type: { const: 'authorization_code' },
                  code: { type: 'string' },
                },
              },
            },
          },
        },
        responses: {
          200: {
            description: 'The tokens.',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Tokens' } } },
          },
          400: {
            description: 'The code is unknown or was used.',
            content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
          },
        },
      },
    },
    '/health': {
      get: { summary: 'Is it alive?', responses: { 200: { description: 'Yes.' } } },
    },
  },
  components: {
    parameters: {
      Slug: {
        name: 'slug',
        in: 'path',
        required: true,
        description: 'The tenant.',
        schema: { type: 'string' },
      },
    },
    schemas: {
      Tokens: {
        type: 'object',
        properties: {
          access_token: { type: 'string', example: 'at_example' },
          expires_in: { type: 'integer', minimum: 600 },
          scope: { anyOf: [{ type: 'string', enum: ['openid'] }, { type: 'null' }] },
          parent: { $ref: '#/components/schemas/Tokens' },
        },
      },
      Error: {
        allOf: [
          { type: 'object', properties: { error: { type: 'string', enum: ['invalid_grant'] } } },
          { type: 'object', properties: { error_description: { type: 'string' } } },
        ],
      },
    },
    securitySchemes: {
      client: { type: 'http', scheme: 'basic', description: 'The client secret.' },
    },
  },
}

/** The opening tags with this name, each as its attributes with entities decoded. */
export function tags(page: string, name: string): readonly Record<string, string>[] {
  return [...page.matchAll(new RegExp(`<${name}((?:\\s+[a-z-]+(?:="[^"]*")?)*)\\s*>`, 'g'))].map(
    ([, attributes = '']) =>
      Object.fromEntries(
        [...attributes.matchAll(/([a-z-]+)(?:="([^"]*)")?/g)].map(([, key = '', value = '']) => [
          key,
          decode(value),
        ]),
      ),
  )
}

/** What a person could read on the page, one space between words. */
export function words(page: string): string {
  const visible = page.replaceAll(/<(style|script)[^>]*>[\s\S]*?<\/\1>/g, ' ')
  return decode(visible.replaceAll(/<[^>]*>/g, ' ')).replaceAll(/\s+/g, ' ')
}

function decode(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}

export function ownDataView(change: Partial<OwnDataView> = {}): OwnDataView {
  const at = toInstant(NOW)
  return {
    ...{ language: 'en', nonce: NONCE, tenant: { name: 'Example University', colour: '#0b6e4f' } },
    links: [
      { id: 'wallet', side: 'wallet', lastUsedAt: at, endedAt: undefined },
      { id: 'account', side: 'institution', lastUsedAt: at, endedAt: at },
    ],
    attributes: [
      { name: 'given_name', label: 'Your first name', value: 'Sanne' },
      { name: 'email', label: 'Your e-mail address', value: 'sanne@noorderhaven.example' },
    ],
    consents: [{ clientId: 'library', name: 'University Library', givenAt: at }],
    categories: ['enrolment'],
    ...{ logins: 2, done: true, url: '/t/example/privacy/1' },
    ...change,
  }
}
