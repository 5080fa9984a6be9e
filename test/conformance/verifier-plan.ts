/**
 * The modules of the OpenID Foundation's verifier plans for OpenID4VP 1.0 (protocols 6.13; the modules about status are
 * newer), one test a module and named after it, in both credential formats of the plans. The suite is a mock wallet there;
 * the simulator is one here. A 4xx at the POST is a pass as it is there (CF-03), so every refusal is asked for at that place.
 */
import { createHash, X509Certificate } from 'node:crypto'
import { compactVerify, decodeProtectedHeader } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Browser, createBrowser, walletLinkOn } from '../../demo/browser.ts'
import { answerWith, type Case, type Situation } from '../../simulator/cases.ts'
import { mapOf } from '../../simulator/cbor.ts'
import { spoilSignature } from '../../simulator/jose.ts'
import { readRequest } from '../../simulator/request.ts'
import type { SdJwtForgery } from '../../simulator/sd-jwt.ts'
import { MDOC, SD_JWT } from '../../simulator/variants.ts'
import { createWorld, DEFAULT_SEED, documentsOf, type World } from '../../simulator/world.ts'
import { publishPolicy } from '../../src/flow/publish-policy.ts'
import { ACTOR, type Bridge, startBridge, type TestTenant } from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import {
  LISTED,
  REVOKED,
  type StatusLists,
  serveStatusLists,
  UNLISTED,
  VALID,
} from './status-lists.ts'

export interface Plan {
  /** As the suite calls it. */
  name: string
  settings: Parameters<Bridge['addTenant']>[1]
  /** Prefix of the client identifier, and whether the answer must be encrypted. */
  prefix: 'x509_hash' | 'x509_san_dns'
  responseMode: 'direct_post' | 'direct_post.jwt'
}

type Of = Pick<Case, 'format' | 'variant'>
type Forgery = NonNullable<Parameters<typeof answerWith>[2]>

const YEAR = 365 * 86_400

/** The suite as a mock wallet, on a bridge of its own once the tests run. */
interface Suite {
  bridge(): Bridge
  world(): World
  lists(): StatusLists
  open(method?: 'GET' | 'POST'): Promise<Opened>
  /** Posts the answer to a request. */
  answer(
    situation: Situation,
    of: Of,
    forgery?: Forgery,
  ): Promise<{ status: number; body: Record<string, unknown> }>
  /** Answers a fresh request, to be refused at the POST for this reason. */
  refused(of: Of, forgery: Forgery, reason: string): Promise<void>
}

/** A login whose page is open in a browser, and the request a wallet would get. */
interface Opened {
  browser: Browser
  link: URLSearchParams
  uri: string
  requestObject: string
  situation: Situation
}

/** Declares the plan's modules as tests. */
export function describeVerifierPlan(plan: Plan): void {
  const suite = prepareSuite(plan)
  describe(plan.name, () => {
    test('request object: signed by the leaf that the client identifier names, all that 1.0 asks for inside', async () => {
      const { link, requestObject, situation } = await suite.open()
      await requireRequest(requestObject, plan)
      expect(link.get('client_id')).toBe(situation.request.client_id)
      expect(situation.request.response_mode).toBe(plan.responseMode)
    })

    test('encryption keys differ from request to request', async () => {
      const opened = await Promise.all(Array.from({ length: 10 }, () => suite.open()))
      const keys = opened.map(({ situation }) => situation.request.client_metadata?.jwks?.keys[0])
      const texts = new Set(keys.map((key) => key && `${key.x} ${key.y}`))
      if (plan.responseMode === 'direct_post') expect(texts).toEqual(new Set([undefined]))
      else expect(texts.size).toBe(10)
    })

    describe('sd_jwt_vc', () => {
      const of: Of = { format: SD_JWT, variant: 'eudi-pid' }
      declareCommon(suite, of)
      declareSdJwt(suite, of)
    })

    describe('iso_mdl', () => {
      const of: Of = { format: MDOC, variant: 'mdl' }
      declareCommon(suite, of)
      test('invalid-credential-signature', async () => {
        const spoil: Forgery = {
          mdoc: { issuerAuth: (parts) => void parts.splice(3, 1, flip(parts[3])) },
        }
        await suite.refused(of, spoil, 'issuer_signature_invalid')
      })
      test('invalid-session-transcript', async () => {
        const spoil: Forgery = { mdoc: { transcript: { nonce: 'other' } } }
        await suite.refused(of, spoil, 'key_binding_invalid')
      })
      test('present-credential-on-identifier-list', async () => {
        const at = (id: Uint8Array): Forgery => {
          const identifiers = mapOf({ id, uri: suite.lists().identifiers })
          const status = mapOf({ identifier_list: identifiers })
          return { mdoc: { mso: (mso) => void mso.set('status', status) } }
        }
        await suite.refused(of, at(LISTED), 'credential_revoked')
        const { situation } = await suite.open()
        expect((await suite.answer(situation, of, at(UNLISTED))).status).toBe(200)
      })
    })
  })
}

function declareCommon({ bridge, lists, open, answer, refused }: Suite, of: Of): void {
  test('happy-flow', async () => {
    const { browser, situation } = await open()
    const { status, body } = await answer(situation, of, withStatus(of, lists(), VALID))
    expect(status).toBe(200)
    expect(Object.keys(body)).toEqual(['redirect_uri'])
    const onward = await browser.get(String(body.redirect_uri))
    expect(onward.location).toContain(bridge().institution.issuer)
  })

  test('present-credential-without-status', async () => {
    const { situation } = await open()
    expect((await answer(situation, of)).status).toBe(200)
  })

  test('present-revoked-credential', async () => {
    await refused(of, withStatus(of, lists(), REVOKED), 'credential_revoked')
  })

  test('request-uri-method-post', async () => {
    const { link, situation, requestObject } = await open('POST')
    expect(link.get('request_uri_method')).toBe('post')
    expect(readRequest(requestObject)).toMatchObject({ wallet_nonce: 'nonce-of-the-wallet' })
    expect((await answer(situation, of)).status).toBe(200)
  })

  test('request-uri-fetched-twice', async () => {
    const { uri, situation } = await open()
    const { nonce, state, client_metadata: metadata } = situation.request
    const again = readRequest(await fetchRequest(uri, 'GET'))
    expect(again).toMatchObject({ nonce, state })
    expect(again.client_metadata?.jwks).toEqual(metadata?.jwks)
    expect((await answer(situation, of)).status).toBe(200)
  })
}

function declareSdJwt({ world, open, answer, refused }: Suite, of: Of): void {
  test('minimal-cnf-jwk', async () => {
    const { situation } = await open()
    const { kty, crv, x, y } = situation.holder.jwk
    const payload = { cnf: { jwk: { kty, crv, x, y } } }
    expect((await answer(situation, of, { sdJwt: { payload } })).status).toBe(200)
  })

  test.each<[string, string, () => SdJwtForgery]>([
    [
      'invalid-credential-signature',
      'issuer_signature_invalid',
      () => ({ issuerJwt: spoilSignature }),
    ],
    ['invalid-kb-jwt-signature', 'key_binding_invalid', () => ({ bindingJwt: spoilSignature })],
    ['invalid-sd-hash', 'key_binding_invalid', () => binding({ sd_hash: 'A'.repeat(43) })],
    ['invalid-kb-jwt-nonce', 'nonce_mismatch', () => binding({ nonce: 'invalid' })],
    ['invalid-kb-jwt-aud', 'audience_mismatch', () => binding({ aud: 'https://invalid.example' })],
    ['kb-jwt-iat-in-past', 'key_binding_invalid', () => binding({ iat: world().now - YEAR })],
    ['kb-jwt-iat-in-future', 'key_binding_invalid', () => binding({ iat: world().now + YEAR })],
  ])('%s', async (_module, reason, forge) => {
    await refused(of, { sdJwt: forge() }, reason)
  })
}

/** A credential whose status is at this place of a list. */
function withStatus({ format }: Of, lists: StatusLists, idx: number): Forgery {
  if (format === SD_JWT)
    return { sdJwt: { payload: { status: { status_list: { uri: lists.jwt, idx } } } } }
  const status = mapOf({ status_list: mapOf({ uri: lists.cwt, idx }) })
  return { mdoc: { mso: (mso) => void mso.set('status', status) } }
}

function binding(bindingPayload: Record<string, unknown>): SdJwtForgery {
  return { bindingPayload }
}

function prepareSuite(plan: Plan): Suite {
  let bridge: Bridge
  let tenant: TestTenant
  let world: World
  let lists: StatusLists
  let number = 0
  beforeAll(async () => {
    bridge = await startBridge()
    tenant = await bridge.addTenant('verifier', plan.settings)
    world = createWorld(DEFAULT_SEED, bridge.clock.now())
    lists = await serveStatusLists(world)
    for (const [kind, document] of Object.entries(documentsOf(world, [SD_JWT, MDOC])))
      await publishPolicy(bridge.deps, ACTOR, tenant.slug, kind as 'trust', document)
  })
  afterAll(async () => {
    await bridge.stop()
    await lists.close()
  })

  const open: Suite['open'] = async (method = 'GET') => {
    const browser = createBrowser()
    const page = await browser.get((await tenant.relyingParty.begin()).url)
    const link = new URL(walletLinkOn(page.text)).searchParams
    const uri = link.get('request_uri') ?? ''
    const requestObject = await fetchRequest(uri, method)
    const situation: Situation = {
      ...{ world, request: readRequest(requestObject), label: `module ${++number}` },
      ...{ holder: world.seed.key(`holder ${number}`), other: world.seed.key('other holder') },
    }
    return { browser, link, uri, requestObject, situation }
  }
  const answer: Suite['answer'] = async (situation, of, forgery) => {
    const response = await fetch(situation.request.response_uri, {
      method: 'POST',
      body: answerWith(situation, of, forgery),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      redirect: 'manual',
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const refused: Suite['refused'] = async (of, forgery, reason) => {
    const { status, body } = await answer((await open()).situation, of, forgery)
    expect(status).toBe(400)
    expect(body).not.toHaveProperty('redirect_uri')
    const [event] = await query<{ reason: string }>(
      bridge.database.superuserUrl,
      `SELECT detail::jsonb ->> 'reason' AS reason FROM audit_event
        WHERE event_type = 'presentation_refused' ORDER BY seq DESC LIMIT 1`,
    )
    expect(event?.reason).toBe(reason)
  }
  return { bridge: () => bridge, world: () => world, lists: () => lists, open, answer, refused }
}

async function fetchRequest(uri: string, method: 'GET' | 'POST'): Promise<string> {
  const body = new URLSearchParams({ wallet_nonce: 'nonce-of-the-wallet' })
  const response = await fetch(uri, method === 'POST' ? { method, body } : {})
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/oauth-authz-req+jwt')
  return await response.text()
}

/** What the suite looks at in a request object. */
async function requireRequest(requestObject: string, plan: Plan): Promise<void> {
  const { x5c = [], typ } = decodeProtectedHeader(requestObject) as { x5c?: string[]; typ?: string }
  expect(typ).toBe('oauth-authz-req+jwt')
  const der = Buffer.from(x5c[0] ?? '', 'base64')
  const leaf = new X509Certificate(der)
  const { payload } = await compactVerify(requestObject, leaf.publicKey, { algorithms: ['ES256'] })
  const claims = JSON.parse(new TextDecoder().decode(payload))
  const name =
    plan.prefix === 'x509_hash'
      ? createHash('sha256').update(der).digest('base64url')
      : new URL(claims.response_uri).hostname
  expect(claims).toMatchObject({
    ...{ client_id: `${plan.prefix}:${name}`, aud: 'https://self-issued.me/v2' },
    ...{ response_type: 'vp_token', nonce: expect.stringMatching(/^[\w.~-]{43,}$/) },
    dcql_query: { credentials: expect.any(Array) },
    client_metadata: { vp_formats_supported: { 'dc+sd-jwt': {}, mso_mdoc: {} } },
  })
  expect(claims).not.toHaveProperty('redirect_uri')
  expect(leaf.checkIssued(leaf)).toBe(false)
}

function flip(bytes: unknown): Uint8Array {
  const changed = Uint8Array.from(bytes as Uint8Array)
  changed[10] = (changed[10] ?? 0) ^ 1
  return changed
}
