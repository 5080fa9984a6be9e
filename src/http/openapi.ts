/**
 * The OpenAPI 3.1 description of the service, written from the list of routes that are mounted: what is not in the list
 * cannot be described, and what is in it cannot be left out.
 */
import packageJson from '../../package.json' with { type: 'json' }
import type { Json, JsonObject } from '../domain/text.ts'
import { describeShapes } from './admin/shapes.ts'
import { errorAnswer } from './describe.ts'
import {
  ERROR_EXAMPLES,
  ERROR_SHAPES,
  exampleOfError,
  SECURITY_SCHEMES,
} from './openapi-components.ts'
import type { ErrorForm, Operation, Route } from './route.ts'

/** An OpenAPI 3.1 document as plain JSON. */
export type OpenApiDocument = JsonObject

const TAGS: readonly (readonly [name: string, description: string])[] = [
  [
    'Relying parties',
    'OpenID Connect: what an application speaks that sends people here to log in.',
  ],
  ['Wallets', 'OpenID4VP 1.0: what a wallet speaks.'],
  ['Login page', 'What the browser is shown while somebody logs in.'],
  ['Own data', 'For the person, in a browser: what is held, a copy, and erasure.'],
  [
    'Institutions',
    "OpenID Connect the other way round: where institutions' providers send browsers back to.",
  ],
  ['Data', 'For machine clients of institutions: people, and what is kept about them.'],
  ['Administration: tenants', 'Institutions, or federation portals: who is served here.'],
  ['Administration: events', 'Who hears of what happens to people, and what became of it.'],
  ['Administration: relying parties', 'Who may send people here to log in.'],
  ['Administration: providers', 'Where people prove once that they belong to an institution.'],
  ['Administration: policies', 'Whom to believe, what to ask for, what becomes of it.'],
  ['Administration: retention', 'How long data is kept, and the record of processing.'],
  ['Administration: keys', 'Bringing everything to the current version of Key A, B or C.'],
  ['Administration: jobs', 'What happens by itself.'],
  ['Administration: people', 'Who is who: links that end, and persons found to be one.'],
  ['Compliance page', 'For staff with a browser: find, export, restrict, unlink, erase.'],
  ['Administration: tokens', 'Who may use the administration.'],
  ['Administration: audit', 'What happened.'],
  ['Operations', 'For the machines that keep the service alive and watch it.'],
  ['Reference', 'This description.'],
]

const DESCRIPTION = `Turns a wallet presentation into ordinary OpenID Connect tokens for a person an institution already knows.

Every tenant is an OpenID provider of its own below \`{PUBLIC_URL}/t/{tenant}\`. The administration is below \`/admin/v1\`.`

/**
 * Returns the document: a path item for each path, with the routes' own operations, the error shape of each route as its
 * default answer, and examples for error answers that bring none. Pure. Throws TypeError for a route whose tag or path
 * parameter is not described, or an operation id that occurs twice.
 */
export function describeService(routes: readonly Route[], publicUrl: string): OpenApiDocument {
  const used = new Set(routes.map((route) => route.operation.tags[0]))
  const unknown = [...used].find((tag) => !TAGS.some(([name]) => name === tag))
  if (unknown !== undefined) throw new TypeError(`the tag ${unknown} is not described`)
  const ids = routes.map((route) => route.operation.operationId)
  const double = ids.find((id, index) => ids.indexOf(id) !== index)
  if (double !== undefined) throw new TypeError(`the operation id ${double} occurs twice`)
  const paths = describePaths(routes)
  const answers = onlyUsed('responses', { ...DEFAULT_ANSWERS, ...IMPLIED_ANSWERS }, paths)
  return {
    openapi: '3.1.1',
    info: {
      title: 'identity-bridge',
      version: packageJson.version,
      description: DESCRIPTION,
      license: { name: 'Apache License 2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: publicUrl }],
    tags: TAGS.flatMap(([name, description]) => (used.has(name) ? [{ name, description }] : [])),
    paths,
    components: {
      schemas: { ...ERROR_SHAPES, ...describeShapes() },
      responses: answers,
      examples: onlyUsed('examples', ERROR_EXAMPLES, { paths, answers }),
      securitySchemes: SECURITY_SCHEMES,
    },
  }
}

/** The components of a kind that something refers to. */
function onlyUsed(kind: string, components: JsonObject, referring: JsonObject): JsonObject {
  const text = JSON.stringify(referring)
  return Object.fromEntries(
    Object.entries(components).filter(([name]) => text.includes(`"#/components/${kind}/${name}"`)),
  )
}

function describePaths(routes: readonly Route[]): JsonObject {
  const items: { [path: string]: { [method: string]: JsonObject } } = {}
  for (const route of routes) {
    const path = route.path.replaceAll(/:([A-Za-z_]+)/g, '{$1}')
    const item = items[path] ?? {}
    item[route.method.toLowerCase()] = describeOperation(route, path)
    items[path] = item
  }
  return items
}

function describeOperation(route: Route, path: string): JsonObject {
  const { operation } = route
  const named = (operation.parameters ?? []).flatMap((one) => (one.in === 'path' ? [one.name] : []))
  const missing = [...path.matchAll(/\{([A-Za-z_]+)\}/g)].find(
    ([, name = '']) => !named.includes(name),
  )
  if (missing !== undefined) throw new TypeError(`${path}: ${missing[0]} is not described`)
  const otherwise = { $ref: `#/components/responses/${SHAPE_OF[route.errors]}` }
  const { operationId, tags, summary, description, security, parameters, requestBody } = operation
  return {
    ...{ operationId, tags, summary },
    ...(description === undefined ? {} : { description }),
    // Said of every operation, so that a reader knows that nothing is asked and not forgotten.
    security: security ?? [],
    ...(parameters === undefined ? {} : { parameters }),
    ...(requestBody === undefined ? {} : { requestBody }),
    responses: {
      ...describeImplied(route),
      ...withExamples(operation.responses),
      default: otherwise,
    },
  }
}

const SHAPE_OF: { readonly [Form in ErrorForm]: Parameters<typeof errorAnswer>[0] } = {
  oauth: 'OAuthError',
  wallet: 'WalletError',
  problem: 'Problem',
  page: 'ErrorPage',
}

/** Each error form once, as the default answer of every route that has it. */
const DEFAULT_ANSWERS = withExamples(
  Object.fromEntries(
    Object.values(SHAPE_OF).map((shape) => [
      shape,
      errorAnswer(shape, 'Any other failure has this form.'),
    ]),
  ),
)

/** What a route answers because of what it is, whoever wrote it: told there only where it has another sentence for it. */
const IMPLIED: { readonly [status: string]: string } = {
  400: 'A parameter or the body is malformed, or holds a NUL character.',
  404: 'No such tenant, or nothing there.',
  413: 'The body is too large.',
  415: 'The body is of another type, or compressed.',
  429: 'Too many requests.',
  503: 'The database is out of reach; try again.',
}

/** Each of them once for each error form: `Problem404`. */
const IMPLIED_ANSWERS: JsonObject = Object.fromEntries(
  Object.values(SHAPE_OF).flatMap((shape) =>
    Object.entries(IMPLIED).map(([status, sentence]) => [
      `${shape}${status}`,
      withExample(status, errorAnswer(shape, sentence)),
    ]),
  ),
)

function describeImplied({ path, errors, limit, operation }: Route): JsonObject {
  const statuses = [
    ...(path.includes('/t/:tenant') ? ['404', '503'] : []),
    ...(operation.requestBody === undefined ? [] : ['400', '413', '415']),
    ...(limit === undefined ? [] : ['429']),
  ]
  const reference = (status: string) => ({
    $ref: `#/components/responses/${SHAPE_OF[errors]}${status}`,
  })
  return Object.fromEntries(statuses.map((status) => [status, reference(status)]))
}

function withExamples(responses: Operation['responses']): JsonObject {
  return Object.fromEntries(
    Object.entries(responses).map(([status, response]) => [status, withExample(status, response)]),
  )
}

/** An answer with an error shape and no example gets the usual one of its status. */
function withExample(status: string, response: JsonObject): JsonObject {
  const content = response.content
  if (!isObject(content)) return response
  const filled = Object.entries(content).map(([type, media]) => {
    if (
      !isObject(media) ||
      media.examples !== undefined ||
      media.example !== undefined ||
      !isObject(media.schema)
    )
      return [type, media]
    const example = exampleOfError(media.schema.$ref, status)
    return [type, example === undefined ? media : { ...media, examples: example }]
  })
  return { ...response, content: Object.fromEntries(filled) }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
