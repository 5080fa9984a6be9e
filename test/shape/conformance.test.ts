/** CF-02: the plans of the OpenID conformance suite (protocols 6.13), module by module, against the names of our tests. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

const textOf = (file: string) => readFileSync(path.resolve(import.meta.dirname, '..', file), 'utf8')

/** The names in a file's text, as whole words: `-par-x` is no `-par-x-y`. */
const names = (file: string) => new Set(textOf(file).match(/[A-Za-z0-9_-]+/g))

const BASIC = `server response-type-missing idtoken-signature idtoken-unsigned userinfo-get userinfo-post-header
  userinfo-post-body ensure-request-without-nonce-succeeds-for-code-flow scope-profile scope-email scope-address
  scope-phone scope-all ensure-other-scope-order-succeeds alternate-happy-flow display-page display-popup prompt-login
  prompt-none-not-logged-in prompt-none-logged-in max-age-1 max-age-10000 ensure-request-with-unknown-parameter-succeeds
  id-token-hint login-hint ui-locales claims-locales ensure-request-with-acr-values-succeeds codereuse
  codereuse-30seconds ensure-registered-redirect-uri ensure-post-request-succeeds server-client-secret-post
  request-uri-unsigned-supported-correctly-or-rejected-as-unsupported
  unsigned-request-object-supported-correctly-or-rejected-as-unsupported claims-essential
  ensure-request-object-with-redirect-uri refresh-token ensure-request-with-valid-pkce-succeeds
  discovery-endpoint-verification`
const LOGOUT = `rp-initiated-logout-discovery-endpoint-verification rp-initiated-logout
  rp-initiated-logout-bad-id-token-hint rp-initiated-logout-bad-post-logout-redirect-uri
  rp-initiated-logout-modified-id-token-hint rp-initiated-logout-no-id-token-hint rp-initiated-logout-no-params
  rp-initiated-logout-no-post-logout-redirect-uri rp-initiated-logout-no-state rp-initiated-logout-only-state
  rp-initiated-logout-query-added-to-post-logout-redirect-uri backchannel-rp-initiated-logout
  backchannel-logout-discovery-endpoint-verification`
const FAPI = `discovery-end-point-verification happy-flow user-rejects-authentication
  ensure-authorization-request-without-state-success ensure-authorization-request-without-nonce-success
  ensure-authorization-request-with-64-char-nonce-success ensure-other-scope-order-succeeds
  test-claims-parameter-identity-claims access-token-type-header-case-sensitivity check-dpop-proof-nbf-exp
  ensure-dpop-proof-with-iat-is10seconds-before-succeeds ensure-dpop-proof-with-iat-is10seconds-after-succeeds
  ensure-mismatched-dpop-jkt-fails ensure-token-endpoint-fails-with-mismatched-dpop-proof-jkt
  ensure-token-endpoint-fails-with-mismatched-dpop-jkt ensure-dpopproof-at-par-endpoint-binding-success
  ensure-dpop-auth-code-binding-succeeds ensure-authorization-request-with-long-nonce
  ensure-authorization-request-with-long-state ensure-registered-redirect-uri
  ensure-unsigned-authorization-request-without-using-par-fails ensure-redirect-uri-in-authorization-request
  ensure-response-type-code-idtoken-fails ensure-response-type-token-fails ensure-client-id-in-token-endpoint
  ensure-holder-of-key-required ensure-authorization-code-is-bound-to-client
  attempt-reuse-authorization-code-after-one-second attempt-to-use-expired-auth-code
  ensure-signed-client-assertion-with-RS256-fails ensure-client-assertion-in-token-endpoint
  ensure-client-assertion-with-exp-is-5-minutes-in-past-fails ensure-client-assertion-with-wrong-aud-fails
  ensure-client-assertion-with-no-sub-fails dpop-negative-tests refresh-token
  par-ensure-reused-request-uri-prior-to-auth-completion-succeeds par-attempt-reuse-request_uri
  par-attempt-to-use-expired-request_uri par-ensure-jwt-client-assertion-nbf-8-seconds-in-the-future-is-accepted
  par-ensure-jwt-client-assertion-nbf-over-60-seconds-in-the-future-fails
  par-attempt-to-use-request_uri-for-different-client par-authorization-request-containing-request_uri-form-param
  par-attempt-invalid-http-method par-ensure-pkce-required par-ensure-pkce-code-verifier-required
  par-incorrect-pkce-code-verifier-rejected par-plain-pkce-rejected par-without-duplicate-parameters
  par-endpoint-as-array-audience-fails par-endpoint-as-audience-fails par-token-endpoint-as-audience-fails`
const UPSTREAM = `invalid-iss missing-sub invalid-aud missing-iat kid-absent-single-jwks kid-absent-multiple-jwks
  idtoken-sig-none invalid-sig-rs256 nonce-invalid userinfo-invalid-sub signing-key-rotation`
const WALLET = `happy-flow minimal-cnf-jwk request-uri-method-post request-uri-fetched-twice invalid-session-transcript
  invalid-kb-jwt-signature invalid-credential-signature invalid-sd-hash invalid-kb-jwt-nonce invalid-kb-jwt-aud
  kb-jwt-iat-in-past kb-jwt-iat-in-future`

const FAPI_PLAN = 'fapi2-security-profile-final'

test.each([
  ['Basic OP and Config OP', BASIC, 'conformance/basic-op.test.ts', ['oidcc-']],
  ['logout', LOGOUT, 'conformance/logout.test.ts', ['oidcc-']],
  ['FAPI 2.0', FAPI, 'conformance/fapi2.test.ts', [`${FAPI_PLAN}-`, '-']],
  ['Basic RP', UPSTREAM, 'institution/exchange.test.ts', ['oidcc-client-test-']],
  ['verifier', WALLET, 'conformance/verifier-plan.ts', ['']],
])('CF-02 %s: every module of the plan has a test of its name', (_, plan, file, prefixes) => {
  const there = names(file)
  const modules = plan.split(/\s+/)
  expect(modules.length).toBeGreaterThan(10)
  const missing = modules.filter((name) => !prefixes.some((prefix) => there.has(prefix + name)))
  expect(missing).toEqual([])
})
