import { describe, expect, test } from 'vitest'
import {
  allNamed,
  commonTo,
  loginClaimsText,
  readClaimsRequest,
  readLoginClaims,
} from '../../src/domain/claims-request.ts'

const KNOWN = new Set(['given_name', 'email'])
const read = (request: unknown) => readClaimsRequest(JSON.stringify(request), KNOWN)

describe('OpenID Connect Core 5.5', () => {
  test('claims by name and place, with and without more about them; what nobody here has is passed over', () => {
    const asked = read({
      userinfo: {
        given_name: { essential: true },
        email: null,
        nickname: { essential: 'whatever it means there' },
        'email#nl': null,
      },
      id_token: { email: { value: 'a@b.example', purpose: 'unknown members count for nothing' } },
      another_place: { given_name: null },
    })
    expect(asked).toEqual({
      named: { userinfo: ['given_name', 'email'], idToken: ['email'] },
      ...{ acr: undefined, subjects: undefined },
    })
    expect(read({})).toMatchObject({ named: { userinfo: [], idToken: [] } })
    expect(read({ id_token: null, userinfo: null })?.named).toEqual({ userinfo: [], idToken: [] })
  })

  test('acr with one value or several, essential or not', () => {
    expect(read({ id_token: { acr: { essential: true, values: ['a', 'b'] } } })?.acr).toEqual({
      ...{ values: ['a', 'b'], essential: true },
    })
    expect(read({ id_token: { acr: { value: 'a' } } })?.acr).toEqual({
      ...{ values: ['a'], essential: false },
    })
    expect(read({ id_token: { acr: { essential: true } } })?.acr).toBeUndefined()
    expect(read({ id_token: { acr: null } })?.acr).toBeUndefined()
    expect(read({ userinfo: { acr: { value: 'a' } } })?.acr).toBeUndefined()
  })

  test('sub with a value in either place; both have to fit', () => {
    expect(read({ id_token: { sub: { value: 's' } } })?.subjects).toEqual(['s'])
    expect(read({ userinfo: { sub: { values: ['s', 't'] } } })?.subjects).toEqual(['s', 't'])
    const both = { id_token: { sub: { values: ['s', 't'] } }, userinfo: { sub: { value: 't' } } }
    expect(read(both)?.subjects).toEqual(['t'])
    expect(read({ ...both, userinfo: { sub: { value: 'u' } } })?.subjects).toEqual([])
    expect(read({ id_token: { sub: null } })?.subjects).toBeUndefined()
  })

  test.each([
    ['not JSON', '{'],
    ['no object', '[]'],
    ['a text', '"given_name"'],
    ['a place that is none', '{"userinfo":["given_name"]}'],
    ['a claim that is neither null nor an object', '{"userinfo":{"given_name":true}}'],
    ['essential that is no boolean', '{"userinfo":{"given_name":{"essential":"yes"}}}'],
    ['an acr that is no text', '{"id_token":{"acr":{"value":3}}}'],
    ['subjects that are no list', '{"id_token":{"sub":{"values":"s"}}}'],
    ['a member twice', '{"userinfo":{"email":null,"email":null}}'],
    ['a member that no object has of its own', '{"userinfo":{"__proto__":{"email":null}}}'],
    ['too deep', `{"userinfo":{"x":${'['.repeat(9)}${']'.repeat(9)}}}`],
    ['too many values', JSON.stringify({ id_token: { sub: { values: Array(101).fill('s') } } })],
  ])('%s is no such request', (_, text) => {
    expect(readClaimsRequest(text, KNOWN)).toBeUndefined()
  })
})

test('what a login keeps of it, and nothing where there is nothing', () => {
  const named = { idToken: ['email'], userinfo: [] }
  expect(loginClaimsText(undefined, undefined)).toBeNull()
  expect(loginClaimsText({ idToken: [], userinfo: [] }, undefined)).toBeNull()
  expect(readLoginClaims(loginClaimsText(named, undefined))).toEqual(named)
  expect(readLoginClaims(loginClaimsText(undefined, ['email'])).agreed).toEqual(['email'])
  expect(readLoginClaims(null)).toEqual({ idToken: [], userinfo: [] })
  expect(allNamed(named)).toEqual(['email'])
  expect([commonTo(undefined, ['a']), commonTo(['a', 'b'], ['b', 'c'])]).toEqual([['a'], ['b']])
})
