/** Erasing a person at an institution's request. */
import type { IdentityId } from '../../domain/ids.ts'
import { eraseForClient } from '../../flow/erase-for-client.ts'
import { ERASURE } from '../admin/examples.ts'
import type { Route } from '../route.ts'
import { type DataDeps, dataRoute, tellWritten } from './data-route.ts'

export function dataErasureRoutes(deps: DataDeps): Route[] {
  return [
    dataRoute(deps, {
      ...{ method: 'DELETE', path: '/identities/:identity', operationId: 'erasePerson' },
      scope: 'privacy:erase',
      alsoDisabled: true,
      summary: 'Erase a person',
      description:
        'Done when this answers, and it cannot be taken back. The ground is noted as `not_needed` of Art. 17(1)(a): the institution has no more use for the data. Goes on where the tenant is disabled. Repeating it answers with the same receipt.',
      answers: { 200: ['Erasure', ERASURE] },
      async run({ prepared, client, path, once }) {
        const identityId = path('identity') as IdentityId
        const request = { identityId, ground: 'not_needed', once } as const
        return tellWritten(await eraseForClient(deps, prepared, client, request))
      },
    }),
  ]
}
