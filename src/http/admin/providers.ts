/** Institutions' providers: `/admin/v1/tenants/{tenant}/providers`. */
import type { ProviderView } from '../../flow/provider-view.ts'
import { readAllProviders, readOneProvider } from '../../flow/read-providers.ts'
import { registerProvider } from '../../flow/register-provider.ts'
import { updateProvider } from '../../flow/update-provider.ts'
import type { Route } from '../route.ts'
import { type AdminDeps, adminRoute } from './admin-route.ts'
import { NEW_PROVIDER, PROVIDER } from './examples.ts'

const tag = 'Administration: providers'
const scope = 'providers:manage'
const ALL = '/tenants/:tenant/providers'
const ONE = `${ALL}/:provider`
const NOT_FOUND = { 404: 'No such tenant or provider, or not one of this token.' }

export function providerRoutes(deps: AdminDeps): Route[] {
  return [
    adminRoute(deps, {
      ...{ method: 'POST', path: ALL, operationId: 'registerProvider', tag, scope },
      summary: "Register an institution's OpenID provider",
      description:
        'Discovery runs at once, and a provider that cannot be used safely is refused with the reason as `code`: `issuer_url_refused`, `discovery_failed`, `issuer_mismatch`, `endpoint_refused`, `code_flow_unsupported`, `pkce_unsupported`, `signing_algorithm_unsupported`, `client_authentication_unsupported`, `subject_type_unsupported`. Nothing that the provider said is repeated.',
      ...{
        body: 'NewProvider',
        sent: NEW_PROVIDER,
        answer: 'Provider',
        told: PROVIDER,
        status: 201,
      },
      refusals: {
        ...NOT_FOUND,
        409: 'The tenant has a provider of this slug, or this issuer with this client id.',
        422: 'The provider cannot be used; `code` says why.',
      },
      async run({ actor, body, path }) {
        const view = await registerProvider(deps, actor, path('tenant'), {
          slug: body.slug,
          name: body.name,
          issuer: body.issuer,
          clientId: body.client_id,
          authentication: body.token_endpoint_auth_method,
          clientSecret: body.client_secret,
          privateKey: body.private_key,
          scopes: body.scope.split(' '),
          idTokenAlgorithm: body.id_token_signed_response_alg,
          confirmedHosts: body.confirmed_hosts,
          subjectType: body.subject_type,
          identifierAttribute: body.identifier_attribute,
          attributeMappings: body.attribute_mappings,
          acr: body.required_acr,
          amr: body.required_amr,
          allowedOrganizations: body.allowed_organizations,
        })
        return {
          value: tell(view),
          location: `/admin/v1/tenants/${path('tenant')}/providers/${body.slug}`,
        }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'GET', path: ALL, operationId: 'listProviders', tag, scope },
      summary: 'List providers',
      ...{
        answer: 'ProviderList',
        told: { providers: [PROVIDER] },
        status: 200,
        refusals: NOT_FOUND,
      },
      run: async ({ actor, path }) => ({
        value: { providers: (await readAllProviders(deps, actor, path('tenant'))).map(tell) },
      }),
    }),
    adminRoute(deps, {
      ...{ method: 'GET', path: ONE, operationId: 'readProvider', tag, scope },
      summary: 'Read a provider',
      ...{ answer: 'Provider', told: PROVIDER, status: 200, refusals: NOT_FOUND },
      run: async ({ actor, path }) => ({
        value: tell(await readOneProvider(deps, actor, path('tenant'), path('provider'))),
      }),
    }),
    adminRoute(deps, {
      ...{ method: 'PATCH', path: ONE, operationId: 'updateProvider', tag, scope },
      summary: 'Switch a provider on or off, or give it another secret',
      description:
        'Takes effect for logins that begin afterwards; those under way at the provider are given up.',
      ...{ body: 'ProviderChange', sent: { enabled: false } },
      ...{
        answer: 'Provider',
        told: { ...PROVIDER, enabled: false },
        status: 200,
        refusals: NOT_FOUND,
      },
      async run({ actor, body, path }) {
        const change = { enabled: body.enabled, clientSecret: body.client_secret }
        return {
          value: tell(await updateProvider(deps, actor, path('tenant'), path('provider'), change)),
        }
      },
    }),
  ]
}

function tell({ provider, callbackUrl, endpoints, idTokenAlgorithm, discoveredAt }: ProviderView) {
  return {
    slug: provider.slug,
    name: provider.name,
    issuer: provider.issuer,
    client_id: provider.oidcClientId,
    token_endpoint_auth_method: provider.clientAuthMethod,
    scope: provider.scopes,
    identifier_attribute: provider.identifierAttribute,
    attribute_mappings: { ...provider.attributeMappings },
    required_acr: listOf(provider.acr),
    required_amr: listOf(provider.amr),
    allowed_organizations: listOf(provider.allowedOrganizations),
    enabled: provider.enabled,
    callback_url: callbackUrl,
    authorization_endpoint: endpoints.authorization,
    token_endpoint: endpoints.token,
    userinfo_endpoint: endpoints.userinfo ?? null,
    jwks_uri: endpoints.jwks,
    id_token_signed_response_alg: idTokenAlgorithm,
    discovered_at: discoveredAt,
    updated_at: provider.updatedAt,
  }
}

function listOf(list: readonly string[] | undefined): string[] | null {
  return list === undefined ? null : [...list]
}
