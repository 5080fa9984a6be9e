/** Keys a tenant signs with: `/admin/v1/tenants/{tenant}/signing-keys`. */
import { readSigningKeys, type SigningKeyEntry } from '../../flow/read-signing-keys.ts'
import { removeSigningKey } from '../../flow/remove-signing-key.ts'
import { rotateSigningKey } from '../../flow/rotate-signing-key.ts'
import type { Route } from '../route.ts'
import { type AdminDeps, adminRoute } from './admin-route.ts'
import { SIGNING_KEY } from './examples.ts'

const tag = 'Administration: tenants'
const scope = 'keys:manage'
const ALL = '/tenants/:tenant/signing-keys'

export function signingKeyRoutes(deps: AdminDeps): Route[] {
  return [
    adminRoute(deps, {
      ...{ method: 'GET', path: ALL, operationId: 'listSigningKeys', tag, scope },
      summary: 'List the keys a tenant signs with',
      ...{ answer: 'SigningKeyList', told: { signing_keys: [SIGNING_KEY] }, status: 200 },
      refusals: { 404: 'No such tenant, or not one of this token.' },
      run: async ({ actor, path }) => ({
        value: { signing_keys: (await readSigningKeys(deps, actor, path('tenant'))).map(tell) },
      }),
    }),
    adminRoute(deps, {
      ...{ method: 'POST', path: ALL, operationId: 'rotateSigningKey', tag, scope },
      summary: 'Publish the next key for tokens',
      description:
        'It signs from a day later on, when everybody has it; the old one stays published another day. Every 90 days this happens by itself.',
      ...{ body: 'SigningKeyRotation', sent: { algorithm: 'ES256' } },
      ...{ answer: 'PublishedSigningKey', told: { kid: SIGNING_KEY.kid, algorithm: 'ES256' } },
      status: 201,
      refusals: {
        404: 'No such tenant, or not one of this token.',
        409: 'A next key of this algorithm is published already.',
      },
      async run({ actor, body, path }) {
        const kid = await rotateSigningKey(deps, actor, path('tenant'), body.algorithm)
        const location = `/admin/v1/tenants/${path('tenant')}/signing-keys`
        return { value: { kid, algorithm: body.algorithm }, location }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'DELETE', path: `${ALL}/:kid`, operationId: 'removeSigningKey', tag, scope },
      summary: 'Remove a key for tokens at once',
      description:
        'For a key that got away: it is published no more, its private half is destroyed, and every token of every login ends. If it was signing, the next key takes over or a new one is made.',
      status: 204,
      refusals: { 404: 'No such tenant or key, or the key is retired, or not for tokens.' },
      async run({ actor, path }) {
        await removeSigningKey(deps, actor, path('tenant'), path('kid'))
        return undefined
      },
    }),
  ]
}

function tell(key: SigningKeyEntry) {
  return {
    kid: key.kid,
    purpose: key.purpose,
    algorithm: key.algorithm,
    state: key.state,
    created_at: key.createdAt,
    activated_at: key.activatedAt ?? null,
    retire_at: key.retireAt ?? null,
  }
}
