/**
 * Row 37, PG-16: every statement of the store is run as tenant B on tenant A's rows. The list is read from the source, so
 * a new statement is tried the day it is written. Each is run four ways, and rolled back each time:
 *
 * - as A, to see that the values would hit something at all (else the other three prove nothing);
 * - as B with A's tenant id, as if a caller had mixed them up;
 * - as B with B's tenant id and A's values;
 * - as B with every condition on the tenant taken out of its text, as if it had been forgotten: row-level security alone.
 */
import { readdir, readFile } from 'node:fs/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loginAt } from '../../demo/institution.ts'
import { toInstant } from '../../src/domain/time.ts'
import type { Step } from '../../src/store/statement.ts'
import { type Bridge, logIn, STUDENT, startBridge, type TestTenant } from '../support/bridge.ts'
import {
  answer,
  obtainCode,
  open,
  reachInstitution,
  redeem,
  rows,
  tableNames,
  tenantIdOf,
} from './attack.ts'

type Statement = (values: Record<string, unknown>) => Step<unknown>
type Row = Record<string, unknown>
interface Found {
  name: string
  call: Statement
  parameters: readonly string[]
  text: string
}

const STORE = new URL('../../src/store/', import.meta.url)

let bridge: Bridge
let a: string
let b: string
let client: pg.Client
let superuser: pg.Client
let statements: readonly Found[]
let tables: readonly string[]
/** A's rows, by table. */
let rowsOfA: Map<string, Row[]>
/** Values that occur in A alone. */
let secretsOfA: readonly string[]
/** A's rows as they are before any statement. */
let before: string

beforeAll(async () => {
  bridge = await startBridge()
  const other = await bridge.addTenant('other')
  ;[a, b] = [await tenantIdOf(bridge, 'demo'), await tenantIdOf(bridge, 'other')]
  await populate(bridge.tenant, a)
  await populate(other, b)
  statements = await findStatements()
  const names = new Set(
    (
      await rows<{ name: string }>(
        bridge,
        `SELECT attrelid::regclass::text AS name FROM pg_attribute WHERE attname = 'tenant_id' AND NOT attisdropped`,
      )
    ).map(({ name }) => name),
  )
  // The head of the audit trail is out of the run-time role's reach altogether.
  tables = (await tableNames(bridge)).filter((name) => names.has(name) && name !== 'audit_head')
  rowsOfA = new Map()
  for (const table of tables) {
    const found = await rows<{ row: Row }>(
      bridge,
      `SELECT to_jsonb(t) AS row FROM ${table} t WHERE tenant_id = '${a}'`,
    )
    rowsOfA.set(
      table,
      found.map(({ row }) => row),
    )
  }
  secretsOfA = await valuesOfAlone()
  client = new pg.Client({ connectionString: bridge.database.runtimeUrl })
  superuser = new pg.Client({ connectionString: bridge.database.superuserUrl })
  await Promise.all([client.connect(), superuser.connect()])
})
afterAll(async () => {
  await client.end()
  await superuser.end()
  await bridge.stop()
})

/** Logins in every state, and rows of the tables that no login writes yet. */
async function populate(tenant: TestTenant, id: string): Promise<void> {
  const wallet = await bridge.newWallet()
  await logIn(bridge, wallet, { tenant })
  await tenant.relyingParty.begin().then(({ url }) => fetch(url))
  await open(tenant, wallet)
  await answer(wallet, await open(tenant, wallet))
  await obtainCode(tenant, wallet)
  await redeem(tenant, await obtainCode(tenant, wallet))
  const refused = await open(tenant, wallet)
  await wallet.refuse(refused.request)
  await reachInstitution(tenant, await bridge.newWallet())
  const back = await reachInstitution(tenant, await bridge.newWallet())
  await back.browser.get(await loginAt(back.authorizationUrl, STUDENT))
  const authorized = await reachInstitution(tenant, await bridge.newWallet())
  const confirming = await reachInstitution(tenant, await bridge.newWallet())
  const erased = await bridge.newWallet()
  await logIn(bridge, erased, { tenant, user: { username: 'milan', password: 'milan-demo' } })
  const long = '2020-01-01T00:00:00.000Z'
  await rows(
    bridge,
    `INSERT INTO key_migration_history (version, status, key_name, created_at) VALUES (7, 'FAILED', 'A', '${long}') ON CONFLICT DO NOTHING;
     INSERT INTO key_migration_progress (tenant_id, version, place, updated_at) VALUES ('${id}', 7, '{}', '${long}');
     UPDATE reconciliation_session SET status = 'AUTHORIZED', state = NULL, nonce = NULL, code_verifier = NULL WHERE journey_id = '${authorized.journeyId}';
     UPDATE reconciliation_session SET status = 'AUTHORIZED', state = NULL, nonce = NULL, code_verifier = NULL, encrypted_identity = 'v1.x', encrypted_identity_key_version = 1
      WHERE journey_id = '${confirming.journeyId}';
     INSERT INTO auxiliary_data (id, tenant_id, identity_id, category, encrypted_payload, created_at, updated_at, expires_at)
       SELECT gen_random_uuid(), tenant_id, id, 'notes', 'v1.x', created_at, created_at, NULL FROM identity WHERE tenant_id = '${id}';
     INSERT INTO auxiliary_data (id, tenant_id, identity_id, category, encrypted_payload, created_at, updated_at, expires_at)
       SELECT gen_random_uuid(), tenant_id, id, 'old', 'v1.x', created_at, created_at, '${long}' FROM identity WHERE tenant_id = '${id}';
     INSERT INTO policy_draft (tenant_id, kind, document, digest, based_on, state, saved_at, saved_by)
       VALUES ('${id}', 'query', '{"of":"${id}"}', 'digest-${id}', 1, 'draft', '${long}', 'test');
     INSERT INTO reconciliation_provider (id, tenant_id, slug, name, issuer, oidc_client_id, client_auth_method, scopes, metadata, created_at, updated_at)
       SELECT 'spare-' || tenant_id, tenant_id, 'spare', name, issuer, 'spare', client_auth_method, scopes, metadata, created_at, updated_at
         FROM reconciliation_provider WHERE tenant_id = '${id}' LIMIT 1;
     INSERT INTO provider_test (tenant_id, id, provider_id, state, start_hash, browser_hash, state_hash, provider_updated_at, sealed, created_by, created_at, expires_at)
       SELECT tenant_id, state || '-' || tenant_id, id, state, CASE WHEN state IN ('created', 'started') THEN 'start-' || state || tenant_id END,
              'browser-' || tenant_id, CASE state WHEN 'started' THEN 'state-' || tenant_id END, updated_at, 'sealed-' || state || tenant_id,
              'test', '${long}', CASE state WHEN 'failed' THEN '${long}' ELSE '2999-01-01T00:00:00.000Z' END
         FROM reconciliation_provider, unnest(ARRAY['created', 'started', 'succeeded', 'failed']) AS state
        WHERE tenant_id = '${id}' AND slug = 'surf';
     UPDATE identity_link_binding SET credential_status = 'standing-of-' || id, status_due_at = '${long}' WHERE tenant_id = '${id}' AND deleted_at IS NULL;
     INSERT INTO identity_match (id, tenant_id, identifier_hash, identifier_type, internal_identity_id, hash_key, created_at, updated_at, last_used_at)
       SELECT 'mail-' || b.id, b.tenant_id, 'hash-of-mail-' || b.id, 'EMAIL', m.internal_identity_id, 'B', m.created_at, m.updated_at, m.last_used_at
         FROM identity_link_binding b JOIN identity_match m ON m.id = b.match_id WHERE b.tenant_id = '${id}' AND b.deleted_at IS NULL;
     UPDATE identity_link_binding
        SET material_fingerprints = (material_fingerprints::jsonb || jsonb_build_object('provider_email', jsonb_build_object('hash', 'hash-of-mail-' || id)))::text
      WHERE tenant_id = '${id}' AND deleted_at IS NULL;
     INSERT INTO retention_rule (tenant_id, kind, days, notice_days, ground, changed_at, changed_by)
       VALUES ('${id}', 'links', 700, 20, 'ground-of-${id}', '${long}', 'test');
     UPDATE journey SET purpose = 'privacy' WHERE id = (SELECT min(id) FROM journey WHERE tenant_id = '${id}' AND state = 'presented');
     INSERT INTO login_grant (tenant_id, id, client_id, subject, correlation_id, scope, acr, amr, auth_time, attribute_policy_version, created_at, expires_at)
       SELECT tenant_id, 'guest-' || tenant_id, client_id, 'subject-of-guest', correlation_id, 'openid', 'acr', '[]', 1, 1, created_at, '2999-01-01T00:00:00.000Z'
         FROM journey WHERE tenant_id = '${id}' AND identity_id IS NULL AND identifier_hashes && ARRAY(SELECT identifier_hash::text FROM identity_match WHERE tenant_id = '${id}') LIMIT 1;
     INSERT INTO erasure_policy (tenant_id, four_eyes, wait_hours, updated_at) VALUES ('${id}', 1, 1, '${long}');
     INSERT INTO erasure_request (tenant_id, id, state, ground, people, requested_by, requested_at, due_at)
       SELECT '${id}', s || '-${id}', s, 'not_needed', ARRAY['person-of-${id}'], 'test', '${long}', '${long}' FROM unnest(ARRAY['waiting', 'approved']) s;
     INSERT INTO idempotency_key (tenant_id, client_id, key_hash, request, claim, claimed_until, expires_at)
       VALUES ('${id}', 'app', 'key-of-${id}', 'request-of-${id}', 'claim-of-${id}', '${long}', '${long}');
     INSERT INTO identity_link_binding (id, tenant_id, match_id, holder_identifier_hash, holder_hash_key_version, institution_identifier_hash, institution_hash_key_version, created_at, updated_at, last_used_at)
       SELECT 'direct-' || tenant_id, tenant_id, match_id, 'no-wallet:direct-' || tenant_id, 0, institution_identifier_hash, institution_hash_key_version, created_at, updated_at, last_used_at
         FROM identity_link_binding WHERE tenant_id = '${id}' AND institution_identifier_hash IS NOT NULL ORDER BY id LIMIT 1;
     INSERT INTO erasure (tenant_id, id, ground, receipt, erased_at) VALUES ('${id}', 'erasure-${id}', 'not_needed', 'receipt-of-${id}', '${long}');
     INSERT INTO identity (tenant_id, id, status, created_at, erasure_id) VALUES ('${id}', 'erased-person-${id}', 'ERASED', '${long}', 'erasure-${id}');
     INSERT INTO event_subscription (tenant_id, id, client_id, delivery, endpoint, audience, event_types, sealed_secrets, created_at, updated_at)
       VALUES ('${id}', 'webhook-${id}', NULL, 'webhook', 'https://events.example/${id}', 'audience-${id}', '["binding_created"]', 'v1.x', '${long}', '${long}'),
              ('${id}', 'poll-${id}', NULL, 'poll', NULL, 'audience-${id}', '["binding_created"]', 'v1.x', '${long}', '${long}');
     INSERT INTO outbox (tenant_id, id, subscription_id, event_type, identity_id, payload, created_at, due_at, attempts, delivered_at)
       SELECT '${id}', e.kind || '-event-${id}', e.kind || '-${id}', 'binding_created', (SELECT min(id) FROM identity WHERE tenant_id = '${id}' AND status = 'ACTIVE'),
              'v1.x', '${long}', '${long}', 1, NULL FROM (VALUES ('webhook'), ('poll')) e (kind);
     INSERT INTO outbox (tenant_id, id, subscription_id, event_type, payload, created_at, due_at, attempts, delivered_at)
       VALUES ('${id}', 'delivered-event-${id}', 'webhook-${id}', 'binding_created', 'v1.x', '${long}', '${long}', 1, '${long}');
     INSERT INTO outbox (tenant_id, id, subscription_id, event_type, payload, created_at, due_at, attempts, dead_at)
       VALUES ('${id}', 'dead-event-${id}', 'webhook-${id}', 'binding_created', 'v1.x', '${long}', '${long}', 8, '${long}');
     UPDATE relying_party SET backchannel_logout_uri = 'https://app.example/logout', parity = 'recording', contract = '{"claims":[],"acr":["${id}"]}' WHERE tenant_id = '${id}' AND client_id = 'app';
     UPDATE login_grant SET session_hash = 'session-of-' || id, session_browser_hash = 'browser-of-' || id, session_started_at = created_at
      WHERE tenant_id = '${id}' AND identity_id IS NOT NULL AND revoked_at IS NULL;
     INSERT INTO audit_checkpoint (tenant_id, seq, row_hash, start_seq, start_hash, kid, jws, created_at)
       SELECT tenant_id, 2, 'two-of-${id}', 1, row_hash, 'kid', 'checkpoint-of-${id}', '${long}' FROM audit_event WHERE tenant_id = '${id}' AND seq = 1;
     SET session_replication_role = replica;
     UPDATE audit_event SET created_at = '${long}' WHERE tenant_id = '${id}' AND seq = 1;
     RESET session_replication_role;
     INSERT INTO client_assertion (tenant_id, client_id, jti_hash, expires_at) VALUES ('${id}', 'app', gen_random_uuid(), '${long}');
     INSERT INTO authorization_server (tenant_id, id, issuer, jwks_uri, audience, created_at)
       VALUES ('${id}', 'server-${id}', 'https://as-${id}.example', 'https://as-${id}.example/jwks', 'audience-${id}', '${long}');
     INSERT INTO revoked_token (tenant_id, jti_hash, expires_at) VALUES ('${id}', 'revoked-${id}', '${long}');
     INSERT INTO trusted_list (tenant_id, url, signers, sequence, issued_at, next_update, services, pointers, fetched_at, checked_at, problem)
       VALUES ('${id}', 'https://list-${id}.example', 'signers-${id}', 1, '${long}', '${long}', '[]', '[]', '${long}', '${long}', 'timeout');
     INSERT INTO kept_answer (tenant_id, name, kind, about, source, document, issued_at, fetched_at, fresh_until, checked_at, seen_at, problem)
       VALUES ('${id}', 'answer-${id}', 'crl', 'about-${id}', 'source-${id}', 'answer-document-${id}', '${long}', '${long}', '${long}', '${long}', '${long}', 'timeout');
     INSERT INTO registration_certificate (tenant_id, id, client_id, format, document, not_after, created_at)
       VALUES ('${id}', 'registration-${id}', '', 'registration_cert', 'document-of-${id}', '${long}', '${long}');
     INSERT INTO registration_token (tenant_id, id, token_hash, name, uses_left, created_at, expires_at)
       VALUES ('${id}', 'invitation-${id}', 'invitation-hash-${id}', 'name-${id}', 3, '${long}', '2099-01-01T00:00:00.000Z');
     INSERT INTO refresh_token (tenant_id, family_hash, token_hash, grant_id, created_at, expires_at, family_ends_at, predecessor_hash, salt, access_hash, access_expires_at)
       SELECT tenant_id, 'family-' || id, 'refresh-' || id, id, created_at, '2099-01-01T00:00:00.000Z', '2099-01-01T00:00:00.000Z', 'before-' || id, 'salt', 'access-' || id, '2099-01-01T00:00:00.000Z'
         FROM login_grant WHERE tenant_id = '${id}' AND identity_id IS NOT NULL;
     INSERT INTO signing_key (tenant_id, kid, purpose, algorithm, state, public_jwk, sealed_private_key, created_at)
       SELECT tenant_id, 'next-' || algorithm || tenant_id, purpose, algorithm, 'next', public_jwk, sealed_private_key, created_at
         FROM signing_key WHERE tenant_id = '${id}' AND purpose = 'token' AND state = 'active';
     UPDATE signing_key SET retire_at = '${long}' WHERE tenant_id = '${id}' AND state = 'retiring';
     UPDATE identity_match SET deleted_at = '${long}', deletion_reason = 'test', deleted_identifier_hash = identifier_hash, identifier_hash = 'deleted:' || id
      WHERE id = (SELECT match_id FROM identity_link_binding WHERE tenant_id = '${id}' ORDER BY created_at DESC LIMIT 1);
     INSERT INTO identity_match (id, tenant_id, identifier_hash, identifier_type, internal_identity_id, hash_key, created_at, updated_at, last_used_at, deleted_at)
       SELECT 'unbound-' || tenant_id, tenant_id, 'deleted:unbound-' || tenant_id, 'KEY', id, 'A', created_at, created_at, created_at, '${long}' FROM identity WHERE tenant_id = '${id}' LIMIT 1;
     UPDATE identity_link_binding SET deleted_at = '${long}', deletion_reason = 'test'
      WHERE id = (SELECT id FROM identity_link_binding WHERE tenant_id = '${id}' ORDER BY created_at DESC LIMIT 1);
     INSERT INTO signing_key (tenant_id, kid, purpose, algorithm, state, public_jwk, sealed_private_key, created_at)
       SELECT tenant_id, gen_random_uuid(), purpose, algorithm, 'retiring', public_jwk, sealed_private_key, created_at FROM signing_key WHERE tenant_id = '${id}' AND purpose = 'token';
     UPDATE signing_key SET retire_at = '${long}' WHERE tenant_id = '${id}' AND state = 'retiring';
     INSERT INTO signing_key (tenant_id, kid, purpose, algorithm, state, public_jwk, sealed_private_key, created_at)
       VALUES ('${id}', 'retired-key-of-${id}', 'token', 'ES256', 'retired', '{"of":"${id}"}', '', '${long}');
     INSERT INTO pushed_request (tenant_id, reference_hash, client_id, request, created_at, expires_at)
       VALUES ('${id}', 'pushed-${id}', 'app', 'v1.x', '${long}', '2099-01-01T00:00:00.000Z'), ('${id}', 'stale-${id}', 'app', 'v1.x', '${long}', '${long}');
     INSERT INTO identity (tenant_id, id, status, merged_into, wrapped_data_key, data_key_version, audit_salt, created_at)
       SELECT tenant_id, gen_random_uuid(), 'MERGED', id, 'v1.x', 1, 'c1.x', created_at FROM identity
        WHERE tenant_id = '${id}' AND status = 'ACTIVE';
     INSERT INTO identity_merge (tenant_id, id, merged_id, surviving_id, merged_by, merged_at, split_until)
       SELECT tenant_id, gen_random_uuid(), id, merged_into, 'test', created_at, created_at FROM identity WHERE tenant_id = '${id}' AND status = 'MERGED';
     INSERT INTO identity_merge_edge (tenant_id, merge_id, kind, edge_id)
       SELECT g.tenant_id, g.id, 'match', m.id FROM identity_merge g JOIN identity_match m ON m.internal_identity_id = g.surviving_id
        WHERE g.tenant_id = '${id}' AND g.id = (SELECT min(id) FROM identity_merge WHERE tenant_id = '${id}');
     INSERT INTO account_choice (tenant_id, identity_id, client_id, binding_id, created_at, updated_at)
       SELECT b.tenant_id, m.internal_identity_id, 'app', min(b.id), min(b.created_at), min(b.created_at)
         FROM identity_link_binding b JOIN identity_match m ON m.id = b.match_id WHERE b.tenant_id = '${id}' GROUP BY 1, 2;
     INSERT INTO ledger_line (tenant_id, id, identity_id, said, said_at)
       SELECT tenant_id, 'line-' || id, id, '{"of":"' || tenant_id || '"}', '${long}' FROM identity WHERE tenant_id = '${id}' AND status = 'ACTIVE';
     INSERT INTO consent (tenant_id, identity_id, client_id, scopes, claims, purpose, created_at, updated_at)
       SELECT tenant_id, id, 'app', '["of-${id}"]', '[]', '{"en":"for ${id}","nl":"voor ${id}"}', created_at, created_at
         FROM identity WHERE tenant_id = '${id}' AND status = 'ACTIVE';
     INSERT INTO journey (tenant_id, id, state, correlation_id, client_id, browser_hash, language, request, request_kid, policies, identity_id, created_at, updated_at, expires_at)
       SELECT tenant_id, 'consenting-' || tenant_id, 'consenting', 'consenting-' || tenant_id, 'app', 'browser-' || tenant_id, 'en', 'v1.x', 'kid', '{}', min(id), '${long}', '${long}', '2099-01-01T00:00:00.000Z'
         FROM identity WHERE tenant_id = '${id}' AND status = 'ACTIVE' GROUP BY tenant_id;
     INSERT INTO login_grant (tenant_id, id, client_id, subject, correlation_id, scope, acr, amr, attribute_policy_version, created_at, expires_at)
       VALUES ('${id}', 'nobody-${id}', 'app', gen_random_uuid(), 'c', 'openid', 'acr', '[]', 1, '${long}', '2099-01-01T00:00:00.000Z');
     INSERT INTO authorization_code (tenant_id, code_hash, grant_id, client_id, redirect_uri, code_challenge, created_at, expires_at)
       VALUES ('${id}', 'nobody-${id}', 'nobody-${id}', 'app', 'https://app.example/', 'challenge', '${long}', '2099-01-01T00:00:00.000Z');
     INSERT INTO authorization_code (tenant_id, code_hash, grant_id, client_id, redirect_uri, created_at, expires_at, consumed_at)
       VALUES ('${id}', 'spent-${id}', 'nobody-${id}', 'app', 'https://app.example/', '${long}', '${long}', '${long}');
     INSERT INTO access_token (tenant_id, token_hash, grant_id, created_at, expires_at)
       SELECT tenant_id, 'plain-' || id, id, '${long}', '2099-01-01T00:00:00.000Z' FROM login_grant WHERE tenant_id = '${id}' AND identity_id IS NOT NULL;
     UPDATE authorization_code SET token_hash = 'of-' || code_hash, token_expires_at = '2099-01-01T00:00:00.000Z'
      WHERE tenant_id = '${id}' AND consumed_at IS NOT NULL;
     INSERT INTO pairwise_subject (tenant_id, identity_id, sector, subject, created_at, origin_id)
       SELECT tenant_id, NULL, 'waiting.example', gen_random_uuid(), merged_at, surviving_id FROM identity_merge WHERE tenant_id = '${id}'`,
  )
}

/** Every exported statement there is, by the words that declare one. */
async function findStatements(): Promise<Found[]> {
  const found: Found[] = []
  for (const file of (await readdir(STORE)).filter((each) => each.endsWith('.ts'))) {
    const source = await readFile(new URL(file, STORE), 'utf8')
    const names = [...source.matchAll(/^export const (\w+) = (?:sqlS|s)tatement\(/gm)]
    if (names.length === 0) continue
    const room = (await import(new URL(file, STORE).href)) as Record<string, Statement>
    for (const [, name = ''] of names) {
      const call = room[name]
      if (call === undefined) throw new Error(`${name} is not there`)
      const parameters: string[] = []
      const notes = new Proxy<Row>(
        {},
        {
          get(_, key) {
            parameters.push(String(key))
            return '1'
          },
        },
      )
      const { text } = call(notes)
      found.push({ name, call, parameters: [...new Set(parameters)], text })
    }
  }
  return found
}

/** Text that stands in A's rows and nowhere in B's, nor is a word of the schema. */
async function valuesOfAlone(): Promise<string[]> {
  const of = (list: Row[]) =>
    list.flatMap((row) => Object.values(row).filter((each) => typeof each === 'string'))
  const mine = new Set([...rowsOfA.values()].flatMap(of).filter((text) => text.length >= 20))
  for (const table of tables) {
    const found = await rows<{ row: Row }>(
      bridge,
      `SELECT to_jsonb(t) AS row FROM ${table} t WHERE tenant_id <> '${a}'`,
    )
    for (const text of of(found.map(({ row }) => row))) mine.delete(text)
  }
  return [a, ...[...mine].filter((text) => !/^\d{4}-/.test(text))]
}

/** Whose rows a statement is about, where that is not the first table it names. */
const ABOUT: Record<string, string> = {
  grantJourney: 'journey',
  consumeCode: 'authorization_code',
  revokeGrant: 'login_grant',
  findHits: 'journey',
  findJourneyWithHits: 'journey',
  findJourneyWithHitsByResponseCode: 'journey',
  findGrantByCodeToken: 'authorization_code',
  findGrantByRefreshedToken: 'refresh_token',
  findGrantByPlainToken: 'access_token',
  findCode: 'authorization_code',
  redeemLiveCodes: 'authorization_code',
  findWalletOnlyGrant: 'authorization_code',
  offerAccounts: 'journey',
  deleteFamilyAux: 'auxiliary_data',
  touchPerson: 'identity_link_binding',
  recordEdges: 'identity_merge',
  returnMatches: 'identity_merge',
  findBindingsToSplit: 'identity_merge',
  giveSubjects: 'pairwise_subject',
  releaseSubjects: 'pairwise_subject',
  findWalletBindings: 'identity_link_binding',
  walkBindings: 'identity_link_binding',
  walkMatches: 'identity_match',
  countDueBindings: 'identity_link_binding',
  countDueMatches: 'identity_match',
  findDueStandings: 'identity_link_binding',
  walkUnreachable: 'identity',
  eraseLogins: 'login_grant',
  lockTokens: 'login_grant',
  revokeGrantsOfNobody: 'identity',
  lockLogins: 'identity',
  grantBySession: 'login_grant',
  findSignOn: 'login_grant',
  countSignOn: 'login_grant',
  findSessionLogins: 'login_grant',
  lockSessionLogins: 'login_grant',
  endSessionCodes: 'authorization_code',
  endSessionRefresh: 'refresh_token',
  listWaitingEvents: 'outbox',
  listDeliveredEvents: 'outbox',
  listDeadEvents: 'outbox',
  findLogoutReceivers: 'login_grant',
  eraseBindings: 'identity_link_binding',
  findReceivers: 'event_subscription',
  claimEvents: 'outbox',
  beginRefresh: 'authorization_code',
  endRefreshFamily: 'refresh_token',
  rotateRefreshTokens: 'refresh_token',
  findRefreshFamily: 'refresh_token',
  findLiveRefreshToken: 'refresh_token',
  useRefreshToken: 'refresh_token',
  endAccessToken: 'refresh_token',
  findLiveCodeToken: 'authorization_code',
  findLiveRefreshedToken: 'refresh_token',
  findLivePlainToken: 'access_token',
  findLiveWalletOnlyToken: 'authorization_code',
  holdSession: 'reconciliation_session',
  carryHashes: 'identity_link_binding',
  moveAddresses: 'identity_match',
}

function tableOf({ name, text }: Found): string {
  const named = [...text.matchAll(/\b(?:from|update|into)\s+"?(\w+)"?/gi)].map(([, table]) => table)
  return ABOUT[name] ?? named.find((table) => tables.includes(table ?? '')) ?? ''
}

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const later = () => toInstant(bridge.clock.now() + 3_600_000)

/** Which columns a parameter may mean besides its own name. */
const COLUMNS: Record<string, readonly string[]> = {
  identityId: ['identity_id', 'internal_identity_id', 'id'],
  matchId: ['match_id'],
  matchIds: ['match_id', 'id'],
  grantId: ['grant_id', 'id'],
  journeyId: ['journey_id', 'id'],
  hash: ['identifier_hash'],
  holderHash: ['identifier_hash', 'holder_identifier_hash'],
  hashes: ['identifier_hash', 'holder_identifier_hash'],
  institutionHashes: ['institution_identifier_hash'],
  requestHash: ['same_device_request_hash'],
  stateHash: ['same_device_state_hash'],
  type: ['identifier_type', 'event_type'],
  from: ['state', 'status'],
  journeyState: ['state'],
  hashKeyVersion: ['hash_key_version'],
  known: ['updated_at'],
}

/** What a parameter is given when the row in hand has nothing for it; by its name or its ending. */
function invent(parameter: string): unknown {
  const now = toInstant(bridge.clock.now())
  if (/^before$|Before$/.test(parameter)) return later()
  if (parameter === 'noticeDays') return '0'
  if (parameter === 'now') return now
  if (parameter === 'crossDeviceSince' || parameter === 'presentedSince')
    return '2020-01-01T00:00:00.000Z'
  if (/(?:At|Until)$/.test(parameter)) return later()
  if (['after', 'afterId', 'afterSlug'].includes(parameter)) return ''
  if (['limit', 'uses', 'most'].includes(parameter)) return '100'
  if (parameter === 'types') return ['KEY']
  if (/[hH]ashes$/.test(parameter)) return ['uEi-nobody']
  if (
    /[vV]ersion$|^allowed$|^authTime$|^enabled$|^requirePkce$|^claimsInIdToken$|^offlineAccessNeeded$|^uses$|^dpopBound$|^pushedRequestsOnly$|^backchannelSessionRequired$/.test(
      parameter,
    )
  )
    return '1'
  return crypto.randomUUID()
}

/** Where a parameter's value cannot be told from the row's columns and the parameter's name. */
function exactly(name: string, row: Row): Row {
  const first = (table: string, fits: (each: Row) => boolean = () => true): Row =>
    rowsOfA.get(table)?.find(fits) ?? {}
  switch (name) {
    case 'postponeStandings':
      return {
        ...{ bindingIds: [row.id], sealed: [row.credential_status ?? 'none'] },
        dueAts: [later()],
      }
    case 'endStanding':
      return { bindingId: row.id, sealed: row.credential_status ?? 'none', stale: 'true' }
    case 'purgeMatches':
      return { ids: [row.id] }
    case 'purgeBindings':
      return { ids: [row.id], matchIds: [row.match_id] }
    case 'markForgotten':
      return { people: [row.id] }
    case 'countMatchesOf':
      return { people: [row.internal_identity_id] }
    case 'findSealedUse':
      return { sealedLike: 'v1.c1.%', saltLike: 'c1.%' }
    case 'countProgress':
      return { processed: '1', failed: '0', skipped: '0', purged: '0', total: '1' }
    case 'countLeftBehind':
      return { keyVersions: '{9}' }
    case 'dropStragglers':
      return { matchIds: [row.id] }
    case 'moveMatches': {
      const hash = row.deleted_identifier_hash ?? row.identifier_hash
      return { matchIds: [row.id], hashes: [hash], newHashes: [`moved-${row.id}`], newVersion: '2' }
    }
    case 'moveHolders':
      return {
        ...{ bindingIds: [row.id], hashes: [row.holder_identifier_hash], newHashes: ['moved'] },
        ...{ fingerprints: [row.material_fingerprints], newFingerprints: ['{}'], newVersion: '2' },
      }
    case 'moveAccounts':
      return {
        ...{ institutionHashes: [row.institution_identifier_hash], newHashes: ['moved'] },
        newVersion: '2',
      }
    case 'carryHashes':
      return {
        ...{ identityId: personOf(row), from: [`hash-of-mail-${row.id}`] },
        ...{ to: ['moved'], versions: '{2}' },
      }
    case 'replaceAddress':
      return {
        ...{ identityId: personOf(row), institutionHashes: [row.institution_identifier_hash] },
        ...{ material: 'provider_email', presentHash: null, hashes: [] },
      }
    case 'moveAddresses':
      return {
        ...{ matchIds: [row.id], institutionHashes: [row.identifier_hash], newHashes: ['moved'] },
        ...{ material: 'provider_email', newVersion: '2' },
      }
    case 'noteSealVersion':
      return { bindingIds: [row.id], keyVersion: '1' }
    case 'rewrapPeople':
      return {
        ...{ identityIds: [row.id], wrapped: [row.wrapped_data_key], rewrapped: ['v1.c2.x'] },
        ...{ salts: [row.audit_salt], newSalts: ['c2.x'], keyVersion: '2' },
      }
    case 'insertOutbox':
      return {
        ...{ ids: [crypto.randomUUID()], subscriptionIds: [crypto.randomUUID()] },
        ...{ identityIds: [null], payloads: ['sealed'] },
      }
    case 'readTrail':
    case 'listCheckpoints':
    case 'findCheckpoints':
    case 'findAuditEvents':
    case 'findAuditEventsByType':
      return { after: '0', until: '1000000', before: '1000000' }
    case 'findAuditEventsByClient':
      return { after: '0', before: '1000000', type: '' }
    case 'consumeCode':
      return { identityId: first('login_grant', ({ id }) => id === row.grant_id).identity_id }
    case 'grantJourney': {
      const hashes = (row.identifier_hashes ?? []) as unknown[]
      const match = first('identity_match', (each) => hashes.includes(each.identifier_hash))
      const binding = first('identity_link_binding', ({ match_id }) => match_id === match.id)
      return {
        identityId: match.internal_identity_id ?? 'nobody',
        bindingId: binding.id ?? 'none',
        identifierHashes: hashes,
        matchIds: [match.id ?? 'none'],
        hashes: [hashes[0] ?? 'nobody'],
        versions: ['1'],
        stale: 'false',
        amr: '[]',
      }
    }
    case 'findAccounts': {
      const match = first(
        'identity_match',
        ({ internal_identity_id: of, deleted_at: end }) => of === row.id && end === null,
      )
      const bound = first('identity_link_binding', ({ match_id }) => match_id === match.id)
      return { identityId: row.id, bindingIds: [bound.id ?? 'none'] }
    }
    case 'offerAccounts':
      return { identityId: 'nobody', accounts: ['none'], decision: '{}' }
    case 'recordEdges':
      return { mergeId: row.id, mergedId: row.surviving_id, survivingId: row.surviving_id }
    case 'returnMatches':
    case 'findBindingsToSplit':
      return { mergeId: row.id }
    case 'moveEdges':
      return { mergedId: row.internal_identity_id, survivingId: row.internal_identity_id }
    case 'releaseSubjects':
      return { people: [row.identity_id ?? row.origin_id] }
    case 'giveSubjects':
      return { id: row.origin_id ?? 'nobody', family: [row.origin_id ?? 'nobody'] }
    case 'revokeGrantsOf':
    case 'revokeGrantsAt':
    case 'listConsents':
    case 'deleteConsent':
    case 'eraseConsents':
      return { people: [row.identity_id] }
    case 'deleteConsentGivenBy':
      return { people: [row.identity_id], until: '2999-01-01T00:00:00.000Z' }
    case 'countErased':
    case 'revokeGrantsOfNobody':
    case 'lockLogins':
      return { people: [row.id] }
    case 'forgetConsentsSince':
      return { people: [row.identity_id], since: '2020-01-01T00:00:00.000Z' }
    case 'beginConsenting':
      return { language: 'en', id: crypto.randomUUID() }
    case 'markMerged':
      return { into: row.id }
    case 'markSplit':
      return { from: row.merged_into }
    case 'findFamily':
    case 'lockPeople':
    case 'endMatches':
    case 'markWarned':
    case 'endBindings':
    case 'restoreMatches':
    case 'restoreBindings':
      return { ids: [row.id] }
    case 'revokeGrantsOn':
      return { bindings: [row.binding_id] }
    case 'findMergesOf':
      return { identityId: row.merged_id }
    case 'dropOldKeys':
      return { identityId: row.internal_identity_id, except: 'none', kept: '1' }
    case 'renewWalletSecrets':
      return { before: row.wallet_secrets }
    case 'presentJourney':
      return { way: 'same_device' }
    case 'startSession':
      return { providerId: first('reconciliation_provider').id }
    case 'findProviderUse':
      return { id: row.provider_id ?? first('identity_link_binding').provider_id }
    case 'dropPolicyDrafts':
      return { kinds: [row.kind] }
    case 'updateRelyingParty':
      return {
        idTokenAlgorithm: 'ES256',
        authentication: 'none',
        ...{ userinfoAlgorithm: null, jwksUri: null },
        profile: 'standard',
        dpopBound: '0',
        offlineAccessNeeded: '0',
        pushedRequestsOnly: '0',
        backchannelSessionRequired: '0',
        enabled: '1',
      }
    case 'findWalletBindings':
      return {
        identityId: personOf(row),
        institutionHashes: [row.institution_identifier_hash],
        now: '2020-01-01T00:00:00.000Z',
      }
    case 'isWalletBoundTo': {
      const bound = first('identity_link_binding', ({ match_id }) => match_id === row.id)
      return {
        walletHashes: [row.identifier_hash],
        accountHashes: [bound.institution_identifier_hash ?? 'nobody'],
      }
    }
    case 'beginRefresh':
      return {
        accessHash: row.token_hash,
        always: 'true',
        jkt: null,
        now: toInstant(bridge.clock.now()),
      }
    case 'rotateRefreshTokens':
      return {
        ...{
          familyHashes: [row.family_hash],
          tokenHashes: [row.token_hash],
          clientIds: ['app'],
          jkts: [null],
          scopes: [''],
        },
        ...{ accessHashes: ['access'], accessScopes: [null], accessJkts: [null] },
        ...{ nextHashes: ['next'], salts: ['salt'], now: toInstant(bridge.clock.now()) },
        tenantAsks: 'false',
      }
    case 'keepGrant':
      return { until: '2999-01-01T00:00:00.000Z' }
    case 'findRefreshFamily':
      return { clientId: 'app', scopes: '', tenantAsks: 'false' }
    case 'findLiveRefreshToken':
      return {
        ...{ clientId: 'app', now: toInstant(bridge.clock.now()), rowHash: row.family_hash },
        tenantAsks: 'false',
      }
    case 'useRefreshToken':
      return {
        clientId: 'app',
        jkt: null,
        scopes: '',
        tenantAsks: 'false',
        now: toInstant(bridge.clock.now()),
      }
    case 'answerAgain':
      return { nextHash: row.token_hash, now: toInstant(bridge.clock.now()) }
    case 'redeemLiveCodes':
      return {
        ...{
          codeHashes: [row.code_hash],
          clientIds: [row.client_id],
          jkts: [row.dpop_jkt ?? null],
        },
        ...{ redirectUris: [row.redirect_uri], codeChallenges: [row.code_challenge ?? null] },
        ...{ tokenHashes: ['token'], tokenExpiresAts: [later()] },
        nows: [toInstant(bridge.clock.now())],
      }
    case 'findGrantByCodeToken':
    case 'findLiveCodeToken':
    case 'findWalletOnlyGrant':
    case 'findLiveWalletOnlyToken':
      return { clientId: 'app', now: toInstant(bridge.clock.now()), rowHash: row.code_hash }
    case 'findGrantByRefreshedToken':
    case 'findLiveRefreshedToken':
    case 'endAccessToken':
      return {
        ...{ clientId: 'app', now: toInstant(bridge.clock.now()) },
        ...{ rowHash: row.family_hash, tokenHash: row.access_hash ?? row.token_hash },
      }
    case 'findGrantByPlainToken':
    case 'findLivePlainToken':
    case 'endRefreshFamily':
      return { clientId: 'app', now: toInstant(bridge.clock.now()), rowHash: row.token_hash }
    case 'findPushedRequest':
    case 'findRegistrationToken':
    case 'useRegistrationToken':
      return { now: toInstant(bridge.clock.now()), clientId: 'app' }
    case 'holdSession':
      return { now: toInstant(bridge.clock.now()), identity: 'v1.x', keyVersion: '1' }
    case 'retireSigningKey':
      return { now: toInstant(bridge.clock.now()) }
    case 'endDirectBindings':
      return {
        identityId: personOf(row),
        institutionHashes: [row.institution_identifier_hash ?? 'none'],
        except: 'none',
      }
    case 'eraseBindings':
    case 'buryMatches':
      return { people: [personOf(row), row.internal_identity_id].filter((one) => one !== 'nobody') }
    case 'lockToErase':
    case 'markErased':
      return { people: [row.id], erasureId: `erasure-${a}` }
    case 'eraseLogins':
    case 'lockTokens':
    case 'eraseAuxiliary':
    case 'eraseSubjects':
    case 'eraseChoices':
    case 'deleteOutboxOf':
      return { people: [row.identity_id ?? 'nobody'] }
    case 'setRestriction':
      return { from: row.status, to: row.status === 'ACTIVE' ? 'RESTRICTED' : 'ACTIVE' }
    case 'lockToExport':
    case 'exportMatches':
    case 'exportBindings':
    case 'exportAuxiliary':
    case 'exportGrants':
    case 'exportRest':
    case 'countHeld':
      return { people: [row.internal_identity_id ?? row.identity_id ?? row.origin_id ?? row.id] }
    case 'readDetails':
      return { after: '0', upTo: '1000000', types: [row.event_type] }
    case 'findBindingSeals':
    case 'findAuxiliarySeals':
      return { ids: [row.id] }
    case 'replaceAttributes':
      return { ids: [row.id], envelopes: ['v1.x'] }
    case 'dropCategories':
      return { people: [row.identity_id], categories: [row.category] }
    case 'dropGrantAttributes':
      return { people: [row.identity_id] }
    case 'openPrivacy':
      return { now: '2020-01-01T00:00:00.000Z', identityId: 'nobody' }
    case 'findThese':
      return { people: [row.id] }
    case 'endErasureRequest':
      return { state: 'done', erased: '1' }
    case 'findDueErasures':
      return { now: toInstant(bridge.clock.now()) }
    case 'findErasureOf':
      return { identityId: row.id }
    case 'exportEvents':
      return { subjectHashes: [row.subject_hash ?? 'nobody'], after: '0', upTo: '1000000' }
    case 'eraseFromRequests':
      return { people: row.people, now: '2019-01-01T00:00:00.000Z' }
    case 'eraseLedgerLines':
      return { people: [row.identity_id] }
    case 'markLinesNoted':
    case 'findOwnersOfMatches':
      return { ids: [row.id] }
    case 'eraseMerges':
      return { people: [row.merged_id] }
    case 'findErasure':
    case 'markNoted':
      return { id: row.id }
    case 'findReceivers':
      return { people: ['whoever it is'], type: 'binding_created' }
    case 'claimEvents':
      return { now: toInstant(bridge.clock.now()), until: later(), busy: [], each: '5' }
    case 'settleEvent':
      return { attempts: String(row.attempts), deliveredAt: null, deadAt: null, error: null }
    case 'handBackEvent':
      return { attempts: String(row.attempts) }
    case 'findWaitingEvents':
    case 'acknowledgeEvents':
      return { subscriptionId: row.subscription_id, ids: [row.id] }
    case 'refuseEvents':
      return { subscriptionId: row.subscription_id, ids: [row.id], error: 'refused' }
    case 'insertLogouts':
      return {
        ...{ ids: [crypto.randomUUID()], clientIds: ['app'], identityIds: [null] },
        payloads: ['sealed'],
      }
    case 'endSessionCodes':
    case 'endSessionRefresh': {
      const grant = first('login_grant', ({ id }) => id === row.grant_id)
      return { browserHash: grant.session_browser_hash ?? 'none' }
    }
    case 'findLogoutReceivers':
      return { people: [row.identity_id] }
    case 'findSessionLogins':
    case 'lockSessionLogins':
    case 'findSignOn':
    case 'countSignOn':
    case 'endSignOn':
    case 'replaceSignOn':
    case 'grantBySession': {
      const long = '2020-01-01T00:00:00.000Z'
      const session = { sessionHash: row.session_hash ?? 'none', fromGrant: row.id }
      const browser = { browserHash: row.session_browser_hash ?? 'none' }
      const fresh = { grantId: crypto.randomUUID(), journeyId: crypto.randomUUID(), language: 'en' }
      const empty = {
        pushedRequestHash: null,
        walletAttributes: null,
        dpopJkt: null,
        policies: '{}',
      }
      return {
        ...{ ...session, ...browser, ...fresh, ...empty, startedAfter: long, usedAfter: long },
        ...{ identityId: row.identity_id ?? 'nobody', bindingId: row.binding_id ?? 'none' },
        ...{ now: toInstant(bridge.clock.now()), detail: '{}', begins: true },
      }
    }
    case 'listWaitingEvents':
    case 'listDeliveredEvents':
    case 'listDeadEvents':
      return { beforeId: '~' }
    case 'deleteOldEvents':
      return { deliveredBefore: later(), deadBefore: later() }
    default:
      return {}
  }
}

function valuesFor({ name, call }: Found, row: Row, tenantId: string): Step<unknown> {
  const exact = exactly(name, row)
  const choose = (parameter: string): unknown => {
    if (Object.hasOwn(exact, parameter)) return exact[parameter]
    if (parameter === 'tenantId') return tenantId
    if (parameter === 'before' && /^findAudit/.test(name)) return '1000000'
    if (parameter === 'now')
      return /^(delete|expire|find|sweep)(Exp|Jour|Sess|Spent)/.test(name)
        ? later()
        : invent(parameter)
    if (parameter === 'to') return 'FAILED'
    if (parameter === 'browserHash') return browserOf(row)
    const columns = [...(COLUMNS[parameter] ?? []), snake(parameter)]
    const known = columns
      .map((column) => row[column])
      .find(
        (value) => typeof value === 'string' || typeof value === 'number' || Array.isArray(value),
      )
    if (known === undefined || /At$/.test(parameter) || parameter === 'types')
      return invent(parameter)
    if (/[hH]ashes$|Ids$/.test(parameter)) return Array.isArray(known) ? known : [known]
    return Array.isArray(known) ? known : String(known)
  }
  return call(new Proxy({}, { get: (_, key) => choose(String(key)) }) as Row)
}

function personOf(binding: Row): unknown {
  const match = rowsOfA.get('identity_match')?.find(({ id }) => id === binding.match_id)
  return match?.internal_identity_id ?? 'nobody'
}

function browserOf(row: Row): unknown {
  const journey = rowsOfA.get('journey')?.find(({ id }) => id === row.journey_id)
  return journey?.browser_hash ?? row.browser_hash ?? 'nobody'
}

/** The statement as it would be, had its author forgotten the tenant everywhere. */
function withoutTenant(text: string): string {
  return text.replaceAll(/(?:"?\w+"?\.)?"?tenant_id"? = \$(\d+)/g, '($$$1::text IS NOT NULL)')
}

interface Outcome {
  /** Rows given, or rows written where it gives none. */
  hits: number
  given: string
  sqlState: string | undefined
  digestOfA: string
}

/** Runs one step as a tenant, looks at what it did to A, and rolls back. */
async function attempt(
  on: pg.Client,
  setting: string,
  text: string,
  values: Step<unknown>['values'],
): Promise<Outcome> {
  await on.query('BEGIN')
  try {
    await on.query(`SELECT set_config('app.tenant_id', $1, true)`, [setting])
    const result = await on.query(text, values)
    const hits =
      result.command === 'SELECT' || result.rows.length > 0
        ? result.rows.length
        : (result.rowCount ?? 0)
    const isNothing = (row: Row) =>
      row.count === 0 ||
      Object.values(row).every((value) => value === 0 || JSON.stringify(value) === '[]')
    const counts = result.rows.every(isNothing)
    return {
      hits: counts ? (result.rows.length > 0 ? 0 : hits) : hits,
      given: JSON.stringify(result.rows),
      sqlState: undefined,
      // What A does to its own rows proves nothing.
      digestOfA: setting !== a && writes(text) ? await digestOfA(on) : before,
    }
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    return { hits: 0, given: '', sqlState: error.code, digestOfA: before }
  } finally {
    await on.query('ROLLBACK')
  }
}

/** Whether a text can change a row at all; what only reads needs no look at every table. */
function writes(text: string): boolean {
  return /\b(insert into|delete from|set)\b/i.test(text)
}

async function digestOfA(on: pg.Client): Promise<string> {
  await on.query(`SELECT set_config('app.tenant_id', $1, true)`, [a])
  const parts = tables.map(
    (table) =>
      `SELECT '${table}' AS name, md5(string_agg(t::text, '|' ORDER BY t::text)) AS digest FROM ${table} t WHERE tenant_id = '${a}'`,
  )
  const { rows: found } = await on.query(parts.join(' UNION ALL '))
  return JSON.stringify(found)
}

async function untouched(on: pg.Client): Promise<string> {
  await on.query('BEGIN')
  try {
    return await digestOfA(on)
  } finally {
    await on.query('ROLLBACK')
  }
}

/** Tenants themselves, and what lies under the reserved tenant: keys, jobs, tokens of the administration. */
const OF_THE_WHOLE = [
  ...['endSessionsAboutTenant', 'listLivingTenantIds', 'lockTenant', 'markTenantEnded'],
  'revokeTokensOfTenant',
  ...['insertAdminSession', 'findAdminSession', 'deleteAdminSession', 'deleteExpiredAdminSessions'],
  ...['completeMigration', 'ensureJob', 'findAdminToken', 'findAdminTokenById', 'findTenantById'],
  'findTokenAges',
  ...['findTenantBySlug', 'findTenantRevision', 'finishJob', 'insertAdminToken', 'insertKeyCheck'],
  ...['insertMigration', 'insertTenant', 'listAdminTokens', 'listJobs', 'listKeyChecks'],
  ...['listTenantIds', 'listTenants', 'raiseRevision', 'renewLease', 'revokeAdminToken'],
  ...[
    'takeLease',
    'takeLeaseNow',
    'pauseJob',
    'resumeJob',
    'hastenJob',
    'touchAdminToken',
    'updateMigrationProgress',
    'updateTenant',
  ],
  ...['findMigrationEnd', 'holdMigration', 'listMigrations', 'listOpenMigrations', 'lockMigration'],
  ...['pauseMigration', 'reopenMigration', 'unpauseMigration'],
]

const ofTenants = () => statements.filter(({ parameters }) => parameters.includes('tenantId'))

test('row 37 PG-16 what takes no tenant is of the whole installation, and named here', () => {
  expect(statements.length).toBeGreaterThan(90)
  expect(ofTenants().length).toBeGreaterThan(60)
  const whole = statements.filter(({ parameters }) => !parameters.includes('tenantId'))
  expect(new Set(whole.map(({ name }) => name))).toEqual(new Set(OF_THE_WHOLE))
})

test('row 37 PG-16 no statement reads or changes a row of another tenant, nor would it without its WHERE', async () => {
  before = await untouched(client)
  const silent: string[] = []
  const wrong: string[] = []
  let bypassed = 0
  for (const found of ofTenants()) {
    const candidates = rowsOfA.get(tableOf(found)) ?? []
    const inserts = /^\s*insert into/i.test(found.text)
    let hit = false
    let last: string | undefined
    for (const row of candidates.length === 0 ? [{}] : candidates) {
      const mine = valuesFor(found, row, a)
      const control = inserts ? undefined : await attempt(client, a, mine.text, mine.values)
      // A unique index that refuses a second one was reached through the row, too.
      hit = control === undefined || control.hits > 0 || control.sqlState === '23505'
      last = control?.sqlState
      if (!hit && row !== candidates.at(-1)) continue
      const theirs = valuesFor(found, row, b)
      const mixedUp = await attempt(client, b, mine.text, mine.values)
      const asB = await attempt(client, b, theirs.text, theirs.values)
      const forgotten = await attempt(client, b, withoutTenant(theirs.text), theirs.values)
      if (inserts ? mixedUp.sqlState !== '42501' : mixedUp.hits !== 0)
        wrong.push(`${found.name}: as B with A's id: ${mixedUp.sqlState ?? mixedUp.hits}`)
      for (const [way, outcome] of Object.entries({ mixedUp, asB, forgotten })) {
        if (outcome.digestOfA !== before) wrong.push(`${found.name}: ${way} changed A`)
        // An insert gives back what it was given.
        if (!inserts && secretsOfA.some((secret) => outcome.given.includes(secret)))
          wrong.push(`${found.name}: ${way} gave what is A's`)
        if (outcome.sqlState?.startsWith('42') && outcome.sqlState !== '42501')
          wrong.push(`${found.name}: ${way} could not be run: ${outcome.sqlState}`)
      }
      // Who is not bound by row-level security does reach A's rows so: the mutation is a real one.
      if (!inserts) {
        const unbound = await attempt(superuser, b, withoutTenant(theirs.text), theirs.values)
        if (
          unbound.digestOfA !== before ||
          secretsOfA.some((secret) => unbound.given.includes(secret))
        )
          bypassed++
      }
      break
    }
    if (!hit) silent.push(`${found.name} ${last ?? ''}`)
  }
  expect(wrong).toEqual([])
  expect(silent).toEqual([])
  expect(bypassed).toBeGreaterThan(50)
  expect(await untouched(client)).toBe(before)
}, 240_000)
