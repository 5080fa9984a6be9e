import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Bridge, logIn, startBridge } from '../support/bridge.ts'

let bridge: Bridge
beforeAll(async () => {
  bridge = await startBridge()
})
afterAll(() => bridge.stop())

test('a stranger goes through the institution once; the same wallet comes back alone, with the same sub and claims', async () => {
  const wallet = await bridge.newWallet()
  const first = await logIn(bridge, wallet)
  expect(first.viaInstitution).toBe(true)
  const second = await logIn(bridge, wallet)
  expect(second.viaInstitution).toBe(false)
  expect(second.login.idToken.sub).toBe(first.login.idToken.sub)
  expect(second.login.claims).toEqual(first.login.claims)
  expect(first.login.claims).toMatchObject({ given_name: 'Sanne', family_name: 'de Vries' })
})
