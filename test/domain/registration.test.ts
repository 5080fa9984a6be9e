import { describe, expect, it } from 'vitest'
import { DcqlQuery } from '../../src/domain/dcql.ts'
import { countExpiries, expiryOf } from '../../src/domain/expiry.ts'
import { lintPolicies } from '../../src/domain/policy-lint.ts'
import { beyondRegistration, readRegistration } from '../../src/domain/registration.ts'
import { DAY } from '../../src/domain/time.ts'

const registered = (credentials: unknown) => readRegistration({ credentials } as never)

const EDUID = {
  format: 'dc+sd-jwt',
  meta: { vct_values: ['urn:eduid'] },
  claim: [{ path: ['given_name'] }, { path: ['address'] }, { path: ['roles', null] }],
}

function query(members: object = {}) {
  const credential = {
    id: 'eduid',
    format: 'dc+sd-jwt',
    meta: { vct_values: ['urn:eduid'] },
    claims: [{ path: ['given_name'] }],
    ...members,
  }
  return DcqlQuery.parse({ credentials: [credential] })
}

describe('what is registered', () => {
  it.each([
    ['as an object of DCQL', EDUID],
    [
      'as the one type in text, with names for paths',
      {
        ...{ format: 'dc+sd-jwt', meta: 'urn:eduid', claims: [{ path: 'given_name' }] },
      },
    ],
  ])('TR-41 is read %s', (_, credential) => {
    expect(registered([credential])?.[0]).toMatchObject({
      types: ['urn:eduid'],
      paths: [['given_name'], ...(credential === EDUID ? [['address'], ['roles', null]] : [])],
    })
  })

  it.each([
    ['nothing', undefined],
    ['no list', {}],
    ['a credential without a format', [{ meta: 'urn:eduid' }]],
    ['a credential without a type', [{ format: 'dc+sd-jwt' }]],
    ['a claim without a path', [{ ...EDUID, claim: [{}] }]],
    ['a path with an object in it', [{ ...EDUID, claim: [{ path: [{}] }] }]],
    ['more than anybody registers', Array.from({ length: 101 }, () => EDUID)],
  ])('TR-41 %s is none', (_, credentials) => {
    expect(registered(credentials)).toBeUndefined()
  })
})

describe('asking', () => {
  it.each([
    ['a registered claim', {}],
    ['below a registered claim', { claims: [{ path: ['address', 'locality'] }] }],
    ['an element of a registered list', { claims: [{ path: ['roles', 0] }] }],
    ['for the credential alone', { claims: undefined }],
  ])('TR-41 %s is within it', (_, members) => {
    expect(beyondRegistration(query(members), registered([EDUID]) ?? [])).toEqual([])
  })

  it.each([
    [
      'another claim',
      { claims: [{ path: ['given_name'] }, { path: ['birthdate'] }] },
      'claims.1.path',
    ],
    ['above a registered claim', { claims: [{ path: ['roles'] }] }, 'claims.0.path'],
    [
      'a member where elements are registered',
      { claims: [{ path: ['roles', 'x'] }] },
      'claims.0.path',
    ],
    ['another type', { meta: { vct_values: ['urn:eduid', 'urn:pid'] } }, 'meta'],
    [
      'another format',
      { format: 'mso_mdoc', meta: { doctype_value: 'urn:eduid' }, claims: undefined },
      'meta',
    ],
  ])('TR-41 %s is beyond it, and may not be published', (_, members, place) => {
    const asked = query(members)
    const known = registered([EDUID]) ?? []
    const places = beyondRegistration(asked, known).map((one) => one.join('.'))
    expect(places).toEqual([`credentials.0.${place}`])
    const findings = lintPolicies({ query: asked }, { registrations: [known] })
    expect(findings).toMatchObject([{ code: 'beyond_registration', severity: 'error' }])
  })
})

describe('what ends', () => {
  const now = Date.parse('2026-11-22T12:00:00Z')
  const state = (kind: 'request_certificate' | 'trust_anchor', endsAt: number) =>
    expiryOf(kind, { name: 'x', endsAt }, now).state

  it('VP-041 soon is 14 days before for a request certificate, 30 for an anchor', () => {
    expect(state('request_certificate', now + 14 * DAY + 1)).toBe('good')
    expect(state('request_certificate', now + 14 * DAY)).toBe('soon')
    expect(state('trust_anchor', now + 30 * DAY)).toBe('soon')
    expect(state('trust_anchor', now)).toBe('expired')
  })

  it('issue 6 item 8 counts every kind, also where nothing ends', () => {
    const counts = countExpiries([expiryOf('trust_anchor', { name: 'x', endsAt: now + 1 }, now)])
    expect(counts).toMatchObject({
      trust_anchor_soon: 1,
      trust_anchor_expired: 0,
      signing_key_soon: 0,
    })
  })
})
