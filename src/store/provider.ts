/** `reconciliation_provider`: the institutions' OpenID providers, registered at run time by their tenant. */
import { type Selectable, sql } from 'kysely'
import type { ProviderId, TenantId } from '../domain/ids.ts'
import type { Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { ReconciliationProviderTable } from './schema.ts'
import { type Params, sqlStatement, statement } from './statement.ts'

interface Registration {
  id: ProviderId
  tenantId: TenantId
  slug: string
  name: string
  issuer: string
  oidcClientId: string
  clientAuthMethod: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'
  sealedClientSecret: Sealed | null
  scopes: string
  metadata: string
  identifierAttribute: string
  attributeMappings: string | null
  acr: string | null
  amr: string | null
  allowedOrganizations: string | null
  institution: string | null
  emailIsProof: 0 | 1
  enabled: 0 | 1
  now: IsoInstant
}

export const listProviders = statement('list_providers', (q, p: Params<{ tenantId: TenantId }>) =>
  q
    .selectFrom('reconciliation_provider')
    .selectAll()
    .where('tenant_id', '=', p('tenantId'))
    .orderBy('slug'),
)

export const findProvider = statement(
  'find_provider',
  (q, p: Params<{ tenantId: TenantId; id: ProviderId }>) =>
    q
      .selectFrom('reconciliation_provider')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id')),
)

export const insertProvider = statement('insert_provider', (q, p: Params<Registration>) =>
  q.insertInto('reconciliation_provider').values({
    id: p('id'),
    tenant_id: p('tenantId'),
    slug: p('slug'),
    name: p('name'),
    issuer: p('issuer'),
    oidc_client_id: p('oidcClientId'),
    client_auth_method: p('clientAuthMethod'),
    sealed_client_secret: p('sealedClientSecret'),
    scopes: p('scopes'),
    metadata: p('metadata'),
    identifier_attr_name: p('identifierAttribute'),
    attribute_mappings: p('attributeMappings'),
    assurance_acr: p('acr'),
    assurance_amr: p('amr'),
    allowed_organizations: p('allowedOrganizations'),
    institution: p('institution'),
    email_is_proof: p('emailIsProof'),
    enabled: p('enabled'),
    created_at: p('now'),
    updated_at: p('now'),
  }),
)

/** By the name its tenant gave it. */
export const findProviderBySlug = statement(
  'find_provider_by_slug',
  (q, p: Params<{ tenantId: TenantId; slug: string }>) =>
    q
      .selectFrom('reconciliation_provider')
      .selectAll()
      .where('tenant_id', '=', p('tenantId'))
      .where('slug', '=', p('slug')),
)

/** What an administrator may change, all of it as it shall be; with a new `updated_at` new logins follow it. */
export const changeProvider = statement(
  'change_provider',
  (
    q,
    p: Params<
      Pick<
        Registration,
        | 'tenantId'
        | 'id'
        | 'name'
        | 'sealedClientSecret'
        | 'scopes'
        | 'attributeMappings'
        | 'acr'
        | 'amr'
        | 'allowedOrganizations'
        | 'emailIsProof'
        | 'enabled'
        | 'now'
      >
    >,
  ) =>
    q
      .updateTable('reconciliation_provider')
      .set({
        name: p('name'),
        sealed_client_secret: p('sealedClientSecret'),
        scopes: p('scopes'),
        attribute_mappings: p('attributeMappings'),
        assurance_acr: p('acr'),
        assurance_amr: p('amr'),
        allowed_organizations: p('allowedOrganizations'),
        email_is_proof: p('emailIsProof'),
        enabled: p('enabled'),
        updated_at: p('now'),
      })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id')),
)

/** Keeps logins from beginning there until the transaction ends: their sessions refer to this row. */
export const lockProvider = statement(
  'lock_provider',
  (q, p: Params<{ tenantId: TenantId; id: ProviderId }>) =>
    q
      .selectFrom('reconciliation_provider')
      .select('id')
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .forUpdate(),
)

/** What holds a provider in place: links that were proven there, and logins under way. */
export const findProviderUse = sqlStatement(
  'find_provider_use',
  (p: Params<{ tenantId: TenantId; id: ProviderId }>) => sql<{ use: 'linked' | 'open' }>`
    SELECT 'linked' AS use WHERE EXISTS (
      SELECT FROM identity_link_binding WHERE tenant_id = ${p('tenantId')} AND provider_id = ${p('id')})
    UNION ALL
    SELECT 'open' WHERE EXISTS (
      SELECT FROM reconciliation_session WHERE tenant_id = ${p('tenantId')} AND provider_id = ${p('id')})`,
)

/** For good. A session that still names it refuses this (foreign key). */
export const deleteProvider = statement(
  'delete_provider',
  (q, p: Params<{ tenantId: TenantId; id: ProviderId }>) =>
    q
      .deleteFrom('reconciliation_provider')
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id')),
)

/** A login there went well; one write a minute at most, so that many at once do not wait for this row. */
export const noteProviderSuccess = statement(
  'note_provider_success',
  (
    q,
    p: Params<{ tenantId: TenantId; id: ProviderId; now: IsoInstant; unlessSince: IsoInstant }>,
  ) =>
    q
      .updateTable('reconciliation_provider')
      .set({ last_success_at: p('now') })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where((where) =>
        where.or([
          where('last_success_at', 'is', null),
          where('last_success_at', '<', p('unlessSince')),
        ]),
      ),
)

/** One did not, for this reason; likewise. */
export const noteProviderFailure = statement(
  'note_provider_failure',
  (
    q,
    p: Params<{
      tenantId: TenantId
      id: ProviderId
      reason: string
      otherThan: string
      now: IsoInstant
      unlessSince: IsoInstant
    }>,
  ) =>
    q
      .updateTable('reconciliation_provider')
      .set({ last_failure_at: p('now'), last_failure: p('reason') })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where((where) =>
        where.or([
          where('last_failure_at', 'is', null),
          where('last_failure_at', '<', p('unlessSince')),
          where('last_failure', '!=', p('otherThan')),
        ]),
      ),
)

interface Known {
  tenantId: TenantId
  id: ProviderId
  /** `updated_at` as it was when the provider was asked: what somebody changed meanwhile is left alone. */
  known: IsoInstant
}

/** A newer copy of what discovery says. With a new `updatedAt` logins under way have to start again (UP-04). */
export const refreshProvider = statement(
  'refresh_provider',
  (q, p: Params<Known & { metadata: string; updatedAt: IsoInstant }>) =>
    q
      .updateTable('reconciliation_provider')
      .set({ metadata: p('metadata'), updated_at: p('updatedAt') })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('updated_at', '=', p('known')),
)

/** No login goes there until an administrator has looked (UP-02). */
export const quarantineProvider = statement(
  'quarantine_provider',
  (q, p: Params<Known & { now: IsoInstant }>) =>
    q
      .updateTable('reconciliation_provider')
      .set({ enabled: 0, updated_at: p('now') })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id'))
      .where('updated_at', '=', p('known')),
)

/** A provider as flows see it; its secret is still sealed. */
export interface Provider {
  id: ProviderId
  slug: string
  name: string
  issuer: string
  oidcClientId: string
  clientAuthMethod: 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'
  sealedClientSecret: Sealed | undefined
  scopes: string
  metadata: string
  identifierAttribute: string
  attributeMappings: { readonly [canonicalName: string]: string }
  acr: readonly string[] | undefined
  amr: readonly string[] | undefined
  allowedOrganizations: readonly string[] | undefined
  /** Whose tokens may manage it besides the tenant's own. */
  institution: string | undefined
  /** Its verified e-mail addresses are proof enough to be remembered, as a hint to who somebody is. */
  emailIsProof: boolean
  enabled: boolean
  updatedAt: IsoInstant
  health: ProviderHealth
}

/** How logins went lately. */
export interface ProviderHealth {
  /** To the minute. */
  lastSuccessAt: IsoInstant | undefined
  lastFailureAt: IsoInstant | undefined
  /** A word of our own. */
  lastFailure: string | undefined
}

export const NO_HEALTH: ProviderHealth = {
  lastSuccessAt: undefined,
  lastFailureAt: undefined,
  lastFailure: undefined,
}

function readList(text: string | null): readonly string[] | undefined {
  return text === null ? undefined : (JSON.parse(text) as string[])
}

export function readProvider(row: Selectable<ReconciliationProviderTable>): Provider {
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    issuer: row.issuer,
    oidcClientId: row.oidc_client_id,
    clientAuthMethod: row.client_auth_method,
    sealedClientSecret: row.sealed_client_secret ?? undefined,
    scopes: row.scopes,
    metadata: row.metadata,
    identifierAttribute: row.identifier_attr_name,
    attributeMappings:
      row.attribute_mappings === null
        ? {}
        : (JSON.parse(row.attribute_mappings) as Record<string, string>),
    acr: readList(row.assurance_acr),
    amr: readList(row.assurance_amr),
    allowedOrganizations: readList(row.allowed_organizations),
    institution: row.institution ?? undefined,
    emailIsProof: row.email_is_proof === 1,
    enabled: row.enabled === 1,
    updatedAt: row.updated_at,
    health: {
      lastSuccessAt: row.last_success_at ?? undefined,
      lastFailureAt: row.last_failure_at ?? undefined,
      lastFailure: row.last_failure ?? undefined,
    },
  }
}
