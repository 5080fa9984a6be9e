/**
 * The login page asks for credentials through the browser: a real Chromium, the real service, and in the place of the
 * browser's own dialogue a `navigator.credentials.get` that hands the requests to a wallet on independent libraries
 * (`@openid4vc/openid4vp` and `@sd-jwt/sd-jwt-vc`). A headless browser has no wallet of its own to ask.
 */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { DigitalAnswer, DigitalRequest, Wallet } from '../../demo/wallet.ts'
import { type Bridge, logIn, REDIRECT_URI, startBridge } from '../support/bridge.ts'
import { launchChromium } from './pages-browser.ts'

vi.setConfig({ testTimeout: 40_000, hookTimeout: 60_000 })

/** What the person and their wallet do each time the browser asks. */
type Answering = (requests: readonly DigitalRequest[]) => Promise<DigitalAnswer | 'dismissed'>

let bridge: Bridge
let chromium: Browser
let wallet: Wallet
beforeAll(async () => {
  bridge = await startBridge()
  chromium = await launchChromium()
  wallet = await bridge.newWallet()
  await logIn(bridge, wallet)
})
afterAll(async () => {
  await chromium.close()
  await bridge.stop()
})

/**
 * Stands in for the browser's part of the API; `get` wants the moment after a click, as the real one does. Only where
 * the real one would be: the relying party's address leads nowhere here, and the error page Chromium may show for it
 * is no secure context.
 */
const BROWSERS_PART = `if (window.isSecureContext) {
  window.DigitalCredential = class DigitalCredential {
    static userAgentAllowsProtocol(protocol) { return protocol.startsWith('openid4vp-v1-') }
  }
  CredentialsContainer.prototype.get = async ({ digital }) => {
    if (!navigator.userActivation.isActive) throw new DOMException('no click', 'NotAllowedError')
    const answer = await window.askPerson(digital.requests)
    if (answer === 'dismissed') throw new DOMException('dismissed', 'NotAllowedError')
    return Object.assign(new DigitalCredential(), answer)
  }
}`

async function open(answering: Answering | undefined) {
  const attempt = await bridge.tenant.relyingParty.begin()
  const context = await chromium.newContext({
    ...{ locale: 'en-GB', viewport: { width: 1100, height: 800 } },
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) complaints.push(message.text())
  })
  if (answering === undefined) await page.addInitScript('delete window.DigitalCredential')
  else {
    await page.exposeFunction('askPerson', answering)
    await page.addInitScript(BROWSERS_PART)
  }
  await page.goto(attempt.url)
  return { attempt, context, page, complaints }
}

const share = (page: Page) => page.getByRole('button', { name: 'Continue with my wallet' })
const present: Answering = (requests) => wallet.presentToPage(requests, bridge.url)
const codeIsOpen = (page: Page) =>
  page.locator('#other-device').evaluate((details) => details.hasAttribute('open'))

/** Clicks, and returns where the browser is sent in the end: the relying party is nobody's page here. */
async function shareToTheEnd(context: BrowserContext, page: Page): Promise<string> {
  const sent = page.waitForRequest((request) => request.url().startsWith(REDIRECT_URI))
  await share(page).click()
  const url = (await sent).url()
  await context.close()
  return url
}

test('one click, and the person is back at the application; the token says how', async () => {
  const asked: string[] = []
  const { attempt, context, page, complaints } = await open((requests) => {
    asked.push(...requests.map(({ protocol }) => protocol))
    return present(requests)
  })
  const login = await attempt.finish(await shareToTheEnd(context, page))
  expect(login.idToken.acr).toBe('urn:identity-bridge:acr:wallet-digital-credentials')
  expect(asked).toEqual([
    ...['openid4vp-v1-signed', 'openid4vp-v1-multisigned', 'openid4vp-v1-unsigned'],
  ])
  expect(complaints).toEqual([])
})

test('the ladder: through the browser first, then a wallet here; the code stays closed until it is needed', async () => {
  const { context, page } = await open(present)
  await share(page).waitFor()
  expect(await codeIsOpen(page)).toBe(false)
  const instead = page.getByRole('link', { name: 'Open a wallet app instead' })
  expect(await instead.getAttribute('href')).toMatch(/^openid4vp:/)
  const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
  await page.evaluate(await readFile(axe, 'utf8'))
  const found = await page.evaluate(
    `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
      .then(({ violations }) => violations.map(({ id }) => id))`,
  )
  expect(found).toEqual([])
  await context.close()
})

test('VP-121 dismissed, then an error of the wallet: the page says so and offers every other way; the third try works', async () => {
  const questions = new Set<string>()
  const answers: Answering[] = [
    async () => 'dismissed',
    async () => ({ protocol: 'openid4vp-v1-signed', data: { error: 'access_denied' } }),
    present,
  ]
  const { attempt, context, page } = await open(async (requests) => {
    const unsigned = requests.find(({ protocol }) => protocol === 'openid4vp-v1-unsigned')
    questions.add(JSON.stringify(unsigned?.data))
    return (answers.shift() ?? present)(requests)
  })
  const told = page.getByText('That did not work. Try it again, or choose another way below.')
  for (let tries = 0; tries < 2; tries += 1) {
    await share(page).click()
    await told.waitFor()
    await page.waitForLoadState('networkidle')
  }
  expect(await codeIsOpen(page)).toBe(true)
  const login = await attempt.finish(await shareToTheEnd(context, page))
  expect(login.idToken.acr).toBe('urn:identity-bridge:acr:wallet-digital-credentials')
  // Each try is a question of its own.
  expect(questions.size).toBe(3)
})

test('a browser without the API: no such button, the link and the code as ever', async () => {
  const { context, page } = await open(undefined)
  expect(await share(page).count()).toBe(0)
  expect(await page.getByRole('link', { name: 'Open my wallet' }).isVisible()).toBe(true)
  expect(await codeIsOpen(page)).toBe(true)
  await context.close()
})
