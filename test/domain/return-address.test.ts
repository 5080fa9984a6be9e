import { expect, test } from 'vitest'
import { withParameters } from '../../src/domain/return-address.ts'

test.each([
  ['https://app.example/cb', 'https://app.example/cb?code=c&iss=i'],
  ['https://app.example', 'https://app.example?code=c&iss=i'],
  ['https://app.example/cb?', 'https://app.example/cb?code=c&iss=i'],
  ['https://app.example/cb?flag', 'https://app.example/cb?flag&code=c&iss=i'],
  ["https://app.example/cb?q=(a%20b)'&", "https://app.example/cb?q=(a%20b)'&code=c&iss=i"],
  ['https://app.example/a/../cb', 'https://app.example/a/../cb?code=c&iss=i'],
])('OP-01 RFC 6749 3.1.2 what is registered stays, character by character: %s', (address, full) => {
  expect(withParameters(address, { code: 'c', state: undefined, iss: 'i' })).toBe(full)
})

test('values are encoded, so that none adds a parameter, a fragment or a line', () => {
  const url = withParameters('https://app.example/cb', { state: 'a&code=x#y\r\nz é' })
  expect(url).toMatch(/^https:\/\/app\.example\/cb\?state=[\w%+]+$/)
  expect(new URL(url).searchParams.get('state')).toBe('a&code=x#y\r\nz é')
  expect(withParameters('https://app.example/cb', { state: undefined })).toBe(
    'https://app.example/cb',
  )
})
