/** Everything that hangs on one person, for the administration: a look over several tables, and what an unlink changes. */
import { sql } from 'kysely'
import type { BindingId, IdentityId, MatchId, TenantId } from '../domain/ids.ts'
import type { IsoInstant } from '../domain/time.ts'
import { anyOf, type Params, statement } from './statement.ts'

/** Every match of a person, ended ones too. */
export const findAllMatches = statement(
  'find_all_matches_of_person',
  (q, p: Params<{ tenantId: TenantId; identityId: IdentityId }>) =>
    q
      .selectFrom('identity_match')
      .select([
        'id',
        'identifier_type',
        'identifier_hash',
        'deleted_identifier_hash',
        'hash_key',
        'hash_key_version',
        'created_at',
        'last_used_at',
        'deleted_at',
        'deletion_reason',
      ])
      .where('tenant_id', '=', p('tenantId'))
      .where('internal_identity_id', '=', p('identityId'))
      .orderBy('created_at')
      .orderBy('id'),
)

/** Every binding of a person, ended ones too. Sealed texts stay where they are. */
export const findAllBindings = statement(
  'find_all_bindings_of_person',
  (q, p: Params<{ tenantId: TenantId; identityId: IdentityId }>) =>
    q
      .selectFrom('identity_match as m')
      .innerJoin('identity_link_binding as b', (join) =>
        join.onRef('b.tenant_id', '=', 'm.tenant_id').onRef('b.match_id', '=', 'm.id'),
      )
      .leftJoin('reconciliation_provider as p', (join) =>
        join.onRef('p.tenant_id', '=', 'b.tenant_id').onRef('p.id', '=', 'b.provider_id'),
      )
      .select([
        'b.id',
        'b.match_id',
        'b.institution_identifier_hash',
        'b.material_fingerprints',
        'p.slug as provider',
        'b.created_at',
        'b.last_used_at',
        'b.reconcile_time',
        'b.deleted_at',
        'b.deletion_reason',
        'b.inactivity_warned_at',
      ])
      .where('m.tenant_id', '=', p('tenantId'))
      .where('m.internal_identity_id', '=', p('identityId'))
      .orderBy('b.created_at')
      .orderBy('b.id'),
)

/** Whose these matches are, of those that are live. */
export const findOwnersOfMatches = statement(
  'find_owners_of_matches',
  (q, p: Params<{ tenantId: TenantId; ids: readonly MatchId[] }>) =>
    q
      .selectFrom('identity_match')
      .select(['id', 'internal_identity_id'])
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', anyOf(p('ids')))
      .where('deleted_at', 'is', null),
)

/** Soft-deletes the live ones of these matches; each hash moves aside. */
export const endMatches = statement(
  'end_matches',
  (
    q,
    p: Params<{ tenantId: TenantId; ids: readonly MatchId[]; reason: string; now: IsoInstant }>,
  ) =>
    q
      .updateTable('identity_match')
      .set((row) => ({
        deleted_identifier_hash: row.ref('identifier_hash').$castTo<never>(),
        identifier_hash: sql<`deleted:${string}`>`'deleted:' || id`,
        deleted_at: p('now'),
        deletion_reason: p('reason'),
        updated_at: p('now'),
      }))
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', anyOf(p('ids')))
      .where('deleted_at', 'is', null),
)

export const endBindings = statement(
  'end_bindings',
  (
    q,
    p: Params<{ tenantId: TenantId; ids: readonly BindingId[]; reason: string; now: IsoInstant }>,
  ) =>
    q
      .updateTable('identity_link_binding')
      .set({ deleted_at: p('now'), deletion_reason: p('reason'), updated_at: p('now') })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', anyOf(p('ids')))
      .where('deleted_at', 'is', null),
)

/** Ends what was granted on these bindings. */
export const revokeGrantsOn = statement(
  'revoke_grants_on',
  (q, p: Params<{ tenantId: TenantId; bindings: readonly BindingId[]; now: IsoInstant }>) =>
    q
      .updateTable('login_grant')
      .set({ revoked_at: p('now') })
      .where('tenant_id', '=', p('tenantId'))
      .where('binding_id', '=', anyOf(p('bindings')))
      .where('revoked_at', 'is', null),
)

/** Live rows that hold one of the hashes now, whoever they belong to. */
export const findLiveHashes = statement(
  'find_live_hashes',
  (q, p: Params<{ tenantId: TenantId; hashes: readonly string[] }>) =>
    q
      .selectFrom('identity_match')
      .select(['id'])
      .where('tenant_id', '=', p('tenantId'))
      .where('identifier_hash', '=', anyOf(p('hashes')) as never)
      .where('deleted_at', 'is', null),
)

/** The hashes move back, and the rows are found again. */
export const restoreMatches = statement(
  'restore_matches',
  (q, p: Params<{ tenantId: TenantId; ids: readonly MatchId[]; now: IsoInstant }>) =>
    q
      .updateTable('identity_match')
      .set((row) => ({
        identifier_hash: row.ref('deleted_identifier_hash').$castTo<never>(),
        deleted_identifier_hash: null,
        deleted_at: null,
        deletion_reason: null,
        updated_at: p('now'),
      }))
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', anyOf(p('ids')))
      .where('deleted_at', 'is not', null)
      .where('deleted_identifier_hash', 'is not', null),
)

export const restoreBindings = statement(
  'restore_bindings',
  (q, p: Params<{ tenantId: TenantId; ids: readonly BindingId[]; now: IsoInstant }>) =>
    q
      .updateTable('identity_link_binding')
      .set({ deleted_at: null, deletion_reason: null, updated_at: p('now') })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', anyOf(p('ids')))
      .where('deleted_at', 'is not', null),
)
