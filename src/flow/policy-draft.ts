/** Policy documents on their way to being published: read strictly, and judged beside the documents they must agree with. */
import { digestText } from '../crypto/digest.ts'
import { BridgeError, fail } from '../domain/failure.ts'
import {
  checkPolicy,
  POLICY_KINDS,
  type PolicyDocuments,
  type PolicyKind,
  type PolicySet,
} from '../domain/policy.ts'
import { type Finding, finding, isAcceptable, problemOf } from '../domain/policy-finding.ts'
import { lintPolicies, type PolicySurroundings } from '../domain/policy-lint.ts'
import { prepareTrust } from '../wallet/trust.ts'

export interface PolicyDraft {
  kind: PolicyKind
  /** JSON with every default written out: what it says must not change with a later version of the code. */
  text: string
  /** SHA-256 of the text, base64url. */
  digest: string
}

/** Some documents of a tenant, as they were sent or stored, parsed from JSON. */
export type PolicyInput = { readonly [Kind in PolicyKind]?: unknown }

export interface Judgement {
  findings: readonly Finding[]
  /** Those that could be read, in the order of {@link POLICY_KINDS}. */
  drafts: readonly PolicyDraft[]
  /** All that stand together: what was judged, and beside it what stands already. */
  together: PolicySet
}

/**
 * Returns what there is to say about `input`, each document by itself and all together with those that `standing` has and
 * `input` has not. Says nothing of how documents fit as long as one of them cannot be read.
 */
export function judgePolicies(
  input: PolicyInput,
  standing: PolicyInput,
  surroundings: PolicySurroundings = {},
): Judgement {
  const read = POLICY_KINDS.flatMap((kind) =>
    input[kind] === undefined ? [] : [{ kind, ...checkDocument(kind, input[kind]) }],
  )
  const drafts = read.flatMap((each) => (each.ok ? [draftOf(each.kind, each.document)] : []))
  const together = Object.fromEntries([
    ...POLICY_KINDS.flatMap((kind) => {
      const stands = standing[kind] === undefined ? undefined : checkPolicy(kind, standing[kind])
      return stands?.ok === true ? [[kind, stands.document] as const] : []
    }),
    ...read.flatMap((each) => (each.ok ? [[each.kind, each.document] as const] : [])),
  ]) as PolicySet
  const own = read.flatMap((each) => (each.ok ? [] : each.findings))
  const findings = own.length > 0 ? own : lintPolicies(together, surroundings)
  return { findings, drafts, together }
}

/**
 * Returns the documents ready to be stored, in the order of {@link POLICY_KINDS}. Throws `policy_refused` naming each path
 * that is wrong in one of them, or where it does not fit the others (`standing`: what stands already).
 */
export function acceptPolicies(
  input: PolicyInput,
  standing: PolicyInput = {},
  surroundings: PolicySurroundings = {},
): readonly PolicyDraft[] {
  const { findings, drafts } = judgePolicies(input, standing, surroundings)
  if (!isAcceptable(findings)) {
    const kinds = POLICY_KINDS.filter((kind) => input[kind] !== undefined)
    const spokenOf = kinds.length === 1 ? kinds[0] : undefined
    const problems = findings
      .filter(({ severity }) => severity === 'error')
      .map((found) => problemOf(found, spokenOf))
    fail({ kind: 'policy_refused', problems })
  }
  return drafts
}

/** Stored rows as documents by kind. */
export function documentsIn(rows: readonly { kind: string; document: string }[]): PolicyInput {
  return Object.fromEntries(rows.map((row) => [row.kind, JSON.parse(row.document) as unknown]))
}

/** As `checkPolicy`, and looks into the certificates, which the room of documents cannot read. */
function checkDocument(
  kind: PolicyKind,
  document: unknown,
): { ok: true; document: unknown } | { ok: false; findings: readonly Finding[] } {
  const read = checkPolicy(kind, document)
  if (!read.ok || kind !== 'trust') return read
  try {
    prepareTrust(read.document as PolicyDocuments['trust'])
    return read
  } catch (error) {
    if (!(error instanceof BridgeError) || error.failure.kind !== 'policy_refused') throw error
    const findings = error.failure.problems.map((problem) => {
      const [path = '', message = ''] = problem.split(': ')
      return finding('anchor_unusable', 'trust', path.split('.'), message)
    })
    return { ok: false, findings }
  }
}

function draftOf(kind: PolicyKind, document: unknown): PolicyDraft {
  const text = JSON.stringify(document)
  return { kind, text, digest: digestText(text) }
}
