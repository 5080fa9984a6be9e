/**
 * Requests made from openapi.yaml: for every operation some that are near to what it describes, and some that are not.
 * Whatever is sent, the answer has to be one that is described, and never a fault of ours. Seeded, so that a find can be
 * repeated.
 */
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { openapiDocument } from '../../scripts/openapi.ts'
import { ADMIN_SCOPE_NAMES } from '../../src/domain/admin.ts'
import { MACHINE_SCOPE_NAMES } from '../../src/domain/machine.ts'
import type { Json, JsonObject } from '../../src/domain/text.ts'
import { adminWith } from '../http/admin/client.ts'
import { newPerson as newPersonOf } from '../people/people.ts'
import { type Bridge, logIn } from '../support/bridge.ts'
import { basic } from '../threats/attack.ts'
import { newCaller, newPerson } from './world.ts'

interface Parameter {
  name: string
  in: 'path' | 'query' | 'header'
  required?: boolean
  example?: Json
}
interface Media {
  example?: Json
  examples?: { [name: string]: { value?: Json } }
}
interface Answer {
  $ref?: string
  content?: { [type: string]: Media }
}
interface Operation {
  operationId: string
  parameters?: Parameter[]
  security?: { [scheme: string]: unknown }[]
  requestBody?: { content?: { [type: string]: Media } }
  responses: { [status: string]: Answer }
}
interface Target {
  path: string
  method: string
  operation: Operation
}

/** What the fuzz holds in its hand: who it may be, and what there is. */
export interface FuzzWorld {
  url: string
  authorizations: { readonly [scheme: string]: string }
  known: { readonly [parameter: string]: string }
  /** What is another thing in the tenant that the administration works on. */
  administered: { readonly [parameter: string]: string }
}

const document = openapiDocument()
/** What takes something away comes last, so that the others have something to find. */
const TAKES = /^(erase|delete|remove|revoke|withdraw|cancel|end|distrust|disable)/
const takes = ({ operation }: Target) => Number(TAKES.test(operation.operationId))
/** Every operation of the document. */
export const targets: readonly Target[] = Object.entries(
  document.paths as unknown as { [path: string]: { [method: string]: Operation } },
)
  .flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  )
  .toSorted((one, other) => takes(one) - takes(other))

/** People, clients and tokens with every right, so that most requests get past the door. */
export async function createFuzzWorld(bridge: Bridge): Promise<FuzzWorld> {
  // The administration's operations may do to this tenant what they like.
  const fuzzed = await bridge.addTenant('fuzzed')
  const theirs = await newPersonOf(bridge, fuzzed, 'sanne')
  const { token: admin } = await adminWith(bridge, ADMIN_SCOPE_NAMES)
  const caller = await newCaller(bridge, { scopes: [...MACHINE_SCOPE_NAMES] })
  const person = await newPerson(bridge)
  const { login } = await logIn(bridge, await bridge.newWallet())
  const { body } = await caller.ask('GET', `/identities/${person.id}/devices`)
  const device = body.devices?.[0]?.id ?? ''
  const { clientId, clientSecret } = bridge.tenant
  return {
    url: bridge.url,
    authorizations: {
      adminToken: `Bearer ${admin}`,
      machineToken: `Bearer ${caller.token}`,
      accessToken: `Bearer ${login.tokens.access_token}`,
      clientSecretBasic: basic(clientId, clientSecret),
    },
    known: {
      ...{ identity: person.id, device, category: 'enrolment' },
      ...{ client_id: 'app', provider: 'surf' },
    },
    administered: { identity: theirs.id },
  }
}

/** What is wrong with the answers to `each` requests an operation, and how often each status was answered. */
export async function fuzz(
  world: FuzzWorld,
  { seed, each }: { seed: number; each: number },
): Promise<{ wrong: string[]; seen: Map<number, number> }> {
  const random = randomFrom(seed)
  const judge = createJudge()
  const wrong: string[] = []
  const seen = new Map<number, number>()
  for (const target of targets) {
    for (let turn = 0; turn < each; turn += 1) {
      const { url, init } = make(random, world, target)
      const response = await fetch(url, init)
      seen.set(response.status, (seen.get(response.status) ?? 0) + 1)
      const found = await judge(target, response)
      if (found === undefined) continue
      const sent = `${url.slice(0, 200)} ${String(init.body).slice(0, 300)}`
      wrong.push(`${target.operation.operationId} ${found} <- ${sent}`)
    }
  }
  return { wrong, seen }
}

type Random = () => number

/** Mulberry32: small, fast, the same everywhere. */
function randomFrom(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

function pick<Item>(random: Random, [first, ...others]: readonly [Item, ...Item[]]): Item {
  return [first, ...others][Math.floor(random() * (others.length + 1))] ?? first
}

const JUNK = [
  ...['', ' ', '0', '-1', 'null', 'true', '*', '%', '..', "' OR 1=1 --", '\0', '\u202e', 'é', '💥'],
  ...['__proto__', 'constructor', 'x'.repeat(300), 'x'.repeat(5_000), 'a b', '\ud800', '"'],
  ...['W/"x"', '2f1c9a60-7d0e-4c0b-9a55-3f1d2c4b5a69', '9007199254740993', '1e999'],
  ...['did:key:z6Mk', 'https://x/'],
] as [string, ...string[]]
const WRONG: [Json, ...Json[]] = [null, true, 0, -1, 1e21, [], {}, [[]], { a: 1 }, ...JUNK]

/** The value with one place in it changed, taken away, doubled or added. */
function mutate(random: Random, value: Json, depth = 0): Json {
  if (value === null || typeof value !== 'object' || depth > 4 || random() < 0.15)
    return pick(random, WRONG)
  if (Array.isArray(value)) {
    if (value.length === 0) return pick(random, WRONG)
    const at = Math.floor(random() * value.length)
    return value.map((item, index) =>
      index === at ? mutate(random, item as Json, depth + 1) : (item as Json),
    )
  }
  const members = Object.entries(value as JsonObject)
  const [chosen, ...rest] = members
  if (chosen === undefined) return pick(random, WRONG)
  const [name, held] = pick(random, [chosen, ...rest])
  const choice = random()
  if (choice < 0.15) return Object.fromEntries(members.filter(([one]) => one !== name))
  if (choice < 0.25) return Object.fromEntries([...members, [pick(random, JUNK) || 'x', held]])
  return { ...(value as JsonObject), [name]: mutate(random, held, depth + 1) }
}

function make(random: Random, world: FuzzWorld, { path, method, operation }: Target) {
  const tenant = path.startsWith('/admin') ? 'fuzzed' : 'demo'
  const parameters = operation.parameters ?? []
  const known: FuzzWorld['known'] =
    tenant === 'fuzzed' ? { ...world.known, ...world.administered } : world.known
  const value = ({ name, example }: Pick<Parameter, 'name' | 'example'>): string =>
    random() < 0.75 ? String(known[name] ?? example ?? 'x') : pick(random, JUNK)
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    if (name === 'tenant') return random() < 0.95 ? tenant : encodeURIComponent('nobody')
    const text = value(parameters.find((one) => one.in === 'path' && one.name === name) ?? { name })
    // A URL parser takes dots for a way through the tree: another address altogether.
    return text === '' || text === '..' ? 'x' : encodeURIComponent(text.toWellFormed())
  })
  const url = new URL(`${world.url}${filled}`)
  const headers = new Headers(authorize(random, world, operation))
  for (const one of parameters) {
    if (one.in === 'path' || (one.required !== true && random() < 0.5)) continue
    if (one.in === 'query') url.searchParams.append(one.name, value(one).toWellFormed())
    else headers.set(one.name, value(one).replaceAll(/[^ -~]/g, '') || 'x')
  }
  if (random() < 0.05) url.searchParams.append(pick(random, JUNK).toWellFormed(), 'x')
  const body = bodyOf(random, operation, headers)
  const init: RequestInit = { method: method.toUpperCase(), headers, redirect: 'manual' }
  return { url: url.href, init: body === undefined ? init : { ...init, body } }
}

function authorize(
  random: Random,
  { authorizations }: FuzzWorld,
  operation: Operation,
): { authorization?: string } {
  if (random() < 0.1) return { authorization: `Bearer ${pick(random, ['x', 'iba_x', 'a.b.c'])}` }
  const schemes = (operation.security ?? []).flatMap((one) => Object.keys(one))
  const authorization = schemes.map((name) => authorizations[name]).find(Boolean)
  return authorization === undefined ? {} : { authorization }
}

function bodyOf(random: Random, operation: Operation, headers: Headers): string | undefined {
  const [first, ...others] = Object.entries(operation.requestBody?.content ?? {})
  if (first === undefined) return undefined
  const [type, media] = pick(random, [first, ...others])
  headers.set('content-type', random() < 0.95 ? type : 'text/plain')
  const example = media.example ?? Object.values(media.examples ?? {})[0]?.value ?? {}
  const near = random() < 0.25 ? example : mutate(random, example)
  if (!type.includes('form')) return random() < 0.05 ? '{"a":1,"a":2' : JSON.stringify(near)
  const form = new URLSearchParams()
  for (const [name, text] of Object.entries(Object(near)))
    form.append(name.toWellFormed(), String(text).toWellFormed())
  return form.toString()
}

/** Says what is wrong with an answer; undefined when it is one that is described. */
function createJudge(): (target: Target, response: Response) => Promise<string | undefined> {
  const ajv = new Ajv2020({ strict: false })
  formats.default(ajv)
  ajv.addSchema(document, 'openapi')
  const shared = (document.components as unknown as { responses: { [name: string]: Answer } })
    .responses
  return async ({ path, method, operation }, response) => {
    const text = await response.text()
    const { status } = response
    if (status >= 500) return `${status} ${text.slice(0, 200)}`
    const named = operation.responses[status] ? String(status) : 'default'
    const described = operation.responses[named]
    // "Any other failure" is what nobody could foresee: what a request can bring about is described by itself.
    if (described === undefined || named === 'default') return `${status} is not described`
    const sharedName = described.$ref?.split('/').at(-1)
    const content = (sharedName === undefined ? described : shared[sharedName])?.content
    const type = response.headers.get('content-type')?.split(';')[0] ?? ''
    if (text === '') return undefined
    if (content?.[type] === undefined) return `${status} ${type} is not described`
    if (!type.endsWith('json')) return undefined
    const place =
      sharedName === undefined
        ? ['paths', path, method, 'responses', named]
        : ['components', 'responses', sharedName]
    const pointer = [...place, 'content', type, 'schema'].map(pointerPart).join('/')
    const validate = ajv.compile({ $ref: `openapi#/${pointer}` })
    return validate(JSON.parse(text)) ? undefined : `${status} ${JSON.stringify(validate.errors)}`
  }
}

/** RFC 6901 section 6. */
function pointerPart(text: string): string {
  return encodeURIComponent(text.replaceAll('~', '~0').replaceAll('/', '~1'))
}
