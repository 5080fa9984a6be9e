import { describe, expect, test } from 'vitest'
import { findablesOf, toldIn } from '../../src/domain/findable.ts'
import type { Strength } from '../../src/domain/identifier.ts'
import { MaterialPolicy } from '../../src/domain/material.ts'
import { shownIdentifiers } from '../../src/domain/shown-identifiers.ts'
import {
  soughtIdentifier,
  type ToldIdentifier,
  worthOf,
} from '../../src/domain/sought-identifier.ts'
import type { HolderHash } from '../../src/domain/text.ts'

const ISSUER = 'pid#https://issuer.example'
const material = MaterialPolicy.parse({
  profiles: [
    {
      id: 'all',
      materials: [
        { type: 'holder_key' },
        { type: 'credential_subject', name: 'student', credential: 'pid', path: ['a', 'sub'] },
        { type: 'did', name: 'did', credential: 'pid', path: ['did'], strength: 'suggests' },
        { type: 'email', name: 'mail', credential: 'pid', path: ['email'] },
        {
          ...{ type: 'claim_tuple', name: 'who', credential: 'pid' },
          attributes: [
            { path: ['given_name'], read: 'name' },
            { path: ['birthdate'], read: 'date' },
          ],
        },
        {
          ...{ type: 'claim_tuple', name: 'anywhere' },
          attributes: [
            { path: ['given_name'], read: 'name' },
            { path: ['n', 'family_name'], read: 'name' },
          ],
        },
        { type: 'provider_subject' },
      ],
    },
  ],
})
const rules = {
  material,
  providers: [
    {
      ...{ slug: 'surf', issuer: 'https://surf.example', identifierAttribute: 'sub' },
      emailIsProof: true,
    },
  ],
}
const keyOfDid = (did: string) => (did === 'did:key:z1' ? 'thumbprint-of-it' : undefined)
const sought = (told: ToldIdentifier) => soughtIdentifier(rules, told, keyOfDid)

const ADA = {
  ...{ a: { sub: 'S-1' }, did: 'did:key:z1#k', email: 'Ada@Example.org' },
  ...{ given_name: 'ÀDA', birthdate: '1990-01-02', n: { family_name: 'Lovelace' } },
}
/** What a login of Ada's wallet would be known by, by the name of the material. */
const shown = new Map(
  shownIdentifiers(
    material,
    {
      holderThumbprint: 'thumbprint',
      credentials: [{ queryId: 'pid', issuer: ISSUER, claims: ADA, provesEmail: true }],
    },
    keyOfDid,
  ).map((identifier) => [identifier.material, identifier]),
)

describe('issue 4.7 what somebody is looked for by', () => {
  const { given_name, birthdate, n } = ADA
  test.each<[string, ToldIdentifier]>([
    ['holder_key', { type: 'KEY', thumbprint: 'thumbprint' }],
    ['student', { type: 'SUBJECT_ID', material: 'student', issuer: ISSUER, value: 'S-1' }],
    ['did', { type: 'DID', did: 'did:key:z1' }],
    ['mail', { type: 'EMAIL', issuer: ISSUER, address: ' ada@EXAMPLE.org' }],
    [
      'who',
      {
        ...{ type: 'CLAIM_TUPLE', material: 'who', issuer: ISSUER },
        claims: { given_name: 'Ada', birthdate, other: 1 },
      },
    ],
    [
      'anywhere',
      {
        ...{ type: 'CLAIM_TUPLE', material: 'anywhere', issuer: undefined },
        claims: { given_name, n },
      },
    ],
  ])('as %s it is the very identifier of a login, under Key A', (name, told) => {
    const { hashKey, material: _, ...identifier } = sought(told) ?? {}
    const { material: own, ...wanted } = shown.get(name) ?? {}
    expect(own).toBe(name)
    expect(hashKey).toBe('A')
    expect(identifier).toEqual(wanted)
  })

  test('an account is the institution’s, under Key B', () => {
    expect(sought({ type: 'SUBJECT_ID', provider: 'surf', value: 'ada' })).toEqual({
      ...{ type: 'SUBJECT_ID', namespace: 'https://surf.example', parts: ['sub', 'ada'] },
      ...{ material: 'provider_subject', strength: 'identifies', hashKey: 'B' },
    })
  })

  test('an account’s address is too, and is another identifier than the same in a credential', () => {
    expect(sought({ type: 'EMAIL', provider: 'surf', address: 'Ada@example.org' })).toEqual({
      ...{ type: 'EMAIL', namespace: 'https://surf.example', parts: ['ada@example.org'] },
      ...{ material: 'provider_email', strength: 'suggests', hashKey: 'B' },
    })
    expect(sought({ type: 'EMAIL', provider: 'other', address: 'a@example.org' })).toBeUndefined()
    const providers = rules.providers.map((one) => ({ ...one, emailIsProof: false }))
    const told = { type: 'EMAIL', provider: 'surf', address: 'Ada@example.org' } as const
    expect(soughtIdentifier({ ...rules, providers }, told, keyOfDid), 'no proof').toBeUndefined()
  })

  const tuple = { type: 'CLAIM_TUPLE', material: 'who', issuer: ISSUER } as const
  const subject = { type: 'SUBJECT_ID', material: 'student', issuer: ISSUER } as const
  test.each<[string, ToldIdentifier]>([
    ['an unknown provider', { type: 'SUBJECT_ID', provider: 'other', value: 'ada' }],
    ['an empty account', { type: 'SUBJECT_ID', provider: 'surf', value: '' }],
    ['an unknown material', { ...subject, material: 'other', value: 'S-1' }],
    ['a material of another type', { ...subject, material: 'who', value: 'S-1' }],
    ['a padded value', { ...subject, value: ' S-1' }],
    ['no DID', { type: 'DID', did: 'https://a.example' }],
    ['no address', { type: 'EMAIL', issuer: ISSUER, address: 'ada' }],
    ['half a tuple', { ...tuple, claims: { given_name: 'Ada' } }],
    ['a day there is not', { ...tuple, claims: { given_name: 'A', birthdate: '1990-02-30' } }],
    ['a number for a name', { ...tuple, claims: { given_name: 1, birthdate } }],
    ['a tuple of nobody’s', { ...tuple, issuer: undefined, claims: { given_name, birthdate } }],
  ])('CR-22 %s is nobody’s', (_, told) => {
    expect(sought(told)).toBeUndefined()
  })

  test('CR-46 a hit under a key that got away alone makes nobody sure', () => {
    const hashes = [
      { hash: 'new' as HolderHash, version: 2 },
      { hash: 'old' as HolderHash, version: 1, standing: 'hint' },
    ] as const
    const worth = (strength: Strength, ...found: string[]) => worthOf({ strength, hashes }, found)
    expect(worth('identifies', 'old')).toBe('suggests')
    expect(worth('identifies', 'old', 'new')).toBe('identifies')
    expect(worth('suggests', 'new')).toBe('suggests')
  })

  test('before a policy is published no material has a name', () => {
    const told = { ...subject, value: 'S-1' }
    expect(soughtIdentifier({ ...rules, material: undefined }, told, keyOfDid)).toBeUndefined()
  })
})

describe('issue 5.1 what a form can ask for', () => {
  test('is every material but keys and DIDs; filled in, it is what a login would show', () => {
    const forms = new Map(findablesOf(material).map((one) => [one.material, one]))
    expect([...forms.keys()]).toEqual(['student', 'mail', 'who', 'anywhere'])
    const fill = (
      name: string,
      values: (string | undefined)[],
      issuer: string | undefined = ISSUER,
    ) => {
      const form = forms.get(name)
      return form && toldIn(form, { issuer, values })
    }
    const { given_name, birthdate, n } = ADA
    const told = {
      student: fill('student', ['S-1']),
      mail: fill('mail', ['ada@example.org']),
      who: fill('who', [given_name, birthdate]),
      anywhere: fill('anywhere', [given_name, n.family_name], undefined),
    }
    for (const [name, one] of Object.entries(told)) {
      const { hashKey, material: _, ...identifier } = (one && sought(one)) ?? {}
      const { material: own, ...wanted } = shown.get(name) ?? {}
      expect([own, hashKey, identifier]).toEqual([name, 'A', wanted])
    }
    expect(fill('who', [given_name, undefined]), 'half of it').toBeUndefined()
    const student = forms.get('student')
    expect(student && toldIn(student, { issuer: undefined, values: ['S-1'] })).toBeUndefined()
  })
})
