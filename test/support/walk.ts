/** Walks a login as far as it goes, with an institution that says what a test wants it to say. */
import { type Browser, createBrowser } from '../../demo/browser.ts'
import { demoPolicies } from '../../demo/policies.ts'
import type { Login } from '../../demo/relying-party.ts'
import type { Wallet } from '../../demo/wallet.ts'
import type { PolicyKind } from '../../src/domain/policy.ts'
import { publishPolicy } from '../../src/flow/publish-policy.ts'
import {
  type HostileProvider,
  makeSigningKey,
  startHostileProvider,
} from '../institution/hostile-provider.ts'
import { useProvider } from '../threats/attack.ts'
import { ACTOR, type Bridge, presentAt, REDIRECT_URI, type TestTenant } from './bridge.ts'
import { query } from './postgres.ts'

/** A plan that sends people to {@link startTeller}'s provider. */
export const AT_TELLER = { plan: 'RUN_IDV', provider: 'teller', profile: 'wallet-and-account' }

export interface Teller {
  provider: HostileProvider
  /** Claims of the one who logs in next, `sub` and assurance included; given back as the default by {@link reset}. */
  says: Record<string, unknown>
  reset(): void
}

const SANNE = { sub: 'sanne', given_name: 'Sanne', family_name: 'de Vries' }

/** An institution whose words are the test's. */
export async function startTeller(): Promise<Teller> {
  const provider = await startHostileProvider(await makeSigningKey('key-1'))
  const teller: Teller = { provider, says: SANNE, reset: () => (teller.says = SANNE) }
  provider.behave.claims = (claims) => ({ ...claims, ...teller.says })
  provider.behave.userinfo = () => ({ ...teller.says })
  return teller
}

/** A tenant whose strangers go to the teller, with documents of its own. */
export async function tenantAt(
  bridge: Bridge,
  teller: Teller,
  slug: string,
  documents: { readonly [Kind in PolicyKind]?: object } = {},
  settings: Parameters<Bridge['addTenant']>[1] = {},
): Promise<TestTenant> {
  const tenant = await bridge.addTenant(slug, settings)
  await useProvider(bridge, tenant, {
    ...{ slug: 'teller', issuer: teller.provider.issuer, clientId: 'bridge' },
    clientSecret: 'secret',
  })
  for (const kind of ['query', 'attributes', 'material', 'selector'] as const)
    if (documents[kind] !== undefined) await publish(bridge, tenant, kind, documents[kind])
  return tenant
}

export function publish(bridge: Bridge, tenant: TestTenant, kind: PolicyKind, document: object) {
  return publishPolicy(bridge.deps, ACTOR, tenant.slug, kind, document)
}

export const demoDocuments = (bridge: Bridge) => demoPolicies(bridge.issuer)

export interface Walked {
  browser: Browser
  /** What the institution was asked; undefined where nobody was sent there. */
  asked: URLSearchParams | undefined
  /** Undefined where the login ended, or rests, on a page of ours. */
  login: Login | undefined
  url: string
  page: string
}

const atRelyingParty = (url: string) => url.startsWith(REDIRECT_URI)

/** With a wallet, through the institution where that is asked for. */
export async function walk(
  tenant: TestTenant,
  teller: Teller,
  wallet: Wallet,
  options: { parameters?: Record<string, string>; browser?: Browser } = {},
): Promise<Walked> {
  const browser = options.browser ?? createBrowser()
  const attempt = await tenant.relyingParty.begin(options.parameters)
  const returned = await presentAt(browser, wallet, attempt)
  const atInstitution = (url: string) => url.startsWith(teller.provider.issuer)
  let end = await browser.follow(returned, (url) => atRelyingParty(url) || atInstitution(url))
  const sentTo =
    end.location !== undefined && atInstitution(end.location) ? end.location : undefined
  if (sentTo !== undefined)
    end = await browser.follow(teller.provider.authorize(sentTo).href, atRelyingParty)
  return {
    browser,
    asked: sentTo === undefined ? undefined : new URL(sentTo).searchParams,
    login: end.location === undefined ? undefined : await attempt.finish(end.location),
    url: end.url,
    page: end.text,
  }
}

/** Rows of one tenant; `$tenant` stands for its id. */
export function rowsOf(bridge: Bridge, tenant: TestTenant, text: string) {
  return query(
    bridge.database.superuserUrl,
    text.replaceAll('$tenant', `(SELECT id FROM tenant WHERE slug = '${tenant.slug}')`),
  )
}

/** Type and detail of the tenant's newest event. */
export async function lastEvent(bridge: Bridge, tenant: TestTenant) {
  const [row] = await rowsOf(
    bridge,
    tenant,
    `SELECT event_type, detail FROM audit_event WHERE tenant_id = $tenant ORDER BY seq DESC LIMIT 1`,
  )
  return { type: row?.event_type, ...JSON.parse(String(row?.detail)) }
}
