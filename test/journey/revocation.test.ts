import { sign } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createIssuer, DEMO_PERSON, type Issuer } from '../../demo/issuer.ts'
import { createWallet } from '../../demo/wallet.ts'
import * as der from '../../src/crypto/der.ts'
import { readCertificate } from '../../src/wallet/certificate.ts'
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

test('TR-15 an issuer whose certificate is on no list is believed', async () => {
  list = listWith(false)
  await trustIn({})
  expect((await logIn(bridge, await newWallet())).login.claims.given_name).toBe('Sanne')
  expect(await auditOf('presentation_let_pass')).toEqual([])
})

test('TR-15 once it was taken back the wallet is refused, and the trail says why', async () => {
  list = listWith(true)
  await bridge.restart()
  await expect(logIn(bridge, await newWallet())).rejects.toThrow('the wallet heard 400')
  const [refused] = await auditOf('presentation_refused')
  expect(refused?.detail).toContain('certificate_revoked')
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
