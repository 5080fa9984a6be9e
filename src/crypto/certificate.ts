/**
 * X.509 certificates of our own (RFC 5280), ECDSA P-256 with SHA-256. An institution without an access certificate signs
 * its wallet requests under a chain made here: an authority, and a leaf that is not self-signed. The demo and the tests
 * make their issuers with it. Reading and judging other people's certificates is `wallet/`'s work.
 */

import {
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto'
import * as der from './der.ts'
import { utf8 } from './length-prefixed.ts'

/** A name; each member present becomes one relative distinguished name, in this order. */
export interface DistinguishedName {
  /** Two capital letters (ISO 3166-1). */
  readonly country?: string
  readonly organization?: string
  readonly organizationIdentifier?: string
  readonly commonName: string
}

/** An extension that this file does not know; `value` is DER. */
export interface Extension {
  readonly oid: string
  readonly critical: boolean
  readonly value: Uint8Array
}

/** Who may issue: the certificate (DER), its name, and its private key. Enough to store and to issue again later. */
export interface CertificateAuthority {
  readonly certificate: Uint8Array
  readonly subject: DistinguishedName
  readonly privateKey: KeyObject
}

/** Validity in milliseconds since the epoch, whole seconds counting. */
interface Validity {
  readonly notBefore: number
  readonly notAfter: number
}

export interface AuthorityRequest extends Validity {
  readonly subject: DistinguishedName
  /** How many authorities may follow below this one; without it there is no limit. */
  readonly pathLength?: number
  /** The authority that issues this one; without it the certificate is self-signed. */
  readonly issuer?: CertificateAuthority
  /** A P-256 private key; without it a new one is made. */
  readonly privateKey?: KeyObject
}

export interface CertificateRequest extends Validity {
  readonly subject: DistinguishedName
  readonly publicKey: KeyObject
  readonly dnsNames?: readonly string[]
  readonly uris?: readonly string[]
  /** Purposes as dotted OIDs, e.g. `1.3.6.1.5.5.7.3.1` for TLS servers. */
  readonly extendedKeyUsage?: readonly string[]
  readonly extensions?: readonly Extension[]
}

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  country: '2.5.4.6',
  organization: '2.5.4.10',
  organizationIdentifier: '2.5.4.97',
  commonName: '2.5.4.3',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const

const VERSION_3 = Uint8Array.of(2)
/** 20 bytes is the most RFC 5280 section 4.1.2.2 allows, the sign counting. */
const SERIAL_BYTES = 16
/** Bits 5 and 6, keyCertSign and cRLSign; one bit unused (RFC 5280 section 4.2.1.3). */
const SIGNS_CERTIFICATES = der.bitString(Uint8Array.of(0x06), 1)
/** Bit 0, digitalSignature; seven bits unused. */
const SIGNS_DATA = der.bitString(Uint8Array.of(0x80), 7)

/**
 * A certificate authority: self-signed, or below `issuer`. With basicConstraints and keyUsage (keyCertSign, cRLSign), both
 * critical, and key identifiers. Throws TypeError where a name, date or key cannot be written. Source: RFC 5280 section 4.
 */
export function createCertificateAuthority(request: AuthorityRequest): CertificateAuthority {
  const { subject, pathLength, issuer, notBefore, notAfter } = request
  const privateKey =
    request.privateKey ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const publicKey = createPublicKey(privateKey)
  const limit = pathLength === undefined ? [] : [der.integer(Uint8Array.of(pathLength))]
  const certificate = writeCertificate(
    issuer ?? { subject, privateKey },
    { subject, publicKey, notBefore, notAfter },
    [
      extension(OID.basicConstraints, true, der.sequence(der.trueValue(), ...limit)),
      extension(OID.keyUsage, true, SIGNS_CERTIFICATES),
    ],
  )
  return { certificate, subject, privateKey }
}

/**
 * A certificate (DER) for `publicKey`, issued by `authority`: not an authority itself, for digital signatures, with the
 * alternative names, purposes and further extensions asked for. Throws TypeError where a part of the request cannot be
 * written. Source: RFC 5280 section 4.
 */
export function issueCertificate(
  authority: Pick<CertificateAuthority, 'subject' | 'privateKey'>,
  request: CertificateRequest,
): Uint8Array {
  const { dnsNames = [], uris = [], extendedKeyUsage = [], extensions = [] } = request
  const names = [
    ...dnsNames.map((name) => der.tagged(2, false, asciiName(name))),
    ...uris.map((uri) => der.tagged(6, false, asciiName(uri))),
  ]
  const purposes = extendedKeyUsage.map(der.objectIdentifier)
  return writeCertificate(authority, request, [
    extension(OID.basicConstraints, true, der.sequence()),
    extension(OID.keyUsage, true, SIGNS_DATA),
    ...(names.length > 0 ? [extension(OID.subjectAltName, false, der.sequence(...names))] : []),
    ...(purposes.length > 0
      ? [extension(OID.extendedKeyUsage, false, der.sequence(...purposes))]
      : []),
    ...extensions.map(({ oid, critical, value }) => extension(oid, critical, value)),
  ])
}

function writeCertificate(
  issuer: Pick<CertificateAuthority, 'subject' | 'privateKey'>,
  request: Pick<CertificateRequest, 'subject' | 'publicKey'> & Validity,
  extensions: readonly Uint8Array[],
): Uint8Array {
  const { notBefore, notAfter, subject, publicKey } = request
  if (!(notBefore < notAfter)) throw new TypeError('a certificate must end after it begins')
  requireP256(issuer.privateKey)
  const algorithm = der.sequence(der.objectIdentifier(OID.ecdsaWithSha256))
  const issuerKeyId = der.tagged(0, false, keyIdentifier(createPublicKey(issuer.privateKey)))
  const toBeSigned = der.sequence(
    der.tagged(0, true, der.integer(VERSION_3)),
    der.integer(newSerial()),
    algorithm,
    encodeName(issuer.subject),
    der.sequence(der.time(notBefore), der.time(notAfter)),
    encodeName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der.tagged(
      3,
      true,
      der.sequence(
        ...extensions,
        extension(OID.subjectKeyIdentifier, false, der.octetString(keyIdentifier(publicKey))),
        extension(OID.authorityKeyIdentifier, false, der.sequence(issuerKeyId)),
      ),
    ),
  )
  // X.509 signatures are DER, unlike those of JOSE (protocols CR-63).
  const signature = sign('sha256', toBeSigned, { key: issuer.privateKey, dsaEncoding: 'der' })
  return new Uint8Array(der.sequence(toBeSigned, algorithm, der.bitString(signature)))
}

/** A positive number of 127 random bits that never begins with a zero byte. */
function newSerial(): Uint8Array {
  const serial = randomBytes(SERIAL_BYTES)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  return serial
}

/** 160 bits of SHA-256 over the public key: any value that names the key will do (RFC 5280 section 4.2.1.2). */
function keyIdentifier(publicKey: KeyObject): Uint8Array {
  const spki = publicKey.export({ type: 'spki', format: 'der' })
  return hash('sha256', spki, 'buffer').subarray(0, 20)
}

function encodeName(name: DistinguishedName): Uint8Array {
  const { country, organization, organizationIdentifier, commonName } = name
  if (country !== undefined && !/^[A-Z]{2}$/.test(country)) {
    throw new TypeError('a country is two capital letters')
  }
  return der.sequence(
    ...(country === undefined ? [] : [attribute(OID.country, der.printableString(country))]),
    ...textAttribute(OID.organization, organization),
    ...textAttribute(OID.organizationIdentifier, organizationIdentifier),
    ...textAttribute(OID.commonName, commonName),
  )
}

function textAttribute(oid: string, text: string | undefined): readonly Uint8Array[] {
  if (text === undefined) return []
  if (text === '' || text.length > 64 || !text.isWellFormed()) {
    throw new TypeError('a name has 1 to 64 characters') // RFC 5280 appendix A, upper bounds
  }
  return [attribute(oid, der.utf8String(text))]
}

function attribute(oid: string, value: Uint8Array): Uint8Array {
  return der.set(der.sequence(der.objectIdentifier(oid), value))
}

function extension(oid: string, critical: boolean, value: Uint8Array): Uint8Array {
  const mark = critical ? [der.trueValue()] : []
  return der.sequence(der.objectIdentifier(oid), ...mark, der.octetString(value))
}

/** An alternative name is IA5String: ASCII without white space or control characters, internationalised names as A-labels. */
function asciiName(name: string): Uint8Array {
  if (!/^[\x21-\x7e]+$/.test(name)) throw new TypeError('an alternative name is printable ASCII')
  return utf8(name)
}

function requireP256(key: KeyObject): void {
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new TypeError('an authority signs with P-256')
  }
}
