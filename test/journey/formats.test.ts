import { createHash } from 'node:crypto'
import { DateOnly } from '@animo-id/mdoc'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import { createWallet, type Wallet } from '../../demo/wallet.ts'
import type { Request } from '../../demo/wallet-answer.ts'
import { publishPolicy } from '../../src/flow/publish-policy.ts'
import {
  ACTOR,
  type Bridge,
  logIn,
  presentAt,
  startBridge,
  type TestTenant,
} from '../support/bridge.ts'
import { issueMdoc, presentMdocByLibrary } from '../support/mdoc-library.ts'
import { createMdocIssuer, MDL, MDL_NAMESPACE, type MdocIssuer } from '../wallet/mdoc-world.ts'

/* Every credential format from the wallet's link to the relying party's tokens, over HTTP, by wallets on other code. */

let bridge: Bridge
let issuer: MdocIssuer
let tenant: TestTenant
beforeAll(async () => {
  bridge = await startBridge()
  issuer = createMdocIssuer({ now: Date.now() })
  tenant = await bridge.addTenant('mdl')
  const publish = (kind: 'trust' | 'query' | 'attributes', document: unknown) =>
    publishPolicy(bridge.deps, ACTOR, tenant.slug, kind, document)
  const sdJwt = bridge.issuer.trustPolicy().entries
  await publish('trust', { entries: [...sdJwt, issuer.trustEntry()] })
  await publish('query', {
    credentials: [
      {
        ...{ id: 'mdl', format: 'mso_mdoc', meta: { doctype_value: MDL } },
        claims: [
          { path: [MDL_NAMESPACE, 'given_name'] },
          { path: [MDL_NAMESPACE, 'birth_date'] },
          { path: [MDL_NAMESPACE, 'age_over_18'] },
        ],
      },
    ],
  })
  await publish('attributes', {
    rules: [
      rule('given_name', true),
      { ...rule('birth_date', false), project: true },
      { ...rule('age_over_18', true), project: true },
    ],
  })
})
afterAll(() => bridge.stop())

function rule(element: string, persist: boolean) {
  return {
    ...{ name: element, merge: 'WALLET_ONLY', wallet: [MDL_NAMESPACE, element], persist },
    ...{ project: true, scope: 'openid' },
  }
}

interface Shown {
  request?: Request
  /** Spoils the request that the device signs for. */
  spoil?: (request: Request) => Request
}

async function mdlWallet(shown: Shown = {}): Promise<Wallet> {
  const wallet = createWallet()
  const { holderKey } = wallet
  const values = {
    given_name: 'Ada',
    family_name: 'Lovelace',
    birth_date: new DateOnly('1995-12-10'),
    age_over_18: true,
  }
  const nameSpaces = { [MDL_NAMESPACE]: values }
  const mdoc = await issueMdoc(issuer, { docType: MDL, nameSpaces, holderKey, now: Date.now() })
  wallet.addPresenter((query, request) => {
    shown.request = request
    const asked = shown.spoil?.(request) ?? request
    const paths = (query.claims ?? []).map((claim) => claim.path as unknown as [string, string])
    const facts = { ...asked, thumbprint: thumbprintOf(asked) }
    return presentMdocByLibrary(mdoc, holderKey, MDL, paths, facts)
  })
  return wallet
}

function thumbprintOf(request: Request): Uint8Array | null {
  const [key] = request.client_metadata.jwks?.keys ?? []
  if (key === undefined) return null
  const { x, y } = key
  const members = JSON.stringify({ crv: 'P-256', kty: 'EC', x, y })
  return Uint8Array.from(createHash('sha256').update(members).digest())
}

describe('an mdoc', () => {
  it('MD-12 leads a stranger through the institution once, and to the same subject afterwards', async () => {
    const shown: Shown = {}
    const wallet = await mdlWallet(shown)
    const first = await logIn(bridge, wallet, { tenant })
    expect(first.viaInstitution).toBe(true)
    const second = await logIn(bridge, wallet, { tenant })
    expect(second.viaInstitution).toBe(false)
    expect(second.login.idToken.sub).toBe(first.login.idToken.sub)
    expect(second.login.claims).toMatchObject({
      given_name: 'Ada',
      birth_date: '1995-12-10',
      age_over_18: true,
    })
    expect(second.login.claims).toEqual(first.login.claims)
  })

  it('VP-059 tells the wallet which elements will be kept', async () => {
    const shown: Shown = {}
    await logIn(bridge, await mdlWallet(shown), { tenant })
    expect(shown.request?.dcql_query.credentials[0]?.claims).toEqual([
      { path: [MDL_NAMESPACE, 'given_name'], intent_to_retain: true },
      { path: [MDL_NAMESPACE, 'birth_date'], intent_to_retain: false },
      { path: [MDL_NAMESPACE, 'age_over_18'], intent_to_retain: true },
    ])
    expect(shown.request?.client_metadata).toMatchObject({
      vp_formats_supported: {
        mso_mdoc: {
          issuerauth_alg_values: expect.arrayContaining([-7, -9]),
          deviceauth_alg_values: expect.arrayContaining([-7, -9]),
        },
      },
    })
  })

  it.each([
    ['VP-094 nonce', (request: Request) => ({ ...request, nonce: 'of-another-session' })],
    ['VP-132 verifier', (request: Request) => ({ ...request, client_id: 'x509_hash:other' })],
    [
      'VP-107 response address',
      (request: Request) => ({ ...request, response_uri: bridge.tenant.issuer }),
    ],
    ['VP-106 response key', (request: Request) => ({ ...request, client_metadata: {} })],
  ])('%s: signed for another one it is refused', async (_, spoil) => {
    const wallet = await mdlWallet({ spoil })
    const attempt = await tenant.relyingParty.begin()
    await expect(presentAt(createBrowser(), wallet, attempt)).rejects.toThrow('heard 400')
  })
})
