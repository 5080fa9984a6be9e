import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import * as der from '../../src/crypto/der.ts'
import { thumbprint } from '../../src/crypto/thumbprint.ts'
import { DcqlQuery } from '../../src/domain/dcql.ts'
import { TrustPolicy } from '../../src/domain/trust-policy.ts'
import { type MdocExpectations, verifyMdoc } from '../../src/wallet/mdoc.ts'
import { verifyPresentations } from '../../src/wallet/presentation.ts'
import { prepareTrust } from '../../src/wallet/trust.ts'
import { base64, extension, type OddRequest, OID, writeAnchor, writeOdd } from './certificates.ts'
import {
  cbor,
  coseKeyOf,
  createMdocIssuer,
  embed,
  HOLDER,
  instant,
  MDL,
  MDL_NAMESPACE,
  type MdocForgery,
  type MdocIssuer,
  mapOf,
  presentMdoc,
  presentMdocBytes,
  SIGNS_MDOCS,
  sha256,
  Tag,
  transcriptOf,
  type Writable,
} from './mdoc-world.ts'
import { CHANNEL, createMeans, DAY, NONCE, NOW, newKey, refusalOf } from './world.ts'

let issuer: MdocIssuer
const holderKey = newKey()
const means = createMeans()
beforeAll(() => {
  issuer = createMdocIssuer()
})

interface Circumstances extends Partial<MdocExpectations> {
  entry?: object
  issuer?: MdocIssuer
}

function expectations({ entry, issuer: made = issuer, ...members }: Circumstances = {}) {
  return {
    queryId: 'mdl',
    docType: MDL,
    channel: CHANNEL,
    nonce: NONCE,
    notBefore: NOW - 30_000,
    now: NOW,
    trust: prepareTrust(TrustPolicy.parse({ entries: [made.trustEntry(entry)] })),
    ...members,
  }
}

function verify(forgery: MdocForgery = {}, circumstances: Circumstances = {}) {
  const text = presentMdoc(circumstances.issuer ?? issuer, holderKey, forgery)
  return verifyMdoc(text, expectations(circumstances), means)
}

function edit(part: Writable | undefined): Map<string | number, Writable> {
  if (!(part instanceof Map)) throw new Error('no map to edit')
  return part
}

describe('an honest mdoc', () => {
  it('MD-12 says its elements as JSON, by namespace', async () => {
    const verified = await verify()
    expect(verified.claims).toEqual({
      [MDL_NAMESPACE]: {
        family_name: 'Lovelace',
        given_name: 'Ada',
        birth_date: '1995-12-10',
        portrait: '_9j_4A',
        age_over_18: true,
        height: 171,
        nationality: ['NL', 'GB'],
        driving_privileges: [{ vehicle_category_code: 'B', issue_date: '2015-01-01' }],
      },
    })
    expect(Object.getPrototypeOf(verified.claims)).toBeNull()
  })

  it('VC-10 is held by its device key, named as that key is named elsewhere', async () => {
    const { kty, crv, x, y } = createPublicKey(holderKey).export({ format: 'jwk' })
    const verified = await verify()
    expect(verified.publicJwk).toEqual({ kty, crv, x, y })
    expect(verified.holderThumbprint).toBe(thumbprint(verified.publicJwk))
    expect(verified).toMatchObject({
      ...{ queryId: 'mdl', format: 'mso_mdoc', type: MDL, types: [MDL] },
      ...{ trustEntry: 'mdl', issuer: 'mdl' },
    })
    expect(verified.authorityKeyIds).toHaveLength(1)
  })

  it('VC-10 is the same holder where the issuer wrote the device key short', async () => {
    const key = coseKeyOf(holderKey)
    const y = key.get(-3)
    const isOdd = y instanceof Uint8Array && ((y.at(-1) ?? 0) & 1) === 1
    const short = (parity: boolean) =>
      mso('deviceKeyInfo', mapOf({ deviceKey: new Map(key).set(-3, parity) }))
    const verified = await verify(short(isOdd))
    expect(verified.holderThumbprint).toBe((await verify()).holderThumbprint)
    expect(await refusalOf(() => verify(short(!isOdd)))).toBe('key_binding_invalid')
  })

  it('VP-106 is bound to the key the answer was encrypted to', async () => {
    const encryption = createPublicKey(newKey()).export({ format: 'jwk' })
    const { x = '', y = '' } = encryption
    const jwk = { kty: 'EC', crv: 'P-256', x, y } as const
    const print = Buffer.from(thumbprint(jwk), 'base64url')
    const channel = { ...CHANNEL, encryptionKey: () => jwk }
    const honest = await verify({ transcript: transcriptOf({ thumbprint: print }) }, { channel })
    expect(honest.type).toBe(MDL)
    expect(await refusalOf(() => verify({}, { channel }))).toBe('key_binding_invalid')
  })

  it('VP-119 may be shown through the Digital Credentials API, to our origin', async () => {
    const origin = 'https://bridge.example'
    const transcript = cbor([
      null,
      null,
      ['OpenID4VPDCAPIHandover', sha256(cbor([origin, NONCE, null]))],
    ])
    const shown = (at: string) =>
      verify({ transcript }, { channel: { kind: 'dc_api', origin: at } })
    expect((await shown(origin)).type).toBe(MDL)
    expect(await refusalOf(() => shown('https://evil.example'))).toBe('key_binding_invalid')
    expect(await refusalOf(() => shown(`origin:${origin}`))).toBe('key_binding_invalid')
  })

  it('HA-18 may be signed under the fully specified names, and on P-384 or Ed25519', async () => {
    const named = { issuerProtected: new Map([[1, -9]]), deviceProtected: new Map([[1, -9]]) }
    expect((await verify(named)).type).toBe(MDL)
    const ed25519 = generateKeyPairSync('ed25519').privateKey
    const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey
    for (const [key, algorithm] of [
      [ed25519, -8],
      [p384, -35],
    ] as const) {
      const text = presentMdoc(issuer, key, { deviceProtected: new Map([[1, algorithm]]) })
      expect((await verifyMdoc(text, expectations(), means)).type).toBe(MDL)
    }
  })

  it('MD-06 may show nothing, or a part', async () => {
    const none = await verify({ issuerSigned: (signed) => signed.delete('nameSpaces') })
    expect(none.claims).toEqual({})
    const some = await verify({
      show: (spaces) => spaces.set(MDL_NAMESPACE, (spaces.get(MDL_NAMESPACE) ?? []).slice(0, 1)),
    })
    expect(some.claims).toEqual({ [MDL_NAMESPACE]: { family_name: 'Lovelace' } })
  })

  it('MD-05, HA-19 may digest with SHA-384 or SHA-512 besides SHA-256, and is held to what it says', async () => {
    expect((await verify({ digest: 'SHA-384' })).type).toBe(MDL)
    expect((await verify({ digest: 'SHA-512' })).type).toBe(MDL)
    const confused = mso('digestAlgorithm', 'SHA-512')
    expect(await refusalOf(() => verify(confused))).toBe('disclosure_invalid')
  })

  it('MD-10 may let the device say what the issuer allowed; nobody hears it', async () => {
    const deviceNameSpaces = new Map([['org.example', mapOf({ mood: 'good' })]])
    const verified = await verify({
      deviceNameSpaces,
      mso: (mso) =>
        edit(mso.get('deviceKeyInfo')).set(
          'keyAuthorizations',
          mapOf({ dataElements: mapOf({ 'org.example': ['mood'] }) }),
        ),
    })
    expect(Object.keys(verified.claims)).toEqual([MDL_NAMESPACE])
    const whole = await verify({
      deviceNameSpaces,
      mso: (mso) =>
        edit(mso.get('deviceKeyInfo')).set(
          'keyAuthorizations',
          mapOf({ nameSpaces: ['org.example'] }),
        ),
    })
    expect(Object.keys(whole.claims)).toEqual([MDL_NAMESPACE])
  })

  it('MD-11 with a status is taken where the entry says to ignore it', async () => {
    const status = { mso: (mso: Map<string | number, Writable>) => mso.set('status', mapOf({})) }
    expect((await verify(status, { entry: { status: 'ignore' } })).standings).toEqual([])
  })

  it('MD-11 with a place on a status list says where to ask, and whose word counts', async () => {
    const list = mapOf({ status_list: mapOf({ idx: 412, uri: 'https://status.example/1' }) })
    const status = { mso: (mso: Map<string | number, Writable>) => mso.set('status', list) }
    const [standing] = (await verify(status)).standings
    expect(standing?.reference).toEqual({ uri: 'https://status.example/1', index: 412 })
    expect(standing?.issuer.entry.format).toBe('mso_mdoc')
  })

  it('MD-07 is still taken within a minute of its ends', async () => {
    const validity = (from: number, until: number): MdocForgery => ({
      mso: (mso) => {
        const info = edit(mso.get('validityInfo'))
        info.set('validFrom', instant(from)).set('validUntil', instant(until))
      },
    })
    expect((await verify(validity(NOW + 59_000, NOW + DAY))).type).toBe(MDL)
    expect((await verify(validity(NOW - DAY, NOW - 59_000))).type).toBe(MDL)
  })

  it('MD-07 may write fractions of seconds', async () => {
    const text = new Date(NOW - DAY).toISOString()
    const verified = await verify({
      mso: (mso) => edit(mso.get('validityInfo')).set('signed', new Tag(0, text)),
    })
    expect(verified.type).toBe(MDL)
  })

  it('VC-04 is called by its signer where the entry tells issuers apart', async () => {
    const named = createMdocIssuer({ uris: ['https://rdw.example'] })
    const verified = await verify({}, { issuer: named, entry: { issuer: { match: 'san_uri' } } })
    expect(verified.issuer).toBe('mdl#https://rdw.example')
  })

  it('MD-04 may be signed outside the profile where the entry says so', async () => {
    const plain = createMdocIssuer({ extendedKeyUsage: [], signerCountry: 'DE' })
    const verified = await verify({}, { issuer: plain, entry: { certificates: 'rfc5280' } })
    expect(verified.type).toBe(MDL)
  })

  it('MD-03 may bring its chain as a list, an intermediate in it', async () => {
    const chain = issuerBelowIntermediate()
    const text = presentMdoc(issuer, holderKey, { chain: chain.ders, issuerKey: chain.key })
    const verified = await verifyMdoc(
      text,
      expectations({ entry: { anchors: [chain.anchor], certificates: 'rfc5280' } }),
      means,
    )
    expect(verified.type).toBe(MDL)
  })
})

function issuerBelowIntermediate() {
  const anchor = writeAnchor()
  const middle = writeOdd({ name: 'Middle', issuer: anchor, ca: {} })
  const leaf = writeOdd({ issuer: middle, extensions: [] })
  const [text = ''] = base64(anchor)
  return {
    key: leaf.key,
    ders: [Buffer.from(leaf.der), Buffer.from(middle.der)],
    anchor: `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`,
  }
}

const validityInfo = (members: Record<string, Writable>): MdocForgery => ({
  mso: (mso) => {
    const info = edit(mso.get('validityInfo'))
    for (const [name, value] of Object.entries(members)) info.set(name, value)
  },
})
const mso = (name: string, value: Writable): MdocForgery => ({ mso: (one) => one.set(name, value) })
const response = (name: string, value: Writable): MdocForgery => ({
  response: (one) => one.set(name, value),
})

/** What the issuer lets the device say. */
const allowing = (members: Record<string, Writable>): MdocForgery => ({
  mso: (one) => edit(one.get('deviceKeyInfo')).set('keyAuthorizations', mapOf(members)),
})

describe('several mdocs in one answer', () => {
  const PID = 'eu.europa.ec.eudi.pid.1'
  const query = DcqlQuery.parse({
    credentials: [
      { id: 'mdl', format: 'mso_mdoc', meta: { doctype_value: MDL } },
      { id: 'pid', format: 'mso_mdoc', meta: { doctype_value: PID } },
    ],
  })
  const asPid: MdocForgery = { docType: PID }
  const show = (pid: string) => {
    const { trust, nonce, channel, notBefore, now } = expectations({
      entry: { doctypes: [MDL, PID] },
    })
    const vpToken = new Map([
      ['mdl', [presentMdoc(issuer, holderKey)]],
      ['pid', [pid]],
    ])
    return verifyPresentations({ vpToken, query, trust, nonce, channel, notBefore, now }, means)
  }

  it('HA-13 each stands in a response of its own, of one holder', async () => {
    const { credentials, holder } = await show(presentMdoc(issuer, holderKey, asPid))
    expect(credentials.map((one) => one.type)).toEqual([MDL, PID])
    expect(holder?.thumbprint).toBe(credentials[1]?.holderThumbprint)
  })

  it('VP-094 a good one does not carry a stale one', async () => {
    const stale = { ...asPid, transcript: transcriptOf({ nonce: 'of-another-session' }) }
    expect(await refusalOf(() => show(presentMdoc(issuer, holderKey, stale)))).toBe(
      'key_binding_invalid',
    )
  })

  it('row 57 of two holders they are refused', async () => {
    const stranger = presentMdoc(issuer, newKey(), asPid)
    expect(await refusalOf(() => show(stranger))).toBe('holder_conflict')
  })

  it('VP-057 one does not answer for the other', async () => {
    expect(await refusalOf(() => show(presentMdoc(issuer, holderKey)))).toBe(
      'unexpected_credential',
    )
  })
})

describe('a forged, stale, replayed or foreign mdoc', () => {
  const rows: [string, MdocForgery | (() => MdocForgery), string][] = [
    ['MD-01 another version', response('version', '1.1'), 'malformed_presentation'],
    ['MD-01 a status of failure', response('status', 10), 'malformed_presentation'],
    ['MD-01 no documents', response('documents', []), 'malformed_presentation'],
    ['MD-01 a member nobody defined', response('extra', 1), 'malformed_presentation'],
    [
      'HA-13 two documents in one response',
      {
        response: (one) => {
          const [document] = one.get('documents') as Writable[]
          one.set('documents', [document ?? null, document ?? null])
        },
      },
      'malformed_presentation',
    ],
    [
      'MD-01 no device signature',
      { document: (one) => one.delete('deviceSigned') },
      'malformed_presentation',
    ],
    [
      'MD-01 an unknown member of the document',
      { document: (one) => one.set('note', 'x') },
      'malformed_presentation',
    ],
    [
      'MD-02 another type than was asked for',
      { docType: 'org.example.other' },
      'unexpected_credential',
    ],
    [
      'MD-02 a type that the issuer did not sign',
      mso('docType', 'org.example.other'),
      'unexpected_credential',
    ],
    [
      'MD-03 the issuer signed with another key',
      { issuerKey: newKey() },
      'issuer_signature_invalid',
    ],
    ['MD-03 no algorithm', { issuerProtected: new Map() }, 'algorithm_refused'],
    ['MD-03 RS256', { issuerProtected: new Map([[1, -257]]) }, 'algorithm_refused'],
    ['MD-03 an HMAC', { issuerProtected: new Map([[1, 5]]) }, 'algorithm_refused'],
    [
      'row 15 an algorithm of another curve',
      { issuerProtected: new Map([[1, -35]]) },
      'algorithm_refused',
    ],
    ['row 15 EdDSA on a P-256 key', { issuerProtected: new Map([[1, -8]]) }, 'algorithm_refused'],
    [
      'MD-03 an algorithm outside the signed header',
      { issuerProtected: new Map(), issuerUnprotected: (header) => header.set(1, -7) },
      'malformed_presentation',
    ],
    [
      'MD-03 a critical header',
      {
        issuerProtected: new Map<number, Writable>([
          [1, -7],
          [2, [99]],
          [99, 1],
        ]),
      },
      'malformed_presentation',
    ],
    [
      'MD-03 a critical header outside the signed one',
      { issuerUnprotected: (header) => header.set(2, [99]).set(99, 1) },
      'malformed_presentation',
    ],
    [
      'MD-03 one label in both headers',
      {
        issuerProtected: new Map<number, Writable>([
          [1, -7],
          [4, Buffer.from('a')],
        ]),
        issuerUnprotected: (header) => header.set(4, Buffer.from('b')),
      },
      'malformed_presentation',
    ],
    [
      'MD-08 a critical header of the device',
      {
        deviceProtected: new Map<number, Writable>([
          [1, -7],
          [2, [99]],
          [99, 1],
        ]),
      },
      'malformed_presentation',
    ],
    [
      'MD-03 no certificate',
      { issuerUnprotected: (header) => header.delete(33) },
      'malformed_presentation',
    ],
    [
      'MD-03 the certificate in the signed header only',
      () => ({
        issuerUnprotected: (header) => header.delete(33),
        issuerProtected: new Map<number, Writable>([
          [1, -7],
          [33, Buffer.from(issuer.signer)],
        ]),
      }),
      'malformed_presentation',
    ],
    [
      'MD-04 the root brought along',
      () => ({ chain: [Buffer.from(issuer.signer), Buffer.from(issuer.authority.certificate)] }),
      'certificate_invalid',
    ],
    ['MD-04 a certificate that is none', { chain: Buffer.from('none') }, 'certificate_invalid'],
    ['MD-05 a bare object without its tag', { payload: cbor(new Map()) }, 'malformed_presentation'],
    ['MD-05 another version of the object', mso('version', '2.0'), 'malformed_presentation'],
    ['MD-05 SHA-1', mso('digestAlgorithm', 'SHA-1'), 'algorithm_refused'],
    ['MD-05 no validity', { mso: (one) => one.delete('validityInfo') }, 'malformed_presentation'],
    [
      'MD-06 a namespace that was not signed',
      { show: (spaces) => spaces.set('org.example', spaces.get(MDL_NAMESPACE) ?? []) },
      'disclosure_invalid',
    ],
    [
      'MD-06 an item moved to a namespace of its own',
      {
        show: (spaces) => {
          spaces.set('org.iso.18013.5.1.NL', spaces.get(MDL_NAMESPACE) ?? [])
          spaces.delete(MDL_NAMESPACE)
        },
      },
      'disclosure_invalid',
    ],
    [
      'MD-06 an item shown twice',
      {
        show: (spaces) => {
          const [first = null] = spaces.get(MDL_NAMESPACE) ?? []
          spaces.set(MDL_NAMESPACE, [first, first])
        },
      },
      'disclosure_invalid',
    ],
    ['MD-06 a changed value', showing({ elementValue: 'Byron' }), 'disclosure_invalid'],
    ['MD-06 a changed salt', showing({ random: randomBytes(16) }), 'disclosure_invalid'],
    ['MD-06 a changed name', showing({ elementIdentifier: 'given_name_x' }), 'disclosure_invalid'],
    ['MD-06 another digest id', showing({ digestID: 1 }), 'disclosure_invalid'],
    ['MD-06 a digest id that was not signed', showing({ digestID: 99 }), 'disclosure_invalid'],
    [
      'MD-06 one element under two digests',
      { item: (item, index) => index === 1 && item.set('elementIdentifier', 'family_name') },
      'disclosure_invalid',
    ],
    [
      'MD-06 a salt of fifteen octets',
      { item: (item) => item.set('random', randomBytes(15)) },
      'disclosure_invalid',
    ],
    [
      'MD-06 items outside their tag',
      { show: (spaces) => spaces.set(MDL_NAMESPACE, [Buffer.from('x')]) },
      'malformed_presentation',
    ],
    [
      'MD-07 an end that has passed',
      validityInfo({ validUntil: instant(NOW - 60_000) }),
      'credential_expired',
    ],
    [
      'MD-07 a beginning to come',
      validityInfo({ validFrom: instant(NOW + 61_000) }),
      'credential_not_yet_valid',
    ],
    [
      'MD-07 signed in the future',
      validityInfo({ signed: instant(NOW + 61_000) }),
      'credential_not_yet_valid',
    ],
    [
      'MD-07 signed before the certificate was valid',
      validityInfo({ signed: instant(NOW - 11 * DAY) }),
      'certificate_invalid',
    ],
    [
      'MD-07 a date that is none',
      validityInfo({ validUntil: new Tag(0, '2026-13-01T00:00:00Z') }),
      'malformed_presentation',
    ],
    [
      'MD-07 a date without its tag',
      validityInfo({ validUntil: '2027-01-01T00:00:00Z' }),
      'malformed_presentation',
    ],
    [
      'MD-07 a local date',
      validityInfo({ validUntil: new Tag(0, '2027-01-01T00:00:00+01:00') }),
      'malformed_presentation',
    ],
    ['MD-08 another device key', { deviceKey: newKey() }, 'key_binding_invalid'],
    ['MD-08 no key of the device', mso('deviceKeyInfo', new Map()), 'holder_key_missing'],
    [
      'MD-08 a device key off its curve',
      mso('deviceKeyInfo', mapOf({ deviceKey: coseKeyOf(holderKey).set(-3, Buffer.alloc(32, 1)) })),
      'holder_key_missing',
    ],
    [
      'MD-08 a device key with its private half',
      mso('deviceKeyInfo', mapOf({ deviceKey: coseKeyOf(holderKey).set(-4, Buffer.alloc(32, 1)) })),
      'holder_key_missing',
    ],
    [
      'MD-08 a device key on an unknown curve',
      mso('deviceKeyInfo', mapOf({ deviceKey: coseKeyOf(holderKey).set(-1, 3) })),
      'holder_key_missing',
    ],
    [
      'MD-08 an algorithm of another curve',
      { deviceProtected: new Map([[1, -35]]) },
      'algorithm_refused',
    ],
    [
      'MD-08 what it signs sent along',
      { devicePayload: Buffer.from('x') },
      'malformed_presentation',
    ],
    [
      'VP-094 another nonce',
      { transcript: transcriptOf({ nonce: 'of-another-session' }) },
      'key_binding_invalid',
    ],
    [
      'VP-105 another verifier',
      { transcript: transcriptOf({ clientId: 'x509_hash:other' }) },
      'key_binding_invalid',
    ],
    [
      'VP-105 the client identifier without its prefix',
      { transcript: transcriptOf({ clientId: CHANNEL.clientId.replace(/^[^:]+:/, '') }) },
      'key_binding_invalid',
    ],
    [
      'VP-107 another address',
      { transcript: transcriptOf({ responseUri: 'https://evil.example/response' }) },
      'key_binding_invalid',
    ],
    [
      'VP-106 a response key where none was used',
      { transcript: transcriptOf({ thumbprint: randomBytes(32) }) },
      'key_binding_invalid',
    ],
    [
      'VP-109 the handover of ISO/IEC 18013-7:2024',
      {
        transcript: cbor([
          null,
          null,
          [
            sha256(cbor([CHANNEL.clientId, 'nonce-of-the-mdoc'])),
            sha256(cbor([CHANNEL.responseUri, 'nonce-of-the-mdoc'])),
            NONCE,
          ],
        ]),
      },
      'key_binding_invalid',
    ],
    [
      'MD-09 a device that authenticates by MAC',
      {
        deviceAuth: (auth) => {
          auth.set('deviceMac', auth.get('deviceSignature') ?? null)
          auth.delete('deviceSignature')
        },
      },
      'algorithm_refused',
    ],
    [
      'MD-09 a MAC beside the signature',
      {
        deviceAuth: (auth) =>
          auth.set('deviceMac', [Buffer.from([]), new Map(), null, Buffer.from('x')]),
      },
      'malformed_presentation',
    ],
    [
      'MD-10 a device that says what nobody allowed',
      { deviceNameSpaces: new Map([[MDL_NAMESPACE, mapOf({ family_name: 'Byron' })]]) },
      'disclosure_invalid',
    ],
    [
      'MD-10 a device that says more than was allowed',
      {
        deviceNameSpaces: new Map([['org.example', mapOf({ mood: 'good', age: 7 })]]),
        ...allowing({ dataElements: mapOf({ 'org.example': ['mood'] }) }),
      },
      'disclosure_invalid',
    ],
    [
      'MD-10 a device that says it in another namespace',
      {
        deviceNameSpaces: new Map([['org.example.2', mapOf({ mood: 'good' })]]),
        ...allowing({
          nameSpaces: ['org.example'],
          dataElements: mapOf({ 'org.example': ['mood'] }),
        }),
      },
      'disclosure_invalid',
    ],
    [
      'MD-10 a device that says a list',
      { deviceNameSpaces: [MDL_NAMESPACE] },
      'malformed_presentation',
    ],
    ['MD-11 a status of an unknown kind', mso('status', mapOf({})), 'status_not_supported'],
    [
      'TS-05 a status list without a place',
      mso('status', mapOf({ status_list: mapOf({ uri: 'https://status.example/1' }) })),
      'malformed_presentation',
    ],
    [
      'MD-12 a birthday that never was',
      { elements: { ...HOLDER, birth_date: new Tag(1004, '1995-02-30') } },
      'malformed_presentation',
    ],
    [
      'MD-12 an element whose keys are numbers',
      { elements: { x: new Map([[1, 2]]) } },
      'malformed_presentation',
    ],
    ['row 18 201 items', { elements: many(201) }, 'too_large'],
  ]
  it.each(rows)('%s is refused', async (_, forgery, reason) => {
    const made = typeof forgery === 'function' ? forgery() : forgery
    expect(await refusalOf(() => verify(made))).toBe(reason)
  })

  it('row 18 200 items are taken', async () => {
    expect((await verify({ elements: many(200) })).type).toBe(MDL)
  })
})

/** Replaces members of the first shown item after everything is signed. */
function showing(members: Record<string, Writable>): MdocForgery {
  const honest = mapOf({
    digestID: 0,
    random: randomBytes(16),
    elementIdentifier: 'family_name',
    elementValue: 'Lovelace',
  })
  const forged = new Map([...honest, ...Object.entries(members)])
  return {
    item: (item, index) => {
      if (index === 0) for (const [name, value] of honest) item.set(name, value)
    },
    show: (spaces) => spaces.set(MDL_NAMESPACE, [embed(forged)]),
  }
}

function many(count: number): Record<string, Writable> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`e${index}`, index]))
}

describe('who may sign mdocs', () => {
  const rows: [string, () => Circumstances, string][] = [
    [
      'TR-11 a root that nobody configured',
      () => ({ entry: { anchors: [createMdocIssuer().anchor] } }),
      'untrusted_issuer',
    ],
    [
      'TR-01 another document type',
      () => ({ entry: { doctypes: ['org.example.other'] } }),
      'untrusted_issuer',
    ],
    [
      'TR-04 an empty policy',
      () => ({ trust: prepareTrust({ entries: [], lists: [] }) }),
      'untrusted_issuer',
    ],
    [
      'MD-04 a signer for another purpose',
      () => ({ issuer: createMdocIssuer({ extendedKeyUsage: ['1.3.6.1.5.5.7.3.1'] }) }),
      'untrusted_issuer',
    ],
    [
      'MD-04 a signer without a purpose',
      () => ({ issuer: createMdocIssuer({ extendedKeyUsage: [] }) }),
      'untrusted_issuer',
    ],
    [
      'MD-04 a signer valid for 458 days',
      () => ({ issuer: createMdocIssuer({ validity: 458 * DAY }) }),
      'untrusted_issuer',
    ],
    [
      'MD-04 a signer of another country',
      () => ({ issuer: createMdocIssuer({ signerCountry: 'DE' }) }),
      'untrusted_issuer',
    ],
    [
      'TR-16 a signer past its time',
      () => ({ issuer: createMdocIssuer({ validity: 9 * DAY }) }),
      'certificate_invalid',
    ],
    [
      'VC-09 a signer without the name that the entry wants',
      () => ({ entry: { issuer: { match: 'san_uri' } } }),
      'untrusted_issuer',
    ],
  ]
  it.each(rows)('%s is refused', async (_, circumstances, reason) => {
    expect(await refusalOf(() => verify({}, circumstances()))).toBe(reason)
  })

  it('MD-04 a signer valid for 457 days is taken', async () => {
    const longest = createMdocIssuer({ validity: 457 * DAY })
    expect((await verify({}, { issuer: longest })).type).toBe(MDL)
  })

  /** Names, key usage and purposes of root and signer exactly as asked for. */
  function placed(root: string, signer: string, members: OddRequest = {}, entry: object = {}) {
    const purposes = der.sequence(der.objectIdentifier(SIGNS_MDOCS))
    const anchor = writeAnchor({ name: root })
    const leaf = writeOdd({
      ...{ name: signer, issuer: anchor },
      extensions: [extension(OID.extendedKeyUsage, true, purposes)],
      ...members,
    })
    const pem = `-----BEGIN CERTIFICATE-----\n${base64(anchor)[0]}\n-----END CERTIFICATE-----\n`
    const forgery = { chain: Buffer.from(leaf.der), issuerKey: leaf.key }
    return verify(forgery, { entry: { anchors: [pem], ...entry } })
  }
  const answers = der.sequence(der.objectIdentifier('1.3.6.1.5.5.7.3.9'))
  const answering = { extensions: [extension(OID.extendedKeyUsage, false, answers)] }

  it.each<[string, Parameters<typeof placed>]>([
    ['of another state', ['C=US,ST=UT,CN=Root', 'C=US,ST=CA,CN=Signer']],
    ['without the state of its root', ['C=US,ST=UT,CN=Root', 'C=US,CN=Signer']],
    ['without a country', ['C=US,CN=Root', 'CN=Signer']],
    ['below a root without a country', ['CN=Root', 'C=US,CN=Signer']],
    ['of two countries', ['C=US,CN=Root', 'C=US,C=NL,CN=Signer']],
    [
      'that does not say what its key is for',
      ['C=US,CN=Root', 'C=US,CN=Signer', { keyUsage: undefined }],
    ],
    [
      'that may answer about revocation alone, whatever the profile',
      ['C=US,CN=Root', 'C=US,CN=Signer', answering, { certificates: 'rfc5280' }],
    ],
  ])('MD-04 a signer %s is refused', async (_, asked) => {
    expect(await refusalOf(() => placed(...asked))).toBe('untrusted_issuer')
  })

  it('MD-04 a signer of country and state of its root is taken; of any state, where the root has none', async () => {
    for (const root of ['C=US,ST=UT,CN=Root', 'C=US,CN=Root'])
      expect((await placed(root, 'C=US,ST=UT,CN=Signer')).type).toBe(MDL)
  })

  it('MD-04 a certificate authority signs no document', async () => {
    const anchor = writeAnchor()
    const ca = writeOdd({ issuer: anchor, ca: {} })
    const [text = ''] = base64(anchor)
    const pem = `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`
    const forgery = { chain: Buffer.from(ca.der), issuerKey: ca.key }
    const entry = { anchors: [pem], certificates: 'rfc5280' }
    expect(await refusalOf(() => verify(forgery, { entry }))).toBe('certificate_invalid')
  })

  it('TR-02 the anchor of an SD-JWT entry vouches for no mdoc', async () => {
    const entry = {
      ...{ id: 'sd', format: 'dc+sd-jwt', vct: [MDL], mechanism: 'x5c', anchors: [issuer.anchor] },
    }
    const trust = prepareTrust(TrustPolicy.parse({ entries: [entry] }))
    expect(await refusalOf(() => verify({}, { trust }))).toBe('untrusted_issuer')
  })

  it('TR-10 an unknown critical extension ends the path', async () => {
    const anchor = writeAnchor()
    const odd = extension(OID.policyConstraints, true, Uint8Array.of(0x30, 0))
    const leaf = writeOdd({ issuer: anchor, extensions: [odd] })
    const [text = ''] = base64(anchor)
    const pem = `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`
    const forgery = { chain: Buffer.from(leaf.der), issuerKey: leaf.key }
    const entry = { anchors: [pem], certificates: 'rfc5280' }
    expect(await refusalOf(() => verify(forgery, { entry }))).toBe('certificate_invalid')
  })
})

describe('the form of a response', () => {
  const attempt = (text: string) => refusalOf(() => verifyMdoc(text, expectations(), means))
  const honest = () => presentMdocBytes(issuer, holderKey)

  it.each([
    ['VP-099 padding', () => `${honest().toString('base64url')}=`],
    ['VP-099 standard base64', () => `${honest().toString('base64url')}+`],
    ['VP-099 nothing', () => ''],
    [
      'VP-099 a blank in between',
      () =>
        honest()
          .toString('base64url')
          .replace(/^(.{9})/, '$1 '),
    ],
    ['MD-01 octets behind it', () => Buffer.concat([honest(), Buffer.of(0)]).toString('base64url')],
    ['MD-01 one octet less', () => honest().subarray(0, -1).toString('base64url')],
    ['MD-01 a list', () => cbor([]).toString('base64url')],
    ['row 19 the version twice', () => twice(honest()).toString('base64url')],
    ['row 19 a map of indefinite length', () => indefinite(honest()).toString('base64url')],
  ])('%s is refused', async (_, write) => {
    expect(await attempt(write())).toBe('malformed_presentation')
  })

  it('row 18 a response of more than 256 KiB is refused', async () => {
    const large = presentMdocBytes(issuer, holderKey, {
      elements: { portrait: Buffer.alloc(256 * 1024) },
    })
    expect(await attempt(large.toString('base64url'))).toBe('too_large')
  })

  it('row 18 a response nested a hundred thousand deep is refused', async () => {
    expect(await attempt(Buffer.alloc(100_000, 0x81).toString('base64url'))).toBe('too_large')
  })
})

/** The first member once more, and the count one higher. */
function twice(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.of(0xa4), cbor('version'), cbor('1.0'), bytes.subarray(1)])
}

function indefinite(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.of(0xbf), bytes.subarray(1), Buffer.of(0xff)])
}
