/** What the law gives a person: restriction of processing, and everything held about them (Art. 15, 18 and 20 GDPR). */
import type { IdentityId } from '../../domain/ids.ts'
import { exportIdentity } from '../../flow/export-identity.ts'
import { restrictIdentity } from '../../flow/restrict-identity.ts'
import type { Route } from '../route.ts'
import { type AdminDeps, adminRoute } from './admin-route.ts'
import { EXPORT, IDENTIFIER, IDENTITY } from './examples.ts'
import { tellIdentity } from './identities.ts'
import { toldBy } from './named-identifier.ts'

const tag = 'Administration: people'
const ONE = '/tenants/:tenant/identities/:identity'
const scope = 'identities:manage'
const person = { answer: 'Identity', told: IDENTITY, status: 200, scope } as const

export function privacyRoutes(deps: AdminDeps): Route[] {
  return [...restrictionRoutes(deps), ...exportRoutes(deps)]
}

function restrictionRoutes(deps: AdminDeps): Route[] {
  const refusals = {
    404: 'No such tenant or person, or not one of this token.',
    409: 'The person was merged or erased.',
  }
  return [
    adminRoute(deps, {
      ...{ method: 'POST', path: `${ONE}/restrict`, operationId: 'restrictIdentity' },
      ...{ tag, ...person, refusals, body: 'Nothing', sent: {} },
      summary: 'Restrict processing',
      description:
        'Art. 18 GDPR: everything is kept and nothing is used. Nobody is recognised as the person, nothing of them is released, and tokens end, at once; receivers of events hear of it. Repeating it changes nothing.',
      run: async ({ actor, path }) => ({
        value: tellIdentity(await restrictIdentity(deps, actor, path('tenant'), asked(path, true))),
      }),
    }),
    adminRoute(deps, {
      ...{ method: 'POST', path: `${ONE}/lift-restriction`, operationId: 'liftRestriction' },
      ...{ tag, ...person, refusals, body: 'Nothing', sent: {} },
      summary: 'Lift a restriction',
      description: 'The person can log in again. Repeating it changes nothing.',
      run: async ({ actor, path }) => ({
        value: tellIdentity(
          await restrictIdentity(deps, actor, path('tenant'), asked(path, false)),
        ),
      }),
    }),
  ]
}

function asked(path: (name: string) => string, restricted: boolean) {
  return { identityId: path('identity') as IdentityId, restricted }
}

function exportRoutes(deps: AdminDeps): Route[] {
  const told = { answer: 'PersonExport', told: EXPORT, status: 200 } as const
  const about =
    'Art. 15 and 20 GDPR: every row there is about the person and everybody merged with them, opened. Hashes and secrets are left out. Each export is in the audit trail.'
  return [
    adminRoute(deps, {
      ...{ method: 'POST', path: `${ONE}/export`, operationId: 'exportIdentity', tag, ...told },
      scope: 'privacy:export',
      summary: 'Export everything held about a person',
      description: about,
      ...{ body: 'Nothing', sent: {} },
      refusals: { 404: 'No such tenant or person, erased, or not one of this token.' },
      run: async ({ actor, path }) => ({
        value: {
          ...(await exportIdentity(deps, actor, path('tenant'), path('identity') as IdentityId)),
        },
      }),
    }),
    adminRoute(deps, {
      ...{ method: 'POST', path: '/tenants/:tenant/exports', operationId: 'exportByIdentifier' },
      ...{ tag, ...told, scope: 'privacy:export', body: 'NamedIdentifier', sent: IDENTIFIER },
      summary: 'Export by an identifier',
      description: about,
      refusals: {
        404: 'No such tenant, or nobody has the identifier.',
        409: 'The identifier leads to two people, or only suggests one: look, and go by the id.',
      },
      run: async ({ actor, body, path }) => ({
        value: { ...(await exportIdentity(deps, actor, path('tenant'), toldBy(body))) },
      }),
    }),
  ]
}
