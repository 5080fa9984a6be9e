/**
 * A caller of the administration. Whatever it is answered is held against the OpenAPI description, so a test that looks
 * at one member has all of the answer checked.
 */
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { expect } from 'vitest'
import { openapiDocument } from '../../../scripts/openapi.ts'
import type { AdminScope } from '../../../src/domain/admin.ts'
import { createAdminToken } from '../../../src/flow/create-admin-token.ts'
import { ACTOR, type Bridge } from '../../support/bridge.ts'

type Members = { [name: string]: unknown }

export interface Answer {
  status: number
  headers: Headers
  /** The body as JSON; an empty object where there was none. */
  body: Members
  text: string
}

export interface Admin {
  get(path: string): Promise<Answer>
  post(path: string, body: unknown): Promise<Answer>
  put(path: string, body: unknown): Promise<Answer>
  patch(path: string, body: unknown): Promise<Answer>
  delete(path: string): Promise<Answer>
}

const document = openapiDocument() as { paths: { [path: string]: object } }
const ajv = new Ajv2020({ strict: false, allErrors: true })
formats.default(ajv)
ajv.addSchema(document, 'openapi')

/** A caller with a new token of these scopes, for all tenants or for one. */
export async function adminWith(
  bridge: Bridge,
  scopes: readonly AdminScope[],
  tenant?: string,
): Promise<Admin & { token: string }> {
  const request = { name: 'test', scopes, tenant, days: 1 }
  const { token } = await createAdminToken(bridge.deps, ACTOR, request)
  return { ...adminBearing(bridge, `Bearer ${token}`), token }
}

/** A caller with this Authorization header, or none. */
export function adminBearing(bridge: Bridge, authorization: string | undefined): Admin {
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${bridge.url}/admin/v1${path}`, {
      method,
      headers: {
        ...(authorization === undefined ? {} : { authorization }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    return await check(method, `/admin/v1${path}`, response)
  }
  return {
    get: (path) => call('GET', path),
    post: (path, body) => call('POST', path, body),
    put: (path, body) => call('PUT', path, body),
    patch: (path, body) => call('PATCH', path, body),
    delete: (path) => call('DELETE', path),
  }
}

async function check(method: string, path: string, response: Response): Promise<Answer> {
  const text = await response.text()
  const body = text === '' ? {} : (JSON.parse(text) as Members)
  expect(response.headers.get('cache-control')).toBe('no-store')
  const template = templateOf(path.split('?')[0] ?? path)
  const pointer = `#/paths/${pointerPart(template)}/${method.toLowerCase()}/responses/${response.status}`
  const type = response.headers.get('content-type')?.split(';')[0]
  expect(
    ajv.getSchema(`openapi${pointer}`),
    `${method} ${template} describes ${response.status}`,
  ).toBeDefined()
  if (type !== undefined && text !== '') {
    const validate = ajv.compile({ $ref: `openapi${pointer}/content/${pointerPart(type)}/schema` })
    expect(validate(body), `${method} ${path} ${text} ${JSON.stringify(validate.errors)}`).toBe(
      true,
    )
  }
  if (response.status >= 400) {
    expect(type).toBe('application/problem+json')
    expect(body).toMatchObject({ status: response.status })
  }
  return { status: response.status, headers: response.headers, body, text }
}

function templateOf(path: string): string {
  const segments = path.split('/')
  const fits = Object.keys(document.paths).filter((template) => {
    const parts = template.split('/')
    return (
      parts.length === segments.length &&
      parts.every((part, index) => part.startsWith('{') || part === segments[index])
    )
  })
  // The one with most fixed segments: /tokens before /{anything}.
  const best = fits.toSorted((a, b) => a.split('{').length - b.split('{').length)[0]
  if (best === undefined) throw new Error(`${path} is not described`)
  return best
}

function pointerPart(segment: string): string {
  return encodeURIComponent(segment.replaceAll('~', '~0').replaceAll('/', '~1'))
}
