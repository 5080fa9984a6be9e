/**
 * Mdocs put together octet by octet, so that each of their hundred rules can be broken by itself. The encoder here is
 * not the product's: it writes whatever it is told to.
 */
import { createHash, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto'
import {
  type CertificateAuthority,
  createCertificateAuthority,
  issueCertificate,
} from '../../src/crypto/certificate.ts'
import { AUDIENCE, DAY, NONCE, NOW, newKey, RESPONSE_URI } from './world.ts'

export const MDL = 'org.iso.18013.5.1.mDL'
export const MDL_NAMESPACE = 'org.iso.18013.5.1'
export const SIGNS_MDOCS = '1.0.18013.5.1.2'

export class Tag {
  readonly tag: number
  readonly value: Writable
  constructor(tag: number, value: Writable) {
    this.tag = tag
    this.value = value
  }
}
/** Octets that stand in the encoding as they are. */
export class Raw {
  readonly octets: Uint8Array
  constructor(octets: Uint8Array) {
    this.octets = octets
  }
}
export type Writable =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | Tag
  | Raw
  | readonly Writable[]
  | ReadonlyMap<string | number, Writable>

export function cbor(value: Writable): Buffer {
  if (value === null) return Buffer.of(0xf6)
  if (typeof value === 'boolean') return Buffer.of(value ? 0xf5 : 0xf4)
  if (typeof value === 'number') return writeNumber(value)
  if (typeof value === 'string') return join(head(3, Buffer.byteLength(value)), Buffer.from(value))
  if (value instanceof Uint8Array) return join(head(2, value.length), value)
  if (value instanceof Raw) return Buffer.from(value.octets)
  if (value instanceof Tag) return join(head(6, value.tag), cbor(value.value))
  if (value instanceof Map) {
    const members = [...(value as ReadonlyMap<string | number, Writable>)]
    return join(head(5, value.size), ...members.flatMap(([name, one]) => [cbor(name), cbor(one)]))
  }
  const list = value as readonly Writable[]
  return join(head(4, list.length), ...list.map(cbor))
}

export function embed(content: Writable): Tag {
  return new Tag(24, cbor(content))
}

export function mapOf(members: Record<string, Writable>): Map<string | number, Writable> {
  return new Map(Object.entries(members))
}

function writeNumber(value: number): Buffer {
  if (Number.isInteger(value)) return value < 0 ? head(1, -1 - value) : head(0, value)
  const double = Buffer.alloc(9, 0xfb)
  double.writeDoubleBE(value, 1)
  return double
}

function head(major: number, argument: number): Buffer {
  const type = major << 5
  if (argument < 24) return Buffer.of(type | argument)
  if (argument < 0x100) return Buffer.of(type | 24, argument)
  if (argument < 0x1_0000) return Buffer.of(type | 25, argument >> 8, argument & 0xff)
  const long = Buffer.alloc(9, type | 27)
  long.writeBigUInt64BE(BigInt(argument), 1)
  return argument < 0x1_0000_0000 ? join(Buffer.of(type | 26), long.subarray(5)) : long
}

function join(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts)
}

export interface MdocIssuer {
  authority: CertificateAuthority
  /** The root (IACA) to configure, PEM. */
  anchor: string
  /** The document signer's certificate, DER. */
  signer: Uint8Array
  privateKey: KeyObject
  trustEntry(members?: object): Record<string, unknown>
}

export interface MdocIssuerOptions {
  now?: number
  country?: string
  signerCountry?: string
  extendedKeyUsage?: readonly string[]
  /** Milliseconds that the signer's certificate is valid. */
  validity?: number
  uris?: readonly string[]
  commonName?: string
  doctypes?: readonly string[]
}

/** A root and one document signer below it, by the profile of ISO/IEC 18013-5 but for what is asked for. */
export function createMdocIssuer(options: MdocIssuerOptions = {}): MdocIssuer {
  const { now = NOW, country = 'NL', signerCountry = country, validity = 365 * DAY } = options
  const { extendedKeyUsage = [SIGNS_MDOCS], doctypes = [MDL], commonName = 'Test IACA' } = options
  const authority = createCertificateAuthority({
    subject: { country, commonName },
    pathLength: 0,
    notBefore: now - 100 * DAY,
    notAfter: now + 3650 * DAY,
  })
  const privateKey = newKey()
  const signer = issueCertificate(authority, {
    subject: { country: signerCountry, commonName: 'Test document signer' },
    publicKey: createPublicKey(privateKey),
    notBefore: now - 10 * DAY,
    notAfter: now - 10 * DAY + validity,
    ...(extendedKeyUsage.length === 0 ? {} : { extendedKeyUsage }),
    ...(options.uris === undefined ? {} : { uris: options.uris }),
  })
  const anchor = toPem(authority.certificate)
  return {
    ...{ authority, anchor, signer, privateKey },
    trustEntry: (members = {}) => ({
      ...{ id: 'mdl', format: 'mso_mdoc', doctypes, mechanism: 'x5c', anchors: [anchor] },
      ...members,
    }),
  }
}

function toPem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

export const HOLDER: Record<string, Writable> = {
  family_name: 'Lovelace',
  given_name: 'Ada',
  birth_date: new Tag(1004, '1995-12-10'),
  portrait: Buffer.from([0xff, 0xd8, 0xff, 0xe0]),
  age_over_18: true,
  height: 171,
  nationality: ['NL', 'GB'],
  driving_privileges: [
    mapOf({ vehicle_category_code: 'B', issue_date: new Tag(1004, '2015-01-01') }),
  ],
}

type Editable = Map<string | number, Writable>

/** What is to be different from an honest presentation, in the order in which it is made. */
export interface MdocForgery {
  docType?: string
  elements?: Record<string, Writable>
  digest?: 'SHA-256' | 'SHA-384' | 'SHA-512'
  /** Each item before it is digested. */
  item?: (item: Editable, index: number) => void
  mso?: (mso: Editable) => void
  /** In place of the encoded, embedded MSO. */
  payload?: Uint8Array
  issuerKey?: KeyObject
  issuerProtected?: Writable
  issuerUnprotected?: (header: Editable) => void
  chain?: Writable
  /** The items that are shown, after everything is signed. */
  show?: (nameSpaces: Map<string, Writable[]>) => void
  issuerSigned?: (issuerSigned: Editable) => void
  transcript?: Uint8Array
  deviceNameSpaces?: Writable
  deviceKey?: KeyObject
  deviceProtected?: Writable
  devicePayload?: Writable
  deviceAuth?: (auth: Editable) => void
  document?: (document: Editable) => void
  response?: (response: Editable) => void
}

export interface HandoverFacts {
  clientId?: string
  nonce?: string
  thumbprint?: Uint8Array | null
  responseUri?: string
}

/** SessionTranscript of the redirect flow, written out from OpenID4VP 1.0 section B.2.6.1. */
export function transcriptOf(facts: HandoverFacts = {}): Buffer {
  const { clientId = AUDIENCE, nonce = NONCE, thumbprint = null } = facts
  const { responseUri = RESPONSE_URI } = facts
  const info = cbor([clientId, nonce, thumbprint, responseUri])
  return cbor([null, null, ['OpenID4VPHandover', sha256(info)]])
}

export function presentMdoc(
  issuer: MdocIssuer,
  holderKey: KeyObject,
  forgery: MdocForgery = {},
): string {
  return presentMdocBytes(issuer, holderKey, forgery).toString('base64url')
}

export function presentMdocBytes(
  issuer: MdocIssuer,
  holderKey: KeyObject,
  forgery: MdocForgery = {},
): Buffer {
  const { docType = MDL, elements = HOLDER, digest = 'SHA-256' } = forgery
  const items = Object.entries(elements).map(([elementIdentifier, elementValue], digestID) => {
    const item = mapOf({ digestID, random: randomBytes(16), elementIdentifier, elementValue })
    forgery.item?.(item, digestID)
    return { digestID: item.get('digestID') as number, encoded: embed(item) }
  })
  const digests = new Map(items.map((one) => [one.digestID, digestOf(digest, one.encoded)]))
  const mso = mapOf({
    version: '1.0',
    digestAlgorithm: digest,
    valueDigests: new Map([[MDL_NAMESPACE, digests]]),
    deviceKeyInfo: mapOf({ deviceKey: coseKeyOf(holderKey) }),
    docType,
    validityInfo: mapOf({
      signed: instant(NOW - DAY),
      validFrom: instant(NOW - DAY),
      validUntil: instant(NOW + 30 * DAY),
    }),
  })
  forgery.mso?.(mso)
  const payload = forgery.payload ?? cbor(embed(mso))
  const unprotected: Editable = new Map([[33, forgery.chain ?? Buffer.from(issuer.signer)]])
  forgery.issuerUnprotected?.(unprotected)
  const issuerProtected = cbor(forgery.issuerProtected ?? new Map([[1, -7]]))
  const issuerKey = forgery.issuerKey ?? issuer.privateKey
  const shown = new Map([[MDL_NAMESPACE, items.map((one) => one.encoded as Writable)]])
  forgery.show?.(shown)
  const issuerSigned = mapOf({
    nameSpaces: shown,
    issuerAuth: [
      issuerProtected,
      unprotected,
      payload,
      signSign1(issuerProtected, payload, issuerKey),
    ],
  })
  forgery.issuerSigned?.(issuerSigned)
  const document = mapOf({
    docType,
    issuerSigned,
    deviceSigned: deviceSigned(docType, holderKey, forgery),
  })
  forgery.document?.(document)
  const response = mapOf({ version: '1.0', documents: [document], status: 0 })
  forgery.response?.(response)
  return cbor(response)
}

function deviceSigned(docType: string, holderKey: KeyObject, forgery: MdocForgery): Writable {
  const nameSpaces = embed(forgery.deviceNameSpaces ?? new Map())
  const transcript = new Raw(forgery.transcript ?? transcriptOf())
  const said = cbor(embed(['DeviceAuthentication', transcript, docType, nameSpaces]))
  const header = cbor(forgery.deviceProtected ?? new Map([[1, -7]]))
  const signature = signSign1(header, said, forgery.deviceKey ?? holderKey)
  const auth = mapOf({
    deviceSignature: [header, new Map(), forgery.devicePayload ?? null, signature],
  })
  forgery.deviceAuth?.(auth)
  return mapOf({ nameSpaces, deviceAuth: auth })
}

function signSign1(header: Uint8Array, payload: Uint8Array, key: KeyObject): Buffer {
  const signed = cbor(['Signature1', header, Buffer.alloc(0), payload])
  const digest = { P256: 'sha256', P384: 'sha384' }[curveOf(key)] ?? null
  return sign(digest, signed, { key, dsaEncoding: 'ieee-p1363' })
}

function curveOf(key: KeyObject): string {
  const { namedCurve } = key.asymmetricKeyDetails ?? {}
  return namedCurve === 'prime256v1' ? 'P256' : namedCurve === 'secp384r1' ? 'P384' : ''
}

export function coseKeyOf(key: KeyObject): Map<number, Writable> {
  const { crv, x = '', y } = createPublicKey(key).export({ format: 'jwk' })
  const curve = { 'P-256': 1, 'P-384': 2, Ed25519: 6 }[crv ?? ''] ?? 0
  const point = [[-2, Buffer.from(x, 'base64url')] as [number, Writable]]
  if (y !== undefined) point.push([-3, Buffer.from(y, 'base64url')])
  return new Map([[1, crv === 'Ed25519' ? 1 : 2] as [number, Writable], [-1, curve], ...point])
}

export function instant(milliseconds: number): Tag {
  return new Tag(0, new Date(milliseconds).toISOString().replace(/\.\d+/, ''))
}

function digestOf(name: string, item: Writable): Buffer {
  return createHash(name.replace('-', '').toLowerCase()).update(cbor(item)).digest()
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}
