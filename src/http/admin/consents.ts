/** What people agreed that relying parties learn: `/admin/v1/tenants/{tenant}/identities/{identity}/consents`. */
import type { ClientId, IdentityId } from '../../domain/ids.ts'
import { readConsents, withdrawFor } from '../../flow/change-consents.ts'
import type { ConsentView } from '../../flow/consent-view.ts'
import type { Route } from '../route.ts'
import { type AdminDeps, adminRoute } from './admin-route.ts'
import { CONSENT } from './examples.ts'

const ALL = '/tenants/:tenant/identities/:identity/consents'
const common = {
  tag: 'Administration: people',
  scope: 'identities:manage',
  answer: 'ConsentList',
  status: 200,
  refusals: { 404: 'No such tenant or person, or not one of this token.' },
} as const

export function consentAdminRoutes(deps: AdminDeps): Route[] {
  return [
    adminRoute(deps, {
      ...{ method: 'GET', path: ALL, operationId: 'listConsents', ...common },
      summary: 'List what a person agreed to',
      description:
        'Where people are asked (`consent` of tenant and relying party). Of somebody merged into another the yes given before stands under their own id.',
      told: { consents: [CONSENT] },
      run: async ({ actor, path }) => ({
        value: tell(
          await readConsents(deps, actor, path('tenant'), path('identity') as IdentityId),
        ),
      }),
    }),
    adminRoute(deps, {
      ...{ method: 'DELETE', path: `${ALL}/:client_id`, ...common },
      operationId: 'withdrawConsentFor',
      summary: 'Take back what a person agreed to',
      description:
        "At the person's wish. Tokens of that relying party about the person end at once, it hears of a logout where it takes them, and its next login asks again. Repeating it changes nothing.",
      told: { consents: [] },
      async run({ actor, path }) {
        const clientId = path('client_id') as ClientId
        const asked = { identityId: path('identity') as IdentityId, clientId }
        return { value: tell(await withdrawFor(deps, actor, path('tenant'), asked)) }
      },
    }),
  ]
}

function tell(views: readonly ConsentView[]) {
  return {
    consents: views.map((view) => ({
      ...{ client_id: view.clientId, client_name: view.clientName ?? null },
      ...{ scopes: [...view.scopes], claims: [...view.claims], purpose: view.purpose ?? null },
      ...{ given_at: view.givenAt, given_again_at: view.givenAgainAt },
    })),
  }
}
