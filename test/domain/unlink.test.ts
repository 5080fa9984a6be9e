import { expect, test } from 'vitest'
import type { BindingId, MatchId } from '../../src/domain/ids.ts'
import { decideUnlink, type OwnMatch, textsIn } from '../../src/domain/unlink.ts'

const match = (id: string, side: 'A' | 'B'): OwnMatch => ({
  id: id as MatchId,
  side,
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
