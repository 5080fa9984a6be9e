/** Trying a provider before anybody logs in there: sample claims, and a login of one's own. */
import type { JsonObject } from '../../domain/text.ts'
import { createProviderTest } from '../../flow/create-provider-test.ts'
import { previewMapping } from '../../flow/preview-mapping.ts'
import { readProviderTest } from '../../flow/read-provider-test.ts'
import type { Route } from '../route.ts'
import { type AdminDeps, adminRoute } from './admin-route.ts'
import { ID, INSTANT, MAPPING_PREVIEW, PROVIDER_TEST } from './examples.ts'

const tag = 'Administration: providers'
const scope = 'providers:manage'
const ONE = '/tenants/:tenant/providers/:provider'
const NOT_FOUND = { 404: 'No such tenant, provider or test, or not one of this token.' }

export function providerTestAdminRoutes(deps: AdminDeps): Route[] {
  return [
    adminRoute(deps, {
      ...{ method: 'POST', path: `${ONE}/mapping-preview`, operationId: 'previewMapping' },
      ...{ tag, scope, summary: 'See what sample claims of a provider would become' },
      description:
        'By the attribute rules that are published, and the provider’s mappings or those sent along. Nothing is stored or logged; use invented values all the same.',
      body: 'MappingSample',
      sent: { claims: { sub: 'u-1', given_name: 'Sanne' } },
      ...{ answer: 'MappingPreview', told: MAPPING_PREVIEW, status: 200 },
      refusals: { ...NOT_FOUND, 409: 'The tenant has no attribute rules yet.' },
      async run({ actor, body, path }) {
        const { claims, attribute_mappings: mappings } = body
        const mapping = await previewMapping(
          deps,
          actor,
          path('tenant'),
          path('provider'),
          claims as JsonObject,
          mappings,
        )
        return {
          value: {
            identified: mapping.identified,
            attributes: mapping.attributes.map((each) => ({
              ...each,
              released: each.released ?? null,
            })),
            missing: [...mapping.missing],
            unused: [...mapping.unused],
          },
        }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'POST', path: `${ONE}/tests`, operationId: 'createProviderTest', tag, scope },
      summary: 'Begin a test login',
      description:
        'Open the address in a browser: it leads to the provider and back, and shows once which claims came and what they would become. Nobody becomes known by it. The provider may be switched off.',
      answer: 'NewProviderTest',
      told: {
        id: ID,
        url: 'https://bridge.example/t/example/provider-test/d3Vh8r0aJZp1YxkVw2bQ7n5LqTg9mEoC4iUsXfAhR6B',
        expires_at: INSTANT,
      },
      ...{ status: 201, refusals: NOT_FOUND },
      async run({ actor, path }) {
        const [tenant, slug] = [path('tenant'), path('provider')]
        const { id, url, expiresAt } = await createProviderTest(deps, actor, tenant, slug)
        return {
          value: { id, url, expires_at: expiresAt },
          location: `/admin/v1/tenants/${tenant}/providers/${slug}/tests/${id}`,
        }
      },
    }),
    adminRoute(deps, {
      ...{ method: 'GET', path: `${ONE}/tests/:test`, operationId: 'readProviderTest', tag, scope },
      summary: 'Read how a test login ended',
      description: 'Names of claims and attributes; the values are seen in the browser alone.',
      ...{ answer: 'ProviderTest', told: PROVIDER_TEST, status: 200, refusals: NOT_FOUND },
      async run({ actor, path }) {
        const view = await readProviderTest(
          deps,
          actor,
          path('tenant'),
          path('provider'),
          path('test'),
        )
        return {
          value: {
            ...{ id: view.id, state: view.state, reason: view.reason ?? null },
            claims: [...view.claims],
            attributes: [...view.attributes],
            missing: [...view.missing],
            expires_at: view.expiresAt,
          },
        }
      },
    }),
  ]
}
