/** Policy documents: `/admin/v1/tenants/{tenant}/policies`. */
import { fail } from '../../domain/failure.ts'
import { POLICY_KINDS, type PolicyKind } from '../../domain/policy.ts'
import type { Published } from '../../flow/publish-documents.ts'
import { publishPolicy } from '../../flow/publish-policy.ts'
import {
  type PolicyVersionView,
  type PolicyView,
  readPolicyHistory,
  readPolicyVersion,
} from '../../flow/read-policies.ts'
import { restorePolicy } from '../../flow/restore-policy.ts'
import type { Route } from '../route.ts'
import { type AdminDeps, adminRoute } from './admin-route.ts'
import { POLICY_VERSION, PUBLISHED_POLICY, SELECTOR } from './examples.ts'

const tag = 'Administration: policies'
const scope = 'policies:manage'
const ALL = '/tenants/:tenant/policies'
const ONE = `${ALL}/:kind`
const NOT_FOUND = { 404: 'No such tenant, kind or version, or not one of this token.' }
const FOUR_EYES = {
  409: 'The tenant wants two administrators for a trust policy: one saves it as a draft, another publishes it.',
}
const POLICY = { ...POLICY_VERSION, kind: 'selector', document: SELECTOR }

export function policyRoutes(deps: AdminDeps): Route[] {
  return [
    adminRoute(deps, {
      ...{ method: 'PUT', path: ONE, operationId: 'publishPolicy', tag, scope },
      summary: 'Publish a policy document',
      description:
        'The body is the document itself. It is read as a whole: an unknown member refuses it. Published as the next version of its kind, it never changes again; logins under way end with the versions they began with.',
      ...{
        body: 'PolicyDocument',
        sent: SELECTOR,
        answer: 'PublishedPolicy',
        told: PUBLISHED_POLICY,
        status: 200,
      },
      refusals: {
        ...NOT_FOUND,
        ...FOUR_EYES,
        422: 'The document is refused; `problems` names the paths that are wrong.',
      },
      async run({ actor, body, path }) {
        const published = await publishPolicy(
          deps,
          actor,
          path('tenant'),
          kindOf(path('kind')),
          body,
        )
        return { value: tellPublished(published) }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'GET', path: ALL, operationId: 'listPolicyVersions', tag, scope },
      summary: 'List the versions of every kind, newest first',
      answer: 'PolicyHistory',
      told: Object.fromEntries(POLICY_KINDS.map((kind) => [kind, [POLICY_VERSION]])),
      ...{ status: 200, refusals: NOT_FOUND },
      async run({ actor, path }) {
        const { trust, query, attributes, material, selector } = await readPolicyHistory(
          deps,
          actor,
          path('tenant'),
        )
        return {
          value: {
            trust: trust.map(tellVersion),
            query: query.map(tellVersion),
            attributes: attributes.map(tellVersion),
            material: material.map(tellVersion),
            selector: selector.map(tellVersion),
          },
        }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'GET', path: ONE, operationId: 'readPolicy', tag, scope },
      summary: 'Read the current policy document of a kind',
      ...{ answer: 'Policy', told: POLICY, status: 200, refusals: NOT_FOUND },
      run: async ({ actor, path }) => ({
        value: tell(
          await readPolicyVersion(deps, actor, path('tenant'), kindOf(path('kind')), undefined),
        ),
      }),
    }),
    adminRoute(deps, {
      ...{
        method: 'GET',
        path: `${ONE}/versions/:version`,
        operationId: 'readPolicyVersion',
        tag,
        scope,
      },
      summary: 'Read a policy document by its version',
      ...{ answer: 'Policy', told: POLICY, status: 200, refusals: NOT_FOUND },
      async run({ actor, path }) {
        const kind = kindOf(path('kind'))
        return {
          value: tell(
            await readPolicyVersion(deps, actor, path('tenant'), kind, versionOf(path('version'))),
          ),
        }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'POST', path: `${ONE}/restore`, operationId: 'restorePolicy', tag, scope },
      summary: 'Go back to an older version of a policy document',
      description:
        'Its document is published again, as the next version, if it still fits the others. History is never rewritten.',
      ...{ body: 'PolicyRestoration', sent: { version: 1 } },
      ...{ answer: 'PublishedPolicy', told: { ...PUBLISHED_POLICY, version: 3 }, status: 200 },
      refusals: { ...NOT_FOUND, ...FOUR_EYES, 422: 'The document no longer fits the others.' },
      async run({ actor, body, path }) {
        const kind = kindOf(path('kind'))
        return {
          value: tellPublished(
            await restorePolicy(deps, actor, path('tenant'), kind, body.version),
          ),
        }
      },
    }),
  ]
}

export function kindOf(text: string): PolicyKind {
  return POLICY_KINDS.find((kind) => kind === text) ?? fail({ kind: 'not_found' })
}

function versionOf(text: string): number {
  return /^[1-9][0-9]{0,8}$/.test(text) ? Number(text) : fail({ kind: 'not_found' })
}

/** A version that was just published, as it is answered. */
export function tellPublished({ kind, version, digest, publishedAt }: Published) {
  return { kind, version, digest, published_at: publishedAt }
}

function tellVersion({ version, digest, publishedAt, publishedBy }: PolicyVersionView) {
  return { version, digest, published_at: publishedAt, published_by: publishedBy }
}

function tell(view: PolicyView) {
  return { ...tellVersion(view), kind: view.kind, document: view.document }
}
