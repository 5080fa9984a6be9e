/** The demo's pages in a real browser: what a newcomer does after `npm run demo -- --serve`. */
import { rm } from 'node:fs/promises'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { freePort } from '../../demo/site.ts'
import { type DemoRun, makeFolder, runDemo } from '../demo/run-demo.ts'
import { launchChromium } from './pages-browser.ts'

vi.setConfig({ testTimeout: 60_000 })

let temporary: string
let run: DemoRun
let chromium: Browser
let app: string
let wallet: string

beforeAll(async () => {
  temporary = await makeFolder()
  run = runDemo(temporary, ['--serve', '--port', String(await freePort())])
  chromium = await launchChromium()
  await run.printed('Everything is gone after Ctrl-C.')
  app = /Open this +(\S+)/.exec(run.output())?.[1] ?? ''
  wallet = /The wallet +(\S+)/.exec(run.output())?.[1] ?? ''
})
afterAll(async () => {
  await chromium.close()
  run.child.kill('SIGTERM')
  await run.ended
  await rm(temporary, { recursive: true, force: true })
})

async function openLogin(): Promise<Page> {
  const context = await chromium.newContext({ locale: 'en-GB' })
  const page = await context.newPage()
  await page.goto(app)
  await page.getByRole('link', { name: 'Log in' }).click()
  await page.locator('#wallet').waitFor()
  return page
}

async function logInAtInstitution(page: Page, account: string): Promise<void> {
  await page.getByLabel('Account').selectOption(account)
  await page.getByLabel('Password').fill(`${account}-demo`)
  await page.getByRole('button', { name: 'Log in' }).click()
}

test('DEMO-6 a person clicks through: a stranger by the institution, then known by the wallet page alone', async () => {
  for (const known of [false, true]) {
    const page = await openLogin()
    await page.locator('#wallet').click()
    await page.getByRole('button', { name: 'Share' }).click()
    if (!known) {
      await logInAtInstitution(page, 'sanne')
      await page.locator('form[action$="/confirm"] button').click()
    }
    await page.getByRole('heading', { name: 'Welcome, Sanne' }).waitFor()
    expect(new URL(page.url()).origin).toBe(app)
    await page.context().close()
  }
})

test('DEMO-7 a picture of the QR code opens the wallet page, and the browser that showed it goes on', async () => {
  const page = await openLogin()
  // Where the browser can ask a wallet itself, the code waits until somebody wants it.
  const code = page.locator('#other-device')
  if (!(await code.evaluate((details) => details.hasAttribute('open'))))
    await code.locator('summary').click()
  await page.locator('#other-device img').waitFor()
  const picture = path.join(temporary, 'code.png')
  // There is not yet drawn: a picture of a white field has no code in it.
  await page.locator('#other-device img').evaluate((img: HTMLImageElement) => img.decode())
  await page.locator('#other-device img').screenshot({ path: picture })
  const phone = await (await chromium.newContext()).newPage()
  await phone.goto(wallet)
  await phone.locator('#picture').setInputFiles(picture)
  await phone.getByLabel('Milan Bakker').check()
  await phone.getByRole('button', { name: 'Share' }).click()
  await phone.getByText('Go on at the screen that showed the QR code.').waitFor()
  await logInAtInstitution(page, 'milan')
  await page.locator('form[action$="/confirm"] button').click()
  await page.getByRole('heading', { name: 'Welcome, Milan' }).waitFor()
  expect(new URL(page.url()).origin).toBe(app)
})
