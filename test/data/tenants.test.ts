/**
 * Rows 36 to 39: every endpoint of the data API, with every credential and every id of another tenant. The endpoints are
 * those of openapi.yaml, so a new one is tried the day it is described.
 */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { allRoutes } from '../../src/app.ts'
import { ADMIN_SCOPE_NAMES } from '../../src/domain/admin.ts'
import { MACHINE_SCOPE_NAMES } from '../../src/domain/machine.ts'
import { createAdminToken } from '../../src/flow/create-admin-token.ts'
import { createRegistrationToken } from '../../src/flow/create-registration-token.ts'
import { subscribeToEvents } from '../../src/flow/subscribe-to-events.ts'
import { ACTOR, type Bridge, logIn, startBridge } from '../support/bridge.ts'
import { basic, times } from '../threats/attack.ts'
import { type Ask, askWith, type Caller, newCaller, newPerson, rows } from './world.ts'

interface Described {
  requestBody?: { content?: { 'application/json'?: { example?: unknown } } }
}
const document: { paths: Record<string, Record<string, Described>> } = parse(
  readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8'),
)
const PREFIX = '/t/{tenant}/api/v1'
const endpoints = Object.entries(document.paths)
  .filter(([path]) => path.startsWith(PREFIX))
  .flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path: path.slice(PREFIX.length),
      example: operation.requestBody?.content?.['application/json']?.example,
    })),
  )

let bridge: Bridge
let own: Caller
let foreign: Caller
let person: { id: string; subject: string }
let device: string
let credentials: { readonly [name: string]: string | undefined }
beforeAll(async () => {
  bridge = await startBridge()
  const other = await bridge.addTenant('other')
  const scopes = [...MACHINE_SCOPE_NAMES]
  own = await newCaller(bridge, { scopes })
  foreign = await newCaller(bridge, { slug: 'other', scopes })
  person = await newPerson(bridge)
  await own.ask('PUT', `/identities/${person.id}/auxiliary/enrolment`, {
    body: { fields: { year: 1 } },
  })
  device = (await own.ask('GET', `/identities/${person.id}/devices`)).body.devices?.[0]?.id ?? ''
  const { login } = await logIn(bridge, await bridge.newWallet(), { tenant: other })
  const means = [bridge.deps, ACTOR] as const
  const adminOf = async (tenant: string | undefined) => {
    const asked = { name: 'admin', scopes: ADMIN_SCOPE_NAMES, tenant, days: 1 }
    return (await createAdminToken(...means, asked)).token
  }
  const invitation = await createRegistrationToken(...means, 'other', {
    ...{ name: 'projects', uses: 1, days: 1 },
  })
  const { secret } = await subscribeToEvents(...means, 'other', {
    ...{ clientId: undefined, delivery: 'poll', endpoint: undefined, audience: undefined },
    eventTypes: ['identity_erased'],
  })
  credentials = {
    'a machine token of another tenant': `Bearer ${foreign.token}`,
    'an access token of a login elsewhere': `Bearer ${login.tokens.access_token}`,
    'an ID token from elsewhere': `Bearer ${login.tokens.id_token}`,
    'client credentials of another tenant': basic(foreign.client.id, foreign.client.secret),
    'an admin token of another tenant': `Bearer ${await adminOf('other')}`,
    'an admin token of the installation': `Bearer ${await adminOf(undefined)}`,
    'an initial access token of another tenant': `Bearer ${invitation.token}`,
    'the secret of an event subscription elsewhere': `Bearer ${secret}`,
    'an admin token that nobody made': `Bearer iba_${'A'.repeat(43)}`,
    'a made-up token': 'Bearer nonsense',
    nothing: undefined,
  }
})
afterAll(() => bridge.stop())

function fill(path: string): string {
  return path
    .replace('{identity}', person.id)
    .replace('{category}', 'enrolment')
    .replace('{device}', device)
}

function bodyOf({ path, example }: { path: string; example?: unknown }): Ask {
  if (path === '/enrichment') return { body: { subject: person.subject } }
  return example === undefined ? {} : { body: example }
}

const counts = () =>
  rows(
    bridge,
    `SELECT (SELECT count(*) FROM auxiliary_data), (SELECT count(*) FROM identity_match WHERE deleted_at IS NULL),
            (SELECT count(*) FROM audit_event), (SELECT max(last_used_at) FROM identity_match)`,
  )

test('the description has the whole API, as it is mounted', () => {
  const mounted = allRoutes(bridge.deps).filter(({ path }) => path.includes('/api/v1'))
  expect(endpoints.length).toBe(mounted.length)
  expect(endpoints.length).toBeGreaterThanOrEqual(10)
})

describe.each(endpoints)('$method $path', (endpoint) => {
  test('rows 36 to 39 every credential of another tenant is refused alike, and leaves no trace', async () => {
    const before = await counts()
    const url = `${bridge.tenant.issuer}/api/v1${fill(endpoint.path)}`
    const told = new Map<string, string>()
    for (const [name, authorization] of Object.entries(credentials)) {
      const headers = authorization === undefined ? {} : { authorization }
      const ask = { ...bodyOf(endpoint), headers }
      const { status, body } = await askWith(url, endpoint.method, undefined, ask)
      expect(status, name).toBe(401)
      told.set(name, JSON.stringify({ ...body, reference: '' }))
    }
    expect(new Set(told.values()).size).toBe(1)
    expect(await counts()).toEqual(before)
  })

  test('rows 36 to 39 another tenant’s ids are answered like ids that nobody has', async () => {
    const path = fill(endpoint.path)
    const subject = times(43, () => 'x').join('')
    const nobody = path.replace(person.id, crypto.randomUUID()).replace(device, crypto.randomUUID())
    const theirs = await foreign.ask(endpoint.method, path, bodyOf(endpoint))
    const unknown =
      endpoint.path === '/enrichment'
        ? await foreign.ask(endpoint.method, path, { body: { subject } })
        : await foreign.ask(endpoint.method, nobody, bodyOf(endpoint))
    expect(theirs.status).toBe(endpoint.path === '/lookup' ? 200 : 404)
    expect(theirs.status).toBe(unknown.status)
    expect({ ...theirs.body, reference: '' }).toEqual({ ...unknown.body, reference: '' })
    if (endpoint.path === '/lookup') expect(theirs.body.found).toBe(false)
  })
})
