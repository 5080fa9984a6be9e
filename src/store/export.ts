/** Everything that stands in the tables about a person and everybody merged with them (`store/personal-data.ts` is the list). */
import { sql } from 'kysely'
import type { BindingId, ClientId, GrantId, IdentityId, MatchId, TenantId } from '../domain/ids.ts'
import type { IdentifierType, JsonObject, Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { GRANTED_TO_NOBODY, OWN_HASHES } from './erasure.ts'
import { anyOf, type Params, sqlStatement, statement } from './statement.ts'

type People = { tenantId: TenantId; people: readonly IdentityId[] }

/** Their rows, locked FOR SHARE: an erasure under way is waited for, and one that comes later waits for us. */
export const lockToExport = statement('lock_to_export', (q, p: Params<People>) =>
  q
    .selectFrom('identity')
    .select(['id', 'status', 'merged_into', 'created_at', 'wrapped_data_key', 'audit_salt'])
    .where('tenant_id', '=', p('tenantId'))
    .where('id', '=', anyOf(p('people')))
    .orderBy('id')
    .forShare(),
)

export const exportMatches = sqlStatement(
  'export_matches',
  (p: Params<People>) => sql<{
    id: MatchId
    person: IdentityId
    type: IdentifierType
    shared: boolean
    hash_key: 'A' | 'B'
    created_at: IsoInstant
    last_used_at: IsoInstant
    deleted_at: IsoInstant | null
    deletion_reason: string | null
  }>`
    SELECT id, internal_identity_id AS person, identifier_type AS type, metadata_json IS NOT NULL AS shared, hash_key, created_at, last_used_at, deleted_at, deletion_reason
      FROM identity_match
     WHERE tenant_id = ${p('tenantId')} AND internal_identity_id = ANY (${p('people')}::text[])
     ORDER BY created_at, id`,
)

/** Sealed texts, and the person whose key opens them. */
export interface BindingRow {
  id: string
  match_id: MatchId
  provider: string | null
  provider_name: string | null
  account: Sealed | null
  account_attribute: string | null
  attributes: Sealed | null
  assurance: string | null
  /** JSON: names of materials, with their hashes. */
  materials: string | null
  proved_at: IsoInstant | null
  believed_until: IsoInstant | null
  to_be_proved_again_since: IsoInstant | null
  told_of_its_end_at: IsoInstant | null
  credential_status: Sealed | null
  created_at: IsoInstant
  last_used_at: IsoInstant
  deleted_at: IsoInstant | null
  deletion_reason: string | null
  key_identity_id: IdentityId
  wrapped_data_key: Sealed | null
}

export const exportBindings = sqlStatement(
  'export_bindings',
  (p: Params<People>) => sql<BindingRow>`
    SELECT b.id, b.match_id, r.slug AS provider, r.name AS provider_name, b.encrypted_institution_id AS account,
           b.institution_id_label AS account_attribute, b.persisted_attributes_envelope AS attributes,
           b.assurance_summary AS assurance, b.material_fingerprints AS materials, b.reconcile_time AS proved_at, b.expires_at AS believed_until,
           b.stale_since AS to_be_proved_again_since, b.inactivity_warned_at AS told_of_its_end_at, b.credential_status,
           b.created_at, b.last_used_at, b.deleted_at, b.deletion_reason, k.id AS key_identity_id, k.wrapped_data_key
      FROM identity_match m
      JOIN identity_link_binding b ON b.tenant_id = m.tenant_id AND b.match_id = m.id
      JOIN identity k ON k.tenant_id = m.tenant_id AND k.id = CASE WHEN b.key_identity_id IS NULL THEN m.internal_identity_id ELSE b.key_identity_id END
      LEFT JOIN reconciliation_provider r ON r.tenant_id = b.tenant_id AND r.id = b.provider_id
     WHERE m.tenant_id = ${p('tenantId')} AND m.internal_identity_id = ANY (${p('people')}::text[])
     ORDER BY b.created_at, b.id`,
)

/** Expired rows too, as long as they are there. */
export const exportAuxiliary = statement('export_auxiliary', (q, p: Params<People>) =>
  q
    .selectFrom('auxiliary_data as a')
    .innerJoin('identity as i', (join) =>
      join.onRef('i.tenant_id', '=', 'a.tenant_id').onRef('i.id', '=', 'a.identity_id'),
    )
    .select([
      ...(['a.id', 'a.identity_id', 'a.category', 'a.encrypted_payload'] as const),
      ...(['a.created_at', 'a.updated_at', 'a.expires_at', 'i.wrapped_data_key'] as const),
    ])
    .where('a.tenant_id', '=', p('tenantId'))
    .where('a.identity_id', '=', anyOf(p('people')))
    .orderBy('a.category'),
)

/** A login as it was granted to a relying party, with what the wallet's part of the claims is sealed in. */
export interface ExportedGrant {
  id: GrantId
  client_id: ClientId
  link: BindingId | null
  subject: string | null
  scope: string
  acr: string
  /** JSON, as `upstream` and `claims`. */
  amr: string
  auth_time: number | null
  upstream: string | null
  claims: string | null
  wallet_attributes: Sealed | null
  created_at: IsoInstant
  expires_at: IsoInstant
  revoked_at: IsoInstant | null
  session_started_at: IsoInstant | null
}

/** Also those by the wallet's word alone, of somebody who is one of these people and was not looked for. */
export const exportGrants = sqlStatement(
  'export_grants',
  (p: Params<People>) => sql<ExportedGrant>`
    WITH ${OWN_HASHES(p)}
    SELECT id, client_id, binding_id AS link, subject, scope, acr, amr, auth_time, upstream, claims, wallet_attributes,
           created_at, expires_at, revoked_at, session_started_at
      FROM login_grant
     WHERE tenant_id = ${p('tenantId')} AND (identity_id = ANY (${p('people')}::text[]) OR ${GRANTED_TO_NOBODY(p)})
     ORDER BY created_at`,
)

/** The small tables, each as one JSON array: what there is to say of a row stands in it. */
export const exportRest = sqlStatement(
  'export_rest',
  (p: Params<People>) => sql<{
    subjects: JsonObject[]
    choices: JsonObject[]
    consents: JsonObject[]
    journeys: JsonObject[]
    institution_logins: JsonObject[]
    merges: JsonObject[]
    messages: JsonObject[]
  }>`
    SELECT
      (SELECT COALESCE(json_agg(json_build_object('sector', sector, 'subject', subject, 'created_at', created_at) ORDER BY created_at), '[]')
         FROM pairwise_subject WHERE tenant_id = ${p('tenantId')}
          AND (identity_id = ANY (${p('people')}::text[]) OR origin_id = ANY (${p('people')}::text[]))) AS subjects,
      (SELECT COALESCE(json_agg(json_build_object('client_id', client_id, 'link', binding_id, 'created_at', created_at) ORDER BY created_at), '[]')
         FROM account_choice WHERE tenant_id = ${p('tenantId')} AND identity_id = ANY (${p('people')}::text[])) AS choices,
      (SELECT COALESCE(json_agg(json_build_object('client_id', c.client_id, 'client_name', r.name, 'scopes', c.scopes::json, 'claims', c.claims::json, 'purpose', c.purpose::json, 'given_at', c.created_at, 'given_again_at', c.updated_at) ORDER BY c.created_at), '[]')
         FROM consent c LEFT JOIN relying_party r ON r.tenant_id = c.tenant_id AND r.client_id = c.client_id
        WHERE c.tenant_id = ${p('tenantId')} AND c.identity_id = ANY (${p('people')}::text[])) AS consents,
      (SELECT COALESCE(json_agg(json_build_object('client_id', client_id, 'purpose', purpose, 'way', way, 'language', language, 'state', state, 'failure', failure, 'presented_at', presented_at, 'created_at', created_at, 'expires_at', expires_at) ORDER BY created_at), '[]')
         FROM journey WHERE tenant_id = ${p('tenantId')} AND identity_id = ANY (${p('people')}::text[])) AS journeys,
      (SELECT COALESCE(json_agg(json_build_object('provider', r.slug, 'state', s.status, 'failure', s.error_message, 'created_at', s.created_at, 'expires_at', s.expires_at) ORDER BY s.created_at), '[]')
         FROM journey j JOIN reconciliation_session s ON s.tenant_id = j.tenant_id AND s.journey_id = j.id
         LEFT JOIN reconciliation_provider r ON r.tenant_id = s.tenant_id AND r.id = s.provider_id
        WHERE j.tenant_id = ${p('tenantId')} AND j.identity_id = ANY (${p('people')}::text[])) AS institution_logins,
      (SELECT COALESCE(json_agg(json_build_object('merged', merged_id, 'surviving', surviving_id, 'merged_at', merged_at, 'split_until', split_until, 'split_at', split_at) ORDER BY merged_at), '[]')
         FROM identity_merge WHERE tenant_id = ${p('tenantId')}
          AND (merged_id = ANY (${p('people')}::text[]) OR surviving_id = ANY (${p('people')}::text[]))) AS merges,
      (SELECT COALESCE(json_agg(json_build_object('type', o.event_type, 'receiver', COALESCE(o.client_id, s.client_id, 'tenant'), 'created_at', o.created_at, 'delivered_at', o.delivered_at) ORDER BY o.created_at), '[]')
         FROM outbox o LEFT JOIN event_subscription s ON s.tenant_id = o.tenant_id AND s.id = o.subscription_id
        WHERE o.tenant_id = ${p('tenantId')} AND o.identity_id = ANY (${p('people')}::text[])) AS messages`,
)

/** What the trail says under a pseudonym, from one place of the chain to another: no index holds pseudonyms. */
export const exportEvents = sqlStatement(
  'export_events',
  (
    p: Params<{
      tenantId: TenantId
      subjectHashes: readonly string[]
      after: number
      upTo: number
    }>,
  ) => sql<{
    type: string
    client_id: ClientId | null
    detail: string | null
    created_at: IsoInstant
  }>`
    SELECT event_type AS type, client_id, detail, created_at FROM audit_event
     WHERE tenant_id = ${p('tenantId')} AND seq > ${p('after')} AND seq <= ${p('upTo')}
       AND subject_hash = ANY (${p('subjectHashes')}::text[])
     ORDER BY seq`,
)

/** How many rows of each kind there are; the same kinds as a receipt counts. */
export interface Held {
  persons: number
  matches: number
  bindings: number
  attributes: number
  subjects: number
  journeys: number
  grants: number
  messages: number
}

export const countHeld = sqlStatement(
  'count_held',
  (p: Params<People>) => sql<Held>`
    SELECT
      (SELECT count(*)::int FROM identity
        WHERE tenant_id = ${p('tenantId')} AND id = ANY (${p('people')}::text[]) AND status <> 'ERASED') AS persons,
      (SELECT count(*)::int FROM identity_match
        WHERE tenant_id = ${p('tenantId')} AND internal_identity_id = ANY (${p('people')}::text[])) AS matches,
      (SELECT count(*)::int FROM identity_match m
         JOIN identity_link_binding b ON b.tenant_id = m.tenant_id AND b.match_id = m.id
        WHERE m.tenant_id = ${p('tenantId')} AND m.internal_identity_id = ANY (${p('people')}::text[])) AS bindings,
      (SELECT count(*)::int FROM auxiliary_data
        WHERE tenant_id = ${p('tenantId')} AND identity_id = ANY (${p('people')}::text[])) AS attributes,
      (SELECT count(*)::int FROM pairwise_subject
        WHERE tenant_id = ${p('tenantId')}
          AND (identity_id = ANY (${p('people')}::text[]) OR origin_id = ANY (${p('people')}::text[]))) AS subjects,
      (SELECT count(*)::int FROM journey
        WHERE tenant_id = ${p('tenantId')} AND identity_id = ANY (${p('people')}::text[])) AS journeys,
      (SELECT count(*)::int FROM login_grant
        WHERE tenant_id = ${p('tenantId')} AND identity_id = ANY (${p('people')}::text[])) AS grants,
      (SELECT count(*)::int FROM outbox
        WHERE tenant_id = ${p('tenantId')} AND identity_id = ANY (${p('people')}::text[])) AS messages`,
)
