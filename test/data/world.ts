/** A bridge with people in it and machine clients that read them, for tests of the data API. */
import type { Schemas } from '../../client/identity-bridge.ts'
import type { DataAccess } from '../../src/domain/data-access.ts'
import type { MachineScope } from '../../src/domain/machine.ts'
import { post, registerMachine, type TestClient } from '../op/clients.ts'
import { type Bridge, logIn, STUDENT } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'

export const ACCESS: DataAccess = {
  claims: ['given_name', 'eduperson_principal_name', 'not_projected'],
  auxiliary: [
    { category: 'enrolment', read: 'all', write: true },
    { category: 'grades', read: ['average'], write: false },
  ],
}
const SCOPES: MachineScope[] = ['reconciliation:read', 'reconciliation:write', 'devices:manage']

export interface Caller {
  client: TestClient
  token: string
  /** Another token, as the one above lives for minutes. */
  renew(): Promise<string>
  ask(method: string, path: string, options?: Ask): Promise<Told>
}

export interface Ask {
  body?: unknown
  headers?: Record<string, string>
}

type Known = Omit<Schemas['DataPerson'], 'auxiliary'> &
  Omit<Schemas['Auxiliary'], 'fields'> &
  Schemas['LookupAnswer'] &
  Schemas['DeviceList'] &
  Schemas['Erasure'] &
  Schemas['Problem']

export interface Told {
  status: number
  /** Any of the data API's answers; without members where there was no body. */
  body: Partial<Known> & { auxiliary?: unknown; fields?: unknown }
  text: string
  headers: Headers
}

/** Registers a machine client, gets it a token, and lets it ask below the tenant's data API. */
export async function newCaller(
  bridge: Bridge,
  settings: { access?: DataAccess; scopes?: MachineScope[]; slug?: string } = {},
): Promise<Caller> {
  const { access = ACCESS, scopes = SCOPES, slug = 'demo' } = settings
  const asked = { machineScopes: scopes, dataAccess: access }
  const client = await registerMachine(bridge, asked, slug)
  const issuer = `${bridge.url}/t/${slug}`
  const form = { grant_type: 'client_credentials' }
  const { authorization } = client
  const renew = async () =>
    String((await post(`${issuer}/token`, form, { authorization })).body.access_token)
  const token = await renew()
  return {
    ...{ client, token, renew },
    ask: (method, path, options) => askWith(`${issuer}/api/v1${path}`, method, token, options),
  }
}

export async function askWith(
  url: string,
  method: string,
  token: string | undefined,
  { body, headers = {} }: Ask = {},
): Promise<Told> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  return {
    status: response.status,
    body: text === '' ? {} : JSON.parse(text),
    text,
    headers: response.headers,
  }
}

/** Somebody who has logged in with a wallet, through the institution: id and subject. */
export async function newPerson(
  bridge: Bridge,
  user = STUDENT,
): Promise<{ id: string; subject: string }> {
  const { login } = await logIn(bridge, await bridge.newWallet(), { user })
  const subject = String(login.claims.sub)
  const [row] = await query<{ id: string }>(
    bridge.database.superuserUrl,
    `SELECT identity_id AS id FROM pairwise_subject WHERE subject = '${subject}'`,
  )
  return { id: row?.id ?? '', subject }
}

export function rows<Row extends object>(bridge: Bridge, text: string): Promise<Row[]> {
  return query<Row>(bridge.database.superuserUrl, text)
}
