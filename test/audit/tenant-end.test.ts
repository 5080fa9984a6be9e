/** Issue 5 item 9: a tenant that is switched off, and one that leaves for good. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import { loginAt } from '../../demo/institution.ts'
import { tenantCommand } from '../../src/cli/tenants.ts'
import {
  checkpointJwks,
  readCheckpoint,
  readCheckpointKeys,
} from '../../src/crypto/audit-checkpoint.ts'
import { createKeyringText } from '../../src/crypto/keyring.ts'
import { verifyReceipt } from '../../src/crypto/receipt.ts'
import type { TenantId } from '../../src/domain/ids.ts'
import { endTenant } from '../../src/flow/end-tenant.ts'
import { switchTenant } from '../../src/flow/switch-tenant.ts'
import { verifyTrails } from '../../src/flow/verify-trails.ts'
import { endTenantRows } from '../../src/store/tenant-end.ts'
import { newCaller } from '../data/world.ts'
import { adminWith } from '../http/admin/client.ts'
import { newPerson, type Person } from '../people/people.ts'
import { ACTOR, type Bridge, logIn, STUDENT, startBridge } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { reachInstitution, tableNames } from '../threats/attack.ts'

let bridge: Bridge
let folder: string
let sanne: Person
let milan: Person
const keyring = createKeyringText()
beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'identity-bridge-end-'))
  bridge = await startBridge({ keyring, env: { AUDIT_CHECKPOINTS: `folder:${folder}/kept` } })
  sanne = await newPerson(bridge, bridge.tenant, 'sanne')
  milan = await newPerson(bridge, bridge.tenant, 'milan')
})
afterAll(async () => {
  await bridge.stop()
  rmSync(folder, { recursive: true, force: true })
})

const ask = <Row extends object>(text: string) => query<Row>(bridge.database.superuserUrl, text)
const at = (name: string) => path.join(folder, 'out', name)
const linesOf = (name: string) => readFileSync(at(name), 'utf8').trim().split('\n')

async function end(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = []
  const err: string[] = []
  const environment = {
    ...{ DATABASE_URL: bridge.database.runtimeUrl, KEYRING: keyring, PUBLIC_URL: bridge.url },
    ...{ AUDIT_CHECKPOINTS: `folder:${folder}/kept`, ALLOW_LOOPBACK: 'yes' },
  }
  const terminal = {
    ...{ environment, out: (line: string) => out.push(line) },
    err: (line: string) => err.push(line),
  }
  let code = 0
  try {
    const all = ['end', 'demo', '--export', path.join(folder, 'out'), ...words]
    await tenantCommand(terminal).exitOverride().parseAsync(all, { from: 'user' })
  } catch (error) {
    code = 1
    err.push(error instanceof Error ? error.message : '')
  }
  return { code, out: out.join('\n'), err: err.join('\n') }
}

describe('a tenant that is switched off', () => {
  test('logins stop at once; its machine clients erase, its receivers hear of it, its keys can be read', async () => {
    const caller = await newCaller(bridge, { scopes: ['privacy:erase', 'reconciliation:read'] })
    const begun = await bridge.tenant.relyingParty.begin()
    await switchTenant(bridge.deps, ACTOR, 'demo', { enabled: false })
    bridge.deps.tenants.forget('demo')
    expect((await createBrowser().get(begun.url)).status).toBe(404)
    const waiting = await logIn(bridge, sanne.wallet).catch((error: Error) => error.message)
    expect(waiting).toContain('404')
    expect((await caller.ask('GET', `/identities/${milan.id}`)).status).toBe(404)
    const code = new URLSearchParams({ grant_type: 'authorization_code', code: 'x' })
    const secret = Buffer.from(`app:${bridge.tenant.clientSecret}`).toString('base64')
    const headers = { authorization: `Basic ${secret}` }
    const token = await fetch(`${bridge.tenant.issuer}/token`, {
      method: 'POST',
      headers,
      body: code,
    })
    expect(token.status).toBe(404)

    expect((await fetch(`${bridge.tenant.issuer}/jwks`)).status).toBe(200)
    const later = await newCaller(bridge, { scopes: ['privacy:erase'] })
    const erased = await later.ask('DELETE', `/identities/${milan.id}`)
    expect(erased.status).toBe(200)
    const admin = await adminWith(bridge, ['identities:manage', 'privacy:erase'])
    expect((await admin.get(`/tenants/demo/identities/${sanne.id}`)).status).toBe(200)
  })
})

/** Gone with an erased person, or with the row they hang on. */
const WITH_OTHERS = [
  ...['account_choice', 'consent', 'ledger_line', 'pairwise_subject', 'identity_merge'],
  ...['identity_merge_edge'],
  ...['access_token', 'authorization_code', 'refresh_token'],
]
/** What was set up, without secrets; what tells that somebody was erased; the trail; and rows of no tenant's. */
const STAYS = [
  ...['identity', 'erasure', 'erasure_policy', 'erasure_request'],
  ...['audit_event', 'audit_head', 'audit_checkpoint'],
  ...[
    'relying_party',
    'reconciliation_provider',
    'signing_key',
    'policy_version',
    'retention_rule',
  ],
  ...['registration_certificate', 'trusted_list', 'kept_answer', 'key_migration_progress'],
  ...['admin_token', 'admin_session', 'job', 'key_check'],
]

test('every table with a tenant is emptied by a tenant’s end, or named here as one that stays', async () => {
  const columns = await ask<{ name: string }>(`
    SELECT DISTINCT attrelid::regclass::text AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
     WHERE attname = 'tenant_id' AND c.relkind = 'r' AND NOT attisdropped`)
  const { text } = endTenantRows({ tenantId: 'nobody' as TenantId })
  const emptied = [...text.matchAll(/DELETE FROM (\w+)/g)].map(([, name = '']) => name)
  const known = new Set([...emptied, ...WITH_OTHERS, ...STAYS])
  expect(columns.map(({ name }) => name).filter((name) => !known.has(name))).toEqual([])
})

describe('a tenant that leaves', () => {
  test('not without the slug said twice, and not while it is on or somebody is left', async () => {
    expect((await end('--confirm', 'other')).err).toContain('repeat the slug')
    const means = bridge.deps
    await expect(endTenant(means, ACTOR, 'demo', { messages: 'wait' })).rejects.toMatchObject({
      failure: { kind: 'conflict', detail: 'somebody is left who was not erased' },
    })
    const long = '2020-01-01T00:00:00.000Z'
    await ask(`
      INSERT INTO event_subscription (tenant_id, id, delivery, audience, event_types, sealed_secrets, created_at, updated_at)
        SELECT id, 'receiver', 'poll', 'them', '[]', 'v1.c1.x', '${long}', '${long}' FROM tenant WHERE slug = 'demo';
      INSERT INTO outbox (tenant_id, id, subscription_id, event_type, payload, created_at, due_at)
        SELECT id, 'message', 'receiver', 'identity_erased', 'v1.c1.x', '${long}', '${long}' FROM tenant WHERE slug = 'demo'`)
    await expect(endTenant(means, ACTOR, 'demo', { messages: 'wait' })).rejects.toMatchObject({
      failure: { kind: 'conflict', detail: 'messages wait for their receivers' },
    })
    await switchTenant(means, ACTOR, 'demo', { enabled: true })
    await expect(endTenant(means, ACTOR, 'demo', { messages: 'wait' })).rejects.toMatchObject({
      failure: { kind: 'conflict', detail: 'the tenant is still switched on' },
    })
  })

  test('takes everything along, and leaves nothing that any key opens', async () => {
    const admin = await adminWith(bridge, ['tenants:manage', 'audit:read'], 'demo')
    expect((await end('--confirm', 'demo')).err).toContain('conflict')
    const ended = await end('--confirm', 'demo', '--drop-messages')
    expect(ended.err).toContain('demo has ended')
    expect(ended.code).toBe(0)

    const [person] = linesOf('people.ndjson').map((line) => JSON.parse(line))
    expect(person).toMatchObject({
      persons: [{ id: sanne.id }],
      format: 'identity-bridge-export/1',
    })
    expect(JSON.stringify(person)).toContain('Sanne')
    const tenant = JSON.parse(readFileSync(at('tenant.json'), 'utf8'))
    expect(tenant).toMatchObject({ issuer: bridge.tenant.issuer, settings: { slug: 'demo' } })
    expect(tenant.relying_parties.length).toBeGreaterThan(0)
    expect(tenant.policies.length).toBe(5)
    expect(JSON.stringify(tenant)).not.toMatch(/secret_hash|sealed|v1\.c/)
    const receipts = linesOf('receipts.jws').map((line) => verifyReceipt(line, tenant.jwks))
    expect(receipts.flatMap(({ persons }) => persons).toSorted()).toEqual(
      [sanne.id, milan.id].toSorted(),
    )

    const left: string[] = []
    for (const table of await tableNames(bridge)) {
      const rows = await ask<{ text: string }>(`SELECT t::text AS text FROM ${table} t`)
      for (const { text } of rows)
        if (/v1\.[cd]\d|uEi[A-Za-z0-9_-]{44}/.test(text) && !text.includes('system'))
          left.push(`${table}: ${text.slice(0, 80)}`)
    }
    // Pseudonyms in the trail are hashes nobody can make again.
    expect(left.filter((row) => !row.startsWith('audit_event'))).toEqual([])
    const [secrets] = await ask<{
      keys: number
      hashes: number
      providers: number
      tokens: number
    }>(`
      SELECT (SELECT count(*)::int FROM signing_key WHERE sealed_private_key <> '') AS keys,
             (SELECT count(*)::int FROM relying_party WHERE secret_hashes <> '[]' OR enabled = 1) AS hashes,
             (SELECT count(*)::int FROM reconciliation_provider WHERE sealed_client_secret IS NOT NULL) AS providers,
             (SELECT count(*)::int FROM admin_token WHERE for_tenant IS NOT NULL AND revoked_at IS NULL) AS tokens`)
    expect(secrets).toEqual({ keys: 0, hashes: 0, providers: 0, tokens: 0 })
    expect((await admin.get('/tenants/demo')).status).toBe(401)
  })

  test('its trail is closed with a last checkpoint, whole, and can still be read and taken along', async () => {
    const keys = readCheckpointKeys(checkpointJwks(bridge.deps.keyring))
    const exported = linesOf('audit.ndjson').map((line) => JSON.parse(line))
    expect(exported.at(-2)).toMatchObject({
      type: 'tenant_ended',
      detail: { actor: 'cli', messages: 1 },
    })
    const last = readCheckpoint(exported.at(-1).checkpoint, keys)
    expect(last).toMatchObject({ last: true, seq: exported.at(-2).seq })
    for await (const verdict of verifyTrails(bridge.deps, {
      ...{ slugs: ['demo'], keys, witnessed: new Map(), sinceCheckpoint: false },
      ...{ places: new Map(), onPlace: () => undefined },
    }))
      expect(verdict).toMatchObject({ name: 'demo', fault: undefined, place: { seq: last?.seq } })
    const tenantId = last?.tenant
    const more = ask(`BEGIN; SELECT set_config('app.tenant_id', '${tenantId}', true);
      INSERT INTO audit_event (id, tenant_id, event_type, created_at)
      VALUES ('more', '${tenantId}', 'login_refused', '2026-01-01T00:00:00.000Z')`)
    await expect(more).rejects.toMatchObject({ code: '55000' })
  })

  test('is gone for everybody, and its name is nobody else’s; once more changes nothing', async () => {
    const admin = await adminWith(bridge, ['tenants:manage', 'audit:read', 'clients:manage'])
    bridge.clock.advance(2_000) // other processes see it within a second
    expect((await fetch(`${bridge.tenant.issuer}/jwks`)).status).toBe(404)
    expect((await admin.get('/tenants/demo')).status).toBe(404)
    expect((await admin.get('/tenants')).text).not.toContain('"demo"')
    expect((await admin.patch('/tenants/demo', { enabled: true })).status).toBe(404)
    expect((await admin.get('/tenants/demo/audit-events')).status).toBe(200)
    await expect(bridge.addTenant('demo')).rejects.toThrow('conflict')
    const before = await ask(`SELECT FROM audit_event`)
    expect((await end('--confirm', 'demo')).code).toBe(0)
    // The export of a closed trail is told in the trail of what has no tenant.
    expect(await ask(`SELECT FROM audit_event`)).toHaveLength(before.length + 1)
    expect(linesOf('people.ndjson'), 'what was taken along stays').toHaveLength(1)
    await bridge.addTenant('another')
  })
})

describe('a first login at the very moment of a tenant’s end', () => {
  /** A stranger back from the institution, held at the wanted lock; how it ended, and what the end did meanwhile. */
  async function race(slug: string, lock: string) {
    const tenant = await bridge.addTenant(slug)
    const { browser, authorizationUrl } = await reachInstitution(tenant, await bridge.newWallet())
    const callback = await loginAt(authorizationUrl, STUDENT)
    const holder = new pg.Client({ connectionString: bridge.database.superuserUrl })
    await holder.connect()
    await holder.query('BEGIN')
    await holder.query(lock.replace('$slug', slug))
    const login = browser.get(callback)
    await waiting(1)
    // Without its event in the trail, whose head may be what is held.
    await ask(`UPDATE tenant SET enabled = 0 WHERE slug = '${slug}'`)
    let over = false
    const ending = endTenant(bridge.deps, ACTOR, slug, { messages: 'drop' })
      .then(
        () => 'ended',
        (error: unknown) => error,
      )
      .finally(() => {
        over = true
      })
    await waiting(2, () => over)
    await holder.query('COMMIT')
    await holder.end()
    const page = await login
    const [{ people } = { people: -1 }] = await ask<{ people: number }>(
      `SELECT count(*)::int AS people FROM identity WHERE tenant_id = (SELECT id FROM tenant WHERE slug = '${slug}')`,
    )
    return { ended: await ending, people, page }
  }

  async function waiting(many: number, isOver = () => false): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      const [row] = await ask<{ count: number }>(
        `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      )
      if ((row?.count ?? 0) >= many || isOver()) return
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    throw new Error('nobody waits')
  }

  test('that has written the person already is before it: the tenant does not end with somebody in it', async () => {
    const lock = `SELECT FROM audit_head WHERE tenant_id = (SELECT id FROM tenant WHERE slug = '$slug') FOR UPDATE`
    const { ended, people } = await race('end-after', lock)
    expect(ended).toMatchObject({
      failure: { kind: 'conflict', detail: 'somebody is left who was not erased' },
    })
    expect(people).toBe(1)
  })

  test('that has not is after it: nobody is added to a tenant that has ended', async () => {
    const { ended, people } = await race('end-before', 'LOCK TABLE identity IN SHARE MODE')
    expect([ended, people]).toEqual(['ended', 0])
  })
})
