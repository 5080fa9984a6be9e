/** Policy documents and their versions, as the administration reads and answers them. */
import { z } from 'zod'
import { POLICY_KINDS } from '../../domain/policy.ts'
import { FINDING_CODES } from '../../domain/policy-finding.ts'
import { RecordedLogin, RecordedLogins } from '../../domain/recorded-login.ts'
import { instant, version, wholeObject } from './common-shapes.ts'

/** Read whole by the flow, which refuses a document by its paths; described by the document's own schema. */
const policyDocument = (name: string) => z.unknown().meta({ component: name })
export const POLICY_SHAPES = {
  trust: 'TrustPolicy',
  query: 'DcqlQuery',
  attributes: 'AttributePolicy',
  material: 'MaterialPolicy',
  selector: 'SelectorPolicy',
} as const
export const Policies = z.strictObject({
  trust: policyDocument(POLICY_SHAPES.trust).optional(),
  query: policyDocument(POLICY_SHAPES.query).optional(),
  attributes: policyDocument(POLICY_SHAPES.attributes).optional(),
  material: policyDocument(POLICY_SHAPES.material).optional(),
  selector: policyDocument(POLICY_SHAPES.selector).optional(),
})

/** Any of them. */
export const PolicyDocument = z.unknown()

const kind = z.enum(POLICY_KINDS)
const digest = z.string().describe('SHA-256 of the stored document, base64url.')
export const PolicyVersion = z.object({
  version,
  digest,
  published_at: instant,
  published_by: z.string(),
})
export const PublishedPolicy = z.object({ kind, version, digest, published_at: instant })
export const Policy = PolicyVersion.extend({ kind, document: policyDocument('PolicyDocument') })
export const PolicyHistory = z.object({
  trust: z.array(PolicyVersion),
  query: z.array(PolicyVersion),
  attributes: z.array(PolicyVersion),
  material: z.array(PolicyVersion),
  selector: z.array(PolicyVersion),
})

/** Not yet judged, so any object. */
export const UnjudgedDocument = wholeObject
export const PolicyDraft = z.object({
  kind,
  state: z.enum(['draft', 'validated']),
  digest: z.string().describe('SHA-256 of the document as it was sent, base64url.'),
  based_on: z.int().min(0).describe('The version that was current when it was begun; 0 for none.'),
  saved_at: instant,
  saved_by: z.string(),
})
export const PolicyDraftList = z.object({
  drafts: z.array(PolicyDraft.extend({ document: wholeObject })),
})
export const PolicyCheck = z.strictObject({
  documents: Policies.optional().describe('Judged instead of the drafts; nothing is stored.'),
})
export const PolicyFinding = z.object({
  severity: z.enum(['error', 'warning']),
  code: z.enum(FINDING_CODES),
  kind,
  path: z.string().describe('Member names and list positions, joined by dots.'),
  message: z.string(),
})
export const PolicyVerdict = z.object({
  acceptable: z.boolean().describe('Whether they may be published: no finding is an error.'),
  findings: z.array(PolicyFinding),
})
export const PolicyPublication = z.strictObject({
  trust_digest: z
    .string()
    .max(64)
    .optional()
    .describe('Digest of the draft of `trust` that was read; needed under `trust_four_eyes`.'),
})
export const PublishedPolicies = z.object({ published: z.array(PublishedPolicy) })
export const PolicyRestoration = z.strictObject({
  version: version.describe('Whose document is published again.'),
})

export { RecordedLogin }
export const PolicyTrial = z.strictObject({
  documents: Policies.optional().describe('Tried instead of the drafts; nothing is stored.'),
  logins: RecordedLogins.default([]).describe('Tried on them.'),
})
export const PolicyComparison = z.strictObject({
  from: version,
  to: version,
  logins: RecordedLogins.default([]),
})

const change = z.object({
  path: z.string().describe('List entries by what they are called there, wherever they stand.'),
  change: z.enum(['added', 'removed', 'changed', 'reordered']),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
})
const decision = z.object({
  plan: wholeObject.describe('As the selector policy has it.'),
  rule: z.string().describe('Id of the rule, or one of ours that begins with `builtin:`.'),
  reasons: z.array(z.string()),
})
const outcome = z.object({
  refused: z
    .string()
    .nullable()
    .describe('Why the presentation would not be taken; then nothing is decided.'),
  decision: decision.nullable(),
})
const loginOutcome = z.object({
  name: z.string(),
  changed: z.boolean(),
  before: outcome.nullable().describe('Null where nobody can log in.'),
  after: outcome.nullable(),
})
export const PolicyDifference = z.object({
  kind,
  members: z.array(change),
  outcomes: z.array(loginOutcome),
})
export const PolicyPlan = PolicyVerdict.extend({
  changes: z.array(z.object({ kind, version, members: z.array(change) })),
  outcomes: z.array(loginOutcome),
})
export const PolicyExplanation = PolicyVerdict.extend({
  explanations: z.array(
    outcome.extend({
      name: z.string(),
      missing: z
        .array(z.object({ query: z.string(), path: z.string() }))
        .describe('What is asked for and not shown.'),
      untrusted: z
        .array(z.string())
        .describe('Credential queries whose answer nobody vouches for.'),
      shown: z.array(z.string()).describe('Canonical attributes the wallet shows.'),
      open: z
        .array(z.string())
        .describe('Required attributes that the institution would have to have.'),
      unidentified: z
        .array(z.string())
        .describe('Materials whose claims are not all shown: they give no identifier.'),
      rules: z
        .array(
          z.object({
            rule: z.string(),
            outcome: z.enum(['chosen', 'outranked', 'not_matched', 'disabled']),
            held: z.array(z.string()),
            failed: z.array(z.string()),
          }),
        )
        .describe('In the order they are asked; conditions by their names.'),
    }),
  ),
})
