import { expect, test } from 'vitest'
import { loginAt } from '../../demo/institution.ts'
import { STUDENT, startBridge } from '../support/bridge.ts'
import { eventsOf, isRelyingParty, journeyState, reachInstitution, times, rows } from './attack.ts'
test('x', async () => {
  const bridge = await startBridge({ env: { DATABASE_POOL_SIZE: '4' } })
  const hasty = await bridge.newWallet()
  const cs = []
  for (const o of await Promise.all(times(20, () => reachInstitution(bridge.tenant, hasty)))) cs.push({ o, c: await loginAt(o.authorizationUrl, STUDENT) })
  await Promise.all(cs.map(async ({ o, c }) => {
    const page = await o.browser.follow(c, isRelyingParty)
    if (page.location === undefined) {
      console.log(page.status, page.url, (await journeyState(bridge, o.journeyId)).state, (await journeyState(bridge, o.journeyId)).failure, JSON.stringify(await eventsOf(bridge, o.journeyId)), page.text.slice(-600))
    }
  }))
  console.log(bridge.lines.filter((l) => !l.includes('"status":303') && !l.includes('"status":200')).join('\n'))
  await bridge.stop()
})
