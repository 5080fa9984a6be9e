import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  choosePlan,
  explainPlan,
  prepareSelector,
  type SelectorFacts,
} from '../../src/domain/choose-plan.ts'
import { reachesAssurance } from '../../src/domain/plan.ts'
import { SelectorPolicy } from '../../src/domain/selector.ts'
import { ENTRY_POINTS, RULE_STATES, TRIGGERS } from '../../src/domain/selector-rule.ts'

const IDV = { plan: 'RUN_IDV', provider: 'surf', profile: 'standard' }
const CLOSED = { plan: 'FAIL_CLOSED', reason: 'not_here' }

const FACTS: SelectorFacts = {
  tenant: 'demo',
  ...{ entryPoint: 'wallet', way: 'same_device' },
  trigger: 'login',
  queries: ['eduid', 'diploma'],
  credentialSets: [0],
  credentialTypes: ['urn:eduid'],
  issuers: ['https://issuer.example'],
  attributes: {
    given_name: 'Sanne',
    email: '',
    age: 20,
    is_student: true,
    roles: ['student', 'member'],
    address: { country: 'NL' },
    nothing: null,
  },
  state: 'NOT_FOUND',
  candidate: false,
  projections: ['openid', 'profile'],
  relyingParty: 'app',
  refreshDue: false,
}

function choose(rules: object[], facts: Partial<SelectorFacts> = {}, fallback: object = IDV) {
  const policy = SelectorPolicy.parse({ rules, default: fallback })
  return choosePlan(prepareSelector(policy), { ...FACTS, ...facts })
}
const rule = (id: string, when: object = {}, more: object = {}) => ({
  id,
  when,
  plan: CLOSED,
  ...more,
})
const chosen = (when: object, facts: Partial<SelectorFacts> = {}) =>
  choose([rule('the-rule', when)], facts).rule === 'the-rule'

describe('the selector (dossier 12.2)', () => {
  it('12.2.1 without a rule the default decides, and says so', () => {
    expect(choose([])).toMatchObject({
      plan: { plan: 'RUN_IDV', provider: 'surf', profile: 'standard' },
      rule: 'builtin:default',
      reasons: ['no_rule_matched'],
    })
  })

  it('12.2.2 a disabled rule is skipped', () => {
    expect(choose([rule('a', {}, { enabled: false })]).rule).toBe('builtin:default')
  })

  it('12.2.3, 12.2.4 the higher priority wins, and of equal ones the smaller id', () => {
    const states = { states: ['NOT_FOUND'] }
    const login = { triggers: ['login'] }
    expect(choose([rule('a', states), rule('z', login, { priority: 5 })]).rule).toBe('z')
    expect(choose([rule('b', login), rule('a', states)]).rule).toBe('a')
    expect(choose([rule('b', login), rule('B-9'.toLowerCase(), states)]).rule).toBe('b')
  })

  it.each([
    ['12.2.5 tenants', { tenants: ['demo'] }, { tenants: ['other'] }],
    ['entryPoints', { entryPoints: ['wallet'] }, { entryPoints: ['direct'] }],
    ['VP-133 ways', { ways: ['same_device', 'cross_device'] }, { ways: ['cross_device'] }],
    ['12.3.6 triggers', { triggers: ['login'] }, { triggers: ['force_reconciliation'] }],
    ['12.2.7, 12.2.11 queries', { queries: ['x', 'diploma'] }, { queries: ['x', 'y'] }],
    ['12.3.5 credentialSets', { credentialSets: [1, 0] }, { credentialSets: [1] }],
    [
      '12.2.10 credentialTypes',
      { credentialTypes: ['urn:x', 'urn:eduid'] },
      { credentialTypes: ['urn:edui'] },
    ],
    [
      '12.2.12 issuers',
      { issuers: ['https://[a-z]+\\.example'] },
      { issuers: ['issuer', 'https://issuer'] },
    ],
    ['12.2.8 states', { states: ['NOT_FOUND'] }, { states: ['MATCHED_HOLDER_KEY'] }],
    ['projections', { projections: ['email', 'profile'] }, { projections: ['email'] }],
    ['relyingParties', { relyingParties: ['app'] }, { relyingParties: ['App'] }],
    ['refreshDue', { refreshDue: false }, { refreshDue: true }],
  ])('condition %s', (_, holds, fails) => {
    expect(chosen(holds)).toBe(true)
    expect(chosen(fails)).toBe(false)
    // All conditions must hold.
    expect(chosen({ ...holds, attributes: [{ path: ['given_name'], operator: 'EXISTS' }] })).toBe(
      true,
    )
    expect(chosen({ ...holds, attributes: [{ path: ['absent'], operator: 'EXISTS' }] })).toBe(false)
  })

  it.each([
    ['EXISTS', { path: ['email'], operator: 'EXISTS' }, true],
    ['EXISTS of null', { path: ['nothing'], operator: 'EXISTS' }, true],
    ['EXISTS of nothing', { path: ['absent'], operator: 'EXISTS' }, false],
    ['EXISTS of what every object has', { path: ['constructor'], operator: 'EXISTS' }, false],
    ['NOT_EMPTY', { path: ['given_name'], operator: 'NOT_EMPTY' }, true],
    ['NOT_EMPTY of empty text', { path: ['email'], operator: 'NOT_EMPTY' }, false],
    ['EQUALS', { path: ['given_name'], operator: 'EQUALS', value: 'Sanne' }, true],
    ['EQUALS by case', { path: ['given_name'], operator: 'EQUALS', value: 'sanne' }, false],
    ['EQUALS of a boolean', { path: ['is_student'], operator: 'EQUALS', value: true }, true],
    ['EQUALS of a text', { path: ['is_student'], operator: 'EQUALS', value: 'true' }, false],
    ['EQUALS of a number', { path: ['age'], operator: 'EQUALS', value: 20 }, true],
    [
      'EQUALS below a name',
      { path: ['address', 'country'], operator: 'EQUALS', value: 'NL' },
      true,
    ],
    ['EQUALS of a list', { path: ['roles'], operator: 'EQUALS', value: 'student' }, false],
    ['CONTAINS in a list', { path: ['roles'], operator: 'CONTAINS', value: 'student' }, true],
    ['CONTAINS part of a member', { path: ['roles'], operator: 'CONTAINS', value: 'stud' }, false],
    ['CONTAINS in a text', { path: ['given_name'], operator: 'CONTAINS', value: 'ann' }, true],
    ['CONTAINS in a number', { path: ['age'], operator: 'CONTAINS', value: 2 }, false],
    ['REGEX', { path: ['given_name'], operator: 'REGEX', value: 'S.*e' }, true],
    ['REGEX of a part', { path: ['given_name'], operator: 'REGEX', value: 'ann' }, false],
    ['REGEX in a list', { path: ['roles'], operator: 'REGEX', value: 'stu(dent|ff)' }, true],
    ['REGEX of a number', { path: ['age'], operator: 'REGEX', value: '.*' }, false],
  ])('12.2.13 predicate %s', (_, predicate, holds) => {
    expect(chosen({ attributes: [predicate] })).toBe(holds)
  })

  it('12.2.6, 12.2.17 an absent and an empty condition ask nothing', () => {
    expect(chosen({})).toBe(true)
    expect(
      chosen({
        tenants: [],
        queries: [],
        issuers: [],
        attributes: [],
        states: [],
        projections: [],
      }),
    ).toBe(true)
  })

  it.each([
    ['12.2.9 STEP_UP', { ...IDV, plan: 'STEP_UP' }],
    ['12.2.14 SKIP_RECONCILIATION', { plan: 'SKIP_RECONCILIATION' }],
    ['12.1.3 FAIL_CLOSED with its reason', CLOSED],
    ['USE_EXISTING_BINDING', { plan: 'USE_EXISTING_BINDING' }],
    ['12.1.1 RUN_IDV', IDV],
  ])('%s', (_, plan) => {
    expect(choose([rule('a', {}, { plan })]).plan).toMatchObject(plan)
  })

  it('fault 4.2: a known holder is asked about as everybody else', () => {
    const states = ['MATCHED_HOLDER_KEY']
    expect(choose([rule('a', { states })], { state: 'MATCHED_HOLDER_KEY' }).rule).toBe('a')
  })

  it('where no rule matches, a known holder keeps the binding and a candidate is confirmed', () => {
    for (const state of ['MATCHED_HOLDER_KEY', 'MATCHED_SUBJECT'] as const) {
      expect(choose([], { state })).toMatchObject({
        plan: { plan: 'USE_EXISTING_BINDING' },
        rule: 'builtin:known-holder',
      })
      expect(choose([], { state, trigger: 'force_reconciliation' }).rule).toBe('builtin:default')
    }
    expect(choose([], { state: 'MATCHED_CLAIM_TUPLE' })).toMatchObject({
      plan: { ...IDV, plan: 'STEP_UP' },
      rule: 'builtin:candidate',
    })
    expect(choose([], { state: 'MATCHED_HOLDER_KEY', candidate: true }).rule).toBe(
      'builtin:candidate',
    )
    expect(choose([], { state: 'MATCHED_CLAIM_TUPLE' }, CLOSED).rule).toBe('builtin:default')
    expect(choose([], { state: 'EXPIRED_BINDING' }).rule).toBe('builtin:default')
  })

  it('two people are never one, whatever a rule says', () => {
    expect(choose([rule('a', {}, { plan: IDV })], { state: 'AMBIGUOUS' })).toEqual({
      plan: { plan: 'FAIL_CLOSED', reason: 'ambiguous_identity' },
      rule: 'builtin:ambiguous',
      reasons: ['ambiguous_identity'],
    })
  })

  it('12.2.16 the decision names rule and reasons, and nothing of the person', () => {
    const when = {
      issuers: ['https://issuer.*'],
      attributes: [{ path: ['given_name'], operator: 'EQUALS', value: 'Sanne' }],
      states: ['NOT_FOUND'],
      queries: [],
    }
    const decision = choose([rule('a', when)])
    expect(decision).toMatchObject({ rule: 'a', reasons: ['issuers', 'attributes.0', 'states'] })
    expect(choose([rule('a')]).reasons).toEqual(['no_condition'])
    expect(JSON.stringify(decision.reasons)).not.toContain('Sanne')
  })
})

describe('explaining a decision', () => {
  it('says of each rule why it did not match', () => {
    const policy = SelectorPolicy.parse({
      rules: [
        rule('off', {}, { enabled: false, priority: 9 }),
        rule('first', { states: ['MATCHED_HOLDER_KEY'], triggers: ['login'] }, { priority: 5 }),
        rule(
          'second',
          {
            attributes: [
              { path: ['given_name'], operator: 'EXISTS' },
              { path: ['absent'], operator: 'EXISTS' },
            ],
          },
          { priority: 4 },
        ),
        rule('third', { entryPoints: ['wallet'] }),
        rule('zast', { projections: ['profile'] }),
      ],
      default: IDV,
    })
    expect(explainPlan(prepareSelector(policy), FACTS)).toMatchObject({
      decision: { rule: 'third' },
      rules: [
        { rule: 'first', outcome: 'not_matched', held: ['triggers'], failed: ['states'] },
        {
          rule: 'second',
          outcome: 'not_matched',
          held: ['attributes.0'],
          failed: ['attributes.1'],
        },
        { rule: 'third', outcome: 'chosen', held: ['entryPoints'], failed: [] },
        { rule: 'zast', outcome: 'outranked', held: ['projections'], failed: [] },
        { rule: 'off', outcome: 'disabled', held: [], failed: [] },
      ],
    })
  })
})

const states = fc.constantFrom(...RULE_STATES, 'AMBIGUOUS' as const)
const words = fc.constantFrom('a', 'b', 'c')
const anyRule = fc.record({
  id: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,5}$/),
  priority: fc.integer({ min: -2, max: 2 }),
  enabled: fc.boolean(),
  when: fc.record(
    {
      states: fc.subarray([...RULE_STATES]),
      triggers: fc.subarray([...TRIGGERS]),
      entryPoints: fc.subarray([...ENTRY_POINTS]),
      queries: fc.uniqueArray(words),
      issuers: fc.uniqueArray(fc.constantFrom('a', '[ab]', 'b+')),
    },
    { requiredKeys: [] },
  ),
  plan: fc.constant(CLOSED),
})
const anyFacts = fc.record({
  state: states,
  trigger: fc.constantFrom(...TRIGGERS),
  entryPoint: fc.constantFrom(...ENTRY_POINTS),
  queries: fc.uniqueArray(words),
  issuers: fc.uniqueArray(words),
})

describe('for any document and facts', () => {
  it('the first enabled match by priority and id decides, in whatever order rules are written', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(anyRule, { selector: ({ id }) => id, maxLength: 8 }),
        anyFacts,
        fc.infiniteStream(fc.nat()),
        (rules, some, places) => {
          const facts = { ...FACTS, ...some }
          const read = SelectorPolicy.safeParse({ rules, default: IDV })
          // A document that is refused decides nothing.
          if (!read.success) return
          const shuffled = rules
            .map((one) => ({ one, place: places.next().value }))
            .sort((a, b) => a.place - b.place)
            .map(({ one }) => one)
          const other = SelectorPolicy.parse({ rules: shuffled, default: IDV })
          const decision = choosePlan(prepareSelector(read.data), facts)
          expect(choosePlan(prepareSelector(other), facts)).toEqual(decision)
          const explained = explainPlan(prepareSelector(read.data), facts)
          expect(explained.decision).toEqual(decision)
          if (facts.state === 'AMBIGUOUS') {
            expect(decision.rule).toBe('builtin:ambiguous')
            return
          }
          const matching = explained.rules.filter(
            ({ failed, outcome }) => failed.length === 0 && outcome !== 'disabled',
          )
          const best = read.data.rules
            .filter(({ id }) => matching.some(({ rule: name }) => name === id))
            .sort((a, b) => b.priority - a.priority || (a.id < b.id ? -1 : 1))[0]
          expect(decision.rule).toBe(
            best?.id ?? explained.rules.find(({ outcome }) => outcome === 'chosen')?.rule,
          )
        },
      ),
      { numRuns: 500 },
    )
  })

  it('a rule that a document calls unreachable is never chosen', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(anyRule, { selector: ({ id }) => id, minLength: 2, maxLength: 6 }),
        anyFacts,
        (rules, some) => {
          const read = SelectorPolicy.safeParse({ rules, default: IDV })
          if (read.success) return
          const hidden = read.error.issues.map(({ path }) => Number(path[1]))
          // The same rules as a document that was never judged.
          const policy = {
            rules: rules.map((one) => ({ ...one, when: one.when, plan: CLOSED })),
            default: IDV,
          } as unknown as SelectorPolicy
          const decision = choosePlan(prepareSelector(policy), {
            ...FACTS,
            ...some,
            ...direct(some),
          })
          for (const index of hidden) expect(rules[index]?.id).not.toBe(decision.rule)
        },
      ),
      { numRuns: 500 },
    )
  })
})

/** A login without a wallet presents nothing. */
function direct({ entryPoint }: { entryPoint: 'wallet' | 'direct' }) {
  return entryPoint === 'direct' ? { queries: [], issuers: [] } : {}
}

describe('minimum assurance (UP-45, UP-46)', () => {
  it.each([
    ['one of the acr values', { acr: ['a', 'b'] }, { acr: ['x', 'b'], amr: [] }, true],
    ['no acr', { acr: ['a'] }, { acr: [], amr: [] }, false],
    ['part of an acr', { acr: ['a'] }, { acr: ['ab'], amr: [] }, false],
    ['all of the amr values', { amr: ['mfa', 'otp'] }, { acr: [], amr: ['otp', 'mfa', 'x'] }, true],
    ['one amr missing', { amr: ['mfa', 'otp'] }, { acr: [], amr: ['mfa'] }, false],
    ['both', { acr: ['a'], amr: ['mfa'] }, { acr: ['a'], amr: [] }, false],
    ['nothing asked', undefined, { acr: [], amr: [] }, true],
  ])('%s', (_, minimum, stated, reaches) => {
    expect(reachesAssurance(minimum, stated)).toBe(reaches)
  })
})
