/**
 * Issue 6, item 9: what is read from authorities has a bound on size and number: the largest that is taken, and one beyond. The
 * bounds of what wallets send stand with each format (SD-02, MD-01, VP-070).
 */
import { createPublicKey, sign } from 'node:crypto'
import { deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { createIssuer } from '../../demo/issuer.ts'
import { signStatusList } from '../../demo/status-list.ts'
import { openBitstringList } from '../../src/wallet/bitstring-list.ts'
import { readCertificate } from '../../src/wallet/certificate.ts'
import { FederationError, keysIn, readParts } from '../../src/wallet/entity-statement.ts'
import { readOcspResponse } from '../../src/wallet/ocsp.ts'
import { readRevocationList } from '../../src/wallet/revocation-list.ts'
import { openStatusList } from '../../src/wallet/status-list.ts'
import { openToken, readStatusListToken } from '../../src/wallet/status-list-token.ts'
import { resolveChain } from '../../src/wallet/trust-chain.ts'
import { PASSED_OVER } from '../../src/wallet/xml-branch.ts'
import { walkXml } from '../../src/wallet/xml-reader.ts'
import { extension, writeAnchor, writeOdd } from './certificates.ts'
import { configurationOf, createEntity, statementBy } from './federation.ts'
import { cbor, mapOf, Raw } from './mdoc-world.ts'
import { writeAnswer, writeList } from './revocations.ts'
import { NOW, NOW_S, newKey } from './world.ts'

const MIB = 1024 * 1024
const URI = 'https://status.example/1'
const root = writeAnchor({ keyUsage: 0x06 })
const leaf = writeOdd({ issuer: root })
const issuer = createIssuer({ now: NOW })

function certificateOf(der: Uint8Array) {
  return readCertificate(der) ?? expect.fail('no certificate')
}

/** A value that came, or the word for none. */
async function isTaken(read: () => unknown): Promise<boolean> {
  try {
    return (await read()) !== undefined
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
    expect((error as Error).name).not.toMatch(/^(?:Range|Type|Syntax|Reference)Error$/)
    return false
  }
}

const revocations = (count: number) => {
  const revoked = Array.from({ length: count }, (_, at) => Uint8Array.of(at >> 16, at >> 8, at, 1))
  return readRevocationList(writeList(root, { revoked }), certificateOf(root.der), 'http://crl/')
}

/** An answer of a responder of about that many octets. */
const answered = (octets: number) => {
  const filling = extension('1.3.6.1.4.1.99999.1', false, Buffer.alloc(octets - 500))
  const answer = writeAnswer(root, { extensions: [filling] })
  return readOcspResponse(answer, certificateOf(leaf.der), certificateOf(root.der), NOW)
}

/** A token of exactly that many characters. */
const token = (length: number) => {
  const of = (filling: number) =>
    signStatusList(issuer, {
      ...{ uri: URI, issuedAt: NOW_S - 60, statuses: [0, 0] },
      payload: { x: 'x'.repeat(filling) },
    })
  const filling = Math.floor(((length - of(0).length) * 3) / 4)
  const text = [filling + 1, filling, filling - 1, filling - 2]
    .map(of)
    .find((one) => one.length <= length)
  return openToken(
    readStatusListToken(Buffer.from(text ?? ''), 'application/statuslist+jwt'),
    URI,
    NOW,
  )
}

const bitstring = (octets: number) =>
  openBitstringList(
    {
      ...{ type: 'BitstringStatusList', statusPurpose: 'revocation' },
      encodedList: `u${gzipSync(Buffer.alloc(octets)).toString('base64url')}`,
    },
    'revocation',
  )

/** So many identifiers of four octets, in a token that nobody has to believe here. */
const identifiers = (count: number) => {
  const key = newKey()
  const entries = Array.from({ length: count }, (_, at) => {
    return Buffer.of(0x44, at >> 24, at >> 16, at >> 8, at, 0xa0)
  })
  const head = Buffer.alloc(5, 0xba)
  head.writeUInt32BE(count, 1)
  const claims = new Map<string | number, Parameters<typeof cbor>[0]>([
    ...([
      [2, URI],
      [6, NOW_S],
      [4, NOW_S + 3600],
    ] as const),
    [65530, mapOf({ identifiers: new Raw(Buffer.concat([head, ...entries])) })],
  ])
  const type = 'application/identifierlist+cwt'
  const [payload, header] = [
    cbor(claims),
    cbor(
      new Map<number, string | number>([
        [1, -7],
        [16, type],
      ]),
    ),
  ]
  const signed = cbor(['Signature1', header, Buffer.alloc(0), payload])
  const value = sign('sha256', signed, { key, dsaEncoding: 'ieee-p1363' })
  const body = Buffer.concat([Buffer.of(0xd2), cbor([header, new Map(), payload, value])])
  return openToken(readStatusListToken(body, type), URI, NOW)
}

const top = createEntity('https://top.example')
const entity = createEntity('https://leaf.example')
const anchors = [{ entity: top.id, keys: [{ kid: top.kid, key: createPublicKey(top.key) }] }]

/** An entity that says it is of so many kinds. */
const kinds = (count: number) => {
  const metadata = Object.fromEntries(Array.from({ length: count }, (_, at) => [`kind${at}`, {}]))
  const own = configurationOf(entity, NOW, { hints: [top], claims: { metadata } })
  return resolveChain([own, statementBy(top, entity, NOW), configurationOf(top, NOW)], anchors, NOW)
}

const statement = (octets: number) =>
  readParts(statementBy(top, entity, NOW, { claims: { x: 'x'.repeat((octets * 3) / 4 - 700) } }))

const xml = async (text: string) => {
  await walkXml(Buffer.from(text), PASSED_OVER)
  return text
}
const nested = (depth: number) => '<a>'.repeat(depth) + '</a>'.repeat(depth)
const attributes = (count: number) =>
  `<a ${Array.from({ length: count }, (_, at) => `b${at}="x"`).join(' ')}/>`

describe('row 18 the most that is taken, and more', () => {
  it.each<[string, (size: number) => unknown, number, number]>([
    ['certificates on a revocation list', revocations, 50_000, 50_001],
    ['octets of a responder’s answer', answered, 32_000, 33_500],
    ['characters of a status list token', token, MIB, MIB + 8],
    [
      'octets of a status list, unpacked',
      (size) => openStatusList(8, deflateSync(Buffer.alloc(size))),
      4 * MIB,
      4 * MIB + 1,
    ],
    ['octets of a bitstring list, unpacked', bitstring, 4 * MIB, 4 * MIB + 1],
    ['identifiers on a list', identifiers, 49_980, 50_000],
    ['kinds of one entity of a federation', kinds, 50, 51],
    ['characters of its statement', statement, 127 * 1024, 130 * 1024],
    ['elements of XML inside each other', (depth) => xml(nested(depth)), 40, 41],
    ['attributes of one element', (count) => xml(attributes(count)), 30, 31],
    [
      'characters of one text',
      (length) => xml(`<a>${'x'.repeat(length)}</a>`),
      256 * 1024,
      256 * 1024 + 1,
    ],
    ['characters of a name', (length) => xml(`<${'a'.repeat(length)}/>`), 128, 129],
  ])('%s', async (_, read, most, more) => {
    expect(await isTaken(() => read(most))).toBe(true)
    expect(await isTaken(() => read(more))).toBe(false)
  })
})

it.each([
  ['no numbers', { n: '', e: '' }],
  ['numbers that are none', { n: '!!', e: 'AQAB' }],
  ['an even modulus', { n: 'AAAA', e: 'AQAB' }],
  ['a modulus of ten thousand bits', { n: 'x'.repeat(1_700), e: 'AQAB' }],
])('row 18 a federation’s RSA key of %s is passed over, never a fault of ours', (_, numbers) => {
  const good = createPublicKey(newKey()).export({ format: 'jwk' })
  const keys = [
    { kty: 'RSA', kid: 'odd', ...numbers },
    { ...good, kid: 'good' },
  ]
  try {
    const found = keysIn({ keys } as unknown as Parameters<typeof keysIn>[0])
    expect(found.map(({ kid }) => kid)).toContain('good')
  } catch (error) {
    expect(error).toBeInstanceOf(FederationError)
  }
})
