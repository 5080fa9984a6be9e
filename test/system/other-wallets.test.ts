/**
 * Wallets by other people, each a program with packages of its own (`credo/`, `sphereon/`), log a stranger in over real HTTP and
 * are known the next time. Credo speaks the protocol with the same library as the demo's wallet; Sphereon's code is its own.
 */
import { createPublicKey } from 'node:crypto'
import path from 'node:path'
import { cborEncode, DateOnly } from '@animo-id/mdoc'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { createBrowser, walletLinkOn } from '../../demo/browser.ts'
import { SANNE } from '../../demo/people.ts'
import type { PolicyKind } from '../../src/domain/policy.ts'
import { publishPolicy } from '../../src/flow/publish-policy.ts'
import { ACTOR, type Bridge, logIn, startBridge } from '../support/bridge.ts'
import { MDL_DOCUMENTS } from '../support/mdl-wallet.ts'
import { issueMdoc } from '../support/mdoc-library.ts'
import { createMdocIssuer, MDL, MDL_NAMESPACE, type MdocIssuer } from '../wallet/mdoc-world.ts'
import { type HolderJwk, startWallet, type WalletProgram } from './wallet-program.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 180_000 })

const SD_JWT = 'dc+sd-jwt'
const MDOC = 'mso_mdoc'
const WAYS = [
  ['direct_post', 'x509_san_dns'],
  ['direct_post.jwt', 'x509_hash'],
] as const

let bridge: Bridge
let mdocs: MdocIssuer
beforeAll(async () => {
  bridge = await startBridge()
  mdocs = createMdocIssuer({ now: Date.now() })
})
afterAll(() => bridge.stop())

const CREDENTIALS = {
  [SD_JWT]: (holder: HolderJwk) => bridge.issuer.issue(SANNE.credential, holder),
  [MDOC]: async (holder: HolderJwk) => {
    const holderKey = createPublicKey({ format: 'jwk', key: { ...holder } })
    const birth = new DateOnly('1995-12-10')
    const values = { given_name: 'Sanne', birth_date: birth, age_over_18: true }
    const nameSpaces = { [MDL_NAMESPACE]: values }
    const mdoc = await issueMdoc(mdocs, { docType: MDL, nameSpaces, holderKey, now: Date.now() })
    const issuerSigned = mdoc.documents[0]?.prepare().get('issuerSigned')
    return Buffer.from(cborEncode(issuerSigned)).toString('base64url')
  },
}

/** A tenant that asks for the format, in one of the ways. */
async function tenantFor(name: string, format: string, way: (typeof WAYS)[number]) {
  const [responseMode, clientIdPrefix] = way
  const slug = `${name}-${format}-${responseMode}`.replaceAll(/[^a-z]+/g, '-')
  const tenant = await bridge.addTenant(slug, { responseMode, clientIdPrefix })
  if (format === SD_JWT) return tenant
  const documents = { trust: { entries: [mdocs.trustEntry()] }, ...MDL_DOCUMENTS }
  for (const [kind, document] of Object.entries(documents))
    await publishPolicy(bridge.deps, ACTOR, slug, kind as PolicyKind, document)
  return tenant
}

describe.each([
  ['credo', [SD_JWT, MDOC]],
  ['sphereon', [SD_JWT]],
] as const)('%s', (name, formats) => {
  let wallet: WalletProgram
  beforeAll(async () => {
    wallet = startWallet(path.join(import.meta.dirname, name, 'wallet.ts'))
    const holder = await wallet.holderKey()
    for (const format of formats)
      await wallet.add({ format, credential: await CREDENTIALS[format](holder) })
  })
  afterAll(() => wallet.stop())

  test.each(formats.flatMap((format) => WAYS.map((way) => [format, way] as const)))(
    '%s by %s',
    async (format, way) => {
      const tenant = await tenantFor(name, format, way)
      const first = await logIn(bridge, wallet, { tenant })
      expect(first.viaInstitution).toBe(true)
      const second = await logIn(bridge, wallet, { tenant })
      expect(second.viaInstitution).toBe(false)
      expect(second.login.idToken.sub).toBe(first.login.idToken.sub)
      expect(second.login.claims).toMatchObject({ given_name: 'Sanne' })
    },
  )

  test('VP-082 an answered link leads nowhere any more', async () => {
    const [format] = formats
    const tenant = await tenantFor(`${name}-again`, format, WAYS[1])
    const attempt = await tenant.relyingParty.begin()
    const browser = createBrowser()
    const link = walletLinkOn((await browser.get(attempt.url)).text)
    expect((await wallet.present(link)).status).toBe(200)
    await expect(wallet.present(link)).rejects.toThrow()
  })
})
