/** Machine clients' own tokens at the administration: their tenant's routes, for the scopes both know, and nothing else. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { post, registerMachine, type TestClient } from '../../op/clients.ts'
import { type Bridge, startBridge } from '../../support/bridge.ts'
import { query } from '../../support/postgres.ts'
import { adminBearing } from './client.ts'

let bridge: Bridge
let auditor: TestClient
beforeAll(async () => {
  bridge = await startBridge()
  await bridge.addTenant('other')
  auditor = await registerMachine(bridge, { machineScopes: ['audit:read', 'providers:manage'] })
})
afterAll(() => bridge.stop())

async function tokenOf(client: TestClient, scope?: string): Promise<string> {
  const { body } = await post(
    `${bridge.tenant.issuer}/token`,
    { grant_type: 'client_credentials', scope },
    { authorization: client.authorization },
  )
  return String(body.access_token)
}
const bearing = async (client: TestClient, scope?: string) =>
  adminBearing(bridge, `Bearer ${await tokenOf(client, scope)}`)

test('issue 4.6 a machine token opens what both know, however long it is', async () => {
  expect((await tokenOf(auditor)).length).toBeGreaterThan(512)
  const admin = await bearing(auditor)
  expect((await admin.get('/tenants/demo/audit-events')).status).toBe(200)
  const { body } = await admin.get('/tenants/demo/providers')
  expect((body.providers as { slug: string }[]).map(({ slug }) => slug)).toEqual(['surf'])
  const changed = await admin.patch('/tenants/demo/providers/surf', { name: 'SURF again' })
  expect(changed.status).toBe(200)
  const [event] = await query<{ detail: string }>(
    bridge.database.superuserUrl,
    `SELECT detail FROM audit_event WHERE event_type = 'provider_updated' ORDER BY seq DESC LIMIT 1`,
  )
  expect(JSON.parse(event?.detail ?? '')).toMatchObject({ actor: `client:${auditor.id}` })
})

test('issue 4.6 a scope that the token lacks is 403; what machine clients never do, and other tenants, are 401', async () => {
  const narrow = await bearing(auditor, 'audit:read')
  expect((await narrow.get('/tenants/demo/providers')).status).toBe(403)
  const admin = await bearing(auditor)
  for (const path of [
    ...['/tenants/demo/relying-parties', '/tenants', '/tokens'],
    ...['/tenants/other/audit-events', '/tenants/nowhere/audit-events'],
  ])
    expect((await admin.get(path)).status, path).toBe(401)
  const token = await tokenOf(auditor)
  const forged = `${token.slice(0, -4)}AAAA`
  expect(
    (await adminBearing(bridge, `Bearer ${forged}`).get('/tenants/demo/providers')).status,
  ).toBe(401)
})
