/** Whole logins at a real OpenID provider that plays SURFconext. */
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  cancelAt,
  INSTITUTION_USERS,
  type Institution,
  loginAt,
  SURF_CLAIMS,
  startInstitution,
} from '../../demo/institution.ts'
import { LINKED, VALIDATED_NAMES } from '../../demo/institution-users.ts'
import { buildAuthorizationUrl } from '../../src/institution/authorization.ts'
import { readCallback } from '../../src/institution/callback.ts'
import type { ConnectedProvider } from '../../src/institution/connection.ts'
import { exchangeCode } from '../../src/institution/exchange.ts'
import { readIdentity } from '../../src/institution/identity.ts'
import type { Outbound } from '../../src/outbound/guard.ts'
import {
  attemptLogin,
  connect,
  institutionRefused,
  newAttempt,
  REDIRECT_URI,
  testOutbound,
} from './attempt.ts'

const SECRET = 'a:b+c%_secret/of=the~client'
const userCalled = (name: string) => {
  const user = INSTITUTION_USERS.find(({ username }) => username === name)
  if (user === undefined) throw new Error(`no user ${name}`)
  return user
}
const sanne = userCalled('sanne')

let surf: Institution
let outbound: Outbound
let connected: ConnectedProvider
beforeAll(async () => {
  surf = await startInstitution({
    clients: [{ clientId: 'bridge', clientSecret: SECRET, redirectUris: [REDIRECT_URI] }],
  })
  outbound = testOutbound()
  connected = await connect(outbound, { issuer: surf.issuer }, { clientSecret: SECRET })
})
afterAll(async () => {
  await outbound.close()
  await surf.close()
})

const loginAs = (user: { username: string; password: string }) => async (url: string) =>
  new URL(await loginAt(url, user))
const now = () => Date.now()
const SUB = { identifierAttribute: 'sub' }
const asked = (word: string) => surf.requests.get(word) ?? 0

test('UP-61 every claim of SURFconext arrives as it was issued, lists as lists', async () => {
  const answer = await attemptLogin(connected, loginAs(sanne))
  const { claims, subject, label } = readIdentity(answer, SUB, now())
  expect(subject).toBe(surf.subjectOf('sanne', 'bridge'))
  expect(claims).toEqual({ sub: subject, ...sanne.claims })
  expect(new Set(Object.keys(claims))).toEqual(new Set(['sub', ...SURF_CLAIMS]))
  expect(label).toBe('Sanne de Vries')
})

test('UP-67 claims that come from userinfo alone arrive the same', async () => {
  const strict = await startInstitution({
    claimsInIdToken: false,
    clients: [{ clientId: 'bridge', clientSecret: SECRET, redirectUris: [REDIRECT_URI] }],
  })
  const connection = { clientSecret: SECRET, scopes: ['openid', 'profile'] }
  const there = await connect(outbound, { issuer: strict.issuer }, connection)
  const answer = await attemptLogin(there, loginAs(sanne))
  expect(answer.idToken).not.toHaveProperty('eduperson_affiliation')
  expect(readIdentity(answer, SUB, now()).claims).toMatchObject(sanne.claims)
  await strict.close()
})

test('UP-63 the subject is the same at every login, and another for another client', async () => {
  const [first, second] = [
    await attemptLogin(connected, loginAs(sanne)),
    await attemptLogin(connected, loginAs(sanne)),
  ].map((answer) => readIdentity(answer, SUB, now()).subject)
  expect(second).toBe(first)
  expect(surf.subjectOf('sanne', 'another-client')).not.toBe(first)
})

test('UP-13 two tabs of one browser finish in reverse order', async () => {
  const tabs = [newAttempt(), newAttempt()]
  const backs = await Promise.all(
    tabs.map((attempt) => loginAt(buildAuthorizationUrl(connected, attempt).url, sanne)),
  )
  for (const at of [1, 0]) {
    const [attempt, back] = [tabs[at], backs[at]]
    if (attempt === undefined || back === undefined) throw new Error('a tab is missing')
    const answer = await exchangeCode(connected, readCallback(new URL(back).searchParams), attempt)
    expect(answer.idToken.nonce).toBe(attempt.nonce)
  }
})

test('UP-23 somebody who cancels is a refused login, without a token request', async () => {
  const before = asked('token')
  const asking = attemptLogin(connected, async (url) => new URL(await cancelAt(url)))
  await expect(asking).rejects.toMatchObject(institutionRefused('login_refused'))
  expect(asked('token')).toBe(before)
})

test('a code that was redeemed is refused the second time', async () => {
  const attempt = newAttempt()
  const back = new URL(await loginAt(buildAuthorizationUrl(connected, attempt).url, sanne))
  const callback = readCallback(back.searchParams)
  await exchangeCode(connected, callback, attempt)
  const again = exchangeCode(connected, callback, attempt)
  await expect(again).rejects.toMatchObject(institutionRefused('token_request_failed'))
})

test("row 28 somebody else's code in my attempt is refused", async () => {
  const mine = newAttempt()
  const foreign = new URL(await loginAt(buildAuthorizationUrl(connected, newAttempt()).url, sanne))
  foreign.searchParams.set('state', mine.state)
  const asking = exchangeCode(connected, readCallback(foreign.searchParams), mine)
  await expect(asking).rejects.toMatchObject(institutionRefused('token_request_failed'))
})

test('UP-30 a wrong client secret is refused', async () => {
  const wrong = await connect(outbound, { issuer: surf.issuer }, { clientSecret: 'wrong' })
  const asking = attemptLogin(wrong, loginAs(sanne))
  await expect(asking).rejects.toMatchObject(institutionRefused('token_request_failed'))
})

test('UP-30 client_secret_post', async () => {
  const client = { clientId: 'post', clientSecret: SECRET, redirectUris: [REDIRECT_URI] }
  surf.setClient({ ...client, authMethod: 'client_secret_post' })
  const registration = { issuer: surf.issuer, clientAuthMethod: 'client_secret_post' } as const
  const there = await connect(outbound, registration, client)
  const answer = await attemptLogin(there, loginAs(sanne))
  expect(readIdentity(answer, SUB, now()).subject).toBe(surf.subjectOf('sanne', 'post'))
})

test.each(['ES256', 'RS256', 'Ed25519'])('UP-32 private_key_jwt with %s', async (alg) => {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const publicJwk: JWK = { ...(await exportJWK(publicKey)), kid: 'c1', alg, use: 'sig' }
  const clientSecret = JSON.stringify({ ...(await exportJWK(privateKey)), kid: 'c1', alg })
  const clientId = `key-${alg}`
  surf.setClient({
    clientId,
    publicKeys: [publicJwk],
    authMethod: 'private_key_jwt',
    redirectUris: [REDIRECT_URI],
  })
  const registration = { issuer: surf.issuer, clientAuthMethod: 'private_key_jwt' } as const
  const there = await connect(outbound, registration, { clientId, clientSecret })
  const answer = await attemptLogin(there, loginAs(sanne))
  expect(answer.idToken.aud).toBe(clientId)
})

test('UP-45 UP-68 a demanded acr that the login has is enough, one it has not is not', async () => {
  const rules = { ...SUB, expectedAcr: [VALIDATED_NAMES] }
  const attempt = () => newAttempt({ acr: [VALIDATED_NAMES], maxAgeSeconds: 300 })
  const milan = await attemptLogin(connected, loginAs(userCalled('milan')), attempt())
  const identity = readIdentity(milan, { ...rules, maxAgeSeconds: 300 }, now())
  expect(identity.acrValues).toEqual([LINKED, VALIDATED_NAMES])
  expect(identity.amr).toEqual(['pwd', 'mfa'])
  expect(identity.authTime).toBeGreaterThan(now() / 1000 - 60)
  for (const name of ['sanne', 'noor']) {
    const answer = await attemptLogin(connected, loginAs(userCalled(name)), attempt())
    expect(() => readIdentity(answer, rules, now())).toThrow(
      expect.objectContaining(institutionRefused('assurance_insufficient')),
    )
  }
})

test('UP-69 a valid login from another university is refused', async () => {
  const rules = { ...SUB, allowedOrganizations: ['noorderhaven.example'] }
  const here = await attemptLogin(connected, loginAs(sanne))
  expect(readIdentity(here, rules, now()).label).toBe('Sanne de Vries')
  const elsewhere = await attemptLogin(connected, loginAs(userCalled('eva')))
  expect(() => readIdentity(elsewhere, rules, now())).toThrow(
    expect.objectContaining(institutionRefused('institution_not_allowed')),
  )
})

test('an institution that releases next to nothing still identifies by sub', async () => {
  const answer = await attemptLogin(connected, loginAs(userCalled('noor')))
  const identity = readIdentity(answer, SUB, now())
  expect(identity.label).toBe('noorderhaven.example')
  expect(() => readIdentity(answer, { identifierAttribute: 'subject_id' }, now())).toThrow(
    expect.objectContaining(institutionRefused('subject_missing')),
  )
})

test("the demo's login page refuses a wrong password", async () => {
  const { url } = buildAuthorizationUrl(connected, newAttempt())
  const asking = loginAt(url, { username: 'sanne', password: 'wrong' })
  await expect(asking).rejects.toThrow(/That password does not belong to it/)
})

test('UP-37 many logins cause one fetch of the keys, and connections are kept', async () => {
  const fresh = await connect(outbound, { issuer: surf.issuer }, { clientSecret: SECRET })
  const before = asked('jwks')
  await Promise.all([1, 2, 3, 4].map(() => attemptLogin(fresh, loginAs(sanne))))
  await attemptLogin(fresh, loginAs(sanne))
  expect(asked('jwks') - before).toBe(1)
})
