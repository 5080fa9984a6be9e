/** Relying parties and machine clients for tests of the provider, registered with few words. */
import type { RelyingParty } from '../../src/domain/relying-party.ts'
import {
  type RelyingPartyRequest,
  registerRelyingParty,
} from '../../src/flow/register-relying-party.ts'
import type { PreparedTenant } from '../../src/flow/tenants.ts'
import { ACTOR, type Bridge, REDIRECT_URI } from '../support/bridge.ts'
import { basic } from '../threats/attack.ts'

export interface TestClient {
  id: string
  secret: string
  relyingParty: RelyingParty
  /** Its `Authorization` header. */
  authorization: string
}

let count = 0

/** Registers a client; a machine client when `grantTypes` says so alone. */
export async function register(
  bridge: Bridge,
  settings: Partial<RelyingPartyRequest> = {},
  slug = 'demo',
): Promise<TestClient> {
  const id = settings.clientId ?? `client-${++count}`
  const logsIn = settings.grantTypes?.includes('authorization_code') ?? true
  const { relyingParty, clientSecret = '' } = await registerRelyingParty(bridge.deps, ACTOR, slug, {
    clientId: id,
    name: id,
    redirectUris: logsIn ? [REDIRECT_URI] : [],
    authentication: 'client_secret_basic',
    jwks: undefined,
    idTokenAlgorithm: 'ES256',
    requirePkce: true,
    claimsInIdToken: false,
    sector: undefined,
    purpose: undefined,
    ...settings,
  })
  return { id, secret: clientSecret, relyingParty, authorization: basic(id, clientSecret) }
}

export function registerMachine(
  bridge: Bridge,
  settings: Partial<RelyingPartyRequest> = {},
  slug = 'demo',
): Promise<TestClient> {
  return register(
    bridge,
    {
      grantTypes: ['client_credentials'],
      machineScopes: ['reconciliation:read', 'devices:manage'],
      ...settings,
    },
    slug,
  )
}

export interface Answer {
  status: number
  body: Record<string, unknown>
  headers: Headers
}

/** Posts a form below the tenant's issuer; `undefined` members are left out. */
export async function post(
  url: string,
  form: Record<string, string | undefined>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const body = new URLSearchParams()
  for (const [name, value] of Object.entries(form)) if (value !== undefined) body.set(name, value)
  const response = await fetch(url, { method: 'POST', body, headers })
  const text = await response.text()
  return {
    status: response.status,
    body: text === '' ? {} : JSON.parse(text),
    headers: response.headers,
  }
}

export async function prepared(bridge: Bridge, slug = 'demo'): Promise<PreparedTenant> {
  const tenant = await bridge.deps.tenants.find(slug)
  if (tenant === undefined) throw new Error('no such tenant')
  return tenant
}

/** A part of a JWT, decoded. */
export function partOf(jwt: unknown, index: 0 | 1): Record<string, unknown> {
  const part = String(jwt).split('.')[index] ?? ''
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
}
