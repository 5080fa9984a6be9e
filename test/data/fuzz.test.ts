/**
 * Requests made from openapi.yaml: for every operation some that are near to what it describes, and some that are not.
 * Whatever is sent, the answer is one that is described, and never a fault of ours. Seeded, so that a find can be repeated.
 */
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openapiDocument } from '../../scripts/openapi.ts'
import { ADMIN_SCOPE_NAMES } from '../../src/domain/admin.ts'
import { adminWith } from '../http/admin/client.ts'
import { type Bridge, logIn, startBridge } from '../support/bridge.ts'
import { basic } from '../threats/attack.ts'
import { newCaller, newPerson } from './world.ts'

const SEED = 20_261_122
const EACH = 8

// biome-ignore lint/suspicious/noExplicitAny: OpenAPI as it is
type Node = any
const document: Node = openapiDocument()
const operations = Object.entries<Node>(document.paths).flatMap(([path, item]) =>
  Object.entries<Node>(item).map(([method, operation]) => ({ path, method, operation })),
)
const ajv = new Ajv2020({ strict: false })
formats.default(ajv)
ajv.addSchema(document, 'openapi')

let bridge: Bridge
let authorizations: { readonly [scheme: string]: string }
let known: { readonly [parameter: string]: string }
beforeAll(async () => {
  bridge = await startBridge()
  // The administration's operations may do to this tenant what they like.
  await bridge.addTenant('fuzzed')
  const { token: admin } = await adminWith(bridge, ADMIN_SCOPE_NAMES)
  const caller = await newCaller(bridge)
  const person = await newPerson(bridge)
  const { login } = await logIn(bridge, await bridge.newWallet())
  const { clientId, clientSecret } = bridge.tenant
  authorizations = {
    adminToken: `Bearer ${admin}`,
    machineToken: `Bearer ${caller.token}`,
    accessToken: `Bearer ${login.tokens.access_token}`,
    clientSecretBasic: basic(clientId, clientSecret),
  }
  known = { identity: person.id, client_id: 'app', provider: 'surf', category: 'enrolment' }
})
afterAll(() => bridge.stop())

/** Mulberry32: small, fast, the same everywhere. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
type Random = () => number
const pick = <Item>(random: Random, items: readonly Item[]): Item =>
  items[Math.floor(random() * items.length)] as Item

const JUNK: readonly string[] = [
  ...['', ' ', '0', '-1', 'null', 'true', '*', '%', '..', "' OR 1=1 --", '\0', '\u202e', 'é', '💥'],
  ...[
    '__proto__',
    'constructor',
    'x'.repeat(300),
    'x'.repeat(5_000),
    'a b',
    '\ud800',
    '"',
    'W/"x"',
  ],
  ...[
    '2f1c9a60-7d0e-4c0b-9a55-3f1d2c4b5a69',
    '9007199254740993',
    '1e999',
    'did:key:z6Mk',
    'https://x/',
  ],
]
const WRONG: readonly Node[] = [null, true, 0, -1, 1e21, [], {}, [[]], { a: 1 }, ...JUNK]

/** The value with one place in it changed, taken away, doubled or added. */
function mutate(random: Random, value: Node, depth = 0): Node {
  if (value === null || typeof value !== 'object' || depth > 4 || random() < 0.15)
    return pick(random, WRONG)
  const copy = structuredClone(value)
  const names = Object.keys(copy)
  const name = pick(random, names)
  if (name === undefined) return pick(random, WRONG)
  const choice = random()
  if (choice < 0.15 && !Array.isArray(copy)) delete copy[name]
  else if (choice < 0.25 && !Array.isArray(copy)) copy[pick(random, JUNK) || 'x'] = copy[name]
  else copy[name] = mutate(random, copy[name], depth + 1)
  return copy
}

interface Sent {
  url: string
  init: RequestInit
}

function make(random: Random, { path, method, operation }: (typeof operations)[number]): Sent {
  const tenant = path.startsWith('/admin') ? 'fuzzed' : 'demo'
  const parameters: Node[] = operation.parameters ?? []
  const value = (one: Node): string =>
    random() < 0.75 ? String(known[one.name] ?? one.example ?? 'x') : pick(random, JUNK)
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name) => {
    if (name === 'tenant') return random() < 0.95 ? tenant : encodeURIComponent('nobody')
    const text = value(parameters.find((one) => one.in === 'path' && one.name === name) ?? { name })
    // A URL parser takes dots for a way through the tree: another address altogether.
    return text === '' || text === '..' ? 'x' : encodeURIComponent(text.toWellFormed())
  })
  const url = new URL(`${bridge.url}${filled}`)
  const headers = new Headers(authorize(random, operation))
  for (const one of parameters) {
    if (one.in === 'path' || (!one.required && random() < 0.5)) continue
    if (one.in === 'query') url.searchParams.append(one.name, value(one).toWellFormed())
    if (one.in === 'header') headers.set(one.name, value(one).replaceAll(/[^ -~]/g, '') || 'x')
  }
  if (random() < 0.05) url.searchParams.append(pick(random, JUNK).toWellFormed(), 'x')
  const body = bodyOf(random, operation, headers)
  const init = { method: method.toUpperCase(), headers, redirect: 'manual' } as const
  return { url: url.href, init: body === undefined ? init : { ...init, body } }
}

function authorize(random: Random, operation: Node): Record<string, string> {
  if (random() < 0.1) return { authorization: `Bearer ${pick(random, ['x', 'iba_x', 'a.b.c'])}` }
  const schemes = (operation.security ?? []).flatMap((one: Node) => Object.keys(one))
  const found = schemes.map((name: string) => authorizations[name]).find(Boolean)
  return found === undefined ? {} : { authorization: found }
}

function bodyOf(random: Random, operation: Node, headers: Headers): string | undefined {
  const content = Object.entries<Node>(operation.requestBody?.content ?? {})
  if (content.length === 0) return undefined
  const [type, media] = pick(random, content)
  headers.set('content-type', random() < 0.95 ? type : 'text/plain')
  const example = media.example ?? Object.values<Node>(media.examples ?? {})[0]?.value ?? {}
  const near = random() < 0.25 ? example : mutate(random, example)
  if (!type.includes('form')) return random() < 0.05 ? '{"a":1,"a":2' : JSON.stringify(near)
  const form = new URLSearchParams()
  for (const [name, text] of Object.entries(Object(near)))
    form.append(name.toWellFormed(), String(text).toWellFormed())
  return form.toString()
}

/** What is wrong with an answer; undefined when it is one that is described. */
async function judge(operation: Node, pointer: string, response: Response) {
  const text = await response.text()
  const { status } = response
  if (status >= 500) return `${status} ${text.slice(0, 200)}`
  const named = operation.responses[status] ? String(status) : 'default'
  if (named === 'default' && status < 400) return `${status} is not described`
  const described = operation.responses[named]
  const place = described.$ref?.slice(1) ?? `${pointer}/responses/${named}`
  const content = (described.$ref === undefined ? described : resolve(described.$ref)).content
  const type = response.headers.get('content-type')?.split(';')[0] ?? ''
  if (text === '' || type === 'text/html') return undefined
  if (content?.[type] === undefined) return `${status} ${type} is not described`
  if (!type.endsWith('json')) return undefined
  const schema = `openapi#${place.split('/').map(encodeURIComponent).join('/')}/content/${part(type)}/schema`
  const validate = ajv.compile({ $ref: schema })
  return validate(JSON.parse(text)) ? undefined : `${status} ${JSON.stringify(validate.errors)}`
}

function resolve(reference: string): Node {
  return reference
    .slice(2)
    .split('/')
    .reduce<Node>(
      (node, name) => node?.[name.replaceAll('~1', '/').replaceAll('~0', '~')],
      document,
    )
}

function part(text: string): string {
  return encodeURIComponent(text.replaceAll('~', '~0').replaceAll('/', '~1'))
}

test('issue 4 requests made from openapi.yaml find no 5xx and no answer that is not described', {
  timeout: 180_000,
}, async () => {
  const random = randomFrom(SEED)
  const wrong: string[] = []
  const seen = new Map<number, number>()
  for (const { path, method, operation } of operations) {
    const pointer = `/paths/${path.replaceAll('~', '~0').replaceAll('/', '~1')}/${method}`
    for (let turn = 0; turn < EACH; turn += 1) {
      const { url, init } = make(random, { path, method, operation })
      const response = await fetch(url, init)
      seen.set(response.status, (seen.get(response.status) ?? 0) + 1)
      const found = await judge(operation, pointer, response)
      if (found !== undefined)
        wrong.push(
          `${operation.operationId} ${found} <- ${url.slice(0, 200)} ${String(init.body).slice(0, 300)}`,
        )
    }
  }
  expect(wrong).toEqual([])
  expect(seen.get(200) ?? 0, JSON.stringify([...seen])).toBeGreaterThan(operations.length / 2)
})
