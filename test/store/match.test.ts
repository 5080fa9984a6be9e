import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { BindingId, IdentityId, MatchId, ProviderId, TenantId } from '../../src/domain/ids.ts'
import type { HolderHash, InstitutionHash, Sealed } from '../../src/domain/text.ts'
import { hardDeleteBinding, insertBinding } from '../../src/store/binding.ts'
import { isUniqueViolation, StatementFailed } from '../../src/store/database.ts'
import {
  countMatches,
  findMatchByHash,
  findMatchesByIdentity,
  findPersonHits,
  findSoftDeletedMatchesPastRetention,
  hardDeleteMatch,
  insertMatch,
  lockGuards,
  softDeleteMatch,
  sweepGuards,
  upgradeMatch,
} from '../../src/store/match.ts'
import { day, ONE, startTenantDatabase, type TenantDatabase, TWO } from './tenant-database.ts'

let tenants: TenantDatabase
beforeAll(async () => {
  tenants = await startTenantDatabase()
})
beforeEach(async () => {
  await tenants.look(
    'DELETE FROM identity_link_binding; DELETE FROM identity_match; DELETE FROM match_guard',
  )
})
afterAll(() => tenants.stop())

const hash = (word: string) => word as HolderHash
const id = (word: string) => word as MatchId

async function addMatch(
  name: string,
  given: { hash?: string; person?: string; tenant?: TenantId } = {},
) {
  const tenantId = given.tenant ?? ONE
  const step = insertMatch({
    ...{ id: id(name), tenantId, hash: hash(given.hash ?? `hash of ${name}`) },
    ...{
      hashKey: 'A',
      hashKeyVersion: 1,
      type: 'KEY',
      metadata: null,
      now: day(1),
      usedAt: day(1),
    },
    identityId: (given.person ?? 'person') as IdentityId,
  })
  return await tenants.run(step, tenantId)
}

const find = (word: string, tenantId = ONE) =>
  tenants.run(findMatchByHash({ tenantId, hashes: [hash(word)], type: 'KEY' }), tenantId)
const softDelete = (name: string, n: number) =>
  tenants.run(softDeleteMatch({ tenantId: ONE, id: id(name), reason: 'INACTIVE', now: day(n) }))
const hardDelete = (name: string) => tenants.run(hardDeleteMatch({ tenantId: ONE, id: id(name) }))

describe('looking up', () => {
  test('CR-42 one query finds a match under any of the hashes, of that type and tenant only', async () => {
    await addMatch('m1', { hash: 'old' })
    await addMatch('m2', { hash: 'old', tenant: TWO })
    const hashes = [hash('new'), hash('old')]
    const found = await tenants.run(findMatchByHash({ tenantId: ONE, hashes, type: 'KEY' }))
    expect(found.map((match) => match.id)).toEqual(['m1'])
    const other = await tenants.run(findMatchByHash({ tenantId: ONE, hashes, type: 'EMAIL' }))
    expect(other).toEqual([])
    const hits = await tenants.run(findPersonHits({ tenantId: ONE, hashes }))
    expect(hits.map((hit) => hit.match_id)).toEqual(['m1'])
  })

  test('PG-08 the same hash may stand in two tenants, but in one of them only once', async () => {
    await addMatch('m1', { hash: 'same' })
    await addMatch('m2', { hash: 'same', tenant: TWO })
    const refused = addMatch('m3', { hash: 'same' })
    await expect(refused).rejects.toSatisfy((error) => isUniqueViolation(error))
  })

  test('a person has all their live matches, and a tenant its number of live ones', async () => {
    await addMatch('m1')
    await addMatch('m2')
    await addMatch('m3', { person: 'somebody else' })
    await addMatch('m4', { tenant: TWO })
    await softDelete('m2', 2)
    const matches = await tenants.run(
      findMatchesByIdentity({ tenantId: ONE, identityId: 'person' as IdentityId }),
    )
    expect(matches.map((match) => match.id)).toEqual(['m1'])
    expect(await tenants.run(countMatches({ tenantId: ONE }))).toEqual([{ count: 2 }])
  })
})

describe('deleting', () => {
  test('SG-01 GD-09 soft delete moves the hash aside: the row is not found, and the person may come back in a new one', async () => {
    await addMatch('m1', { hash: 'h' })
    expect(await softDelete('m1', 5)).toEqual([{ changed: 1 }])
    expect(await find('h')).toEqual([])
    expect(await tenants.look('SELECT * FROM identity_match')).toMatchObject([
      {
        ...{ id: 'm1', identifier_hash: 'deleted:m1', deleted_identifier_hash: 'h' },
        ...{ deleted_at: day(5), updated_at: day(5), deletion_reason: 'INACTIVE' },
      },
    ])
    await addMatch('m2', { hash: 'h' })
    await softDelete('m2', 6)
    await addMatch('m3', { hash: 'h' })
    expect((await find('h')).map((match) => match.id)).toEqual(['m3'])
  })

  test('GD-09 a second soft delete changes nothing, and a deleted match is never upgraded', async () => {
    await addMatch('m1', { hash: 'h' })
    await softDelete('m1', 5)
    expect(await softDelete('m1', 9)).toEqual([{ changed: 0 }])
    const upgrade = upgradeMatch({
      ...{ tenantId: ONE, id: id('m1'), hashes: [hash('h'), hash('deleted:m1')] },
      ...{ hash: hash('new'), hashKeyVersion: 2, now: day(9), usedAt: day(9) },
    })
    expect(await tenants.run(upgrade)).toEqual([{ changed: 0 }])
    expect(await tenants.look('SELECT deleted_at, identifier_hash FROM identity_match')).toEqual([
      { deleted_at: day(5), identifier_hash: 'deleted:m1' },
    ])
  })

  test('a live match cannot be removed for good', async () => {
    await addMatch('m1')
    expect(await hardDelete('m1')).toEqual([{ changed: 0 }])
    await softDelete('m1', 2)
    expect(await hardDelete('m1')).toEqual([{ changed: 1 }])
    expect(await tenants.look('SELECT FROM identity_match')).toEqual([])
  })

  test('SG-18 a match goes only after its bindings', async () => {
    await addMatch('m1')
    await tenants.run(insertBinding({ ...BINDING, matchId: id('m1') }))
    await softDelete('m1', 2)
    const early = hardDelete('m1')
    await expect(early).rejects.toBeInstanceOf(StatementFailed)
    await expect(early).rejects.toMatchObject({ sqlState: '23503' })
    await tenants.run(hardDeleteBinding({ tenantId: ONE, id: BINDING.id }))
    expect(await hardDelete('m1')).toEqual([{ changed: 1 }])
  })

  test('those past retention come oldest first, as many as are asked for', async () => {
    for (const n of [1, 2, 3, 4]) await addMatch(`m${n}`)
    await softDelete('m1', 12)
    await softDelete('m2', 11)
    await softDelete('m3', 20)
    const past = async (limit: number) => {
      const step = findSoftDeletedMatchesPastRetention({ tenantId: ONE, before: day(20), limit })
      return (await tenants.run(step)).map((match) => match.id)
    }
    expect(await past(10)).toEqual(['m2', 'm1'])
    expect(await past(1)).toEqual(['m2'])
  })

  test('another tenant can delete nothing', async () => {
    await addMatch('m1')
    const theirs = { tenantId: TWO, id: id('m1') }
    const soft = softDeleteMatch({ ...theirs, reason: 'INACTIVE', now: day(2) })
    expect(await tenants.run(soft, TWO)).toEqual([{ changed: 0 }])
    // Even when the statement names the right tenant, the transaction's own decides (PG-01).
    const named = softDeleteMatch({ tenantId: ONE, id: id('m1'), reason: 'INACTIVE', now: day(2) })
    expect(await tenants.run(named, TWO)).toEqual([{ changed: 0 }])
    expect(await tenants.run(hardDeleteMatch(theirs), TWO)).toEqual([{ changed: 0 }])
    expect(await find('hash of m1')).toHaveLength(1)
  })
})

describe('guards', () => {
  test('CR-43 a guard is one row a hash however often it is locked, and is swept by age', async () => {
    const lock = (n: number) =>
      lockGuards({
        tenantId: ONE,
        types: ['KEY', 'KEY'],
        hashes: [hash('b'), hash('a')],
        now: day(n),
      })
    await tenants.run(lock(1))
    await tenants.run(lock(3))
    const sweep = (n: number, limit: number) =>
      tenants.run(sweepGuards({ tenantId: ONE, before: day(n), limit }))
    expect(await sweep(3, 9)).toEqual([{ changed: 0 }])
    expect(await sweep(4, 1)).toEqual([{ changed: 1 }])
    expect(await sweep(4, 9)).toEqual([{ changed: 1 }])
  })
})

const BINDING = {
  ...{ id: 'b1' as BindingId, tenantId: ONE, holderHash: hash('h'), holderHashVersion: 1 },
  ...{ institutionHash: 'i' as InstitutionHash, institutionHashVersion: 1, sealedVersion: 1 },
  ...{
    institutionId: 'sealed' as Sealed,
    attributes: 'sealed' as Sealed,
    now: day(1),
    usedAt: day(1),
  },
  ...{ providerId: 'p' as ProviderId, label: 'sub', assurance: '{}', fingerprints: '{}' },
  ...{ attributePolicyVersion: '1', materialPolicyVersion: '1', selectorPolicyVersion: '1' },
  ...{ expiresAt: null, credentialStatus: null, statusDueAt: null },
}
