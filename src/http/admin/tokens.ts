/** Tokens of the administration itself: `/admin/v1/tokens`. */

import { createAdminToken } from '../../flow/create-admin-token.ts'
import { type AdminTokenView, listAdminTokens } from '../../flow/list-admin-tokens.ts'
import { revokeAdminToken } from '../../flow/revoke-admin-token.ts'
import type { Route } from '../route.ts'
import { type AdminDeps, adminRoute } from './admin-route.ts'
import { ADMIN_TOKEN, ID } from './examples.ts'

const tag = 'Administration: tokens'
const scope = 'keys:manage'

export function tokenAdminRoutes(deps: AdminDeps): Route[] {
  return [
    adminRoute(deps, {
      ...{ method: 'POST', path: '/tokens', operationId: 'createAdminToken', tag, scope },
      summary: 'Make an admin token',
      description:
        'It can do no more than the token that makes it. It is said in this answer alone. A token of an institution manages the providers it registered itself, and nothing else. The very first one is made on the command line: `npm run cli -- token create`.',
      body: 'NewAdminToken',
      sent: { name: 'deployment pipeline', scopes: ['clients:manage'], tenant: 'example' },
      answer: 'CreatedAdminToken',
      told: { id: ID, token: 'iba_…', expires_at: ADMIN_TOKEN.expires_at },
      status: 201,
      refusals: { 404: 'No such tenant, or not one of this token.' },
      async run({ actor, body }) {
        const created = await createAdminToken(deps, actor, {
          name: body.name,
          scopes: body.scopes,
          tenant: body.tenant ?? undefined,
          institution: body.institution ?? undefined,
          days: body.expires_in_days,
        })
        const { id, token, expiresAt } = created
        return { value: { id, token, expires_at: expiresAt }, location: '/admin/v1/tokens' }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'GET', path: '/tokens', operationId: 'listAdminTokens', tag, scope },
      summary: 'List admin tokens',
      description: 'Never the tokens themselves. A token of one tenant sees those of that tenant.',
      ...{ answer: 'AdminTokenList', told: { tokens: [ADMIN_TOKEN] }, status: 200 },
      run: async ({ actor }) => ({
        value: { tokens: (await listAdminTokens(deps, actor)).map(tell) },
      }),
    }),
    adminRoute(deps, {
      ...{ method: 'DELETE', path: '/tokens/:id', operationId: 'revokeAdminToken', tag, scope },
      summary: 'Revoke an admin token',
      description: 'At once. Revoking it again changes nothing.',
      status: 204,
      refusals: { 404: 'No such token, or not one this token may see.' },
      async run({ actor, path }) {
        await revokeAdminToken(deps, actor, path('id'))
        return undefined
      },
    }),
  ]
}

function tell(token: AdminTokenView) {
  return {
    id: token.id,
    name: token.name,
    scopes: [...token.scopes],
    tenant: token.tenant ?? null,
    institution: token.institution ?? null,
    created_at: token.createdAt,
    expires_at: token.expiresAt,
    last_used_at: token.lastUsedAt ?? null,
    revoked_at: token.revokedAt ?? null,
  }
}
