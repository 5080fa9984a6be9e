/** Small words for describing routes in OpenAPI, so that a route reads in a few lines. */
import type { JsonObject } from '../domain/text.ts'

export const TENANT_PARAMETER: JsonObject = {
  name: 'tenant',
  in: 'path',
  required: true,
  description: 'Slug of the tenant; its issuer is `{PUBLIC_URL}/t/{tenant}`.',
  schema: { type: 'string', pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$' },
  example: 'demo',
}

export function pathParameter(name: string, description: string, example: string): JsonObject {
  return { name, in: 'path', required: true, description, schema: { type: 'string' }, example }
}

export function queryParameter(
  name: string,
  description: string,
  example: string,
  required = false,
): JsonObject {
  return { name, in: 'query', required, description, schema: { type: 'string' }, example }
}

/** A JSON answer with its schema and one example. */
export function jsonAnswer(
  description: string,
  schema: JsonObject,
  example: JsonObject,
): JsonObject {
  return { description, content: { 'application/json': { schema, example } } }
}

export function formBody(schema: JsonObject, example: JsonObject): JsonObject {
  return { required: true, content: { 'application/x-www-form-urlencoded': { schema, example } } }
}

export function jsonBody(schema: JsonObject, example: JsonObject): JsonObject {
  return { required: true, content: { 'application/json': { schema, example } } }
}

export function pageAnswer(description: string): JsonObject {
  return {
    description,
    content: {
      'text/html': {
        schema: { type: 'string' },
        example: '<!doctype html><html lang="en">…</html>',
      },
    },
  }
}

/** 303 with a Location; nothing in the body. */
export function redirectAnswer(description: string, example: string): JsonObject {
  return {
    description,
    headers: {
      Location: { description: 'Where the browser goes.', schema: { type: 'string' }, example },
    },
  }
}

/** Reference to one of the error shapes in the components. */
export function errorAnswer(
  shape: 'OAuthError' | 'WalletError' | 'Problem' | 'ErrorPage',
  description: string,
): JsonObject {
  const media = {
    OAuthError: 'application/json',
    WalletError: 'application/json',
    Problem: 'application/problem+json',
  }
  if (shape === 'ErrorPage') return pageAnswer(description)
  return {
    description,
    content: { [media[shape]]: { schema: { $ref: `#/components/schemas/${shape}` } } },
  }
}

/** An object schema: every member required unless its name ends with `?`. */
export function objectSchema(members: { readonly [name: string]: JsonObject }): JsonObject {
  const names = Object.keys(members)
  return {
    type: 'object',
    required: names.filter((name) => !name.endsWith('?')),
    properties: Object.fromEntries(
      Object.entries(members).map(([name, schema]) => [name.replace(/\?$/, ''), schema]),
    ),
  }
}

export const text = (description: string): JsonObject => ({ type: 'string', description })
export const count = (description: string): JsonObject => ({ type: 'integer', description })
export const list = (description: string, items: JsonObject = { type: 'string' }): JsonObject => ({
  type: 'array',
  description,
  items,
})
