/** `identity_match`: one hashed identifier → one person. Reads see live rows only, unless their name says otherwise. */
import { sql } from 'kysely'
import type { IdentityId, MatchId, TenantId } from '../domain/ids.ts'
import type { HolderHash, IdentifierType, InstitutionHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { anyOf, type Params, sqlStatement, statement } from './statement.ts'

type Hash = HolderHash | InstitutionHash

/**
 * `metadata_json` of a match whose identifier was proved of two people: it keeps its place, so that nobody else gets it,
 * and says nothing about anybody.
 */
export const SHARED = '{"shared":true}'

/** The live matches of one identifier under any of its versions' hashes: the primary lookup, one query (CR-42). */
export const findMatchByHash = statement(
  'find_match_by_hash',
  (q, p: Params<{ tenantId: TenantId; hashes: readonly Hash[]; type: IdentifierType }>) =>
    q
      .selectFrom('identity_match')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .where('identifier_type', '=', p('type'))
      .where('identifier_hash', '=', anyOf(p('hashes')))
      .where('deleted_at', 'is', null),
)

/** Every live match of one person. */
export const findMatchesByIdentity = statement(
  'find_matches_by_identity',
  (q, p: Params<{ tenantId: TenantId; identityId: IdentityId }>) =>
    q
      .selectFrom('identity_match')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .where('internal_identity_id', '=', p('identityId'))
      .where('deleted_at', 'is', null)
      .orderBy('id'),
)

export const insertMatch = statement(
  'insert_match',
  (
    q,
    p: Params<{
      id: MatchId
      tenantId: TenantId
      hash: Hash
      hashKey: 'A' | 'B'
      hashKeyVersion: number
      type: IdentifierType
      identityId: IdentityId
      metadata: string | null
      now: IsoInstant
      usedAt: IsoInstant
    }>,
  ) =>
    q.insertInto('identity_match').values({
      id: p('id'),
      tenant_id: p('tenantId'),
      identifier_hash: p('hash'),
      hash_key: p('hashKey'),
      hash_key_version: p('hashKeyVersion'),
      identifier_type: p('type'),
      internal_identity_id: p('identityId'),
      metadata_json: p('metadata'),
      created_at: p('now'),
      updated_at: p('now'),
      last_used_at: p('usedAt'),
    }),
)

/** Soft delete: the hash moves aside, so nothing can hit the row and a person who comes back gets a new one. */
export const softDeleteMatch = statement(
  'soft_delete_match',
  (q, p: Params<{ tenantId: TenantId; id: MatchId; reason: string; now: IsoInstant }>) =>
    q
      .updateTable('identity_match')
      .set((row) => ({
        deleted_identifier_hash: row.ref('identifier_hash').$castTo<Hash>(),
        identifier_hash: sql<`deleted:${string}`>`'deleted:' || id`,
        deleted_at: p('now'),
        deletion_reason: p('reason'),
        updated_at: p('now'),
      }))
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('deleted_at', 'is', null),
)

/** Removes a match for good; only one that was soft-deleted before, and whose bindings are gone. */
export const hardDeleteMatch = statement(
  'hard_delete_match',
  (q, p: Params<{ tenantId: TenantId; id: MatchId }>) =>
    q
      .deleteFrom('identity_match')
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('deleted_at', 'is not', null),
)

/** Matches that were soft-deleted before `before`, oldest first. */
export const findSoftDeletedMatchesPastRetention = statement(
  'find_soft_deleted_matches_past_retention',
  (q, p: Params<{ tenantId: TenantId; before: IsoInstant; limit: number }>) =>
    q
      .selectFrom('identity_match')
      .select(['id', 'internal_identity_id', 'deleted_at', 'deletion_reason'])
      .where('tenant_id', '=', p('tenantId'))
      .where('deleted_at', '<', p('before'))
      .orderBy('deleted_at')
      .orderBy('id')
      .limit(p('limit')),
)

export const countMatches = statement('count_matches', (q, p: Params<{ tenantId: TenantId }>) =>
  q
    .selectFrom('identity_match')
    .select(sql<number>`count(*)::int`.as('count'))
    .where('tenant_id', '=', p('tenantId'))
    .where('deleted_at', 'is', null),
)

/** A live match found by one of several identifiers, with its person's state. */
export interface PersonHit {
  match_id: MatchId
  identifier_type: IdentifierType
  hash_key: 'A' | 'B'
  identifier_hash: Hash | `deleted:${string}`
  hash_key_version: number
  shared: boolean
  identity_id: IdentityId
}

/** Live matches of any of the hashes, whichever type, inside the transaction that may insert next to them. */
export const findPersonHits = statement(
  'find_person_hits',
  (q, p: Params<{ tenantId: TenantId; hashes: readonly Hash[] }>) =>
    q
      .selectFrom('identity_match')
      .select([
        'id as match_id',
        'identifier_type',
        'hash_key',
        'identifier_hash',
        'hash_key_version',
        'internal_identity_id as identity_id',
      ])
      .select(sql<boolean>`metadata_json IS NOT DISTINCT FROM ${sql.lit(SHARED)}`.as('shared'))
      .where('tenant_id', '=', p('tenantId'))
      .where('identifier_hash', '=', anyOf(p('hashes')))
      .where('deleted_at', 'is', null),
)

/**
 * Locks the guard rows of all readable versions' hashes, in one order, before a first login reads again and inserts
 * (ARCHITECTURE, "First login, once"): of two first logins of one person, on whatever versions, one waits.
 */
export const lockGuards = sqlStatement(
  'lock_guards',
  (
    p: Params<{
      tenantId: TenantId
      types: readonly string[]
      hashes: readonly Hash[]
      now: IsoInstant
    }>,
  ) =>
    sql<{ changed: number }>`
      INSERT INTO match_guard (tenant_id, identifier_type, identifier_hash, created_at)
      SELECT ${p('tenantId')}, g.type, g.hash, ${p('now')}
        FROM unnest(${p('types')}::text[], ${p('hashes')}::text[]) AS g (type, hash)
       ORDER BY g.type, g.hash
      ON CONFLICT (tenant_id, identifier_type, identifier_hash) DO UPDATE SET created_at = excluded.created_at`,
)

/** A live match found under an older key version moves to the current one (CR-44). */
export const upgradeMatch = statement(
  'upgrade_match',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: MatchId
      hashes: readonly Hash[]
      hash: Hash
      hashKeyVersion: number
      now: IsoInstant
      usedAt: IsoInstant
    }>,
  ) =>
    q
      .updateTable('identity_match')
      .set({
        identifier_hash: p('hash'),
        hash_key_version: p('hashKeyVersion'),
        updated_at: p('now'),
        last_used_at: p('usedAt'),
      })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('identifier_hash', '=', anyOf(p('hashes')))
      .where('deleted_at', 'is', null),
)

/** A live match whose identifier was now proved of somebody else as well. */
export const markShared = statement(
  'mark_shared',
  (q, p: Params<{ tenantId: TenantId; id: MatchId; now: IsoInstant }>) =>
    q
      .updateTable('identity_match')
      .set({ metadata_json: SHARED, updated_at: p('now') })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('deleted_at', 'is', null),
)

/**
 * Ends the keys of a person beyond the `kept` most recently used ones, with their bindings: wallets that show a fresh key
 * each time would leave a row for each. `except` is the key of this login.
 */
export const dropOldKeys = sqlStatement(
  'drop_old_keys',
  (
    p: Params<{
      tenantId: TenantId
      identityId: IdentityId
      except: MatchId
      kept: number
      reason: string
      now: IsoInstant
    }>,
  ) => sql<{ id: MatchId }>`
    WITH old AS (
      SELECT id FROM identity_match
       WHERE tenant_id = ${p('tenantId')} AND internal_identity_id = ${p('identityId')} AND identifier_type = 'KEY'
         AND deleted_at IS NULL AND id <> ${p('except')}
       ORDER BY last_used_at DESC, created_at DESC, id OFFSET greatest(${p('kept')}::integer - 1, 0)
    ), unbound AS (
      UPDATE identity_link_binding b
         SET deleted_at = ${p('now')}, deletion_reason = ${p('reason')}, updated_at = ${p('now')}
        FROM old WHERE b.tenant_id = ${p('tenantId')} AND b.match_id = old.id AND b.deleted_at IS NULL
    )
    UPDATE identity_match m
       SET deleted_identifier_hash = m.identifier_hash, identifier_hash = 'deleted:' || m.id,
           deleted_at = ${p('now')}, deletion_reason = ${p('reason')}, updated_at = ${p('now')}
      FROM old WHERE m.tenant_id = ${p('tenantId')} AND m.id = old.id AND m.deleted_at IS NULL
    RETURNING m.id`,
)

/** Guards that have done their work; bounded. */
export const sweepGuards = sqlStatement(
  'sweep_guards',
  (p: Params<{ tenantId: TenantId; before: IsoInstant; limit: number }>) =>
    sql<{ changed: number }>`
      WITH picked AS MATERIALIZED (
        SELECT identifier_type, identifier_hash FROM match_guard
         WHERE tenant_id = ${p('tenantId')} AND created_at < ${p('before')}
         ORDER BY created_at LIMIT ${p('limit')} FOR UPDATE SKIP LOCKED
      )
      DELETE FROM match_guard g USING picked
       WHERE g.tenant_id = ${p('tenantId')} AND g.identifier_type = picked.identifier_type
         AND g.identifier_hash = picked.identifier_hash`,
)
