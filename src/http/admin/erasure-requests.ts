/** Erasing many people: `/admin/v1/tenants/{tenant}/erasure-requests`, and what a tenant asks of it. */
import type { ErasureRequestId, IdentityId } from '../../domain/ids.ts'
import { changeErasurePolicy } from '../../flow/change-erasure-policy.ts'
import { decideErasures } from '../../flow/decide-erasures.ts'
import type { ErasurePolicy, ErasureRequestView } from '../../flow/erasure-request-view.ts'
import { readErasureRequests } from '../../flow/read-erasure-requests.ts'
import { requestErasures } from '../../flow/request-erasures.ts'
import type { Route } from '../route.ts'
import { type AdminDeps, adminRoute } from './admin-route.ts'
import { ERASURE_POLICY, ERASURE_REQUEST } from './examples.ts'

const tag = 'Administration: people'
const scope = 'privacy:erase'
const MANY = '/tenants/:tenant/erasure-requests'
const one = { answer: 'BulkErasure', told: ERASURE_REQUEST, status: 200, tag, scope } as const
const NOWHERE = 'No such tenant, or not one of this token.'

export function erasureRequestRoutes(deps: AdminDeps): Route[] {
  return [
    adminRoute(deps, {
      ...{ method: 'PUT', path: '/tenants/:tenant/erasure-policy', tag, scope: 'tenants:manage' },
      ...{ operationId: 'changeErasurePolicy', body: 'ErasurePolicy', sent: ERASURE_POLICY },
      ...{ answer: 'ErasurePolicy', told: ERASURE_POLICY, status: 200, refusals: { 404: NOWHERE } },
      summary: 'Say what an erasure of many people needs',
      description:
        'For requests made, and approvals given, from now on. One person is erased at once.',
      async run({ actor, body, path }) {
        const policy = { fourEyes: body.four_eyes, waitHours: body.wait_hours }
        return { value: tellPolicy(await changeErasurePolicy(deps, actor, path('tenant'), policy)) }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'GET', path: MANY, operationId: 'listErasureRequests', tag, scope },
      ...{ answer: 'BulkErasureList', status: 200, refusals: { 404: NOWHERE } },
      told: { policy: ERASURE_POLICY, requests: [ERASURE_REQUEST] },
      summary: 'List erasures of many people',
      description: 'Newest first, with what the tenant asks of them.',
      async run({ actor, path }) {
        const { policy, requests } = await readErasureRequests(deps, actor, path('tenant'))
        return { value: { policy: tellPolicy(policy), requests: requests.map(tell) } }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'POST', path: MANY, operationId: 'requestErasures', ...one },
      ...{ body: 'NewBulkErasure', sent: { ground: 'not_needed', persons: [ERASURE_REQUEST.id] } },
      refusals: {
        404: 'No such tenant, or one of the people is not there: then nobody is erased.',
      },
      summary: 'Have many people erased',
      description:
        'A job erases them, one by one, once somebody else has approved and the time is over that the tenant asks for; at the next minute where it asks for neither.',
      async run({ actor, body, path }) {
        const people = body.persons.map((id) => id as IdentityId)
        const asked = { people, ground: body.ground }
        return { value: tell(await requestErasures(deps, actor, path('tenant'), asked)) }
      },
    }),
    ...(['approve', 'cancel'] as const).map((word) =>
      adminRoute(deps, {
        ...{ method: 'POST', path: `${MANY}/:id/${word}`, operationId: `${word}Erasures`, ...one },
        ...{ body: 'Nothing', sent: {} },
        refusals: {
          404: 'No such tenant or request, or not one of this token.',
          409: 'It has ended, or is to be approved by who asked for it.',
        },
        summary: word === 'approve' ? 'Approve an erasure of many' : 'Cancel an erasure of many',
        description:
          word === 'approve'
            ? 'By another token than the one that asked; the waiting time begins.'
            : 'Until it is done. Repeating it changes nothing.',
        async run({ actor, path }) {
          const decided = { id: path('id') as ErasureRequestId, word }
          return { value: tell(await decideErasures(deps, actor, path('tenant'), decided)) }
        },
      }),
    ),
  ]
}

function tellPolicy({ fourEyes, waitHours }: ErasurePolicy) {
  return { four_eyes: fourEyes, wait_hours: waitHours }
}

function tell(view: ErasureRequestView) {
  return {
    ...{ id: view.id, state: view.state, ground: view.ground, persons: view.persons },
    ...{ requested_by: view.requestedBy, requested_at: view.requestedAt },
    ...{ approved_by: view.approvedBy ?? null, due_at: view.dueAt, erased: view.erased },
    ended_at: view.endedAt ?? null,
  }
}
