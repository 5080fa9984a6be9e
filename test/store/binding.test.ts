import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { BindingId, IdentityId, MatchId, ProviderId } from '../../src/domain/ids.ts'
import type { HolderHash, InstitutionHash, Sealed } from '../../src/domain/text.ts'
import { findBindingOfAccount } from '../../src/store/account-binding.ts'
import {
  countAllBindings,
  countInactiveBindings,
  findBindingByHolder,
  findBindingsByMatch,
  findInactiveBindings,
  findSoftDeletedBindingsPastRetention,
  hardDeleteBinding,
  insertBinding,
  updateBinding,
} from '../../src/store/binding.ts'
import { StatementFailed } from '../../src/store/database.ts'
import { insertMatch, softDeleteMatch } from '../../src/store/match.ts'
import { day, ONE, startTenantDatabase, type TenantDatabase, TWO } from './tenant-database.ts'

let tenants: TenantDatabase
beforeAll(async () => {
  tenants = await startTenantDatabase()
})
beforeEach(async () => {
  await tenants.look('DELETE FROM identity_link_binding; DELETE FROM identity_match')
  await addMatch('m1')
  await addMatch('m2')
})
afterAll(() => tenants.stop())

const id = (word: string) => word as BindingId
const match = (word: string) => word as MatchId
const holder = (word: string) => word as HolderHash
const account = (word: string) => word as InstitutionHash

async function addMatch(name: string, tenantId = ONE): Promise<void> {
  const step = insertMatch({
    ...{ id: match(name), tenantId, hash: holder(`holder of ${name}`), hashKey: 'A' },
    ...{ hashKeyVersion: 1, type: 'KEY', metadata: null, now: day(1), usedAt: day(1) },
    identityId: 'person' as IdentityId,
  })
  await tenants.run(step, tenantId)
}

const CONTENT = {
  ...{ institutionHash: account('account'), institutionHashVersion: 1, sealedVersion: 1 },
  ...{ institutionId: 'sealed id' as Sealed, attributes: 'sealed attributes' as Sealed },
  ...{ providerId: 'p1' as ProviderId, label: 'sub', assurance: '{}', fingerprints: '{}' },
  ...{ attributePolicyVersion: '1', materialPolicyVersion: '2', selectorPolicyVersion: '3' },
  ...{ expiresAt: null, credentialStatus: null, statusDueAt: null },
}

async function addBinding(
  name: string,
  on: { day?: number; match?: string; account?: string } = {},
) {
  const matchId = match(on.match ?? 'm1')
  return await tenants.run(
    insertBinding({
      ...CONTENT,
      ...{ id: id(name), tenantId: ONE, matchId, holderHash: holder(`holder of ${matchId}`) },
      ...{ holderHashVersion: 1, institutionHash: account(on.account ?? 'account') },
      now: day(on.day ?? 1),
      usedAt: day(on.day ?? 1),
    }),
  )
}

const deleteMatch = (name: string, n: number) =>
  tenants.run(softDeleteMatch({ tenantId: ONE, id: match(name), reason: 'INACTIVE', now: day(n) }))
const deleteBinding = (name: string, n: number) =>
  tenants.look(`UPDATE identity_link_binding SET deleted_at = '${day(n)}' WHERE id = '${name}'`)

describe('looking up', () => {
  test('a match has its live bindings, the one used last first', async () => {
    await addBinding('b1', { day: 1 })
    await addBinding('b2', { day: 3 })
    await addBinding('b3', { day: 2 })
    await addBinding('b4', { match: 'm2' })
    await deleteBinding('b3', 4)
    const found = await tenants.run(findBindingsByMatch({ tenantId: ONE, matchId: match('m1') }))
    expect(found.map((binding) => binding.id)).toEqual(['b2', 'b1'])
  })

  test('a holder has theirs under any readable hash, and none once the match is deleted', async () => {
    await addBinding('b1', { match: 'm1', day: 1 })
    await addBinding('b2', { match: 'm2', day: 2 })
    const ofBoth = findBindingByHolder({
      tenantId: ONE,
      hashes: [holder('holder of m1'), holder('holder of m2')],
    })
    expect((await tenants.run(ofBoth)).map((binding) => binding.id)).toEqual(['b2', 'b1'])
    await deleteMatch('m2', 5)
    expect((await tenants.run(ofBoth)).map((binding) => binding.id)).toEqual(['b1'])
    expect(await tenants.run(ofBoth, TWO)).toEqual([])
  })

  test('the binding of one wallet to one account is found for refreshing in place', async () => {
    await addBinding('b1', { account: 'this' })
    await addBinding('b2', { account: 'that' })
    const institutionHashes = [account('newer'), account('that')]
    const step = findBindingOfAccount({ tenantId: ONE, matchIds: [match('m1')], institutionHashes })
    expect(await tenants.run(step)).toEqual([{ id: 'b2', key_identity_id: null }])
  })
})

describe('refreshing', () => {
  test('every part that reconciliation proves is replaced, and it is stale no more; id and creation stay', async () => {
    await addBinding('b1', { day: 1 })
    const changed = {
      ...{ institutionHash: account('account again'), institutionHashVersion: 2, sealedVersion: 3 },
      ...{ institutionId: 'other id' as Sealed, attributes: 'other attributes' as Sealed },
      ...{ providerId: 'p2' as ProviderId, label: 'eppn', assurance: '{"acr":[]}' },
      ...{ fingerprints: '{"a":1}', attributePolicyVersion: '4', materialPolicyVersion: '5' },
      ...{ selectorPolicyVersion: '6', expiresAt: day(30), now: day(9), usedAt: day(9) },
      ...{ credentialStatus: 'status' as Sealed, statusDueAt: day(40) },
      ...{ matchId: match('m1'), holderHash: holder('lasting'), holderHashVersion: 2 },
    }
    await tenants.look(`UPDATE identity_link_binding SET stale_since = '${day(5)}'`)
    const step = updateBinding({ ...changed, id: id('b1'), tenantId: ONE })
    expect(await tenants.run(step)).toEqual([{ changed: 1 }])
    expect(await tenants.look('SELECT * FROM identity_link_binding')).toEqual([
      {
        ...{ id: 'b1', tenant_id: ONE, match_id: 'm1', created_at: day(1), deleted_at: null },
        ...{ holder_identifier_hash: 'lasting', holder_hash_key_version: 2 },
        ...{ expires_at: day(30), stale_since: null },
        ...{ institution_identifier_hash: 'account again', institution_hash_key_version: 2 },
        ...{ encrypted_institution_id: 'other id', encrypted_institution_id_key_version: 3 },
        ...{ persisted_attributes_envelope: 'other attributes', provider_id: 'p2' },
        ...{ institution_id_label: 'eppn', assurance_summary: '{"acr":[]}' },
        ...{ canonical_schema_version: '4', material_profile_version: '5' },
        ...{ selector_rule_version: '6', material_fingerprints: '{"a":1}', deletion_reason: null },
        ...{ updated_at: day(9), last_used_at: day(9), reconcile_time: day(9) },
        ...{ credential_status: 'status', status_due_at: day(40), inactivity_warned_at: null },
        key_identity_id: null,
      },
    ])
    await deleteBinding('b1', 10)
    expect(await tenants.run(step), 'a deleted one stays as it is').toEqual([{ changed: 0 }])
  })

  test('SG-04 PG-09 a binding cannot point at a match of another tenant', async () => {
    await addMatch('theirs', TWO)
    const crossing = addBinding('b1', { match: 'theirs' })
    await expect(crossing).rejects.toBeInstanceOf(StatementFailed)
    await expect(crossing).rejects.toMatchObject({ sqlState: '23503' })
  })
})

describe('ageing', () => {
  test('the inactive ones are walked by id, batch after batch, each once', async () => {
    for (const [name, used] of [
      ['b1', 5],
      ['b2', 1],
      ['b3', 9],
      ['b4', 2],
      ['b5', 3],
    ] as const)
      await addBinding(name, { day: used })
    await deleteBinding('b5', 9)
    const before = day(9)
    const walked: string[] = []
    for (let afterId = ''; ; afterId = walked.at(-1) ?? '') {
      const step = findInactiveBindings({ tenantId: ONE, before, afterId, limit: 2 })
      const batch = await tenants.run(step)
      walked.push(...batch.map((binding) => binding.id))
      if (batch.length < 2) break
    }
    expect(walked).toEqual(['b1', 'b2', 'b4'])
    expect(await tenants.run(countInactiveBindings({ tenantId: ONE, before }))).toEqual([
      { count: 3 },
    ])
    expect(await tenants.run(countAllBindings({ tenantId: ONE }))).toEqual([{ count: 4 }])
    expect(await tenants.run(countAllBindings({ tenantId: TWO }), TWO)).toEqual([{ count: 0 }])
  })

  test('SG-03 past retention are those deleted long enough ago themselves, and those whose match was', async () => {
    await addBinding('b1')
    await addBinding('b2')
    await addBinding('b3', { match: 'm2' })
    await deleteBinding('b1', 10)
    await deleteBinding('b2', 20)
    await deleteMatch('m2', 10)
    const past = async (n: number, limit = 9) => {
      const step = findSoftDeletedBindingsPastRetention({ tenantId: ONE, before: day(n), limit })
      return (await tenants.run(step)).map((binding) => binding.id)
    }
    expect(await past(10)).toEqual([])
    expect(await past(11)).toEqual(['b1', 'b3'])
    expect(await past(21)).toEqual(['b1', 'b2', 'b3'])
    expect(await past(21, 2)).toEqual(['b1', 'b2'])
  })

  test('removing for good takes one row of one tenant', async () => {
    await addBinding('b1')
    await addBinding('b2')
    const remove = hardDeleteBinding({ tenantId: ONE, id: id('b1') })
    expect(await tenants.run(remove, TWO)).toEqual([{ changed: 0 }])
    expect(await tenants.run(remove)).toEqual([{ changed: 1 }])
    expect(await tenants.look('SELECT id FROM identity_link_binding')).toEqual([{ id: 'b2' }])
  })
})
