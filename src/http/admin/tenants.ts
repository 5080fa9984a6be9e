/** Tenants: `/admin/v1/tenants`. */
import type { Tenant } from '../../domain/tenant.ts'
import { createTenant } from '../../flow/create-tenant.ts'
import { readAllTenants, readOneTenant } from '../../flow/read-tenants.ts'
import { replaceRequestCertificate } from '../../flow/replace-request-certificate.ts'
import type { RequestCertificate, SuppliedIdentity } from '../../flow/request-key.ts'
import {
  DEFAULT_SETTINGS,
  type TenantSettings,
  withHaipDefaults,
} from '../../flow/tenant-settings.ts'
import type { TenantView } from '../../flow/tenant-view.ts'
import { updateTenant } from '../../flow/update-tenant.ts'
import type { Route } from '../route.ts'
import { type AdminDeps, adminRoute } from './admin-route.ts'
import { NEW_TENANT, REQUEST_CERTIFICATE, TENANT, TENANT_SUMMARY } from './examples.ts'
import { PageQuery, pageOf } from './page.ts'
import type { Body } from './shapes.ts'

const tag = 'Administration: tenants'
const scope = 'tenants:manage'
const NOT_FOUND = { 404: 'No such tenant, or not one of this token.' }
export const BAD_CERTIFICATE =
  'The certificate chain, its key or a policy document is refused; `problems` names each rule or path.'

export function tenantRoutes(deps: AdminDeps): Route[] {
  return [
    adminRoute(deps, {
      ...{ method: 'POST', path: '/tenants', operationId: 'createTenant', tag, scope },
      summary: 'Create a tenant',
      description:
        'With keys for tokens and wallet requests, and with the policy documents sent along: a tenant that has all five is ready for its provider and relying parties. Takes about a second. Needs a token for all tenants.',
      ...{ body: 'NewTenant', sent: NEW_TENANT, answer: 'Tenant', told: TENANT, status: 201 },
      refusals: { 409: 'There is a tenant of this slug.', 422: BAD_CERTIFICATE },
      async run({ actor, body }) {
        const view = await createTenant(deps, actor, {
          slug: body.slug,
          settings: {
            ...DEFAULT_SETTINGS,
            name: body.name,
            ...withHaipDefaults(settingsOf(body)),
          },
          requestIdentity: identityOf(body.request_certificate),
          policies: body.policies ?? {},
        })
        return { value: tellTenant(view), location: `/admin/v1/tenants/${body.slug}` }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'GET', path: '/tenants', operationId: 'listTenants', tag, scope },
      summary: 'List tenants',
      description: 'By slug. A token of one tenant sees that one.',
      query: PageQuery,
      ...{
        answer: 'TenantList',
        told: { tenants: [TENANT_SUMMARY], next_cursor: null },
        status: 200,
      },
      async run({ actor, query }) {
        const { tenants, next } = await readAllTenants(deps, actor, pageOf(query))
        const told = tenants.map(({ tenant, issuer }) => tellSummary(tenant, issuer))
        return { value: { tenants: told, next_cursor: next ?? null } }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'GET', path: '/tenants/:tenant', operationId: 'readTenant', tag, scope },
      summary: 'Read a tenant',
      ...{ answer: 'Tenant', told: TENANT, status: 200, refusals: NOT_FOUND },
      run: async ({ actor, path }) => ({
        value: tellTenant(await readOneTenant(deps, actor, path('tenant'))),
      }),
    }),
    adminRoute(deps, {
      ...{ method: 'PATCH', path: '/tenants/:tenant', operationId: 'updateTenant', tag, scope },
      summary: 'Change settings of a tenant',
      description:
        'What is absent stays as it is. Logins under way keep the client identifier prefix they began with only if it is not changed: change it when nobody logs in.',
      ...{
        body: 'TenantChange',
        sent: { cross_device: false },
        answer: 'Tenant',
        told: TENANT,
        status: 200,
      },
      refusals: {
        ...NOT_FOUND,
        422: 'The request certificate does not fit the new client identifier prefix.',
      },
      run: async ({ actor, body, path }) => ({
        value: tellTenant(await updateTenant(deps, actor, path('tenant'), settingsOf(body))),
      }),
    }),
    adminRoute(deps, {
      ...{ method: 'PUT', path: '/tenants/:tenant/request-certificate', tag, scope: 'keys:manage' },
      operationId: 'replaceRequestCertificate',
      summary: 'Replace the certificate that wallet requests are signed under',
      description:
        'With a chain and its key, or with an empty object for ones that the bridge makes. Logins under way end with the old one.',
      ...{
        body: 'RequestIdentityChoice',
        sent: {},
        answer: 'RequestCertificate',
        told: REQUEST_CERTIFICATE,
        status: 200,
      },
      refusals: { ...NOT_FOUND, 409: 'The key has been used here before.', 422: BAD_CERTIFICATE },
      async run({ actor, body, path }) {
        const certificate = await replaceRequestCertificate(
          deps,
          actor,
          path('tenant'),
          identityOf(body),
        )
        return { value: tellCertificate(certificate) }
      },
    }),
  ]
}

export function identityOf(
  sent: Body<'RequestIdentityChoice'> | undefined,
): SuppliedIdentity | undefined {
  const { certificate_chain: certificateChain, private_key: privateKey } = sent ?? {}
  if (certificateChain === undefined || privateKey === undefined) return undefined
  return { certificateChain, privateKey }
}

/** Only what was sent: what is absent must not become undefined on the way. */
function settingsOf(sent: Body<'TenantChange'>): Partial<TenantSettings> {
  return {
    ...(sent.name === undefined ? {} : { name: sent.name }),
    ...(sent.colour === undefined ? {} : { colour: sent.colour }),
    ...(sent.notice_url === undefined ? {} : { noticeUrl: sent.notice_url ?? undefined }),
    ...(sent.enabled === undefined ? {} : { enabled: sent.enabled }),
    ...(sent.cross_device === undefined ? {} : { crossDevice: sent.cross_device }),
    ...(sent.digital_credentials === undefined
      ? {}
      : { digitalCredentials: sent.digital_credentials }),
    ...(sent.haip === undefined ? {} : { haip: sent.haip }),
    ...(sent.direct_login === undefined ? {} : { directLogin: sent.direct_login }),
    ...(sent.require_pushed_authorization_requests === undefined
      ? {}
      : { pushedRequestsOnly: sent.require_pushed_authorization_requests }),
    ...(sent.consent === undefined ? {} : { consent: sent.consent }),
    ...(sent.single_sign_on_minutes === undefined
      ? {}
      : { singleSignOnMinutes: sent.single_sign_on_minutes }),
    ...(sent.trust_four_eyes === undefined ? {} : { trustFourEyes: sent.trust_four_eyes }),
    ...(sent.last_used === undefined ? {} : { lastUsed: sent.last_used }),
    ...(sent.client_id_prefix === undefined ? {} : { clientIdPrefix: sent.client_id_prefix }),
    ...(sent.response_mode === undefined ? {} : { responseMode: sent.response_mode }),
    ...(sent.wallet_scheme === undefined ? {} : { walletScheme: sent.wallet_scheme }),
  }
}

function tellSummary(tenant: Tenant, issuer: string) {
  return {
    slug: tenant.slug,
    issuer,
    name: tenant.name,
    colour: tenant.colour,
    notice_url: tenant.noticeUrl ?? null,
    enabled: tenant.enabled,
    cross_device: tenant.crossDevice,
    digital_credentials: tenant.digitalCredentials,
    haip: tenant.haip,
    direct_login: tenant.directLogin,
    require_pushed_authorization_requests: tenant.pushedRequestsOnly,
    consent: tenant.consent,
    single_sign_on_minutes: tenant.singleSignOnMinutes,
    trust_four_eyes: tenant.trustFourEyes,
    last_used: tenant.lastUsed,
    client_id_prefix: tenant.clientIdPrefix,
    response_mode: tenant.responseMode,
    wallet_scheme: tenant.walletScheme,
    revision: tenant.revision,
  }
}

function tellTenant({ tenant, issuer, requestCertificate, policyVersions }: TenantView) {
  return {
    ...tellSummary(tenant, issuer),
    request_certificate:
      requestCertificate === undefined ? null : tellCertificate(requestCertificate),
    policies: policyVersions,
  }
}

export function tellCertificate(certificate: RequestCertificate) {
  return {
    kid: certificate.kid,
    client_id: certificate.clientId,
    certificate_chain: [...certificate.chain],
    trust_anchor: certificate.trustAnchor ?? null,
    not_after: certificate.notAfter,
    expires_soon: certificate.expiresSoon,
  }
}
