/** The five policy documents of a tenant, read strictly: an unknown field or a bad value refuses the whole document. */
import { z } from 'zod'
import { AttributePolicy } from './attributes.ts'
import { DcqlQuery } from './dcql.ts'
import { fail } from './failure.ts'
import { MaterialPolicy } from './material.ts'
import { type Finding, finding, problemOf } from './policy-finding.ts'
import { SelectorPolicy } from './selector.ts'
import { nameOf, tellWhat } from './shape-problem.ts'
import type { JsonObject } from './text.ts'
import { TrustPolicy } from './trust-policy.ts'

export interface PolicyDocuments {
  trust: TrustPolicy
  query: DcqlQuery
  attributes: AttributePolicy
  material: MaterialPolicy
  selector: SelectorPolicy
}
export type PolicyKind = keyof PolicyDocuments
export const POLICY_KINDS = [
  'trust',
  'query',
  'attributes',
  'material',
  'selector',
] as const satisfies PolicyKind[]

const SCHEMAS: { [K in PolicyKind]: z.ZodType<PolicyDocuments[K]> } = {
  trust: TrustPolicy,
  query: DcqlQuery,
  attributes: AttributePolicy,
  material: MaterialPolicy,
  selector: SelectorPolicy,
}

/** Documents of one tenant that stand side by side; a kind may be missing. */
export type PolicySet = { readonly [K in PolicyKind]?: PolicyDocuments[K] }

/** The set when every kind is there; nobody can log in before. */
export function completeSet(set: PolicySet): PolicyDocuments | undefined {
  const { trust, query, attributes, material, selector } = set
  return trust && query && attributes && material && selector
    ? { trust, query, attributes, material, selector }
    : undefined
}

export type ReadPolicy<K extends PolicyKind> =
  | { ok: true; document: PolicyDocuments[K] }
  | { ok: false; findings: readonly Finding[] }

/** How much of a hopeless document is told. */
const MOST_FINDINGS = 20

/** The document as a value, or each path that is wrong. Findings name paths and our own words, never a value. */
export function checkPolicy<K extends PolicyKind>(kind: K, document: unknown): ReadPolicy<K> {
  const read = SCHEMAS[kind].safeParse(document)
  if (read.success) return { ok: true, document: read.data }
  const findings = read.error.issues
    .slice(0, MOST_FINDINGS)
    .map((issue) => finding('shape', kind, issue.path.map(nameOf), tellWhat(issue)))
  return { ok: false, findings }
}

/** The document as a value. Throws `policy_refused` naming each path that is wrong, never a value. */
export function readPolicy<K extends PolicyKind>(kind: K, document: unknown): PolicyDocuments[K] {
  const read = checkPolicy(kind, document)
  if (read.ok) return read.document
  return fail({
    kind: 'policy_refused',
    problems: read.findings.map((found) => problemOf(found, kind)),
  })
}

/** The document's form as JSON Schema (2020-12): what an editor or a pipeline checks it with. */
export function describePolicy(kind: PolicyKind): JsonObject {
  const schema = z.toJSONSchema(SCHEMAS[kind], { io: 'input', reused: 'inline' })
  return JSON.parse(JSON.stringify(schema)) as JsonObject
}
