/** GET /favicon.ico: browsers ask for it beside every page, and a missing one is an error in their console. */
import type { Operation, Route } from './route.ts'

/** Two links of a chain in the colour of pages without a tenant. */
const ICON =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="none" stroke="#1f4e8c" stroke-width="4">' +
  '<rect x="3" y="10" width="16" height="12" rx="6"/><rect x="13" y="10" width="16" height="12" rx="6"/></svg>'

export function iconRoutes(): Route[] {
  const headers = { 'content-type': 'image/svg+xml', 'cache-control': 'public, max-age=86400' }
  return [
    {
      ...{
        method: 'GET',
        path: '/favicon.ico',
        errors: 'problem',
        limit: 'public',
        operation: OPERATION,
      },
      handle: () => new Response(ICON, { headers }),
    },
  ]
}

const OPERATION: Operation = {
  ...{ operationId: 'icon', tags: ['Operations'], summary: 'The picture beside a page’s title' },
  responses: {
    '200': {
      description: 'An SVG image.',
      content: { 'image/svg+xml': { schema: { type: 'string' }, example: ICON } },
    },
  },
}
