/** Every credential format from the wallet's link to the relying party's tokens, over HTTP, by wallets on other code. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import { createWallet, type Wallet } from '../../demo/wallet.ts'
import type { Request } from '../../demo/wallet-answer.ts'
import type { PolicyKind } from '../../src/domain/policy.ts'
import { publishPolicy } from '../../src/flow/publish-policy.ts'
import {
  ACTOR,
  type Bridge,
  logIn,
  presentAt,
  startBridge,
  type TestTenant,
} from '../support/bridge.ts'
import { addMdl, MDL_DOCUMENTS, mdlWallet, rule, type Shown } from '../support/mdl-wallet.ts'
import { query } from '../support/postgres.ts'
import { createMdocIssuer, MDL, MDL_NAMESPACE, type MdocIssuer } from '../wallet/mdoc-world.ts'
import {
  createW3cWorld,
  DEGREE,
  didJwkOf,
  iso,
  issueVc,
  presentVc,
  trustEntry,
  type Version,
} from '../wallet/w3c-world.ts'

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
  await publish('query', MDL_DOCUMENTS.query)
  await publish('attributes', MDL_DOCUMENTS.attributes)
})
afterAll(() => bridge.stop())

describe('an mdoc', () => {
  it('MD-12 leads a stranger through the institution once, and to the same subject afterwards', async () => {
    const shown: Shown = {}
    const wallet = await mdlWallet(issuer, shown)
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
    await logIn(bridge, await mdlWallet(issuer, shown), { tenant })
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

  it('MD-09 may be proved by a device MAC where the trust entry accepts that, and the wallet is told so', async () => {
    const entries = [issuer.trustEntry({ deviceMac: 'accept' })]
    const accepting = await bridge.addTenant('mac')
    for (const [kind, document] of Object.entries({ trust: { entries }, ...MDL_DOCUMENTS }))
      await publishPolicy(bridge.deps, ACTOR, accepting.slug, kind as PolicyKind, document)
    const shown: Shown = { mac: true }
    const wallet = await mdlWallet(issuer, shown)
    const first = await logIn(bridge, wallet, { tenant: accepting })
    const { client_metadata: metadata } = shown.request ?? expect.fail('nothing was asked')
    expect(metadata.vp_formats_supported?.mso_mdoc?.deviceauth_alg_values).toContain(-65537)
    const second = await logIn(bridge, wallet, { tenant: accepting })
    expect(second.login.idToken.sub).toBe(first.login.idToken.sub)
    const forced: Shown = {
      spoil: (request) => ({ ...request, nonce: 'of-another-session' }),
      mac: true,
    }
    const attempt = await accepting.relyingParty.begin()
    await expect(
      presentAt(createBrowser(), await mdlWallet(issuer, forced), attempt),
    ).rejects.toThrow('heard 400')
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
    const wallet = await mdlWallet(issuer, { spoil })
    const attempt = await tenant.relyingParty.begin()
    await expect(presentAt(createBrowser(), wallet, attempt)).rejects.toThrow('heard 400')
  })
})

const university = createW3cWorld()

/** A degree for the wallet's own key (or another one), in the words of either data model. */
async function addDegree(
  wallet: Wallet,
  version: Version,
  holderKey = wallet.holderKey,
): Promise<void> {
  const holder = { ...university, holderKey, holder: didJwkOf(holderKey) }
  const [from, until] = [Date.now() - 60_000, Date.now() + 3_600_000]
  const credential = await issueVc(holder, version, {
    payload: version === '1.1' ? { nbf: seconds(from), exp: seconds(until) } : {},
    credential: { validFrom: iso(from), validUntil: iso(until) },
  })
  wallet.addPresenter(async (query, request) => {
    if (query.format !== 'jwt_vc_json') return undefined
    const { nonce, client_id: aud } = request
    return presentVc(holder, version, credential, {
      payload: { nonce, aud, iat: seconds(Date.now()) },
    })
  })
}

function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000)
}

const DEGREE_QUERY = {
  ...{ id: 'degree', format: 'jwt_vc_json', meta: { type_values: [[DEGREE]] } },
  claims: [{ path: ['credentialSubject', 'family_name'] }],
}

async function addTenant(slug: string, query: unknown, rules: unknown[]): Promise<TestTenant> {
  const added = await bridge.addTenant(slug)
  const sdJwt = bridge.issuer.trustPolicy().entries
  await publishPolicy(bridge.deps, ACTOR, slug, 'trust', {
    entries: [...sdJwt, issuer.trustEntry(), trustEntry(university)],
  })
  await publishPolicy(bridge.deps, ACTOR, slug, 'query', query)
  await publishPolicy(bridge.deps, ACTOR, slug, 'attributes', { rules })
  return added
}

const familyName = {
  ...{ name: 'family_name', merge: 'WALLET_ONLY', persist: true, project: true },
  wallet: ['credentialSubject', 'family_name'],
}

describe('a W3C credential as JWT', () => {
  it.each(['1.1', '2.0'] as const)(
    'of %s leads a stranger through the institution once',
    async (version) => {
      const slug = `degrees-${version.replace('.', '-')}`
      const degrees = await addTenant(slug, { credentials: [DEGREE_QUERY] }, [familyName])
      const wallet = createWallet()
      await addDegree(wallet, version)
      const first = await logIn(bridge, wallet, { tenant: degrees })
      expect(first.viaInstitution).toBe(true)
      const second = await logIn(bridge, wallet, { tenant: degrees })
      expect(second.viaInstitution).toBe(false)
      expect(second.login.idToken.sub).toBe(first.login.idToken.sub)
      expect(second.login.claims).toMatchObject({ family_name: 'Lovelace' })
    },
  )
})

describe('several credentials of several formats', () => {
  it('VP-095 prove one holder together, and nothing of two', async () => {
    const given = { ...rule('given_name', true), project: true }
    const all = await addTenant(
      'all-formats',
      {
        credentials: [
          DEGREE_QUERY,
          {
            ...{ id: 'mdl', format: 'mso_mdoc', meta: { doctype_value: MDL } },
            claims: [{ path: [MDL_NAMESPACE, 'given_name'] }],
          },
          { id: 'eduid', format: 'dc+sd-jwt', meta: { vct_values: [bridge.issuer.vct] } },
        ],
      },
      [given, familyName],
    )
    const wallet = await bridge.newWallet()
    await addMdl(issuer, wallet)
    await addDegree(wallet, '2.0')
    const { login } = await logIn(bridge, wallet, { tenant: all })
    expect(login.claims).toMatchObject({ given_name: 'Ada', family_name: 'Lovelace' })

    // The degree of somebody else, rightly shown by that holder, beside the rest (row 57).
    const mixed = await bridge.newWallet()
    await addMdl(issuer, mixed)
    await addDegree(mixed, '2.0', createWallet().holderKey)
    const attempt = await all.relyingParty.begin()
    await expect(presentAt(createBrowser(), mixed, attempt)).rejects.toThrow('heard 400')
  })
})

describe('credentials that wallets hold with a key each', () => {
  const family = {
    ...{ name: 'family_name', merge: 'WALLET_ONLY', persist: true, project: true },
    ...{
      wallet: ['credentialSubject', 'family_name'],
      walletAlso: [[MDL_NAMESPACE, 'family_name']],
    },
  }
  const both = {
    credentials: [
      DEGREE_QUERY,
      {
        ...{ id: 'mdl', format: 'mso_mdoc', meta: { doctype_value: MDL } },
        claims: [{ path: [MDL_NAMESPACE, 'family_name'] }],
      },
    ],
  }
  const ofTwoKeys = async () => {
    const wallet = await mdlWallet(issuer)
    await addDegree(wallet, '2.0', createWallet().holderKey)
    return wallet
  }

  it('VP-095 are one person’s where the tenant says by what; no key is kept of them', async () => {
    const joined = await addTenant('two-keys', both, [family])
    const attempt = await joined.relyingParty.begin()
    await expect(presentAt(createBrowser(), await ofTwoKeys(), attempt)).rejects.toThrow(
      'heard 400',
    )
    await publishPolicy(bridge.deps, ACTOR, joined.slug, 'attributes', {
      ...{ rules: [family], samePerson: ['family_name'] },
    })
    const subject = { ...{ type: 'credential_subject', name: 'degree' }, credential: 'degree' }
    const materials = [
      { ...subject, path: ['credentialSubject', 'family_name'] },
      ...[{ type: 'holder_key' }, { type: 'provider_subject' }],
    ]
    await publishPolicy(bridge.deps, ACTOR, joined.slug, 'material', {
      profiles: [{ id: 'wallet-and-account', materials }],
    })
    const first = await logIn(bridge, await ofTwoKeys(), { tenant: joined })
    expect(first.viaInstitution).toBe(true)
    expect(first.login.claims).toMatchObject({ family_name: 'Lovelace' })
    // Other keys the next time, the same person.
    const second = await logIn(bridge, await ofTwoKeys(), { tenant: joined })
    expect(second.viaInstitution).toBe(false)
    expect(second.login.idToken.sub).toBe(first.login.idToken.sub)
    const kinds = await query<{ kind: string }>(
      bridge.database.superuserUrl,
      `SELECT DISTINCT identifier_type AS kind FROM identity_match
        WHERE tenant_id = (SELECT id FROM tenant WHERE slug = 'two-keys') ORDER BY 1`,
    )
    expect(kinds.map(({ kind }) => kind)).not.toContain('KEY')
  })
})

describe('one attribute in either of two formats', () => {
  it('MD-12, VP-058 is the same claim, whichever the wallet holds', async () => {
    const either = await addTenant(
      'either-format',
      {
        credentials: [
          {
            ...{ id: 'sd', format: 'dc+sd-jwt', meta: { vct_values: [bridge.issuer.vct] } },
            claims: [{ path: ['birthdate'] }],
          },
          {
            ...{ id: 'mdl', format: 'mso_mdoc', meta: { doctype_value: MDL } },
            claims: [{ path: [MDL_NAMESPACE, 'birth_date'] }],
          },
        ],
        credential_sets: [{ options: [['sd'], ['mdl']] }],
      },
      [
        {
          ...{ name: 'birthdate', merge: 'WALLET_ONLY', persist: true, project: true },
          ...{ wallet: ['birthdate'], walletAlso: [[MDL_NAMESPACE, 'birth_date']] },
        },
      ],
    )
    const read: unknown[] = []
    const sdJwt = await bridge.newWallet({ birthdate: '1995-12-10' })
    for (const wallet of [sdJwt, await mdlWallet(issuer)]) {
      const { login } = await logIn(bridge, wallet, { tenant: either })
      read.push(login.claims.birthdate)
    }
    expect(read).toEqual(['1995-12-10', '1995-12-10'])
  })
})
