/**
 * The whole login in a real browser against the real service: pages, cookies, redirects and the live status are the
 * browser's own; the wallet beside it is a program.
 */
import { statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { ClientSecretBasic } from 'openid-client'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRelyingParty, type RelyingPartyProgram } from '../../demo/relying-party.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { registerRelyingParty } from '../../src/flow/register-relying-party.ts'
import { ACTOR, type Bridge, STUDENT, startBridge } from '../support/bridge.ts'
import { decodeQrSvg } from '../support/qr.ts'
import { launchChromium, takeLoginScreenshots } from './pages-browser.ts'

let bridge: Bridge
let chromium: Browser
let server: Server
let redirectUri: string
let relyingParty: RelyingPartyProgram

beforeAll(async () => {
  bridge = await startBridge()
  chromium = await launchChromium()
  server = createServer((_, response) =>
    response.end('<!doctype html><title>app</title>You are back'),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  redirectUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`
  const registered = await registerRelyingParty(bridge.deps, ACTOR, 'demo', {
    ...{
      clientId: 'web',
      name: 'Course catalogue',
      redirectUris: [redirectUri],
      authentication: 'client_secret_basic',
    },
    ...{
      jwks: undefined,
      idTokenAlgorithm: 'ES256',
      requirePkce: true,
      claimsInIdToken: false,
      sector: undefined,
    },
    purpose: { en: 'To show your courses.', nl: 'Om je vakken te tonen.' },
  })
  relyingParty = await createRelyingParty({
    ...{ issuer: bridge.tenant.issuer, clientId: 'web', redirectUri },
    authentication: ClientSecretBasic(registered.clientSecret ?? ''),
  })
})
afterAll(async () => {
  await chromium.close()
  server.close()
  await bridge.stop()
})

/** A page whose console must stay silent. */
async function open(url: string, options: Parameters<Browser['newContext']>[0] = {}) {
  const context = await chromium.newContext({ locale: 'en-GB', ...options })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    // A provider's or application's page may lack a picture; ours may not complain of anything.
    if (!message.location().url.startsWith(bridge.url)) return
    if (message.type() === 'error' || /Content Security Policy/.test(message.text()))
      complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto(url)
  return { context, page, complaints }
}

async function walletLinkIn(page: Page): Promise<string> {
  const link = await page.locator('a[href^="openid4vp://"]').first().getAttribute('href')
  return link ?? ''
}

async function logInAtInstitution(page: Page): Promise<void> {
  await page.waitForURL((url) => url.href.startsWith(bridge.institution.issuer))
  await page.selectOption('select[name=username]', STUDENT.username)
  await page.fill('input[name=password]', STUDENT.password)
  await page.click('button[name=login]')
  await page.waitForURL(`${redirectUri}**`)
}

/** Scans nothing: reads the QR code's address and asks for it as the page's own image does, with its cookie. */
async function crossDeviceLinkOf(context: BrowserContext, page: Page): Promise<string> {
  const src = await page.locator('img[src$="qr.svg"]').getAttribute('src')
  const svg = await (await context.request.get(new URL(src ?? '', bridge.url).href)).text()
  return decodeQrSvg(svg)
}

test('a stranger: wallet on this device, login at the institution, back at the application with a code', async () => {
  const wallet = await bridge.newWallet()
  const attempt = await relyingParty.begin()
  const { context, page, complaints } = await open(attempt.url)
  expect(await page.title()).toContain('Course catalogue')
  const reply = await wallet.present(await walletLinkIn(page))
  await page.goto(reply.redirectUri ?? '')
  await logInAtInstitution(page)
  const login = await attempt.finish(page.url())
  expect(login.claims.given_name).toBe('Sanne')
  expect(complaints).toEqual([])
  await context.close()

  await knownHolderByQr(wallet, login.idToken.sub)
})

/** The same wallet, now on another device: the page in front of the person goes on by itself, without a reload. */
async function knownHolderByQr(wallet: Wallet, subject: string): Promise<void> {
  const attempt = await relyingParty.begin()
  const { context, page, complaints } = await open(attempt.url, {
    viewport: { width: 1100, height: 800 },
  })
  const loads: string[] = []
  page.on('framenavigated', (frame) => loads.push(frame.url()))
  const link = await crossDeviceLinkOf(context, page)
  const returned = page.waitForURL(`${redirectUri}**`)
  await wallet.present(link)
  await returned
  expect(loads.filter((url) => url.includes('/authorize'))).toEqual([])
  const login = await attempt.finish(page.url())
  expect(login.idToken.sub).toBe(subject)
  expect(login.idToken.acr).toBe('urn:identity-bridge:acr:wallet-cross-device')
  expect(complaints).toEqual([])
  await context.close()
}

test('a refusing wallet: the page says so without a reload and leads back to the application', async () => {
  const wallet = await bridge.newWallet()
  const attempt = await relyingParty.begin()
  const { context, page } = await open(attempt.url, { locale: 'nl-NL' })
  expect(await page.locator('html').getAttribute('lang')).toBe('nl')
  const { requestObject } = await wallet.fetchRequest(await walletLinkIn(page))
  await wallet.refuse(requestObject)
  await page.waitForURL('**/continue')
  expect(await page.locator('h1').innerText()).toBe('Je bent niet ingelogd')
  await page.click('a[href^="http://127.0.0.1"]')
  await page.waitForURL(`${redirectUri}**`)
  expect(new URL(page.url()).searchParams.get('error')).toBe('access_denied')
  await context.close()
})

test('script off: a plain refresh brings the person to the end', async () => {
  const wallet = await bridge.newWallet()
  const attempt = await relyingParty.begin()
  const { context, page } = await open(attempt.url, { javaScriptEnabled: false })
  const { requestObject } = await wallet.fetchRequest(await walletLinkIn(page))
  await wallet.refuse(requestObject)
  await page.waitForURL('**/continue', { timeout: 20_000 })
  expect(await page.locator('h1').innerText()).toBe('You are not logged in')
  await context.close()
})

test('two tabs do not disturb each other, finished in reverse order (UP-13)', async () => {
  const wallet = await bridge.newWallet()
  const first = await relyingParty.begin()
  const second = await relyingParty.begin()
  const { context, page } = await open(first.url)
  const other = await context.newPage()
  await other.goto(second.url)
  const firstReply = await wallet.present(await walletLinkIn(page))
  const secondReply = await wallet.present(await walletLinkIn(other))
  await other.goto(secondReply.redirectUri ?? '')
  await logInAtInstitution(other)
  await page.goto(firstReply.redirectUri ?? '')
  await page.waitForURL(`${redirectUri}**`)
  expect((await first.finish(page.url())).idToken.sub).toBe(
    (await second.finish(other.url())).idToken.sub,
  )
  await context.close()
})

test('the pictures in docs/ are of the live service', async () => {
  const folder = process.env.SCREENSHOTS ?? tmpdir()
  const { desktop, phone } = await takeLoginScreenshots(
    chromium,
    (await relyingParty.begin()).url,
    folder,
  )
  for (const file of [desktop, phone]) expect(statSync(file).size).toBeGreaterThan(10_000)
})
