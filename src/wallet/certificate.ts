/**
 * One X.509 certificate (RFC 5280 section 4) as the path rules want to see it. What node:crypto tells is taken from
 * there; names in their raw form and the extensions are read from the DER.
 */
import { createHash, type KeyObject, X509Certificate } from 'node:crypto'
import { type Extensions, readExtensions } from './certificate-extensions.ts'
import {
  DER,
  type DerElement,
  DerError,
  expectTag,
  readChildren,
  readDer,
  readObjectIdentifier,
  readSmallInteger,
} from './der.ts'

/** Octets of one certificate at most (TR-13). */
const LARGEST_CERTIFICATE = 8 * 1024

/** Bits of an RSA key (TR-14). */
const LEAST_RSA_BITS = 3072

/** Signature algorithms that a certificate may be signed with (TR-14): ECDSA and RSA with SHA-2, Ed25519. */
const SIGNATURE_ALGORITHMS: ReadonlySet<string> = new Set([
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.3.101.112',
])

/** Bits of the key usage extension (RFC 5280 section 4.2.1.3). */
export const KEY_USAGE = { digitalSignature: 0, keyCertSign: 5, crlSign: 6 } as const

export interface Certificate extends Extensions {
  /** SHA-256 of the DER, base64url. */
  fingerprint: string
  x509: X509Certificate
  publicKey: KeyObject
  /** Raw DER of the names, compared octet for octet. */
  subject: Uint8Array
  issuer: Uint8Array
  /** Content octets of the INTEGER, hexadecimal. */
  serialNumber: string
  /** Text of the subject's attributes by object identifier; an attribute that occurs twice is left out. */
  subjectNames: ReadonlyMap<string, string>
  /** Milliseconds since the epoch, both ends included. */
  notBefore: number
  notAfter: number
}

/**
 * Returns what a DER certificate says, whether or not it is to be believed. Undefined where it is not a version 3
 * certificate, is larger than 8 KiB, uses an algorithm or key that TR-14 refuses, carries an extension twice or a critical
 * one that is not understood. `leastRsaBits` is for certificates that are pinned whole, and stand for nobody else.
 */
export function readCertificate(
  der: Uint8Array,
  leastRsaBits = LEAST_RSA_BITS,
): Certificate | undefined {
  if (der.length > LARGEST_CERTIFICATE) return undefined
  try {
    return read(der, leastRsaBits)
  } catch {
    // Malformed DER and what OpenSSL cannot parse are one answer: not a certificate for us.
    return undefined
  }
}

function read(der: Uint8Array, leastRsaBits: number): Certificate {
  const [tbs, algorithm] = readChildren(expectTag(readDer(der), DER.sequence))
  const fields = readChildren(expectTag(tbs, DER.sequence))
  const [version, serial, signed, issuer, , subject] = fields
  if (version?.tag !== 0xa0 || readSmallInteger(readDer(version.content)) !== 2) {
    throw new DerError('not version 3')
  }
  const outer = expectTag(algorithm, DER.sequence)
  // RFC 5280 section 4.1.1.2: the algorithm inside the signature is the one outside.
  if (!sameOctets(outer.whole, expectTag(signed, DER.sequence).whole)) {
    throw new DerError('two signature algorithms')
  }
  if (!SIGNATURE_ALGORITHMS.has(objectIdentifierIn(outer)))
    throw new DerError('signature algorithm')
  const x509 = new X509Certificate(der)
  if (!isStrongKey(x509.publicKey, leastRsaBits)) throw new DerError('public key')
  return {
    fingerprint: createHash('sha256').update(der).digest('base64url'),
    x509,
    publicKey: x509.publicKey,
    subject: expectTag(subject, DER.sequence).whole,
    issuer: expectTag(issuer, DER.sequence).whole,
    serialNumber: Buffer.from(expectTag(serial, DER.integer).content).toString('hex'),
    subjectNames: readNames(expectTag(subject, DER.sequence)),
    notBefore: x509.validFromDate.getTime(),
    notAfter: x509.validToDate.getTime(),
    ...readExtensions(fields.find((field) => field.tag === 0xa3)),
  }
}

/** RDNSequence (RFC 5280 section 4.1.2.4), read for attributes that are text, such as a country. */
function readNames(subject: DerElement): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  const twice = new Set<string>()
  for (const relative of readChildren(subject)) {
    for (const attribute of readChildren(relative)) {
      const [type, value] = readChildren(expectTag(attribute, DER.sequence))
      const name = readObjectIdentifier(expectTag(type, DER.objectIdentifier))
      if (names.has(name)) twice.add(name)
      names.set(name, Buffer.from(value?.content ?? []).toString('utf8'))
    }
  }
  for (const name of twice) names.delete(name)
  return names
}

function objectIdentifierIn(algorithm: DerElement): string {
  return readObjectIdentifier(expectTag(readChildren(algorithm)[0], DER.objectIdentifier))
}

/** P-256, P-384, Ed25519, and RSA of enough bits (TR-14). */
function isStrongKey(key: KeyObject, leastRsaBits: number): boolean {
  switch (key.asymmetricKeyType) {
    case 'ec':
      return ['prime256v1', 'secp384r1'].includes(key.asymmetricKeyDetails?.namedCurve ?? '')
    case 'rsa':
      return (key.asymmetricKeyDetails?.modulusLength ?? 0) >= leastRsaBits
    default:
      return key.asymmetricKeyType === 'ed25519'
  }
}

/** Whether two octet strings are the same. */
export function sameOctets(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((octet, index) => octet === other[index])
}
