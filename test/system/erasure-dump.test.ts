/**
 * What is left of an erased person in a dump, in the files of tables and indexes, in logs and metrics: a real pg_dump of a
 * real Postgres 15.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { walletOf } from '../../demo/people.ts'
import { createKeyringText } from '../../src/crypto/keyring.ts'
import type { IdentityId } from '../../src/domain/ids.ts'
import { mergeIdentities } from '../../src/flow/merge-identities.ts'
import { runJobHere } from '../../src/jobs.ts'
import { migrate, migrationFolder, readMigrations } from '../../src/store/migrate.ts'
import { marksOf } from '../erasure/world.ts'
import { type Admin, adminWith } from '../http/admin/client.ts'
import { openOwn } from '../people/own-data.ts'
import { accountOf, demoPerson, newPerson, type Person, rowsOf } from '../people/people.ts'
import { ACTOR, type Bridge, logIn, startBridge, type TestTenant } from '../support/bridge.ts'
import { type Postgres15, startPostgres15 } from './postgres15.ts'

const DATABASE = 'bridge'
const DAY = 86_400_000
const keyring = createKeyringText()

let server: Postgres15
let bridge: Bridge
let admin: Admin
let tenant: TestTenant
let person: Person
let other: Person
/** Every value in any row by which the person can be told from others. */
let marks: readonly string[]
/** Of the trail, which nothing can compute again. */
let pseudonyms: readonly string[]

beforeAll(async () => {
  server = await startPostgres15()
  await server.ask('postgres', 'CREATE ROLE owner LOGIN CREATEROLE CREATEDB')
  await server.ask('postgres', `CREATE DATABASE ${DATABASE} OWNER owner TEMPLATE template0`)
  await migrate(server.urlOf(DATABASE, 'owner'), await readMigrations(migrationFolder()))
  await server.ask(DATABASE, 'CREATE ROLE runtime LOGIN IN ROLE identity_bridge_app')
  bridge = await startBridge({
    keyring,
    database: {
      ...{ name: DATABASE, ownerUrl: server.urlOf(DATABASE, 'owner') },
      ...{ runtimeUrl: server.urlOf(DATABASE, 'runtime'), superuserUrl: server.urlOf(DATABASE) },
      drop: () => Promise.resolve(),
    },
  })
  admin = await adminWith(bridge, ['privacy:erase', 'identities:manage', 'clients:manage'])
  tenant = await bridge.addTenant('marked', { singleSignOnMinutes: 30 })
  person = await fill()
  marks = await marksOf(server.urlOf(DATABASE))
  const events = await rowsOf<{ subject_hash: string | null }>(bridge, tenant, 'audit_event')
  pseudonyms = events.flatMap((row) => row.subject_hash ?? [])
  other = await newPerson(bridge, tenant, 'milan')
})
afterAll(async () => {
  await bridge.stop()
  server.stop()
})

/** Two wallets, one of them unlinked; somebody merged into them; data of an institution; a journey of their own; messages. */
async function fill(): Promise<Person> {
  const listener = { client_id: 'app', delivery: 'poll' }
  expect((await admin.post('/tenants/marked/event-subscriptions', listener)).status).toBe(201)
  const sanne = await newPerson(bridge, tenant, 'sanne')
  const noor = await newPerson(bridge, tenant, 'noor')
  const merged = { mergedId: noor.id, survivingId: sanne.id }
  await mergeIdentities(bridge.deps, ACTOR, 'marked', merged)
  const second = await walletOf(demoPerson('sanne'), bridge.issuer)
  await logIn(bridge, second, { tenant, user: accountOf('sanne') })
  const { browser, url } = await openOwn(tenant, sanne.wallet)
  await browser.post(`${url}/attributes`, { 'attribute:family_name': 'yes' })
  const [match] = await rowsOf<{ id: string }>(bridge, tenant, 'identity_match', "hash_key = 'A'")
  const base = `/tenants/marked/identities/${sanne.id}/matches/${match?.id}`
  expect((await admin.post(`${base}/unlink`, { reason: 'USER_UNLINK' })).status).toBe(200)
  await server.ask(
    DATABASE,
    `INSERT INTO auxiliary_data (id, tenant_id, identity_id, category, encrypted_payload, created_at, updated_at)
     SELECT 'aux-of-the-marked-person-0001', tenant_id, id, 'library', 'v1.payload-of-the-marked-person', created_at, created_at
       FROM identity WHERE id = '${sanne.id}'`,
  )
  const asked = { ground: 'objection', persons: [sanne.id] }
  await admin.put('/tenants/marked/erasure-policy', { four_eyes: true, wait_hours: 1 })
  expect((await admin.post('/tenants/marked/erasure-requests', asked)).status).toBe(200)
  return sanne
}

/** The dump's rows by table, and everything else of it (definitions) under an empty name. */
function dump(): Map<string, string> {
  const text = execFileSync('pg_dump', ['-d', server.urlOf(DATABASE)], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  const tables = new Map<string, string>()
  let table = ''
  for (const line of text.split('\n')) {
    const begun = /^COPY public\.(\w+) /.exec(line)?.[1]
    table = line === '\\.' ? '' : (begun ?? table)
    tables.set(table, `${tables.get(table) ?? ''}${line}\n`)
  }
  return tables
}

/** Marks in the files of tables (`r`, `t`) or indexes (`i`), by relation, as the disk has them. */
async function onDisk(kinds: readonly string[]): Promise<string[]> {
  await server.ask(DATABASE, 'CHECKPOINT')
  const relations = await server.ask<{ name: string; file: string | null }>(
    DATABASE,
    `SELECT relname AS name, pg_relation_filepath(oid) AS file FROM pg_class WHERE relkind::text = ANY ('{${kinds.join()}}')`,
  )
  return relations.flatMap(({ name, file }) => {
    if (file === null) return []
    const bytes = readFileSync(path.join(server.data, file))
    return marks.filter((mark) => bytes.includes(mark)).map((mark) => `${name}: ${mark}`)
  })
}

/** By which a row leads to the person still, or which a key could open. */
const isStrong = (mark: string) =>
  (/^(v1\.|uEi|no-wallet)/.test(mark) && !pseudonyms.includes(mark)) || mark === person.sub
const run = (name: string) => {
  const { db, config } = bridge.deps
  return runJobHere({ config, db, keyring: bridge.deps.keyring, clock: bridge.clock.now }, name)
}

/** Random ids that stay: of the persons and of what the receipt and the trail are about; of tombstones until the purge. */
const MAY_STAY = ['identity', 'audit_event', 'erasure', 'erasure_request']

test('the search finds the person before: in the dump, in tables and in indexes', async () => {
  expect(marks.length).toBeGreaterThan(80)
  const dumped = [...dump().values()].join('')
  // COPY doubles backslashes, and JSON in JSON has some.
  const plain = marks.filter((mark) => !mark.includes('\\'))
  expect(plain.filter((mark) => !dumped.includes(mark))).toEqual([])
  const inIndexes = await onDisk(['i'])
  for (const index of [
    'identity_match_tenant_id_identifier_hash_identifier_type_key',
    'pairwise_subject_pkey',
  ])
    expect(
      inIndexes.some((found) => found.startsWith(`${index}: `)),
      index,
    ).toBe(true)
  expect((await onDisk(['r', 't'])).length).toBeGreaterThan(80)
})

test('issue 5 Proof a dump after the erasure has no trace of the person in any table or job payload', async () => {
  const answer = await admin.post(`/tenants/marked/identities/${person.id}/erase`, {
    ground: 'objection',
  })
  expect(answer.status).toBe(200)
  bridge.clock.advance(31 * DAY)
  for (const job of ['erase-requested', 'purge-deleted', 'expire-journeys', 'deliver-events'])
    expect(await run(job), job).toMatchObject({ word: 'ok' })
  bridge.clock.advance(-31 * DAY)
  const hits = [...dump()].flatMap(([table, rows]) =>
    marks
      .filter((mark) => rows.includes(mark))
      .filter((mark) => isStrong(mark) || !MAY_STAY.includes(table))
      .map((mark) => `${table}: ${mark}`),
  )
  expect(hits).toEqual([])
  const [asked] = await rowsOf<{ people: string[] }>(bridge, tenant, 'erasure_request')
  expect(asked?.people, 'a request that waits still').toEqual([])
  // Who is somebody else is still there, and works.
  const again = await logIn(bridge, other.wallet, { tenant })
  expect(again.login.claims.sub).toBe(other.sub)
})

test('issue 5 Proof nor have the files of tables and indexes, once the space of what went was given back', async () => {
  await server.ask(DATABASE, 'VACUUM FULL')
  const stays = new Set(
    (await onDisk(['r', 't', 'i'])).filter((found) => isStrong(found.split(': ')[1] ?? '')),
  )
  expect([...stays]).toEqual([])
})

test('issue 5 Proof nor have log, metrics, or the log of the database itself', async () => {
  const metrics = await (await fetch(`${bridge.url}/metrics`)).text()
  const texts = {
    log: bridge.lines.join('\n'),
    metrics,
    postgres: readFileSync(server.log, 'utf8'),
  }
  const people: IdentityId[] = [person.id]
  for (const [name, text] of Object.entries(texts)) {
    expect(text.length, name).toBeGreaterThan(100)
    const ids = [...people, 'Sanne', 'de Vries', 'sanne@']
    const found = [...marks.filter(isStrong), ...ids].filter((mark) => text.includes(mark))
    expect(found, name).toEqual([])
  }
})
