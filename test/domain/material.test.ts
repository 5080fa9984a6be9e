import { describe, expect, test } from 'vitest'
import { MaterialPolicy, materialPaths } from '../../src/domain/material.ts'

const PROVIDER = { type: 'provider_subject' }
const KEY = { type: 'holder_key' }
const SUBJECT = { type: 'credential_subject', name: 'pid', credential: 'pid', path: ['sub'] }
const attributes = (...names: string[]) => names.map((name) => ({ path: [name], read: 'name' }))
const TUPLE = { type: 'claim_tuple', name: 'who', attributes: attributes('a', 'b') }

const profile = (...materials: object[]) => ({ id: 'p', materials })
const problems = (document: object) =>
  MaterialPolicy.safeParse(document).error?.issues.map(({ message }) => message) ?? []
const of = (...materials: object[]) => problems({ profiles: [profile(...materials)] })

describe('fault 46 a document with a mistake is refused as a whole', () => {
  test('a profile links a wallet that is identified to an account', () => {
    expect(of(KEY, PROVIDER)).toEqual([])
    expect(of(SUBJECT, PROVIDER)).toEqual([])
    expect(of(TUPLE, PROVIDER)).toEqual(['has no material of the wallet that identifies'])
    expect(of(KEY, SUBJECT)).toEqual(['has no material of the institution'])
    expect(of(KEY, KEY, PROVIDER)).toEqual(['names a material twice'])
  })

  test.each([
    ['an unknown type', { type: 'holder_key_fp' }],
    ['an unknown member', { ...SUBJECT, minimum: 1 }],
    ['a path that leads nowhere', { ...SUBJECT, path: [] }],
    ['an unknown reading', { ...TUPLE, attributes: [{ path: ['a'], read: 'lower' }] }],
    ['a tuple of one', { ...TUPLE, attributes: attributes('a') }],
    ['an attribute twice', { ...TUPLE, attributes: attributes('a', 'a') }],
  ])('%s', (_, material) => expect(of(KEY, material, PROVIDER).length).toBeGreaterThan(0))

  test('fault 27 a tuple of two does not identify; one of three may', () => {
    const strong = { ...TUPLE, strength: 'identifies' }
    expect(of(KEY, strong, PROVIDER)).toEqual(['are too few to identify by'])
    expect(of({ ...strong, attributes: attributes('a', 'b', 'c') }, PROVIDER)).toEqual([])
  })

  test('one name is one material in all profiles, and ids are unique', () => {
    const other = { ...SUBJECT, path: ['id'] }
    const two = [profile(SUBJECT, PROVIDER), { ...profile(other, PROVIDER), id: 'q' }]
    expect(problems({ profiles: two })).toEqual(['two materials of one name differ'])
    expect(problems({ profiles: [profile(KEY, PROVIDER), profile(KEY, PROVIDER)] })).toEqual([
      'two profiles share an id',
    ])
  })

  test('issue 3.8 a tenant may refuse the key alone', () => {
    const refused = { keyAlone: 'refused' }
    expect(problems({ ...refused, profiles: [profile(KEY, PROVIDER)] })).toHaveLength(1)
    expect(problems({ ...refused, profiles: [profile(KEY, TUPLE, PROVIDER)] })).toHaveLength(1)
    expect(problems({ ...refused, profiles: [profile(KEY, SUBJECT, PROVIDER)] })).toEqual([])
  })
})

test('what the materials read has to be asked of the wallet', () => {
  const policy = MaterialPolicy.parse({ profiles: [profile(KEY, SUBJECT, TUPLE, PROVIDER)] })
  expect(materialPaths(policy)).toEqual([['sub'], ['a'], ['b']])
})
