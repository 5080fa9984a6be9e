import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { diffDocuments } from '../../src/domain/policy-diff.ts'

const said = (before: unknown, after: unknown) =>
  diffDocuments(before, after).map(({ path, change }) => `${change} ${path}`)

describe('issue 3 item 10 two versions member by member', () => {
  test('members by name, with what they were and are', () => {
    expect(
      diffDocuments({ a: 1, b: { c: [1] }, d: true }, { a: 1, b: { c: [2] }, e: null }),
    ).toEqual([
      { path: 'b.c', change: 'changed', before: [1], after: [2] },
      { path: 'd', change: 'removed', before: true },
      { path: 'e', change: 'added', after: null },
    ])
  })
  test('list entries by what they are called, wherever they stand', () => {
    const rules = [{ id: 'a', priority: 1 }, { id: 'b' }, { id: 'c' }]
    const moved = [{ id: 'c' }, { id: 'a', priority: 2 }, { id: 'd' }]
    expect(said({ rules }, { rules: moved })).toEqual([
      'changed rules.a.priority',
      'removed rules.b',
      'added rules.d',
      'reordered rules',
    ])
    const claims = [{ path: ['given_name'] }, { path: ['address', 'city'] }]
    expect(said({ claims }, { claims: claims.slice(0, 1) })).toEqual([
      'removed claims.address/city',
    ])
  })
  test('lists of plain values as a whole, and entries two of which share a name', () => {
    expect(said({ vct: ['a', 'b'] }, { vct: ['b', 'a'] })).toEqual(['changed vct'])
    const twins = [{ id: 'a' }, { id: 'a' }]
    expect(said({ list: twins }, { list: [{ id: 'a' }] })).toEqual(['changed list'])
  })
  test('the order of members says nothing, and a document that was not there is new as a whole', () => {
    expect(said({ a: 1, b: 2 }, { b: 2, a: 1 })).toEqual([])
    expect(said(undefined, { a: 1 })).toEqual(['added document'])
    expect(said({ a: 1 }, undefined)).toEqual(['removed document'])
  })
  test('nothing is said exactly when both are the same', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (one, other) => {
        expect(said(one, structuredClone(one))).toEqual([])
        const same = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))
        expect(said(one, other).length === 0).toBe(same)
      }),
    )
  })
})

/** The value as JSON keeps it, its members in one order. */
function sorted(value: unknown): unknown {
  const json: unknown = JSON.parse(JSON.stringify(value))
  if (Array.isArray(json)) return json.map(sorted)
  if (json === null || typeof json !== 'object') return json
  const members = Object.entries(json).map(([name, member]) => [name, sorted(member)] as const)
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)))
}
