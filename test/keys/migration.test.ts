/** Rotating A, B and C over people in the database: what moves, what waits, what is counted (CR-40 to CR-47). */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { accountOf, walletOf } from '../../bench/key-people.ts'
import { auditSubjectHash } from '../../src/crypto/audit-subject.ts'
import { openWithDataKey, unwrapDataKey } from '../../src/crypto/data-key.ts'
import {
  hashHolderIdentifier,
  hashInstitutionIdentifier,
} from '../../src/crypto/identifier-hash.ts'
import { type Keyring, keyCheckValues, parseKeyring } from '../../src/crypto/keyring.ts'
import { type Identifier, NORMALISATION } from '../../src/domain/identifier.ts'
import type { IdentityId, TenantId } from '../../src/domain/ids.ts'
import type { Sealed } from '../../src/domain/text.ts'
import { changeKeyMigration } from '../../src/flow/change-key-migration.ts'
import { forecastKeyMigration } from '../../src/flow/forecast-key-migration.ts'
import { readKeyMigration } from '../../src/flow/read-key-migrations.ts'
import { startKeyMigration } from '../../src/flow/start-key-migration.ts'
import {
  ACTOR,
  empty,
  fill,
  instance,
  type KeyWorld,
  rotation,
  startKeyWorld,
  TENANTS,
} from './world.ts'

let world: KeyWorld
beforeAll(async () => {
  world = await startKeyWorld()
})
beforeEach(() => empty(world))
afterAll(() => world.stop())

const [ONE] = TENANTS as [TenantId]
const PEOPLE = 50
const KEEP = { stragglers: 'keep' } as const

interface Match {
  hash: string
  version: number
  key: 'A' | 'B'
  identity: string
}
const matches = (tenant = ONE) =>
  world.look<Match>(
    `SELECT COALESCE(deleted_identifier_hash, identifier_hash) AS hash, hash_key_version AS version, hash_key AS key,
            internal_identity_id AS identity FROM identity_match WHERE tenant_id = '${tenant}'`,
  )
const versions = async (key: 'A' | 'B') => {
  const found = (await matches()).filter((row) => row.key === key).map(({ version }) => version)
  return [...new Set(found)].toSorted()
}
const input = (identifier: Identifier, tenant = ONE) => ({
  ...identifier,
  tenant,
  normalisation: NORMALISATION,
})
/** Whom a login with this keyring finds by a wallet, and by an account. */
async function known(keyring: Keyring, number: number) {
  const rows = await matches()
  const by = (hashes: readonly { hash: string }[]) =>
    rows.find(({ hash }) => hashes.some((each) => each.hash === hash))?.identity
  return {
    wallet: by(hashHolderIdentifier(keyring, input(walletOf(number)))),
    account: by(hashInstitutionIdentifier(keyring, input(accountOf(number)))),
  }
}
const allKnown = async (keyring: Keyring) =>
  await Promise.all([0, 1, PEOPLE - 1].map((number) => known(keyring, number)))

const sums = ({ processed, failed, skipped, purged, total }: Record<string, unknown>) =>
  Number(processed) + Number(failed) + Number(skipped) + Number(purged) === total

describe('Key B is made anew from the sealed account', () => {
  test('CR-40 every account moves at once, and is found before, during and after', async () => {
    const steps = rotation('B')
    await fill(world, parseKeyring(steps.before), PEOPLE)
    const before = await allKnown(parseKeyring(steps.before))
    const at = instance(world, steps.rotated)
    const started = await startKeyMigration(at, ACTOR, { version: 2, ...KEEP })
    expect(started).toMatchObject({ state: 'running', processed: 0, total: 0 })
    expect(await allKnown(at.keyring)).toEqual(before)
    expect((await at.work())?.word).toBe('ok')
    const run = await readKeyMigration(at, ACTOR, 2)
    // Two tenants; of each person a match and a binding.
    expect(run).toMatchObject({ state: 'completed', processed: 4 * PEOPLE, failed: 0, skipped: 0 })
    expect(sums({ ...run })).toBe(true)
    expect(await versions('B')).toEqual([2])
    expect(await versions('A')).toEqual([1])
    expect(await allKnown(at.keyring)).toEqual(before)
    expect(await allKnown(parseKeyring(steps.retired()))).toEqual(before)
    expect(await allKnown(parseKeyring(steps.pending))).toEqual(before)
  })

  test('CR-40 bindings of one account move together, with their fingerprints', async () => {
    const steps = rotation('B')
    await fill(world, parseKeyring(steps.before), 3)
    const at = instance(world, steps.rotated, { batch: 1 })
    await startKeyMigration(at, ACTOR, { version: 2, ...KEEP })
    await at.work()
    const rows = await world.look<{ hash: string; prints: string }>(
      `SELECT institution_identifier_hash AS hash, material_fingerprints AS prints FROM identity_link_binding`,
    )
    expect(rows).toHaveLength(6)
    for (const { hash, prints } of rows)
      expect(JSON.parse(prints)).toMatchObject({
        provider_subject: { hash, version: 2 },
        holder_key: { version: 1 },
      })
  })

  test('CR-45 an account that does not open, or is not the one that was hashed, fails the run; resumed it goes on', async () => {
    const steps = rotation('B')
    await fill(world, parseKeyring(steps.before), 4)
    const broken = `FROM (SELECT id FROM identity_link_binding WHERE tenant_id = 'one' ORDER BY id LIMIT 2) b WHERE t.id = b.id`
    await world.look(`UPDATE identity_link_binding t SET institution_id_label = 'other' ${broken}`)
    const at = instance(world, steps.rotated)
    await startKeyMigration(at, ACTOR, { version: 2, ...KEEP })
    await at.work()
    const failed = await readKeyMigration(at, ACTOR, 2)
    expect(failed).toMatchObject({ state: 'failed', error: 'records_failed', failed: 2 })
    expect(failed).toMatchObject({ processed: 12, skipped: 2, total: 16 })
    await world.look(`UPDATE identity_link_binding t SET institution_id_label = 'sub' ${broken}`)
    await changeKeyMigration(at, ACTOR, 2, 'resume')
    await at.work()
    const run = await readKeyMigration(at, ACTOR, 2)
    expect(run).toMatchObject({
      state: 'completed',
      processed: 16,
      failed: 0,
      skipped: 0,
      total: 16,
    })
  })

  test('CR-45 an account that only says it has moved is found before the run ends', async () => {
    const steps = rotation('B')
    await fill(world, parseKeyring(steps.before), 4)
    const say = (version: number) =>
      world.look(
        `UPDATE identity_link_binding SET institution_hash_key_version = ${version}
          WHERE id IN (SELECT id FROM identity_link_binding WHERE tenant_id = 'one' ORDER BY id LIMIT 2)`,
      )
    await say(2)
    const at = instance(world, steps.rotated)
    await startKeyMigration(at, ACTOR, { version: 2, ...KEEP })
    await at.work()
    expect(await readKeyMigration(at, ACTOR, 2)).toMatchObject({
      ...{ state: 'failed', error: 'records_failed', failed: 2 },
      ...{ processed: 12, skipped: 2, purged: 0, total: 16 },
    })
    await say(1)
    await changeKeyMigration(at, ACTOR, 2, 'resume')
    await at.work()
    const run = await readKeyMigration(at, ACTOR, 2)
    expect(run).toMatchObject({ state: 'completed', processed: 16, failed: 0, total: 16 })
  })

  test.each([
    ['match', `SELECT id FROM identity_match WHERE hash_key = 'B' AND tenant_id = 'one' LIMIT 1`],
    ['binding', `SELECT id FROM identity_link_binding WHERE tenant_id = 'one' LIMIT 1`],
  ])('CR-47 an account whose %s a login holds stays whole, and follows later', async (_, held) => {
    const steps = rotation('B')
    await fill(world, parseKeyring(steps.before), 5)
    const at = instance(world, steps.rotated)
    await startKeyMigration(at, ACTOR, { version: 2, ...KEEP })
    await world.superuser.query('BEGIN')
    await world.superuser.query(`${held} FOR NO KEY UPDATE`)
    await at.work()
    const open = await readKeyMigration(at, ACTOR, 2)
    expect(open).toMatchObject({ state: 'running', processed: 18, failed: 0, total: 20 })
    await world.superuser.query('COMMIT')
    await at.work()
    const run = await readKeyMigration(at, ACTOR, 2)
    expect(run).toMatchObject({ state: 'completed', processed: 20, failed: 0, total: 20 })
  })

  test('CR-45 an account that two live matches would have fails the run and stays as it is', async () => {
    const steps = rotation('B')
    await fill(world, parseKeyring(steps.before), 3)
    const at = instance(world, steps.rotated)
    const hashes = hashInstitutionIdentifier(at.keyring, input(accountOf(1)))
    const [moved, old] = [2, 1].map((v) => hashes.find(({ version }) => version === v)?.hash)
    await world.look(
      `INSERT INTO identity_match (id, tenant_id, identifier_hash, identifier_type, internal_identity_id, hash_key,
                                   hash_key_version, created_at, updated_at, last_used_at)
       SELECT 'another', tenant_id, '${moved}', identifier_type, 'somebody-else', 'B', 2, created_at, updated_at, last_used_at
         FROM identity_match WHERE identifier_hash = '${old}'`,
    )
    await startKeyMigration(at, ACTOR, { version: 2, ...KEEP })
    await at.work()
    const run = await readKeyMigration(at, ACTOR, 2)
    expect(run).toMatchObject({ state: 'failed', processed: 11, failed: 1, skipped: 1, total: 13 })
    const left = await world.look(
      `SELECT institution_identifier_hash AS hash FROM identity_link_binding WHERE institution_hash_key_version = 1`,
    )
    expect(left).toEqual([{ hash: old }])
  })

  test('what was unlinked moves too, so that it can come back and be erased', async () => {
    const steps = rotation('B')
    await fill(world, parseKeyring(steps.before), 2)
    await world.look(
      `UPDATE identity_match SET deleted_at = last_used_at, deletion_reason = 'USER_UNLINK',
         deleted_identifier_hash = identifier_hash, identifier_hash = 'deleted:' || id WHERE hash_key = 'B'`,
    )
    const at = instance(world, steps.rotated)
    await startKeyMigration(at, ACTOR, { version: 2, ...KEEP })
    await at.work()
    const wanted = hashInstitutionIdentifier(at.keyring, input(accountOf(1)))[0]?.hash
    const rows = (await matches()).filter(({ key }) => key === 'B')
    expect(rows.map(({ hash }) => hash)).toContain(wanted)
    const live = await world.look(
      `SELECT id FROM identity_match WHERE identifier_hash = '${wanted}'`,
    )
    expect(live).toEqual([])
  })

  test('protocols 7.4 accounts that nothing is sealed of are left, nested or purged like wallets', async () => {
    const steps = rotation('B')
    await fill(world, parseKeyring(steps.before), 2)
    await world.look('DELETE FROM identity_link_binding')
    const at = instance(world, steps.nested())
    await startKeyMigration(at, ACTOR, { version: 2, stragglers: 'nest' })
    await at.work()
    expect(await readKeyMigration(at, ACTOR, 2)).toMatchObject({ state: 'completed', processed: 4 })
    expect(await versions('B')).toEqual([3])
    expect(await known(parseKeyring(steps.retired(steps.nested())), 0)).toMatchObject({
      account: expect.any(String),
    })
  })
})

describe('Key A waits for its owners', () => {
  test('CR-40 nothing moves by itself; the run counts who came until its deadline, and then who did not', async () => {
    const steps = rotation('A')
    await fill(world, parseKeyring(steps.before), 3)
    let now = Date.now()
    const at = instance(world, steps.rotated, { clock: () => now })
    const deadline = new Date(now + 86_400_000).toISOString() as never
    await startKeyMigration(at, ACTOR, { version: 2, ...KEEP, deadline })
    await at.work()
    const waits = { state: 'running', processed: 0, skipped: 12, failed: 0, total: 12 }
    expect(await readKeyMigration(at, ACTOR, 2)).toMatchObject(waits)
    // One person comes: their login moves match and binding.
    await world.look(
      `UPDATE identity_match SET hash_key_version = 2, identifier_hash = 'new' WHERE id = (SELECT min(id) FROM identity_match WHERE hash_key = 'A')`,
    )
    now += 120_000
    await at.work()
    expect(await readKeyMigration(at, ACTOR, 2)).toMatchObject({ processed: 1, skipped: 11 })
    now += 86_400_000
    await at.work()
    const run = await readKeyMigration(at, ACTOR, 2)
    expect(run).toMatchObject({ state: 'completed', processed: 1, skipped: 11, total: 12 })
  })

  test('protocols 7.4 (b) at the deadline the rest is nested: found by both keys, and by the old one alone no more', async () => {
    const steps = rotation('A')
    await fill(world, parseKeyring(steps.before), PEOPLE)
    const before = await allKnown(parseKeyring(steps.before))
    const at = instance(world, steps.nested())
    await startKeyMigration(at, ACTOR, { version: 2, stragglers: 'nest' })
    await at.work()
    const run = await readKeyMigration(at, ACTOR, 2)
    expect(run).toMatchObject({ state: 'completed', processed: 4 * PEOPLE, skipped: 0, failed: 0 })
    expect(await versions('A')).toEqual([3])
    expect(await allKnown(parseKeyring(steps.retired(steps.nested())))).toEqual(before)
    expect((await known(parseKeyring(steps.before), 0)).wallet).toBeUndefined()
    const prints = await world.look<{ prints: string; hash: string }>(
      'SELECT material_fingerprints AS prints, holder_identifier_hash AS hash FROM identity_link_binding',
    )
    for (const { prints: text, hash } of prints)
      expect(JSON.parse(text)).toMatchObject({
        holder_key: { hash, version: 3 },
        provider_subject: { version: 1 },
      })
  })

  test('design 4 rows that were nested cannot be rolled back', async () => {
    const steps = rotation('A')
    await fill(world, parseKeyring(steps.before), 1)
    const at = instance(world, steps.nested())
    await startKeyMigration(at, ACTOR, { version: 2, stragglers: 'nest' })
    await at.work()
    const back = instance(world, steps.back(steps.nested()))
    await expect(changeKeyMigration(back, ACTOR, 2, 'rollback')).rejects.toMatchObject({
      failure: { kind: 'conflict' },
    })
  })

  test('CR-40 purge: who was away longer than the rule says is forgotten, the others wait', async () => {
    const steps = rotation('A')
    const keyring = parseKeyring(steps.before)
    await fill(world, keyring, 3, { days: 800 })
    await fill(world, keyring, 2, { days: 10, from: 3 })
    const at = instance(world, steps.rotated)
    await startKeyMigration(at, ACTOR, { version: 2, stragglers: 'purge', inactiveDays: 730 })
    await at.work()
    const run = await readKeyMigration(at, ACTOR, 2)
    expect(run).toMatchObject({
      state: 'completed',
      purged: 12,
      skipped: 8,
      processed: 0,
      total: 20,
    })
    const left = await world.look(`SELECT id FROM identity_match WHERE hash_key = 'A'`)
    expect(left).toHaveLength(4)
    const events = await world.look<{ detail: string }>(
      `SELECT detail FROM audit_event WHERE event_type = 'key_stragglers_purged'`,
    )
    expect(events.map(({ detail }) => JSON.parse(detail))).toEqual([
      { version: 1, matches: 3, bindings: 3 },
      { version: 1, matches: 3, bindings: 3 },
    ])
  })
})

describe('Key C is wrapped anew', () => {
  test('CR-51 CR-53 every person opens under the new key alone, under the same pseudonym', async () => {
    const steps = rotation('C')
    const old = parseKeyring(steps.before)
    await fill(world, old, PEOPLE)
    interface Person {
      id: IdentityId
      wrapped: Sealed
      salt: string
      binding: string
      sealed: Sealed
      version: number
    }
    const people = () =>
      world.look<Person>(
        `SELECT i.id, i.wrapped_data_key AS wrapped, i.audit_salt AS salt, b.id AS binding,
                b.encrypted_institution_id AS sealed, b.encrypted_institution_id_key_version AS version
           FROM identity i JOIN identity_match m ON m.internal_identity_id = i.id JOIN identity_link_binding b ON b.match_id = m.id
          WHERE i.tenant_id = 'one' ORDER BY i.id`,
      )
    const read = (keyring: Keyring, { id, wrapped, salt, binding, sealed }: Person) => {
      const column = 'encrypted_institution_id'
      const place = { tenant: ONE, table: 'identity_link_binding', column, row: binding }
      const key = unwrapDataKey(keyring, ONE, id, wrapped)
      return {
        account: Buffer.from(openWithDataKey(key, place, sealed)).toString(),
        subject: auditSubjectHash(keyring, ONE, salt),
      }
    }
    const before = (await people()).map((person) => read(old, person))
    const at = instance(world, steps.rotated)
    await startKeyMigration(at, ACTOR, { version: 2, ...KEEP })
    await at.work()
    const run = await readKeyMigration(at, ACTOR, 2)
    expect(run).toMatchObject({ state: 'completed', processed: 4 * PEOPLE, failed: 0, skipped: 0 })
    const rows = await people()
    expect(rows.every(({ version }) => version === 2)).toBe(true)
    const retired = parseKeyring(steps.retired())
    expect(rows.map((person) => read(retired, person))).toEqual(before)
  })

  test.each([
    ['is under the old key still', 'wrapped_data_key'],
    ['does not open', `'v1.c2.' || substr(wrapped_data_key, 7)`],
  ])(
    'CR-45 a person who is said to have moved, and whose wrapping %s, is found before the run ends',
    async (_, wrong) => {
      const steps = rotation('C')
      await fill(world, parseKeyring(steps.before), 4)
      await world.look(
        `CREATE TABLE before AS SELECT * FROM identity;
       UPDATE identity SET data_key_version = 2, audit_salt = 'c2.' || substr(audit_salt, 4), wrapped_data_key = ${wrong}
        WHERE id IN (SELECT id FROM identity WHERE tenant_id = 'two' ORDER BY id LIMIT 1)`,
      )
      const at = instance(world, steps.rotated)
      await startKeyMigration(at, ACTOR, { version: 2, ...KEEP })
      await at.work()
      const failed = await readKeyMigration(at, ACTOR, 2)
      expect(failed).toMatchObject({ state: 'failed', error: 'records_failed' })
      expect(failed.failed).toBeGreaterThan(0)
      expect(sums({ ...failed })).toBe(true)
      await world.look(
        `UPDATE identity i SET data_key_version = b.data_key_version, wrapped_data_key = b.wrapped_data_key, audit_salt = b.audit_salt
         FROM before b WHERE b.id = i.id AND i.data_key_version = 2 AND b.tenant_id = 'two'; DROP TABLE before;
       UPDATE identity_link_binding SET encrypted_institution_id_key_version = 1 WHERE tenant_id = 'two'`,
      )
      await changeKeyMigration(at, ACTOR, 2, 'resume')
      await at.work()
      const run = await readKeyMigration(at, ACTOR, 2)
      expect(run).toMatchObject({ state: 'completed', processed: 16, failed: 0, total: 16 })
    },
  )

  test('CR-47 a roll-back while the old key is readable brings everything back', async () => {
    const steps = rotation('C')
    await fill(world, parseKeyring(steps.before), 5)
    const at = instance(world, steps.rotated)
    await startKeyMigration(at, ACTOR, { version: 2, ...KEEP })
    await at.work()
    await expect(changeKeyMigration(at, ACTOR, 2, 'rollback')).rejects.toMatchObject({
      failure: { kind: 'conflict' },
    })
    const back = instance(world, steps.back())
    await changeKeyMigration(back, ACTOR, 2, 'rollback')
    await at.work()
    expect(await readKeyMigration(back, ACTOR, 2)).toMatchObject({ state: 'rolling_back' })
    await back.work()
    const run = await readKeyMigration(back, ACTOR, 2)
    expect(run).toMatchObject({ state: 'rolled_back', processed: 20, total: 20 })
    const wrapped = await world.look<{ version: number }>(
      'SELECT DISTINCT data_key_version AS version FROM identity',
    )
    expect(wrapped).toEqual([{ version: 1 }])
  })
})

describe('a run', () => {
  test('is paused, goes on, is cancelled and resumed; it never counts a row twice', async () => {
    const steps = rotation('C')
    await fill(world, parseKeyring(steps.before), 10)
    const at = instance(world, steps.rotated, { batch: 3 })
    await startKeyMigration(at, ACTOR, { version: 2, ...KEEP })
    expect((await changeKeyMigration(at, ACTOR, 2, 'pause')).state).toBe('paused')
    await at.work()
    expect(await readKeyMigration(at, ACTOR, 2)).toMatchObject({ processed: 0, state: 'paused' })
    await expect(changeKeyMigration(at, ACTOR, 2, 'pause')).rejects.toMatchObject({
      failure: { kind: 'conflict' },
    })
    await changeKeyMigration(at, ACTOR, 2, 'resume')
    const cancelled = await changeKeyMigration(at, ACTOR, 2, 'cancel')
    expect(cancelled).toMatchObject({ state: 'failed', error: 'cancelled' })
    await at.work()
    expect(await readKeyMigration(at, ACTOR, 2)).toMatchObject({ processed: 0 })
    await changeKeyMigration(at, ACTOR, 2, 'resume')
    await at.work()
    const run = await readKeyMigration(at, ACTOR, 2)
    expect(run).toMatchObject({ state: 'completed', processed: 40, total: 40 })
    for (const change of ['pause', 'resume', 'cancel'] as const)
      await expect(changeKeyMigration(at, ACTOR, 2, change)).rejects.toMatchObject({
        failure: { kind: 'conflict' },
      })
  })

  test('CR-47 a batch that is on its way when the run is paused is undone', async () => {
    const steps = rotation('C')
    await fill(world, parseKeyring(steps.before), 6)
    const at = instance(world, steps.rotated, { batch: 2, renewEvery: 0 })
    await startKeyMigration(at, ACTOR, { version: 2, ...KEEP })
    let asked = 0
    // It asks once for the visit, and before each batch, which is worked out already.
    await at.workAnyway(ONE, async () => {
      if (++asked === 3) await changeKeyMigration(at, ACTOR, 2, 'pause')
      return true
    })
    expect(asked).toBe(3)
    const moved = await world.look('SELECT id FROM identity WHERE data_key_version = 2')
    expect(moved).toHaveLength(2)
    expect(await readKeyMigration(at, ACTOR, 2)).toMatchObject({ state: 'paused', processed: 4 })
    await changeKeyMigration(at, ACTOR, 2, 'resume')
    await at.work()
    const run = await readKeyMigration(at, ACTOR, 2)
    expect(run).toMatchObject({ state: 'completed', processed: 24, total: 24 })
  })

  test('CR-45 a tenant that ended keeps no run from its end', async () => {
    const steps = rotation('B')
    await fill(world, parseKeyring(steps.before), 2)
    const end = (when: string, enabled: number) =>
      world.look(`UPDATE tenant SET ended_at = ${when}, enabled = ${enabled} WHERE id = 'two'`)
    await end('created_at', 0)
    const at = instance(world, steps.rotated)
    await startKeyMigration(at, ACTOR, { version: 2, ...KEEP })
    await at.work()
    await end('NULL', 1)
    const run = await readKeyMigration(at, ACTOR, 2)
    expect(run).toMatchObject({ state: 'completed', processed: 8, failed: 0, total: 8 })
  })

  test('CR-47 a worker whose lease is gone writes no batch more', async () => {
    const steps = rotation('C')
    await fill(world, parseKeyring(steps.before), 6)
    const at = instance(world, steps.rotated, { batch: 2, renewEvery: 0 })
    await startKeyMigration(at, ACTOR, { version: 2, ...KEEP })
    let asked = 0
    await at.workAnyway(ONE, () => Promise.resolve(++asked < 4))
    expect(await readKeyMigration(at, ACTOR, 2)).toMatchObject({ state: 'running', processed: 8 })
  })

  test('CR-47 row 59 two workers at once do everything once', async () => {
    const steps = rotation('C')
    await fill(world, parseKeyring(steps.before), 40)
    const at = instance(world, steps.rotated, { batch: 5 })
    await startKeyMigration(at, ACTOR, { version: 2, ...KEEP })
    const other = instance(world, steps.rotated, { batch: 7 })
    await Promise.all(
      [at, other].flatMap((each) => TENANTS.map((tenant) => each.workAnyway(tenant))),
    )
    await at.work()
    const ended = await readKeyMigration(at, ACTOR, 2)
    expect(ended).toMatchObject({ state: 'completed', processed: 160, failed: 0, total: 160 })
  })

  test('CR-47 rows that a login holds are left and found again', async () => {
    const steps = rotation('C')
    await fill(world, parseKeyring(steps.before), 6)
    const at = instance(world, steps.rotated)
    await startKeyMigration(at, ACTOR, { version: 2, ...KEEP })
    await world.superuser.query('BEGIN')
    await world.superuser.query(
      `SELECT id FROM identity WHERE tenant_id = 'one' ORDER BY id LIMIT 1 FOR UPDATE`,
    )
    await at.work()
    const open = await readKeyMigration(at, ACTOR, 2)
    expect(open).toMatchObject({ state: 'running', processed: 22, total: 24 })
    await world.superuser.query('COMMIT')
    await at.work()
    expect(await readKeyMigration(at, ACTOR, 2)).toMatchObject({
      state: 'completed',
      processed: 24,
    })
  })

  test('CR-41 an instance whose keyring is of another step leaves it alone', async () => {
    const steps = rotation('B')
    await fill(world, parseKeyring(steps.before), 2)
    const at = instance(world, steps.rotated)
    await startKeyMigration(at, ACTOR, { version: 2, ...KEEP })
    await instance(world, steps.pending).work()
    expect(await versions('B')).toEqual([1])
    await at.work()
    expect(await versions('B')).toEqual([2])
  })

  test('what cannot be started is refused', async () => {
    const steps = rotation('A')
    const at = instance(world, steps.rotated)
    const refused = (request: Parameters<typeof startKeyMigration>[2], means = at) =>
      expect(startKeyMigration(means, ACTOR, request)).rejects.toMatchObject({
        failure: { kind: expect.stringMatching(/^(conflict|invalid_request)$/) },
      })
    await refused({ version: 1, ...KEEP })
    await refused({ version: 9, ...KEEP })
    await refused({ version: 2, ...KEEP }, instance(world, steps.pending))
    await refused({ version: 2, stragglers: 'nest' })
    await refused({ version: 2, stragglers: 'purge', inactiveDays: 89 })
    await refused({ version: 2, stragglers: 'purge' }, instance(world, rotation('C').rotated))
    await startKeyMigration(at, ACTOR, { version: 2, ...KEEP })
    await refused({ version: 2, ...KEEP })
    const nobody = { id: 'nobody', scopes: ['audit:read'] } as const
    await expect(startKeyMigration(at, nobody, { version: 2, ...KEEP })).rejects.toMatchObject({
      failure: { kind: 'admin_forbidden' },
    })
  })

  test('CR-36 its snapshot names keys and check values, and holds no secret', async () => {
    const steps = rotation('A')
    const at = instance(world, steps.nested())
    await startKeyMigration(at, ACTOR, { version: 2, ...KEEP })
    const [row] = await world.look<{ text: string }>(
      'SELECT config_snapshot AS text FROM key_migration_history',
    )
    const text = row?.text ?? ''
    const { keys } = JSON.parse(steps.nested()) as { keys: { secret?: string }[] }
    expect(keys).toHaveLength(5)
    for (const { secret } of keys) if (secret !== undefined) expect(text).not.toContain(secret)
    const checks = keyCheckValues(at.keyring).map(({ checkValue }) => checkValue)
    const random = [...text.matchAll(/[A-Za-z0-9_-]{20,}/g)].map(([found]) => found)
    expect(random.toSorted()).toEqual(checks.toSorted())
  })
})

test('CR-45 the forecast says who would be left behind, and for how long they have been away', async () => {
  const steps = rotation('A')
  const keyring = parseKeyring(steps.before)
  await fill(world, keyring, 2, { days: 10 })
  await fill(world, keyring, 1, { days: 800, from: 2 })
  const at = instance(world, steps.rotated)
  const one = {
    tenant: 'one',
    rows: [
      { part: 'match', version: 1, count: 3 },
      { part: 'binding', version: 1, count: 3 },
    ],
    ...{ leftBehind: 3, away: [2, 0, 0, 0, 1] },
  }
  expect(await forecastKeyMigration(at, ACTOR, 'A')).toEqual({
    ...{ key: 'A', version: 2, tenants: [one, { ...one, tenant: 'two' }] },
  })
  const moved = instance(world, steps.before)
  const forecast = await forecastKeyMigration(moved, ACTOR, 'A')
  expect(forecast.tenants.map(({ leftBehind }) => leftBehind)).toEqual([0, 0])
})
