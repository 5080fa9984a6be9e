/**
 * Trusted lists in XML (ETSI TS 119 612) with a XAdES baseline B signature, sound or not. They are written in canonical form
 * octet for octet, so that signing one takes no library, and certainly not the one that reads them.
 */
import { createHash, type KeyObject, sign } from 'node:crypto'
import type { Operator } from './lists.ts'
import { DAY } from './world.ts'

export const TYPES = 'http://uri.etsi.org/TrstSvc/TrustedList/TSLType'
export const CA_QC = 'http://uri.etsi.org/TrstSvc/Svctype/CA/QC'
export const STATUS = 'http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus'
const TSL = 'http://uri.etsi.org/02231/v2#'
const DS = 'http://www.w3.org/2000/09/xmldsig#'
const XADES = 'http://uri.etsi.org/01903/v1.3.2#'
const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#'
const SHA256 = 'http://www.w3.org/2001/04/xmlenc#sha256'

export interface XmlService {
  /** PEM. */
  anchors: readonly string[]
  type?: string
  status?: string
  since?: number
  /** A status it had before, in its history. */
  before?: string
}

export interface XmlPointer {
  url: string
  territory: string
  /** PEM. */
  signers: readonly string[]
  mime?: string
  type?: string
}

export interface XmlRequest {
  now: number
  sequence?: number | string
  issuedAt?: number
  /** Null: the list was closed. */
  nextUpdate?: number | null
  type?: string
  version?: string
  services?: readonly XmlService[]
  pointers?: readonly XmlPointer[]
}

const second = (at: number) => new Date(at).toISOString().replace('.000Z', 'Z')
const base64 = (pem: string) => pem.replace(/-----[^-]+-----|\s/g, '')
const element = (name: string, content: string) => `<${name}>${content}</${name}>`
const identity = (pem: string) => element('DigitalId', element('X509Certificate', base64(pem)))

/** The list, unsigned. */
export function writeXmlList(request: XmlRequest): string {
  const { now, sequence = 1, issuedAt = now - DAY, nextUpdate = now + 30 * DAY } = request
  const { services = [], pointers = [], version = '6' } = request
  const type = request.type ?? `${TYPES}/${pointers.length > 0 ? 'EUlistofthelists' : 'EUgeneric'}`
  const scheme = [
    element('TSLVersionIdentifier', version),
    element('TSLSequenceNumber', String(sequence)),
    element('TSLType', type),
    '<SchemeOperatorName><Name xml:lang="en">Test scheme &amp; sons</Name></SchemeOperatorName>',
    element('SchemeTerritory', 'EU'),
    ...(pointers.length === 0
      ? []
      : [element('PointersToOtherTSL', pointers.map(pointer).join(''))]),
    element('ListIssueDateTime', second(issuedAt)),
    element('NextUpdate', nextUpdate === null ? '' : element('dateTime', second(nextUpdate))),
  ]
  const provider = [
    element('TSPInformation', '<TSPName><Name xml:lang="en">A provider</Name></TSPName>'),
    element('TSPServices', services.map((one) => service(one, now)).join('')),
  ]
  const body = [
    element('SchemeInformation', scheme.join('\n')),
    ...(services.length === 0
      ? []
      : [
          element('TrustServiceProviderList', element('TrustServiceProvider', provider.join('\n'))),
        ]),
  ]
  const tag = 'http://uri.etsi.org/19612/TSLTag'
  return `<TrustServiceStatusList xmlns="${TSL}" TSLTag="${tag}">\n${body.join('\n')}\n</TrustServiceStatusList>`
}

function service(one: XmlService, now: number): string {
  const { type = CA_QC, status = `${STATUS}/granted`, since = now - DAY, before } = one
  const said = [
    element('ServiceTypeIdentifier', type),
    '<ServiceName><Name xml:lang="en">Issuance</Name></ServiceName>',
    element('ServiceDigitalIdentity', one.anchors.map(identity).join('')),
    element('ServiceStatus', status),
    element('StatusStartingTime', second(since)),
  ].join('\n')
  const history = [
    element('ServiceTypeIdentifier', type),
    element('ServiceDigitalIdentity', one.anchors.map(identity).join('')),
    element('ServiceStatus', before ?? ''),
  ].join('\n')
  const past =
    before === undefined
      ? ''
      : element('ServiceHistory', element('ServiceHistoryInstance', history))
  return element('TSPService', element('ServiceInformation', said) + past)
}

function pointer(one: XmlPointer): string {
  const { mime = 'application/vnd.etsi.tsl+xml', type = `${TYPES}/EUgeneric` } = one
  const more = 'http://uri.etsi.org/02231/v2/additionaltypes#'
  const identities = one.signers.map((pem) => element('ServiceDigitalIdentity', identity(pem)))
  const said = [
    element('TSLType', type),
    element('SchemeTerritory', one.territory),
    `<add:MimeType xmlns:add="${more}">${mime}</add:MimeType>`,
  ]
  return element(
    'OtherTSLPointer',
    [
      element('ServiceDigitalIdentities', identities.join('')),
      element('TSLLocation', one.url),
      element('AdditionalInformation', said.map((it) => element('OtherInformation', it)).join('')),
    ].join('\n'),
  )
}

/** How a signature is made, each part of which may be made wrong. */
export interface XmlForgery {
  key?: KeyObject
  algorithm?: string
  signWith?: (info: Buffer) => Buffer
  digest?: string
  digestAlgorithm?: string
  canonicalization?: string
  transforms?: readonly string[]
  /** Base64 of the certificate that comes along, and of the one that the signed properties name. */
  brought?: string
  named?: string
  /** References, in place of the two there must be. */
  references?: (own: { whole: string; properties: string }) => string
  /** Changes the text after it was signed. */
  change?: (signed: string) => string
}

/** The text with its signature at the end of the root element. */
export function signXmlList(operator: Operator, text: string, forgery: XmlForgery = {}): string {
  const { canonicalization = EXCLUSIVE, brought = operator.x5c, named = operator.x5c } = forgery
  const { transforms = [`${DS}enveloped-signature`, EXCLUSIVE] } = forgery
  const algorithm = forgery.algorithm ?? 'http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256'
  const properties = signedProperties(named)
  const own = {
    whole: reference('', text, forgery, transforms),
    properties: reference('#sig-properties', properties, forgery, [EXCLUSIVE]),
  }
  const references = forgery.references?.(own) ?? own.whole + own.properties
  const info =
    `<ds:CanonicalizationMethod Algorithm="${canonicalization}"></ds:CanonicalizationMethod>` +
    `<ds:SignatureMethod Algorithm="${algorithm}"></ds:SignatureMethod>${references}`
  const octets = Buffer.from(`<ds:SignedInfo xmlns:ds="${DS}">${info}</ds:SignedInfo>`)
  const key = { key: forgery.key ?? operator.key, dsaEncoding: 'ieee-p1363' } as const
  const value = (forgery.signWith?.(octets) ?? sign('sha256', octets, key)).toString('base64')
  const signature =
    `<ds:Signature xmlns:ds="${DS}" Id="sig"><ds:SignedInfo>${info}</ds:SignedInfo>` +
    `<ds:SignatureValue>${value}</ds:SignatureValue>` +
    `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${brought}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>` +
    `<ds:Object><xades:QualifyingProperties xmlns:xades="${XADES}" Target="#sig">${properties}</xades:QualifyingProperties></ds:Object></ds:Signature>`
  const end = text.lastIndexOf('</')
  const signed = `<?xml version="1.0" encoding="UTF-8"?>\n${text.slice(0, end)}${signature}${text.slice(end)}\n`
  return forgery.change?.(signed) ?? signed
}

function signedProperties(certificate: string): string {
  const digest = createHash('sha256').update(Buffer.from(certificate, 'base64')).digest('base64')
  return (
    `<xades:SignedProperties xmlns:xades="${XADES}" Id="sig-properties"><xades:SignedSignatureProperties>` +
    '<xades:SigningTime>2026-11-21T12:00:00Z</xades:SigningTime>' +
    `<xades:SigningCertificateV2><xades:Cert><xades:CertDigest><ds:DigestMethod xmlns:ds="${DS}" Algorithm="${SHA256}"></ds:DigestMethod>` +
    `<ds:DigestValue xmlns:ds="${DS}">${digest}</ds:DigestValue></xades:CertDigest></xades:Cert></xades:SigningCertificateV2>` +
    '</xades:SignedSignatureProperties></xades:SignedProperties>'
  )
}

function reference(
  uri: string,
  octets: string,
  { digest = 'sha256', digestAlgorithm = SHA256 }: XmlForgery,
  transforms: readonly string[],
): string {
  const type = uri === '' ? '' : ' Type="http://uri.etsi.org/01903#SignedProperties"'
  const list = transforms.map((one) => `<ds:Transform Algorithm="${one}"></ds:Transform>`).join('')
  const value = createHash(digest).update(octets).digest('base64')
  return (
    `<ds:Reference${type} URI="${uri}"><ds:Transforms>${list}</ds:Transforms>` +
    `<ds:DigestMethod Algorithm="${digestAlgorithm}"></ds:DigestMethod><ds:DigestValue>${value}</ds:DigestValue></ds:Reference>`
  )
}
