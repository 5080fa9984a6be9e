import { expect, it } from 'vitest'
import { createIssuer } from '../../demo/issuer.ts'
import { demoPolicies } from '../../demo/policies.ts'
import { type PolicySet, readPolicy } from '../../src/domain/policy.ts'
import { type KnownProviders, lintSelector } from '../../src/domain/selector-lint.ts'

const { attributes, material, query } = demoPolicies(createIssuer())
const IDV = { plan: 'RUN_IDV', provider: 'surf', profile: 'wallet-and-account' }

function lint(selector: object, providers?: KnownProviders, without: keyof PolicySet = 'trust') {
  const set: PolicySet = {
    attributes: readPolicy('attributes', attributes),
    material: readPolicy('material', material),
    query: readPolicy('query', query),
    selector: readPolicy('selector', selector),
  }
  return lintSelector({ ...set, [without]: undefined }, providers).map(
    ({ severity, code, path }) => `${severity} ${code} ${path}`,
  )
}

it('profile, query, set and attribute must be there', () => {
  const selector = {
    rules: [
      {
        id: 'a',
        when: {
          queries: ['eduid', 'none'],
          credentialSets: [0],
          attributes: [
            { path: ['given_name'], operator: 'EXISTS' },
            { path: ['email'], operator: 'EXISTS' },
          ],
        },
        plan: { plan: 'SKIP_RECONCILIATION', requiredAttributes: ['given_name', 'email'] },
      },
    ],
    default: { ...IDV, profile: 'other', requiredAttributes: ['email', 'nothing'] },
  }
  expect(lint(selector)).toEqual([
    'error profile_missing default.profile',
    'error attribute_missing default.requiredAttributes.1',
    'error attribute_missing rules.0.plan.requiredAttributes.1',
    'error query_missing rules.0.when.queries.1',
    'error query_missing rules.0.when.credentialSets.0',
    'error attribute_missing rules.0.when.attributes.1',
  ])
  expect(lint(selector, undefined, 'query').join()).not.toContain('query_missing')
  expect(lint(selector, undefined, 'attributes').join()).not.toContain('attribute_missing')
})

it('a provider may come after the policies, but is no other than those there are', () => {
  expect(lint({ default: IDV })).toEqual([])
  expect(lint({ default: IDV }, [{ slug: 'surf', enabled: true }])).toEqual([])
  expect(lint({ default: IDV }, [])).toEqual(['warning provider_missing default.provider'])
  expect(lint({ default: IDV }, [{ slug: 'surf', enabled: false }])).toEqual([
    'warning provider_missing default.provider',
  ])
  expect(lint({ default: IDV }, [{ slug: 'other', enabled: true }])).toEqual([
    'error provider_unknown default.provider',
  ])
  expect(lint({ default: { plan: 'FAIL_CLOSED', reason: 'shut' } }, [])).toEqual([])
})
