/** A policy document on its way to being published: read strictly, and judged beside the documents it must agree with. */
import { digestText } from '../crypto/digest.ts'
import { fail } from '../domain/failure.ts'
import {
  POLICY_KINDS,
  type PolicyDocuments,
  type PolicyKind,
  readPolicy,
} from '../domain/policy.ts'
import { prepareTrust } from '../wallet/trust.ts'

export interface PolicyDraft {
  kind: PolicyKind
  /** JSON with every default written out: what it says must not change with a later version of the code. */
  text: string
  /** SHA-256 of the text, base64url. */
  digest: string
}

/** Some documents of a tenant, as text or as sent. */
export type PolicyInput = { readonly [Kind in PolicyKind]?: unknown }

/**
 * Returns the documents ready to be stored, in the order of {@link POLICY_KINDS}. Throws `policy_refused` naming the paths
 * of the first document that is wrong, or a trust anchor that is no CA certificate.
 */
export function draftPolicies(input: PolicyInput): readonly PolicyDraft[] {
  return POLICY_KINDS.flatMap((kind) => {
    if (input[kind] === undefined) return []
    const document = readPolicy(kind, input[kind])
    if (kind === 'trust') prepareTrust(document as PolicyDocuments['trust'])
    const text = JSON.stringify(document)
    return [{ kind, text, digest: digestText(text) }]
  })
}

/**
 * Returns when the plan's profile exists (the plan's provider may come later: nobody can log in until it does). `texts` are
 * the documents as they would stand after publishing. Throws `policy_refused`.
 */
export function judgeTogether(texts: { readonly [Kind in PolicyKind]?: string }): void {
  if (texts.selector === undefined) return
  const plan = readPolicy('selector', JSON.parse(texts.selector)).default
  const profiles =
    texts.material === undefined ? [] : readPolicy('material', JSON.parse(texts.material)).profiles
  if (profiles.some(({ id }) => id === plan.profile)) return
  const problem =
    "default.profile: the material policy has no such profile (in the tenant's selector policy)"
  fail({ kind: 'policy_refused', problems: [problem] })
}
