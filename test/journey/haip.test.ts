/**
 * The High Assurance Interoperability Profile 1.0 as a tenant's switch: each thing it refuses, and that a login works with
 * what is left. What it demands and we do always has its negatives elsewhere: HA-03 test/wallet/request-object, HA-13
 * test/wallet/mdoc, HA-14 and HA-17 test/wallet/sd-jwt-vc, HA-16 test/wallet/status-lookup, HA-09 and HA-10 test/threats.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createBrowser, walletLinkOn } from '../../demo/browser.ts'
import { demoPolicies } from '../../demo/policies.ts'
import { readRequest } from '../../demo/wallet.ts'
import { ADMIN_SCOPE_NAMES } from '../../src/domain/admin.ts'
import { HAIP, lintHaip, settingsAgainstHaip, trustWithinHaip } from '../../src/domain/haip.ts'
import { readPolicy } from '../../src/domain/policy.ts'
import { publishPolicy } from '../../src/flow/publish-policy.ts'
import { switchTenant } from '../../src/flow/switch-tenant.ts'
import { type Admin, adminWith } from '../http/admin/client.ts'
import { ACTOR, type Bridge, logIn, startBridge, type TestTenant } from '../support/bridge.ts'
import { journeyState } from '../threats/attack.ts'

let bridge: Bridge
let admin: Admin
let strict: TestTenant
beforeAll(async () => {
  bridge = await startBridge()
  admin = await adminWith(bridge, ADMIN_SCOPE_NAMES)
  strict = await bridge.addTenant('strict', { haip: true, crossDevice: false })
})
afterAll(() => bridge.stop())

const name = { en: 'Strict', nl: 'Streng' }
const publish = (kind: 'query' | 'trust', document: unknown) =>
  publishPolicy(bridge.deps, ACTOR, strict.slug, kind, document)

const byMetadata = {
  ...{ id: 'web', format: 'dc+sd-jwt', vct: ['urn:web'], mechanism: 'jwt-vc-issuer' },
  issuer: 'https://issuer.example',
}
const byDid = {
  ...{ id: 'did', format: 'jwt_vc_json', types: ['Degree'], mechanism: 'did' },
  issuers: ['did:web:university.example'],
}

describe('the switch', () => {
  test('HA-08 brings no QR code along, unless it is asked for by name', async () => {
    const off = await admin.post('/tenants', { slug: 'no-code', name, haip: true })
    expect(off.body).toMatchObject({ haip: true, cross_device: false })
    const on = await admin.post('/tenants', { slug: 'code', name, haip: true, cross_device: true })
    expect(on.body).toMatchObject({ haip: true, cross_device: true })
    const plain = await admin.post('/tenants', { slug: 'later', name })
    expect(plain.body).toMatchObject({ haip: false, cross_device: true })
    const turned = await admin.patch('/tenants/later', { haip: true })
    expect(turned.body).toMatchObject({ haip: true, cross_device: false })
    const allowed = await admin.patch('/tenants/later', { cross_device: true })
    expect(allowed.body).toMatchObject({ haip: true, cross_device: true })
  })

  test.each([
    ['HA-03 another name than x509_hash', { client_id_prefix: 'x509_san_dns' }],
    ['HA-04, HA-07 answers in the clear', { response_mode: 'direct_post' }],
  ])('%s is refused with it, and it beside that', async (_, member) => {
    expect((await admin.patch('/tenants/strict', member)).status).toBe(400)
    const slug = `was-${Object.keys(member)[0]?.replaceAll('_', '-')}`
    expect((await admin.post('/tenants', { slug, name, haip: true, ...member })).status).toBe(400)
    expect((await admin.post('/tenants', { slug, name, ...member })).status).toBe(201)
    expect((await admin.patch(`/tenants/${slug}`, { haip: true })).status).toBe(400)
  })

  test.each([
    [
      'HA-01 a question for a JWT VC',
      'query',
      [{ id: 'v', format: 'jwt_vc_json', meta: { type_values: [['Degree']] } }],
    ],
    ['HA-15 an issuer by its web metadata', 'trust', [byMetadata]],
    ['HA-15 an issuer by DID', 'trust', [byDid]],
  ] as const)(
    '%s is not published under it, and it is not switched on beside that',
    async (_, kind, list) => {
      const document = kind === 'query' ? { credentials: list } : { entries: list }
      await expect(publish(kind, document)).rejects.toMatchObject({
        failure: {
          kind: 'policy_refused',
          problems: expect.arrayContaining([expect.stringContaining('haip')]),
        },
      })
      const slug = `has-${kind}-${list[0].id}`
      const policies = { ...demoPolicies(bridge.issuer), [kind]: document }
      expect((await admin.post('/tenants', { slug, name, haip: true, policies })).status).toBe(422)
      // A material or rule of the demo may not fit the other question; what counts is that it stands before the switch.
      expect(
        (await admin.post('/tenants', { slug, name, policies: { [kind]: document } })).status,
      ).toBe(201)
      const turned = await admin.patch(`/tenants/${slug}`, { haip: true })
      expect(turned.status).toBe(400)
      expect(turned.text).toContain('haip')
    },
  )

  test('HA-20 each member toggled alone is found, and nothing else is', () => {
    const good = {
      haip: true,
      clientIdPrefix: 'x509_hash',
      responseMode: 'direct_post.jwt',
    } as const
    expect(settingsAgainstHaip(good)).toEqual([])
    expect(settingsAgainstHaip({ ...good, clientIdPrefix: 'x509_san_dns' })).toHaveLength(1)
    expect(settingsAgainstHaip({ ...good, responseMode: 'direct_post' })).toHaveLength(1)
    expect(
      settingsAgainstHaip({
        haip: false,
        clientIdPrefix: 'x509_san_dns',
        responseMode: 'direct_post',
      }),
    ).toEqual([])
    expect(HAIP.formats).toEqual(['dc+sd-jwt', 'mso_mdoc'])
  })

  test('HA-15 a login that began before knows only issuers by certificate from then on', () => {
    const [certified] = bridge.issuer.trustPolicy().entries
    const anchors = certified?.anchors
    const jwtVc = { id: 'vc', format: 'jwt_vc_json', types: ['Degree'], mechanism: 'x5c', anchors }
    const policy = readPolicy('trust', { entries: [certified, byMetadata, byDid, jwtVc] })
    // Each for its own reason: the format alone is refused, and so is the way to the issuer.
    expect(lintHaip({ trust: policy }).map(({ path }) => path)).toEqual([
      ...['entries.1.mechanism', 'entries.2.format', 'entries.2.mechanism', 'entries.3.format'],
    ])
    expect(trustWithinHaip(policy).entries.map(({ id }) => id)).toEqual(['demo'])
  })
})

describe('a login under the profile', () => {
  test('HA-02, HA-03, HA-04, HA-05, HA-07 works by a link on this device', async () => {
    const wallet = await bridge.newWallet()
    const page = await createBrowser().get((await strict.relyingParty.begin()).url)
    expect(page.text).not.toContain('qr.svg')
    const request = readRequest((await wallet.fetchRequest(walletLinkOn(page.text))).requestObject)
    expect(request.client_id).toMatch(/^x509_hash:[A-Za-z0-9_-]{43}$/)
    expect(request.response_mode).toBe('direct_post.jwt')
    expect(request.client_metadata).toMatchObject({
      encrypted_response_enc_values_supported: ['A256GCM', 'A128GCM'],
    })
    const { login } = await logIn(bridge, wallet, { tenant: strict })
    expect(login.idToken.acr).toContain(':wallet-same-device')
  })

  test('HA-11 its link may open wallets by a scheme of the profile', async () => {
    const tenant = await bridge.addTenant('scheme', { haip: true, walletScheme: 'haip-vp://' })
    const page = await createBrowser().get((await tenant.relyingParty.begin()).url)
    expect(page.text).toMatch(/href="haip-vp:\/\/\?client_id=x509_hash%3A/)
  })

  test.each(['A128GCM', 'A256GCM'] as const)('HA-04 takes %s', async (enc) => {
    const wallet = await bridge.newWallet()
    const page = await createBrowser().get((await strict.relyingParty.begin()).url)
    const { requestObject } = await wallet.fetchRequest(walletLinkOn(page.text))
    expect((await wallet.post(wallet.prepare(requestObject, { enc }))).status).toBe(200)
  })

  test('HA-07 refuses an answer in the clear', async () => {
    const wallet = await bridge.newWallet()
    const page = await createBrowser().get((await strict.relyingParty.begin()).url)
    const journeyId = /\/login\/([0-9a-f-]{36})\/status/.exec(page.text)?.[1] ?? ''
    const { requestObject } = await wallet.fetchRequest(walletLinkOn(page.text))
    const answer = wallet.prepare(requestObject, { mode: 'direct_post' })
    expect((await wallet.post(answer)).status).toBe(400)
    expect((await journeyState(bridge, journeyId)).state).toBe('retrieved')
  })

  test('HA-12 works through the browser, encrypted, signed by the one name of the profile or unsigned', async () => {
    const wallet = await bridge.newWallet()
    const browser = createBrowser()
    const page = await browser.get((await strict.relyingParty.begin()).url)
    const base = `${strict.issuer}/login/${/\/login\/([0-9a-f-]{36})\/status/.exec(page.text)?.[1]}`
    const post = async (path: string, body: unknown) => {
      const headers = {
        ...{ cookie: browser.cookies(base), origin: bridge.url },
        'content-type': 'application/json',
      }
      return fetch(`${base}/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    }
    const { requests } = (await (await post('credential-request', {})).json()) as {
      requests: Parameters<typeof wallet.presentToPage>[0]
    }
    expect(requests.map(({ protocol }) => protocol)).toEqual([
      ...['openid4vp-v1-signed', 'openid4vp-v1-unsigned'],
    ])
    expect(requests[1]?.data).toMatchObject({ response_mode: 'dc_api.jwt' })
    const answer = await wallet.presentToPage(requests, bridge.url)
    expect((await post('credential', answer)).status).toBe(200)
  })

  test('the command line turns it, too', async () => {
    await bridge.addTenant('by-command')
    const tenant = await switchTenant(bridge.deps, ACTOR, 'by-command', { haip: true })
    expect(tenant).toMatchObject({ haip: true, crossDevice: false })
  })
})
