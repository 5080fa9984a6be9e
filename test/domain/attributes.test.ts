import { describe, expect, test } from 'vitest'
import {
  mergeAttributes,
  persistedAttributes,
  readProviderAttributes,
  readWalletAttributes,
  releaseClaims,
} from '../../src/domain/attribute-values.ts'
import {
  AttributePolicy,
  type Attributes,
  attributeLabel,
  requestedLabels,
} from '../../src/domain/attributes.ts'

const rule = (name: string, merge: string, also: object = {}) => ({
  ...{ name, merge, persist: true, project: true },
  ...(merge === 'OIDC_ONLY' ? {} : { wallet: [name] }),
  ...also,
})
const policyOf = (...rules: object[]) => AttributePolicy.parse({ rules })

describe('issue 3.3 the five merge modes', () => {
  const wallet: Attributes = { a: ['x', 'y'], b: true }
  const provider: Attributes = { a: ['y', 'z'], b: false }

  test.each([
    ['WALLET_ONLY', ['x', 'y'], true],
    ['OIDC_ONLY', ['y', 'z'], false],
    ['OIDC_WINS', ['y', 'z'], false],
    ['WALLET_WINS', ['x', 'y'], true],
  ])('%s', (merge, a, b) => {
    const policy = policyOf(rule('a', merge), rule('b', merge))
    expect({ ...mergeAttributes(policy, wallet, provider) }).toEqual({ a, b })
  })

  test('MERGE_ALL unites lists, each member once, and keeps what only one side has', () => {
    const policy = policyOf(rule('a', 'MERGE_ALL'), rule('c', 'MERGE_ALL'))
    expect({ ...mergeAttributes(policy, { ...wallet, c: 'only' }, provider) }).toEqual({
      a: ['y', 'z', 'x'],
      c: 'only',
    })
  })
})

test.each([
  ['wallet', { wallet: ['portrait'] }],
  ['mdoc', { wallet: ['org.iso.18013.5.1', 'portrait'] }],
  ['other place', { wallet: ['picture'], walletAlso: [['portrait']] }],
])('EU-04 PID_03a a portrait is not kept, wherever it stands: %s', (_, also) => {
  expect(() => policyOf(rule('face', 'WALLET_ONLY', also))).toThrow('never said of a portrait')
  expect(policyOf(rule('face', 'WALLET_ONLY', { ...also, persist: false })).rules).toHaveLength(1)
})

test('fault 29 lists, booleans and numeric text stay what they are', () => {
  const policy = policyOf(
    rule('roles', 'OIDC_ONLY'),
    rule('member', 'OIDC_ONLY'),
    rule('nr', 'OIDC_ONLY'),
  )
  const claims = { roles: ['student'], member: true, nr: '0042' }
  expect({ ...readProviderAttributes(policy, {}, claims) }).toEqual(claims)
})

test('fault 39 two credentials that disagree give no attribute, whichever came last', () => {
  const policy = policyOf(rule('a', 'WALLET_ONLY'))
  const read = (...values: string[]) =>
    readWalletAttributes(
      policy,
      values.map((a) => ({ claims: { a } })),
    )
  expect({ ...read('x', 'x') }).toEqual({ a: 'x' })
  expect({ ...read('x', 'y') }).toEqual({})
})

test('issue 3.3 only what is marked is stored, and only what is marked leaves', () => {
  const policy = policyOf(
    rule('kept', 'OIDC_ONLY', { project: false }),
    rule('both', 'OIDC_ONLY'),
    rule('scoped', 'OIDC_ONLY', { scope: 'profile' }),
    rule('neither', 'OIDC_ONLY', { persist: false, project: false }),
  )
  const values = { kept: 1, both: 2, scoped: 3, neither: 4, unknown: 5 }
  expect({ ...persistedAttributes(policy, values) }).toEqual({ kept: 1, both: 2, scoped: 3 })
  expect({ ...releaseClaims(policy, values, {}, new Set(['both'])) }).toEqual({ both: 2 })
})

test('people read words: the tenant’s own, else ours for usual names, else the name itself', () => {
  const label = { en: 'Your staff number', nl: 'Je personeelsnummer' }
  const policy = policyOf(
    rule('given_name', 'WALLET_ONLY'),
    rule('email', 'OIDC_ONLY'),
    rule('family_name', 'WALLET_ONLY', { label }),
    rule('unheard_of', 'WALLET_ONLY'),
  )
  expect(requestedLabels(policy, 'nl')).toEqual([
    ...['Je voornaam', 'Je personeelsnummer', 'unheard_of'],
  ])
  expect(attributeLabel(policy, 'email', 'en')).toBe('Your e-mail address')
  expect(attributeLabel(policy, 'tostring', 'en')).toBe('tostring')
  expect(attributeLabel(policy, 'constructor', 'en'), 'nothing inherited').toBe('constructor')
})
