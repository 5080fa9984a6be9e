/** Mdocs whose issuer lists those that were revoked by identifier (ISO/IEC 18013-5, second edition, section 12.3.6.4). */
import { createPublicKey, type KeyObject, sign } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { issueCertificate } from '../../src/crypto/certificate.ts'
import { DcqlQuery } from '../../src/domain/dcql.ts'
import { TrustPolicy } from '../../src/domain/trust-policy.ts'
import { byteKey, decodeCbor } from '../../src/wallet/cbor.ts'
import { verifyPresentations } from '../../src/wallet/presentation.ts'
import { prepareTrust } from '../../src/wallet/trust.ts'
import {
  cbor,
  createMdocIssuer,
  MDL,
  type MdocForgery,
  type MdocIssuer,
  mapOf,
  presentMdoc,
  Raw,
  type Writable,
} from './mdoc-world.ts'
import { CHANNEL, createMeans, DAY, NONCE, NOW, NOW_S, newKey, refusalOf } from './world.ts'

const URI = 'https://status.example/identifiers'
const TYPE = 'application/identifierlist+cwt'
const MINE = Buffer.from('0123456789abcdef')
const OTHERS = [Buffer.from('fedcba9876543210'), Buffer.from('x')]

let issuer: MdocIssuer
const holderKey = newKey()
beforeAll(() => {
  issuer = createMdocIssuer()
})

interface ListForgery {
  revoked?: readonly Uint8Array[]
  type?: string
  contentType?: string
  key?: KeyObject
  signer?: MdocIssuer
  claims?: (claims: Map<string | number, Writable>) => void
}

/** A map by octets, which says nothing of its members. */
function byOctets(list: readonly Uint8Array[]): Raw {
  const members = list.flatMap((one) => [cbor(one), cbor(new Map())])
  const head = Buffer.of(0xb9, list.length >> 8, list.length & 0xff)
  return new Raw(Buffer.concat([head, ...members]))
}

/** The list as a tagged COSE_Sign1, by somebody below the document signers' root. */
function listOf(forgery: ListForgery = {}): { body: Uint8Array; contentType: string } {
  const { revoked = OTHERS, type = TYPE, contentType = TYPE, signer = issuer } = forgery
  const privateKey = newKey()
  const certificate = issueCertificate(signer.authority, {
    subject: { country: 'NL', commonName: 'Test list signer' },
    publicKey: createPublicKey(privateKey),
    ...{ notBefore: NOW - DAY, notAfter: NOW + 100 * DAY },
  })
  const header = cbor(
    new Map<number, Writable>([
      [1, -7],
      [16, type],
      [33, Buffer.from(certificate)],
    ]),
  )
  const claims = new Map<string | number, Writable>([
    ...([
      [2, URI],
      [6, NOW_S],
      [4, NOW_S + 3600],
    ] as const),
    [65530, mapOf({ identifiers: byOctets(revoked) })],
  ])
  forgery.claims?.(claims)
  const payload = cbor(claims)
  const signed = cbor(['Signature1', header, Buffer.alloc(0), payload])
  const key = { key: forgery.key ?? privateKey, dsaEncoding: 'ieee-p1363' } as const
  const parts = [header, new Map(), payload, sign('sha256', signed, key)]
  return { body: Buffer.concat([Buffer.of(0xd2), cbor(parts)]), contentType }
}

const at = (status: Writable): MdocForgery => ({ mso: (mso) => mso.set('status', status) })
const named = (members: Record<string, Writable> = {}) =>
  at(mapOf({ identifier_list: mapOf({ id: MINE, uri: URI, ...members }) }))

async function verify(forgery: MdocForgery, document: unknown, entry: object = {}) {
  const credentials = [{ id: 'mdl', format: 'mso_mdoc', meta: { doctype_value: MDL } }]
  const means = createMeans({ [URI]: document })
  const verified = await verifyPresentations(
    {
      vpToken: new Map([['mdl', [presentMdoc(issuer, holderKey, forgery)]]]),
      query: DcqlQuery.parse({ credentials }),
      trust: prepareTrust(TrustPolicy.parse({ entries: [issuer.trustEntry(entry)] })),
      ...{ nonce: NONCE, channel: CHANNEL, notBefore: NOW, now: NOW, onRevoked: () => {} },
    },
    means,
  )
  return { verified, asked: means.asked }
}

describe('an mdoc that names an identifier list', () => {
  it('MD-11 is taken while it is not on the list, which is asked for as a whole', async () => {
    const { verified, asked } = await verify(named(), listOf())
    expect(verified.credentials[0]?.type).toBe(MDL)
    expect(asked).toEqual([URI])
  })

  it('MD-11 is revoked once it is', async () => {
    const on = listOf({ revoked: [...OTHERS, MINE] })
    expect(await refusalOf(() => verify(named(), on))).toBe('credential_revoked')
  })

  it('TS-09 is found among forty thousand', async () => {
    const many = Array.from({ length: 40_000 }, (_, number) => {
      const octets = Buffer.alloc(16)
      octets.writeUInt32BE(number)
      return octets
    })
    expect((await verify(named(), listOf({ revoked: many }))).asked).toEqual([URI])
    const on = listOf({ revoked: [...many, MINE] })
    expect(await refusalOf(() => verify(named(), on))).toBe('credential_revoked')
  })

  it('TS-13 may be looked up again later, by its identifier', async () => {
    const { verified } = await verify(named(), listOf(), { statusRecheckHours: 24 })
    expect(verified.standings).toMatchObject([{ uri: URI, index: MINE.toString('base64url') }])
  })

  it('MD-11 is not looked up where the entry says so', async () => {
    expect((await verify(named(), listOf(), { status: 'ignore' })).asked).toEqual([])
  })

  const lists: [string, () => unknown, string][] = [
    ['TS-10 a list that cannot be had', () => undefined, 'status_unavailable'],
    [
      'TS-02 a list of another type',
      () => listOf({ type: 'application/statuslist+cwt' }),
      'status_list_invalid',
    ],
    [
      'TS-02 a status list in its place',
      () =>
        listOf({
          ...{ type: 'application/statuslist+cwt', contentType: 'application/statuslist+cwt' },
          claims: (claims) => {
            claims.delete(65530)
            claims.set(65533, mapOf({ bits: 1, lst: deflateSync(Buffer.of(0)) }))
          },
        }),
      'status_list_invalid',
    ],
    [
      'TS-03 a list for another address',
      () => listOf({ claims: (all) => all.set(2, 'https://o.example') }),
      'status_list_invalid',
    ],
    [
      'TS-03 a list past its end',
      () => listOf({ claims: (all) => all.set(4, NOW_S - 600) }),
      'status_list_invalid',
    ],
    [
      'MD-11 a list without an end',
      () => listOf({ claims: (all) => all.delete(4) }),
      'status_list_invalid',
    ],
    [
      'MD-11 a list that is both kinds',
      () => listOf({ claims: (all) => all.set(65533, new Map()) }),
      'status_list_invalid',
    ],
    [
      'MD-11 a list without identifiers',
      () => listOf({ claims: (all) => all.set(65530, new Map()) }),
      'status_list_invalid',
    ],
    [
      'TS-08 a list of strangers',
      () => listOf({ signer: createMdocIssuer() }),
      'status_list_invalid',
    ],
    ['TS-08 a list signed by another key', () => listOf({ key: newKey() }), 'status_list_invalid'],
  ]
  it.each(lists)('%s: no login', async (_, make, reason) => {
    expect(await refusalOf(() => verify(named(), make()))).toBe(reason)
  })

  const places: [string, MdocForgery, string][] = [
    ['an empty identifier', named({ id: Buffer.alloc(0) }), 'malformed_presentation'],
    ['an identifier of 65 octets', named({ id: Buffer.alloc(65) }), 'malformed_presentation'],
    ['an identifier in text', named({ id: 'text' }), 'malformed_presentation'],
    ['no address', named({ uri: 1 }), 'malformed_presentation'],
    [
      'both kinds of list',
      at(
        mapOf({
          identifier_list: mapOf({ id: MINE, uri: URI }),
          status_list: mapOf({ idx: 1, uri: URI }),
        }),
      ),
      'malformed_presentation',
    ],
  ]
  it.each(places)('MD-11 with %s is refused, and nobody is asked', async (_, forgery, reason) => {
    expect(await refusalOf(() => verify(forgery, listOf()))).toBe(reason)
  })
})

describe('maps by octets', () => {
  const octets = Buffer.concat([Buffer.of(0xa1), cbor(MINE), cbor(1)])

  it('MD-01 are read where that is asked for, and nowhere else', () => {
    expect(decodeCbor(octets, { byteKeys: true })).toEqual(new Map([[byteKey(MINE), 1]]))
    expect(() => decodeCbor(octets)).toThrow('malformed')
  })

  it('MD-01 have each key once', () => {
    const twice = Buffer.concat([Buffer.of(0xa2), cbor(MINE), cbor(1), cbor(MINE), cbor(2)])
    expect(() => decodeCbor(twice, { byteKeys: true })).toThrow('malformed')
  })
})
