import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { readPolicy } from '../../src/domain/policy.ts'
import { lintPolicies } from '../../src/domain/policy-lint.ts'

const TEXT = readFileSync(new URL('../../docs/credentials.md', import.meta.url), 'utf8')
const EXAMPLES = [...TEXT.matchAll(/```json\n([\s\S]+?)```/g)].map(([, json = '']) =>
  JSON.parse(json),
)

it("docs/credentials.md has an example for each format besides the README's", () => {
  expect(EXAMPLES).toHaveLength(2)
})

it.each(EXAMPLES)(
  'docs/credentials.md: example %# is valid, and its documents fit each other',
  (example) => {
    const set = {
      trust: readPolicy('trust', example.trust),
      query: readPolicy('query', example.query),
      attributes: readPolicy('attributes', example.attributes),
    }
    expect(lintPolicies(set, {})).toEqual([])
  },
)
