/**
 * `identity_link_binding` by the account it leads to: which wallets are linked to it, and what the institution says of it
 * now.
 */
import { sql } from 'kysely'
import type { BindingId, IdentityId, MatchId, TenantId } from '../domain/ids.ts'
import type { HolderHash, InstitutionHash, Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { BindingContent } from './binding.ts'
import { anyOf, type Params, sqlStatement, statement } from './statement.ts'

/** A wallet's live binding to an account, with the key it is sealed under. */
export interface AccountBinding {
  id: BindingId
  attributes: Sealed
  /** Whose data key: another than the person's only after a merge. */
  key_identity_id: IdentityId
  wrapped_data_key: Sealed
}

/** A person's live bindings to one account that a wallet was part of and whose proof still counts, the last used first. */
export const findWalletBindings = sqlStatement(
  'find_wallet_bindings',
  (
    p: Params<{
      tenantId: TenantId
      identityId: IdentityId
      institutionHashes: readonly InstitutionHash[]
      now: IsoInstant
    }>,
  ) => sql<AccountBinding>`
    SELECT b.id, b.persisted_attributes_envelope AS attributes, k.id AS key_identity_id, k.wrapped_data_key
      FROM identity_match m
      JOIN identity_link_binding b ON b.tenant_id = m.tenant_id AND b.match_id = m.id AND b.deleted_at IS NULL
      JOIN identity k ON k.tenant_id = m.tenant_id AND k.id = CASE WHEN b.key_identity_id IS NULL THEN m.internal_identity_id ELSE b.key_identity_id END
     WHERE m.tenant_id = ${p('tenantId')} AND m.internal_identity_id = ${p('identityId')} AND m.deleted_at IS NULL
       AND b.institution_identifier_hash = ANY (${p('institutionHashes')}::text[]) AND b.holder_hash_key_version > 0
       AND (b.expires_at IS NULL OR b.expires_at > ${p('now')})
     ORDER BY b.last_used_at DESC, b.id`,
)

/**
 * What the institution says of the account now, in a binding that it was not asked to prove again: the wallet's part,
 * the proof, its assurance and its time stay.
 */
export const refreshAttributes = statement(
  'refresh_attributes',
  (
    q,
    p: Params<
      Pick<
        BindingContent,
        | 'institutionHash'
        | 'institutionHashVersion'
        | 'attributes'
        | 'attributePolicyVersion'
        | 'now'
      > & { id: BindingId; tenantId: TenantId }
    >,
  ) =>
    q
      .updateTable('identity_link_binding')
      .set({
        institution_identifier_hash: p('institutionHash'),
        institution_hash_key_version: p('institutionHashVersion'),
        persisted_attributes_envelope: p('attributes'),
        canonical_schema_version: p('attributePolicyVersion'),
        updated_at: p('now'),
      })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('deleted_at', 'is', null),
)

/**
 * Ends what a person's logins without a wallet left beside a wallet's binding to the same account: while that one's proof
 * had run out, they needed one of their own.
 */
export const endDirectBindings = sqlStatement(
  'end_direct_bindings',
  (
    p: Params<{
      tenantId: TenantId
      identityId: IdentityId
      institutionHashes: readonly InstitutionHash[]
      except: BindingId
      reason: string
      now: IsoInstant
    }>,
  ) => sql<{ changed: number }>`
    UPDATE identity_link_binding b
       SET deleted_at = ${p('now')}, deletion_reason = ${p('reason')}, updated_at = ${p('now')}
      FROM identity_match m
     WHERE b.tenant_id = ${p('tenantId')} AND m.tenant_id = b.tenant_id AND m.id = b.match_id
       AND m.internal_identity_id = ${p('identityId')} AND b.holder_hash_key_version = 0 AND b.deleted_at IS NULL
       AND b.institution_identifier_hash = ANY (${p('institutionHashes')}::text[]) AND b.id <> ${p('except')}`,
)

/**
 * Every binding to an account under one spelling of its hash. While Key B rotates, wallets that were linked on either side
 * of the step would else seem to lead to two accounts.
 */
export const unifyAccount = sqlStatement(
  'unify_account',
  (
    p: Params<{
      tenantId: TenantId
      institutionHashes: readonly InstitutionHash[]
      institutionHash: InstitutionHash
      institutionHashVersion: number
    }>,
  ) => sql<{ changed: number }>`
    UPDATE identity_link_binding
       SET institution_identifier_hash = ${p('institutionHash')},
           institution_hash_key_version = ${p('institutionHashVersion')}::integer,
           material_fingerprints = (COALESCE(material_fingerprints, '{}')::jsonb || jsonb_build_object(
             'provider_subject', jsonb_build_object('hash', ${p('institutionHash')}::text,
               'version', ${p('institutionHashVersion')}::integer)))::text
     WHERE tenant_id = ${p('tenantId')} AND institution_identifier_hash = ANY (${p('institutionHashes')}::text[])
       AND institution_identifier_hash <> ${p('institutionHash')}`,
)

/** A row where a wallet, known under any of these hashes, is linked to this account. */
export const isWalletBoundTo = statement(
  'is_wallet_bound_to',
  (
    q,
    p: Params<{
      tenantId: TenantId
      walletHashes: readonly HolderHash[]
      accountHashes: readonly InstitutionHash[]
    }>,
  ) =>
    q
      .selectFrom('identity_match as m')
      .innerJoin('identity_link_binding as b', (join) =>
        join.onRef('b.tenant_id', '=', 'm.tenant_id').onRef('b.match_id', '=', 'm.id'),
      )
      .select('b.id')
      .where('m.tenant_id', '=', p('tenantId'))
      .where('m.identifier_hash', '=', anyOf(p('walletHashes')))
      .where('m.deleted_at', 'is', null)
      .where('b.institution_identifier_hash', '=', anyOf(p('accountHashes')))
      .where('b.deleted_at', 'is', null)
      .limit(1),
)

/** The providers whose accounts the wallet behind any of these matches is linked to already. */
export const findProvidersOfMatches = statement(
  'find_providers_of_matches',
  (q, p: Params<{ tenantId: TenantId; matchIds: readonly MatchId[] }>) =>
    q
      .selectFrom('identity_link_binding')
      .select('provider_id')
      .distinct()
      .where('tenant_id', '=', p('tenantId'))
      .where('match_id', '=', anyOf(p('matchIds')))
      .where('deleted_at', 'is', null),
)

/**
 * A live binding of one wallet, whichever of its matches it hangs on, to one account: for refreshing in place. One that
 * no wallet was part of comes last.
 */
export const findBindingOfAccount = statement(
  'find_binding_of_account',
  (
    q,
    p: Params<{
      tenantId: TenantId
      matchIds: readonly MatchId[]
      institutionHashes: readonly InstitutionHash[]
    }>,
  ) =>
    q
      .selectFrom('identity_link_binding')
      .select(['id', 'key_identity_id'])
      .where('tenant_id', '=', p('tenantId'))
      .where('match_id', '=', anyOf(p('matchIds')))
      .where('institution_identifier_hash', '=', anyOf(p('institutionHashes')))
      .where('deleted_at', 'is', null)
      .orderBy((row) => row('holder_hash_key_version', '=', 0))
      .orderBy('id')
      .limit(1),
)
