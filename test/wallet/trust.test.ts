import { describe, expect, it } from 'vitest'
import { createIssuer } from '../../demo/issuer.ts'
import * as der from '../../src/crypto/der.ts'
import { BridgeError } from '../../src/domain/failure.ts'
import { TrustPolicy } from '../../src/domain/trust-policy.ts'
import { findIssuer, prepareTrust } from '../../src/wallet/trust.ts'
import { base64, extension, OID, writeAnchor, writeOdd } from './certificates.ts'
import { createMeans, NOW, refusalOf, VCT } from './world.ts'

const issuer = createIssuer({ now: NOW })
const prepare = (members: Record<string, unknown>) =>
  prepareTrust(TrustPolicy.parse(issuer.trustPolicy(members)))
const pem = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`

function find(header: Record<string, unknown>, members: Record<string, unknown> = {}) {
  const credential = { header: header as never, payload: { vct: VCT } }
  return findIssuer(credential, prepare(members), NOW, createMeans())
}

describe('preparing a policy', () => {
  it('TR-11 names the anchors that are none', () => {
    const [leaf = ''] = base64(writeOdd({ issuer: writeAnchor() }))
    try {
      prepare({ anchors: [issuer.anchor, pem(leaf), pem('AAAA')] })
    } catch (error) {
      expect(error).toBeInstanceOf(BridgeError)
      expect((error as BridgeError).failure).toEqual({
        kind: 'policy_refused',
        problems: [1, 2].map((at) => `entries.0.anchors.${at}: not a usable CA certificate`),
      })
      return
    }
    expect.fail('a leaf became an anchor')
  })
})

describe('finding an issuer', () => {
  it('VC-09 by its chain', async () => {
    expect((await find({ x5c: issuer.x5c })).issuer).toBe(`demo#${issuer.url}`)
  })

  it('TR-10 by its purpose, if the policy wants one', async () => {
    const header = { x5c: issuer.x5c }
    expect(await refusalOf(() => find(header, { extendedKeyUsage: ['1.2.3.4'] }))).toBe(
      'untrusted_issuer',
    )
  })

  it('TR-01 an entry that cannot vouch does not stand in the way of one that can', async () => {
    const [entry] = issuer.trustPolicy().entries
    const stranger = { ...entry, id: 'first', anchors: [pem(base64(writeAnchor())[0] ?? '')] }
    const trust = prepareTrust(TrustPolicy.parse({ entries: [stranger, entry] }))
    const credential = { header: { x5c: [...issuer.x5c] }, payload: { vct: VCT } }
    expect((await findIssuer(credential, trust, NOW, createMeans())).entry.id).toBe('demo')
  })

  it.each([
    ['VC-05 x5c that is no list', issuer.x5c[0]],
    ['VC-05 x5c with something else than text', [...issuer.x5c, 1]],
    ['TR-13 an empty x5c', []],
    ['VC-05 x5c null', null],
  ])('%s is refused', async (_, x5c) => {
    expect(await refusalOf(() => find({ x5c, kid: 'k' }))).toBe('certificate_invalid')
  })

  it('VC-09 without iss a leaf of two names says not which', async () => {
    const anchor = writeAnchor()
    const names = der.sequence(
      ...['https://a.example', 'https://b.example'].map((uri) =>
        der.tagged(6, false, Buffer.from(uri)),
      ),
    )
    const leaf = writeOdd({
      issuer: anchor,
      extensions: [extension(OID.subjectAltName, false, names)],
    })
    const members = { anchors: base64(anchor).map(pem) }
    expect(await refusalOf(() => find({ x5c: base64(leaf) }, members))).toBe('untrusted_issuer')
  })
})
