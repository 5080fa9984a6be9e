/** Institutions' providers: `/admin/v1/tenants/{tenant}/providers`. */
import { deleteProvider } from '../../flow/delete-provider.ts'
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
          emailIsProof: body.email_is_proof,
          institution: body.institution,
          enabled: body.enabled,
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
      summary: 'Switch a provider on or off, rotate its secret, change its mappings or demands',
      description:
        'Takes effect for logins that begin afterwards. Switched off, it is offered to nobody at once, and logins under way there are given up.',
      ...{ body: 'ProviderChange', sent: { enabled: false } },
      ...{
        answer: 'Provider',
        told: { ...PROVIDER, enabled: false },
        status: 200,
        refusals: { ...NOT_FOUND, 422: 'The private key cannot be used.' },
      },
      async run({ actor, body, path }) {
        const change = {
          name: body.name,
          enabled: body.enabled,
          clientSecret: body.client_secret,
          privateKey: body.private_key,
          scopes: body.scope?.split(' '),
          attributeMappings: body.attribute_mappings,
          acr: body.required_acr,
          amr: body.required_amr,
          allowedOrganizations: body.allowed_organizations,
          emailIsProof: body.email_is_proof,
        }
        return {
          value: tell(await updateProvider(deps, actor, path('tenant'), path('provider'), change)),
        }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'DELETE', path: ONE, operationId: 'deleteProvider', tag, scope },
      summary: 'Remove a provider that nothing hangs on',
      description: 'For good. One that people were linked through can only be switched off.',
      status: 204,
      refusals: {
        ...NOT_FOUND,
        409: 'People are linked through it, a login there is not over, or the selector policy names it.',
      },
      async run({ actor, path }) {
        await deleteProvider(deps, actor, path('tenant'), path('provider'))
        return undefined
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
    institution: provider.institution ?? null,
    email_is_proof: provider.emailIsProof,
    enabled: provider.enabled,
    health: {
      last_success_at: provider.health.lastSuccessAt ?? null,
      last_failure_at: provider.health.lastFailureAt ?? null,
      last_failure: provider.health.lastFailure ?? null,
    },
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
