/** Erasing people: `/admin/v1/tenants/{tenant}/identities/{identity}/erase` and `/admin/v1/tenants/{tenant}/erasures`. */
import type { IdentityId } from '../../domain/ids.ts'
import { eraseByIdentifier } from '../../flow/erase-by-identifier.ts'
import { eraseIdentity } from '../../flow/erase-identity.ts'
import type { ErasureView } from '../../flow/record-erasure.ts'
import type { Route } from '../route.ts'
import { type AdminDeps, adminRoute } from './admin-route.ts'
import { ERASURE } from './examples.ts'
import { toldBy } from './named-identifier.ts'

const tag = 'Administration: people'
const scope = 'privacy:erase'
const told = { answer: 'Erasure', told: ERASURE, status: 200, tag, scope } as const
const NO_KEY = 'the tenant has no key to sign the receipt with.'

export function erasureRoutes(deps: AdminDeps): Route[] {
  return [
    adminRoute(deps, {
      ...{ method: 'POST', path: '/tenants/:tenant/identities/:identity/erase', ...told },
      operationId: 'eraseIdentity',
      summary: 'Erase a person',
      description:
        'Everything about the person and everybody merged with them is gone when this answers: links, attributes, subjects, logins under way, tokens, and the key that opened any of it. It cannot be taken back. Repeating it answers with the same receipt.',
      ...{ body: 'ErasureRequest', sent: { ground: 'consent_withdrawn' } },
      refusals: {
        404: 'No such tenant or person, or not one of this token.',
        409: `Not now: ${NO_KEY}`,
      },
      async run({ actor, body, path }) {
        const request = { identityId: path('identity') as IdentityId, ground: body.ground }
        return { value: tell(await eraseIdentity(deps, actor, path('tenant'), request)) }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'POST', path: '/tenants/:tenant/erasures', ...told },
      operationId: 'eraseByIdentifier',
      summary: 'Erase whoever has an identifier',
      description:
        'The same for whoever an identifier of any kind identifies. Afterwards nobody is known by it, so a repeat is answered as for anybody unknown.',
      body: 'IdentifierErasureRequest',
      sent: {
        ground: 'consent_withdrawn',
        identifier: { kind: 'account', provider: 'surf', value: '7b1f0c2e@noorderhaven.example' },
      },
      refusals: {
        404: 'No such tenant, or nobody has the identifier.',
        409: `The identifier leads to two people, or only suggests one (look, and go by the id); or ${NO_KEY}`,
      },
      async run({ actor, body, path }) {
        const request = { identifier: toldBy(body.identifier), ground: body.ground }
        return { value: tell(await eraseByIdentifier(deps, actor, path('tenant'), request)) }
      },
    }),
  ]
}

function tell(view: ErasureView) {
  return { id: view.id, erased_at: view.erasedAt, receipt: view.receipt }
}
