import { expect, test } from 'vitest'
import { readCallback } from '../../src/institution/callback.ts'

const REFUSAL = expect.objectContaining({
  failure: { kind: 'institution_refused', reason: 'response_invalid' },
})

test.each([
  ['no parameters', ''],
  ['no state', 'code=a'],
  ['empty state', 'code=a&state='],
  ['neither code nor error', 'state=s'],
  ['empty code', 'state=s&code='],
  ['empty error', 'state=s&error='],
  ['code and error', 'state=s&code=a&error=access_denied'],
  ['code and empty error', 'state=s&code=a&error='],
  ['empty code and error', 'state=s&code=&error=access_denied'],
  ['code twice', 'state=s&code=a&code=a'],
  ['state twice', 'state=s&state=s&code=a'],
  ['iss twice', 'state=s&code=a&iss=x&iss=x'],
  ['an unknown parameter twice', 'state=s&code=a&x=1&x=2'],
  ['a code of 4 KiB and one', `state=s&code=${'c'.repeat(4097)}`],
  ['a code of 4 KiB characters, more in bytes', `state=s&code=${'%C3%A4'.repeat(2049)}`],
  ['a state too long', `state=${'s'.repeat(513)}&code=a`],
])('UP-24 %s is refused', (_name, query) => {
  expect(() => readCallback(new URLSearchParams(query))).toThrow(REFUSAL)
})

test('UP-24 a code of 4 KiB is read, with state and issuer', () => {
  const code = 'c'.repeat(4096)
  const parameters = new URLSearchParams({ state: 's', code, iss: 'https://idp.example.org' })
  expect(readCallback(parameters)).toEqual({
    state: 's',
    iss: 'https://idp.example.org',
    answer: { code },
  })
})

test('UP-23 an error is an answer like a code; its description is not taken in', () => {
  const parameters = new URLSearchParams({
    state: 's',
    error: 'access_denied',
    error_description: '<b>no</b>',
  })
  expect(readCallback(parameters)).toEqual({
    state: 's',
    iss: undefined,
    answer: { error: 'access_denied' },
  })
})

test('parameters of no meaning to us are ignored (RFC 6749 section 4.1.2)', () => {
  const callback = readCallback(new URLSearchParams('code=a&session_state=x&state=s&foo=bar'))
  expect(callback).toEqual({ state: 's', iss: undefined, answer: { code: 'a' } })
})
