import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ADMIN_SCOPE_NAMES } from '../../src/domain/admin.ts'
import type { TenantId } from '../../src/domain/ids.ts'
import { runIfDue } from '../../src/job/lease.ts'
import { refreshTrustedListsJob } from '../../src/job/refresh-trusted-lists.ts'
import { adminWith } from '../http/admin/client.ts'
import { type Bridge, logIn, startBridge } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { publish } from '../support/walk.ts'
import {
  createOperator,
  forgeList,
  ISSUANCE,
  makeList,
  type Operator,
  signList,
} from '../wallet/lists.ts'
import { CA_QC, STATUS, signXmlList, writeXmlList, type XmlRequest } from '../wallet/xml-lists.ts'

const HOUR = 3_600_000

let bridge: Bridge
let operator: Operator
let url: string
/** What the operator answers; undefined breaks the connection off. */
let answer: string | undefined
let asked = 0
/** Lists in XML, by path. */
const xmlLists = new Map<string, string>()
const server = createServer(({ url: path = '' }, response) => {
  asked += 1
  const xml = xmlLists.get(path)
  if (xml !== undefined) {
    response.writeHead(200, { 'content-type': 'application/vnd.etsi.tsl+xml' }).end(xml)
    return
  }
  if (answer === undefined) response.destroy()
  else response.writeHead(200, { 'content-type': 'application/jose' }).end(answer)
})

beforeAll(async () => {
  bridge = await startBridge()
  operator = createOperator(bridge.clock.now())
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/pid.jwt`
})
afterAll(async () => {
  await new Promise((closed) => server.close(closed))
  await bridge.stop()
})

function issue(sequence: number, options: { listed?: boolean; hours?: number } = {}) {
  const { listed = true, hours = 24 } = options
  const now = bridge.clock.now()
  const entities = listed ? [{ anchors: [bridge.issuer.anchor] }] : []
  return signList(operator, { now, sequence, nextUpdate: now + hours * HOUR, entities })
}

async function trustIn(members: object = {}, service = ISSUANCE) {
  const list = { id: 'pid', url, format: 'lote-jwt', signers: [operator.certificate], ...members }
  const [entry] = bridge.issuer.trustPolicy({
    anchors: [],
    trustedLists: [{ list: 'pid', services: [service] }],
  }).entries
  return await publish(bridge, bridge.tenant, 'trust', { lists: [list], entries: [entry] })
}

/** The job as if it were due, and had looked at the list so many hours ago. The clock stays: wallets have their own. */
async function look(hoursAgo = 7): Promise<void> {
  const checked = new Date(bridge.clock.now() - hoursAgo * HOUR).toISOString()
  await change(`UPDATE job SET due_at = '${checked}' WHERE name = 'refresh-trusted-lists'`)
  await change(`UPDATE trusted_list SET checked_at = '${checked}'`)
  await runIfDue(bridge.deps, refreshTrustedListsJob(bridge.deps), 'test')
  // An instance believes for a second what it prepared.
  bridge.clock.advance(2_000)
}
const change = (text: string) => query(bridge.database.superuserUrl, text)
const auditOf = async (type: string) =>
  (
    await query<{ detail: string }>(
      bridge.database.superuserUrl,
      `SELECT detail FROM audit_event WHERE event_type = '${type}' ORDER BY seq DESC`,
    )
  ).map(({ detail }) => JSON.parse(detail) as object)

async function isRefused(): Promise<void> {
  await expect(logIn(bridge, await bridge.newWallet())).rejects.toThrow('the wallet heard 400')
  expect((await auditOf('presentation_refused'))[0]).toMatchObject({ reason: 'untrusted_issuer' })
}

test('TR-20 a list is fetched ahead, and vouches for whom it names', async () => {
  await trustIn()
  await isRefused()
  answer = await issue(3)
  await look()
  expect(await auditOf('trusted_list_updated')).toEqual([
    { certificates: 1, list: 'pid', sequence: 3 },
  ])
  await logIn(bridge, await bridge.newWallet())
  const admin = await adminWith(bridge, ADMIN_SCOPE_NAMES)
  expect((await admin.get('/tenants/demo/trusted-lists')).body.lists).toMatchObject([
    {
      id: 'pid',
      problem: null,
      issue: { sequence: 3, services: [{ type: ISSUANCE, certificates: 1 }] },
    },
  ])
  const { expiries } = (await admin.get('/tenants/demo/expiry-calendar')).body
  expect(expiries).toContainEqual(expect.objectContaining({ kind: 'trusted_list', name: 'pid' }))
})

test('TR-20 no login fetches it, and the job not again while it is new', async () => {
  const before = asked
  await logIn(bridge, await bridge.newWallet())
  await look(1)
  expect(asked).toBe(before)
})

test('TR-22 whoever is no longer on it is not believed from then on', async () => {
  answer = await issue(4, { listed: false })
  await look()
  await isRefused()
})

test('TR-22 nor is one who was the last on it, where the list then has no entities at all', async () => {
  answer = await issue(5)
  await look()
  await logIn(bridge, await bridge.newWallet())
  const now = bridge.clock.now()
  const { LoTE } = makeList({ now, sequence: 6 })
  answer = forgeList(operator, {}, { LoTE: { ...LoTE, TrustedEntitiesList: undefined } })
  await look()
  await isRefused()
})

test('TR-21 an older issue does not come back, also not past the process that knew the newer one', async () => {
  answer = await issue(3)
  await bridge.restart()
  await look()
  expect((await auditOf('trusted_list_refused'))[0]).toEqual({
    list: 'pid',
    reason: 'list_rolled_back',
  })
  await isRefused()
  // Told once, however often it is tried.
  await look()
  expect(await auditOf('trusted_list_refused')).toHaveLength(1)
})

test('TR-04 past its time it counts within the grace only, and the trail says so', async () => {
  await trustIn({ graceSeconds: 12 * 3600 })
  answer = await issue(7, { hours: 10 })
  await look()
  answer = undefined
  await look()
  const ended = (hours: number) =>
    change(
      `UPDATE trusted_list SET next_update = '${new Date(bridge.clock.now() - hours * HOUR).toISOString()}'`,
    )
  await ended(1)
  await bridge.restart()
  expect((await auditOf('trusted_list_refused'))[0]).toEqual({ list: 'pid', reason: 'unreachable' })
  await logIn(bridge, await bridge.newWallet())
  expect((await auditOf('presentation_let_pass'))[0]).toMatchObject({
    reasons: 'trusted_list_stale',
  })
  await ended(13)
  await bridge.restart()
  await isRefused()
})

/** A list of lists at `/lotl.xml`, and the one of NL, which another operator signs. */
function issueXml(national: Operator, request: Partial<XmlRequest> & { status?: string }): void {
  const { status = `${STATUS}/granted`, ...rest } = request
  const now = bridge.clock.now()
  const at = new URL('/nl.xml', url).href
  const pointers = [{ url: at, territory: 'NL', signers: [national.certificate] }]
  const services = [{ anchors: [bridge.issuer.anchor], status }]
  xmlLists.set('/lotl.xml', signXmlList(operator, writeXmlList({ now, pointers })))
  xmlLists.set('/nl.xml', signXmlList(national, writeXmlList({ now, services, ...rest })))
}

test('TR-20 a list of lists in XML leads to the list of a country, which vouches for whom it grants', async () => {
  const national = createOperator(bridge.clock.now())
  const list = { format: 'tsl-xml', follow: { territories: ['NL'] } }
  await trustIn({ ...list, url: new URL('/lotl.xml', url).href }, CA_QC)
  await isRefused()
  issueXml(national, { sequence: 3 })
  await look()
  await logIn(bridge, await bridge.newWallet())
  const admin = await adminWith(bridge, ADMIN_SCOPE_NAMES)
  expect((await admin.get('/tenants/demo/trusted-lists')).body.lists).toMatchObject([
    { id: 'pid', issue: { sequence: 1, services: [] } },
    { id: 'pid/NL', issue: { sequence: 3, services: [{ type: CA_QC, certificates: 1 }] } },
  ])
  issueXml(national, { sequence: 4, status: `${STATUS}/withdrawn` })
  await look()
  await isRefused()
  issueXml(national, { sequence: 3 })
  await look()
  expect((await auditOf('trusted_list_refused'))[0]).toEqual({
    list: 'pid/NL',
    reason: 'list_rolled_back',
  })
  await isRefused()
})

test('TR-22 a list that its operator closed vouches for nobody from then on', async () => {
  const national = createOperator(bridge.clock.now())
  issueXml(national, { sequence: 5 })
  await look()
  await logIn(bridge, await bridge.newWallet())
  issueXml(national, { sequence: 6, nextUpdate: null })
  await look()
  const [updated] = await auditOf('trusted_list_updated')
  expect(updated).toEqual({ certificates: 0, list: 'pid/NL', sequence: 6 })
  await isRefused()
  issueXml(national, { sequence: 5 })
  await look()
  await isRefused()
})

test('TR-21 nobody but whom the list of lists names signs the list of a country', async () => {
  issueXml(createOperator(bridge.clock.now()), { sequence: 7 })
  xmlLists.delete('/lotl.xml')
  await look()
  expect((await auditOf('trusted_list_refused'))[0]).toEqual({
    list: 'pid/NL',
    reason: 'list_signature_invalid',
  })
  await isRefused()
})

test('TR-20 a list that no policy names any more is forgotten', async () => {
  await publish(bridge, bridge.tenant, 'trust', bridge.issuer.trustPolicy())
  await look()
  const rows = await query(bridge.database.superuserUrl, 'SELECT url FROM trusted_list')
  expect(rows).toEqual([])
})

test('TR-20 a tenant’s turn ends after two minutes, and the next begins with the list that waited longest', async () => {
  const list = { format: 'lote-jwt', signers: [operator.certificate] }
  const lists = ['one', 'two', 'three'].map((id) => ({ ...list, id, url: `${url}/${id}` }))
  const { entries } = bridge.issuer.trustPolicy({})
  await publish(bridge, bridge.tenant, 'trust', { lists, entries })
  answer = undefined
  const [tenant] = await query<{ id: TenantId }>(
    bridge.database.superuserUrl,
    `SELECT id FROM tenant WHERE slug = 'demo'`,
  )
  const job = refreshTrustedListsJob(bridge.deps)
  const checked = async () =>
    (
      await query<{ url: string }>(
        bridge.database.superuserUrl,
        `SELECT url FROM trusted_list WHERE url LIKE '${url}/%' ORDER BY checked_at`,
      )
    ).length
  for (const turn of [1, 2, 3]) {
    const counts = await job.run(bridge.deps, tenant?.id as TenantId, () => {
      bridge.clock.advance(121_000)
      return Promise.resolve(true)
    })
    expect([counts.unreachable, await checked()]).toEqual([1, turn])
  }
  bridge.clock.advance(-363_000)
})
