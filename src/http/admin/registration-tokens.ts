/** Who may register relying parties by themselves: `/admin/v1/tenants/{tenant}/registration-tokens`. */
import { createRegistrationToken } from '../../flow/create-registration-token.ts'
import { readRegistrationTokens } from '../../flow/read-registration-tokens.ts'
import { revokeRegistrationToken } from '../../flow/revoke-registration-token.ts'
import type { Route } from '../route.ts'
import { type AdminDeps, adminRoute } from './admin-route.ts'
import { ID, REGISTRATION_TOKEN } from './examples.ts'

const tag = 'Administration: relying parties'
const scope = 'clients:manage'
const ALL = '/tenants/:tenant/registration-tokens'
const NOT_FOUND = { 404: 'No such tenant or token, or not one of this admin token.' }

export function registrationTokenRoutes(deps: AdminDeps): Route[] {
  return [
    adminRoute(deps, {
      ...{ method: 'POST', path: ALL, operationId: 'createRegistrationToken', tag, scope },
      summary: 'Make an initial access token',
      description:
        'Whoever has it may register relying parties at `/register` (RFC 7591), which is off while there is none. It is said in this answer alone.',
      ...{ body: 'NewRegistrationToken', sent: { name: 'student projects', uses: 5 } },
      answer: 'CreatedRegistrationToken',
      told: { id: ID, token: 'ibr_…', expires_at: REGISTRATION_TOKEN.expires_at },
      ...{ status: 201, refusals: NOT_FOUND },
      async run({ actor, body, path }) {
        const made = await createRegistrationToken(deps, actor, path('tenant'), {
          name: body.name,
          uses: body.uses,
          days: body.expires_in_days,
        })
        return {
          value: { id: made.id, token: made.token, expires_at: made.expiresAt },
          location: `/admin/v1/tenants/${path('tenant')}/registration-tokens`,
        }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'GET', path: ALL, operationId: 'listRegistrationTokens', tag, scope },
      summary: 'List initial access tokens',
      ...{ answer: 'RegistrationTokenList', told: { tokens: [REGISTRATION_TOKEN] } },
      ...{ status: 200, refusals: NOT_FOUND },
      run: async ({ actor, path }) => ({
        value: {
          tokens: (await readRegistrationTokens(deps, actor, path('tenant'))).map((token) => ({
            id: token.id,
            name: token.name,
            uses_left: token.usesLeft,
            created_at: token.createdAt,
            expires_at: token.expiresAt,
          })),
        },
      }),
    }),
    adminRoute(deps, {
      ...{ method: 'DELETE', path: `${ALL}/:id`, operationId: 'revokeRegistrationToken' },
      ...{ tag, scope, status: 204, refusals: NOT_FOUND },
      summary: 'End an initial access token',
      description: 'At once; what was registered with it stays.',
      async run({ actor, path }) {
        await revokeRegistrationToken(deps, actor, path('tenant'), path('id'))
        return undefined
      },
    }),
  ]
}
