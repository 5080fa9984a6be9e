/**
 * A whole bridge for a test: real Postgres, real HTTP on loopback, a real OpenID provider as institution, an issuer and a
 * relying party on openid-client. Each of them is a program of its own that speaks the protocol.
 */
import { createServer } from 'node:net'
import { Writable } from 'node:stream'
import { ClientSecretBasic } from 'openid-client'
import {
  type Browser,
  createBrowser,
  onwardLinkOn,
  type Page,
  walletLinkOn,
} from '../../demo/browser.ts'
import { type Institution, loginAt, startInstitution } from '../../demo/institution.ts'
import { createIssuer, type Issuer } from '../../demo/issuer.ts'
import { SANNE } from '../../demo/people.ts'
import { DEMO_PROVIDER, demoPolicies } from '../../demo/policies.ts'
import {
  type Attempt,
  createRelyingParty,
  type Login,
  type RelyingPartyProgram,
} from '../../demo/relying-party.ts'
import { createWallet, type Wallet } from '../../demo/wallet.ts'
import { type Config, readConfig } from '../../src/config.ts'
import { createKeyringText, parseKeyring } from '../../src/crypto/keyring.ts'
import type { Deps } from '../../src/deps.ts'
import { ADMIN_SCOPE_NAMES, type AdminActor } from '../../src/domain/admin.ts'
import type { Clock } from '../../src/domain/time.ts'
import { createTenant } from '../../src/flow/create-tenant.ts'
import { registerProvider } from '../../src/flow/register-provider.ts'
import { registerRelyingParty } from '../../src/flow/register-relying-party.ts'
import { DEFAULT_SETTINGS } from '../../src/flow/tenant-settings.ts'
import { createLog } from '../../src/log.ts'
import { type Service, startService } from '../../src/service.ts'
import { createWatchedDatabase, type TestDatabase } from './postgres.ts'

export const ACTOR: AdminActor = { id: 'test', forTenant: undefined, scopes: ADMIN_SCOPE_NAMES }
export const REDIRECT_URI = 'https://app.example/callback'

export interface TestTenant {
  slug: string
  issuer: string
  providerId: string
  clientId: string
  clientSecret: string
  relyingParty: RelyingPartyProgram
}

export interface Bridge {
  deps: Deps
  url: string
  database: TestDatabase
  institution: Institution
  issuer: Issuer
  tenant: TestTenant
  /** Everything the log said, line by line. */
  lines: string[]
  clock: { now: () => number; advance: (ms: number) => void }
  addTenant(
    slug: string,
    settings?: Partial<Parameters<typeof createTenant>[2]['settings']>,
  ): Promise<TestTenant>
  /** A wallet with one credential of the demo's issuer. */
  newWallet(claims?: Record<string, unknown>): Promise<Wallet>
  /** One more instance on the same database and address book. */
  startInstance(): Promise<Service>
  restart(): Promise<void>
  /** Stops this process's own instance and leaves its address to another process. */
  suspend(): Promise<void>
  stop(): Promise<void>
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        resolve(typeof address === 'object' && address !== null ? address.port : 0),
      )
    })
  })
}

export function testConfig(port: number, overrides: Record<string, string> = {}): Config {
  const { config } = readConfig({
    PUBLIC_URL: `http://localhost:${port}`,
    PORT: String(port),
    ALLOW_LOOPBACK: 'yes',
    RATE_LIMIT_PER_MINUTE: '100000',
    JOBS: 'no',
    ...overrides,
  })
  return config
}

/** A port that was free a moment ago may be somebody else's by now. */
async function startOnFreePort(
  env: Record<string, string> | undefined,
  start: (config: Config) => Promise<Service>,
): Promise<{ config: Config; service: Service }> {
  for (let tries = 1; ; tries++) {
    const config = testConfig(await freePort(), env)
    try {
      return { config, service: await start(config) }
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
      if (!isTaken || tries === 5) throw error
    }
  }
}

/** Starts everything and sets up the tenant `demo`. Stop it when the test file ends. */
export async function startBridge(
  options: { env?: Record<string, string>; keyring?: string; database?: TestDatabase } = {},
): Promise<Bridge> {
  const database = options.database ?? (await createWatchedDatabase())
  const keyring = parseKeyring(options.keyring ?? createKeyringText())
  const institution = await startInstitution()
  const issuer = createIssuer()
  const lines: string[] = []
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(...chunk.toString('utf8').split('\n').filter(Boolean))
      done()
    },
  })
  let offset = 0
  const clock: Clock = () => Date.now() + offset
  const log = createLog('info', destination)
  const start = (at: Config) =>
    startService(at, { databaseUrl: database.runtimeUrl, keyring, clock, log })
  const { config, service: first } = await startOnFreePort(options.env, start)
  let service = first
  const others: Service[] = []
  let suspended = false

  const addTenant: Bridge['addTenant'] = async (slug, settings = {}) => {
    const { deps } = service
    const created = await createTenant(deps, ACTOR, {
      slug,
      settings: {
        ...DEFAULT_SETTINGS,
        name: { en: `${slug} university`, nl: `${slug} universiteit` },
        colour: '#1f4e8c',
        noticeUrl: 'https://university.example/privacy',
        ...settings,
      },
      requestIdentity: undefined,
      policies: testPolicies(issuer),
    })
    const clientId = `bridge-${slug}`
    institution.setClient({
      clientId,
      clientSecret: `secret-of-${slug}`,
      redirectUris: ['https://pending.example/'],
    })
    const provider = await registerProvider(deps, ACTOR, slug, {
      slug: DEMO_PROVIDER,
      name: 'SURF',
      issuer: institution.issuer,
      clientId,
      authentication: 'client_secret_basic',
      clientSecret: `secret-of-${slug}`,
      privateKey: undefined,
      scopes: ['openid', 'profile', 'email'],
      idTokenAlgorithm: undefined,
      confirmedHosts: undefined,
      subjectType: 'pairwise',
      identifierAttribute: 'sub',
      attributeMappings: {},
      acr: undefined,
      amr: undefined,
      allowedOrganizations: ['noorderhaven.example'],
    })
    institution.setClient({
      clientId,
      clientSecret: `secret-of-${slug}`,
      redirectUris: [provider.callbackUrl],
    })
    const registered = await registerRelyingParty(deps, ACTOR, slug, {
      clientId: 'app',
      name: 'Course catalogue',
      redirectUris: [REDIRECT_URI],
      authentication: 'client_secret_basic',
      jwks: undefined,
      idTokenAlgorithm: 'ES256',
      requirePkce: true,
      claimsInIdToken: false,
      sector: undefined,
      purpose: { en: 'To show your courses.', nl: 'Om je vakken te tonen.' },
    })
    const clientSecret = registered.clientSecret ?? ''
    return {
      slug,
      issuer: created.issuer,
      providerId: provider.provider.id,
      clientId: 'app',
      clientSecret,
      relyingParty: await createRelyingParty({
        issuer: created.issuer,
        clientId: 'app',
        redirectUri: REDIRECT_URI,
        authentication: ClientSecretBasic(clientSecret),
      }),
    }
  }
  const tenant = await addTenant('demo')
  return {
    get deps() {
      return service.deps
    },
    ...{ url: config.publicUrl, database, institution, issuer, tenant, lines, addTenant },
    clock: { now: clock, advance: (ms) => (offset += ms) },
    async newWallet(claims = SANNE.credential) {
      const wallet = createWallet()
      wallet.add(await issuer.issue(claims, wallet.publicJwk))
      return wallet
    },
    async startInstance() {
      const other = await start({ ...config, port: 0 })
      others.push(other)
      return other
    },
    async suspend() {
      await service.stop()
      suspended = true
    },
    async restart() {
      if (!suspended) await service.stop()
      service = await start(config)
      suspended = false
    },
    async stop() {
      await Promise.all([
        suspended ? undefined : service.stop(),
        ...others.map((other) => other.stop()),
      ])
      await institution.close()
      await database.drop()
    },
  }
}

/**
 * The demo's policies, but nobody is asked before a link and names are not compared: tests put one person's wallet to
 * other people's accounts, step by step.
 */
export function testPolicies(issuer: Issuer) {
  const policies = demoPolicies(issuer)
  const rules = policies.attributes.rules.map((rule) =>
    'wallet' in rule && rule.merge === 'OIDC_WINS' ? { ...rule, compare: 'no' } : rule,
  )
  const plan = { ...policies.selector.default, confirm: 'never' }
  return { ...policies, attributes: { rules }, selector: { ...policies.selector, default: plan } }
}

export const STUDENT = { username: 'sanne', password: 'sanne-demo' }

/** The first half of a login: page open, wallet answered; the address the wallet sends the browser to. */
export async function presentAt(
  browser: Browser,
  wallet: Pick<Wallet, 'present'>,
  attempt: Attempt,
): Promise<string> {
  const page = await browser.get(attempt.url)
  if (page.status !== 200) throw new Error(`the login page answered ${page.status}`)
  const reply = await wallet.present(walletLinkOn(page.text))
  if (reply.status !== 200 || reply.redirectUri === undefined)
    throw new Error(`the wallet heard ${reply.status}`)
  return reply.redirectUri
}

const atRelyingParty = (url: string) => url.startsWith(REDIRECT_URI)

/** A login without a wallet: the provider's button on the login page, the institution, back to the relying party. */
export async function logInDirectly(
  bridge: Bridge,
  options: {
    browser?: Browser
    tenant?: TestTenant
    user?: { username: string; password: string }
    parameters?: Record<string, string>
  } = {},
): Promise<{ login: Login; browser: Browser }> {
  const browser = options.browser ?? createBrowser()
  const attempt = await (options.tenant ?? bridge.tenant).relyingParty.begin(options.parameters)
  const page = await browser.get(attempt.url)
  const callback = await loginAt(await pressDirect(browser, page), options.user ?? STUDENT)
  const end = await browser.follow(callback, atRelyingParty)
  if (end.location === undefined)
    throw new Error(`the login ended at ${end.url} with ${end.status}: ${end.text.slice(0, 2000)}`)
  return { login: await attempt.finish(end.location), browser }
}

/** Presses the button of a provider on a login page; the address the browser is sent to. */
export async function pressDirect(
  browser: Browser,
  page: Page,
  provider = DEMO_PROVIDER,
): Promise<string> {
  const action = /<form method="post" action="([^"]+\/direct)">/.exec(page.text)?.[1]
  if (action === undefined) throw new Error('the page offers no way without a wallet')
  const answer = await browser.post(new URL(action, page.url).href, { provider })
  if (answer.status !== 200) throw new Error(`the choice was answered with ${answer.status}`)
  return onwardLinkOn(answer.text)
}

/** A login as a person does it: wallet, the institution if it is asked for, back to the relying party. */
export async function logIn(
  bridge: Bridge,
  wallet: Pick<Wallet, 'present'>,
  options: {
    browser?: Browser
    tenant?: TestTenant
    user?: { username: string; password: string }
  } = {},
): Promise<{ login: Login; viaInstitution: boolean; browser: Browser }> {
  const browser = options.browser ?? createBrowser()
  const attempt = await (options.tenant ?? bridge.tenant).relyingParty.begin()
  const returned = await presentAt(browser, wallet, attempt)
  const atInstitution = (url: string) => url.startsWith(bridge.institution.issuer)
  let page = await browser.follow(returned, (url) => atRelyingParty(url) || atInstitution(url))
  const viaInstitution = page.location !== undefined && atInstitution(page.location)
  if (viaInstitution && page.location !== undefined) {
    const callback = await loginAt(page.location, options.user ?? STUDENT)
    page = await browser.follow(callback, atRelyingParty)
  }
  if (page.location === undefined)
    throw new Error(
      `the login ended at ${page.url} with ${page.status}: ${page.text.slice(0, 2000)}`,
    )
  return { login: await attempt.finish(page.location), viaInstitution, browser }
}
