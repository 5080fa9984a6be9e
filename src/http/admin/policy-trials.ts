/** What policy documents would do, tried before they are published: plan, explain, compare. Nothing is stored. */
import type { Outcome, OutcomeChange } from '../../domain/policy-explain.ts'
import type { JsonObject } from '../../domain/text.ts'
import { comparePolicies } from '../../flow/compare-policies.ts'
import { explainPolicies } from '../../flow/explain-policies.ts'
import { planPolicies } from '../../flow/plan-policies.ts'
import type { Route } from '../route.ts'
import { type AdminDeps, adminRoute } from './admin-route.ts'
import {
  POLICY_DIFFERENCE,
  POLICY_EXPLANATION,
  POLICY_PLAN,
  RECORDED_LOGIN,
  SELECTOR,
} from './examples.ts'
import { kindOf } from './policies.ts'

const tag = 'Administration: policies'
const scope = 'policies:manage'
const DRAFTS = '/tenants/:tenant/policy-drafts'
const NOT_FOUND = { 404: 'No such tenant, kind or version, or not one of this token.' }
const TRIAL = { documents: { selector: SELECTOR }, logins: [RECORDED_LOGIN] }

export function policyTrialRoutes(deps: AdminDeps): Route[] {
  return [
    adminRoute(deps, {
      ...{ method: 'POST', path: `${DRAFTS}/plan`, operationId: 'planPolicies', tag, scope },
      summary: 'See what publishing the drafts, or documents sent along, would change',
      description:
        'Member by member, and for recorded logins what they come to now and would come to then. A recorded login names types, issuers, claims and states; no person.',
      ...{ body: 'PolicyTrial', sent: TRIAL, answer: 'PolicyPlan', told: POLICY_PLAN },
      ...{ status: 200, refusals: NOT_FOUND },
      async run({ actor, body, path }) {
        const { documents, logins } = body
        const plan = await planPolicies(deps, actor, path('tenant'), documents, logins)
        return {
          value: {
            acceptable: plan.acceptable,
            findings: [...plan.findings],
            changes: plan.changes.map((each) => ({ ...each, members: [...each.members] })),
            outcomes: plan.outcomes.map(tellChange),
          },
        }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'POST', path: `${DRAFTS}/explain`, operationId: 'explainPolicies', tag, scope },
      summary: 'Ask what the drafts, or documents sent along, make of recorded logins, and why',
      description:
        'Rule by rule in the order they are asked, with the conditions that hold and those that do not. Kinds that are not among them are taken as published.',
      ...{ body: 'PolicyTrial', sent: TRIAL },
      ...{ answer: 'PolicyExplanation', told: POLICY_EXPLANATION },
      ...{ status: 200, refusals: NOT_FOUND },
      async run({ actor, body, path }) {
        const { documents, logins } = body
        const told = await explainPolicies(deps, actor, path('tenant'), documents, logins)
        return {
          value: {
            acceptable: told.acceptable,
            findings: [...told.findings],
            explanations: told.explanations.map((each) => ({
              ...tellOutcome(each),
              name: each.name,
              missing: [...each.missing],
              untrusted: [...each.untrusted],
              shown: [...each.shown],
              open: [...each.open],
              unidentified: [...each.unidentified],
              rules: each.rules.map(({ rule, outcome, held, failed }) => ({
                ...{ rule, outcome, held: [...held], failed: [...failed] },
              })),
            })),
          },
        }
      },
    }),
    adminRoute(deps, {
      method: 'POST',
      path: '/tenants/:tenant/policies/:kind/compare',
      ...{ operationId: 'comparePolicies', tag, scope },
      summary: 'Compare two versions of a policy document',
      ...{ body: 'PolicyComparison', sent: { from: 1, to: 2, logins: [RECORDED_LOGIN] } },
      ...{ answer: 'PolicyDifference', told: POLICY_DIFFERENCE },
      ...{ status: 200, refusals: NOT_FOUND },
      async run({ actor, body, path }) {
        const kind = kindOf(path('kind'))
        const compared = await comparePolicies(deps, actor, path('tenant'), kind, body, body.logins)
        const { members, outcomes } = compared
        return { value: { kind, members: [...members], outcomes: outcomes.map(tellChange) } }
      },
    }),
  ]
}

function tellChange({ name, changed, before, after }: OutcomeChange) {
  return {
    name,
    changed,
    before: before ? tellOutcome(before) : null,
    after: after ? tellOutcome(after) : null,
  }
}

function tellOutcome({ refused, decision }: Outcome) {
  return {
    refused: refused ?? null,
    decision:
      decision === undefined
        ? null
        : {
            plan: JSON.parse(JSON.stringify(decision.plan)) as JsonObject,
            rule: decision.rule,
            reasons: [...decision.reasons],
          },
  }
}
