/** A person on their way to what is held about them, with the wallet as proof. */
import { expect } from 'vitest'
import { type Browser, createBrowser, type Page, walletLinkOn } from '../../demo/browser.ts'
import type { Wallet } from '../../demo/wallet.ts'
import type { TestTenant } from '../support/bridge.ts'

/** From the start page to where the wallet's return leads. */
export async function prove(
  tenant: TestTenant,
  wallet: Wallet,
  browser = createBrowser(),
): Promise<Page> {
  const invitation = await browser.get(`${tenant.issuer}/privacy`)
  const [, action = ''] = /<form method="post" action="([^"]+)"/.exec(invitation.text) ?? []
  const page = await browser.post(new URL(action, tenant.issuer).href, {})
  expect(page.status).toBe(200)
  const reply = await wallet.present(walletLinkOn(page.text))
  return await browser.get(reply.redirectUri ?? '')
}

/** The page of a person's own data. */
export async function openOwn(
  tenant: TestTenant,
  wallet: Wallet,
): Promise<{ browser: Browser; url: string; text: string }> {
  const browser = createBrowser()
  const { location = '' } = await prove(tenant, wallet, browser)
  expect(location).toContain(`${tenant.issuer}/privacy/`)
  const { status, text } = await browser.get(location)
  expect(status).toBe(200)
  return { browser, url: location, text }
}
