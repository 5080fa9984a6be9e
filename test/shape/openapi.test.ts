import { readFileSync } from 'node:fs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { mountedRoutes, openapiDocument, openapiText } from '../../scripts/openapi.ts'
import { describeService } from '../../src/http/openapi.ts'
import type { Route } from '../../src/http/route.ts'

type Node = { readonly [name: string]: unknown }

const routes = mountedRoutes()
const document = openapiDocument() as Node
const ajv = new Ajv2020({ strict: false, allErrors: true })
formats.default(ajv)
ajv.addSchema(document, 'openapi')

/** Each route with the operation that describes it, and the pointer to it. */
const described = routes.map((route) => {
  const path = route.path.replaceAll(/:([A-Za-z_]+)/g, '{$1}')
  const method = route.method.toLowerCase()
  const operation = at(at(at(document, 'paths'), path), method)
  return {
    route,
    operation,
    pointer: `/paths/${pointerPart(path)}/${method}`,
    name: `${route.method} ${path}`,
  }
})

function at(node: unknown, name: string): Node {
  const found = typeof node === 'object' && node !== null ? (node as Node)[name] : undefined
  return (found ?? {}) as Node
}

function pointerPart(segment: string): string {
  return segment.replaceAll('~', '~0').replaceAll('/', '~1')
}

/** What a local reference stands for; anything else is itself. */
function resolve(node: unknown): Node {
  const reference = at(node, '$ref') as unknown
  if (typeof reference !== 'string') return (node ?? {}) as Node
  return reference
    .slice(2)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<Node>(at, document)
}

/** Every media object of a request or response, with its examples and the pointer to its schema. */
function mediaOf(body: unknown, pointer: string) {
  const target = at(body, '$ref') as unknown
  const place = typeof target === 'string' ? target.slice(1) : pointer
  return Object.entries(at(resolve(body), 'content')).map(([type, media]) => {
    const one = (media as Node).example
    const several = Object.values(at(media, 'examples')).map((example) => resolve(example).value)
    return {
      type,
      examples: one === undefined ? several : [one, ...several],
      schema: `openapi#${place.split('/').map(encodeURIComponent).join('/')}/content/${encodeURIComponent(pointerPart(type))}/schema`,
    }
  })
}

const bodies = described.flatMap(({ operation, pointer, name }) => [
  ...(operation.requestBody === undefined
    ? []
    : mediaOf(operation.requestBody, `${pointer}/requestBody`).map((media) => ({
        ...media,
        name: `${name} sent`,
      }))),
  ...Object.entries(at(operation, 'responses')).flatMap(([status, response]) =>
    mediaOf(response, `${pointer}/responses/${status}`).map((media) => ({
      ...media,
      name: `${name} ${status}`,
    })),
  ),
])

test('issue 10 openapi.yaml is what the code describes: npm run openapi writes it', () => {
  const file = readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8')
  expect(file).toBe(openapiText())
  expect(parse(file)).toEqual(document)
})

test('issue 10 it is a valid OpenAPI 3.1 document', async () => {
  const { valid, errors } = await new Validator().validate(JSON.parse(JSON.stringify(document)))
  expect(errors).toBeUndefined()
  expect(valid).toBe(true)
  expect(document.openapi).toMatch(/^3\.1\./)
})

test('issue 10 every mounted route is described, and nothing else is', () => {
  const mounted = routes.map(
    (route) => `${route.method} ${route.path.replaceAll(/:([A-Za-z_]+)/g, '{$1}')}`,
  )
  const told = Object.entries(at(document, 'paths')).flatMap(([path, item]) =>
    Object.keys(item as Node).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(new Set(told)).toEqual(new Set(mounted))
  expect(told).toHaveLength(mounted.length)
  expect(mounted).toContain('GET /openapi.yaml')
  expect(mounted).toContain('GET /reference')
})

test.each(described)(
  'issue 10 $name has an example, its error shape and a way in',
  ({ route, operation }) => {
    const responses = Object.entries(at(operation, 'responses'))
    const good = responses
      .filter(([status]) => /^[23]/.test(status))
      .map(([, response]) => resolve(response))
    expect(good.length).toBeGreaterThan(0)
    const shown = good.some(
      (response) =>
        response.content === undefined ||
        mediaOf(response, '').some(({ examples }) => examples.length > 0),
    )
    expect(shown).toBe(true)
    const shape = {
      oauth: 'OAuthError',
      wallet: 'WalletError',
      problem: 'Problem',
      page: 'ErrorPage',
    }[route.errors]
    expect(at(operation, 'responses').default).toEqual({ $ref: `#/components/responses/${shape}` })
    for (const requirement of (operation.security ?? []) as Node[]) {
      for (const scheme of Object.keys(requirement)) {
        expect(at(at(document, 'components'), 'securitySchemes')).toHaveProperty(scheme)
      }
    }
    if (route.path.startsWith('/admin/'))
      expect(operation.security).toContainEqual({ adminToken: [] })
  },
)

test('issue 10 everything sent or answered has an example', () => {
  expect(bodies.filter(({ examples }) => examples.length === 0).map(({ name }) => name)).toEqual([])
})

test.each(bodies)('issue 10 the example of $name fits its schema', ({ schema, examples }) => {
  const validate = ajv.compile({ $ref: schema })
  for (const example of examples) {
    expect(validate(example), JSON.stringify(validate.errors)).toBe(true)
  }
})

test('issue 10 every reference leads somewhere', () => {
  const references = JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)
  const targets = new Set([...references].map(([, target = '']) => target))
  expect(targets.size).toBeGreaterThan(20)
  for (const target of targets)
    expect(Object.keys(resolve({ $ref: target })), target).not.toEqual([])
})

test('issue 10 every component schema is one that a validator can use', () => {
  for (const name of Object.keys(at(at(document, 'components'), 'schemas'))) {
    expect(() => ajv.compile({ $ref: `openapi#/components/schemas/${name}` }), name).not.toThrow()
  }
})

test('issue 10 a route that cannot be described is an error, not a gap', () => {
  const [first] = routes
  if (first === undefined) throw new Error('no routes')
  const wrong = (changes: Partial<Route>, operation: Partial<Route['operation']> = {}): Route => ({
    ...first,
    ...changes,
    operation: { ...first.operation, ...operation },
  })
  expect(() => describeService([wrong({}, { tags: ['Nonsense'] })], 'http://x')).toThrow(
    /tag Nonsense/,
  )
  expect(() => describeService([wrong({ path: '/:a/b' }, { parameters: [] })], 'http://x')).toThrow(
    /\{a\}/,
  )
  expect(() => describeService([first, first], 'http://x')).toThrow(/twice/)
})
