/** What the attacks share: a login taken apart into its steps, and a look at the rows behind it. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type pg from 'pg'
import { expect } from 'vitest'
import { type Browser, createBrowser, type Page, walletLinkOn } from '../../demo/browser.ts'
import { DEMO_PROVIDER } from '../../demo/policies.ts'
import type { Attempt } from '../../demo/relying-party.ts'
import { type Forgery, type Reply, readRequest, type Wallet } from '../../demo/wallet.ts'
import type { Request } from '../../demo/wallet-answer.ts'
import type { TenantId } from '../../src/domain/ids.ts'
import { publishPolicy } from '../../src/flow/publish-policy.ts'
import { registerProvider } from '../../src/flow/register-provider.ts'
import { type SealVerdict, verifySeals } from '../../src/flow/verify-seals.ts'
import { ACTOR, type Bridge, REDIRECT_URI, type TestTenant } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'

/** A login whose page is open and whose request object has been fetched. */
export interface Opened {
  tenant: TestTenant
  browser: Browser
  attempt: Attempt
  page: Page
  journeyId: string
  link: string
  request: Request
}

export function journeyIdOn(page: Page): string {
  const id = /\/login\/([0-9a-f-]{36})\/status/.exec(page.text)?.[1]
  if (id === undefined) throw new Error(`no journey on the page (${page.status})`)
  return id
}

export async function open(
  tenant: TestTenant,
  wallet: Wallet,
  browser: Browser = createBrowser(),
): Promise<Opened> {
  const attempt = await tenant.relyingParty.begin()
  const page = await browser.get(attempt.url)
  const link = walletLinkOn(page.text)
  const { requestObject } = await wallet.fetchRequest(link)
  const request = readRequest(requestObject)
  return { tenant, browser, attempt, page, journeyId: journeyIdOn(page), link, request }
}

/** Answers an open login by hand, honestly but for the forgery. */
export function answer(wallet: Wallet, opened: Opened, forgery?: Forgery): Promise<Reply> {
  return wallet.post(wallet.prepare(opened.request, forgery))
}

export const isRelyingParty = (url: string) => url.startsWith(REDIRECT_URI)

/** A stranger's login up to the institution's door: where the browser is sent. */
export async function reachInstitution(
  tenant: TestTenant,
  wallet: Wallet,
  browser: Browser = createBrowser(),
): Promise<Opened & { authorizationUrl: string }> {
  const opened = await open(tenant, wallet, browser)
  const { redirectUri } = await answer(wallet, opened)
  const page = await browser.get(redirectUri ?? '')
  if (page.location === undefined) throw new Error(`no way to the institution (${page.status})`)
  return { ...opened, authorizationUrl: page.location }
}

/** The code of a login that has come to its end, with what redeems it. */
export interface Redeemable {
  code: string
  verifier: string
  callbackUrl: string
  attempt: Attempt
  opened: Opened
}

/** A login of a wallet that is known already, up to the code. */
export async function obtainCode(
  tenant: TestTenant,
  wallet: Wallet,
  browser: Browser = createBrowser(),
): Promise<Redeemable> {
  const opened = await open(tenant, wallet, browser)
  const { redirectUri } = await answer(wallet, opened)
  const page = await browser.get(redirectUri ?? '')
  const callbackUrl = page.location ?? ''
  if (!isRelyingParty(callbackUrl)) throw new Error(`no code: ${page.status} ${callbackUrl}`)
  const code = new URL(callbackUrl).searchParams.get('code') ?? ''
  const { attempt } = opened
  return { code, verifier: attempt.verifier, callbackUrl, attempt, opened }
}

/** A request to the token endpoint; `form` replaces members, undefined removes them. */
export async function redeem(
  tenant: TestTenant,
  { code, verifier }: Pick<Redeemable, 'code' | 'verifier'>,
  form: Record<string, string | undefined> = {},
  authorization: string | null = basic(tenant.clientId, tenant.clientSecret),
): Promise<{ status: number; body: Record<string, unknown>; text: string; headers: Headers }> {
  const wanted = {
    grant_type: 'authorization_code',
    code,
    redirect_uri: REDIRECT_URI,
    code_verifier: verifier,
    ...form,
  }
  const body = new URLSearchParams()
  for (const [name, value] of Object.entries(wanted)) if (value !== undefined) body.set(name, value)
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    ...(authorization === null ? {} : { authorization }),
  }
  const response = await fetch(`${tenant.issuer}/token`, { method: 'POST', body, headers })
  const text = await response.text()
  return { status: response.status, body: JSON.parse(text), text, headers: response.headers }
}

export function basic(clientId: string, secret: string): string {
  const pair = [clientId, secret].map(encodeURIComponent).join(':')
  return `Basic ${Buffer.from(pair).toString('base64')}`
}

export async function userinfoStatus(issuer: string, accessToken: string): Promise<number> {
  const headers = { authorization: `Bearer ${accessToken}` }
  return (await fetch(`${issuer}/userinfo`, { headers })).status
}

export function rows<Row extends pg.QueryResultRow>(bridge: Bridge, text: string): Promise<Row[]> {
  return query<Row>(bridge.database.superuserUrl, text)
}

export async function tenantIdOf(bridge: Bridge, slug: string): Promise<string> {
  const [row] = await rows<{ id: string }>(bridge, `SELECT id FROM tenant WHERE slug = '${slug}'`)
  return row?.id ?? ''
}

/** What the check of sealed texts against the trail says of a tenant. */
export async function sealsOf(bridge: Bridge, slug: string): Promise<SealVerdict | undefined> {
  const tenantId = (await tenantIdOf(bridge, slug)) as TenantId
  return await verifySeals(bridge.deps, tenantId, () => Promise.resolve(true))
}

export interface JourneyState extends pg.QueryResultRow {
  state: string
  refusals: number
  failure: string | null
  presentation: string | null
  identifier_hashes: string[] | null
}

export async function journeyState(bridge: Bridge, id: string): Promise<JourneyState> {
  const [row] = await rows<JourneyState>(bridge, `SELECT * FROM journey WHERE id = '${id}'`)
  if (row === undefined) throw new Error('no such journey')
  return row
}

/** What the audit trail says of one journey: each event's type and detail, in order. */
export async function eventsOf(
  bridge: Bridge,
  journeyId: string,
): Promise<{ event_type: string; detail: Record<string, unknown> }[]> {
  const found = await rows<{ event_type: string; detail: string }>(
    bridge,
    `SELECT a.event_type, a.detail FROM audit_event a JOIN journey j USING (tenant_id, correlation_id)
      WHERE j.id = '${journeyId}' ORDER BY a.seq`,
  )
  return found.map(({ event_type, detail }) => ({ event_type, detail: JSON.parse(detail) }))
}

export async function tableNames(bridge: Bridge): Promise<string[]> {
  const found = await rows<{ name: string }>(
    bridge,
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1`,
  )
  return found.map(({ name }) => name)
}

/** A provider's health tells of failed logins, attacked or not; nothing else of its row may move. */
const HEALTH = "ARRAY['last_success_at', 'last_failure_at', 'last_failure']"

/** A digest of every row of each table. */
export async function digests(
  bridge: Bridge,
  except: readonly string[],
): Promise<Record<string, string>> {
  const tables = (await tableNames(bridge)).filter((name) => !except.includes(name))
  const parts = tables.map(
    (name) =>
      `SELECT '${name}' AS name, count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') AS digest FROM ${sourceOf(name)} t`,
  )
  const found = await rows<{ name: string; digest: string }>(bridge, parts.join(' UNION ALL '))
  return Object.fromEntries(found.map(({ name, digest }) => [name, digest]))
}

function sourceOf(table: string): string {
  return table === 'reconciliation_provider'
    ? `(SELECT to_jsonb(p) - ${HEALTH} AS kept FROM reconciliation_provider p)`
    : table
}

/** A refusal changes the audit trail, and of journeys their count of refusals; nothing else, in any table. */
const REFUSALS_MAY_WRITE = ['journey', 'audit_event', 'audit_head']

/** Runs the attack and expects every other row of the database to be what it was. */
export async function leavesNoTrace<Result>(
  bridge: Bridge,
  attack: () => Promise<Result>,
  mayWrite: readonly string[] = [],
): Promise<Result> {
  const except = [...REFUSALS_MAY_WRITE, ...mayWrite]
  const before = await digests(bridge, except)
  const result = await attack()
  expect(await digests(bridge, except)).toEqual(before)
  return result
}

/** Does something with the service's clock `ms` ahead, and sets it back. */
export async function later<Result>(
  bridge: Bridge,
  ms: number,
  act: () => Promise<Result>,
): Promise<Result> {
  bridge.clock.advance(ms)
  try {
    return await act()
  } finally {
    bridge.clock.advance(-ms)
  }
}

/** How many of each answer there were. */
export function tally(values: readonly (string | number)[]): Record<string, number> {
  const counted: Record<string, number> = {}
  for (const value of values) counted[value] = (counted[value] ?? 0) + 1
  return counted
}

export function times<Result>(count: number, act: (index: number) => Result): Result[] {
  return Array.from({ length: count }, (_, index) => act(index))
}

/** Registers a provider beside the tenant's others and sends strangers to it from now on. */
export async function useProvider(
  bridge: Bridge,
  tenant: TestTenant,
  provider: {
    slug: string
    issuer: string
    clientId: string
    clientSecret: string
    acr?: readonly string[]
  },
): Promise<{ id: string; callbackUrl: string }> {
  const registered = await registerProvider(bridge.deps, ACTOR, tenant.slug, {
    slug: provider.slug,
    name: provider.slug,
    issuer: provider.issuer,
    clientId: provider.clientId,
    authentication: 'client_secret_basic',
    clientSecret: provider.clientSecret,
    privateKey: undefined,
    scopes: ['openid', 'profile', 'email'],
    idTokenAlgorithm: undefined,
    confirmedHosts: undefined,
    subjectType: undefined,
    identifierAttribute: 'sub',
    attributeMappings: {},
    acr: provider.acr,
    amr: undefined,
    allowedOrganizations: undefined,
  })
  await selectProvider(bridge, tenant, provider.slug)
  return { id: registered.provider.id, callbackUrl: registered.callbackUrl }
}

/** Which of its providers a tenant sends strangers to. */
export async function selectProvider(
  bridge: Bridge,
  tenant: TestTenant,
  provider: string = DEMO_PROVIDER,
): Promise<void> {
  await publishPolicy(bridge.deps, ACTOR, tenant.slug, 'selector', {
    default: { plan: 'RUN_IDV', provider, profile: 'wallet-and-account', confirm: 'never' },
  })
}

/** A server nobody should talk to, and how often somebody did. */
export async function startCanary(): Promise<{
  url: string
  asked: () => number
  close: () => Promise<void>
}> {
  let asked = 0
  const server = createServer((_, response) => {
    asked++
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    asked: () => asked,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}
