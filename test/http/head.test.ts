/** HEAD is safe (RFC 9110 section 9.2.1): link scanners and previews send it, and a login must not notice. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import { loginAt } from '../../demo/institution.ts'
import { allRoutes } from '../../src/app.ts'
import {
  type Bridge,
  presentAt,
  pressDirect,
  REDIRECT_URI,
  STUDENT,
  startBridge,
  type TestTenant,
} from '../support/bridge.ts'
import { leavesNoTrace } from '../threats/attack.ts'

let bridge: Bridge
let tenant: TestTenant
beforeAll(async () => {
  bridge = await startBridge()
  tenant = await bridge.addTenant('heads', { directLogin: true })
})
afterAll(() => bridge.stop())

test('HEAD of the wallet’s return, of the call-back, of going on and of /authorize changes nothing; GET still works', async () => {
  const browser = createBrowser()
  const attempt = await tenant.relyingParty.begin()
  const returned = await presentAt(browser, await bridge.newWallet(), attempt)
  const other = createBrowser()
  const begun = await tenant.relyingParty.begin()
  const page = await other.get(begun.url)
  const callback = await loginAt(await pressDirect(other, page), STUDENT)
  const journey = /\/login\/([0-9a-f-]{36})\/direct/.exec(page.text)?.[1]
  const waiting = `${tenant.issuer}/login/${journey}/continue`
  await leavesNoTrace(bridge, async () => {
    for (const [url, cookie] of [
      [returned, browser.cookies(returned)],
      [callback, other.cookies(callback)],
      [waiting, other.cookies(waiting)],
      [begun.url, other.cookies(begun.url)],
    ] as const) {
      const head = await fetch(url, { method: 'HEAD', headers: { cookie }, redirect: 'manual' })
      expect([url, head.status]).toEqual([url, 405])
      expect(head.headers.get('allow')).toContain('GET')
    }
  })
  const end = await other.follow(callback, (url) => url.startsWith(REDIRECT_URI))
  expect(end.location).toContain('code=')
  const onward = await browser.get(returned)
  expect(onward.location?.startsWith(bridge.institution.issuer)).toBe(true)
})

test('every GET below a tenant that is not marked as changing something answers HEAD and changes nothing', async () => {
  const safe = allRoutes(bridge.deps).filter(
    ({ method, path, changes }) => method === 'GET' && path.includes('/t/:tenant') && !changes,
  )
  expect(safe.length).toBeGreaterThan(4)
  await leavesNoTrace(bridge, async () => {
    for (const { path } of safe) {
      const url = bridge.url + path.replace(':tenant', 'heads').replaceAll(/:[a-z]+/g, 'none')
      const head = await fetch(url, { method: 'HEAD', redirect: 'manual' })
      expect([path, head.status < 500 && head.status !== 405]).toEqual([path, true])
    }
  })
})
