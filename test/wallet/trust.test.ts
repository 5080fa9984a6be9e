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

  it('TR-10 by the policy it was issued under, if the entry wants one', async () => {
    const [GOLD, SILVER] = ['1.2.3.1', '1.2.3.2']
    const under = (...oids: string[]) => {
      const informations = oids.map((oid) => der.sequence(der.objectIdentifier(oid)))
      return extension('2.5.29.32', false, der.sequence(...informations))
    }
    const anchor = writeAnchor()
    const attempt = (...extensions: Uint8Array[]) => {
      const x5c = base64(writeOdd({ issuer: anchor, extensions }))
      const wanted = { certificatePolicies: [GOLD], issuer: { match: 'none' } }
      return find({ x5c }, { anchors: base64(anchor).map(pem), ...wanted })
    }
    expect((await attempt(under(SILVER, GOLD))).entry.id).toBe('demo')
    for (const extensions of [[under(SILVER)], []])
      expect(await refusalOf(() => attempt(...extensions))).toBe('untrusted_issuer')
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

  describe('TR-10 a certificate that says what it is for is for nothing else', () => {
    const STAMPS = '1.3.6.1.5.5.7.3.8'
    const ANSWERS = '1.3.6.1.5.5.7.3.9'
    const LISTS = '1.3.6.1.5.5.7.3.30'
    const SERVES = '1.3.6.1.5.5.7.3.1'
    const anchor = writeAnchor()
    const shown = (...purposes: string[]) => {
      const value = der.sequence(...purposes.map((oid) => der.objectIdentifier(oid)))
      const extensions = [extension(OID.extendedKeyUsage, false, value)]
      const leaf = writeOdd({ issuer: anchor, extensions: purposes.length === 0 ? [] : extensions })
      const members = { anchors: base64(anchor).map(pem), issuer: { match: 'none' } }
      return find({ x5c: base64(leaf) }, { ...members, statusPurposes: [LISTS] })
    }

    it.each([
      ['answers about revocation', [ANSWERS]],
      ['time stamps', [STAMPS]],
      ['status lists', [LISTS]],
      ['all of these', [STAMPS, ANSWERS, LISTS]],
    ])('who may sign %s alone makes no credentials', async (_, purposes) => {
      expect(await refusalOf(() => shown(...purposes))).toBe('untrusted_issuer')
    })

    it.each([
      ['no purpose', []],
      ['another one', [SERVES]],
      ['status lists and more', [LISTS, SERVES]],
    ])('with %s it may', async (_, purposes) => {
      expect((await shown(...purposes)).entry.id).toBe('demo')
    })
  })
})
