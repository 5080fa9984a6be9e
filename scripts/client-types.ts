/** The HTTP interface as TypeScript types for programs that call it, made from the OpenAPI description. */
import type { Json, JsonObject } from '../src/domain/text.ts'
import { openapiDocument } from './openapi.ts'

const HEAD = `/**
 * The HTTP interface of identity-bridge as types: what each operation takes and answers. Written from the OpenAPI
 * description by \`npm run openapi\`; a test fails when the two differ. Copy this file into your program.
 */
`

/** The text of `client/identity-bridge.ts`. Throws TypeError for a schema it has no words for. */
export function clientTypes(): string {
  const document = openapiDocument()
  const { schemas, responses } = document.components as {
    schemas: JsonObject
    responses: JsonObject
  }
  const shapes = Object.entries(schemas).map(
    ([name, schema]) => `  ${memberName(name)}: ${typeOf(schema)}\n`,
  )
  const operations = Object.entries(document.paths as JsonObject).flatMap(([path, item]) =>
    Object.entries(item as JsonObject).map(([method, operation]) =>
      operationOf(method, path, operation as JsonObject, responses),
    ),
  )
  return `${HEAD}
export interface Operation<Method, Url, Path, Query, Header, Body, Answers> {
  method: Method
  url: Url
  parameters: { path: Path; query: Query; header: Header }
  body: Body
  /** By status. */
  answers: Answers
}

export interface Schemas {
${shapes.join('')}}

export interface Operations {
${operations.join('')}}
`
}

function operationOf(
  method: string,
  path: string,
  operation: JsonObject,
  shared: JsonObject,
): string {
  const parameters = (operation.parameters ?? []) as readonly JsonObject[]
  const answers = Object.entries(operation.responses as JsonObject).map(
    ([status, response]) => [status, contentOf(resolve(response as JsonObject, shared))] as const,
  )
  const types = [
    `'${method.toUpperCase()}'`,
    JSON.stringify(path),
    ...['path', 'query', 'header'].map((place) => parametersIn(parameters, place)),
    operation.requestBody === undefined
      ? 'undefined'
      : contentOf(operation.requestBody as JsonObject),
    answersOf(answers),
  ]
  return `  /** ${String(operation.summary)}. */
  ${memberName(String(operation.operationId))}: Operation<${types.join(', ')}>
`
}

/** Statuses that are answered alike stand together, in the order of the first of each. */
function answersOf(answers: readonly (readonly [status: string, type: string])[]): string {
  const types = [...new Set(answers.map(([, type]) => type))]
  return types
    .map((type) => {
      const statuses = answers.filter((answer) => answer[1] === type).map(([status]) => status)
      const names = statuses.map((status) => (status === 'default' ? "'default'" : status))
      return `Record<${names.join(' | ')}, ${type}>`
    })
    .join(' & ')
}

function parametersIn(parameters: readonly JsonObject[], place: string): string {
  const members = parameters
    .filter((one) => one.in === place)
    .map((one) => {
      const name = memberName(String(one.name))
      return `${name}${one.required === true ? '' : '?'}: ${typeOf(one.schema as Json)}`
    })
  return members.length === 0 ? '{}' : `{ ${members.join('; ')} }`
}

function resolve(response: JsonObject, shared: JsonObject): JsonObject {
  const name =
    String(response.$ref ?? '')
      .split('/')
      .at(-1) ?? ''
  return (shared[name] as JsonObject | undefined) ?? response
}

/** What the body of a request or answer is; \`undefined\` where there is none. */
function contentOf(body: JsonObject): string {
  const media = Object.values((body.content ?? {}) as JsonObject)
  if (media.length === 0) return 'undefined'
  return union(media.map((one) => typeOf((one as JsonObject).schema as Json)))
}

function typeOf(schema: Json | undefined): string {
  if (schema === undefined || schema === true) return 'unknown'
  if (schema === null || typeof schema !== 'object' || Array.isArray(schema))
    throw new TypeError('a schema of an unknown form')
  const shape = schema as JsonObject
  if (typeof shape.$ref === 'string') return `Schemas['${shape.$ref.split('/').at(-1)}']`
  if (shape.const !== undefined) return JSON.stringify(shape.const)
  if (Array.isArray(shape.enum)) return union(shape.enum.map((one) => JSON.stringify(one)))
  for (const word of ['anyOf', 'oneOf']) {
    const choices = shape[word]
    if (Array.isArray(choices)) return union(choices.map((one) => typeOf(one as Json)))
  }
  if (Array.isArray(shape.allOf)) return shape.allOf.map((one) => typeOf(one as Json)).join(' & ')
  const types = Array.isArray(shape.type) ? shape.type : [shape.type]
  return union(types.map((type) => plainType(type as Json | undefined, shape)))
}

function plainType(type: Json | undefined, shape: JsonObject): string {
  switch (type) {
    case undefined:
      return 'unknown'
    case 'string':
    case 'boolean':
    case 'null':
      return type
    case 'integer':
    case 'number':
      return 'number'
    case 'array':
      return `readonly (${typeOf(shape.items as Json | undefined)})[]`
    case 'object':
      return objectType(shape)
    default:
      throw new TypeError('a type that JSON Schema does not have')
  }
}

function objectType(shape: JsonObject): string {
  const required = (shape.required ?? []) as readonly string[]
  const members = Object.entries((shape.properties ?? {}) as JsonObject).map(
    ([name, schema]) =>
      `${memberName(name)}${required.includes(name) ? '' : '?'}: ${typeOf(schema as Json)}`,
  )
  const others = shape.additionalProperties
  if (members.length === 0)
    return others === false ? 'Record<string, never>' : `Record<string, ${typeOf(others as Json)}>`
  return `{ ${[...members, ...(others === true ? ['[name: string]: unknown'] : [])].join('; ')} }`
}

function union(types: readonly string[]): string {
  const unique = [...new Set(types)]
  return unique.includes('unknown') ? 'unknown' : unique.join(' | ')
}

function memberName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
}
