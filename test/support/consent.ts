/** Logins that come to the page which asks for a yes. */
import { type Browser, createBrowser, onwardLinkOn, type Page } from '../../demo/browser.ts'
import type { Attempt, Login, RelyingPartyProgram } from '../../demo/relying-party.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { presentAt, REDIRECT_URI } from './bridge.ts'

export interface Question {
  browser: Browser
  page: Page
  /** Takes the answer. */
  url: string
  proof: string
}

export interface Asked extends Question {
  attempt: Attempt
}

export const atRelyingParty = (url: string) => url.startsWith(REDIRECT_URI)

/** What the page asks; throws where it asks nothing. */
export function askedOn<Asking>(
  page: Page,
  attempt: Asking,
  browser: Browser,
): Question & { attempt: Asking } {
  const action = /<form method="post" action="([^"]+\/consent)">/.exec(page.text)?.[1]
  const proof = /name="proof" value="([^"]+)"/.exec(page.text)?.[1]
  if (action === undefined || proof === undefined)
    throw new Error(`nothing is asked at ${page.url} (${page.status}) ${page.text.slice(0, 500)}`)
  return { browser, attempt, page, url: new URL(action, page.url).href, proof }
}

/** A known wallet's login as far as it goes without an answer: the page that asks, or the relying party's address. */
export async function goTo(
  program: RelyingPartyProgram,
  wallet: Wallet,
  parameters: Record<string, string> = {},
  browser = createBrowser(),
): Promise<{ page: Page; attempt: Attempt; browser: Browser }> {
  const attempt = await program.begin(parameters)
  const page = await browser.follow(await presentAt(browser, wallet, attempt), atRelyingParty)
  return { page, attempt, browser }
}

/** The page that asks a known wallet. */
export async function reachConsent(...to: Parameters<typeof goTo>): Promise<Asked> {
  const { page, attempt, browser } = await goTo(...to)
  return askedOn(page, attempt, browser)
}

/** Where the answer leads. */
export async function say(
  { browser, url, proof }: Question,
  answer: 'yes' | 'no',
): Promise<{ page: Page; back: string }> {
  const page = await browser.post(url, { proof, answer })
  if (page.status !== 200) throw new Error(`the answer was answered with ${page.status}`)
  return { page, back: onwardLinkOn(page.text) }
}

/** A whole login with a yes. */
export async function sayYes(asked: Asked): Promise<Login> {
  return await asked.attempt.finish((await say(asked, 'yes')).back)
}

/** A whole login of somebody who is not asked. */
export async function unasked(...to: Parameters<typeof goTo>): Promise<Login> {
  const { page, attempt } = await goTo(...to)
  if (page.location === undefined) throw new Error(`the login rests at ${page.url}`)
  return await attempt.finish(page.location)
}
