/** Two persons found to be one, and told apart again: over HTTP for what a relying party sees, by rows for the rest. */
import { fetchUserInfo } from 'openid-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { walletOf } from '../../demo/people.ts'
import type { Wallet } from '../../demo/wallet.ts'
import type { IdentityId, MergeId } from '../../src/domain/ids.ts'
import { SPLIT_TIME } from '../../src/domain/merge.ts'
import { mergeIdentities } from '../../src/flow/merge-identities.ts'
import { splitIdentities } from '../../src/flow/split-identities.ts'
import { ACTOR, type Bridge, logIn, startBridge, type TestTenant } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { sealsOf } from '../threats/attack.ts'
import {
  accountOf,
  demoPerson,
  identityOf,
  knownLogin,
  newPerson,
  type Person,
  resealAsSurvivor,
  rowsOf,
  startTenant,
} from './people.ts'

let bridge: Bridge
beforeAll(async () => {
  bridge = await startBridge()
})
afterAll(() => bridge.stop())

const merge = (tenant: TestTenant, merged: Person, surviving: Person) =>
  mergeIdentities(bridge.deps, ACTOR, tenant.slug, {
    mergedId: merged.id,
    survivingId: surviving.id,
  })
const split = (tenant: TestTenant, id: MergeId) =>
  splitIdentities(bridge.deps, ACTOR, tenant.slug, id)
const subjectOf = async (tenant: TestTenant, wallet: Wallet) =>
  (await knownLogin(tenant, wallet)).claims.sub
const claimsOf = async (tenant: TestTenant, { wallet, claims }: Person) =>
  (await knownLogin(tenant, wallet, String(claims.family_name))).claims

interface Texts {
  id: string
  key_identity_id: string | null
  encrypted_institution_id: string
  persisted_attributes_envelope: string
}
const textsOf = (tenant: TestTenant) => rowsOf<Texts>(bridge, tenant, 'identity_link_binding')
const putTexts = (row: Texts, key: string | null) =>
  query(
    bridge.database.superuserUrl,
    `UPDATE identity_link_binding SET key_identity_id = ${key === null ? 'NULL' : `'${key}'`},
            encrypted_institution_id = '${row.encrypted_institution_id}',
            persisted_attributes_envelope = '${row.persisted_attributes_envelope}' WHERE id = '${row.id}'`,
  )

describe('item 6 merge', () => {
  test('both wallets are one person with the older subject, claims still open, and tokens from before are over', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'merging')
    const done = await merge(tenant, newer, older)
    expect(done).toMatchObject({ mergedId: newer.id, survivingId: older.id, splitAt: undefined })
    expect(await claimsOf(tenant, newer)).toEqual({ ...newer.claims, sub: older.claims.sub })
    expect(await subjectOf(tenant, older.wallet)).toBe(older.claims.sub)
    for (const { configuration, accessToken, sub } of [newer, older])
      await expect(fetchUserInfo(configuration, accessToken, sub)).rejects.toMatchObject({
        status: 401,
      })
  })

  test('the older subject wins, whichever of the two survives', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'surviving')
    await merge(tenant, older, newer)
    expect(await subjectOf(tenant, older.wallet)).toBe(older.claims.sub)
    expect(await subjectOf(tenant, newer.wallet)).toBe(older.claims.sub)
  })

  test('a sector that only the merged person had keeps its subject', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'sectors')
    await query(
      bridge.database.superuserUrl,
      `UPDATE pairwise_subject SET sector = 'elsewhere.example' WHERE identity_id = '${older.id}'`,
    )
    await merge(tenant, newer, older)
    expect(await subjectOf(tenant, older.wallet)).toBe(newer.claims.sub)
  })

  test('an account of the merged person leads a new wallet to the survivor', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'joining')
    await merge(tenant, newer, older)
    const wallet = await walletOf(demoPerson('milan'), bridge.issuer)
    const { login } = await logIn(bridge, wallet, { tenant, user: accountOf('milan') })
    expect(login.claims.sub).toBe(older.claims.sub)
    expect(await identityOf(bridge, tenant, login.claims.sub)).toBe(older.id)
  })

  test('is refused for one person twice, for strangers, for the not active, and for another tenant’s people', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'refusing')
    const other = await startTenant(bridge, 'refusing-other')
    const nobody = { ...newer, id: crypto.randomUUID() as IdentityId }
    const kindOf = (work: Promise<unknown>) =>
      work.then(
        () => 'done',
        (error: { failure?: { kind: string } }) => error.failure?.kind,
      )
    expect(await kindOf(merge(tenant, older, older))).toBe('invalid_request')
    expect(await kindOf(merge(tenant, older, nobody))).toBe('not_found')
    expect(await kindOf(merge(tenant, nobody, older))).toBe('not_found')
    expect(await kindOf(merge(tenant, older, other.newer))).toBe('not_found')
    await merge(tenant, newer, older)
    expect(await kindOf(merge(tenant, older, newer))).toBe('conflict')
    const set = (status: string) =>
      query(
        bridge.database.superuserUrl,
        `UPDATE identity SET status = '${status}' WHERE id = '${other.older.id}'`,
      )
    await set('RESTRICTED')
    expect(await kindOf(merge(other.tenant, other.newer, other.older))).toBe('conflict')
    expect(await kindOf(merge(other.tenant, other.older, other.newer))).toBe('conflict')
  })

  test('fifty at once, in both directions, make one merge, told once in the trail', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'hurried')
    const tries = await Promise.allSettled(
      Array.from({ length: 50 }, (_, n) =>
        n % 2 === 0 ? merge(tenant, newer, older) : merge(tenant, older, newer),
      ),
    )
    const done = tries.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    expect(done).toHaveLength(25)
    expect(new Set(done.map(({ id }) => id)).size).toBe(1)
    const events = await rowsOf(bridge, tenant, 'audit_event', "event_type = 'identities_merged'")
    expect(events).toHaveLength(1)
    expect(await rowsOf(bridge, tenant, 'identity_merge')).toHaveLength(1)
    expect(await rowsOf(bridge, tenant, 'identity', "status = 'MERGED'")).toHaveLength(1)
  })

  test('the trail names both by their pseudonyms and nobody by an id', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'told')
    const { id } = await merge(tenant, newer, older)
    await split(tenant, id)
    const events = await rowsOf<{ event_type: string; subject_hash: string; detail: string }>(
      bridge,
      tenant,
      'audit_event',
      "event_type LIKE 'identities_%' ORDER BY seq",
    )
    expect(events.map(({ event_type }) => event_type)).toEqual([
      'identities_merged',
      'identities_split',
    ])
    const logins = await rowsOf<{ subject_hash: string }>(
      bridge,
      tenant,
      'audit_event',
      "event_type = 'binding_created' ORDER BY seq",
    )
    for (const { subject_hash, detail } of events) {
      expect(subject_hash).toBe(logins[0]?.subject_hash)
      expect(JSON.parse(detail)).toMatchObject({
        ...{ actor: ACTOR.id, merge: id, matches: 2, bindings: 1 },
        merged_subject: logins[1]?.subject_hash,
      })
      expect(detail).not.toContain(newer.id)
    }
  })
})

describe('item 6 split', () => {
  test('gives each of them back exactly what was theirs, subjects and keys included', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'splitting')
    const look = async () => ({
      matches: await rowsOf(
        bridge,
        tenant,
        'identity_match',
        'true ORDER BY id',
        'id, identifier_hash, internal_identity_id, deleted_at',
      ),
      bindings: await rowsOf(
        bridge,
        tenant,
        'identity_link_binding',
        'true ORDER BY id',
        'id, match_id, key_identity_id, encrypted_institution_id, persisted_attributes_envelope, deleted_at',
      ),
      subjects: await rowsOf(bridge, tenant, 'pairwise_subject', 'true ORDER BY subject'),
      people: await rowsOf(bridge, tenant, 'identity', 'true ORDER BY id'),
    })
    const before = await look()
    const { id } = await merge(tenant, newer, older)
    expect(await look()).not.toEqual(before)
    const taken = await split(tenant, id)
    expect(taken.splitBy).toBe(ACTOR.id)
    expect(await look()).toEqual(before)
    expect(await claimsOf(tenant, newer)).toEqual(newer.claims)
    expect(await claimsOf(tenant, older)).toEqual(older.claims)
    expect(await sealsOf(bridge, 'splitting')).toMatchObject({ texts: 4, untold: 0, older: 0 })
  })

  test('what came meanwhile stays with the survivor; what was refreshed goes back under its own person’s key', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'meanwhile')
    const { id } = await merge(tenant, newer, older)
    // A third wallet by the merged person's account: the account goes back, the new wallet stays where it was made.
    const third = await walletOf(demoPerson('milan'), bridge.issuer)
    const joined = await logIn(bridge, third, { tenant, user: accountOf('milan') })
    expect(joined.login.claims.sub).toBe(older.claims.sub)
    // As a forced reconciliation does: the merged person's binding sealed anew under the survivor's key.
    await resealAsSurvivor(bridge, tenant, newer, older)
    expect((await claimsOf(tenant, newer)).given_name).toBe(newer.claims.given_name)
    const before = await textsOf(tenant)
    await split(tenant, id)
    expect(await claimsOf(tenant, newer)).toEqual(newer.claims)
    // Row 41: what the split sealed is told of, and what it replaced is not to come back under the key it had.
    expect(await sealsOf(bridge, 'meanwhile')).toMatchObject({ untold: 0, older: 0 })
    const after = await textsOf(tenant)
    for (const row of before) await putTexts(row, row.key_identity_id ?? older.id)
    expect(await sealsOf(bridge, 'meanwhile')).toMatchObject({ untold: 0, older: 2 })
    for (const row of after) await putTexts(row, row.key_identity_id)
    expect(await sealsOf(bridge, 'meanwhile')).toMatchObject({ untold: 0, older: 0 })
    const ended = await rowsOf(
      bridge,
      tenant,
      'identity_link_binding',
      "deletion_reason = 'IDENTITY_SPLIT'",
    )
    expect(ended).toHaveLength(1)
    // The third wallet is a stranger's again, and the account leads it to whom the account belongs.
    const proved = await logIn(bridge, third, { tenant, user: accountOf('milan') })
    expect([proved.viaInstitution, proved.login.claims.sub]).toEqual([true, newer.claims.sub])
    const own = await rowsOf<{ id: string }>(
      bridge,
      tenant,
      'identity_match',
      `internal_identity_id = '${newer.id}' AND deleted_at IS NULL`,
    )
    expect(own).toHaveLength(3)
    // Were the survivor erased now, the merged person's binding would still open: its key is its own.
    const [binding] = await rowsOf<{ key_identity_id: string | null }>(
      bridge,
      tenant,
      'identity_link_binding',
      `match_id IN (SELECT id FROM identity_match WHERE internal_identity_id = '${newer.id}')`,
    )
    expect(binding?.key_identity_id).toBeNull()
  })

  test('fifty at once split once, told once', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'torn-apart')
    const { id } = await merge(tenant, newer, older)
    const done = await Promise.all(Array.from({ length: 50 }, () => split(tenant, id)))
    expect(new Set(done.map(({ splitAt }) => splitAt)).size).toBe(1)
    const events = await rowsOf(bridge, tenant, 'audit_event', "event_type = 'identities_split'")
    expect(events).toHaveLength(1)
  })

  test('is possible for 30 days and not a moment longer', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'too-late')
    const { id } = await merge(tenant, newer, older)
    bridge.clock.advance(SPLIT_TIME + 1000)
    await expect(split(tenant, id)).rejects.toMatchObject({ failure: { kind: 'conflict' } })
    bridge.clock.advance(-2000)
    await split(tenant, id)
    bridge.clock.advance(1000 - SPLIT_TIME)
    expect(await subjectOf(tenant, newer.wallet)).toBe(newer.claims.sub)
  })

  test('a chain is taken apart from its end: A into B, B into C', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'chain')
    const third = await newPerson(bridge, tenant, 'noor')
    const first = await merge(tenant, newer, older)
    await expect(merge(tenant, third, newer)).rejects.toMatchObject({
      failure: { kind: 'conflict' },
    })
    const second = await merge(tenant, older, third)
    for (const { wallet } of [older, newer, third])
      expect(await subjectOf(tenant, wallet)).toBe(older.claims.sub)
    await expect(split(tenant, first.id)).rejects.toMatchObject({ failure: { kind: 'conflict' } })
    await split(tenant, second.id)
    expect(await subjectOf(tenant, third.wallet)).toBe(third.claims.sub)
    expect(await subjectOf(tenant, newer.wallet)).toBe(older.claims.sub)
    await split(tenant, first.id)
    expect(await claimsOf(tenant, newer)).toEqual(newer.claims)
    expect(await claimsOf(tenant, older)).toEqual(older.claims)
  })

  test('two merged into one can be split in any order', async () => {
    const { tenant, older, newer } = await startTenant(bridge, 'two-in-one')
    const third = await newPerson(bridge, tenant, 'noor')
    const first = await merge(tenant, older, third)
    const second = await merge(tenant, newer, third)
    await split(tenant, first.id)
    expect(await subjectOf(tenant, older.wallet)).toBe(older.claims.sub)
    expect(await subjectOf(tenant, third.wallet)).toBe(newer.claims.sub)
    await split(tenant, second.id)
    for (const person of [older, newer, third])
      expect(await claimsOf(tenant, person)).toEqual(person.claims)
  })
})
