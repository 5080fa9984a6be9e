import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/domain/text.ts'
import type { TokenAnswer } from '../../src/institution/exchange.ts'
import {
  type IdentityRules,
  mayIdentify,
  mayProveEmail,
  readIdentity,
} from '../../src/institution/identity.ts'

const NOW_SECONDS = 1_795_000_000
const ISSUER = 'https://connect.example.org'
const LINKED = 'https://eduid.nl/trust/linked-institution'
const NAMES = 'https://eduid.nl/trust/validate-names'

function read(idToken: JsonObject = {}, rules: Partial<IdentityRules> = {}, userinfo?: JsonObject) {
  const fresh = { iss: ISSUER, aud: 'bridge', sub: 'person-1', nonce: 'n' }
  const times = { iat: NOW_SECONDS, exp: NOW_SECONDS + 300 }
  const answer = { issuer: ISSUER, idToken: { ...fresh, ...times, ...idToken }, userinfo }
  const wanted = { identifierAttribute: 'sub', ...rules }
  return readIdentity(answer as unknown as TokenAnswer, wanted, NOW_SECONDS * 1000)
}

const refusal = (reason: string) =>
  expect.objectContaining({ failure: { kind: 'institution_refused', reason } })

test('a login is read: who, by what, with which assurance; protocol claims apart', () => {
  const idToken = { acr: `${LINKED} ${NAMES}`, amr: ['pwd', 'mfa'], auth_time: NOW_SECONDS - 9 }
  const identity = read(idToken, {}, { sub: 'person-1', name: ' Sanne de Vries ', uids: ['s'] })
  expect(identity).toEqual({
    issuer: ISSUER,
    subject: 'person-1',
    identifierAttribute: 'sub',
    label: 'Sanne de Vries',
    claims: { sub: 'person-1', name: ' Sanne de Vries ', uids: ['s'] },
    acr: `${LINKED} ${NAMES}`,
    acrValues: [LINKED, NAMES],
    amr: ['pwd', 'mfa'],
    authTime: NOW_SECONDS - 9,
  })
})

test.each<[string, JsonObject, boolean]>([
  ['exp 59 s ago', { exp: NOW_SECONDS - 59 }, true],
  ['exp 60 s ago', { exp: NOW_SECONDS - 60 }, false],
  ['exp 61 s ago', { exp: NOW_SECONDS - 61 }, false],
  ['iat in 59 s', { iat: NOW_SECONDS + 59 }, true],
  ['iat in 60 s', { iat: NOW_SECONDS + 60 }, true],
  ['iat in 61 s', { iat: NOW_SECONDS + 61 }, false],
  ['iat 10 min and 59 s ago', { iat: NOW_SECONDS - 659 }, true],
  ['iat 10 min and 61 s ago', { iat: NOW_SECONDS - 661 }, false],
  ['nbf in 59 s', { nbf: NOW_SECONDS + 59 }, true],
  ['nbf in 61 s', { nbf: NOW_SECONDS + 61 }, false],
  ['nbf long ago', { nbf: 0 }, true],
  ['exp as text', { exp: String(NOW_SECONDS + 300) }, false],
  ['iat null', { iat: null }, false],
  ['iat negative', { iat: -1 }, false],
  ['nbf as text', { nbf: 'soon' }, false],
  ['auth_time in 59 s', { auth_time: NOW_SECONDS + 59 }, true],
  ['auth_time in 61 s', { auth_time: NOW_SECONDS + 61 }, false],
  ['auth_time as text', { auth_time: 'now' }, false],
  ['auth_time years ago, nothing asked', { auth_time: 1 }, true],
])('UP-36 row 60: %s is accepted: %s', (_name, claims, accepted) => {
  if (accepted) expect(read(claims).subject).toBe('person-1')
  else expect(() => read(claims)).toThrow(refusal('id_token_invalid'))
})

test.each<[string, JsonObject, boolean]>([
  ['just now', { auth_time: NOW_SECONDS }, true],
  ['at the limit and the skew', { auth_time: NOW_SECONDS - 359 }, true],
  ['beyond', { auth_time: NOW_SECONDS - 361 }, false],
  ['no word of it', {}, false],
])('UP-34 max_age 300, authenticated %s: %s', (_name, claims, accepted) => {
  const rules = { maxAgeSeconds: 300 }
  if (accepted) expect(read(claims, rules).subject).toBe('person-1')
  else expect(() => read(claims, rules)).toThrow(refusal('id_token_invalid'))
})

test.each<[string, JsonObject, boolean]>([
  ['the one', { acr: NAMES }, true],
  ['the one among several', { acr: `${LINKED} ${NAMES}` }, true],
  ['no acr', {}, false],
  ['empty', { acr: '' }, false],
  ['another', { acr: LINKED }, false],
  ['a longer one', { acr: `${NAMES}-external` }, false],
  ['a shorter one', { acr: NAMES.slice(0, -1) }, false],
  ['other capitals', { acr: NAMES.toUpperCase() }, false],
  ['a list', { acr: [NAMES] }, false],
  ['joined by a tab', { acr: `${LINKED}\t${NAMES}` }, false],
  ['joined by a comma', { acr: `${LINKED},${NAMES}` }, false],
  ['an object', { acr: { value: NAMES } }, false],
])('UP-45 UP-46 row 31: acr is %s: enough %s', (_name, claims, accepted) => {
  const rules = { expectedAcr: [NAMES] }
  if (accepted) expect(read(claims, rules).acrValues).toContain(NAMES)
  else expect(() => read(claims, rules)).toThrow(refusal('assurance_insufficient'))
})

test('UP-45 acr and amr in userinfo count for nothing', () => {
  const userinfo = { sub: 'person-1', acr: NAMES, amr: ['mfa'], auth_time: NOW_SECONDS }
  expect(() => read({}, { expectedAcr: [NAMES] }, userinfo)).toThrow(
    refusal('assurance_insufficient'),
  )
  expect(() => read({}, { expectedAmr: ['mfa'] }, userinfo)).toThrow(
    refusal('assurance_insufficient'),
  )
  expect(read({}, {}, userinfo)).toMatchObject({ acrValues: [], amr: [] })
})

test('UP-45 an empty list of sufficient values is satisfied by none', () => {
  expect(() => read({ acr: NAMES }, { expectedAcr: [] })).toThrow(refusal('assurance_insufficient'))
})

test.each<[string, JsonObject, boolean]>([
  ['both', { amr: ['pwd', 'mfa', 'x'] }, true],
  ['one of two', { amr: ['pwd'] }, false],
  ['absent', {}, false],
  ['a text', { amr: 'pwd mfa' }, false],
  ['not only texts', { amr: ['pwd', 'mfa', 1] }, false],
  ['other capitals', { amr: ['PWD', 'MFA'] }, false],
])('UP-46 amr is %s: enough %s', (_name, claims, accepted) => {
  const rules = { expectedAmr: ['pwd', 'mfa'] }
  if (accepted) expect(read(claims, rules).amr).toContain('mfa')
  else expect(() => read(claims, rules)).toThrow(refusal('assurance_insufficient'))
})

test.each<[unknown, boolean]>([
  ['noorderhaven.example', true],
  ['Noorderhaven.Example', true],
  ['elders.example', false],
  ['sub.noorderhaven.example', false],
  ['noorderhaven.example.evil.example', false],
  [['noorderhaven.example'], false],
  ['', false],
  [undefined, false],
])('UP-69 schac_home_organization %j belongs to the tenant: %s', (home, accepted) => {
  const rules = { allowedOrganizations: ['noorderhaven.example', 'zuid.example'] }
  const userinfo = home === undefined ? {} : { schac_home_organization: home }
  const reading = () => read({}, rules, userinfo as JsonObject)
  if (accepted) expect(reading().subject).toBe('person-1')
  else expect(reading).toThrow(refusal('institution_not_allowed'))
})

test('UP-69 an empty list of institutions lets nobody in; no list asks nothing', () => {
  const userinfo = { schac_home_organization: 'noorderhaven.example' }
  expect(() => read({}, { allowedOrganizations: [] }, userinfo)).toThrow(
    refusal('institution_not_allowed'),
  )
  expect(read({}, {}, userinfo).subject).toBe('person-1')
})

test.each<[string, unknown, string | undefined]>([
  ['a text', 'abc@uni.example', 'abc@uni.example'],
  ['a text with capitals and spaces, byte for byte', ' Abc ', ' Abc '],
  ['a list of one', ['only'], 'only'],
  ['a list of two', ['one', 'two'], undefined],
  ['an empty list', [], undefined],
  ['empty', '', undefined],
  ['white space', ' \u00a0', undefined],
  ['a number', 7, undefined],
  ['an object', { value: 'x' }, undefined],
  ['null', null, undefined],
  ['with a line break', 'a\nb', undefined],
  ['of 256 characters', 'x'.repeat(256), undefined],
  ['of 255 characters', 'x'.repeat(255), 'x'.repeat(255)],
])('an identifying attribute that is %s', (_name, value, subject) => {
  const rules = { identifierAttribute: 'subject_id' }
  const reading = () => read({}, rules, { sub: 'person-1', subject_id: value } as JsonObject)
  if (subject === undefined) expect(reading).toThrow(refusal('subject_missing'))
  else expect(reading()).toMatchObject({ subject, identifierAttribute: 'subject_id' })
})

test('an identifying attribute that is absent is not replaced by sub (UP-64)', () => {
  expect(() => read({}, { identifierAttribute: 'subject_id' })).toThrow(refusal('subject_missing'))
})

test.each([
  ...['email', 'email_verified', 'name', 'preferred_username', 'nickname', 'phone_number'],
  ...['eduperson_principal_name', 'uids', 'eduperson_affiliation', 'schac_home_organization'],
  ...['iss', 'aud', 'nonce', 'acr', 'amr', 'sid', 'jti', ''],
])('UP-47 UP-62 UP-65 rows 23, 24: nobody is identified by %j', (attribute) => {
  expect(mayIdentify(attribute)).toBe(false)
  const userinfo = { sub: 'person-1', [attribute]: 'value', email_verified: true }
  expect(() => read({}, { identifierAttribute: attribute }, userinfo)).toThrow(
    refusal('subject_missing'),
  )
})

test.each(['sub', 'subject_id', 'eduid', 'eckid'])('UP-65 %s may identify', (attribute) => {
  expect(mayIdentify(attribute)).toBe(true)
})

test('UP-62 email_verified stays an attribute', () => {
  const userinfo = { sub: 'person-1', email: 'a@b.example', email_verified: true }
  expect(read({}, {}, userinfo).claims).toEqual(userinfo)
})

test('UP-39 where both speak, the signed ID token is heard', () => {
  const identity = read({ name: 'Signed', a: 1 }, {}, { sub: 'person-1', name: 'Other', b: 2 })
  expect(identity.claims).toEqual({ sub: 'person-1', name: 'Signed', a: 1, b: 2 })
})

test.each<[JsonObject, string]>([
  [{ name: 'Sanne', email: 'a@b.example' }, 'Sanne'],
  [{ name: '  ', preferred_username: 'sanne' }, 'sanne'],
  [{ name: ['x'], email: 'a@b.example' }, 'a@b.example'],
  [{ schac_home_organization: 'uni.example' }, 'uni.example'],
  [{}, 'connect.example.org'],
  [{ name: '\u{1f600}'.repeat(300) }, '\u{1f600}'.repeat(200)],
])('the label of %j', (userinfo, label) => {
  expect(read({}, {}, userinfo).label).toBe(label)
})

const PROOF = { emailIsProof: true }
const ADDRESS = { email: ' Sanne@EXAMPLE.org', email_verified: true }
test.each<[string, JsonObject, Partial<IdentityRules>, JsonObject | undefined, string | undefined]>(
  [
    ['verified, and proof here', ADDRESS, PROOF, undefined, 'sanne@example.org'],
    ['both in userinfo', {}, PROOF, { sub: 'person-1', ...ADDRESS }, 'sanne@example.org'],
    ['of a provider whose addresses are none', ADDRESS, {}, undefined, undefined],
    ['without a word of verification', { email: 'a@example.org' }, PROOF, undefined, undefined],
    ['not verified', { ...ADDRESS, email_verified: false }, PROOF, undefined, undefined],
    ['verified as text', { ...ADDRESS, email_verified: 'true' }, PROOF, undefined, undefined],
    ['no address', { ...ADDRESS, email: 'sanne' }, PROOF, undefined, undefined],
    ['two', { ...ADDRESS, email: ['a@example.org', 'b@example.org'] }, PROOF, undefined, undefined],
    [
      ...(['verified in another message', { email: 'a@example.org' }, PROOF] as const),
      ...([{ sub: 'person-1', ...ADDRESS }, undefined] as const),
    ],
  ],
)('UP-62 an address %s', (_name, claims, rules, userinfo, expected) => {
  expect(read(claims, rules, userinfo).email).toBe(expected)
})

test.each<[string, string, readonly string[] | undefined, boolean]>([
  ['one institution', 'https://idp.example.org', undefined, true],
  ['several institutions behind one provider', 'https://hub.example.org', ['a.example'], false],
  ['SURFconext', 'https://connect.surfconext.nl', undefined, false],
  ['SURFconext for tests', 'https://connect.test.surfconext.nl', undefined, false],
  ['eduID', 'https://eduid.nl', undefined, false],
  ['a host that only ends alike', 'https://noteduid.nl', undefined, true],
])('UP-62 addresses of %s may be called proof: %s', (_name, issuer, organizations, allowed) => {
  expect(mayProveEmail(issuer, organizations)).toBe(allowed)
})
