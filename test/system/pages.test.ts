import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import decodeQR from 'qr/decode.js'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { toInstant } from '../../src/domain/time.ts'
import { DICTIONARIES } from '../../src/http/pages/text.ts'
import { NOW, WALLET_LINK } from '../http/pages/samples.ts'
import { launchChromium, takeLoginScreenshots } from './pages-browser.ts'
import { type PageServer, servePages } from './pages-server.ts'

const WIDE = { width: 1100, height: 800 }
const NARROW = { width: 320, height: 640 }

// A browser on a busy machine; each wait below has its own, shorter limit.
vi.setConfig({ testTimeout: 40_000, hookTimeout: 40_000 })

type Screen = NonNullable<Parameters<Browser['newContext']>[0]>

let browser: Browser
let pages: PageServer
let axe: string
let contexts: BrowserContext[] = []
let complaints: string[] = []

beforeAll(async () => {
  browser = await launchChromium()
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
})
afterAll(() => browser.close())
beforeEach(async () => {
  pages = await servePages()
  complaints = []
})
afterEach(async () => {
  await Promise.all(contexts.map((context) => context.close()))
  contexts = []
  await pages.close()
})

/** A page at the path; whatever the browser complains of, violations of the policy among it, is kept. */
async function open(address: string, screen: Screen = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: WIDE, reducedMotion: 'reduce', ...screen })
  contexts.push(context)
  await context.addInitScript(
    `addEventListener('securitypolicyviolation', (event) =>
      console.error('CSP: ' + event.violatedDirective + ' ' + event.blockedURI))`,
  )
  const page = await context.newPage()
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    if (!request.url().startsWith(pages.origin)) complaints.push(`left for ${request.url()}`)
  })
  await page.goto(pages.origin + address)
  return page
}

/** The rules of WCAG 2.0 to 2.2, levels A and AA, that the page breaks, with where. */
async function findViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  return page.evaluate(`axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
    .then(({ violations }) => violations.map(({ id, nodes }) => id + ' ' + nodes.map(({ html }) => html).join(' ')))`)
}

const END_PAGES = Object.keys(DICTIONARIES.en.end).map((kind) => `/end/${kind}`)
const ADDRESSES = [
  '/login',
  '/account',
  '/confirm',
  '/consent',
  '/session',
  '/own-data',
  '/logout',
  '/provider-test',
  '/reference',
  ...END_PAGES,
].flatMap((page) => [page, `${page}?nl`])

describe('WCAG 2.2 AA', () => {
  test.each(ADDRESSES)(
    'OP-24 %s breaks no rule, wide, dark and 320 pixels narrow, nor the policy, and never scrolls sideways',
    async (address) => {
      const page = await open(address)
      expect(await findViolations(page)).toEqual([])
      await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' })
      expect(await findViolations(page)).toEqual([])
      await page.setViewportSize(NARROW)
      expect(await findViolations(page)).toEqual([])
      await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
      expect(await findViolations(page)).toEqual([])
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(NARROW.width)
      expect(complaints).toEqual([])
    },
  )

  test('a page that does break a rule is found out', async () => {
    const page = await open('/login')
    await page.evaluate(`document.querySelector('img').removeAttribute('alt')`)
    expect(await findViolations(page)).toEqual([expect.stringContaining('image-alt')])
  })

  test.each([
    ['a long name', { relyingPartyName: 'Donaudampfschifffahrtsgesellschaft'.repeat(4) }],
    ['a bright colour', { tenant: { name: 'Bright', colour: '#ffee00' } }],
    [
      'ways without a wallet and an answer under way',
      { state: 'retrieved' as const, alternatives: [{ slug: 'surf', name: 'My institution' }] },
    ],
    ['no code', { qrUrl: undefined }],
  ])('the login page with %s still breaks no rule', async (_, change) => {
    pages.login = change
    const page = await open('/login', { viewport: NARROW })
    expect(await findViolations(page)).toEqual([])
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(NARROW.width)
  })

  test('2.1.1, 2.4.3 and 2.4.7: the keys reach everything in the order it is read, and it shows', async () => {
    pages.login = { alternatives: [{ slug: 'surf', name: 'My institution' }] }
    const page = await open('/login')
    const reached: string[] = []
    for (let step = 0; step < 5; step += 1) {
      await page.keyboard.press('Tab')
      reached.push(await page.evaluate('document.activeElement.textContent'))
      const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')
      expect(outline).toBe('solid')
    }
    expect(reached).toEqual([
      'How we handle your data',
      'Open my wallet',
      'Wallet on another device?',
      'My institution',
      'Cancel',
    ])
  })

  test('2.5.8: whatever is pressed is at least 44 pixels high', async () => {
    const page = await open('/login', { viewport: NARROW })
    const boxes = await Promise.all(
      (await page.locator('a:visible, button:visible, summary:visible').all()).map((target) =>
        target.boundingBox(),
      ),
    )
    expect(boxes).toHaveLength(4)
    for (const box of boxes) expect(box?.height).toBeGreaterThanOrEqual(44)
  })

  test('2.3.3: who wants no motion sees none', async () => {
    const name = `getComputedStyle(document.querySelector('.news'), '::before').animationName`
    expect(await (await open('/login')).evaluate(name)).toBe('none')
    const moving = await open('/login', { reducedMotion: 'no-preference' })
    expect(await moving.evaluate(name)).toBe('breathe')
  })
})

describe('the code', () => {
  test('VP-133, IT-08 a wide screen shows it, and a picture of the screen reads back', async () => {
    const page = await open('/login')
    const code = page.getByRole('img')
    await expect
      .poll(() => page.evaluate(`document.querySelector('img').naturalWidth`))
      .toBeGreaterThan(0)
    const picture = await code.screenshot()
    expect(decodeQR(await readPixels(picture))).toBe(WALLET_LINK)
  })

  test('VP-133 a phone neither shows nor fetches it until it is asked for', async () => {
    const page = await open('/login', { viewport: NARROW })
    expect(await page.getByRole('img').isVisible()).toBe(false)
    expect(pages.asked.get('/t/example/qr/1')).toBeUndefined()
    await page.getByText('Wallet on another device?').click()
    await expect.poll(() => page.getByRole('img').isVisible()).toBe(true)
    await expect.poll(() => pages.asked.get('/t/example/qr/1')).toBe(1)
  })
})

describe('the wait', () => {
  test('4.1.3: a change of status is announced without a reload, and once', async () => {
    const page = await open('/login')
    await page.evaluate(`window.heard = []; new MutationObserver(() =>
      window.heard.push(document.querySelector('#news').textContent))
      .observe(document.querySelector('#news[role=status]'), { childList: true, characterData: true, subtree: true })`)
    pages.status = { state: 'retrieved' }
    const news = page.locator('#news')
    await expect.poll(() => news.textContent(), { timeout: 12_000 }).toContain('Confirm there')
    const asked = pages.asked.get('/t/example/status/1') ?? 0
    await expect
      .poll(() => pages.asked.get('/t/example/status/1') ?? 0, { timeout: 8_000 })
      .toBeGreaterThan(asked + 1)
    expect(await page.evaluate('window.heard')).toEqual([
      'Your wallet has the request. Confirm there.',
    ])
    expect(pages.asked.get('/login')).toBe(1)
    expect(complaints).toEqual([])
  })

  test.each(['continue', 'failed', 'expired'] as const)(
    'on %s the browser goes where the service says',
    async (state) => {
      const page = await open('/login')
      pages.status = { state, next: '/end/done' }
      await page.waitForURL(`${pages.origin}/end/done`, { timeout: 12_000 })
      expect(complaints).toEqual([])
    },
  )

  test.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example/',
    'javascript:alert(1)',
    '',
  ])('OP-24 the browser never follows the status to %j', async (next) => {
    const page = await open('/login')
    pages.status = { state: 'continue', next }
    await page.getByRole('heading', { name: 'This did not work' }).waitFor({ timeout: 12_000 })
    expect(page.url()).toBe(`${pages.origin}/login`)
    expect(complaints).toEqual([])
  })

  test('a lost connection is told, and forgotten when it is back', async () => {
    const page = await open('/login')
    pages.status = undefined
    const news = page.locator('#news')
    await expect
      .poll(() => news.textContent(), { timeout: 10_000 })
      .toBe('No connection. We keep trying.')
    pages.status = { state: 'waiting' }
    await expect.poll(() => news.textContent(), { timeout: 16_000 }).toBe('Waiting for your wallet')
  })

  test('VP-133 the countdown ends in a page that says so, takes the wallet away and has the focus', async () => {
    pages.login = { expiresAt: toInstant(NOW + 11_500) }
    const page = await open('/login')
    const clock = page.locator('#clock')
    await expect.poll(() => clock.textContent(), { timeout: 4_000 }).toBe('0:09')
    expect(await page.locator('#time-news[role=status]').textContent()).toBe(
      '10 seconds left to log in.',
    )
    await page.getByRole('heading', { name: 'The time is up' }).waitFor({ timeout: 15_000 })
    expect(await page.evaluate('document.activeElement.id')).toBe('ended-title')
    expect(await page.title()).toBe('The time is up')
    expect(await page.getByText('Open my wallet').isVisible()).toBe(false)
    expect(await page.getByRole('img').isVisible()).toBe(false)
    expect(await page.getByRole('link', { name: 'Try again' }).getAttribute('href')).toBe(
      '/t/example/again/1',
    )
    expect(await findViolations(page)).toEqual([])
    pages.status = { state: 'continue', next: '/end/done' }
    await page.waitForURL(`${pages.origin}/end/done`, { timeout: 12_000 })
  })

  test('a page whose time was up when it was drawn says so at once', async () => {
    pages.login = { expiresAt: toInstant(NOW) }
    const page = await open('/login')
    expect(await page.getByRole('heading', { name: 'The time is up' }).isVisible()).toBe(true)
  })
})

describe('without script', () => {
  test('the page loads itself anew and follows the state', async () => {
    const page = await open('/login', { javaScriptEnabled: false })
    // By its place: a search by text passes over noscript, even where it is drawn.
    const notice = page.locator('noscript p')
    expect(await notice.isVisible()).toBe(true)
    expect(await notice.textContent()).toContain('looks for an answer every 10 seconds')
    pages.login = { state: 'retrieved' }
    await page.getByText('Your wallet has the request').waitFor({ timeout: 15_000 })
    expect(pages.asked.get('/login')).toBe(2)
    expect(pages.asked.get('/t/example/status/1')).toBeUndefined()
  })

  test('the link to look now works, and so does the code', async () => {
    const page = await open('/login', { javaScriptEnabled: false })
    await page.getByText('Wallet on another device?').click()
    expect(await page.getByRole('img').isVisible()).toBe(true)
    await page.getByRole('link', { name: 'Look now' }).click()
    await expect.poll(() => pages.asked.get('/login')).toBe(2)
  })
})

test('VP-136, OP-24 the button leads to the wallet’s scheme and the policy does not stand in its way', async () => {
  const page = await open('/login')
  await page.getByRole('link', { name: 'Open my wallet' }).click()
  // The one complaint is our own, that the browser set out for the wallet; a violation would stand beside it.
  await expect.poll(() => complaints).toEqual([`left for ${WALLET_LINK}`])
  expect(page.url()).toBe(`${pages.origin}/login`)
})

test('OP-24 a script that slipped into a page would not run, and would be noticed', async () => {
  const page = await open('/login')
  await page.evaluate(`{ const script = document.createElement('script')
    script.textContent = 'window.slipped = true'; document.body.append(script) }`)
  expect(await page.evaluate('window.slipped')).toBeUndefined()
  expect(complaints.some((complaint) => complaint.startsWith('CSP: script-src'))).toBe(true)
})

test('the two pictures of docs/ can be taken', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'pages-'))
  try {
    const { desktop, phone } = await takeLoginScreenshots(browser, `${pages.origin}/login`, folder)
    expect(await readSize(desktop)).toEqual([1100, 800])
    expect(await readSize(phone)).toEqual([780, 1688])
  } finally {
    await rm(folder, { recursive: true })
  }
})

async function readSize(file: string): Promise<[width: number, height: number]> {
  const png = await readFile(file)
  return [png.readUInt32BE(16), png.readUInt32BE(20)]
}

/** The pixels of a PNG, as the browser itself decodes them. */
async function readPixels(png: Buffer): Promise<Parameters<typeof decodeQR>[0]> {
  const context = await browser.newContext()
  contexts.push(context)
  const page = await context.newPage()
  const image: { width: number; height: number; pixels: string } =
    await page.evaluate(`(async () => {
    const image = new Image()
    image.src = 'data:image/png;base64,${png.toString('base64')}'
    await image.decode()
    const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d')
    canvas.drawImage(image, 0, 0)
    const { data } = canvas.getImageData(0, 0, image.width, image.height)
    let pixels = ''
    for (const byte of data) pixels += String.fromCharCode(byte)
    return { width: image.width, height: image.height, pixels: btoa(pixels) }
  })()`)
  return { ...image, data: new Uint8Array(Buffer.from(image.pixels, 'base64')) }
}
