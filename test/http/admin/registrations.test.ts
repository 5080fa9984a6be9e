import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser, walletLinkOn } from '../../../demo/browser.ts'
import { demoPolicies } from '../../../demo/policies.ts'
import { generateSigningKey, importSigningKey } from '../../../src/crypto/signing-key.ts'
import { ADMIN_SCOPE_NAMES } from '../../../src/domain/admin.ts'
import { DAY } from '../../../src/domain/time.ts'
import { calendarOf } from '../../../src/flow/read-expiry-calendar.ts'
import { registrationsFor } from '../../../src/flow/registration-view.ts'
import { runIfDue } from '../../../src/job/lease.ts'
import { watchExpiryJob } from '../../../src/job/watch-expiry.ts'
import { type Bridge, logIn, startBridge } from '../../support/bridge.ts'
import { query } from '../../support/postgres.ts'
import { signJwt } from '../../wallet/world.ts'
import { type Admin, adminWith } from './client.ts'

let bridge: Bridge
let admin: Admin
let registrar: ReturnType<typeof importSigningKey>
const ALL = '/tenants/demo/registration-certificates'

beforeAll(async () => {
  bridge = await startBridge()
  admin = await adminWith(bridge, ADMIN_SCOPE_NAMES)
  registrar = importSigningKey((await generateSigningKey('ES256')).privatePkcs8)
})
afterAll(() => bridge.stop())

/** Registers what the demo asks for, less the claims named. */
function certificate(
  options: { without?: readonly string[]; exp?: number; payload?: object } = {},
) {
  const credentials = demoPolicies(bridge.issuer).query.credentials.map(
    ({ format, meta, claims }) => ({
      format,
      meta,
      claim: claims.filter(({ path }) => !options.without?.includes(String(path[0]))),
    }),
  )
  const exp = options.exp ?? Math.floor(bridge.clock.now() / 1000) + 90 * 86_400
  const payload = options.payload ?? { sub: 'LEIXG-1', credentials, exp }
  return signJwt({ alg: 'ES256', typ: 'rc-wrp+jwt' }, payload, registrar as never)
}

/** The request object that a wallet fetches for a login. */
async function requestObject(): Promise<Record<string, unknown>> {
  const attempt = await bridge.tenant.relyingParty.begin()
  const page = await createBrowser().get(attempt.url)
  const link = new URL(walletLinkOn(page.text))
  const answer = await fetch(link.searchParams.get('request_uri') ?? '')
  const payload = (await answer.text()).split('.')[1] ?? ''
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Record<string, unknown>
}

describe('registration certificates', () => {
  test('VP-019 without one a request says nothing of it', async () => {
    expect(await requestObject()).not.toHaveProperty('verifier_info')
  })

  test('VP-019 the tenant’s goes with each request, by value', async () => {
    const document = certificate()
    const stored = await admin.put(ALL, { document })
    expect([stored.status, stored.body.client_id]).toEqual([200, null])
    const asked = await requestObject()
    expect(asked.verifier_info).toEqual([{ format: 'registration_cert', data: document }])
    await logIn(bridge, await bridge.newWallet())
  })

  test('TR-40 a relying party’s own stands in its place, and goes away again', async () => {
    const own = certificate()
    const stored = await admin.put(ALL, { client_id: 'app', document: own })
    expect((await requestObject()).verifier_info).toEqual([
      { format: 'registration_cert', data: own },
    ])
    expect((await admin.get(ALL)).body.certificates).toHaveLength(2)
    expect((await admin.delete(`${ALL}/${stored.body.id}`)).status).toBe(204)
    expect((await admin.delete(`${ALL}/${stored.body.id}`)).status).toBe(404)
    expect((await requestObject()).verifier_info).not.toEqual([
      { format: 'registration_cert', data: own },
    ])
  })

  test('VP-019 another format is sent as it is, and a newer one takes its place', async () => {
    const format = 'urn:example:policy'
    const first = await admin.put(ALL, { format, document: certificate({ payload: {} }) })
    const newer = certificate({ payload: { a: 1 } })
    const second = await admin.put(ALL, { format, document: newer })
    expect(second.body.id).toBe(first.body.id)
    expect((await requestObject()).verifier_info).toContainEqual({ format, data: newer })
    await admin.delete(`${ALL}/${first.body.id}`)
  })

  test.each([
    ['is no JWS', () => 'not a certificate', /compact JWS/],
    ['is past its end', () => certificate({ exp: 1 }), /past its end/],
    ['registers nothing', () => certificate({ payload: {} }), /does not say/],
    [
      'registers less than is asked',
      () => certificate({ without: ['family_name'] }),
      /asked for more/,
    ],
  ])('TR-41 one that %s is refused', async (_, make, problem) => {
    const refused = await admin.put(ALL, { document: make() })
    expect(refused.status).toBe(422)
    expect(String(refused.body.problems)).toMatch(problem)
  })

  test('issue 6 item 8 of a client that is not there nothing is stored', async () => {
    expect((await admin.put(ALL, { client_id: 'nobody', document: certificate() })).status).toBe(
      404,
    )
  })

  test('TR-41 a query beyond it is not published', async () => {
    const { query: asked } = demoPolicies(bridge.issuer)
    const [credential] = asked.credentials
    const more = { ...credential, claims: [...(credential?.claims ?? []), { path: ['tax_id'] }] }
    const refused = await admin.put('/tenants/demo/policies/query', { credentials: [more] })
    expect(refused.status).toBe(422)
    expect(JSON.stringify(refused.body)).toContain('registration certificate')
  })

  test('TR-41 a login beyond it is refused before a wallet is asked', async () => {
    const narrow = certificate({ without: ['family_name', 'given_name'] })
    await query(
      bridge.database.superuserUrl,
      `UPDATE registration_certificate SET document = '${narrow}'`,
    )
    await bridge.restart()
    const attempt = await bridge.tenant.relyingParty.begin()
    const page = await createBrowser().get(attempt.url)
    expect([page.status, page.text.includes('openid4vp:')]).toEqual([400, false])
    await admin.put(ALL, { document: certificate() })
  })
})

test('VP-019 one past its end is not sent, and the tenant’s does not stand in for it', () => {
  const entry = (clientId: string, notAfter: number | undefined) => ({
    ...{ clientId, format: 'registration_cert', document: `of ${clientId}`, notAfter },
    registered: undefined,
  })
  const all = [entry('', undefined), entry('app', 1_000)]
  const sent = (clientId: string, now: number) =>
    registrationsFor(all, clientId, now).map(({ document }) => document)
  expect(sent('app', 999)).toEqual(['of app'])
  expect(sent('app', 1_000)).toEqual([])
  expect(sent('other', 1_000)).toEqual(['of '])
})

describe('access certificates of relying parties', () => {
  const OWN = '/tenants/demo/relying-parties/app/request-certificate'

  test('TR-40 a relying party asks in its own name, and a login under way goes on', async () => {
    const tenants = (await requestObject()).client_id
    const attempt = await bridge.tenant.relyingParty.begin()
    const browser = createBrowser()
    const page = await browser.get(attempt.url)
    const made = await admin.put(OWN, {})
    expect(made.status).toBe(200)
    const own = (await requestObject()).client_id
    expect([own, own === tenants]).toEqual([made.body.client_id, false])
    await logIn(bridge, await bridge.newWallet())
    // VP-042: what began with the old certificate ends with it.
    const wallet = await bridge.newWallet()
    expect((await wallet.present(walletLinkOn(page.text))).status).toBe(200)
    // The tenant's own certificate is another matter.
    const { request_certificate: tenantOwn } = (await admin.get('/tenants/demo')).body as {
      request_certificate: { client_id: string }
    }
    expect(tenantOwn.client_id).toBe(tenants)
  })

  test('TR-40 and in the tenant’s name again', async () => {
    const own = (await requestObject()).client_id
    expect((await admin.delete(OWN)).status).toBe(204)
    expect((await requestObject()).client_id).not.toBe(own)
    expect((await admin.delete(OWN)).status).toBe(404)
    const nobody = '/tenants/demo/relying-parties/nobody/request-certificate'
    expect((await admin.put(nobody, {})).status).toBe(404)
  })
})

describe('what ends when', () => {
  const read = async () =>
    (await admin.get('/tenants/demo/expiry-calendar')).body.expiries as {
      kind: string
      name: string
      state: string
    }[]

  test('issue 6 item 8 the calendar has certificates, anchors and keys, and says what ends soon', async () => {
    const calendar = await read()
    expect(new Set(calendar.map(({ kind }) => kind))).toEqual(
      new Set(['request_certificate', 'registration_certificate', 'trust_anchor', 'signing_key']),
    )
    expect(calendar.every(({ state }) => state === 'good')).toBe(true)
    // Of certificates the one that is in use, and none that was replaced or dropped.
    const { request_certificate: inUse } = (await admin.get('/tenants/demo')).body as {
      request_certificate: { kid: string }
    }
    const certificates = calendar.filter(({ kind }) => kind === 'request_certificate')
    expect(certificates.map(({ name }) => name)).toEqual([inUse.kid])
    bridge.clock.advance(80 * DAY)
    admin = await adminWith(bridge, ADMIN_SCOPE_NAMES)
    expect((await read()).filter(({ state }) => state === 'soon')).toMatchObject([
      { kind: 'registration_certificate' },
    ])
  })

  test('issue 6 item 8 the job warns, and the metric counts', async () => {
    const { deps } = bridge
    const job = watchExpiryJob((tenant) => calendarOf(deps, tenant))
    await runIfDue(deps, job, 'test')
    const metrics = await (await fetch(`${bridge.url}/metrics`)).text()
    expect(metrics).toContain('bridge_expiring{kind="registration_certificate",state="soon"} 1')
    expect(metrics).toContain('bridge_expiring{kind="trust_anchor",state="expired"} 0')
    expect(bridge.lines.some((line) => line.includes('something ends soon'))).toBe(true)
  })
})
