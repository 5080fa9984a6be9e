import { expect, test } from 'vitest'
import type { BindingId, MatchId } from '../../src/domain/ids.ts'
import { decideUnlink, type OwnMatch, textsIn } from '../../src/domain/unlink.ts'

const match = (id: string, side: 'A' | 'B', type?: 'EMAIL'): OwnMatch => ({
  id: id as MatchId,
  side,
  type: type ?? (side === 'A' ? 'KEY' : 'SUBJECT_ID'),
  hash: `#${id}`,
})
const binding = (id: string, on: string, account: string, proved: readonly string[] = [on]) => ({
  id: id as BindingId,
  matchId: on as MatchId,
  accountHash: `#${account}`,
  proved: proved.map((name) => `#${name}`),
})
const end = (matches: OwnMatch[], bindings: ReturnType<typeof binding>[], named: string) =>
  decideUnlink(matches, bindings, named as MatchId)

const [key, other, subject, account, second] = [
  match('key', 'A'),
  match('other', 'A'),
  match('subject', 'A'),
  match('account', 'B'),
  match('second', 'B'),
]

test('item 6 a wallet ends with what was proved together with it; the account stays', () => {
  const bound = binding('b', 'key', 'account', ['key', 'subject'])
  expect(end([key, subject, account], [bound], 'key')).toEqual({
    ...{ matches: ['key', 'subject'], bindings: ['b'] },
  })
})

test('item 6 what another wallet rests on as well stays', () => {
  const bindings = [
    binding('b', 'key', 'account', ['key', 'subject']),
    binding('c', 'other', 'account', ['other', 'subject']),
  ]
  expect(end([key, other, subject, account], bindings, 'key')).toEqual({
    ...{ matches: ['key'], bindings: ['b'] },
  })
})

test('item 6 an account ends with every wallet that was linked to it alone', () => {
  const bindings = [
    binding('b', 'key', 'account'),
    binding('c', 'other', 'second'),
    binding('d', 'other', 'account'),
  ]
  expect(end([key, other, account, second], bindings, 'account')).toEqual({
    ...{ matches: ['account', 'key'], bindings: ['b', 'd'] },
  })
})

test('item 6 with the last binding everything of the wallet’s side ends, keys nobody proved anything with too', () => {
  expect(end([key, other, account], [binding('b', 'key', 'account')], 'key')).toEqual({
    ...{ matches: ['key', 'other'], bindings: ['b'] },
  })
  expect(end([key], [], 'other')).toBeUndefined()
})

test('hashes are found in fingerprints of any depth', () => {
  expect(textsIn({ a: 'x', b: { hash: 'y', version: 1 }, c: null })).toEqual(['x', 'y'])
})

test('item 6 an account’s address ends with the last link that told of it, and ends none itself', () => {
  const address = match('address', 'B', 'EMAIL')
  const one = binding('b', 'key', 'account', ['key', 'account', 'address'])
  const two = binding('c', 'other', 'account', ['other', 'account', 'address'])
  const matches = [key, other, account, address]
  expect(end(matches, [one, two], 'key')).toEqual({ matches: ['key'], bindings: ['b'] })
  expect(end(matches, [one], 'key')).toEqual({
    ...{ matches: ['address', 'key', 'other'], bindings: ['b'] },
  })
  expect(end(matches, [one, two], 'address')).toEqual({ matches: ['address'], bindings: [] })
  const elsewhere = binding('d', 'other', 'second', ['other', 'second'])
  expect(end([...matches, second], [one, elsewhere], 'account')).toEqual({
    ...{ matches: ['account', 'address', 'key'], bindings: ['b'] },
  })
})
