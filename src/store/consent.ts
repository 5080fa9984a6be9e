/** `consent`: what a person agreed that a relying party learns about them. Whoever writes it holds the person's row. */
import { type Selectable, sql } from 'kysely'
import type { ConsentTerms } from '../domain/consent.ts'
import type { ClientId, IdentityId, TenantId } from '../domain/ids.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { ConsentTable } from './schema.ts'
import { anyOf, type Params, sqlStatement, statement } from './statement.ts'

type AtClient = { tenantId: TenantId; identityId: IdentityId; clientId: ClientId }

export const findConsent = statement('find_consent', (q, p: Params<AtClient>) =>
  q
    .selectFrom('consent')
    .selectAll()
    .where('tenant_id', '=', p('tenantId'))
    .where('identity_id', '=', p('identityId'))
    .where('client_id', '=', p('clientId')),
)

/** Everything these people agreed to, by client. */
export const listConsents = statement(
  'list_consents',
  (q, p: Params<{ tenantId: TenantId; people: readonly IdentityId[] }>) =>
    q
      .selectFrom('consent as c')
      .leftJoin('relying_party as r', (join) =>
        join.onRef('r.tenant_id', '=', 'c.tenant_id').onRef('r.client_id', '=', 'c.client_id'),
      )
      .selectAll('c')
      .select('r.name as client_name')
      .where('c.tenant_id', '=', p('tenantId'))
      .where('c.identity_id', '=', anyOf(p('people')))
      .orderBy('c.client_id')
      .orderBy('c.identity_id'),
)

/** What is agreed to from now on; the first yes keeps its time. */
export const rememberConsent = sqlStatement(
  'remember_consent',
  (
    p: Params<
      AtClient & { scopes: string; claims: string; purpose: string | null; now: IsoInstant }
    >,
  ) => sql<{ client_id: ClientId }>`
    INSERT INTO consent (tenant_id, identity_id, client_id, scopes, claims, purpose, created_at, updated_at)
    VALUES (${p('tenantId')}, ${p('identityId')}, ${p('clientId')}, ${p('scopes')}, ${p('claims')}, ${p('purpose')},
            ${p('now')}::iso_instant, ${p('now')}::iso_instant)
    ON CONFLICT (identity_id, client_id, tenant_id)
    DO UPDATE SET scopes = EXCLUDED.scopes, claims = EXCLUDED.claims, purpose = EXCLUDED.purpose,
                  updated_at = EXCLUDED.updated_at
    RETURNING client_id`,
)

type OfPeople = { tenantId: TenantId; people: readonly IdentityId[]; clientId: ClientId }

/** Takes a yes back, of a person and of those merged with them. */
export const deleteConsent = statement('delete_consent', (q, p: Params<OfPeople>) =>
  q
    .deleteFrom('consent')
    .where('tenant_id', '=', p('tenantId'))
    .where('identity_id', '=', anyOf(p('people')))
    .where('client_id', '=', p('clientId')),
)

/** The same of a yes that was last given by then. */
export const deleteConsentGivenBy = statement(
  'delete_consent_given_by',
  (q, p: Params<OfPeople & { until: IsoInstant }>) =>
    q
      .deleteFrom('consent')
      .where('tenant_id', '=', p('tenantId'))
      .where('identity_id', '=', anyOf(p('people')))
      .where('client_id', '=', p('clientId'))
      .where('updated_at', '<=', p('until')),
)

/** Ends what was granted to a relying party about these people, and with it every token made from that. */
export const revokeGrantsAt = statement(
  'revoke_grants_at',
  (q, p: Params<OfPeople & { now: IsoInstant }>) =>
    q
      .updateTable('login_grant')
      .set({ revoked_at: p('now') })
      .where('tenant_id', '=', p('tenantId'))
      .where('identity_id', '=', anyOf(p('people')))
      .where('client_id', '=', p('clientId'))
      .where('revoked_at', 'is', null),
)

/** What was agreed to since a moment, by people of whom nobody knows any more who of them said so. */
export const forgetConsentsSince = statement(
  'forget_consents_since',
  (q, p: Params<{ tenantId: TenantId; people: readonly IdentityId[]; since: IsoInstant }>) =>
    q
      .deleteFrom('consent')
      .where('tenant_id', '=', p('tenantId'))
      .where('identity_id', '=', anyOf(p('people')))
      .where('updated_at', '>=', p('since')),
)

export const eraseConsents = statement(
  'erase_consents',
  (q, p: Params<{ tenantId: TenantId; people: readonly IdentityId[] }>) =>
    q
      .deleteFrom('consent')
      .where('tenant_id', '=', p('tenantId'))
      .where('identity_id', '=', anyOf(p('people'))),
)

export function readTerms(
  row: Pick<Selectable<ConsentTable>, 'scopes' | 'claims' | 'purpose'>,
): ConsentTerms {
  return {
    scopes: JSON.parse(row.scopes) as string[],
    claims: JSON.parse(row.claims) as string[],
    purpose:
      row.purpose === null ? undefined : (JSON.parse(row.purpose) as { en: string; nl: string }),
  }
}

/** The same as the statement takes it. */
export function termsRow({ scopes, claims, purpose }: ConsentTerms) {
  return {
    scopes: JSON.stringify(scopes),
    claims: JSON.stringify(claims),
    purpose: purpose === undefined ? null : JSON.stringify({ en: purpose.en, nl: purpose.nl }),
  }
}
