import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createIssuer, DEMO_PERSON, type Issuer } from '../../demo/issuer.ts'
import { type ListToken, signStatusList } from '../../demo/status-list.ts'
import { createWallet, type Wallet } from '../../demo/wallet.ts'
import { createCertificateAuthority, issueCertificate } from '../../src/crypto/certificate.ts'
import * as der from '../../src/crypto/der.ts'
import { BridgeError, type PresentationReason } from '../../src/domain/failure.ts'
import { TrustPolicy } from '../../src/domain/trust-policy.ts'
import { verifyPresentations } from '../../src/wallet/presentation.ts'
import { prepareTrust } from '../../src/wallet/trust.ts'
import { base64, extension, writeAnchor, writeOdd } from './certificates.ts'
import { cbor, mapOf, type Writable } from './mdoc-world.ts'
import {
  CHANNEL,
  createMeans,
  DAY,
  forgeCredential,
  NONCE,
  NOW,
  NOW_S,
  newKey,
  presentTo,
  QUERY,
  VCT,
} from './world.ts'

const URI = 'https://status.example/lists/1'
const INDEX = 7

let issuer: Issuer
let wallet: Wallet
let credential: string
beforeAll(async () => {
  issuer = createIssuer({ now: NOW })
  wallet = createWallet()
  credential = await issue({ status_list: { uri: URI, idx: INDEX } })
})

const issue = (status: unknown) =>
  issuer.issue(DEMO_PERSON, wallet.publicJwk, { payload: { status } })

let means: ReturnType<typeof createMeans>
let documents: Record<string, unknown>
beforeEach(() => {
  documents = {}
  means = createMeans(documents)
})

/** The list as it will be answered from now on; `status` is that of the credential. */
function publish(
  status: number,
  members: Partial<ListToken> & { signer?: Issuer; contentType?: string } = {},
): void {
  const { signer = issuer, contentType = 'application/statuslist+jwt', ...rest } = members
  const statuses = Array.from({ length: 64 }, (_, index) => (index === INDEX ? status : 0))
  const token = signStatusList(signer, { uri: URI, issuedAt: NOW_S - 60, statuses, ...rest })
  documents[URI] = { body: Buffer.from(token), contentType }
}

interface Showing {
  policy?: Record<string, unknown>
  now?: number
  shown?: string
  entries?: Record<string, unknown>[]
}

function show({ policy = {}, now = NOW, shown = credential, entries = [] }: Showing = {}) {
  const all = [...issuer.trustPolicy(policy).entries, ...entries]
  const trust = prepareTrust(TrustPolicy.parse({ entries: all }))
  const issuedAt = Math.floor(now / 1000) - 5
  const vpToken = new Map([['eduid', [presentTo({ wallet }, shown, { issuedAt })]]])
  const question = { vpToken, query: QUERY, trust, nonce: NONCE, channel: CHANNEL }
  return verifyPresentations({ ...question, notBefore: now - 30_000, now }, means)
}

async function refused(reason: PresentationReason, showing?: Showing): Promise<void> {
  const error = await show(showing).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(BridgeError)
  expect((error as BridgeError).failure).toEqual({ kind: 'presentation_refused', reason })
}

describe('what the list says', () => {
  it('TS-06 0 is valid', async () => {
    publish(0)
    expect((await show()).leniences).toEqual([])
    expect(means.asked).toEqual([URI])
  })

  it.each([
    [1, 'credential_revoked'],
    [2, 'credential_suspended'],
    [3, 'credential_revoked'],
  ] as const)('TS-06, TS-13 %i is refused as %s', async (status, reason) => {
    publish(status)
    await refused(reason)
  })

  it('TS-06 a value without a meaning is not valid', async () => {
    publish(11, { width: 4 })
    await refused('credential_revoked')
  })

  it('TS-05 an index beyond the list is refused', async () => {
    publish(0, { statuses: [0, 0, 0, 0] })
    await refused('status_list_invalid')
  })
})

describe('when it is asked for', () => {
  it('TS-01 a credential that is not proved causes no request', async () => {
    publish(0)
    const forged = credential.replace(
      /^([^.]+\.[^.]+\.)(.)/,
      (_, head, one) => `${head}${one === 'A' ? 'B' : 'A'}`,
    )
    await expect(show({ shown: forged })).rejects.toThrow()
    expect(means.asked).toEqual([])
  })

  it('row 11 a credential that must have a status and has none is refused', async () => {
    const shown = await issue(undefined)
    await refused('status_missing', { shown, policy: { status: 'require' } })
    expect((await show({ shown })).leniences).toEqual([])
  })

  it('row 11 where policy ignores it, nobody is asked', async () => {
    await show({ policy: { status: 'ignore' } })
    expect(means.asked).toEqual([])
  })
})

describe('whether the list is believed', () => {
  const rows: [string, () => void][] = [
    ['TS-02 a token of another type', () => publish(0, { header: { typ: 'JWT' } })],
    ['TS-03 a list for another address', () => publish(0, { uri: 'https://status.example/2' })],
    ['TS-03 a list without a time of issue', () => publish(0, { payload: { iat: undefined } })],
    ['TS-03 a list from the future', () => publish(0, { issuedAt: NOW_S + 61 })],
    ['TS-03 a list past its end', () => publish(0, { payload: { exp: NOW_S - 60 } })],
    ['TS-03 an end that is no number', () => publish(0, { payload: { exp: '9999999999' } })],
    ['TS-04 a list of three bits', () => publish(0, { payload: { status_list: { bits: 3 } } })],
    ['TS-04 no list', () => publish(0, { payload: { status_list: undefined } })],
    ['TS-08 no certificate', () => publish(0, { header: { x5c: undefined } })],
    ['TS-08 a key of its own', () => publish(0, { signer: { ...issuer, privateKey: newKey() } })],
    [
      'TS-02 a JWT that calls itself a CWT',
      () => publish(0, { contentType: 'application/statuslist+cwt' }),
    ],
  ]
  it.each(rows)('%s is not believed', async (_name, arrange) => {
    arrange()
    await refused('status_list_invalid')
  })

  it('TS-08 a list that another trusted issuer signed is not believed', async () => {
    const other = createIssuer({ now: NOW, url: 'https://pid.example', vct: 'urn:eudi:pid:1' })
    publish(0, { signer: other })
    await refused('status_list_invalid', { entries: other.trustPolicy({ id: 'pid' }).entries })
  })

  it('TS-08 a signer of another name below the same anchor is believed only for a purpose that policy names', async () => {
    const purpose = '1.3.6.1.5.5.7.3.36'
    const shared = createAuthority()
    const shown = issuedBy(shared.signer('issuer.demo.example', undefined))
    publish(0, { signer: { ...issuer, ...shared.signer('lists.example', purpose) } })
    const anchored = { anchors: [shared.anchor] }
    await refused('status_list_invalid', { shown, policy: anchored })
    means = createMeans(documents)
    const policy = { ...anchored, statusPurposes: [purpose] }
    expect((await show({ shown, policy })).leniences).toEqual([])
    publish(0, { signer: { ...issuer, ...shared.signer('lists.example', undefined) } })
    means = createMeans(documents)
    await refused('status_list_invalid', { shown, policy })
  })
})

describe('TS-08 whoever may make no credential below the anchors signs no list, whatever the name', () => {
  const MAKES = '1.2.3.4'
  const SERVER = '1.3.6.1.5.5.7.3.1'
  const OCSP = '1.3.6.1.5.5.7.3.9'
  const rows: [string, string | undefined, Record<string, unknown>][] = [
    ['a purpose other than the one that policy wants', SERVER, { extendedKeyUsage: [MAKES] }],
    ['no purpose where policy wants one', undefined, { extendedKeyUsage: [MAKES] }],
    ['the purpose of answers about revocation', OCSP, {}],
  ]
  it.each(rows)('%s', async (_name, purpose, wanted) => {
    const shared = createAuthority()
    const shown = issuedBy(shared.signer('issuer.demo.example', MAKES))
    const policy = { anchors: [shared.anchor], issuer: { match: 'none' }, ...wanted }
    publish(0, { signer: { ...issuer, ...shared.signer('other.example', purpose) } })
    await refused('status_list_invalid', { shown, policy })
    means = createMeans(documents)
    publish(0, { signer: { ...issuer, ...shared.signer('lists.example', MAKES) } })
    expect((await show({ shown, policy })).leniences).toEqual([])
  })

  it('a certificate policy other than the one that is wanted', async () => {
    const key = newKey()
    const anchor = writeAnchor()
    const [anchored = ''] = base64(anchor)
    const signer = (oid: string) => {
      const policies = der.sequence(der.sequence(der.objectIdentifier(oid)))
      const extensions = [extension('2.5.29.32', false, policies)]
      return { privateKey: key, x5c: base64(writeOdd({ issuer: anchor, key, extensions })) }
    }
    const shown = issuedBy(signer(MAKES))
    const policy = {
      anchors: [pem(anchored)],
      issuer: { match: 'none' },
      certificatePolicies: [MAKES],
    }
    publish(0, { signer: { ...issuer, ...signer('1.2.3.5') } })
    await refused('status_list_invalid', { shown, policy })
    means = createMeans(documents)
    publish(0, { signer: { ...issuer, ...signer(MAKES) } })
    expect((await show({ shown, policy })).leniences).toEqual([])
  })
})

/** A credential of the demo's issuer under another certificate. */
const issuedBy = (signer: Pick<Issuer, 'privateKey' | 'x5c'>) =>
  forgeCredential(
    { ...issuer, ...signer },
    {
      ...{ iss: issuer.url, vct: VCT, exp: NOW_S + 3_600, cnf: { jwk: wallet.publicJwk } },
      ...{ ...DEMO_PERSON, status: { status_list: { uri: URI, idx: INDEX } } },
    },
  )

describe('a list as CWT', () => {
  it('TS-02 is believed as one that is a JWT', async () => {
    publishCwt(0)
    expect((await show()).leniences).toEqual([])
    means = createMeans(documents)
    publishCwt(1)
    await refused('credential_revoked')
  })

  const rows: [string, Parameters<typeof publishCwt>[1]][] = [
    ['TS-08 a signature of another key', { key: newKey() }],
    ['TS-02 another type', { type: 'application/cwt' }],
    ['TS-03 another list', { uri: 'https://status.example/2' }],
    ['TS-02 no tag', { tag: 0xd1 }],
    [
      'MD-11 a list of identifiers as well',
      { claims: [[65530, mapOf({ identifiers: new Map() })]] },
    ],
    ['TS-03 no time of issue', { claims: [[6, 'yesterday']] }],
    ['TS-03 an end that has passed', { claims: [[4, NOW_S - 60]] }],
  ]
  it.each(rows)('%s is not believed', async (_name, members) => {
    publishCwt(0, members)
    await refused('status_list_invalid')
  })
})

/** The same list, encoded as COSE_Sign1 with our own test writer. */
function publishCwt(
  status: number,
  members: {
    key?: KeyObject
    type?: string
    uri?: string
    tag?: number
    /** On top of the honest ones. */
    claims?: [number, Writable][]
  } = {},
): void {
  const { key = issuer.privateKey, type = 'application/statuslist+cwt' } = members
  const bytes = Buffer.alloc(16)
  bytes[INDEX >> 2] = status << ((INDEX & 3) * 2)
  const header: [number, Writable][] = [
    [1, -7],
    [16, type],
  ]
  const claims: [number, Writable][] = [
    [2, members.uri ?? URI],
    [6, NOW_S - 60],
    [65534, 3600],
    [65533, mapOf({ bits: 2, lst: deflateSync(bytes) })],
    ...(members.claims ?? []),
  ]
  const protectedHeader = cbor(new Map(header))
  const payload = cbor(new Map(claims))
  const signed = cbor(['Signature1', protectedHeader, Buffer.alloc(0), payload])
  const signature = sign('sha256', signed, { key, dsaEncoding: 'ieee-p1363' })
  const chain: [number, Writable][] = [[33, Buffer.from(issuer.x5c[0] ?? '', 'base64')]]
  const sign1 = cbor([protectedHeader, new Map(chain), payload, signature])
  const body = Buffer.concat([Buffer.from([members.tag ?? 0xd2]), sign1])
  documents[URI] = { body, contentType: 'application/statuslist+cwt' }
}

describe('how long it counts', () => {
  it('TS-07 within its ttl it is asked for once', async () => {
    publish(0)
    await show()
    await show({ now: NOW + 2_000_000 })
    expect(means.asked).toHaveLength(1)
  })

  it('row 11 a bit that flips is seen when the ttl has run out', async () => {
    publish(0, { payload: { ttl: 600 } })
    await show()
    publish(1, { payload: { ttl: 600 } })
    await show({ now: NOW + 400_000 })
    await refused('credential_revoked', { now: NOW + 601_000 })
  })

  it('TS-07 the end of the token wins over its ttl, and a ttl below a minute counts as one', async () => {
    publish(0, { payload: { ttl: 36_000, exp: NOW_S + 100 } })
    await show()
    await show({ now: NOW + 101_000 })
    expect(means.asked).toHaveLength(2)
    documents = {}
    means = createMeans(documents)
    publish(0, { payload: { ttl: 1 } })
    await show()
    await show({ now: NOW + 30_000 })
    expect(means.asked).toHaveLength(1)
  })

  it('a list near its end is fetched ahead, and nobody waits for it', async () => {
    publish(0, { payload: { ttl: 1_000 } })
    await show()
    publish(1, { payload: { ttl: 1_000 } })
    await show({ now: NOW + 999_000 })
    await new Promise((settled) => setImmediate(settled))
    await refused('credential_revoked', { now: NOW + 999_500 })
    expect(means.asked).toHaveLength(2)
  })

  it('TS-11 fifty at once share one request', async () => {
    publish(0)
    await Promise.all(Array.from({ length: 50 }, () => show()))
    expect(means.asked).toHaveLength(1)
  })
})

describe('when it cannot be had', () => {
  it('TS-10 the login is refused by default', async () => {
    await refused('status_unavailable')
  })

  it('TS-11 after a failure nobody asks again for thirty seconds', async () => {
    await refused('status_unavailable')
    publish(0)
    await refused('status_unavailable', { now: NOW + 29_000 })
    expect(means.asked).toHaveLength(1)
    await show({ now: NOW + 30_000 })
    expect(means.asked).toHaveLength(2)
  })

  it('TS-10 an older list counts for as long as policy lets it, and it is told', async () => {
    const policy = { statusGraceSeconds: 3_600 }
    publish(0, { payload: { ttl: 600 } })
    await show({ policy })
    delete documents[URI]
    expect((await show({ policy, now: NOW + 700_000 })).leniences).toEqual(['status_list_stale'])
    await refused('status_unavailable', { now: NOW + 800_000 })
    await refused('status_unavailable', { policy, now: NOW + 4_300_000 })
  })

  it('TS-10 no grace goes past the end of the token', async () => {
    const policy = { statusGraceSeconds: 3_600 }
    publish(0, { payload: { ttl: 60, exp: NOW_S + 120 } })
    await show({ policy })
    delete documents[URI]
    expect((await show({ policy, now: NOW + 90_000 })).leniences).toEqual(['status_list_stale'])
    await refused('status_unavailable', { policy, now: NOW + 121_000 })
  })

  it('TS-10 no grace for a list that was had and is not believed', async () => {
    const policy = { statusGraceSeconds: 3_600 }
    publish(0, { payload: { ttl: 60 } })
    await show({ policy })
    publish(0, { header: { typ: 'JWT' } })
    await refused('status_list_invalid', { policy, now: NOW + 90_000 })
  })

  it('TR-21 a list that is older than the last one does not take its place: who was revoked stays so', async () => {
    const policy = { statusGraceSeconds: 3_600 }
    publish(1, { payload: { ttl: 60 } })
    await refused('credential_revoked')
    publish(0, { payload: { ttl: 60 }, issuedAt: NOW_S - 61 })
    await refused('status_unavailable', { now: NOW + 90_000 })
    await refused('credential_revoked', { policy, now: NOW + 121_000 })
    publish(0, { payload: { ttl: 60 }, issuedAt: NOW_S })
    expect((await show({ now: NOW + 152_000 })).leniences).toEqual([])
  })

  it('TS-11 a tenant has at most eight requests under way, and the others wait for them', async () => {
    const uris = Array.from({ length: 12 }, (_, index) => `https://status.example/${index}`)
    const shown = await Promise.all(uris.map((uri) => issue({ status_list: { uri, idx: 0 } })))
    const contentType = 'application/statuslist+jwt'
    for (const uri of uris) {
      const token = signStatusList(issuer, { uri, issuedAt: NOW_S - 60, statuses: [0, 0, 0, 0] })
      documents[uri] = { body: Buffer.from(token), contentType }
    }
    const { fetchStatusList } = means
    let underWay = 0
    let most = 0
    means.fetchStatusList = async (...request) => {
      most = Math.max(most, ++underWay)
      await new Promise((settled) => setImmediate(settled))
      underWay--
      return await fetchStatusList(...request)
    }
    const ends = await Promise.allSettled(shown.map((one) => show({ shown: one })))
    expect(ends.map(({ status }) => status)).toEqual(uris.map(() => 'fulfilled'))
    expect([most, means.asked.length]).toEqual([8, 12])
  })
})

const pem = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`

/** One authority with signers of several names and purposes below it. */
function createAuthority() {
  const validity = { notBefore: NOW - DAY, notAfter: NOW + 365 * DAY }
  const authority = createCertificateAuthority({ subject: { commonName: 'CA' }, ...validity })
  return {
    anchor: pem(Buffer.from(authority.certificate).toString('base64')),
    signer(host: string, purpose: string | undefined) {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const leaf = issueCertificate(authority, {
        subject: { commonName: host },
        ...{ publicKey, uris: [`https://${host}`], dnsNames: [host], ...validity },
        ...(purpose === undefined ? {} : { extendedKeyUsage: [purpose] }),
      })
      return { privateKey, x5c: [Buffer.from(leaf).toString('base64')] }
    },
  }
}
