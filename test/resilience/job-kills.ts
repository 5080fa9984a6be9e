/** A population whose data is due, and workers that are killed while they end it. */
import { randomInt } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { parseKeyring } from '../../src/crypto/keyring.ts'
import { makeTokenKey } from '../../src/crypto/sealed-signing-key.ts'
import type { TenantId } from '../../src/domain/ids.ts'
import { toInstant } from '../../src/domain/time.ts'
import { closeDatabase, openDatabase, transact } from '../../src/store/database.ts'
import { insertSigningKey } from '../../src/store/signing-key.ts'
import { type AuditRow, brokenLinks } from '../support/audit-chain.ts'
import { createWatchedDatabase, query } from '../support/postgres.ts'
import { killInTurn } from './workers.ts'

const LONG_AGO = '2020-01-01T00:00:00.000Z'
const TOLD = '2023-01-01T00:00:00.000Z'
const LATELY = new Date(Date.now() - 1000).toISOString()

/** Of so many who are due, a few are to be erased together: each is a transaction of many statements. */
const asked = (due: number) => Math.ceil(due / 10)

/**
 * `due` people whom nobody saw for years, as many ended long ago, and some who were here just now, of whom some are to be
 * erased; and as many logins that nobody finished.
 */
function population(due: number): string {
  const people = (kind: string, used: string, told: string, deleted: string, tail = '') => `
    INSERT INTO identity (tenant_id, id, status, wrapped_data_key, data_key_version, audit_salt, created_at)
      SELECT 't', '${kind}-' || n, 'ACTIVE', 'v1.x', 1, 'c1.' || repeat('A', 43), '${LONG_AGO}' FROM generate_series(1, ${due}) n;
    INSERT INTO identity_match (id, tenant_id, identifier_hash, identifier_type, internal_identity_id, created_at, updated_at,
        last_used_at, deleted_at, deletion_reason, hash_key)
      SELECT '${kind}-' || side || n, 't', CASE WHEN ${deleted} IS NULL THEN '${kind}-hash-' || side || n ELSE 'deleted:' || '${kind}-' || side || n END,
        CASE side WHEN 'A' THEN 'KEY' ELSE 'SUBJECT_ID' END, '${kind}-' || n, '${LONG_AGO}', '${LONG_AGO}', '${used}', ${deleted}, 'INACTIVE', side
        FROM generate_series(1, ${due}) n, unnest(ARRAY['A', 'B']) side;
    INSERT INTO identity_link_binding (id, tenant_id, match_id, holder_identifier_hash, created_at, updated_at, last_used_at,
        deleted_at, inactivity_warned_at)
      SELECT '${kind}-' || n, 't', '${kind}-A' || n, '${kind}-holder-' || n, '${LONG_AGO}', '${LONG_AGO}', '${used}', ${deleted}, ${told}
        FROM generate_series(1, ${due}) n;${tail}`
  return `
    INSERT INTO tenant (id, slug, name_en, name_nl, colour, created_at, updated_at)
      VALUES ('t', 't', 'T', 'T', '#000000', '${LONG_AGO}', '${LONG_AGO}');
    ${people('idle', LONG_AGO, `'${TOLD}'`, 'NULL::text')}
    ${people('ended', LONG_AGO, 'NULL', `'${TOLD}'`)}
    ${people('here', LATELY, 'NULL', 'NULL::text')}
    INSERT INTO auxiliary_data (id, tenant_id, identity_id, category, encrypted_payload, created_at, updated_at, expires_at)
      SELECT 'aux-' || n, 't', 'here-' || n, 'notes', 'v1.x', '${LONG_AGO}', '${LONG_AGO}', '${TOLD}' FROM generate_series(1, ${due}) n;
    INSERT INTO erasure_request (tenant_id, id, state, ground, people, requested_by, requested_at, due_at)
      SELECT 't', gen_random_uuid(), 'approved', 'not_needed', array_agg('here-' || n), 'test', '${LONG_AGO}', '${LONG_AGO}'
        FROM generate_series(1, ${asked(due)}) n;
    INSERT INTO journey (tenant_id, id, state, correlation_id, client_id, browser_hash, language, request, request_kid, policies,
        created_at, updated_at, expires_at)
      SELECT 't', 'journey-' || n, 'started', 'c-' || n, 'app', 'b', 'en', 'v1.x', 'kid', '{}', '${LONG_AGO}', '${LONG_AGO}', '${LONG_AGO}'
        FROM generate_series(1, ${due}) n`
}

/** What receipts are signed with. */
async function giveKey(runtimeUrl: string, keyring: string): Promise<void> {
  const db = openDatabase({ connectionString: runtimeUrl, poolSize: 1 })
  const tenantId = 't' as TenantId
  const key = await makeTokenKey(parseKeyring(keyring), tenantId, 'ES256')
  await transact(db, tenantId, [
    insertSigningKey({
      ...{ tenantId, ...key, purpose: 'token', algorithm: 'ES256', state: 'active', clientId: '' },
      ...{ certificateChain: null, now: toInstant(Date.now()) },
    }),
  ])
  await closeDatabase(db)
}

/** What there is to be seen after so many kills at random moments and one run to the end. */
export async function killWorkers(kills: number, due: number, keyring: string) {
  const database = await createWatchedDatabase()
  const ask = <Row extends object>(text: string) => query<Row>(database.superuserUrl, text)
  try {
    await ask(population(due))
    await giveKey(database.runtimeUrl, keyring)
    const environment = {
      ...{ DATABASE_URL: database.runtimeUrl, KEYRING: keyring, ALLOW_LOOPBACK: 'yes' },
      PUBLIC_URL: 'http://localhost:1',
    }
    const interrupted = await killInTurn('job-child.ts', environment, {
      ...{ kills, minutes: 3, moment: () => pause(randomInt(5, 150)) },
    })
    const one = async (text: string) => (await ask<{ n: number }>(`SELECT ${text} AS n`))[0]?.n
    const told = (type: string, member: string) =>
      one(
        `(SELECT coalesce(sum((detail::json->>'${member}')::int), 0)::int FROM audit_event WHERE event_type = '${type}')`,
      )
    const rows = (table: string, where: string) =>
      one(`(SELECT count(*)::int FROM ${table} WHERE ${where})`)
    return {
      interrupted,
      told: {
        idleBindings: await told('inactive_links_ended', 'bindings'),
        idleMatches: await told('inactive_links_ended', 'matches'),
        idleEvents: await rows('audit_event', `event_type = 'inactive_links_ended'`),
        purgedBindings: await told('deleted_links_purged', 'bindings'),
        purgedMatches: await told('deleted_links_purged', 'matches'),
        forgotten: await told('identity_forgotten', 'persons'),
        auxiliary: await told('auxiliary_expired', 'removed'),
        journeys: await told('sessions_expired', 'journeys'),
        erased: await told('identity_erased', 'persons'),
        receipts: await rows('erasure', 'true'),
        requests: await told('erasures_done', 'persons'),
      },
      left: {
        idleLive: await rows('identity_match', `id LIKE 'idle-%' AND deleted_at IS NULL`),
        ended: await rows('identity_match', `id LIKE 'ended-%'`),
        endedPeople: await rows('identity', `id LIKE 'ended-%' AND status <> 'ERASED'`),
        auxiliary: await rows('auxiliary_data', 'true'),
        journeys: await rows('journey', `state <> 'expired'`),
        asked: await rows('erasure_request', `state <> 'done' OR people <> '{}'`),
        people: await rows('identity', `id LIKE 'here-%' AND status <> 'ERASED'`),
        here: await rows('identity_match', `id LIKE 'here-%' AND deleted_at IS NULL`),
      },
      brokenLinks: brokenLinks(await ask<AuditRow>('SELECT * FROM audit_event')),
    }
  } finally {
    await database.drop()
  }
}

/** What that has to be. */
export function rightEnd(due: number) {
  return {
    told: {
      ...{ idleBindings: due, idleMatches: 2 * due, idleEvents: due },
      ...{ purgedBindings: due, purgedMatches: 2 * due, forgotten: due, auxiliary: due },
      ...{ journeys: due, erased: asked(due), receipts: asked(due), requests: asked(due) },
    },
    left: {
      ...{ idleLive: 0, ended: 0, endedPeople: 0, auxiliary: 0, journeys: 0, asked: 0 },
      ...{ here: 2 * (due - asked(due)), people: due - asked(due) },
    },
    brokenLinks: [],
  }
}
