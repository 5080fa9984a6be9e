/** The five policy documents of a tenant, read strictly: an unknown field or a bad value refuses the whole document. */
import type { z } from 'zod'
import { AttributePolicy } from './attributes.ts'
import { DcqlQuery } from './dcql.ts'
import { fail } from './failure.ts'
import { MaterialPolicy } from './material.ts'
import { SelectorPolicy } from './selector.ts'
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

/** The document as a value. Throws `policy_refused` naming each path that is wrong, never a value. */
export function readPolicy<K extends PolicyKind>(kind: K, document: unknown): PolicyDocuments[K] {
  const read = SCHEMAS[kind].safeParse(document)
  if (read.success) return read.data
  const problems = read.error.issues.slice(0, 20).map(({ path, code, message }) => {
    const where = path.length === 0 ? 'document' : path.join('.')
    // zod's own messages may quote what it received; ours (code "custom") never do.
    return code === 'custom' ? `${where}: ${message}` : `${where}: ${code}`
  })
  return fail({ kind: 'policy_refused', problems })
}
