import { describe, expect, it } from 'vitest'
import { allowedTypes, obeysConstraints } from '../../src/domain/federation-constraints.ts'
import {
  applyPolicy,
  type MetadataPolicy,
  MetadataPolicyError,
  mergePolicies,
} from '../../src/domain/metadata-policy.ts'
import type { JsonObject } from '../../src/domain/text.ts'

const P = (operators: JsonObject): MetadataPolicy => ({ a: operators }) as MetadataPolicy
const apply = (operators: JsonObject, metadata: JsonObject) => applyPolicy(P(operators), metadata)

describe('TR-30 a metadata policy (OpenID Federation 1.0 section 6.1)', () => {
  it.each<[string, JsonObject, JsonObject, JsonObject]>([
    ['value sets', { value: ['x'] }, { a: ['y'] }, { a: ['x'] }],
    ['value of nothing removes', { value: null }, { a: 1, b: 2 }, { b: 2 }],
    ['add adds what is not there', { add: ['x', 'y'] }, { a: ['x'] }, { a: ['x', 'y'] }],
    ['add makes what is missing', { add: ['x'] }, {}, { a: ['x'] }],
    ['default fills in', { default: 'x' }, {}, { a: 'x' }],
    ['default changes nothing that is there', { default: 'x' }, { a: 'y' }, { a: 'y' }],
    ['one_of lets one be', { one_of: ['x', 'y'] }, { a: 'y' }, { a: 'y' }],
    ['one_of asks for nothing', { one_of: ['x'] }, {}, {}],
    ['subset_of cuts', { subset_of: ['x', 'y'] }, { a: ['y', 'z'] }, { a: ['y'] }],
    ['superset_of lets more be', { superset_of: ['x'] }, { a: ['x', 'y'] }, { a: ['x', 'y'] }],
    ['essential lets it be', { essential: true }, { a: 0 }, { a: 0 }],
    [
      'in their order',
      { add: ['z'], subset_of: ['x', 'z'], superset_of: ['z'] },
      { a: ['x', 'y'] },
      { a: ['x', 'z'] },
    ],
    [
      'objects are the same in any order',
      { one_of: [{ x: 1, y: 2 }] },
      { a: { y: 2, x: 1 } },
      { a: { y: 2, x: 1 } },
    ],
    ['what is unknown is passed over', { regexp: '.*' }, { a: 'x' }, { a: 'x' }],
  ])('%s', (_, operators, before, after) => {
    expect({ ...apply(operators, before) }).toEqual(after)
  })

  it('reads scope as a list', () => {
    const policy = { scope: { subset_of: ['openid', 'email'] } }
    expect(applyPolicy(policy, { scope: 'openid phone' })).toMatchObject({ scope: 'openid' })
  })

  it.each<[string, JsonObject, JsonObject]>([
    ['one_of', { one_of: ['x'] }, { a: 'y' }],
    ['superset_of', { superset_of: ['x', 'y'] }, { a: ['x'] }],
    ['essential', { essential: true }, {}],
    ['essential, and one_of', { essential: true, one_of: ['x'] }, {}],
    ['a list where there must be one', { one_of: 'x' }, { a: 'x' }],
    ['an essential that is none', { essential: 'yes' }, { a: 1 }],
    ['a default of nothing', { default: null }, {}],
  ])('%s refuses what does not obey', (_, operators, metadata) => {
    expect(() => apply(operators, metadata)).toThrow(MetadataPolicyError)
  })

  it.each<[string, JsonObject, JsonObject, JsonObject]>([
    ['the same value', { value: ['x', 'y'] }, { value: ['y', 'x'] }, { value: ['x', 'y'] }],
    ['the same default', { default: 1 }, { default: 1 }, { default: 1 }],
    ['additions together', { add: ['x'] }, { add: ['y'] }, { add: ['x', 'y'] }],
    ['what both allow', { one_of: ['x', 'y'] }, { one_of: ['y', 'z'] }, { one_of: ['y'] }],
    ['what is in both', { subset_of: ['x', 'y'] }, { subset_of: ['y', 'z'] }, { subset_of: ['y'] }],
    [
      'nothing, if nothing is in both',
      { subset_of: ['x'] },
      { subset_of: ['y'] },
      { subset_of: [] },
    ],
    [
      'what each asks for',
      { superset_of: ['x'] },
      { superset_of: ['y'] },
      { superset_of: ['x', 'y'] },
    ],
    ['essential to either', { essential: true }, { essential: false }, { essential: true }],
    [
      'operators side by side',
      { subset_of: ['x'] },
      { default: ['x'] },
      { subset_of: ['x'], default: ['x'] },
    ],
  ])('merges to %s', (_, superior, subordinate, merged) => {
    expect({ ...mergePolicies(P(superior), P(subordinate)) }).toEqual({ a: merged })
  })

  it.each<[string, JsonObject, JsonObject]>([
    ['two values', { value: 1 }, { value: 2 }],
    ['two defaults', { default: 1 }, { default: 2 }],
    ['nothing that both allow', { one_of: ['x'] }, { one_of: ['y'] }],
    ['add and one_of', { add: ['x'] }, { one_of: ['x'] }],
    ['one_of and subset_of', { one_of: ['x'] }, { subset_of: ['x'] }],
    ['one_of and superset_of', { one_of: ['x'] }, { superset_of: ['x'] }],
    ['a value without what is added', { value: ['x'] }, { add: ['y'] }],
    ['a value that none may have', { value: 'x' }, { one_of: ['y'] }],
    ['a value beyond the subset', { value: ['x', 'y'] }, { subset_of: ['x'] }],
    ['a value less than the superset', { value: ['x'] }, { superset_of: ['x', 'y'] }],
    ['nothing, and a default', { value: null }, { default: 'x' }],
    ['nothing, and essential', { value: null }, { essential: true }],
    ['additions beyond the subset', { subset_of: ['x'] }, { add: ['y'] }],
    ['a superset beyond the subset', { subset_of: ['x'] }, { superset_of: ['y'] }],
  ])('refuses %s together', (_, superior, subordinate) => {
    expect(() => mergePolicies(P(superior), P(subordinate))).toThrow(MetadataPolicyError)
    expect(() => mergePolicies(P(subordinate), P(superior))).toThrow(MetadataPolicyError)
  })

  it('refuses an operator that must be understood and is not', () => {
    expect(() => mergePolicies({}, P({ regexp: 'x' }), ['regexp'])).toThrow(MetadataPolicyError)
    expect(mergePolicies({}, P({ value: 1 }), ['value'])).toMatchObject({ a: { value: 1 } })
  })

  it('no name of a member reaches the prototype', () => {
    const policy = JSON.parse(
      '{"__proto__":{"value":"x"},"constructor":{"value":"y"}}',
    ) as MetadataPolicy
    const made = applyPolicy(mergePolicies(policy, {}), {})
    expect(Object.getPrototypeOf({})).toBe(Object.prototype)
    expect(({} as Record<string, unknown>).value).toBeUndefined()
    expect(Object.hasOwn(made, 'constructor')).toBe(true)
  })
})

describe('TR-30 constraints (OpenID Federation 1.0 section 6.2)', () => {
  const LEAF = 'https://leaf.example.org/x'
  const BETWEEN = 'https://org.example.com'
  const naming = (rule: object) => ({ naming_constraints: rule }) as unknown as JsonObject
  it.each<[string, JsonObject, readonly string[], boolean]>([
    ['nobody between, none allowed', { max_path_length: 0 }, [LEAF], true],
    ['one between, none allowed', { max_path_length: 0 }, [LEAF, BETWEEN], false],
    ['one between, one allowed', { max_path_length: 1 }, [LEAF, BETWEEN], true],
    ['a length that is none', { max_path_length: -1 }, [LEAF], false],
    ['a host that is permitted', naming({ permitted: ['leaf.example.org'] }), [LEAF], true],
    ['a host below a permitted domain', naming({ permitted: ['.example.org'] }), [LEAF], true],
    ['the domain itself', naming({ permitted: ['.leaf.example.org'] }), [LEAF], false],
    ['another host', naming({ permitted: ['example.org'] }), [LEAF], false],
    [
      'one between that is not permitted',
      naming({ permitted: ['.example.org'] }),
      [LEAF, BETWEEN],
      false,
    ],
    ['one that is excluded', naming({ excluded: ['.example.org'] }), [LEAF], false],
    [
      'excluded wins',
      naming({ permitted: ['.example.org'], excluded: ['leaf.example.org'] }),
      [LEAF],
      false,
    ],
    ['names that are none', naming({ permitted: 'x' }), [LEAF], false],
    ['a name that is no URL', naming({ permitted: ['.example.org'] }), ['leaf'], false],
    ['a constraint that nobody knows', { colour: 'red' }, [LEAF], true],
  ])('%s', (_, constraints, subjects, obeyed) => {
    expect(obeysConstraints(constraints, { subjects })).toBe(obeyed)
  })

  it('kinds of metadata are cut to those that are allowed', () => {
    expect(allowedTypes({})).toBeUndefined()
    expect(allowedTypes({ allowed_entity_types: ['x'] })).toEqual(['federation_entity', 'x'])
    expect(allowedTypes({ allowed_entity_types: 'x' })).toEqual([])
  })
})

it('RE-07 row 18 lists of five thousand are held against each other without taking their product in time', () => {
  const list = (mark: string) => Array.from({ length: 5_000 }, (_, at) => `${mark}${at}`)
  const policy = { subset_of: [...list('a'), ...list('b')], superset_of: list('a'), add: list('b') }
  const merged = mergePolicies(P(policy), P(policy))
  const made = applyPolicy(merged, { a: list('a') })
  expect(made.a).toHaveLength(10_000)
  // Pair by pair that would be some hundred million comparisons, and the test would not end in its minute.
  expect(() => applyPolicy(merged, { a: list('c') })).toThrow(MetadataPolicyError)
})
