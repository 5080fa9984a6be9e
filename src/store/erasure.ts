/** `erasure`, and the statements that take a person out of every table (`store/personal-data.ts` is the list). */
import { sql } from 'kysely'
import type { ErasureGround } from '../domain/erasure.ts'
import type { ErasureId, GrantId, IdentityId, JourneyId, TenantId } from '../domain/ids.ts'
import type { IsoInstant } from '../domain/time.ts'
import { anyOf, type Params, sqlStatement, statement } from './statement.ts'

type People = { tenantId: TenantId; people: readonly IdentityId[] }

/** Everybody who is one with this person by merges, in both directions; nobody where there is no such person. */
export const findWholeFamily = sqlStatement(
  'find_whole_family',
  (p: Params<{ tenantId: TenantId; id: IdentityId }>) => sql<{ id: IdentityId }>`
    WITH RECURSIVE above AS (
      SELECT id, merged_into FROM identity WHERE tenant_id = ${p('tenantId')} AND id = ${p('id')}
      UNION
      SELECT i.id, i.merged_into FROM identity i JOIN above a ON i.id = a.merged_into
       WHERE i.tenant_id = ${p('tenantId')}
    ), family AS (
      SELECT id FROM above
      UNION
      SELECT i.id FROM identity i JOIN family f ON i.merged_into = f.id WHERE i.tenant_id = ${p('tenantId')}
    )
    SELECT id FROM family ORDER BY id`,
)

/** Their rows, locked against whatever records something about them, in the order every other lock takes. */
export const lockToErase = statement('lock_to_erase', (q, p: Params<People>) =>
  q
    .selectFrom('identity')
    .select(['id', 'status', 'erasure_id'])
    .where('tenant_id', '=', p('tenantId'))
    .where('id', '=', anyOf(p('people')))
    .orderBy('id')
    .forUpdate(),
)

/**
 * `hash`: everything these people are or were known by, what they share with others too. For taking away what shows it;
 * {@link OWN_HASHES} for saying whose something is.
 */
const HASHES = (p: Params<People>) => sql`
    own AS MATERIALIZED (
      SELECT m.id, COALESCE(m.deleted_identifier_hash, m.identifier_hash) AS hash FROM identity_match m
       WHERE m.tenant_id = ${p('tenantId')} AND m.internal_identity_id = ANY (${p('people')}::text[])
    ), hash AS MATERIALIZED (
      SELECT hash FROM own
      UNION SELECT b.holder_identifier_hash FROM own
        JOIN identity_link_binding b ON b.tenant_id = ${p('tenantId')} AND b.match_id = own.id
      UNION SELECT b.institution_identifier_hash FROM own
        JOIN identity_link_binding b ON b.tenant_id = ${p('tenantId')} AND b.match_id = own.id
       WHERE b.institution_identifier_hash IS NOT NULL
    )`

/**
 * `hash`: what is these people's alone, now: their wallets' keys, and what their wallets' links hang on. An address or a
 * tuple of claims may be somebody else's too, whatever the policy made of it when it was linked; so may what ended.
 */
export const OWN_HASHES = (p: Params<People>) => sql`
    own AS MATERIALIZED (
      SELECT m.id, m.identifier_type AS type, m.identifier_hash AS hash FROM identity_match m
       WHERE m.tenant_id = ${p('tenantId')} AND m.internal_identity_id = ANY (${p('people')}::text[])
         AND m.deleted_at IS NULL AND m.metadata_json IS NULL AND m.identifier_type IN ('KEY', 'SUBJECT_ID', 'DID')
    ), hash AS MATERIALIZED (
      SELECT hash FROM own WHERE type = 'KEY'
      UNION SELECT b.holder_identifier_hash FROM own
        JOIN identity_link_binding b ON b.tenant_id = ${p('tenantId')} AND b.match_id = own.id
       WHERE b.deleted_at IS NULL AND b.holder_hash_key_version > 0
    )`

/** A grant by the wallet's word alone, whose journey (there for as long as it is) showed one of these hashes. */
export const GRANTED_TO_NOBODY = (
  p: Params<People>,
) => sql`identity_id IS NULL AND correlation_id IN (
         SELECT correlation_id FROM journey
          WHERE tenant_id = ${p('tenantId')} AND identity_id IS NULL
            AND identifier_hashes && ARRAY(SELECT hash FROM hash))`

/**
 * Locks the journeys that may yet be granted to nobody and show one of these people's identifiers, in one order: what was
 * granted meanwhile is there for the statement behind this one, and nothing more is granted until the transaction ends.
 */
export const lockLogins = sqlStatement(
  'lock_logins',
  (p: Params<People>) => sql<{ id: JourneyId }>`
    WITH ${HASHES(p)}
    SELECT id FROM journey
     WHERE tenant_id = ${p('tenantId')} AND identity_id IS NULL
       AND identifier_hashes && ARRAY(SELECT hash FROM hash)
     ORDER BY id
       FOR UPDATE`,
)

/**
 * Locks their codes and families of refresh tokens, each in the order in which they are used, ahead of the grants that take
 * them along: a use has the code or the family first, and its grant after that.
 */
export const lockTokens = sqlStatement(
  'lock_tokens',
  (p: Params<People>) => sql<{ grant_id: GrantId }>`
    WITH theirs AS MATERIALIZED (
      SELECT id FROM login_grant
       WHERE tenant_id = ${p('tenantId')} AND identity_id = ANY (${p('people')}::text[])
    ), codes AS MATERIALIZED (
      SELECT c.grant_id FROM theirs
        JOIN authorization_code c ON c.tenant_id = ${p('tenantId')} AND c.grant_id = theirs.id
       ORDER BY c.code_hash COLLATE "C"
         FOR UPDATE OF c
    ), families AS MATERIALIZED (
      SELECT f.grant_id FROM theirs
        JOIN refresh_token f ON f.tenant_id = ${p('tenantId')} AND f.grant_id = theirs.id
       ORDER BY f.family_hash COLLATE "C"
         FOR UPDATE OF f
    )
    SELECT grant_id FROM codes UNION ALL SELECT grant_id FROM families`,
)

/** Ends what was granted by the wallet's word alone to somebody who is one of these people, and was not looked for; after {@link lockLogins}. */
export const revokeGrantsOfNobody = sqlStatement(
  'revoke_grants_of_nobody',
  (p: Params<People & { now: IsoInstant }>) => sql<{ changed: number }>`
    WITH ${OWN_HASHES(p)}
    UPDATE login_grant SET revoked_at = ${p('now')}
     WHERE tenant_id = ${p('tenantId')} AND revoked_at IS NULL AND ${GRANTED_TO_NOBODY(p)}`,
)

/**
 * Whatever lives for a login: journeys that know the person or show one of their identifiers, the sessions of those, grants
 * with their codes and tokens, and guard rows nobody holds just now (the sweep takes those). After {@link lockLogins} and
 * {@link lockTokens}.
 */
export const eraseLogins = sqlStatement(
  'erase_logins',
  (p: Params<People>) => sql<{
    journeys: number
    sessions: number
    grants: number
    tokens: number
  }>`
    WITH ${HASHES(p)}, journeys AS (
      DELETE FROM journey
       WHERE tenant_id = ${p('tenantId')} AND (identity_id = ANY (${p('people')}::text[])
          OR identity_id IS NULL AND identifier_hashes && ARRAY(SELECT hash FROM hash))
      RETURNING id, correlation_id
    ), sessions AS (
      DELETE FROM reconciliation_session
       WHERE tenant_id = ${p('tenantId')} AND (journey_id IN (SELECT id FROM journeys)
          OR identifier_hash IN (SELECT hash FROM hash))
      RETURNING id
    ), grants AS (
      DELETE FROM login_grant
       WHERE tenant_id = ${p('tenantId')} AND (identity_id = ANY (${p('people')}::text[])
          OR identity_id IS NULL AND correlation_id IN (SELECT correlation_id FROM journeys))
      RETURNING id
    ), tokens AS (
      SELECT c.grant_id FROM authorization_code c JOIN grants g ON g.id = c.grant_id
       WHERE c.tenant_id = ${p('tenantId')} AND c.token_hash IS NOT NULL
      UNION ALL
      SELECT t.grant_id FROM access_token t JOIN grants g ON g.id = t.grant_id WHERE t.tenant_id = ${p('tenantId')}
      UNION ALL
      SELECT t.grant_id FROM refresh_token t JOIN grants g ON g.id = t.grant_id WHERE t.tenant_id = ${p('tenantId')}
    ), free AS MATERIALIZED (
      SELECT g.identifier_type, g.identifier_hash FROM match_guard g
       WHERE g.tenant_id = ${p('tenantId')} AND g.identifier_hash IN (SELECT hash FROM hash)
         FOR UPDATE SKIP LOCKED
    ), guards AS (
      DELETE FROM match_guard g USING free
       WHERE g.tenant_id = ${p('tenantId')} AND g.identifier_type = free.identifier_type
         AND g.identifier_hash = free.identifier_hash
    )
    SELECT (SELECT count(*)::int FROM journeys) AS journeys, (SELECT count(*)::int FROM sessions) AS sessions,
           (SELECT count(*)::int FROM grants) AS grants, (SELECT count(*)::int FROM tokens) AS tokens`,
)

/** Bindings before matches, as the foreign key asks. */
export const eraseBindings = sqlStatement(
  'erase_bindings',
  (p: Params<People>) => sql<{ id: string }>`
    DELETE FROM identity_link_binding b USING identity_match m
     WHERE m.tenant_id = ${p('tenantId')} AND m.internal_identity_id = ANY (${p('people')}::text[])
       AND b.tenant_id = m.tenant_id AND b.match_id = m.id
    RETURNING b.id`,
)

/**
 * Each match, ended ones too, becomes a tombstone: its id, its tenant and when it ended; it points at nobody and everything
 * else says the same of everybody. The purge takes it away later.
 */
export const buryMatches = sqlStatement(
  'bury_matches',
  (p: Params<People & { now: IsoInstant }>) => sql<{ id: string }>`
    UPDATE identity_match
       SET identifier_hash = 'deleted:' || id, deleted_identifier_hash = NULL, identifier_type = 'KEY',
           internal_identity_id = gen_random_uuid()::text, hash_key = 'A', hash_key_version = 0, metadata_json = NULL,
           created_at = ${p('now')}, updated_at = ${p('now')}, last_used_at = ${p('now')},
           deleted_at = ${p('now')}, deletion_reason = 'GDPR_ERASURE'
     WHERE tenant_id = ${p('tenantId')} AND internal_identity_id = ANY (${p('people')}::text[])
    RETURNING id`,
)

export const eraseAuxiliary = statement('erase_auxiliary', (q, p: Params<People>) =>
  q
    .deleteFrom('auxiliary_data')
    .where('tenant_id', '=', p('tenantId'))
    .where('identity_id', '=', anyOf(p('people'))),
)

/** What relying parties knew the person by; those that wait for a split too. */
export const eraseSubjects = statement('erase_subjects', (q, p: Params<People>) =>
  q
    .deleteFrom('pairwise_subject')
    .where('tenant_id', '=', p('tenantId'))
    .where((e) =>
      e.or([e('identity_id', '=', anyOf(p('people'))), e('origin_id', '=', anyOf(p('people')))]),
    ),
)

/** Out of every request that waits; the one that is being carried out forgets everybody at its end. */
export const eraseFromRequests = sqlStatement(
  'erase_from_requests',
  (p: Params<People & { now: IsoInstant }>) => sql<{ changed: number }>`
    UPDATE erasure_request
       SET people = ARRAY(SELECT id FROM unnest(people) WITH ORDINALITY AS one (id, place)
                           WHERE id <> ALL (${p('people')}::text[]) ORDER BY place)
     WHERE tenant_id = ${p('tenantId')} AND people && ${p('people')}::text[]
       AND (state = 'waiting' OR state = 'approved' AND due_at > ${p('now')})`,
)

export const eraseChoices = statement('erase_choices', (q, p: Params<People>) =>
  q
    .deleteFrom('account_choice')
    .where('tenant_id', '=', p('tenantId'))
    .where('identity_id', '=', anyOf(p('people'))),
)

/** Who was merged with whom, and with it what a split would give back. */
export const eraseMerges = statement('erase_merges', (q, p: Params<People>) =>
  q
    .deleteFrom('identity_merge')
    .where('tenant_id', '=', p('tenantId'))
    .where((e) =>
      e.or([e('merged_id', '=', anyOf(p('people'))), e('surviving_id', '=', anyOf(p('people')))]),
    ),
)

export const insertErasure = statement(
  'insert_erasure',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: ErasureId
      ground: ErasureGround
      receipt: string
      now: IsoInstant
    }>,
  ) =>
    q.insertInto('erasure').values({
      tenant_id: p('tenantId'),
      id: p('id'),
      ground: p('ground'),
      receipt: p('receipt'),
      erased_at: p('now'),
    }),
)

/** → ERASED: the data key and the salt of the pseudonym are gone, and with them whatever they opened. */
export const markErased = statement(
  'mark_erased',
  (q, p: Params<People & { erasureId: ErasureId }>) =>
    q
      .updateTable('identity')
      .set({
        status: 'ERASED',
        merged_into: null,
        wrapped_data_key: null,
        data_key_version: null,
        audit_salt: null,
        erasure_id: p('erasureId'),
      })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', anyOf(p('people'))),
)

export const findErasure = statement(
  'find_erasure',
  (q, p: Params<{ tenantId: TenantId; id: ErasureId }>) =>
    q
      .selectFrom('erasure')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id')),
)

/** The random ids that went with an erasure. */
export const findErased = statement(
  'find_erased',
  (q, p: Params<{ tenantId: TenantId; erasureId: ErasureId }>) =>
    q
      .selectFrom('identity')
      .select('id')
      .where('tenant_id', '=', p('tenantId'))
      .where('erasure_id', '=', p('erasureId'))
      .orderBy('id'),
)

/** The ledger outside has it. */
export const markNoted = statement(
  'mark_erasure_noted',
  (q, p: Params<{ tenantId: TenantId; id: ErasureId; now: IsoInstant }>) =>
    q
      .updateTable('erasure')
      .set({ noted_at: p('now') })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id')),
)

/** Whose identifier this is or was: live matches, and soft-deleted ones, which nobody is recognised by; and the hashes that hit. */
export const findOwners = sqlStatement(
  'find_owners',
  (p: Params<{ tenantId: TenantId; hashes: readonly string[] }>) => sql<{
    id: IdentityId
    live: boolean
    found: string[]
  }>`
    SELECT internal_identity_id AS id, bool_or(deleted_at IS NULL) AS live,
           array_agg(COALESCE(deleted_identifier_hash, identifier_hash)) AS found
      FROM identity_match
     WHERE tenant_id = ${p('tenantId')}
       AND (identifier_hash = ANY (${p('hashes')}::text[]) OR deleted_identifier_hash = ANY (${p('hashes')}::text[]))
       AND metadata_json IS NULL
     GROUP BY internal_identity_id ORDER BY internal_identity_id`,
)

/** The erasure a person ended with. */
export const findErasureOf = statement(
  'find_erasure_of',
  (q, p: Params<{ tenantId: TenantId; identityId: IdentityId }>) =>
    q
      .selectFrom('identity as i')
      .innerJoin('erasure as e', (join) =>
        join.onRef('e.tenant_id', '=', 'i.tenant_id').onRef('e.id', '=', 'i.erasure_id'),
      )
      .select(['e.receipt'])
      .where('i.tenant_id', '=', p('tenantId'))
      .where('i.id', '=', p('identityId')),
)

/** Erasures that the ledger outside does not have yet; the oldest first. */
export const findUnnoted = statement(
  'find_unnoted_erasures',
  (q, p: Params<{ tenantId: TenantId; limit: number }>) =>
    q
      .selectFrom('erasure')
      .select(['id'])
      .where('tenant_id', '=', p('tenantId'))
      .where('noted_at', 'is', null)
      .orderBy('erased_at')
      .limit(p('limit')),
)
