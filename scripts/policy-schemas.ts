import { describePolicy, POLICY_KINDS } from '../src/domain/policy.ts'

const TITLES = {
  trust: 'Trust policy: whom a tenant believes',
  query: 'Query: what wallets are asked (DCQL, OpenID4VP 1.0 section 6)',
  attributes: 'Attributes: what a tenant calls the facts about a person, and what becomes of them',
  material: 'Material profiles: which verified facts link a person',
  selector: 'Selector: what happens after a presentation',
} as const

/** File name → text of the JSON Schema (2020-12) of each policy document. Editors and pipelines check documents with them. */
export function policySchemas(): ReadonlyMap<string, string> {
  return new Map(
    POLICY_KINDS.map((kind) => {
      const { $schema, ...schema } = describePolicy(kind)
      const text = JSON.stringify({ $schema, title: TITLES[kind], ...schema }, null, 2)
      return [`${kind}.json`, `${text}\n`]
    }),
  )
}
