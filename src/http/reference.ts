/** GET /openapi.yaml and /reference: the description of the service, for programs and for people. */
import { stringify } from 'yaml'
import { answerPage } from './browser-answer.ts'
import { pageAnswer } from './describe.ts'
import { describeService, type OpenApiDocument } from './openapi.ts'
import { renderReferencePage } from './pages/reference-page.ts'
import type { Exchange, Operation, Route } from './route.ts'
import { pageSetting } from './serve.ts'

/** `mounted` is every other route of the service. The description is made once, at the first request for it. */
export function referenceRoutes(mounted: readonly Route[], publicUrl: string): Route[] {
  let made: { document: OpenApiDocument; yaml: string } | undefined
  const describe = () => {
    if (made === undefined) {
      const document = describeService(routes, publicUrl)
      made = { document, yaml: writeYaml(document) }
    }
    return made
  }
  const routes: readonly Route[] = [
    ...mounted,
    {
      ...{
        method: 'GET',
        path: '/openapi.yaml',
        errors: 'problem',
        limit: 'public',
        operation: OPENAPI,
      },
      handle: () => answerYaml(describe().yaml),
    },
    {
      ...{
        method: 'GET',
        path: '/reference',
        errors: 'page',
        limit: 'public',
        operation: REFERENCE,
      },
      handle: (exchange) => answerReadably(exchange, describe().document),
    },
  ]
  return routes.slice(mounted.length)
}

/** The document as YAML 1.2; what occurs twice is written twice, so that every line can be read by itself. */
export function writeYaml(document: OpenApiDocument): string {
  return stringify(document, { aliasDuplicateObjects: false, lineWidth: 100 })
}

function answerYaml(text: string): Response {
  const headers = {
    'content-type': 'application/yaml',
    'cache-control': 'public, max-age=300',
    'access-control-allow-origin': '*',
    'x-content-type-options': 'nosniff',
  }
  return new Response(text, { headers })
}

function answerReadably(exchange: Exchange, document: OpenApiDocument): Response {
  const { language, nonce: makeNonce } = pageSetting(exchange)
  const nonce = makeNonce()
  const html = renderReferencePage(document, { language, nonce })
  return answerPage(html, nonce)
}

const OPENAPI: Operation = {
  ...{ operationId: 'readDescription', tags: ['Reference'], summary: 'This description' },
  description: 'OpenAPI 3.1 as YAML (RFC 9512).',
  responses: {
    '200': {
      description: 'The document.',
      content: { 'application/yaml': { schema: { type: 'string' }, example: 'openapi: 3.1.1\n…' } },
    },
  },
}
const REFERENCE: Operation = {
  ...{ operationId: 'readReference', tags: ['Reference'], summary: 'This description as a page' },
  responses: { '200': pageAnswer('The reference page.') },
}
