import { sign } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createIssuer, DEMO_PERSON, type Issuer } from '../../demo/issuer.ts'
import { createWallet } from '../../demo/wallet.ts'
import * as der from '../../src/crypto/der.ts'
import { ADMIN_SCOPE_NAMES } from '../../src/domain/admin.ts'
import type { TenantId } from '../../src/domain/ids.ts'
import { askAhead } from '../../src/flow/ask-ahead.ts'
import { askAheadJob } from '../../src/job/ask-ahead.ts'
import { runNow } from '../../src/job/lease.ts'
import { readCertificate } from '../../src/wallet/certificate.ts'
import { adminWith } from '../http/admin/client.ts'
import { type Bridge, logIn, startBridge } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { publish } from '../support/walk.ts'

const HOUR = 3_600_000

let bridge: Bridge
let issuer: Issuer
/** What is answered at the address that the certificate names; undefined breaks the connection off. */
let list: Uint8Array | undefined
const server = createServer((_, response) => {
  if (list === undefined) response.destroy()
  else response.writeHead(200, { 'content-type': 'application/pkix-crl' }).end(list)
})

beforeAll(async () => {
  bridge = await startBridge()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  const name = der.tagged(6, false, Buffer.from(`http://127.0.0.1:${port}/root.crl`))
  const point = der.sequence(der.tagged(0, true, der.tagged(0, true, name)))
  issuer = createIssuer({
    extensions: [{ oid: '2.5.29.31', critical: false, value: der.sequence(point) }],
  })
})
afterAll(async () => {
  await new Promise((closed) => server.close(closed))
  await bridge.stop()
})

/** A list of the issuer's authority, with its signing certificate on it or not. */
function listWith(revoked: boolean): Uint8Array {
  const leaf = readCertificate(Buffer.from(issuer.x5c[0] ?? '', 'base64'))
  const now = bridge.clock.now()
  const entry = der.sequence(
    der.integer(Buffer.from(leaf?.serialNumber ?? '', 'hex')),
    der.time(now - HOUR),
  )
  const algorithm = der.sequence(der.objectIdentifier('1.2.840.10045.4.3.2'))
  const signed = der.sequence(
    der.integer(Uint8Array.of(1)),
    algorithm,
    leaf?.issuer ?? new Uint8Array(),
    der.time(now - HOUR),
    der.time(now + HOUR),
    ...(revoked ? [der.sequence(entry)] : []),
  )
  return der.sequence(
    signed,
    algorithm,
    der.bitString(sign('sha256', signed, issuer.authority.privateKey)),
  )
}

const trustIn = (revocation: object) =>
  publish(bridge, bridge.tenant, 'trust', issuer.trustPolicy({ revocation }))

async function newWallet() {
  const wallet = createWallet()
  wallet.add(await issuer.issue(DEMO_PERSON, wallet.publicJwk))
  return wallet
}

const auditOf = (type: string) =>
  query<{ detail: string }>(
    bridge.database.superuserUrl,
    `SELECT detail FROM audit_event WHERE event_type = '${type}' ORDER BY seq DESC`,
  )

/** The job, when what is kept is that close to its end or past it. */
async function askAheadAfter(hours: number): Promise<void> {
  const at = (ms: number) => new Date(bridge.clock.now() + ms).toISOString()
  await change(
    `UPDATE kept_answer SET fetched_at = '${at(-hours * HOUR)}', fresh_until = '${at(-1)}' WHERE document IS NOT NULL`,
  )
  await runNow(
    bridge.deps,
    askAheadJob((tenant, keepLease) => askAhead(bridge.deps, tenant, keepLease)),
    'test',
  )
}
const change = (text: string) => query(bridge.database.superuserUrl, text)
const keptAnswers = async () =>
  (await (await adminWith(bridge, ADMIN_SCOPE_NAMES)).get('/tenants/demo/trust-answers')).body
    .answers

test('TR-15 an issuer whose certificate is on no list is believed', async () => {
  list = listWith(false)
  await trustIn({})
  expect((await logIn(bridge, await newWallet())).login.claims.given_name).toBe('Sanne')
  expect(await auditOf('presentation_let_pass')).toEqual([])
  expect(await keptAnswers()).toMatchObject([{ kind: 'crl', problem: null }])
})

test('TR-15 the list was asked for once: neither another process nor the job needs it before its end', async () => {
  list = undefined
  await bridge.restart()
  await runNow(
    bridge.deps,
    askAheadJob((tenant, keepLease) => askAhead(bridge.deps, tenant, keepLease)),
    'test',
  )
  await logIn(bridge, await newWallet())
  expect(await auditOf('presentation_let_pass')).toEqual([])
  expect(await auditOf('trust_answer_missing')).toEqual([])
})

test('TR-20 the job asks ahead: once it was taken back the wallet is refused, and the trail says why', async () => {
  list = listWith(true)
  await askAheadAfter(1)
  list = undefined
  await bridge.restart()
  await expect(logIn(bridge, await newWallet())).rejects.toThrow('the wallet heard 400')
  const [refused] = await auditOf('presentation_refused')
  expect(refused?.detail).toContain('certificate_revoked')
})

test('TR-20 what cannot be had ahead is in the trail once, and in the calendar', async () => {
  await askAheadAfter(1)
  await askAheadAfter(1)
  const [kept] = (await keptAnswers()) as { name: string; about: string }[]
  expect((await auditOf('trust_answer_missing')).map(({ detail }) => JSON.parse(detail))).toEqual([
    { answer: kept?.name, kind: 'crl', reason: 'unreachable' },
  ])
  expect(await keptAnswers()).toMatchObject([{ problem: 'unreachable' }])
  const admin = await adminWith(bridge, ADMIN_SCOPE_NAMES)
  expect((await admin.get('/tenants/demo/expiry-calendar')).body.expiries).toContainEqual(
    expect.objectContaining({ kind: 'trust_answer', name: kept?.about, state: 'expired' }),
  )
})

test('TR-20 a tenant’s turn ends after a minute, however many are still to be asked: the next run goes on with them', async () => {
  await change(
    `INSERT INTO kept_answer SELECT (jsonb_populate_record(k, jsonb_build_object('name', name || 'x'))).* FROM kept_answer k`,
  )
  await change(
    `UPDATE kept_answer SET fresh_until = NULL, fetched_at = NULL, issued_at = NULL, document = NULL`,
  )
  const [tenant] = await query<{ id: TenantId }>(
    bridge.database.superuserUrl,
    `SELECT id FROM tenant WHERE slug = 'demo'`,
  )
  const counts = await askAhead(bridge.deps, tenant?.id as TenantId, async () => {
    bridge.clock.advance(61_000)
    return await Promise.resolve(true)
  })
  expect(counts.asked + counts.refused + counts.unreachable).toBe(1)
  bridge.clock.advance(-61_000)
  await change(`DELETE FROM kept_answer WHERE name LIKE '%x'`)
})

test('TR-20 what no login needed for a month is asked for no more', async () => {
  const month = new Date(bridge.clock.now() - 30 * 24 * HOUR).toISOString()
  await change(`UPDATE kept_answer SET seen_at = '${month}'`)
  await askAheadAfter(1)
  expect(await keptAnswers()).toEqual([])
})

test('TR-04 nobody can be asked: refused, or let pass where policy says so, which the trail names', async () => {
  list = undefined
  await bridge.restart()
  await expect(logIn(bridge, await newWallet())).rejects.toThrow('the wallet heard 400')
  const { version } = await trustIn({ unavailable: 'accept' })
  expect((await logIn(bridge, await newWallet())).login.claims.given_name).toBe('Sanne')
  const [passed] = await auditOf('presentation_let_pass')
  expect(JSON.parse(passed?.detail ?? '')).toEqual({
    reasons: 'revocation_unchecked',
    trust: version,
  })
})

test('VC-05 issuers that the policy names are asked before any login needs them, and forgotten with it', async () => {
  const web = {
    ...{ id: 'web', format: 'dc+sd-jwt', vct: ['urn:web'], mechanism: 'jwt-vc-issuer' },
    issuer: 'https://issuer.invalid',
  }
  const { entries } = issuer.trustPolicy()
  await publish(bridge, bridge.tenant, 'trust', { entries: [...entries, web] })
  await askAheadAfter(1)
  expect(await keptAnswers()).toContainEqual(
    expect.objectContaining({ kind: 'issuer_keys', about: web.issuer, problem: 'unreachable' }),
  )
  await trustIn({})
  await askAheadAfter(1)
  expect(await keptAnswers()).not.toContainEqual(expect.objectContaining({ about: web.issuer }))
})
