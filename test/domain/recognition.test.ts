import { describe, expect, test } from 'vitest'
import { changedMaterials } from '../../src/domain/fingerprint.ts'
import type { HashedIdentifier } from '../../src/domain/identifier.ts'
import type { BindingId, IdentityId, MatchId } from '../../src/domain/ids.ts'
import {
  type BoundHit,
  decidePerson,
  type Hit,
  KNOWN_HOLDER_STATES,
  recognise,
} from '../../src/domain/recognition.ts'
import type { HolderHash, IdentifierType } from '../../src/domain/text.ts'
import { toInstant } from '../../src/domain/time.ts'

const NOW = Date.UTC(2026, 5, 1)
const day = (days: number) => toInstant(NOW + days * 86_400_000)

function identifier(
  type: IdentifierType,
  material: string,
  strength: 'identifies' | 'suggests' = 'identifies',
): HashedIdentifier {
  const at = (version: number) => ({ hash: `${material} ${version}` as HolderHash, version })
  return { material, type, hashKey: 'A', strength, hashes: [at(2), at(1)] }
}
const KEY = identifier('KEY', 'holder_key')
const SUBJECT = identifier('SUBJECT_ID', 'pid')
const DID = identifier('DID', 'did')
const TUPLE = identifier('CLAIM_TUPLE', 'who', 'suggests')
const EMAIL = identifier('EMAIL', 'mail', 'suggests')
const ALL = [KEY, SUBJECT, DID, TUPLE, EMAIL]

function binding(id: string, also: Partial<BoundHit> = {}): BoundHit {
  return {
    ...{ id: id as BindingId, matchId: 'somewhere' as MatchId, usedAt: day(-1), fingerprints: {} },
    ...{ withWallet: true, expiresAt: undefined, staleSince: undefined, ...also },
  }
}

function hit(of: HashedIdentifier, person = 'ada', also: Partial<Hit> = {}): Hit {
  return {
    ...{
      matchId: `${of.material} of ${person}` as MatchId,
      type: of.type,
      hash: of.hashes[0].hash,
    },
    ...{ hashKeyVersion: 2, shared: false, identityId: person as IdentityId },
    ...{ identityStatus: 'ACTIVE', binding: binding(`b of ${person}`), ...also },
  }
}

const see = (hits: readonly Hit[], keyAlone = true, shown = ALL) =>
  recognise(shown, hits, { keyAlone }, NOW)

describe('the states, each reachable', () => {
  test.each([
    ['MATCHED_HOLDER_KEY', [hit(KEY)]],
    ['MATCHED_HOLDER_KEY', [hit(SUBJECT), hit(KEY), hit(TUPLE)]],
    ['MATCHED_SUBJECT', [hit(SUBJECT)]],
    ['MATCHED_SUBJECT', [hit(DID), hit(TUPLE)]],
    ['MATCHED_CLAIM_TUPLE', [hit(TUPLE)]],
    ['MATCHED_CLAIM_TUPLE', [hit(EMAIL)]],
    ['NOT_FOUND', []],
    ['NOT_FOUND', [hit(KEY, 'ada', { binding: undefined })]],
    ['NOT_FOUND', [hit(TUPLE, 'ada', { shared: true })]],
    ['EXPIRED_BINDING', [hit(KEY, 'ada', { binding: binding('b', { expiresAt: day(0) }) })]],
    ['AMBIGUOUS', [hit(KEY), hit(SUBJECT, 'bo')]],
    ['AMBIGUOUS', [hit(TUPLE), hit(EMAIL, 'bo')]],
    ['UNAVAILABLE', [hit(KEY, 'ada', { identityStatus: 'RESTRICTED' })]],
  ] as const)('%s', (state, hits) => expect(see(hits).state).toBe(state))

  test('fault 12 the list of states is the list above', () => {
    expect(KNOWN_HOLDER_STATES).toHaveLength(6)
  })
})

describe('what a hit is worth', () => {
  test('fault 11 a tuple only suggests: nobody is identified by it', () => {
    expect(see([hit(TUPLE)])).toMatchObject({ proof: 'candidate', identityId: 'ada' })
    expect(see([hit(KEY)])).toMatchObject({ proof: 'identified' })
    const strong = { ...TUPLE, strength: 'identifies' as const }
    expect(see([hit(strong)], true, [strong])).toMatchObject({ proof: 'identified' })
  })

  test('a suggestion of somebody else does not keep a person out who is identified', () => {
    expect(see([hit(KEY), hit(TUPLE, 'bo')])).toMatchObject({
      state: 'MATCHED_HOLDER_KEY',
      identityId: 'ada',
      evidence: [{ material: 'holder_key' }],
    })
  })

  test('issue 3.8 where the key alone is refused it needs another identifier of the same person', () => {
    expect(see([hit(KEY)], false)).toMatchObject({ proof: 'candidate' })
    expect(see([hit(KEY), hit(TUPLE)], false)).toMatchObject({ proof: 'identified' })
    expect(see([hit(SUBJECT)], false)).toMatchObject({ proof: 'identified' })
  })

  test('a hash of one type is no hit for another', () => {
    expect(see([hit(KEY, 'ada', { type: 'SUBJECT_ID' })]).state).toBe('NOT_FOUND')
  })
})

describe('evidence and bindings', () => {
  test('CR-42 CR-44 a hit under an older version is one, and says where its row moves', () => {
    const old = hit(KEY, 'ada', { hash: 'holder_key 1' as HolderHash, hashKeyVersion: 1 })
    expect(see([old])).toMatchObject({
      evidence: [{ hash: 'holder_key 2', version: 2, upgrades: true }],
    })
  })

  test('rows are locked in one order, each once, however many bindings there are', () => {
    const hits = [SUBJECT, KEY].flatMap((of) => [
      hit(of, 'ada', { binding: binding('b1') }),
      hit(of, 'ada', { binding: binding('b2') }),
    ])
    const found = see(hits)
    expect('evidence' in found && found.evidence.map(({ matchId }) => matchId)).toEqual([
      'holder_key of ada',
      'pid of ada',
    ])
    expect('bindings' in found && found.bindings).toHaveLength(2)
  })

  test('bindings: the shown wallet first, then the most recently used; expired ones are left out', () => {
    const matchId = 'holder_key of ada' as MatchId
    const all = [
      binding('old', { usedAt: day(-9) }),
      binding('new', { usedAt: day(-2) }),
      binding('own', { usedAt: day(-20), matchId }),
      binding('gone', { usedAt: day(-1), expiresAt: day(-1) }),
    ]
    const found = see(all.map((each) => hit(KEY, 'ada', { binding: each })))
    expect('bindings' in found && found.bindings.map(({ id }) => id)).toEqual(['own', 'new', 'old'])
  })
})

describe('fingerprints are compared', () => {
  const proved = { pid: { hash: 'pid 2', version: 2 }, who: { hash: 'who before', version: 2 } }

  test('issue 3.2 a changed material is named and makes the binding stale', () => {
    expect(changedMaterials(proved, ALL)).toEqual(['who'])
    const found = see([hit(KEY, 'ada', { binding: binding('b', { fingerprints: proved }) })])
    expect(found).toMatchObject({ bindings: [{ changed: ['who'], stale: true }] })
  })

  test('what is not shown, was not proved, or was kept under a version that is gone, has not changed', () => {
    expect(changedMaterials(proved, [KEY, SUBJECT])).toEqual([])
    expect(changedMaterials({}, ALL)).toEqual([])
    expect(changedMaterials({ who: { hash: 'who before', version: 7 } }, ALL)).toEqual([])
  })

  test('issue 3.8 a fresh key is no change', () => {
    expect(changedMaterials({ holder_key: { hash: 'another', version: 2 } }, ALL)).toEqual([])
  })

  test('stale once, stale until it is proved again', () => {
    const stale = binding('b', { staleSince: day(-3) })
    expect(see([hit(KEY, 'ada', { binding: stale })])).toMatchObject({
      bindings: [{ changed: [], stale: true }],
    })
  })
})

describe('rows under a key that got away, and under one that is ahead of ours', () => {
  const leaked = {
    ...KEY,
    hashes: [
      { hash: 'key 2' as HolderHash, version: 2 },
      { hash: 'key 1' as HolderHash, version: 1, standing: 'hint' },
    ],
  } as const
  const [, old] = leaked.hashes

  test('CR-46 a hit under a leaked key proves nobody: the person is a candidate', () => {
    const found = see([hit(leaked, 'ada', { hash: old.hash })], true, [leaked])
    expect(found).toMatchObject({ state: 'MATCHED_HOLDER_KEY', proof: 'candidate' })
    expect(see([hit(leaked)], true, [leaked])).toMatchObject({ proof: 'identified' })
  })

  test('CR-46 beside something that identifies it says no more', () => {
    const hits = [hit(leaked, 'bo', { hash: old.hash }), hit(SUBJECT)]
    const found = see(hits, true, [leaked, SUBJECT])
    expect(found).toMatchObject({ proof: 'identified', identityId: 'ada' })
  })

  test('CR-41 a row that another instance wrote with a newer key is left there', () => {
    const ahead = {
      ...KEY,
      hashes: [
        { hash: 'key 2' as HolderHash, version: 2 },
        { hash: 'key 3' as HolderHash, version: 3, standing: 'ahead' },
      ],
    } as const
    const found = see(
      [hit(ahead, 'ada', { hash: ahead.hashes[1].hash, hashKeyVersion: 3 })],
      true,
      [ahead],
    )
    expect(found).toMatchObject({
      proof: 'identified',
      evidence: [{ hash: 'key 3', version: 3, upgrades: false }],
    })
  })
})

describe('who a proven pair belongs to', () => {
  const side = (person: string, also: object = {}) => ({
    ...{ side: 'A' as const, strength: 'identifies' as const, shared: false, hint: false },
    ...{ matchId: person as MatchId, identityId: person as IdentityId, ...also },
  })

  test.each([
    ['new', []],
    ['new', [side('ada', { strength: 'suggests' })]],
    ['new', [side('ada', { shared: true })]],
    ['join', [side('ada'), side('ada', { side: 'B' })]],
    ['join', [side('ada', { side: 'B' }), side('bo', { strength: 'suggests' })]],
    ['conflict', [side('ada'), side('bo', { side: 'B' })]],
    // CR-46: under a key that got away.
    ['unconfirmed', [side('ada', { hint: true })]],
    ['join', [side('ada', { hint: true }), side('ada', { side: 'B' })]],
    ['conflict', [side('ada', { hint: true }), side('bo', { side: 'B' })]],
  ] as const)('%s', (kind, hits) => expect(decidePerson(hits).kind).toBe(kind))
})
