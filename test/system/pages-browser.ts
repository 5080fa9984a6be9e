/** Debian's Chromium, and the two pictures of the login page that stand in docs/. */
import path from 'node:path'
import { type Browser, chromium } from 'playwright-core'

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A headless Chromium, to be closed by the caller. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: FLAGS })
}

/**
 * Opens the login page at `url` twice and writes `login-page.png` (1100 × 800) and `login-page-phone.png` (390 × 844, two
 * pixels a point) into `folder`. Answers with the two paths. `openWith` is handed to each new page first, for a login that
 * needs steps before it.
 */
export async function takeLoginScreenshots(
  browser: Browser,
  url: string,
  folder: string,
): Promise<{ desktop: string; phone: string }> {
  const desktop = path.join(folder, 'login-page.png')
  const phone = path.join(folder, 'login-page-phone.png')
  await takeScreenshot(browser, url, desktop, {
    viewport: { width: 1100, height: 800 },
    deviceScaleFactor: 1,
  })
  await takeScreenshot(browser, url, phone, {
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
  })
  return { desktop, phone }
}

async function takeScreenshot(
  browser: Browser,
  url: string,
  file: string,
  screen: NonNullable<Parameters<Browser['newContext']>[0]>,
): Promise<void> {
  const context = await browser.newContext({ ...screen, reducedMotion: 'reduce', locale: 'en-GB' })
  const page = await context.newPage()
  await page.goto(url, { waitUntil: 'networkidle' })
  await page.screenshot({ path: file })
  await context.close()
}
