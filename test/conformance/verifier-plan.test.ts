/**
 * The modules of the OpenID Foundation's verifier plans (protocols 6.13), `oid4vp-1final-verifier-test-plan` and
 * `oid4vp-1final-verifier-haip-test-plan`, one test a module and plan, named after the module (CF-02). The wallet is a
 * mock in the suite and made by hand here (`demo/wallet-answer.ts`: no line of the bridge); the happy flow and the mdocs come
 * from independent libraries. As in the suite a refusal is a 4xx at the POST (CF-03).
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Browser, createBrowser, walletLinkOn } from '../../demo/browser.ts'
import { createWallet, type Forgery, readRequest, type Wallet } from '../../demo/wallet.ts'
import type { PolicyKind } from '../../src/domain/policy.ts'
import { publishPolicy } from '../../src/flow/publish-policy.ts'
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
import { journeyIdOn, journeyState } from '../threats/attack.ts'
import { createMdocIssuer, type MdocIssuer } from '../wallet/mdoc-world.ts'

let bridge: Bridge
let licences: MdocIssuer
beforeAll(async () => {
  bridge = await startBridge()
  licences = createMdocIssuer({ now: Date.now() })
})
afterAll(() => bridge.stop())

/** What the plans' variants ask of the verifier. */
const PLANS = {
  'oid4vp-1final-verifier-test-plan': { clientIdPrefix: 'x509_san_dns', crossDevice: true },
  'oid4vp-1final-verifier-haip-test-plan': { haip: true, crossDevice: false },
} as const

describe.each(Object.entries(PLANS))('%s', (plan, settings) => {
  let sdJwt: TestTenant
  let isoMdl: TestTenant
  let wallet: Wallet
  beforeAll(async () => {
    const slug = plan.includes('haip') ? 'haip' : 'plain'
    sdJwt = await bridge.addTenant(slug, settings)
    isoMdl = await bridge.addTenant(`${slug}-mdl`, settings)
    const entries = [...bridge.issuer.trustPolicy().entries, licences.trustEntry()]
    for (const [kind, document] of Object.entries({ trust: { entries }, ...MDL_DOCUMENTS }))
      await publishPolicy(bridge.deps, ACTOR, isoMdl.slug, kind as PolicyKind, document)
    wallet = await bridge.newWallet()
    await logIn(bridge, wallet, { tenant: sdJwt })
  })

  async function start(tenant: TestTenant, browser: Browser = createBrowser()) {
    const attempt = await tenant.relyingParty.begin()
    const page = await browser.get(attempt.url)
    const link = walletLinkOn(page.text)
    return { attempt, browser, link, journeyId: journeyIdOn(page) }
  }

  /** A dishonest answer is refused at once with nothing in it, and the login has not moved on. */
  async function expectRefusal(answering: Wallet, forgery: Forgery): Promise<void> {
    const { link, journeyId } = await start(sdJwt)
    const { requestObject } = await answering.fetchRequest(link)
    const reply = await answering.post(answering.prepare(requestObject, forgery))
    expect(reply.status).toBe(400)
    expect(reply.redirectUri).toBeUndefined()
    expect(await journeyState(bridge, journeyId)).toMatchObject({
      ...{ state: 'retrieved', refusals: 1, presentation: null },
    })
  }

  test('happy-flow', async () => {
    const { attempt, browser, link } = await start(sdJwt)
    const reply = await wallet.present(link)
    expect(reply.status).toBe(200)
    expect(Object.keys(reply.body as object)).toEqual(['redirect_uri'])
    const end = await browser.follow(reply.redirectUri ?? '', (url) => url.startsWith(REDIRECT_URI))
    const { claims } = await attempt.finish(end.location ?? '')
    expect(claims).toMatchObject({ given_name: 'Sanne' })
  })

  test('happy-flow, as the suite looks at the request: keys differ, and only what can be disclosed is asked for', async () => {
    const keys = new Set<string | undefined>()
    for (let runs = 0; runs < 3; runs += 1) {
      const { link } = await start(sdJwt)
      const request = readRequest((await wallet.fetchRequest(link)).requestObject)
      keys.add(request.client_metadata.jwks?.keys[0]?.x)
      const asked = request.dcql_query.credentials.flatMap(({ claims = [] }) =>
        claims.map(({ path }) => path[0]),
      )
      for (const always of ['iss', 'vct', 'cnf', 'exp', 'status'])
        expect(asked).not.toContain(always)
    }
    expect(keys.size).toBe(3)
  })

  test('happy-flow, iso_mdl', async () => {
    const { link } = await start(isoMdl)
    const reply = await (await mdlWallet(licences)).present(link)
    expect(reply.status).toBe(200)
  })

  test('minimal-cnf-jwk', async () => {
    const minimal = createWallet()
    expect(Object.keys(minimal.publicJwk).sort()).toEqual(['crv', 'kty', 'x', 'y'])
    minimal.add(
      await bridge.issuer.issue(
        { given_name: 'Min', family_name: 'Imal', schac_home_organization: 'x.example' },
        minimal.publicJwk,
      ),
    )
    const { link } = await start(sdJwt)
    const { requestObject } = await minimal.fetchRequest(link)
    expect((await minimal.post(minimal.prepare(requestObject))).status).toBe(200)
  })

  test('request-uri-method-post', async () => {
    const { link } = await start(sdJwt)
    expect(new URL(link).searchParams.get('request_uri_method')).toBe('post')
    const walletNonce = 'qPmxiNFCR3QTm19POc8u'
    const { status, requestObject } = await wallet.fetchRequest(link, { walletNonce })
    expect(status).toBe(200)
    expect(readRequest(requestObject).wallet_nonce).toBe(walletNonce)
    expect((await wallet.post(wallet.prepare(requestObject))).status).toBe(200)
  })

  test('request-uri-fetched-twice', async () => {
    const { link } = await start(sdJwt)
    const [first, second] = [await wallet.fetchRequest(link), await wallet.fetchRequest(link)]
    const [one, two] = [readRequest(first.requestObject), readRequest(second.requestObject)]
    expect([two.nonce, two.state]).toEqual([one.nonce, one.state])
    expect(two.client_metadata).toEqual(one.client_metadata)
    expect((await wallet.post(wallet.prepare(second.requestObject))).status).toBe(200)
  })

  test.each([
    ['nonce', { nonce: 'x'.repeat(43) }],
    ['client_id', { client_id: 'x509_hash:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' }],
    ['response_uri', { response_uri: 'https://verifier.example/response' }],
  ])('invalid-session-transcript, its %s', async (_, change) => {
    const licence = await mdlWallet(licences, { spoil: (request) => ({ ...request, ...change }) })
    const { link, journeyId } = await start(isoMdl)
    expect((await licence.present(link)).status).toBe(400)
    expect((await journeyState(bridge, journeyId)).state).toBe('retrieved')
  })

  test('invalid-kb-jwt-signature', async () => {
    await expectRefusal(wallet, { bindingKey: createWallet().holderKey })
    await expectRefusal(wallet, { alter: (text) => otherSignature(text) })
  })

  test('invalid-credential-signature', async () => {
    await expectRefusal(wallet, {
      alter: (text) => {
        const [issuerJwt = '', ...rest] = text.split('~')
        return [otherSignature(issuerJwt), ...rest].join('~')
      },
    })
  })

  test('invalid-sd-hash', async () => {
    await expectRefusal(wallet, { bindingPayload: { sd_hash: 'A'.repeat(43) } })
  })

  test('invalid-kb-jwt-nonce', async () => {
    await expectRefusal(wallet, { nonce: 'A'.repeat(43) })
  })

  test('invalid-kb-jwt-aud', async () => {
    await expectRefusal(wallet, { audience: 'x509_san_dns:other.example' })
  })

  test('kb-jwt-iat-in-past', async () => {
    await expectRefusal(wallet, { issuedAt: Math.floor(Date.now() / 1000) - 86_400 })
  })

  test('kb-jwt-iat-in-future', async () => {
    await expectRefusal(wallet, { issuedAt: Math.floor(Date.now() / 1000) + 86_400 })
  })

  test('every refusal above is in the audit trail, with its reason', async () => {
    const reasons = await query<{ reason: string }>(
      bridge.database.superuserUrl,
      `SELECT DISTINCT detail::json->>'reason' AS reason FROM audit_event JOIN tenant ON tenant.id = tenant_id
        WHERE event_type = 'presentation_refused' AND slug = '${sdJwt.slug}' ORDER BY 1`,
    )
    expect(reasons.map(({ reason }) => reason)).toEqual([
      ...['audience_mismatch', 'issuer_signature_invalid', 'key_binding_invalid', 'nonce_mismatch'],
    ])
  })
})

/** Another signature of the same length: its first character changed. */
function otherSignature(jwt: string): string {
  const at = jwt.lastIndexOf('.') + 1
  return `${jwt.slice(0, at)}${jwt[at] === 'A' ? 'B' : 'A'}${jwt.slice(at + 1)}`
}
