/** Drafts of policy documents, their judgement and their publication: `/admin/v1/tenants/{tenant}/policy-drafts`. */
import { dropPolicyDraft } from '../../flow/drop-policy-draft.ts'
import type { DraftView } from '../../flow/policy-draft-view.ts'
import { publishDrafts } from '../../flow/publish-drafts.ts'
import { readPolicyDrafts } from '../../flow/read-policy-drafts.ts'
import { savePolicyDraft } from '../../flow/save-policy-draft.ts'
import { validatePolicies } from '../../flow/validate-policies.ts'
import type { Route } from '../route.ts'
import { type AdminDeps, adminRoute } from './admin-route.ts'
import { POLICY_DRAFT, POLICY_VERDICT, PUBLISHED_POLICY, SELECTOR } from './examples.ts'
import { kindOf, tellPublished } from './policies.ts'

const tag = 'Administration: policies'
const scope = 'policies:manage'
const ALL = '/tenants/:tenant/policy-drafts'
const ONE = `${ALL}/:kind`
const NOT_FOUND = { 404: 'No such tenant, kind or draft, or not one of this token.' }

export function policyDraftRoutes(deps: AdminDeps): Route[] {
  return [
    adminRoute(deps, {
      ...{ method: 'PUT', path: ONE, operationId: 'savePolicyDraft', tag, scope },
      summary: 'Save a policy document as a draft',
      description:
        'Any JSON object: it is judged later, beside the other drafts. A kind has one draft; saving again replaces it.',
      ...{ body: 'UnjudgedDocument', sent: SELECTOR },
      ...{ answer: 'PolicyDraft', told: POLICY_DRAFT, status: 200, refusals: NOT_FOUND },
      run: async ({ actor, body, path }) => ({
        value: tell(await savePolicyDraft(deps, actor, path('tenant'), kindOf(path('kind')), body)),
      }),
    }),
    adminRoute(deps, {
      ...{ method: 'GET', path: ALL, operationId: 'listPolicyDrafts', tag, scope },
      summary: 'Read the drafts with their documents',
      answer: 'PolicyDraftList',
      told: { drafts: [{ ...POLICY_DRAFT, document: SELECTOR }] },
      ...{ status: 200, refusals: NOT_FOUND },
      async run({ actor, path }) {
        const drafts = await readPolicyDrafts(deps, actor, path('tenant'))
        return {
          value: {
            drafts: drafts.map((draft) => ({ ...tell(draft), document: draft.document })),
          },
        }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'DELETE', path: ONE, operationId: 'dropPolicyDraft', tag, scope },
      summary: 'Give a draft up',
      ...{ status: 204, refusals: NOT_FOUND },
      async run({ actor, path }) {
        await dropPolicyDraft(deps, actor, path('tenant'), kindOf(path('kind')))
        return undefined
      },
    }),
    adminRoute(deps, {
      ...{ method: 'POST', path: `${ALL}/validate`, operationId: 'validatePolicies', tag, scope },
      summary: 'Judge the drafts, or documents sent along',
      description:
        'Each document by itself, and all together with the published ones of the other kinds. Drafts without an error become `validated`; documents sent along are stored nowhere.',
      ...{ body: 'PolicyCheck', sent: { documents: { selector: SELECTOR } } },
      ...{ answer: 'PolicyVerdict', told: POLICY_VERDICT, status: 200, refusals: NOT_FOUND },
      async run({ actor, body, path }) {
        const verdict = await validatePolicies(deps, actor, path('tenant'), body.documents)
        return {
          value: { acceptable: verdict.acceptable, findings: [...verdict.findings] },
        }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'POST', path: `${ALL}/publish`, operationId: 'publishDrafts', tag, scope },
      summary: 'Publish the validated drafts',
      description:
        'All of them or none, each as the next version of its kind. Logins under way end with the versions they began with. Where the tenant wants `trust_four_eyes` and a trust policy is among them, `trust_digest` names the draft that was read; `{}` does otherwise.',
      ...{ body: 'PolicyPublication', sent: { trust_digest: POLICY_DRAFT.digest } },
      answer: 'PublishedPolicies',
      told: { published: [PUBLISHED_POLICY] },
      status: 200,
      refusals: {
        ...NOT_FOUND,
        409: 'There is no draft, one was not validated, another version was published since it was begun, or somebody else has to publish this trust policy, or name its draft as it is now.',
        422: 'They no longer fit what was published meanwhile; `problems` names the paths.',
      },
      async run({ actor, body, path }) {
        const published = await publishDrafts(deps, actor, path('tenant'), body.trust_digest)
        return { value: { published: published.map(tellPublished) } }
      },
    }),
  ]
}

function tell({ kind, state, digest, basedOn, savedAt, savedBy }: DraftView) {
  return { kind, state, digest, based_on: basedOn, saved_at: savedAt, saved_by: savedBy }
}
