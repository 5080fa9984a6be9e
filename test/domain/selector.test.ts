import { describe, expect, it } from 'vitest'
import { BridgeError } from '../../src/domain/failure.ts'
import { readPolicy } from '../../src/domain/policy.ts'
import { SelectorPolicy } from '../../src/domain/selector.ts'

const IDV = { plan: 'RUN_IDV', provider: 'surf', profile: 'standard' }
const rule = (id: string, when: object = {}, more: object = {}) => ({
  id,
  when,
  plan: IDV,
  ...more,
})

function problemsOf(document: unknown): readonly string[] {
  try {
    readPolicy('selector', document)
  } catch (error) {
    if (error instanceof BridgeError && error.failure.kind === 'policy_refused')
      return error.failure.problems
    throw error
  }
  return []
}
const rulesOf = (...rules: object[]) => problemsOf({ rules, default: IDV })

describe('a selector document', () => {
  it('writes every default out', () => {
    expect(SelectorPolicy.parse({ default: IDV })).toEqual({
      rules: [],
      default: {
        ...IDV,
        method: 'login',
        requiredAttributes: [],
        confirm: 'new_link',
        bindingPolicy: 'REUSE_OR_CREATE',
      },
    })
    expect(SelectorPolicy.parse({ rules: [rule('a')], default: IDV }).rules[0]).toMatchObject({
      enabled: true,
      priority: 0,
      when: {},
    })
  })

  it.each([
    ['in the document', { default: IDV, fallback: 1 }],
    ['in a rule', { rules: [{ ...rule('a'), weight: 1 }], default: IDV }],
    ['among the conditions', { rules: [rule('a', { tenant: ['x'] })], default: IDV }],
    [
      'in a predicate',
      {
        rules: [rule('a', { attributes: [{ path: ['x'], operator: 'EXISTS', value: 1 }] })],
        default: IDV,
      },
    ],
    ['in a plan', { default: { ...IDV, ttl: 1 } }],
    ['of another plan', { default: { plan: 'FAIL_CLOSED', reason: 'no', provider: 'surf' } }],
  ])('fault 46: an unknown field %s is refused', (_, document) => {
    expect(problemsOf(document)).toHaveLength(1)
  })

  it.each([
    ['an unknown plan', { default: { ...IDV, plan: 'MAYBE' } }],
    ['an unknown binding policy', { default: { ...IDV, bindingPolicy: 'SOMETIMES' } }],
    ['an unknown method', { default: { ...IDV, method: 'telepathy' } }],
    ['an unknown state', { rules: [rule('a', { states: ['AMBIGUOUS'] })], default: IDV }],
    ['a lifetime of no time', { default: { ...IDV, bindingLifetimeDays: 0 } }],
    ['an assurance that asks nothing', { default: { ...IDV, minimumAssurance: {} } }],
    ['a plan without provider', { default: { plan: 'STEP_UP', profile: 'standard' } }],
    ['no default', { rules: [] }],
    ['a rule without a plan', { rules: [{ id: 'a' }], default: IDV }],
  ])('fault 12: %s is refused', (_, document) => {
    expect(problemsOf(document).length).toBeGreaterThan(0)
  })

  it('a bad pattern is refused, and not repeated', () => {
    expect(rulesOf(rule('a', { issuers: ['https://ok', 'https://(secret'] }))).toEqual([
      'rules.0.when.issuers.1: is no pattern, or too large a one',
    ])
    const attributes = [{ path: ['email'], operator: 'REGEX', value: '(?<=secret)x' }]
    expect(rulesOf(rule('a', { attributes }))).toEqual([
      'rules.0.when.attributes.0.value: is no pattern, or too large a one',
    ])
  })

  it('an id occurs once', () => {
    expect(
      rulesOf(rule('a', { states: ['NOT_FOUND'] }), rule('a', { triggers: ['login'] })),
    ).toEqual(['rules.1.id: occurs twice'])
  })

  it.each([
    ['of the same conditions', { states: ['NOT_FOUND'] }, { states: ['NOT_FOUND'] }],
    ['that asks nothing', {}, { states: ['NOT_FOUND'] }],
    ['with an empty condition', { queries: [] }, { states: ['NOT_FOUND'] }],
    ['of more values', { queries: ['a', 'b'] }, { queries: ['a'], states: ['NOT_FOUND'] }],
    ['that names every trigger', { triggers: ['login', 'force_reconciliation'] }, {}],
    [
      'of fewer predicates',
      { attributes: [{ path: ['x'], operator: 'EXISTS' }] },
      {
        attributes: [
          { path: ['y'], operator: 'EXISTS' },
          { path: ['x'], operator: 'EXISTS' },
        ],
      },
    ],
  ])('a rule behind one %s is unreachable', (_, wide, narrow) => {
    expect(rulesOf(rule('b', narrow), rule('a', wide))).toEqual([
      'rules.0.when: is never reached behind rule a',
    ])
    expect(rulesOf(rule('b', narrow), rule('a', wide, { enabled: false }))).toEqual([])
    expect(rulesOf(rule('b', narrow, { priority: 1, enabled: false }), rule('a', wide))).toEqual([])
  })

  it('a rule that asks less than those before it is reached', () => {
    expect(
      rulesOf(rule('a', { queries: ['a'], states: ['NOT_FOUND'] }), rule('b', { queries: ['a'] })),
    ).toEqual([])
    expect(rulesOf(rule('a', { queries: ['a'] }), rule('b', { queries: ['a', 'b'] }))).toEqual([])
    expect(rulesOf(rule('a', { queries: ['a'] }), rule('b', { issuers: ['a'] }))).toEqual([])
    expect(rulesOf(rule('a', { refreshDue: true }), rule('b', { refreshDue: false }))).toEqual([])
  })

  it('priority, not place, says which of two is behind the other', () => {
    expect(rulesOf(rule('a'), rule('z', { states: ['NOT_FOUND'] }, { priority: 1 }))).toEqual([])
    expect(rulesOf(rule('a', { states: ['NOT_FOUND'] }), rule('z', {}, { priority: 1 }))).toEqual([
      'rules.0.when: is never reached behind rule z',
    ])
  })

  it('a rule for logins without a wallet cannot ask for a credential', () => {
    expect(rulesOf(rule('a', { entryPoints: ['direct'], issuers: ['x'] }))).toEqual([
      'rules.0.when: can never hold: a login without a wallet presents no credential',
    ])
    expect(rulesOf(rule('a', { entryPoints: ['direct'], ways: ['same_device'] }))).toHaveLength(1)
    expect(rulesOf(rule('a', { entryPoints: ['direct', 'wallet'], issuers: ['x'] }))).toEqual([])
  })

  it('holds so many rules and no more', () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, index) =>
        rule(`r-${index}`, { relyingParties: [`app-${index}`] }),
      )
    expect(rulesOf(...many(200))).toEqual([])
    expect(rulesOf(...many(201))).toEqual(['rules: too_big (at most 200)'])
  })
})
