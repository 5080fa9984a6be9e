/** `identity_link_binding`: the proven link between a wallet and an account. A binding lives while its match lives. */
import { sql } from 'kysely'
import type { BindingId, MatchId, ProviderId, TenantId } from '../domain/ids.ts'
import type { HolderHash, InstitutionHash, NoHolder, Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { anyOf, type Params, statement } from './statement.ts'

/** Live bindings behind a match. */
export const findBindingsByMatch = statement(
  'find_bindings_by_match',
  (q, p: Params<{ tenantId: TenantId; matchId: MatchId }>) =>
    q
      .selectFrom('identity_link_binding')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .where('match_id', '=', p('matchId'))
      .where('deleted_at', 'is', null)
      .orderBy('last_used_at', 'desc'),
)

/** Live bindings of a holder under any readable version's hash; several are legal (several institutions). */
export const findBindingByHolder = statement(
  'find_binding_by_holder',
  (q, p: Params<{ tenantId: TenantId; hashes: readonly HolderHash[] }>) =>
    q
      .selectFrom('identity_link_binding as b')
      .innerJoin('identity_match as m', (join) =>
        join.onRef('m.tenant_id', '=', 'b.tenant_id').onRef('m.id', '=', 'b.match_id'),
      )
      .selectAll('b')
      .where('b.tenant_id', '=', p('tenantId'))
      .where('b.holder_identifier_hash', '=', anyOf(p('hashes')))
      .where('b.deleted_at', 'is', null)
      .where('m.deleted_at', 'is', null)
      .orderBy('b.last_used_at', 'desc'),
)

/** Live bindings unused since `before`, after `afterId`, in order of id: no index on a column every login writes. */
export const findInactiveBindings = statement(
  'find_inactive_bindings',
  (q, p: Params<{ tenantId: TenantId; before: IsoInstant; afterId: string; limit: number }>) =>
    q
      .selectFrom('identity_link_binding')
      .select(['id', 'match_id', 'last_used_at'])
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '>', p('afterId') as BindingId)
      .where('last_used_at', '<', p('before'))
      .where('deleted_at', 'is', null)
      .orderBy('id')
      .limit(p('limit')),
)

export const countInactiveBindings = statement(
  'count_inactive_bindings',
  (q, p: Params<{ tenantId: TenantId; before: IsoInstant }>) =>
    q
      .selectFrom('identity_link_binding')
      .select(sql<number>`count(*)::int`.as('count'))
      .where('tenant_id', '=', p('tenantId'))
      .where('last_used_at', '<', p('before'))
      .where('deleted_at', 'is', null),
)

export const countAllBindings = statement(
  'count_all_bindings',
  (q, p: Params<{ tenantId: TenantId }>) =>
    q
      .selectFrom('identity_link_binding')
      .select(sql<number>`count(*)::int`.as('count'))
      .where('tenant_id', '=', p('tenantId'))
      .where('deleted_at', 'is', null),
)

/** The part of a binding that reconciliation proves, new or again. */
export interface BindingContent {
  institutionHash: InstitutionHash
  institutionHashVersion: number
  institutionId: Sealed
  attributes: Sealed
  sealedVersion: number
  providerId: ProviderId
  label: string
  assurance: string
  attributePolicyVersion: string
  materialPolicyVersion: string
  selectorPolicyVersion: string
  fingerprints: string
  expiresAt: IsoInstant | null
  /** Where the credential's status is looked up again, and when; both null for never. */
  credentialStatus: Sealed | null
  statusDueAt: IsoInstant | null
  now: IsoInstant
  usedAt: IsoInstant
}

interface ProvenBinding extends BindingContent {
  id: BindingId
  tenantId: TenantId
  matchId: MatchId
  holderHash: HolderHash | NoHolder
  /** 0 where there is no holder. */
  holderHashVersion: number
}

/** Everything a proof says, by column. */
const proven = (p: Params<ProvenBinding>) => ({
  institution_identifier_hash: p('institutionHash'),
  institution_hash_key_version: p('institutionHashVersion'),
  encrypted_institution_id: p('institutionId'),
  encrypted_institution_id_key_version: p('sealedVersion'),
  persisted_attributes_envelope: p('attributes'),
  provider_id: p('providerId'),
  institution_id_label: p('label'),
  assurance_summary: p('assurance'),
  canonical_schema_version: p('attributePolicyVersion'),
  material_profile_version: p('materialPolicyVersion'),
  selector_rule_version: p('selectorPolicyVersion'),
  material_fingerprints: p('fingerprints'),
  expires_at: p('expiresAt'),
  credential_status: p('credentialStatus'),
  status_due_at: p('statusDueAt'),
  match_id: p('matchId'),
  holder_identifier_hash: p('holderHash'),
  holder_hash_key_version: p('holderHashVersion'),
  updated_at: p('now'),
  last_used_at: p('usedAt'),
  reconcile_time: p('now'),
})

export const insertBinding = statement('insert_binding', (q, p: Params<ProvenBinding>) =>
  q.insertInto('identity_link_binding').values({
    ...proven(p),
    id: p('id'),
    tenant_id: p('tenantId'),
    created_at: p('now'),
  }),
)

/**
 * Refreshes a live binding in place after a new reconciliation, assurance and time of proof included; it moves to the
 * match of the identifier that the wallet is best known by now.
 */
export const updateBinding = statement('update_binding', (q, p: Params<ProvenBinding>) =>
  q
    .updateTable('identity_link_binding')
    .set({
      ...proven(p),
      key_identity_id: null, // sealed anew, under the key of the person it belongs to now
      stale_since: null,
    })
    .where('tenant_id', '=', p('tenantId'))
    .where('id', '=', p('id'))
    .where('deleted_at', 'is', null),
)

/** Ends one binding; it can be brought back until it is purged. */
export const softDeleteBinding = statement(
  'soft_delete_binding',
  (q, p: Params<{ tenantId: TenantId; id: BindingId; reason: string; now: IsoInstant }>) =>
    q
      .updateTable('identity_link_binding')
      .set({ deleted_at: p('now'), deletion_reason: p('reason'), updated_at: p('now') })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('deleted_at', 'is', null),
)

/** Removes a binding for good; its match may follow only afterwards. */
export const hardDeleteBinding = statement(
  'hard_delete_binding',
  (q, p: Params<{ tenantId: TenantId; id: BindingId }>) =>
    q
      .deleteFrom('identity_link_binding')
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id')),
)

/** Bindings that were soft-deleted, or whose match was, before `before`. */
export const findSoftDeletedBindingsPastRetention = statement(
  'find_soft_deleted_bindings_past_retention',
  (q, p: Params<{ tenantId: TenantId; before: IsoInstant; limit: number }>) =>
    q
      .selectFrom('identity_link_binding as b')
      .innerJoin('identity_match as m', (join) =>
        join.onRef('m.tenant_id', '=', 'b.tenant_id').onRef('m.id', '=', 'b.match_id'),
      )
      .select(['b.id', 'b.match_id'])
      .where('b.tenant_id', '=', p('tenantId'))
      .where((e) =>
        e.or([e('b.deleted_at', '<', p('before')), e('m.deleted_at', '<', p('before'))]),
      )
      .orderBy('b.id')
      .limit(p('limit')),
)
