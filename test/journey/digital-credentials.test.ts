/** A login through the Digital Credentials API, at the HTTP boundary: what the page hands to the browser and brings back. */
import { X509Certificate } from 'node:crypto'
import { compactVerify, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Browser, createBrowser, walletLinkOn } from '../../demo/browser.ts'
import type { Attempt } from '../../demo/relying-party.ts'
import type { DigitalAnswer, DigitalRequest, Wallet } from '../../demo/wallet.ts'
import { ACR } from '../../src/domain/assurance.ts'
import type { PolicyKind } from '../../src/domain/policy.ts'
import { publishPolicy } from '../../src/flow/publish-policy.ts'
import { switchTenant } from '../../src/flow/switch-tenant.ts'
import {
  ACTOR,
  type Bridge,
  logIn,
  REDIRECT_URI,
  startBridge,
  type TestTenant,
} from '../support/bridge.ts'
import { MDL_DOCUMENTS, mdlWallet } from '../support/mdl-wallet.ts'
import { query } from '../support/postgres.ts'
import { eventsOf, journeyState } from '../threats/attack.ts'
import { createMdocIssuer } from '../wallet/mdoc-world.ts'

let bridge: Bridge
let wallet: Wallet
/** Asks without encryption. */
let plain: TestTenant
beforeAll(async () => {
  bridge = await startBridge()
  plain = await bridge.addTenant('plain', { responseMode: 'direct_post' })
  wallet = await bridge.newWallet()
  await logIn(bridge, wallet)
})
afterAll(() => bridge.stop())

interface Opened {
  browser: Browser
  attempt: Attempt
  text: string
  journeyId: string
  base: string
}

async function open(
  tenant = bridge.tenant,
  parameters: Record<string, string> = {},
): Promise<Opened> {
  const browser = createBrowser()
  const attempt = await tenant.relyingParty.begin(parameters)
  const { text } = await browser.get(attempt.url)
  const journeyId = /\/login\/([0-9a-f-]{36})\/status/.exec(text)?.[1] ?? ''
  return { browser, attempt, text, journeyId, base: `${tenant.issuer}/login/${journeyId}` }
}

interface Sent {
  origin?: string | undefined
  type?: string
}

/** A POST as the page's script makes it, with what an attacker might change. */
async function post({ browser, base }: Opened, path: string, body?: unknown, sent: Sent = {}) {
  const origin = 'origin' in sent ? sent.origin : bridge.url
  const response = await fetch(`${base}/${path}`, {
    method: 'POST',
    headers: {
      cookie: browser.cookies(base),
      'content-type': sent.type ?? 'application/json',
      ...(origin === undefined ? {} : { origin }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as { requests: DigitalRequest[]; next: string },
  }
}

async function ask(opened: Opened): Promise<readonly DigitalRequest[]> {
  const asked = await post(opened, 'credential-request')
  expect(asked.status).toBe(200)
  expect(asked.headers.get('cache-control')).toBe('no-store')
  return asked.body.requests
}

const bring = (opened: Opened, credential: DigitalAnswer) => post(opened, 'credential', credential)

async function finish({ browser, attempt }: Opened, next: string) {
  const end = await browser.follow(new URL(next, bridge.url).href, (url) =>
    url.startsWith(REDIRECT_URI),
  )
  return attempt.finish(end.location ?? '')
}

const payloadOf = (jwt: string) =>
  JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())
const signedOf = (requests: readonly DigitalRequest[]) => String(requests[0]?.data.request)

describe('what the page hands to the browser', () => {
  let requests: readonly DigitalRequest[]
  beforeAll(async () => {
    requests = await ask(await open())
  })

  test('VP-115, HA-12 signed, multi-signed and unsigned, in this order', () => {
    expect(requests.map(({ protocol }) => protocol)).toEqual([
      'openid4vp-v1-signed',
      'openid4vp-v1-multisigned',
      'openid4vp-v1-unsigned',
    ])
  })

  test('VP-116, VP-117 the signed one says for which origin it is, and has neither state nor address', async () => {
    const jwt = signedOf(requests)
    const header = decodeProtectedHeader(jwt)
    expect(header).toMatchObject({ typ: 'oauth-authz-req+jwt', alg: 'ES256' })
    const { publicKey } = new X509Certificate(Buffer.from(header.x5c?.[0] ?? '', 'base64'))
    await compactVerify(jwt, publicKey, { algorithms: ['ES256'] })
    const payload = payloadOf(jwt)
    expect(payload).toMatchObject({
      response_type: 'vp_token',
      response_mode: 'dc_api.jwt',
      aud: 'https://self-issued.me/v2',
      client_id: expect.stringMatching(/^x509_hash:/),
      expected_origins: [bridge.url],
    })
    for (const name of ['state', 'response_uri', 'redirect_uri', 'request_uri'])
      expect(payload).not.toHaveProperty(name)
  })

  test('VP-117 the unsigned one names nobody', () => {
    const data = requests.find(({ protocol }) => protocol === 'openid4vp-v1-unsigned')?.data
    expect(Object.keys(data ?? {}).sort()).toEqual([
      ...['client_metadata', 'dcql_query', 'nonce', 'response_mode', 'response_type'],
    ])
    expect(data).toMatchObject({ nonce: payloadOf(signedOf(requests)).nonce })
  })

  test('VP-118 of the multi-signed one each header names its signer, and the payload nobody', () => {
    const request = requests.find(({ protocol }) => protocol === 'openid4vp-v1-multisigned')?.data
      .request
    if (typeof request !== 'object') throw new Error('no multi-signed request')
    const names = request.signatures.map(
      (one) => JSON.parse(Buffer.from(one.protected, 'base64url').toString()).client_id,
    )
    expect(names).toEqual([
      payloadOf(signedOf(requests)).client_id,
      `x509_san_dns:${new URL(bridge.url).hostname}`,
    ])
    const payload = JSON.parse(Buffer.from(request.payload, 'base64url').toString())
    expect(payload).not.toHaveProperty('client_id')
    expect(payload.expected_origins).toEqual([bridge.url])
  })

  test('VP-003, HA-05 each has a nonce and a key of its own, and no other request of the login has them', async () => {
    const opened = await open()
    const { requestObject } = await wallet.fetchRequest(walletLinkOn(opened.text))
    const payloads = [
      payloadOf(signedOf(await ask(opened))),
      payloadOf(signedOf(await ask(opened))),
      payloadOf(requestObject),
    ]
    const of = (read: (payload: (typeof payloads)[number]) => unknown) =>
      new Set(payloads.map(read)).size
    expect([of(({ nonce }) => nonce), of((one) => one.client_metadata.jwks.keys[0].x)]).toEqual([
      3, 3,
    ])
  })
})

describe('an answer', () => {
  test.each(['openid4vp-v1-signed', 'openid4vp-v1-multisigned', 'openid4vp-v1-unsigned'])(
    'HA-12 to %s logs the person in, and the token says how the wallet was reached',
    async (protocol) => {
      const opened = await open()
      const answer = await wallet.presentToPage(await ask(opened), bridge.url, { protocol })
      const { status, body } = await bring(opened, answer)
      expect(status).toBe(200)
      const { idToken } = await finish(opened, body.next)
      expect(idToken.acr).toBe('urn:identity-bridge:acr:wallet-digital-credentials')
      expect(idToken.amr).toEqual(['pop', 'wallet', 'digital_credentials'])
    },
  )

  test('HA-04 encrypted with A128GCM is as good', async () => {
    const opened = await open()
    const answer = await wallet.presentToPage(await ask(opened), bridge.url, { enc: 'A128GCM' })
    expect((await bring(opened, answer)).status).toBe(200)
  })

  test('VP-116 in the clear where the tenant asks for no encryption', async () => {
    const opened = await open(plain)
    const requests = await ask(opened)
    expect(payloadOf(signedOf(requests)).response_mode).toBe('dc_api')
    const answer = await wallet.presentToPage(requests, bridge.url)
    expect(answer.data).toHaveProperty('vp_token')
    expect((await bring(opened, answer)).status).toBe(200)
  })

  test('VP-074 in the clear where encryption was asked for is refused', async () => {
    const opened = await open()
    const [, , unsigned] = await ask(opened)
    const clear = { ...unsigned?.data, response_mode: 'dc_api' } as DigitalRequest['data']
    const request = { protocol: 'openid4vp-v1-unsigned', data: clear }
    const answer = await wallet.presentToPage([request], bridge.url)
    expect((await bring(opened, answer)).status).toBe(400)
    expect(await reasonsOf(opened)).toEqual(['unencrypted_response'])
  })

  test('VP-119 for another origin is refused, whatever the Origin header says', async () => {
    const opened = await open()
    const [, , unsigned] = await ask(opened)
    const elsewhere = 'https://phisher.example'
    const answer = await wallet.presentToPage([unsigned as DigitalRequest], elsewhere)
    expect((await post(opened, 'credential', answer, { origin: elsewhere })).status).toBe(403)
    expect((await bring(opened, answer)).status).toBe(400)
    expect(await reasonsOf(opened)).toEqual(['audience_mismatch'])
  })

  test('VP-040 with the client identifier as audience, as by a link, is refused', async () => {
    const opened = await open()
    const requests = await ask(opened)
    const payload = payloadOf(signedOf(requests))
    const byLink = { ...payload, response_uri: '', state: 's'.repeat(22) }
    const body = new URLSearchParams(
      wallet.prepare({ ...byLink, response_mode: 'direct_post.jwt' }).body,
    )
    const data = { response: body.get('response') }
    const answer = { protocol: 'openid4vp-v1-signed', data }
    expect((await bring(opened, answer)).status).toBe(400)
    expect(await reasonsOf(opened)).toEqual(['audience_mismatch'])
  })

  test('VP-120 from another browser finds no login', async () => {
    const [mine, theirs] = [await open(), await open()]
    const answer = await wallet.presentToPage(await ask(mine), bridge.url)
    const stolen = { ...mine, browser: theirs.browser }
    expect((await bring(stolen, answer)).status).toBe(404)
    expect((await post(stolen, 'credential-request')).status).toBe(404)
    expect((await journeyState(bridge, mine.journeyId)).state).toBe('started')
  })

  test('VP-120 in another login of the same browser is refused', async () => {
    const first = await open()
    const attempt = await bridge.tenant.relyingParty.begin()
    const { text } = await first.browser.get(attempt.url)
    const journeyId = /\/login\/([0-9a-f-]{36})\/status/.exec(text)?.[1] ?? ''
    const second = {
      ...{ ...first, attempt, text, journeyId },
      base: first.base.replace(first.journeyId, journeyId),
    }
    const answer = await wallet.presentToPage(await ask(first), bridge.url)
    await ask(second)
    expect((await bring(second, answer)).status).toBe(400)
  })

  test('VP-130 to the question before is refused, and so is any to none', async () => {
    const opened = await open()
    const old = await wallet.presentToPage(await ask(opened), bridge.url)
    await ask(opened)
    expect((await bring(opened, old)).status).toBe(400)
    const unasked = await open()
    expect((await bring(unasked, old)).status).toBe(404)
  })

  test('VP-130 by the link, brought to the page, is refused', async () => {
    const opened = await open()
    await ask(opened)
    const { requestObject } = await wallet.fetchRequest(walletLinkOn(opened.text))
    const data = {
      response: new URLSearchParams(wallet.prepare(requestObject).body).get('response'),
    }
    expect((await bring(opened, { protocol: 'openid4vp-v1-signed', data })).status).toBe(400)
  })

  test.each([undefined, 'https://phisher.example', 'null'])(
    'VP-120 from a page of origin %s is refused',
    async (origin) => {
      const opened = await open()
      expect((await post(opened, 'credential-request', undefined, { origin })).status).toBe(403)
      const sent = { protocol: 'openid4vp-v1-signed', data: { error: 'access_denied' } }
      expect((await post(opened, 'credential', sent, { origin })).status).toBe(403)
      expect((await journeyState(bridge, opened.journeyId)).refusals).toBe(0)
    },
  )

  test('VP-121 an error counts as a refusal, leaves the other ways open, and ends the login at the third', async () => {
    const opened = await open()
    await ask(opened)
    const refusal = { protocol: 'openid4vp-v1-signed', data: { error: '<b>access_denied' } }
    expect((await bring(opened, refusal)).status).toBe(400)
    expect((await bring(opened, refusal)).status).toBe(400)
    expect((await wallet.fetchRequest(walletLinkOn(opened.text))).status).toBe(200)
    await bring(opened, refusal)
    expect(await journeyState(bridge, opened.journeyId)).toMatchObject({
      ...{ state: 'failed', failure: 'wallet_refused' },
    })
    expect((await bring(opened, refusal)).status).toBe(404)
  })

  test.each([
    ['no JSON', '{', 400],
    ['another protocol', { protocol: 'org-iso-mdoc', data: {} }, 400],
    ['no data', { protocol: 'openid4vp-v1-signed' }, 400],
    ['empty data', { protocol: 'openid4vp-v1-signed', data: {} }, 400],
    [
      'two kinds at once',
      { protocol: 'openid4vp-v1-signed', data: { error: 'x', response: 'y' } },
      400,
    ],
    ['a number', { protocol: 'openid4vp-v1-signed', data: { response: 1 } }, 400],
    [
      'what older drafts had',
      { protocol: 'openid4vp-v1-signed', data: { presentation_submission: {}, vp_token: {} } },
      400,
    ],
  ])('VP-141 with %s is refused', async (_, body, status) => {
    const opened = await open()
    await ask(opened)
    expect((await post(opened, 'credential', body)).status).toBe(status)
  })

  test('a form is no JSON', async () => {
    const sent = { type: 'application/x-www-form-urlencoded' }
    expect((await post(await open(), 'credential', 'a=b', sent)).status).toBe(415)
  })

  test('VP-080, VP-082 fifty at once: one is accepted, and nothing of the question is left', async () => {
    const opened = await open()
    const answer = await wallet.presentToPage(await ask(opened), bridge.url)
    const all = await Promise.all(Array.from({ length: 50 }, () => bring(opened, answer)))
    expect(all.filter(({ status }) => status === 200)).toHaveLength(1)
    const rows = await query(
      bridge.database.superuserUrl,
      `SELECT state, way, wallet_secrets, response_code_hash FROM journey WHERE id = '${opened.journeyId}'`,
    )
    expect(rows).toEqual([
      {
        state: 'presented',
        way: 'digital_credentials',
        wallet_secrets: null,
        response_code_hash: null,
      },
    ])
  })

  test('a stranger goes to the institution from here, too, and acr says both', async () => {
    const opened = await open()
    const stranger = await bridge.newWallet()
    const answer = await stranger.presentToPage(await ask(opened), bridge.url)
    const { body } = await bring(opened, answer)
    const end = await opened.browser.follow(new URL(body.next, bridge.url).href, (url) =>
      url.startsWith(bridge.institution.issuer),
    )
    expect(end.location).toContain(bridge.institution.issuer)
  })

  test('OP-20 an essential acr that only this way has: by a link it is not met', async () => {
    const claims = JSON.stringify({
      id_token: { acr: { essential: true, value: ACR.digitalCredentials } },
    })
    const met = await open(bridge.tenant, { claims })
    const answer = await wallet.presentToPage(await ask(met), bridge.url)
    const { body } = await bring(met, answer)
    expect((await finish(met, body.next)).idToken.acr).toBe(ACR.digitalCredentials)
    const unmet = await open(bridge.tenant, { claims })
    const reply = await wallet.present(walletLinkOn(unmet.text))
    const end = await unmet.browser.get(reply.redirectUri ?? '')
    expect(end.location ?? end.text).toContain('unmet_authentication_requirements')
  })
})

test('VP-105, VP-106, HA-12 an mdoc comes through the browser, bound to our origin and the response key; for another origin it is refused', async () => {
  const issuer = createMdocIssuer({ now: Date.now() })
  const tenant = await bridge.addTenant('mdl')
  const entries = [...bridge.issuer.trustPolicy().entries, issuer.trustEntry()]
  for (const [kind, document] of Object.entries({ trust: { entries }, ...MDL_DOCUMENTS }))
    await publishPolicy(bridge.deps, ACTOR, tenant.slug, kind as PolicyKind, document)
  const licence = await mdlWallet(issuer)
  const unsigned = { protocol: 'openid4vp-v1-unsigned' }
  const opened = await open(tenant)
  const phished = await licence.presentToPage(
    await ask(opened),
    'https://phisher.example',
    unsigned,
  )
  expect((await bring(opened, phished)).status).toBe(400)
  expect(await reasonsOf(opened)).toEqual(['key_binding_invalid'])
  const answer = await licence.presentToPage(await ask(opened), bridge.url)
  expect((await bring(opened, answer)).status).toBe(200)
})

test('a tenant that does not ask through the browser has neither button nor route', async () => {
  const tenant = await bridge.addTenant('no-digital', { digitalCredentials: false })
  const opened = await open(tenant)
  expect(opened.text).not.toContain('credential-request')
  expect((await post(opened, 'credential-request')).status).toBe(404)
  expect((await open()).text).toContain('/credential-request"')
  // Switched off meanwhile, an answer is none any more.
  await switchTenant(bridge.deps, ACTOR, tenant.slug, { digitalCredentials: true })
  bridge.deps.tenants.forget(tenant.slug)
  const asked = await open(tenant)
  const answer = await wallet.presentToPage(await ask(asked), bridge.url)
  await switchTenant(bridge.deps, ACTOR, tenant.slug, { digitalCredentials: false })
  bridge.deps.tenants.forget(tenant.slug)
  expect((await bring(asked, answer)).status).toBe(404)
})

async function reasonsOf({ journeyId }: Opened): Promise<unknown[]> {
  return (await eventsOf(bridge, journeyId)).map(({ detail }) => detail.reason)
}
