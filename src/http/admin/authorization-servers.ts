/** Whose machine tokens a tenant accepts besides ours: `/admin/v1/tenants/{tenant}/authorization-servers`. */
import { distrustAuthorizationServer } from '../../flow/distrust-authorization-server.ts'
import { readAuthorizationServers } from '../../flow/read-authorization-servers.ts'
import { trustAuthorizationServer } from '../../flow/trust-authorization-server.ts'
import type { Route } from '../route.ts'
import { type AdminDeps, adminRoute } from './admin-route.ts'
import { AUTHORIZATION_SERVER, NEW_AUTHORIZATION_SERVER } from './examples.ts'

const tag = 'Administration: relying parties'
const scope = 'clients:manage'
const ALL = '/tenants/:tenant/authorization-servers'

export function authorizationServerRoutes(deps: AdminDeps): Route[] {
  return [
    adminRoute(deps, {
      ...{ method: 'POST', path: ALL, operationId: 'trustAuthorizationServer', tag, scope },
      summary: "Accept machine tokens of the tenant's own authorization server",
      description:
        'Its tokens count for the machine clients that are registered with `issued_by` of this issuer, within their registered scopes. Keys are fetched when the first token comes.',
      ...{ body: 'NewAuthorizationServer', sent: NEW_AUTHORIZATION_SERVER },
      ...{ answer: 'AuthorizationServer', told: AUTHORIZATION_SERVER, status: 201 },
      refusals: {
        404: 'No such tenant, or not one of this token.',
        409: 'The issuer is known, or there are twenty.',
        422: 'An address that is never asked; the code says why.',
      },
      async run({ actor, body, path }) {
        const server = await trustAuthorizationServer(deps, actor, path('tenant'), {
          issuer: body.issuer,
          jwksUri: body.jwks_uri,
          audience: body.audience,
          tokenType: body.token_type,
        })
        return {
          value: tell(server),
          location: `/admin/v1/tenants/${path('tenant')}/authorization-servers`,
        }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'GET', path: ALL, operationId: 'listAuthorizationServers', tag, scope },
      summary: 'List the authorization servers that are accepted',
      ...{
        answer: 'AuthorizationServerList',
        told: { authorization_servers: [AUTHORIZATION_SERVER] },
        status: 200,
      },
      refusals: { 404: 'No such tenant, or not one of this token.' },
      run: async ({ actor, path }) => ({
        value: {
          authorization_servers: (await readAuthorizationServers(deps, actor, path('tenant'))).map(
            tell,
          ),
        },
      }),
    }),
    adminRoute(deps, {
      ...{ method: 'DELETE', path: `${ALL}/:id`, operationId: 'distrustAuthorizationServer' },
      ...{ tag, scope, status: 204 },
      summary: 'No longer accept tokens of an authorization server',
      refusals: { 404: 'No such tenant or authorization server, or not one of this token.' },
      async run({ actor, path }) {
        await distrustAuthorizationServer(deps, actor, path('tenant'), path('id'))
        return undefined
      },
    }),
  ]
}

function tell(server: {
  id: string
  issuer: string
  jwksUri: string
  audience: string
  tokenType: 'at+jwt' | 'JWT'
}) {
  return {
    id: server.id,
    issuer: server.issuer,
    jwks_uri: server.jwksUri,
    audience: server.audience,
    token_type: server.tokenType,
  }
}
