import { describe, expect, test } from 'vitest'
import { AttributePolicy, type Attributes } from '../../src/domain/attributes.ts'
import { areOnePerson, conflictingAttributes } from '../../src/domain/same-person.ts'

const BOTH = { merge: 'OIDC_WINS' }
const rule = (name: string, also: object = {}) => ({ name, wallet: [name], ...BOTH, ...also })
const conflicts = (rules: readonly object[], wallet: Attributes, provider: Attributes) =>
  conflictingAttributes(AttributePolicy.parse({ rules }), wallet, provider)

describe('row 26 issue 3.7 wallet and institution state the same person', () => {
  const RULES = [rule('given_name'), rule('family_name'), rule('birthdate'), rule('nickname')]
  const ADA = { given_name: 'Zoë', family_name: "O'Brien", birthdate: '1990-01-02' }

  test('one normaliser for both sides: case, marks, spaces and typography make no conflict', () => {
    expect(conflicts(RULES, ADA, { given_name: 'ZOE', family_name: ' O’Brien ' })).toEqual([])
  })

  test.each([
    ['given_name', { given_name: 'Zara' }],
    ['family_name', { ...ADA, family_name: 'Brien' }],
    ['birthdate', { ...ADA, birthdate: '1990-02-01' }],
    ['birthdate', { ...ADA, birthdate: '02-01-1990' }],
    ['given_name', { given_name: ['Zara', 'Ada'] }],
    ['given_name', { given_name: 7 }],
  ])('a conflict of %s is named', (name, told) => {
    expect(conflicts(RULES, ADA, told)).toEqual([name])
  })

  test('what one side alone states, and what says nothing about who it is, is no conflict', () => {
    expect(conflicts(RULES, ADA, {})).toEqual([])
    expect(conflicts(RULES, {}, ADA)).toEqual([])
    expect(conflicts(RULES, { nickname: 'a' }, { nickname: 'b' })).toEqual([])
  })

  test('one of several values on both sides is enough', () => {
    expect(conflicts(RULES, ADA, { given_name: ['Ada', 'Zoë'] })).toEqual([])
  })

  test('an identifier that both state is compared too', () => {
    const code = rule('schac_personal_unique_code', { merge: 'MERGE_ALL' })
    const of = (value: string) => ({ schac_personal_unique_code: [value] })
    expect(conflicts([code], of('urn:1'), of('urn:1'))).toEqual([])
    expect(conflicts([code], of('urn:1'), of('urn:2'))).toEqual(['schac_personal_unique_code'])
  })

  test('the tenant decides what is compared, and how', () => {
    const never = [rule('given_name', { compare: 'no' })]
    expect(conflicts(never, ADA, { given_name: 'Zara' })).toEqual([])
    const also = [rule('nickname', { compare: 'exact' })]
    expect(conflicts(also, { nickname: 'a' }, { nickname: 'A' })).toEqual(['nickname'])
    const alone = { name: 'email', merge: 'OIDC_ONLY', compare: 'email' }
    expect(AttributePolicy.safeParse({ rules: [alone] }).success).toBe(false)
  })
})

describe('VP-095 what makes credentials of several keys one person’s', () => {
  const READ = [
    { ...rule('family_name'), walletAlso: [['subject', 'family_name']] },
    rule('birthdate'),
    rule('nickname'),
  ]
  const areOne = (samePerson: readonly string[] | undefined, ...claims: readonly object[]) =>
    areOnePerson(
      AttributePolicy.parse({ rules: READ, ...(samePerson && { samePerson }) }),
      claims.map((each) => ({ claims: each as Attributes })),
    )
  const ADA = { family_name: 'Lovelace', birthdate: '1815-12-10' }
  const BOTH_OF = ['family_name', 'birthdate']

  test('every credential states all of it, and alike', () => {
    expect(areOne(BOTH_OF, ADA, { ...ADA, family_name: ' LOVELACE' })).toBe(true)
    const elsewhere = { subject: { family_name: 'Lovelace' }, birthdate: '1815-12-10' }
    expect(areOne(BOTH_OF, ADA, elsewhere, ADA)).toBe(true)
    expect(areOne(['nickname'], { nickname: 'a' }, { nickname: 'a' })).toBe(true)
  })

  test.each<[string, readonly string[] | undefined, object[]]>([
    ['no word of it in the policy', undefined, [ADA, ADA]],
    ['another name', BOTH_OF, [ADA, { ...ADA, family_name: 'Byron' }]],
    ['another date in the third', BOTH_OF, [ADA, ADA, { ...ADA, birthdate: '1815-12-11' }]],
    ['one that states only half', BOTH_OF, [ADA, { family_name: 'Lovelace' }]],
    ['one that states nothing', BOTH_OF, [{}, ADA]],
    ['none that states anything', BOTH_OF, [{}, {}]],
    ['an empty name on both sides', ['family_name'], [{ family_name: '' }, { family_name: '' }]],
    [
      'a date that cannot be read, alike',
      BOTH_OF,
      [
        { ...ADA, birthdate: 'x' },
        { ...ADA, birthdate: 'x' },
      ],
    ],
    ['a list that holds the name', BOTH_OF, [ADA, { ...ADA, family_name: ['Byron', 'Lovelace'] }]],
    ['a number on both sides', ['nickname'], [{ nickname: 7 }, { nickname: 7 }]],
    [
      'what differs in case where nothing says how it is read',
      ['nickname'],
      [{ nickname: 'a' }, { nickname: 'A' }],
    ],
    [
      'one credential that calls itself two names',
      ['family_name'],
      [ADA, { family_name: 'Lovelace', subject: { family_name: 'Byron' } }],
    ],
  ])('%s is no proof', (_, samePerson, credentials) => {
    expect(areOne(samePerson, ...credentials)).toBe(false)
  })

  test.each([
    ['nobody reads', ['title']],
    ['the provider alone states', ['email']],
    ['is no name', ['__proto__']],
  ])('an attribute that %s is not published', (_, samePerson) => {
    const rules = [...READ, { name: 'email', merge: 'OIDC_ONLY' }]
    expect(AttributePolicy.safeParse({ rules, samePerson }).success).toBe(false)
  })
})
