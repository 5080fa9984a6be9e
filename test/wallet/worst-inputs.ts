/**
 * The largest and worst of everything that is read from outside: as much as its bounds let through, and then what bounds are
 * for. Written in one process and read in another (`worst-inputs-child.ts`), whose memory is looked at.
 */
import { createPublicKey, randomBytes, sign } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import { createIssuer } from '../../demo/issuer.ts'
import { encrypt } from '../../demo/wallet-answer.ts'
import { hashSecret, randomText } from '../../src/crypto/random.ts'
import { DcqlQuery } from '../../src/domain/dcql.ts'
import { BridgeError } from '../../src/domain/failure.ts'
import { checkPolicy } from '../../src/domain/policy.ts'
import { parseStrictJson, StrictJsonError } from '../../src/domain/strict-json.ts'
import { TrustPolicy } from '../../src/domain/trust-policy.ts'
import { readCertificate } from '../../src/wallet/certificate.ts'
import { FederationError } from '../../src/wallet/entity-statement.ts'
import { ListError } from '../../src/wallet/listed-service.ts'
import { verifyPresentations } from '../../src/wallet/presentation.ts'
import { lookupOf, openResponse, readForm } from '../../src/wallet/response.ts'
import { createResponseKey } from '../../src/wallet/response-encryption.ts'
import { readRevocationList } from '../../src/wallet/revocation-list.ts'
import { openToken, readStatusListToken } from '../../src/wallet/status-list-token.ts'
import { prepareTrust } from '../../src/wallet/trust.ts'
import { resolveChain } from '../../src/wallet/trust-chain.ts'
import { readTrustedList } from '../../src/wallet/trusted-list.ts'
import { INCLUSIVE } from '../../src/wallet/xml-canonical.ts'
import { extension, writeAnchor, writeOdd } from './certificates.ts'
import { configurationOf, createEntity, type Entity, statementBy } from './federation.ts'
import { createOperator, forgeList, ISSUANCE, makeList } from './lists.ts'
import { cbor, createMdocIssuer, MDL, mapOf, presentMdoc, Raw } from './mdoc-world.ts'
import { writeList } from './revocations.ts'
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
  signJwt,
} from './world.ts'
import { CA_QC, STATUS, signXmlList, TYPES, type XmlForgery } from './xml-lists.ts'

const MIB = 1024 * 1024

export interface WorstInput {
  name: string
  /** The octets that come from outside, and what a verifier knows before. */
  write(): { octets: Uint8Array; known: unknown }
  /** What became of it. */
  read(octets: Uint8Array<ArrayBuffer>, known: never): unknown
  expected: string
}

function inputOf<Known>(
  name: string,
  expected: string,
  write: () => { octets: Uint8Array; known: Known },
  read: (octets: Uint8Array<ArrayBuffer>, known: Known) => unknown,
): WorstInput {
  return { name, expected, write, read: read as WorstInput['read'] }
}

/** `accepted`, or the word for what was refused. */
export async function wordOf(work: () => unknown): Promise<string> {
  try {
    const value = await work()
    return value === undefined ? 'refused' : 'accepted'
  } catch (error) {
    if (error instanceof ListError || error instanceof StrictJsonError) return error.reason
    if (error instanceof FederationError) return 'refused'
    if (!(error instanceof BridgeError)) throw error
    const { failure } = error
    return failure.kind === 'presentation_refused' ? failure.reason : failure.kind
  }
}

/* Trusted lists */

interface KnownList {
  signer: string
  format: 'tsl-xml' | 'lote-jwt'
}

const readList = (octets: Uint8Array<ArrayBuffer>, { signer, format }: KnownList) => {
  const list = { id: 'l', url: 'https://l.example/', format, graceSeconds: 0, signers: [signer] }
  return readTrustedList(octets, list, { now: NOW, known: undefined })
}

/** Authorities of two kilobytes each, as those on real lists are; base64. */
function authorities(count: number, size = 2_000): string[] {
  const key = newKey()
  return Array.from({ length: count }, (_, number) => {
    const filling = extension('1.3.6.1.4.1.99999.1', false, randomBytes(size - 400))
    const made = writeOdd({ name: `CA ${number}`, key, ca: {}, extensions: [filling] })
    return Buffer.from(made.der).toString('base64')
  })
}

function serviceXml(certificates: readonly string[], filling = ''): string {
  const ids = certificates.map(
    (one) => `<DigitalId><X509Certificate>${one}</X509Certificate></DigitalId>`,
  )
  const identity = `<ServiceDigitalIdentity>${ids.join('')}</ServiceDigitalIdentity>`
  const type = `<ServiceTypeIdentifier>${CA_QC}</ServiceTypeIdentifier>`
  const name = '<ServiceName><Name xml:lang="bg">Издаване на удостоверения</Name></ServiceName>'
  const status = `<ServiceStatus>${STATUS}/granted</ServiceStatus>`
  const since = '<StatusStartingTime>2020-01-01T00:00:00Z</StatusStartingTime>'
  return `<TSPService><ServiceInformation>${type}${name}${identity}${status}${since}</ServiceInformation>${filling}</TSPService>`
}

function listXml(providers: readonly (readonly string[])[]): string {
  const listed = providers.map(
    (services) =>
      `<TrustServiceProvider><TSPServices>${services.join('\n')}</TSPServices></TrustServiceProvider>`,
  )
  const scheme = [
    '<TSLVersionIdentifier>6</TSLVersionIdentifier><TSLSequenceNumber>1</TSLSequenceNumber>',
    `<TSLType>${TYPES}/EUgeneric</TSLType>`,
    `<ListIssueDateTime>${new Date(NOW - DAY).toISOString()}</ListIssueDateTime>`,
    `<NextUpdate><dateTime>${new Date(NOW + DAY).toISOString()}</dateTime></NextUpdate>`,
  ]
  return (
    '<TrustServiceStatusList xmlns="http://uri.etsi.org/02231/v2#">' +
    `<SchemeInformation>${scheme.join('')}</SchemeInformation>` +
    `<TrustServiceProviderList>${listed.join('\n')}</TrustServiceProviderList></TrustServiceStatusList>`
  )
}

function xmlInput(
  name: string,
  expected: string,
  body: () => string,
  forgery: XmlForgery = {},
): WorstInput {
  return inputOf<KnownList>(
    name,
    expected,
    () => {
      const operator = createOperator(NOW)
      const octets = Buffer.from(signXmlList(operator, body(), forgery))
      return { octets, known: { signer: operator.certificate, format: 'tsl-xml' } }
    },
    readList,
  )
}

function jsonListInput(name: string, expected: string, body: () => object): WorstInput {
  return inputOf<KnownList>(
    name,
    expected,
    () => {
      const operator = createOperator(NOW)
      const octets = Buffer.from(forgeList(operator, {}, body()))
      return { octets, known: { signer: operator.certificate, format: 'lote-jwt' } }
    },
    readList,
  )
}

const history = (one: string, times: number) =>
  `<ServiceHistory>${`<ServiceHistoryInstance><ServiceDigitalIdentity><DigitalId><X509Certificate>${one}</X509Certificate></DigitalId></ServiceDigitalIdentity></ServiceHistoryInstance>`.repeat(times)}</ServiceHistory>`

/** Thirty namespaces for each element around, all of which are in scope of what is inside. */
function nested(depth: number, inside: string): string {
  const opening = (at: number) =>
    `<a${Array.from({ length: 30 }, (_, of) => ` xmlns:p${at}_${of + 10}="u"`).join('')}>`
  return `${Array.from({ length: depth }, (_, at) => opening(at)).join('')}${inside}${'</a>'.repeat(depth)}`
}
const ENVELOPED = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature'
const MANY_DECLARED = '<a xmlns:p="u"></a>'.repeat(19_900)

const unsignedXmlInput = (name: string, inside: () => string) =>
  inputOf<KnownList>(
    name,
    'list_malformed',
    () => {
      const signature = `<Signature xmlns="http://www.w3.org/2000/09/xmldsig#">${inside()}</Signature>`
      const octets = Buffer.from(`<a>${signature}</a>`)
      return { octets, known: { signer: createOperator(NOW).certificate, format: 'tsl-xml' } }
    },
    readList,
  )

const LISTS: readonly WorstInput[] = [
  xmlInput('an XML list of 8 MiB: a thousand authorities, each with a history', 'accepted', () => {
    const made = authorities(1_000, 1_900)
    const services = made.map((one) => serviceXml([one], history(one, 2)))
    return listXml([services.slice(0, 500), services.slice(500)])
  }),
  xmlInput(
    'an XML list of 8 MiB: one service with a history of twenty thousand elements',
    'accepted',
    () => {
      const [one = ''] = authorities(1)
      const long = `<ServiceHistory>${`<a>${'ж'.repeat(190)}</a>`.repeat(19_000)}</ServiceHistory>`
      return listXml([[serviceXml([one], long)]])
    },
  ),
  xmlInput('an XML list of two hundred thousand elements', 'list_malformed', () => {
    return listXml([Array(200).fill(`<TSPService>${'<a b="c"></a>'.repeat(1_000)}</TSPService>`)])
  }),
  xmlInput('an XML list of 8 MiB: namespaces and attributes', 'list_malformed', () => {
    const names = Array.from({ length: 15 }, (_, at) => `p${at + 10}`)
    const declared = names.map((name) => ` xmlns:${name}="urn:${name}"`).join('')
    const given = names.map((name) => ` ${name}:a="${name}"`).join('')
    const services = Array<string>(1_900).fill(
      `<TSPService><a${declared}${given}></a></TSPService>`,
    )
    return listXml(Array<string[]>(6).fill(services))
  }),
  xmlInput(
    'an XML list of one service with a namespace for each element',
    'list_malformed',
    () => {
      const [one = ''] = authorities(1)
      return listXml([[serviceXml([one], nested(2, MANY_DECLARED))]])
    },
    { transforms: [ENVELOPED, INCLUSIVE] },
  ),
  unsignedXmlInput('an XML list of 400 KiB that nobody signed: 1110 namespaces', () =>
    nested(37, MANY_DECLARED),
  ),
  unsignedXmlInput('an XML list that nobody signed: a namespace for each element', () =>
    nested(2, MANY_DECLARED),
  ),
  xmlInput('an XML list of more authorities than are kept', 'list_too_costly', () => {
    const made = authorities(1_600)
    return listXml([
      made.slice(0, 800).map((one) => serviceXml([one])),
      made.slice(800).map((one) => serviceXml([one])),
    ])
  }),
  jsonListInput('a JSON list of 3 MiB: seven hundred authorities', 'accepted', () => {
    const entities = authorities(750).map((one) => ({
      anchors: [`-----BEGIN CERTIFICATE-----${one}-----END CERTIFICATE-----`],
      type: ISSUANCE,
    }))
    return makeList({ now: NOW, entities })
  }),
  jsonListInput('a JSON list of two hundred thousand values', 'list_malformed', () => ({
    LoTE: { x: Array(190_000).fill({}) },
  })),
  jsonListInput(
    'a JSON list of four million characters that are no list',
    'list_malformed',
    () => ({
      LoTE: { x: Array(900_000).fill(0) },
    }),
  ),
]

/* What a wallet sends */

const OBJECTS = (count: number) => `[${'{},'.repeat(count)}{}]`

const POSTED: readonly WorstInput[] = [
  inputOf(
    'a posted form of a million empty parameters',
    'invalid_request',
    () => {
      return { octets: Buffer.from('&'.repeat(MIB)), known: {} }
    },
    (octets) => readForm(octets),
  ),
  inputOf(
    'a posted form of a million equal signs',
    'malformed_response',
    () => {
      return { octets: Buffer.from('='.repeat(MIB)), known: {} }
    },
    (octets) => lookupOf(readForm(octets)),
  ),
  inputOf(
    'a posted form of escapes',
    'malformed_response',
    () => {
      return { octets: Buffer.from(`state=a&vp_token=${'%C3%A9'.repeat(MIB / 6 - 10)}`), known: {} }
    },
    openPlain,
  ),
  inputOf(
    'a vp_token of 350 000 objects',
    'malformed_response',
    () => {
      return { octets: Buffer.from(`state=a&vp_token=${OBJECTS(349_000)}`), known: {} }
    },
    openPlain,
  ),
  inputOf(
    'a vp_token of ten thousand objects',
    'malformed_response',
    () => {
      return { octets: Buffer.from(`state=a&vp_token=${OBJECTS(9_900)}`), known: {} }
    },
    openPlain,
  ),
  inputOf(
    'a vp_token of a megabyte of short texts',
    'malformed_response',
    () => {
      const texts = Array.from({ length: 19_000 }, (_, at) => `"${String(at).padEnd(50, 'x')}"`)
      return { octets: Buffer.from(`state=a&vp_token={"a":[${texts.join()}],"b":0}`), known: {} }
    },
    openPlain,
  ),
  inputOf(
    'an encrypted answer of a megabyte',
    'malformed_response',
    () => {
      const state = randomText()
      const { privateKey, publicJwk } = createResponseKey()
      const payload = { state, vp_token: JSON.parse(OBJECTS(240_000)) }
      const response = encrypt(payload, { ...publicJwk, kid: hashSecret(state) })
      const known = { privateKey: Buffer.from(privateKey).toString('base64') }
      return { octets: Buffer.from(`response=${response}`), known }
    },
    (octets, { privateKey }) =>
      openResponse(lookupOf(readForm(octets)), {
        ...{ privateKey: Buffer.from(privateKey, 'base64'), mode: 'direct_post.jwt' },
      }),
  ),
]

function openPlain(octets: Uint8Array) {
  return openResponse(lookupOf(readForm(octets)), {
    ...{ privateKey: new Uint8Array(32), mode: 'direct_post' },
  })
}

/* Presentations, by an issuer whom the verifier believes */

interface KnownQuestion {
  query: unknown
  entries: unknown[]
}

const present = (octets: Uint8Array, { query, entries }: KnownQuestion) =>
  verifyPresentations(
    {
      vpToken: new Map([['it', [Buffer.from(octets).toString('latin1')]]]),
      query: DcqlQuery.parse(query),
      trust: prepareTrust(TrustPolicy.parse({ entries })),
      ...{ nonce: NONCE, channel: CHANNEL, notBefore: NOW - 30_000, now: NOW },
    },
    createMeans(),
  )

function sdJwtInput(name: string, expected: string, members: () => object): WorstInput {
  return inputOf<KnownQuestion>(
    name,
    expected,
    () => {
      const issuer = createIssuer({ now: NOW })
      const holderKey = newKey()
      const jwk = createPublicKey(holderKey).export({ format: 'jwk' })
      const credential = forgeCredential(issuer, {
        ...{ iss: issuer.url, vct: issuer.vct, iat: NOW_S - 60, exp: NOW_S + 60, cnf: { jwk } },
        ...{ given_name: 'Ada', email: 'a@b.example' },
        ...members(),
      })
      const query = { credentials: [{ ...QUERY.credentials[0], id: 'it' }] }
      const known = { query, entries: [...issuer.trustPolicy().entries] }
      return {
        octets: Buffer.from(presentTo({ wallet: { holderKey } } as never, credential)),
        known,
      }
    },
    present,
  )
}

function mdocInput(name: string, expected: string, filling: () => Raw): WorstInput {
  return inputOf<KnownQuestion>(
    name,
    expected,
    () => {
      const issuer = createMdocIssuer()
      const text = presentMdoc(issuer, newKey(), { mso: (mso) => void mso.set('x', filling()) })
      const asked = { id: 'it', format: 'mso_mdoc', meta: { doctype_value: MDL } }
      const known = { query: { credentials: [asked] }, entries: [issuer.trustEntry()] }
      return { octets: Buffer.from(text), known }
    },
    present,
  )
}

const many = (head: readonly number[], count: number, one: readonly number[]) =>
  new Raw(Buffer.concat([Buffer.from(head), Buffer.alloc(count * one.length, Buffer.from(one))]))

const PRESENTATIONS: readonly WorstInput[] = [
  sdJwtInput('an SD-JWT of ten thousand objects', 'accepted', () => ({
    x: JSON.parse(OBJECTS(9_900)),
  })),
  sdJwtInput('an SD-JWT of sixty thousand objects', 'malformed_presentation', () => ({
    x: JSON.parse(OBJECTS(60_000)),
  })),
  sdJwtInput('an SD-JWT of 180 KiB in one text', 'accepted', () => ({ x: 'ж'.repeat(90_000) })),
  mdocInput('an mdoc of nine thousand maps', 'accepted', () =>
    many([0x99, 0x23, 0x28], 9_000, [0xa0]),
  ),
  mdocInput('an mdoc of 180 000 maps', 'too_large', () =>
    many([0x9a, 0x00, 0x02, 0xbf, 0x20], 180_000, [0xa0]),
  ),
]

/* What authorities say */

const URI = 'https://status.example/1'

function statusInput(name: string, expected: string, lst: () => string): WorstInput {
  return inputOf<{ x5c: string }>(
    name,
    expected,
    () => {
      const issuer = createIssuer({ now: NOW })
      const claims = { sub: URI, iat: NOW_S - 60, status_list: { bits: 8, lst: lst() } }
      const header = { alg: 'ES256', typ: 'statuslist+jwt' }
      const octets = Buffer.from(signJwt(header, claims, issuer.privateKey))
      return { octets, known: { x5c: issuer.x5c[0] ?? '' } }
    },
    (octets, { x5c }) => {
      const token = readStatusListToken(octets, 'application/statuslist+jwt')
      const certificate = readCertificate(Buffer.from(x5c, 'base64'))
      if (certificate !== undefined) token.verify(certificate.publicKey)
      return openToken(token, URI, NOW)
    },
  )
}

const AUTHORITIES: readonly WorstInput[] = [
  inputOf<{ root: string }>(
    'a revocation list of fifty thousand',
    'accepted',
    () => {
      const root = writeAnchor({ keyUsage: 0x06 })
      const revoked = Array.from({ length: 50_000 }, (_, number) => {
        const serial = Buffer.alloc(20, 0x11)
        serial.writeUInt32BE(number, 4)
        return serial
      })
      const octets = writeList(root, { revoked })
      return { octets, known: { root: Buffer.from(root.der).toString('base64') } }
    },
    (octets, { root }) => {
      const certificate = readCertificate(Buffer.from(root, 'base64'))
      return certificate && readRevocationList(octets, certificate, 'http://crl.example/')
    },
  ),
  statusInput('a status list of 4 MiB', 'accepted', () =>
    deflateSync(Buffer.concat([randomBytes(550_000), Buffer.alloc(4 * MIB - 550_000)])).toString(
      'base64url',
    ),
  ),
  statusInput('a status list that unfolds into 500 MiB', 'status_list_invalid', () =>
    deflateSync(Buffer.alloc(500 * MIB)).toString('base64url'),
  ),
  inputOf(
    'a list of fifty thousand identifiers',
    'accepted',
    () => {
      const key = newKey()
      const entries = Array.from({ length: 48_000 }, (_, number) => {
        const octets = Buffer.alloc(9, 0x48)
        octets.writeUInt32BE(number, 5)
        return Buffer.concat([octets, Buffer.of(0xa0)])
      })
      const identifiers = new Raw(
        Buffer.concat([Buffer.of(0xba, 0x00, 0x00, 0xbb, 0x80), ...entries]),
      )
      const claims = new Map<string | number, Parameters<typeof cbor>[0]>([
        ...([
          [2, URI],
          [6, NOW_S],
          [4, NOW_S + 3600],
        ] as const),
        [65530, mapOf({ identifiers })],
      ])
      const payload = cbor(claims)
      const header = cbor(
        new Map<number, string | number>([
          [1, -7],
          [16, 'application/identifierlist+cwt'],
        ]),
      )
      const signed = cbor(['Signature1', header, Buffer.alloc(0), payload])
      const value = sign('sha256', signed, { key, dsaEncoding: 'ieee-p1363' })
      return {
        octets: Buffer.concat([Buffer.of(0xd2), cbor([header, new Map(), payload, value])]),
        known: {},
      }
    },
    (octets) => openToken(readStatusListToken(octets, 'application/identifierlist+cwt'), URI, NOW),
  ),
  inputOf<{ jwks: { kid: string; pem: string } }>(
    'a chain of a federation, each statement of 128 KiB',
    'accepted',
    () => {
      const anchor = createEntity('https://top.example')
      const middle = Array.from({ length: 3 }, (_, at) => createEntity(`https://m${at}.example`))
      const leaf = createEntity('https://leaf.example')
      const filling = { x: JSON.parse(OBJECTS(9_800)), y: 'ж'.repeat(30_000) }
      const [first] = middle as [Entity, ...Entity[]]
      const about = [leaf, ...middle].map((below, at) =>
        statementBy(middle[at] ?? anchor, below, NOW, { claims: filling }),
      )
      const own = configurationOf(leaf, NOW, { hints: [first], claims: filling })
      const top = configurationOf(anchor, NOW, { claims: filling })
      const pem = createPublicKey(anchor.key).export({ type: 'spki', format: 'pem' }).toString()
      return {
        octets: Buffer.from([own, ...about, top].join('\n')),
        known: { jwks: { kid: anchor.kid, pem } },
      }
    },
    (octets, { jwks: { kid, pem } }) =>
      resolveChain(
        Buffer.from(octets).toString('latin1').split('\n'),
        [{ entity: 'https://top.example', keys: [{ kid, key: createPublicKey(pem) }] }],
        NOW,
      ),
  ),
]

/* What an administrator sends */

const document = (kind: 'query' | 'trust' | 'selector', text: string) =>
  inputOf(
    `a policy of kind ${kind} with everything wrong`,
    'refused',
    () => {
      return { octets: Buffer.from(text), known: {} }
    },
    (octets) => {
      const read = checkPolicy(kind, parseStrictJson(Buffer.from(octets).toString('utf8')))
      return read.ok ? read : undefined
    },
  )

const ADMINISTRATION: readonly WorstInput[] = [
  document('query', `{"credentials":${OBJECTS(9_900)}}`),
  document(
    'query',
    `{"credentials":[{"id":"a","format":"dc+sd-jwt","meta":{"vct_values":[${'0,'.repeat(19_900)}0]}}]}`,
  ),
  document('trust', `{"entries":${OBJECTS(9_900)}}`),
  document('selector', `{"rules":${OBJECTS(9_900)}}`),
]

export const WORST_INPUTS: readonly WorstInput[] = [
  ...LISTS,
  ...POSTED,
  ...PRESENTATIONS,
  ...AUTHORITIES,
  ...ADMINISTRATION,
]
