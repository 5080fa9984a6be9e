import { describe, expect, test } from 'vitest'
import { MaterialPolicy } from '../../src/domain/material.ts'
import { type ShownCredential, shownIdentifiers } from '../../src/domain/shown-identifiers.ts'
import type { JsonObject } from '../../src/domain/text.ts'

const PROVIDER = { type: 'provider_subject' }
const KEY = { type: 'holder_key' }
const NAME = [
  { path: ['given_name'], read: 'name' },
  { path: ['birthdate'], read: 'date' },
]
const TUPLE = { type: 'claim_tuple', name: 'who', attributes: NAME }

/** What the materials find; besides the key, which is always there. */
function found(materials: readonly object[], ...credentials: readonly Partial<ShownCredential>[]) {
  const policy = MaterialPolicy.parse({
    profiles: [{ id: 'p', materials: [KEY, ...materials, PROVIDER] }],
  })
  const shown = {
    holderThumbprint: 'thumbprint',
    credentials: credentials.map((credential) => ({
      ...{ queryId: 'pid', issuer: 'pid#issuer', claims: {}, provesEmail: false },
      ...credential,
    })),
  }
  return shownIdentifiers(policy, shown, (did) => (did === 'did:key:z1' ? 'key' : undefined))
    .filter(({ type }) => type !== 'KEY')
    .map(({ type, namespace, parts }) => ({ type, namespace, parts }))
}

const ADA: JsonObject = { given_name: 'Ada', birthdate: '1990-01-02', sub: 'S-1' }
const SUBJECT = { type: 'credential_subject', name: 'pid', credential: 'pid', path: ['sub'] }

test('fault 8 what has no key, or no value, has no identifier: no word stands in for it', () => {
  const policy = MaterialPolicy.parse({
    profiles: [{ id: 'p', materials: [KEY, SUBJECT, TUPLE, PROVIDER] }],
  })
  const none = { queryId: 'pid', issuer: 'pid#issuer', provesEmail: false }
  for (const claims of [{}, { sub: '' }, { sub: null }, { given_name: 'Ada' }] as JsonObject[]) {
    const shown = { holderThumbprint: undefined, credentials: [{ ...none, claims }] }
    expect(shownIdentifiers(policy, shown, () => undefined)).toEqual([])
  }
})

describe('subjects', () => {
  test('CR-20 VP-096 an issuer’s name for its subject is taken byte for byte, with the issuer', () => {
    expect(found([SUBJECT], { claims: ADA })).toEqual([
      { type: 'SUBJECT_ID', namespace: 'pid#issuer', parts: ['["sub"]', 'S-1'] },
    ])
    const other = found([SUBJECT], { claims: ADA, issuer: 'pid#other' })
    expect(other[0]?.namespace, 'row 10').toBe('pid#other')
  })

  test.each([
    ['missing', {}],
    ['empty', { sub: '' }],
    ['a list', { sub: ['S-1'] }],
    ['a number', { sub: 1 }],
    ['an object', { sub: { a: 'S-1' } }],
    ['padded', { sub: ' S-1' }],
    ['null', { sub: null }],
    ['inherited', {}],
  ])('CR-22 a subject that is %s is none', (_, claims) => {
    expect(found([SUBJECT], { claims: claims as JsonObject })).toEqual([])
  })

  test('VP-091 of two credentials of one query neither is "the" subject', () => {
    expect(found([SUBJECT], { claims: ADA }, { claims: { ...ADA, sub: 'S-2' } })).toEqual([])
  })

  test('fault 39 each credential of a presentation gives its own', () => {
    const second = { ...SUBJECT, name: 'diploma', credential: 'diploma' }
    const diploma = { queryId: 'diploma', issuer: 'uni', claims: { sub: 'D-9' } }
    expect(found([SUBJECT, second], { claims: ADA }, diploma).map(({ parts }) => parts[1])).toEqual(
      ['S-1', 'D-9'],
    )
  })
})

describe('DIDs', () => {
  const DID = { type: 'did', name: 'did', credential: 'pid', path: ['sub'] }
  const did = (sub: string) => found([DID], { claims: { sub } })

  test('CR-20 fragment and query are not part of it; a key is known by its thumbprint', () => {
    expect(did('did:web:example.org#key-1')).toEqual(did('did:web:example.org?a=b'))
    expect(did('did:web:Example.org')).not.toEqual(did('did:web:example.org'))
    expect(did('did:key:z1#z1')[0]?.parts).toEqual(['key'])
  })

  test.each(['https://example.org', 'did:web', 'did:web:', 'did:web:a b', ''])(
    'CR-22 %j is no DID',
    (sub) => expect(did(sub)).toEqual([]),
  )
})

describe('e-mail', () => {
  const EMAIL = { type: 'email', name: 'mail', credential: 'pid', path: ['email'] }
  const claims = { email: 'Ada@Example.org', email_verified: true }

  test('row 24 UP-62 only where policy says that this issuer proves addresses; what a credential says of itself is nothing', () => {
    expect(found([EMAIL], { claims })).toEqual([])
    expect(found([EMAIL], { claims, provesEmail: true })).toEqual([
      { type: 'EMAIL', namespace: 'pid#issuer', parts: ['ada@example.org'] },
    ])
  })

  test('row 23 an address never identifies, whatever else is in the profile', () => {
    const only = { profiles: [{ id: 'p', materials: [EMAIL, PROVIDER] }] }
    expect(MaterialPolicy.safeParse(only).success).toBe(false)
    const strong = { ...EMAIL, strength: 'identifies' }
    const asked = { profiles: [{ id: 'p', materials: [KEY, strong, PROVIDER] }] }
    expect(MaterialPolicy.safeParse(asked).success).toBe(false)
  })
})

describe('claim tuples', () => {
  const whole = found([TUPLE], { claims: ADA })

  test('fault 27 names are part of it and values keep their places: swapped ones are another person', () => {
    const attributes = [
      { path: ['given_name'], read: 'name' },
      { path: ['family_name'], read: 'name' },
    ]
    const tuple = { ...TUPLE, attributes }
    const one = found([tuple], { claims: { given_name: 'Martin', family_name: 'James' } })
    const other = found([tuple], { claims: { given_name: 'James', family_name: 'Martin' } })
    expect(one).toHaveLength(1)
    expect(one).not.toEqual(other)
  })

  test('CR-15 the order in the policy does not matter', () => {
    expect(found([{ ...TUPLE, attributes: [...NAME].reverse() }], { claims: ADA })).toEqual(whole)
  })

  test('CR-22 row 21 one spelling of one person', () => {
    expect(found([TUPLE], { claims: { ...ADA, given_name: ' ADÁ ' } })).toEqual(whole)
    const strict = { ...TUPLE, folding: { case: false, diacritics: false } }
    expect(found([strict], { claims: { ...ADA, given_name: 'ADA' } })).not.toEqual(
      found([strict], { claims: ADA }),
    )
  })

  test.each([
    ['without the date', { given_name: 'Ada' }],
    ['with an empty name', { ...ADA, given_name: '' }],
    ['with a list for a name', { ...ADA, given_name: ['Ada'] }],
    ['with a date that is none', { ...ADA, birthdate: '1990-13-02' }],
    ['with a date in another form', { ...ADA, birthdate: '02/01/1990' }],
    ['with a number for a date', { ...ADA, birthdate: 19900102 }],
  ])('CR-22 IT-03 a tuple %s is none', (_, claims) => {
    expect(found([TUPLE], { claims: claims as JsonObject })).toEqual([])
  })

  test('VP-095 credentials that agree are one person; those that do not give no tuple', () => {
    const agrees = { queryId: 'diploma', claims: { given_name: 'ada' } }
    const differs = { queryId: 'diploma', claims: { given_name: 'Bo' } }
    const unreadable = { queryId: 'diploma', claims: { given_name: ['Ada'] } }
    expect(found([TUPLE], { claims: ADA }, agrees)).toEqual(whole)
    expect(found([TUPLE], { claims: ADA }, differs)).toEqual([])
    expect(found([TUPLE], { claims: ADA }, unreadable)).toEqual([])
  })

  test('a tuple of one credential is read from it alone, and its issuer belongs to it', () => {
    const scoped = { ...TUPLE, credential: 'pid' }
    const differs = { queryId: 'diploma', issuer: 'uni', claims: { given_name: 'Bo' } }
    const one = found([scoped], { claims: ADA }, differs)
    expect(one[0]?.namespace).toContain('pid#issuer')
    expect(one).not.toEqual(found([scoped], { claims: ADA, issuer: 'pid#other' }))
    expect(found([scoped], { queryId: 'diploma', claims: ADA })).toEqual([])
  })
})
