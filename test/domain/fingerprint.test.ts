import { expect, test } from 'vitest'
import { hashMoves } from '../../src/domain/fingerprint.ts'
import type { HashedIdentifier } from '../../src/domain/identifier.ts'
import type { IdentityId } from '../../src/domain/ids.ts'
import type { HolderHash } from '../../src/domain/text.ts'

const ME = 'me' as IdentityId
const hashed = (hash: string, version: number, standing?: 'ahead' | 'hint') => ({
  ...{ hash: hash as HolderHash, version, ...(standing === undefined ? {} : { standing }) },
})
const KEY: HashedIdentifier = {
  ...{ material: 'holder_key', type: 'KEY', hashKey: 'A', strength: 'identifies' },
  hashes: [hashed('key 2', 2), hashed('key 3', 3, 'ahead'), hashed('key 1', 1)],
}
const moved = { from: 'key 1', to: 'key 2', version: 2 }
const hit = (hash: string, print: string, identityId = ME) => ({
  ...{ identityId, hash },
  binding: { fingerprints: { holder_key: { hash: print, version: 0 } } },
})

test('CR-44 what still stands under an older version moves: a match, or a fingerprint alone', () => {
  expect(hashMoves(ME, [KEY], [hit('key 1', 'key 1')])).toEqual([moved])
  expect(hashMoves(ME, [KEY], [hit('key 2', 'key 1')])).toEqual([moved])
  expect(hashMoves(ME, [KEY], [{ ...hit('key 1', ''), binding: undefined }])).toEqual([moved])
})

test('CR-44 nothing moves where all is current, is somebody else’s, or is ahead already', () => {
  expect(hashMoves(ME, [KEY], [hit('key 2', 'key 2')])).toEqual([])
  expect(hashMoves(ME, [KEY], [hit('key 1', 'key 1', 'another' as IdentityId)])).toEqual([])
  expect(hashMoves(ME, [KEY], [hit('key 3', 'key 3')])).toEqual([])
  expect(hashMoves(ME, [KEY], [])).toEqual([])
})
