import { describe, expect, test } from 'vitest'
import { createIssuer, EDUID_VCT } from '../../demo/issuer.ts'
import { demoPolicies } from '../../demo/policies.ts'
import { completeSet, POLICY_KINDS, type PolicySet, readPolicy } from '../../src/domain/policy.ts'
import { compareOutcomes, explainLogin } from '../../src/domain/policy-explain.ts'
import { RecordedLogin } from '../../src/domain/recorded-login.ts'

const issuer = createIssuer()
const [ENTRY] = issuer.trustPolicy().entries.map(({ id }) => id)
const RULES = [
  {
    id: 'staff',
    priority: 10,
    when: {
      states: ['NOT_FOUND'],
      attributes: [{ path: ['institution_id'], operator: 'EQUALS', value: 'staff.example' }],
    },
    plan: { plan: 'FAIL_CLOSED', reason: 'staff_come_elsewhere' },
  },
  {
    id: 'known',
    when: { states: ['MATCHED_HOLDER_KEY'] },
    plan: { plan: 'USE_EXISTING_BINDING' },
  },
  { id: 'off', enabled: false, plan: { plan: 'SKIP_RECONCILIATION' } },
]

function documents(changes: { [kind: string]: unknown } = {}): PolicySet {
  const demo = demoPolicies(issuer)
  const all: { [kind: string]: unknown } = {
    ...demo,
    selector: { ...demo.selector, rules: RULES },
    ...changes,
  }
  return Object.fromEntries(POLICY_KINDS.map((kind) => [kind, readPolicy(kind, all[kind])]))
}

function login(changes: object = {}, claims: object = {}): RecordedLogin {
  return RecordedLogin.parse({
    name: 'a login',
    credentials: [
      {
        query: 'eduid',
        types: [EDUID_VCT],
        issuer: `${ENTRY}#https://issuer.example`,
        claims: { given_name: true, family_name: true, schac_home_organization: true, ...claims },
      },
    ],
    ...changes,
  })
}

function explain(recorded: RecordedLogin, changes: { [kind: string]: unknown } = {}) {
  const whole = completeSet(documents(changes))
  if (whole === undefined) throw new Error('a kind is missing')
  return explainLogin(whole, 'demo', recorded)
}

describe('issue 3 item 10 explain', () => {
  test('a stranger: every rule with what held and what did not, then the default', () => {
    const told = explain(login())
    expect(told.refused).toBeUndefined()
    expect(told.decision).toMatchObject({ plan: { plan: 'RUN_IDV' }, rule: 'builtin:default' })
    expect(told.rules).toEqual([
      { rule: 'staff', outcome: 'not_matched', held: ['states'], failed: ['attributes.0'] },
      { rule: 'known', outcome: 'not_matched', held: [], failed: ['states'] },
      { rule: 'off', outcome: 'disabled', held: [], failed: [] },
      { rule: 'builtin:default', outcome: 'chosen', held: ['no_rule_matched'], failed: [] },
    ])
    expect(told.shown).toEqual(['given_name', 'family_name', 'institution_id'])
    expect([told.missing, told.untrusted, told.open]).toEqual([[], [], []])
  })
  test('an invented value decides where a rule looks at one', () => {
    const told = explain(login({}, { schac_home_organization: 'staff.example' }))
    expect(told.decision).toMatchObject({ plan: { plan: 'FAIL_CLOSED' }, rule: 'staff' })
  })
  test('a known holder', () => {
    expect(explain(login({ state: 'MATCHED_HOLDER_KEY' })).decision).toMatchObject({
      rule: 'known',
    })
  })
  test('hits on two people end the login whatever rules say', () => {
    expect(explain(login({ state: 'AMBIGUOUS' })).decision).toMatchObject({
      plan: { plan: 'FAIL_CLOSED' },
      rule: 'builtin:ambiguous',
    })
  })
  test('what is asked and not shown ends it before any rule, and is named', () => {
    const bare = login()
    const [credential] = bare.credentials
    const told = explain({
      ...bare,
      credentials:
        credential === undefined ? [] : [{ ...credential, claims: { given_name: true } }],
    })
    expect([told.refused, told.decision, told.rules]).toEqual([
      'query_not_satisfied',
      undefined,
      [],
    ])
    expect(told.missing).toEqual([
      { query: 'eduid', path: 'family_name' },
      { query: 'eduid', path: 'schac_home_organization' },
    ])
    expect(told.open).toEqual(['family_name'])
  })
  test('a material whose claims are not shown gives no identifier, and is named', () => {
    const { profiles } = demoPolicies(issuer).material
    const subject = {
      ...{ type: 'credential_subject', name: 'eduid', credential: 'eduid' },
      path: ['eduid'],
    }
    const material = {
      profiles: profiles.map((each) => ({ ...each, materials: [...each.materials, subject] })),
    }
    expect(explain(login(), { material }).unidentified).toEqual(['eduid'])
    expect(explain(login({}, { eduid: true }), { material }).unidentified).toEqual([])
  })
  test('an issuer nobody vouches for, and a credential nobody asked for', () => {
    const bare = login()
    const altered = (changes: object) => ({
      ...bare,
      credentials: bare.credentials.map((credential) => ({ ...credential, ...changes })),
    })
    const stranger = explain(altered({ issuer: 'nobody#https://issuer.example' }))
    expect([stranger.refused, stranger.untrusted]).toEqual(['untrusted_issuer', ['eduid']])
    const other = explain(altered({ types: ['https://other.example'] }))
    expect(other.refused).toBe('untrusted_issuer')
    expect(explain(altered({ query: 'diploma' })).refused).toBe('unexpected_credential')
  })
  test('a login without a wallet presents nothing and is still decided', () => {
    const told = explain(login({ entry_point: 'direct', credentials: [] }))
    expect([told.refused, told.missing]).toEqual([undefined, []])
    expect(told.decision).toMatchObject({ plan: { plan: 'RUN_IDV' } })
  })
})

describe('issue 3 item 10 two versions on the same logins', () => {
  const logins = [login(), login({ name: 'known', state: 'MATCHED_HOLDER_KEY' })]
  const changes = (before: PolicySet, after: PolicySet) =>
    compareOutcomes(before, after, 'demo', logins).map(({ name, changed }) => [name, changed])

  test('only those that come to something else are said to change', () => {
    const stricter = {
      rules: [
        {
          id: 'all',
          when: { states: ['NOT_FOUND'] },
          plan: { plan: 'FAIL_CLOSED', reason: 'closed' },
        },
      ],
      default: demoPolicies(issuer).selector.default,
    }
    expect(changes(documents(), documents({ selector: stricter }))).toEqual([
      ['a login', true],
      ['known', false],
    ])
  })
  test('the same plan with another field is another outcome; the same by another rule is not', () => {
    const demo = demoPolicies(issuer).selector
    const another = { rules: RULES, default: { ...demo.default, method: 'fresh_login' } }
    expect(changes(documents(), documents({ selector: another }))[0]).toEqual(['a login', true])
    const renamed = { rules: RULES.map((rule) => ({ ...rule, id: `x-${rule.id}` })), ...demo }
    expect(changes(documents(), documents({ selector: renamed }))).toEqual([
      ['a login', false],
      ['known', false],
    ])
  })
  test('a question that asks for more ends logins that were good', () => {
    const { query } = demoPolicies(issuer)
    const more = {
      credentials: query.credentials.map((each) => ({
        ...each,
        claims: [...each.claims, { path: ['level'], values: ['high'] }],
      })),
    }
    const outcomes = compareOutcomes(documents(), documents({ query: more }), 'demo', logins)
    expect(outcomes.map(({ after }) => after?.refused)).toEqual([
      'query_not_satisfied',
      'query_not_satisfied',
    ])
  })
  test('nobody can log in while a kind is missing', () => {
    const { selector: _, ...without } = documents()
    const [first] = compareOutcomes(without, documents(), 'demo', logins)
    expect([first?.changed, first?.before]).toEqual([true, undefined])
  })
})
