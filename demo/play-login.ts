/** One login as a person sees it, told step by step: relying party, wallet, the institution if need be, and back. */
import { createBrowser, walletLinkOn } from './browser.ts'
import { loginAt } from './institution.ts'
import type { Ledger } from './ledger.ts'
import type { Narration } from './narration.ts'
import { passwordOf, SANNE } from './people.ts'
import type { Attempt, Login } from './relying-party.ts'
import { type DemoTenant, RELYING_PARTY_NAME } from './set-up.ts'
import type { Reply, Wallet } from './wallet.ts'
import { verifyRequest } from './wallet-request.ts'
import type { World } from './world.ts'

export const REDIRECT_URI = 'https://courses.example/callback'

/** Everything a scene of the play needs. */
export interface Stage {
  world: World
  tenant: DemoTenant
  wallet: Wallet
  ledger: Ledger
  tell: Narration
  /** Bodies the wallet posted. */
  posted: string[]
}

/** One login as a person does it, from the relying party's button to its tokens. */
export async function logIn(stage: Stage, stranger: boolean): Promise<Login> {
  const { tell, ledger } = stage
  const moved = () => ledger.moved()
  const arrived = await presentAndReturn(stage, stranger)
  const { attempt, browser } = arrived
  let { back } = arrived
  if (stranger) {
    checkUpstreamRequest(tell, back)
    const there = back
    const account = { username: SANNE.username, password: passwordOf(SANNE) }
    const callback = await tell.step(
      'Sanne logs in at the institution, as always',
      () => loginAt(there, account),
      moved,
    )
    const home = await tell.step(
      'The bridge redeems the code, joins wallet and account, and remembers',
      () => browser.follow(callback, (url) => url.startsWith(REDIRECT_URI)),
      moved,
    )
    back = required(home.location, `the login ended at ${home.url}`)
  }
  return await redeem(stage, attempt, back)
}

/** The first half of a login: to where the bridge sends the browser once the wallet has answered. */
export async function presentAndReturn(stage: Stage, stranger: boolean) {
  const { tell, ledger, world } = stage
  const browser = createBrowser()
  const { attempt, link } = await openLoginPage(stage, browser)
  const reply = await present(stage, link)
  const leaves = (url: string) =>
    url.startsWith(REDIRECT_URI) || url.startsWith(world.institution.issuer)
  const returned = await tell.step(
    stranger ? 'The browser comes back: nobody knows this key' : 'The browser comes back: known',
    () => browser.follow(required(reply.redirectUri, 'the wallet heard no redirect_uri'), leaves),
    () => ledger.moved(),
  )
  const back = required(returned.location, `the login ended at ${returned.url}`)
  tell.check(
    stranger ? 'it is sent to the institution, once' : 'it is sent straight to the relying party',
    back.startsWith(stranger ? world.institution.issuer : REDIRECT_URI),
  )
  return { attempt, browser, back }
}

async function openLoginPage(stage: Stage, browser: ReturnType<typeof createBrowser>) {
  const { tell, tenant, ledger } = stage
  const attempt = await tenant.relyingParty.begin()
  const page = await tell.step(
    `${RELYING_PARTY_NAME} sends a browser to /authorize`,
    () => browser.get(attempt.url),
    () => ledger.moved(),
  )
  tell.check(
    'a login page names the relying party and says what is asked',
    page.status === 200 &&
      [RELYING_PARTY_NAME, 'Your first name'].every((words) => page.text.includes(words)),
  )
  return { attempt, link: walletLinkOn(page.text) }
}

async function present(stage: Stage, link: string): Promise<Reply> {
  const { tell, wallet, tenant, ledger, posted } = stage
  const moved = () => ledger.moved()
  const { requestObject, verified } = await tell.step(
    'The wallet fetches the request and looks who signed it',
    async () => {
      const { requestObject } = await wallet.fetchRequest(link)
      return {
        requestObject,
        verified: await verifyRequest(requestObject, link, tenant.trustAnchor),
      }
    },
    moved,
  )
  const [header = '', payload = '', signature = ''] = requestObject.split('.')
  const altered = [header, payload, signature.split('').reverse().join('')].join('.')
  tell.check(
    'it is signed under the certificate its client id names; with another signature the wallet stops',
    !(await isTrusted(altered, link, tenant.trustAnchor)),
  )
  tell.note(`asks for ${verified.asked.join(', ')}; the rest of the credential stays in the wallet`)
  posted.length = 0
  const reply = await tell.step(
    'The wallet presents the credential, bound to this request',
    () => wallet.present(link),
    moved,
  )
  tell.check('the bridge accepts it', reply.status === 200)
  tell.check('the answer went out encrypted', posted.length === 1 && isEncrypted(posted[0] ?? ''))
  return reply
}

async function isTrusted(...request: Parameters<typeof verifyRequest>): Promise<boolean> {
  try {
    await verifyRequest(...request)
    return true
  } catch {
    return false
  }
}

/** One parameter, a compact JWE: five parts, of which the first says how it was encrypted (OpenID4VP 1.0 section 8.3). */
function isEncrypted(body: string): boolean {
  const form = new URLSearchParams(body)
  const parts = (form.get('response') ?? '').split('.')
  if (parts.length !== 5 || form.has('vp_token')) return false
  const header = JSON.parse(Buffer.from(parts[0] ?? '', 'base64url').toString())
  return header.alg === 'ECDH-ES' && header.enc === 'A256GCM'
}

function checkUpstreamRequest(tell: Narration, url: string): void {
  const sent = new URL(url).searchParams
  const names = ['state', 'nonce', 'code_challenge'] as const
  tell.check(
    'with state, nonce and a PKCE challenge, and nothing about the person',
    names.every((name) => (sent.get(name) ?? '').length >= 43) &&
      sent.get('code_challenge_method') === 'S256' &&
      !Object.values(SANNE.credential).some((value) => url.includes(encodeURIComponent(value))),
  )
}

async function redeem(stage: Stage, attempt: Attempt, back: string): Promise<Login> {
  const { tell, ledger } = stage
  const login = await tell.step(
    `${RELYING_PARTY_NAME} redeems the code and asks for the claims`,
    () => attempt.finish(back),
    () => ledger.moved(),
  )
  tell.check(
    'it knows the person: a subject of its own, name and e-mail address',
    login.idToken.sub.length >= 16 &&
      login.claims.given_name === SANNE.credential.given_name &&
      login.claims.family_name === SANNE.credential.family_name &&
      login.claims.email === SANNE.credential.email,
  )
  return login
}

function required(value: string | undefined, problem: string): string {
  if (value === undefined) throw new Error(problem)
  return value
}
