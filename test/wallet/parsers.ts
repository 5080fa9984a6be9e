/**
 * Whatever is read from outside, besides presentations (fuzz-world.ts): each with something honest to start from, its reader,
 * and the errors that it may throw.
 */
import { createPublicKey } from 'node:crypto'
import { isIP } from 'node:net'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { createIssuer } from '../../demo/issuer.ts'
import { demoPolicies } from '../../demo/policies.ts'
import { signStatusList } from '../../demo/status-list.ts'
import { encrypt } from '../../demo/wallet-answer.ts'
import { readProof } from '../../src/crypto/dpop.ts'
import { readEnvelope } from '../../src/crypto/envelope.ts'
import { JwkError, readPublicKey } from '../../src/crypto/thumbprint.ts'
import { readClaimsRequest } from '../../src/domain/claims-request.ts'
import { BridgeError } from '../../src/domain/failure.ts'
import {
  applyPolicy,
  type MetadataPolicy,
  MetadataPolicyError,
  mergePolicies,
} from '../../src/domain/metadata-policy.ts'
import { checkPolicy, POLICY_KINDS } from '../../src/domain/policy.ts'
import { readRegistration } from '../../src/domain/registration.ts'
import { matchRedirectUri } from '../../src/domain/relying-party.ts'
import { parseStrictJson, StrictJsonError } from '../../src/domain/strict-json.ts'
import type { JsonObject } from '../../src/domain/text.ts'
import { checkUrl } from '../../src/outbound/url.ts'
import { readCertificate } from '../../src/wallet/certificate.ts'
import {
  createAnchorSet,
  createChainCache,
  verifyChain,
} from '../../src/wallet/certificate-path.ts'
import { readDid } from '../../src/wallet/did.ts'
import { didWebInquiry } from '../../src/wallet/did-web.ts'
import { FederationError } from '../../src/wallet/entity-statement.ts'
import { readKeys } from '../../src/wallet/issuer-metadata.ts'
import { isJsonObject } from '../../src/wallet/json.ts'
import { ListError } from '../../src/wallet/listed-service.ts'
import { readOcspResponse } from '../../src/wallet/ocsp.ts'
import { readRequestUriPost } from '../../src/wallet/request-object.ts'
import { lookupOf, openDigitalResponse, readForm } from '../../src/wallet/response.ts'
import { createResponseKey } from '../../src/wallet/response-encryption.ts'
import { readRevocationList } from '../../src/wallet/revocation-list.ts'
import { openToken, readStatusListToken } from '../../src/wallet/status-list-token.ts'
import { resolveChain } from '../../src/wallet/trust-chain.ts'
import { readTrustedList } from '../../src/wallet/trusted-list.ts'
import { PASSED_OVER } from '../../src/wallet/xml-branch.ts'
import { walkXml, XmlFormError } from '../../src/wallet/xml-reader.ts'
import { extension, OID, writeAnchor, writeOdd } from './certificates.ts'
import { asIssuer, asSuperior, configurationOf, createEntity, statementBy } from './federation.ts'
import { createOperator, forgeList, makeList } from './lists.ts'
import { writeAnswer, writeList } from './revocations.ts'
import { encode, NOW, NOW_S, newKey, signJwt } from './world.ts'
import { signXmlList, writeXmlList } from './xml-lists.ts'

type Refusal = abstract new (...members: never[]) => Error

export interface OctetParser {
  name: string
  honest: Uint8Array
  /** The value, for comparison. */
  read(octets: Uint8Array): unknown
  refusals: readonly Refusal[]
  /** What is changed is refused, or means the same. */
  isSigned: boolean
}

/** The same of something that is JSON: its reader is given a document that is changed somewhere, signed anew where it is signed. */
export interface JsonParser {
  name: string
  honest: JsonObject
  read(document: JsonObject): unknown
  refusals: readonly Refusal[]
}

const issuer = createIssuer({ now: NOW })
const operator = createOperator(NOW)
const at = { now: NOW, known: undefined }
const list = {
  ...{ id: 'l', url: 'https://lists.example/l', graceSeconds: 0 },
  signers: [operator.certificate],
}
const root = writeAnchor({ keyUsage: 0x06 })
const leaf = writeOdd({
  issuer: root,
  extensions: [
    extension(OID.extendedKeyUsage, false, Buffer.from('300a06082b06010505070303', 'hex')),
  ],
})
const anchor = createEntity('https://top.example', 'RS256')
const between = createEntity('https://org.example')
const entity = createEntity('https://leaf.example')
const anchors = [
  { entity: anchor.id, keys: [{ kid: anchor.kid, key: createPublicKey(anchor.key) }] },
]
const URI = 'https://status.example/1'
const responseKey = createResponseKey()

function proofOf(): string {
  const key = newKey()
  const jwk = createPublicKey(key).export({ format: 'jwk' })
  const said = { htm: 'POST', htu: 'https://bridge.example/token', iat: NOW_S, jti: 'one' }
  return signJwt({ typ: 'dpop+jwt', alg: 'ES256', jwk }, said, key)
}

/** As a wallet hands it to the page that asked. */
function sealedAnswer(): string {
  return encrypt({ vp_token: { it: ['x'] } }, { ...responseKey.publicJwk, kid: 'k' })
}

const text = (octets: Uint8Array) => Buffer.from(octets).toString('latin1')

function certificateOf(der: Uint8Array) {
  const certificate = readCertificate(der)
  if (certificate === undefined) throw new Error('the honest certificate was refused')
  return certificate
}

const chain = [
  configurationOf(entity, NOW, { hints: [between], claims: asIssuer(entity) }),
  statementBy(between, entity, NOW),
  statementBy(anchor, between, NOW),
  configurationOf(anchor, NOW, { claims: asSuperior(anchor) }),
]

function statusOf(octets: Uint8Array, type: string, purpose?: 'revocation') {
  const token = readStatusListToken(octets, type, purpose)
  token.verify(createPublicKey(issuer.privateKey))
  return openToken(token, URI, NOW)
}

/** Bitstring Status List 1.0, section 3. */
const BITSTRING: JsonObject = {
  ...{ '@context': ['https://www.w3.org/ns/credentials/v2'], id: URI, issuer: issuer.url },
  type: ['VerifiableCredential', 'BitstringStatusListCredential'],
  validFrom: new Date(NOW - 60_000).toISOString(),
  credentialSubject: {
    ...{ id: `${URI}#list`, type: 'BitstringStatusList', statusPurpose: 'revocation' },
    encodedList: `u${gzipSync(Buffer.alloc(16_384)).toString('base64url')}`,
  },
}

function signBitstring(credential: object): string {
  return signJwt({ alg: 'ES256', typ: 'vc+jwt' }, credential, issuer.privateKey)
}

/** Everything that is octets on its way in. */
export const OCTET_PARSERS: readonly OctetParser[] = [
  {
    ...{ name: 'a trusted list in XML', refusals: [ListError], isSigned: true },
    honest: Buffer.from(
      signXmlList(operator, writeXmlList({ now: NOW, services: [{ anchors: [issuer.anchor] }] })),
    ),
    read: (octets) => readTrustedList(octets, { ...list, format: 'tsl-xml' }, at),
  },
  {
    ...{ name: 'any XML', refusals: [XmlFormError], isSigned: false },
    honest: Buffer.from(
      '<?xml version="1.0"?><a x:b="1&lt;" xmlns:x="u"><!-- c --><![CDATA[d]]>&#65;<e/></a>',
    ),
    read: (octets) => walkXml(octets, PASSED_OVER),
  },
  {
    ...{ name: 'a list of trusted entities', refusals: [ListError], isSigned: true },
    honest: Buffer.from(
      forgeList(operator, {}, makeList({ now: NOW, entities: [{ anchors: [issuer.anchor] }] })),
    ),
    read: (octets) => readTrustedList(octets, { ...list, format: 'lote-jwt' }, at),
  },
  {
    ...{ name: 'a revocation list', refusals: [], isSigned: true },
    honest: writeList(root, { revoked: [Uint8Array.of(7), Uint8Array.of(9)] }),
    read: (octets) => readRevocationList(octets, certificateOf(root.der), 'http://crl.example/'),
  },
  {
    ...{ name: 'an answer of a responder', refusals: [], isSigned: true },
    honest: writeAnswer(root),
    read: (octets) =>
      readOcspResponse(octets, certificateOf(leaf.der), certificateOf(root.der), NOW),
  },
  {
    ...{ name: 'a certificate', refusals: [], isSigned: false },
    honest: leaf.der,
    read: (octets) => readCertificate(octets)?.fingerprint,
  },
  {
    ...{ name: 'a chain of certificates', refusals: [BridgeError], isSigned: true },
    honest: leaf.der,
    read: (octets) => {
      const set = createAnchorSet([root.der])
      const brought = [Buffer.from(octets).toString('base64')]
      return set && verifyChain(brought, set, NOW, createChainCache())?.leaf.serialNumber
    },
  },
  {
    ...{ name: 'a status list', refusals: [BridgeError], isSigned: true },
    honest: Buffer.from(
      signStatusList(issuer, { uri: URI, issuedAt: NOW_S - 60, statuses: Array(64).fill(0) }),
    ),
    read: (octets) => statusOf(octets, 'application/statuslist+jwt'),
  },
  {
    ...{ name: 'a bitstring status list', refusals: [BridgeError], isSigned: true },
    honest: Buffer.from(signBitstring(BITSTRING)),
    read: (octets) => statusOf(octets, 'application/vc+jwt', 'revocation'),
  },
  {
    ...{ name: 'a chain of a federation', refusals: [FederationError], isSigned: true },
    honest: Buffer.from(chain.join('\n')),
    read: (octets) => resolveChain(text(octets).split('\n'), anchors, NOW),
  },
  {
    ...{ name: 'a proof of possession', refusals: [], isSigned: true },
    honest: Buffer.from(proofOf()),
    read: (octets) =>
      readProof(text(octets), {
        ...{ method: 'POST', url: 'https://bridge.example/token', accessToken: undefined },
        now: NOW,
      })?.jti,
  },
  {
    ...{ name: 'an address to ask', refusals: [BridgeError], isSigned: false },
    honest: Buffer.from('https://issuer.example/path?query=1'),
    read(octets) {
      const { url } = checkUrl(text(octets), { allowLoopback: false, allowedPorts: [443] })
      if (url.protocol !== 'https:' || isIP(url.hostname) !== 0) throw new Error('let through')
      return url.href
    },
  },
  {
    ...{ name: 'an address to return to', refusals: [], isSigned: true },
    honest: Buffer.from('https://app.example/callback?a=b'),
    read: (octets) => matchRedirectUri(['https://app.example/callback?a=b'], text(octets)),
  },
  {
    ...{ name: 'a sealed text', refusals: [], isSigned: false },
    honest: Buffer.from(`v1.c1.${'A'.repeat(16)}.${'A'.repeat(43)}.${'A'.repeat(43)}`),
    read: (octets) => readEnvelope(text(octets))?.keyId,
  },
  {
    ...{ name: 'a form', refusals: [BridgeError], isSigned: false },
    honest: Buffer.from('state=abc&vp_token=%7B%22a%22%3A%5B%22x%22%5D%7D'),
    read: (octets) => lookupOf(readForm(octets)).kind,
  },
  {
    ...{ name: 'what a wallet says of itself', refusals: [BridgeError], isSigned: false },
    honest: Buffer.from(
      `wallet_nonce=abc&wallet_metadata=${encodeURIComponent('{"vp_formats_supported":{"mso_mdoc":{}}}')}`,
    ),
    read: (octets) => readRequestUriPost(readForm(octets)),
  },
  {
    ...{ name: 'JSON', refusals: [StrictJsonError], isSigned: false },
    honest: Buffer.from('{"a":[1,-2.5e3,true,null,"\\u00e9\\n"],"b":{"c":{}}}'),
    read: (octets) => parseStrictJson(Buffer.from(octets).toString('utf8')),
  },
  {
    ...{ name: 'a parameter of claims', refusals: [], isSigned: false },
    honest: Buffer.from('{"id_token":{"email":{"essential":true},"acr":{"values":["a"]}}}'),
    read: (octets) => readClaimsRequest(text(octets), new Set(['email'])),
  },
  {
    ...{ name: 'a decentralised identifier', refusals: [], isSigned: false },
    honest: Buffer.from(
      `did:jwk:${Buffer.from(JSON.stringify(responseKey.publicJwk)).toString('base64url')}`,
    ),
    read: (octets) => readDid(text(octets))?.jwk,
  },
  {
    ...{
      name: 'an answer through the browser',
      refusals: [BridgeError, StrictJsonError],
      isSigned: false,
    },
    honest: Buffer.from(JSON.stringify({ response: sealedAnswer() })),
    read: (octets) => {
      const data = parseStrictJson(text(octets))
      return openDigitalResponse(data as JsonObject, {
        ...{ privateKey: responseKey.privateKey, kid: 'k', encrypted: true },
      })
    },
  },
]

const metadata: JsonObject = { jwks: { keys: [] }, scope: 'openid email', grant_types: ['a', 'b'] }
const policies = demoPolicies(issuer) as unknown as Record<string, JsonObject>

/** Everything that is a document: what is in it may be anything, whoever signed it. */
export const JSON_PARSERS: readonly JsonParser[] = [
  ...POLICY_KINDS.filter((kind) => policies[kind] !== undefined).map((kind) => ({
    ...{ name: `a policy of kind ${kind}`, refusals: [] },
    honest: policies[kind] ?? {},
    read: (document: JsonObject) => checkPolicy(kind, document).ok,
  })),
  {
    ...{ name: 'a query with everything', refusals: [] },
    honest: {
      credentials: [
        {
          ...{ id: 'a', format: 'dc+sd-jwt', meta: { vct_values: ['v'] }, multiple: true },
          trusted_authorities: [{ type: 'aki', values: ['abcd'] }],
          claims: [
            { id: 'c', path: ['x', null, 0], values: ['y', 1, true] },
            { id: 'd', path: ['z'] },
          ],
          claim_sets: [['c'], ['d']],
        },
      ],
      credential_sets: [{ options: [['a']], required: false }, { options: [['a']] }],
    },
    read: (document) => checkPolicy('query', document).ok,
  },
  {
    ...{ name: 'a signed list of trusted entities', refusals: [ListError] },
    honest: makeList({
      now: NOW,
      entities: [{ anchors: [issuer.anchor] }],
    }) as unknown as JsonObject,
    read: (document) =>
      readTrustedList(
        Buffer.from(forgeList(operator, {}, document)),
        { ...list, format: 'lote-jwt' },
        at,
      ),
  },
  {
    ...{ name: 'what an entity of a federation says of itself', refusals: [FederationError] },
    honest: { ...claimsOf(chain[0]) },
    read: (document) => resolveWith(0, document),
  },
  {
    ...{ name: 'what its superior says of it', refusals: [FederationError] },
    honest: {
      ...claimsOf(chain[1]),
      constraints: { max_path_length: 3, naming_constraints: { permitted: ['.example'] } },
      metadata_policy: { openid_credential_issuer: { credential_issuer: { one_of: ['x'] } } },
    },
    read: (document) => resolveWith(1, document),
  },
  {
    ...{ name: 'a metadata policy', refusals: [MetadataPolicyError] },
    honest: {
      policy: {
        scope: { subset_of: ['openid', 'email'], superset_of: ['openid'], essential: true },
        grant_types: { add: ['a'], default: ['a'] },
      },
      below: { scope: { subset_of: ['openid'] } },
    },
    read: ({ policy, below }) => {
      // Whoever calls it has made sure that they are objects.
      if (!isJsonObject(policy) || !isJsonObject(below)) return undefined
      const merged = mergePolicies(policy as MetadataPolicy, below as MetadataPolicy)
      return applyPolicy(merged, metadata)
    },
  },
  {
    ...{ name: 'a set of keys', refusals: [] },
    honest: { keys: [{ ...responseKey.publicJwk, kid: 'k', use: 'sig' }] },
    read: (document) => readKeys(JSON.stringify(document))?.length,
  },
  {
    ...{ name: 'a key', refusals: [JwkError] },
    honest: { ...responseKey.publicJwk },
    read: (document) => readPublicKey(document).jwk,
  },
  {
    ...{ name: 'the document of a did:web', refusals: [] },
    honest: {
      id: 'did:web:x.example',
      verificationMethod: [
        { id: '#k', type: 'JsonWebKey', publicKeyJwk: { ...responseKey.publicJwk } },
      ],
      assertionMethod: ['#k', { id: '#l', publicKeyMultibase: 'z6Mk' }],
    },
    read: (document) =>
      didWebInquiry('did:web:x.example', {
        fetchJson: () => Promise.reject(new Error('not asked')),
      }).read(JSON.stringify(document), NOW)?.value.keys.length,
  },
  {
    ...{ name: 'a signed status list', refusals: [BridgeError] },
    honest: { sub: URI, iat: NOW_S - 60, ttl: 60, status_list: { bits: 1, lst: 'eNrbuRgAAhcBXQ' } },
    read: (document) => {
      const header = { alg: 'ES256', typ: 'statuslist+jwt', x5c: issuer.x5c }
      const token = signJwt(header, document, issuer.privateKey)
      return statusOf(Buffer.from(token), 'application/statuslist+jwt')
    },
  },
  {
    ...{ name: 'a signed bitstring status list', refusals: [BridgeError] },
    honest: BITSTRING,
    read: (document) =>
      statusOf(Buffer.from(signBitstring(document)), 'application/vc+jwt', 'revocation'),
  },
  {
    ...{ name: 'a registration certificate', refusals: [] },
    honest: {
      credentials: [{ format: 'dc+sd-jwt', meta: { vct_values: ['v'] }, claim: [{ path: ['a'] }] }],
    },
    read: (document) => readRegistration(document)?.length,
  },
  {
    ...{ name: 'the header of an encrypted answer', refusals: [BridgeError] },
    honest: {
      alg: 'ECDH-ES',
      enc: 'A128GCM',
      kid: 'k',
      epk: { ...responseKey.publicJwk },
      apu: 'AAAA',
    },
    read: (document) => {
      const response = `${encode(document)}..${'A'.repeat(16)}.AAAA.${'A'.repeat(22)}`
      return openDigitalResponse(
        { response },
        { privateKey: responseKey.privateKey, kid: 'k', encrypted: true },
      )
    },
  },
  {
    ...{ name: 'what a wallet hands to the page', refusals: [BridgeError] },
    honest: { vp_token: { it: ['x'] } },
    read: (document) =>
      openDigitalResponse(document, {
        ...{ privateKey: responseKey.privateKey, kid: 'k', encrypted: false },
      }),
  },
]

function claimsOf(jwt = ''): JsonObject {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString()) as JsonObject
}

/** The chain with one of its statements saying something else, signed as it must be. */
function resolveWith(place: 0 | 1, claims: JsonObject) {
  const by = place === 0 ? entity : between
  const jwt = signJwt({ alg: 'ES256', typ: 'entity-statement+jwt', kid: by.kid }, claims, by.key)
  return resolveChain(
    chain.map((one, index) => (index === place ? jwt : one)),
    anchors,
    NOW,
  )
}

/** Octets with one to three changes: an octet turned, pieces cut out, doubled or moved, others put in. */
export function changedOctets(honest: Uint8Array): fc.Arbitrary<Uint8Array> {
  const place = fc.nat({ max: Math.max(honest.length - 1, 0) })
  const inserted = fc.oneof(
    fc.uint8Array({ maxLength: 8 }),
    fc.constantFrom(...SPECIAL.map((one) => Uint8Array.from(Buffer.from(one)))),
  )
  const change = fc.record({
    at: place,
    to: place,
    length: fc.nat({ max: 64 }),
    put: inserted,
    kind: fc.nat({ max: 4 }),
  })
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => {
    let octets = Buffer.from(honest)
    for (const { at: from, to, length, put, kind } of changes) {
      const piece = octets.subarray(from, from + length)
      const rest = Buffer.concat([octets.subarray(0, from), octets.subarray(from + length)])
      if (kind === 0) octets = Buffer.concat([octets.subarray(0, from), put, octets.subarray(from)])
      else if (kind === 1) octets = rest
      else if (kind === 2) octets = Buffer.concat([rest.subarray(0, to), piece, rest.subarray(to)])
      else if (kind === 3)
        octets = Buffer.concat([octets.subarray(0, to), piece, octets.subarray(to)])
      else
        octets = Buffer.concat([octets.subarray(0, from), put, octets.subarray(from + put.length)])
    }
    return octets
  })
}

const SPECIAL = [
  ...[
    '<',
    '>',
    '&',
    '"',
    "'",
    '<!--',
    '-->',
    '<![CDATA[',
    ']]>',
    '<!DOCTYPE x>',
    '&#x0;',
    'xmlns=""',
  ],
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '\\u0000',
    '1e999',
    '__proto__',
    '.',
    '~',
    '=',
    '%',
    '+',
    '\n',
    '\u0000',
  ],
  ...['\u0030\u0080', '\u0030\u0084', '\u00ff', 'A'.repeat(64)],
]

/** A document with anything put somewhere into it, or something left out of it. */
export function changedDocument(honest: JsonObject): fc.Arbitrary<JsonObject> {
  const places = placesIn(honest)
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom<unknown>(null, '', '.', -1, 1.5, 2 ** 53, [], {}, [[]], [null], { '': {} }),
    fc.constantFrom<unknown>(...places.map((path) => valueAt(honest, path))),
    fc.constant(undefined),
  )
  const change = fc.record({
    path: fc.constantFrom(...places),
    value,
    name: fc.string({ maxLength: 6 }),
    isNew: fc.boolean(),
  })
  return fc.array(change, { minLength: 1, maxLength: 3 }).map((changes) => {
    const made = structuredClone(honest) as Record<string, unknown>
    for (const { path, value: put, name, isNew } of changes) {
      const parent = valueAt(made, path.slice(0, -1))
      if (typeof parent !== 'object' || parent === null) continue
      if (isNew && Array.isArray(parent)) {
        parent.push(structuredClone(put))
        continue
      }
      const key = isNew ? name : (path.at(-1) ?? name)
      if (key !== '__proto__') (parent as Record<string, unknown>)[key] = structuredClone(put)
    }
    return JSON.parse(JSON.stringify(made)) as JsonObject
  })
}

function placesIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [path]
  const below = Object.entries(value).flatMap(([name, member]) => placesIn(member, [...path, name]))
  return path.length === 0 ? below : [path, ...below]
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (node, name) =>
      typeof node === 'object' && node !== null
        ? (node as Record<string, unknown>)[name]
        : undefined,
    value,
  )
}

/** What a reader makes of something: a value, or one of the errors it may throw; another one is thrown on. */
export async function outcomeOf<T>(
  read: (input: T) => unknown,
  input: T,
  refusals: readonly Refusal[],
): Promise<{ value: unknown } | 'refused'> {
  try {
    return { value: await read(input) }
  } catch (error) {
    if (!refusals.some((one) => error instanceof one)) throw error
    return 'refused'
  }
}
