import { createHash, type KeyObject, X509Certificate } from 'node:crypto'
import {
  DER,
  type DerElement,
  DerError,
  expectTag,
  readBoolean,
  readChildren,
  readDer,
  readNamedBits,
  readObjectIdentifier,
  readSmallInteger,
} from './der.ts'

/*
 * One X.509 certificate (RFC 5280 section 4) as the path rules want to see it. What node:crypto tells is taken from
 * there; names in their raw form and the extensions are read from the DER.
 */

/** Octets of one certificate at most (TR-13). */
export const LARGEST_CERTIFICATE = 8 * 1024

/** Signature algorithms that a certificate may be signed with (TR-14): ECDSA and RSA with SHA-2, Ed25519. */
const SIGNATURE_ALGORITHMS = new Set([
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.3.101.112',
])

const EXTENSION = {
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const

/** What is understood below; any other extension that calls itself critical ends the path (RFC 5280 section 4.2). */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  EXTENSION.keyUsage,
  EXTENSION.subjectAltName,
  EXTENSION.basicConstraints,
  EXTENSION.extendedKeyUsage,
])

/** Bits of the key usage extension (RFC 5280 section 4.2.1.3). */
export const KEY_USAGE = { digitalSignature: 0, keyCertSign: 5 } as const

export interface Certificate {
  /** SHA-256 of the DER, base64url. */
  fingerprint: string
  x509: X509Certificate
  publicKey: KeyObject
  /** Raw DER of the names, compared octet for octet. */
  subject: Uint8Array
  issuer: Uint8Array
  /** Text of the subject's attributes by object identifier; an attribute that occurs twice is left out. */
  subjectNames: ReadonlyMap<string, string>
  /** Milliseconds since the epoch, both ends included. */
  notBefore: number
  notAfter: number
  isCa: boolean
  /** How many further CA certificates may stand below this one; undefined where unlimited. */
  pathLength: number | undefined
  /** Undefined where the extension is absent. */
  keyUsage: ReadonlySet<number> | undefined
  extendedKeyUsage: readonly string[] | undefined
  dnsNames: readonly string[]
  uris: readonly string[]
  /** Base64url of the KeyIdentifier inside the AuthorityKeyIdentifier extension. */
  authorityKeyId: string | undefined
}

/**
 * Returns what a DER certificate says, whether or not it is to be believed. Undefined where it is not a version 3
 * certificate, is larger than 8 KiB, uses an algorithm or key that TR-14 refuses, carries an extension twice, name
 * constraints (which are not evaluated here, so they end the path) or a critical extension that is not understood.
 */
export function readCertificate(der: Uint8Array): Certificate | undefined {
  if (der.length > LARGEST_CERTIFICATE) return undefined
  try {
    return read(der)
  } catch {
    // Malformed DER and what OpenSSL cannot parse are one answer: not a certificate for us.
    return undefined
  }
}

function read(der: Uint8Array): Certificate {
  const [tbs, algorithm] = readChildren(expectTag(readDer(der), DER.sequence))
  const fields = readChildren(expectTag(tbs, DER.sequence))
  const [version, , signed, issuer, , subject] = fields
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
  if (!isStrongKey(x509.publicKey)) throw new DerError('public key')
  return {
    fingerprint: createHash('sha256').update(der).digest('base64url'),
    x509,
    publicKey: x509.publicKey,
    subject: expectTag(subject, DER.sequence).whole,
    issuer: expectTag(issuer, DER.sequence).whole,
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

type Extensions = Pick<
  Certificate,
  'isCa' | 'pathLength' | 'keyUsage' | 'extendedKeyUsage' | 'dnsNames' | 'uris' | 'authorityKeyId'
>

function readExtensions(field: DerElement | undefined): Extensions {
  const values = new Map<string, DerElement>()
  const listed =
    field === undefined ? [] : readChildren(expectTag(readDer(field.content), DER.sequence))
  for (const extension of listed) {
    const [id, ...rest] = readChildren(expectTag(extension, DER.sequence))
    const name = readObjectIdentifier(expectTag(id, DER.objectIdentifier))
    const value = expectTag(rest.at(-1), DER.octetString)
    const flag = rest.length === 2 ? rest[0] : undefined
    if (rest.length > 2 || values.has(name)) throw new DerError('extension')
    const isCritical = flag !== undefined && readBoolean(flag)
    if (name === EXTENSION.nameConstraints) throw new DerError('name constraints')
    if (isCritical && !UNDERSTOOD.has(name)) throw new DerError('unknown critical extension')
    if (UNDERSTOOD.has(name) || name === EXTENSION.authorityKeyId) {
      values.set(name, readDer(value.content))
    } else {
      values.set(name, value)
    }
  }
  const usage = values.get(EXTENSION.keyUsage)
  const purposes = values.get(EXTENSION.extendedKeyUsage)
  const names = values.get(EXTENSION.subjectAltName)
  const alternatives = names === undefined ? [] : readChildren(expectTag(names, DER.sequence))
  return {
    ...readBasicConstraints(values.get(EXTENSION.basicConstraints)),
    keyUsage: usage === undefined ? undefined : readNamedBits(usage),
    extendedKeyUsage:
      purposes === undefined
        ? undefined
        : readChildren(expectTag(purposes, DER.sequence)).map(readObjectIdentifier),
    dnsNames: alternatives.filter((name) => name.tag === 0x82).map(asciiOf),
    uris: alternatives.filter((name) => name.tag === 0x86).map(asciiOf),
    authorityKeyId: readAuthorityKeyId(values.get(EXTENSION.authorityKeyId)),
  }
}

/** RFC 5280 section 4.2.1.9. A path length without the CA flag makes no sense and is refused. */
function readBasicConstraints(
  value: DerElement | undefined,
): Pick<Certificate, 'isCa' | 'pathLength'> {
  const [first, second, third] =
    value === undefined ? [] : readChildren(expectTag(value, DER.sequence))
  if (first === undefined) return { isCa: false, pathLength: undefined }
  if (!readBoolean(first) || third !== undefined) throw new DerError('basic constraints')
  return { isCa: true, pathLength: second === undefined ? undefined : readSmallInteger(second) }
}

/** The octets of `keyIdentifier [0]`, not of the extension around them (VP-060). */
function readAuthorityKeyId(value: DerElement | undefined): string | undefined {
  if (value === undefined) return undefined
  const id = readChildren(expectTag(value, DER.sequence)).find((part) => part.tag === 0x80)
  return id === undefined ? undefined : Buffer.from(id.content).toString('base64url')
}

function asciiOf(element: DerElement): string {
  if (element.content.some((octet) => octet < 0x20 || octet > 0x7e)) throw new DerError('name')
  return Buffer.from(element.content).toString('latin1')
}

function objectIdentifierIn(algorithm: DerElement): string {
  return readObjectIdentifier(expectTag(readChildren(algorithm)[0], DER.objectIdentifier))
}

/** P-256, P-384, Ed25519, RSA of at least 3072 bits (TR-14). */
function isStrongKey(key: KeyObject): boolean {
  switch (key.asymmetricKeyType) {
    case 'ec':
      return ['prime256v1', 'secp384r1'].includes(key.asymmetricKeyDetails?.namedCurve ?? '')
    case 'rsa':
      return (key.asymmetricKeyDetails?.modulusLength ?? 0) >= 3072
    default:
      return key.asymmetricKeyType === 'ed25519'
  }
}

/** Whether two octet strings are the same. */
export function sameOctets(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((octet, index) => octet === other[index])
}
