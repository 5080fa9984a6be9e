import { expect, test } from 'vitest'
import {
  contentSecurityPolicy,
  pageHeaders,
} from '../../../src/http/pages/content-security-policy.ts'
import { NONCE } from './samples.ts'

test('OP-24 the policy allows our own nonce, images and requests, and nothing else', () => {
  expect(contentSecurityPolicy(NONCE).split('; ')).toEqual([
    "default-src 'none'",
    `style-src 'nonce-${NONCE}'`,
    `script-src 'nonce-${NONCE}'`,
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ])
})

test('OP-24 a form may end up at the origins named, and only origins can be named', () => {
  const policy = contentSecurityPolicy(NONCE, { formAction: ['https://rp.example'] })
  expect(policy).toContain("form-action 'self' https://rp.example;")
  for (const origin of [
    'https://rp.example/',
    "https://rp.example; script-src 'unsafe-inline'",
    '*',
  ]) {
    expect(() => contentSecurityPolicy(NONCE, { formAction: [origin] })).toThrow(TypeError)
  }
})

test.each(['', 'short', "AAECAwQFBgcICQoLDA0ODw'; script-src *", 'AAECAwQFBgcICQoLDA0OD w'])(
  'OP-24 the nonce %j is refused',
  (nonce) => {
    expect(() => contentSecurityPolicy(nonce)).toThrow(TypeError)
  },
)

test('OP-24 a page is not framed, not kept, not guessed at, and tells nobody where it was', () => {
  expect(pageHeaders(NONCE)).toMatchObject({
    'content-security-policy': contentSecurityPolicy(NONCE),
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    'cross-origin-opener-policy': 'same-origin',
  })
})
