/** The compliance page in a real browser, from signing in to the receipt; each page is looked at by axe. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { publishPolicy } from '../../src/flow/publish-policy.ts'
import { adminWith } from '../http/admin/client.ts'
import { newPerson, rowsOf } from '../people/people.ts'
import { ACTOR, type Bridge, startBridge } from '../support/bridge.ts'
import { launchChromium } from './pages-browser.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let bridge: Bridge
let chromium: Browser
let axe: string
beforeAll(async () => {
  bridge = await startBridge()
  chromium = await launchChromium()
  axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
})
afterAll(async () => {
  await chromium.close()
  await bridge.stop()
})

/** Names besides the key, so that the page has a form for them. */
const PROFILE = {
  id: 'wallet-and-account',
  materials: [
    { type: 'holder_key' },
    {
      ...{ type: 'claim_tuple', name: 'names' },
      attributes: [
        { path: ['given_name'], read: 'name' },
        { path: ['family_name'], read: 'name' },
      ],
    },
    { type: 'provider_subject' },
  ],
}

async function expectNoViolations(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.evaluate(axe)
    const broken = await page.evaluate(
      `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })
        .then(({ violations }) => violations.map(({ id, nodes }) => id + ' ' + nodes.map(({ html }) => html).join(' ')))`,
    )
    expect(broken, page.url()).toEqual([])
  }
  expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
}

test('issue 5 item 1 compliance staff find, unlink, restore and erase with mouse and keyboard; no page breaks WCAG 2.2 AA', async () => {
  const person = await newPerson(bridge, bridge.tenant, 'sanne')
  await publishPolicy(bridge.deps, ACTOR, 'demo', 'material', { profiles: [PROFILE] })
  const { token } = await adminWith(bridge, [
    'identities:manage',
    'privacy:erase',
    'privacy:export',
  ])
  const context = await chromium.newContext({
    ...{ locale: 'en-GB', viewport: { width: 320, height: 640 }, javaScriptEnabled: true },
  })
  const page = await context.newPage()
  await page.goto(`${bridge.url}/compliance`)
  await expectNoViolations(page)
  await page.getByLabel('Tenant').fill('demo')
  await page.getByLabel('Token').fill(token)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Find a person' }).waitFor()
  await page.getByText('names', { exact: true }).click()
  await expectNoViolations(page)
  await page.getByLabel('given_name').fill('Nobody')
  await page.getByLabel('family_name').fill('At All')
  await page.getByRole('button', { name: 'Find by names' }).click()
  await page.getByText('Nobody is known by this.').waitFor()
  await expectNoViolations(page)
  await page.getByLabel('Known by').selectOption({ label: 'Account at SURF' })
  await page
    .getByLabel('Account, address, thumbprint, DID or id')
    .fill(bridge.institution.subjectOf('sanne', 'bridge-demo'))
  await page.getByRole('button', { name: 'Find' }).click()
  await page.getByRole('heading', { name: 'A person' }).waitFor()
  await expectNoViolations(page)
  await page.getByRole('button', { name: /End this link: Wallet/ }).click()
  await page.getByText('Done.').waitFor()
  await page.getByRole('button', { name: /Bring back: Wallet/ }).click()
  await page.getByRole('button', { name: /End this link: Wallet/ }).waitFor()
  await page.getByRole('link', { name: /Erase this person/ }).click()
  await page.getByRole('heading', { name: 'Erase this person?' }).waitFor()
  await expectNoViolations(page)
  await page.getByLabel('I have checked').check()
  await page.getByRole('button', { name: 'Erase for good' }).click()
  await page.getByRole('heading', { name: 'Erased' }).waitFor()
  await expectNoViolations(page)
  const [row] = await rowsOf(bridge, bridge.tenant, 'identity')
  expect(row).toMatchObject({ id: person.id, status: 'ERASED' })
  await page.goto(`${bridge.url}/compliance`)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('Token').waitFor()
  await context.close()
})
