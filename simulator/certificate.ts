/** X.509 certificates on P-256, as few octets as the profiles allow (RFC 5280; ISO/IEC 18013-5 annex B). */
import { createHash } from 'node:crypto'
import type { SigningKey } from './seed.ts'

export interface Subject {
  country: string
  commonName: string
}

export interface Authority {
  subject: Subject
  key: SigningKey
  certificate: Uint8Array
  /** What a verifier has to be told, PEM. */
  anchor: string
}

export interface Validity {
  notBefore: number
  notAfter: number
}

export interface LeafRequest extends Validity {
  subject: Subject
  key: SigningKey
  uris?: readonly string[]
  /** Object identifiers. */
  purposes?: readonly string[]
  /** Says that it may issue certificates itself. */
  isAuthority?: boolean
}

const ECDSA_WITH_SHA256 = sequence(oid('1.2.840.10045.4.3.2'))

/** A root that signs itself. */
export function createAuthority(subject: Subject, key: SigningKey, validity: Validity): Authority {
  const certificate = write({ subject, key }, { subject, key, ...validity }, [
    extension('2.5.29.19', true, sequence(tlv(0x01, Buffer.of(0xff)), integer(Buffer.of(0)))),
    extension('2.5.29.15', true, tlv(0x03, Buffer.of(1, 0x06))),
  ])
  return { subject, key, certificate, anchor: pemOf(certificate) }
}

/** A certificate below an authority, for signatures. */
export function issueCertificate(
  authority: Pick<Authority, 'subject' | 'key'>,
  request: LeafRequest,
): Uint8Array {
  const { uris = [], purposes = [], isAuthority = false } = request
  const names = uris.map((uri) => tlv(0x86, Buffer.from(uri)))
  return write(authority, request, [
    extension('2.5.29.19', true, sequence(...(isAuthority ? [tlv(0x01, Buffer.of(0xff))] : []))),
    extension('2.5.29.15', true, tlv(0x03, isAuthority ? Buffer.of(1, 0x06) : Buffer.of(7, 0x80))),
    ...(names.length > 0 ? [extension('2.5.29.17', false, sequence(...names))] : []),
    ...(purposes.length > 0 ? [extension('2.5.29.37', false, sequence(...purposes.map(oid)))] : []),
  ])
}

export function pemOf(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function write(
  issuer: Pick<Authority, 'subject' | 'key'>,
  { subject, key, notBefore, notAfter }: Validity & { subject: Subject; key: SigningKey },
  extensions: readonly Buffer[],
): Uint8Array {
  const serial = createHash('sha256')
    .update(JSON.stringify([issuer.subject, subject, key.jwk, notBefore]))
    .digest()
    .subarray(0, 16)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  const known = [
    extension('2.5.29.14', false, tlv(0x04, keyId(key))),
    extension('2.5.29.35', false, sequence(tlv(0x80, keyId(issuer.key)))),
  ]
  const body = sequence(
    tlv(0xa0, integer(Buffer.of(2))),
    integer(serial),
    ECDSA_WITH_SHA256,
    nameOf(issuer.subject),
    sequence(time(notBefore), time(notAfter)),
    nameOf(subject),
    publicKeyInfo(key),
    tlv(0xa3, sequence(...extensions, ...known)),
  )
  const signature = tlv(0x03, Buffer.concat([Buffer.of(0), issuer.key.signDer(body)]))
  return new Uint8Array(sequence(body, ECDSA_WITH_SHA256, signature))
}

function publicKeyInfo({ x, y }: SigningKey): Buffer {
  const algorithm = sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7'))
  return sequence(algorithm, tlv(0x03, Buffer.concat([Buffer.of(0, 4), x, y])))
}

function keyId(key: SigningKey): Buffer {
  return createHash('sha256').update(publicKeyInfo(key)).digest().subarray(0, 20)
}

function nameOf({ country, commonName }: Subject): Buffer {
  const part = (type: string, value: Buffer) => tlv(0x31, sequence(oid(type), value))
  return sequence(
    part('2.5.4.6', tlv(0x13, Buffer.from(country))),
    part('2.5.4.3', tlv(0x0c, Buffer.from(commonName))),
  )
}

function extension(type: string, critical: boolean, value: Buffer): Buffer {
  return sequence(oid(type), ...(critical ? [tlv(0x01, Buffer.of(0xff))] : []), tlv(0x04, value))
}

function time(milliseconds: number): Buffer {
  const text = new Date(milliseconds).toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  // UTCTime until 2049, as RFC 5280 section 4.1.2.5 wants it.
  return Number(text.slice(0, 4)) < 2050
    ? tlv(0x17, Buffer.from(text.slice(2)))
    : tlv(0x18, Buffer.from(text))
}

function integer(value: Uint8Array): Buffer {
  return tlv(0x02, value)
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const base128 = (value: number): number[] => {
    const septets = [value & 0x7f]
    for (let left = value >>> 7; left > 0; left >>>= 7) septets.unshift((left & 0x7f) | 0x80)
    return septets
  }
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest].flatMap(base128)))
}

function sequence(...parts: readonly Uint8Array[]): Buffer {
  return tlv(0x30, Buffer.concat(parts))
}

function tlv(tag: number, content: Uint8Array): Buffer {
  const size = content.length
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}
