/** `reconciliation_provider`: the institutions' OpenID providers, registered at run time by their tenant. */
import type { Selectable } from 'kysely'
import type { ProviderId, TenantId } from '../domain/ids.ts'
import type { Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { ReconciliationProviderTable } from './schema.ts'
import { type Params, statement } from './statement.ts'

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

/** Another secret, sealed for this row. */
export const replaceProviderSecret = statement(
  'replace_provider_secret',
  (
    q,
    p: Params<{ tenantId: TenantId; id: ProviderId; sealedClientSecret: Sealed; now: IsoInstant }>,
  ) =>
    q
      .updateTable('reconciliation_provider')
      .set({ sealed_client_secret: p('sealedClientSecret'), updated_at: p('now') })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id')),
)

/** Switches a provider on or off; takes effect for logins that begin afterwards. */
export const enableProvider = statement(
  'enable_provider',
  (q, p: Params<{ tenantId: TenantId; slug: string; enabled: 0 | 1; now: IsoInstant }>) =>
    q
      .updateTable('reconciliation_provider')
      .set({ enabled: p('enabled'), updated_at: p('now') })
      .where('tenant_id', '=', p('tenantId'))
      .where('slug', '=', p('slug')),
)

/** A newer copy of what discovery says. With a new `updatedAt` logins under way have to start again (UP-04). */
export const refreshProvider = statement(
  'refresh_provider',
  (q, p: Params<{ tenantId: TenantId; id: ProviderId; metadata: string; updatedAt: IsoInstant }>) =>
    q
      .updateTable('reconciliation_provider')
      .set({ metadata: p('metadata'), updated_at: p('updatedAt') })
      .where('tenant_id', '=', p('tenantId'))
      .where('id', '=', p('id')),
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
  enabled: boolean
  updatedAt: IsoInstant
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
    enabled: row.enabled === 1,
    updatedAt: row.updated_at,
  }
}
