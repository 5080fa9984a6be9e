import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encrypt } from '../../demo/wallet-answer.ts'
import { hashSecret, randomText } from '../../src/crypto/random.ts'
import { BridgeError } from '../../src/domain/failure.ts'
import { type Lookup, lookupOf, openResponse, readForm } from '../../src/wallet/response.ts'
import { createResponseKey } from '../../src/wallet/response-encryption.ts'
import { refusalOf } from './world.ts'

const STATE = randomText()
const { privateKey, publicJwk } = createResponseKey()
const VP_TOKEN = { eduid: ['a~b~c'] }
const encrypted = { privateKey, mode: 'direct_post.jwt' } as const
const plain = { privateKey, mode: 'direct_post' } as const

function form(members: Record<string, string>): Map<string, string> {
  return new Map(Object.entries(members))
}

function sealed(payload: unknown, state = STATE): Lookup {
  return lookupOf(form({ response: encrypt(payload, { kid: hashSecret(state), ...publicJwk }) }))
}

function bodyOf(text: string): Uint8Array {
  return Buffer.from(text)
}

describe('the form', () => {
  it('VP-070 is read, with escapes and plus signs', () => {
    expect([...readForm(bodyOf('state=a%2Bb+c&vp_token=%7B%22%C3%A4%22%3A1%7D&empty='))]).toEqual([
      ['state', 'a+b c'],
      ['vp_token', '{"ä":1}'],
      ['empty', ''],
    ])
  })

  it('VP-070 may be empty', () => expect(readForm(bodyOf('')).size).toBe(0))

  const parameters = (count: number) =>
    Array.from({ length: count }, (_, at) => `p${at}=1`).join('&')
  it('VP-070 may have 16 parameters', () => expect(readForm(bodyOf(parameters(16))).size).toBe(16))

  it.each([
    ['VP-070 a parameter twice', bodyOf('state=a&state=b'), 'invalid_request'],
    [
      'VP-070 a parameter twice, one of them escaped',
      bodyOf('state=a&st%61te=b'),
      'invalid_request',
    ],
    ['VP-070 17 parameters', bodyOf(parameters(17)), 'invalid_request'],
    ['VP-070 escapes that are not UTF-8', bodyOf('state=%ff'), 'invalid_request'],
    ['VP-070 half an escape', bodyOf('state=%a'), 'invalid_request'],
    ['VP-070 raw octets', Uint8Array.of(0x61, 0x3d, 0xff), 'invalid_request'],
    ['VP-070 more than a megabyte', new Uint8Array(1_048_577).fill(0x61), 'payload_too_large'],
  ])('%s is refused', async (_, body, kind) => {
    expect(await refusalOf(() => readForm(body))).toBe(kind)
  })
})

describe('whose answer it is', () => {
  it('VP-079 an encrypted one by the kid, without being opened', () => {
    expect(sealed({})).toMatchObject({ kind: 'encrypted', stateHash: hashSecret(STATE) })
  })

  it('VP-079 a plain one by the state', () => {
    expect(lookupOf(form({ vp_token: '{}', state: STATE }))).toEqual({
      kind: 'plain',
      stateHash: hashSecret(STATE),
      vpToken: '{}',
    })
  })

  it.each([
    'invalid_request',
    'invalid_client',
    'invalid_scope',
    'access_denied',
    'vp_formats_not_supported',
    'invalid_request_uri_method',
    'invalid_transaction_data',
    'wallet_unavailable',
  ])('VP-083 the error %s is known', (error) => {
    expect(lookupOf(form({ error, state: STATE }))).toEqual({
      kind: 'error',
      stateHash: hashSecret(STATE),
      error,
    })
  })

  it('VP-083 another error is unknown, and its description is not kept', () => {
    const description = '<script>alert(1)</script>'
    const lookup = lookupOf(
      form({ error: description, error_description: description, state: STATE }),
    )
    expect(lookup).toMatchObject({ error: 'unknown_error' })
    expect(JSON.stringify(lookup)).not.toContain('script')
  })

  it.each([
    ['VP-071 nothing', {}, 'malformed_response'],
    ['VP-004 a plain one without state', { vp_token: '{}' }, 'malformed_response'],
    ['VP-004 an error without state', { error: 'access_denied' }, 'malformed_response'],
    ['VP-004 an empty state', { vp_token: '{}', state: '' }, 'malformed_response'],
    [
      'VP-004 a state of 513 characters',
      { vp_token: '{}', state: 'x'.repeat(513) },
      'malformed_response',
    ],
    [
      'VP-071 two kinds at once',
      { vp_token: '{}', response: 'a.b.c.d.e', state: STATE },
      'malformed_response',
    ],
    [
      'VP-074 a token beside an error',
      { vp_token: '{}', error: 'access_denied', state: STATE },
      'malformed_response',
    ],
    [
      'VP-071 a signed JWT as response',
      { response: 'eyJhbGciOiJFUzI1NiJ9.e30.AAAA' },
      'unencrypted_response',
    ],
    [
      'VP-071 a kid that is no hash',
      { response: encrypt({}, { kid: 'k', ...publicJwk }) },
      'malformed_response',
    ],
    [
      'VP-141 the presentation_submission of draft 25',
      { vp_token: '{}', state: STATE, [`presentation_${'submission'}`]: '{}' },
      'malformed_response',
    ],
    [
      'VP-001 an id_token that nobody asked for',
      { vp_token: '{}', state: STATE, id_token: 'x' },
      'malformed_response',
    ],
  ])('%s is refused', async (_, members, reason) => {
    expect(await refusalOf(() => lookupOf(form(members as Record<string, string>)))).toBe(reason)
  })
})

describe('what it says', () => {
  it('VP-071 an encrypted presentation', () => {
    const answer = openResponse(sealed({ vp_token: VP_TOKEN, state: STATE }), encrypted)
    expect(answer).toEqual({ kind: 'presentation', vpToken: new Map(Object.entries(VP_TOKEN)) })
  })

  it('VP-090 a presentation in the clear', () => {
    const lookup = lookupOf(form({ vp_token: JSON.stringify(VP_TOKEN), state: STATE }))
    expect(openResponse(lookup, plain)).toEqual({
      kind: 'presentation',
      vpToken: new Map(Object.entries(VP_TOKEN)),
    })
  })

  it('VP-074 an error in the clear, though encryption was asked for', () => {
    const lookup = lookupOf(form({ error: 'access_denied', state: STATE }))
    expect(openResponse(lookup, encrypted)).toEqual({ kind: 'error', error: 'access_denied' })
  })

  it('VP-071 what nobody defined rides along and counts for nothing', () => {
    const presentation = { kind: 'presentation', vpToken: new Map(Object.entries(VP_TOKEN)) }
    const more = { iss: 'https://wallet.example', code: 'x', expires_in: 1 }
    const inside = sealed({ vp_token: VP_TOKEN, state: STATE, ...more })
    expect(openResponse(inside, encrypted)).toEqual(presentation)
    // Beside the encrypted answer not even `state` does.
    const response = encrypt(
      { vp_token: VP_TOKEN, state: STATE },
      { kid: hashSecret(STATE), ...publicJwk },
    )
    const beside = lookupOf(form({ response, state: randomText(), iss: 'x', code: 'y' }))
    expect(beside).toEqual({ kind: 'encrypted', stateHash: hashSecret(STATE), response })
    expect(openResponse(beside, encrypted)).toEqual(presentation)
    const clear = lookupOf(form({ vp_token: JSON.stringify(VP_TOKEN), state: STATE, iss: 'x' }))
    expect(openResponse(clear, plain)).toEqual(presentation)
  })

  it('VP-083 an encrypted error', () => {
    expect(openResponse(sealed({ error: 'access_denied', state: STATE }), encrypted)).toEqual({
      kind: 'error',
      error: 'access_denied',
    })
  })

  it.each([
    [
      'VP-073 the state of another session',
      { vp_token: VP_TOKEN, state: randomText() },
      'state_mismatch',
    ],
    ['VP-073 no state', { vp_token: VP_TOKEN }, 'state_mismatch'],
    ['VP-073 a state that is no text', { vp_token: VP_TOKEN, state: [STATE] }, 'state_mismatch'],
    ['VP-071 no token', { state: STATE }, 'malformed_response'],
    ['VP-071 a nested JWT', 'eyJhbGciOiJub25lIn0.e30.', 'malformed_response'],
    ['VP-071 an array', [VP_TOKEN], 'malformed_response'],
    [
      'VP-074 a token beside an error',
      { vp_token: VP_TOKEN, error: 'x', state: STATE },
      'malformed_response',
    ],
    [
      'VP-141 a presentation_submission inside',
      { vp_token: VP_TOKEN, state: STATE, [`presentation_${'submission'}`]: {} },
      'malformed_response',
    ],
    ['VP-090 a bare string', { vp_token: 'a~b', state: STATE }, 'malformed_response'],
    ['VP-090 a bare array', { vp_token: ['a~b'], state: STATE }, 'malformed_response'],
    [
      'VP-141 a bare string per query, as in draft 24',
      { vp_token: { eduid: 'a~b' }, state: STATE },
      'malformed_response',
    ],
    ['VP-090 an empty array', { vp_token: { eduid: [] }, state: STATE }, 'malformed_response'],
    ['VP-092 null', { vp_token: { eduid: null }, state: STATE }, 'malformed_response'],
    [
      'VP-090 a presentation that is no text',
      { vp_token: { eduid: [{}] }, state: STATE },
      'malformed_response',
    ],
    [
      'VP-090 text and something else',
      { vp_token: { eduid: ['a', 1] }, state: STATE },
      'malformed_response',
    ],
  ])('%s is refused', async (_, payload, reason) => {
    expect(await refusalOf(() => openResponse(sealed(payload), encrypted))).toBe(reason)
  })

  it.each([
    ['VP-090 a key __proto__', '{"__proto__":["a"]}'],
    ['SD-17 a key twice', '{"a":["x"],"a":["y"]}'],
    ['VP-090 no JSON', 'a~b'],
  ])('%s is refused', async (_, vpToken) => {
    const lookup = lookupOf(form({ vp_token: vpToken, state: STATE }))
    expect(await refusalOf(() => openResponse(lookup, plain))).toBe('malformed_response')
  })

  it('VP-074 a presentation in the clear is refused where encryption was asked for', async () => {
    const lookup = lookupOf(form({ vp_token: JSON.stringify(VP_TOKEN), state: STATE }))
    expect(await refusalOf(() => openResponse(lookup, encrypted))).toBe('unencrypted_response')
  })

  it('VP-005 an encrypted one is refused where none was asked for', async () => {
    expect(
      await refusalOf(() => openResponse(sealed({ vp_token: VP_TOKEN, state: STATE }), plain)),
    ).toBe('malformed_response')
  })

  it('RE-07 any form ends in an answer or in a typed refusal', () => {
    const name = fc.constantFrom('response', 'vp_token', 'state', 'error', 'x')
    const value = fc.oneof(fc.string(), fc.json(), fc.constant(STATE))
    const attempt = fc.property(fc.dictionary(name, value), (members) => {
      try {
        openResponse(lookupOf(form(members)), plain)
      } catch (error) {
        expect(error).toBeInstanceOf(BridgeError)
      }
    })
    fc.assert(attempt, { seed: 8, numRuns: 500 })
  })

  it('RE-07 any body is a form or refused', () => {
    const attempt = fc.property(fc.uint8Array({ maxLength: 64 }), (body) => {
      try {
        readForm(body)
      } catch (error) {
        expect(error).toBeInstanceOf(BridgeError)
      }
    })
    fc.assert(attempt, { seed: 9, numRuns: 300 })
  })
})
