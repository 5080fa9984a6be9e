/**
 * Revocation lists and answers of responders, exactly as asked for, sound or not (RFC 5280 section 5, RFC 6960).
 */
import { createHash, createPublicKey, type KeyObject, sign } from 'node:crypto'
import * as der from '../../src/crypto/der.ts'
import { extension, type Odd, OID } from './certificates.ts'
import { DAY, NOW } from './world.ts'

export const POINTS = '2.5.29.31'
export const INFORMATION = '1.3.6.1.5.5.7.1.1'
export const NO_CHECK = '1.3.6.1.5.5.7.48.1.5'
export const SIGNS_OCSP = '1.3.6.1.5.5.7.3.9'
const ISSUING_POINT = '2.5.29.28'
const SHA1 = '1.3.14.3.2.26'

const uri = (text: string) => der.tagged(6, false, Buffer.from(text))
const generalized = (at: number) =>
  der.element(
    0x18,
    Buffer.from(`${new Date(at).toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`),
  )

/** The extension by which a certificate names its list. `rest`: reasons or another issuer. */
export function listedAt(text: string, ...rest: readonly Uint8Array[]): Uint8Array {
  const name = der.tagged(0, true, der.tagged(0, true, uri(text)))
  return extension(POINTS, false, der.sequence(der.sequence(name, ...rest)))
}

/** The extension by which a certificate names its responder. */
export function answeredAt(text: string): Uint8Array {
  const description = der.sequence(der.objectIdentifier('1.3.6.1.5.5.7.48.1'), uri(text))
  return extension(INFORMATION, false, der.sequence(description))
}

export interface OddList {
  revoked?: readonly Uint8Array[]
  thisUpdate?: number
  /** Null leaves it out. */
  nextUpdate?: number | null
  extensions?: readonly Uint8Array[]
  /** Of each entry. */
  entryExtensions?: readonly Uint8Array[]
  key?: KeyObject
  name?: string
  version?: number
  algorithm?: string
  innerAlgorithm?: string
  digest?: string
}

/** A revocation list of an issuer. */
export function writeList(issuer: Odd, odd: OddList = {}): Uint8Array {
  const { revoked = [], thisUpdate = NOW - DAY, nextUpdate = NOW + DAY, extensions = [] } = odd
  const { algorithm = OID.ecdsaSha256, innerAlgorithm = algorithm, digest = 'sha256' } = odd
  const { entryExtensions = [], version = 1 } = odd
  const entries = revoked.map((serial) =>
    der.sequence(
      der.integer(serial),
      der.time(thisUpdate),
      ...(entryExtensions.length === 0 ? [] : [der.sequence(...entryExtensions)]),
    ),
  )
  const tbs = der.sequence(
    der.integer(Uint8Array.of(version)),
    der.sequence(der.objectIdentifier(innerAlgorithm)),
    nameOf(odd.name ?? issuer.name),
    der.time(thisUpdate),
    ...(nextUpdate === null ? [] : [der.time(nextUpdate)]),
    ...(entries.length === 0 ? [] : [der.sequence(...entries)]),
    ...(extensions.length === 0 ? [] : [der.tagged(0, true, der.sequence(...extensions))]),
  )
  const signature = sign(digest, tbs, odd.key ?? issuer.key)
  return der.sequence(tbs, der.sequence(der.objectIdentifier(algorithm)), der.bitString(signature))
}

/** The issuing distribution point of a list, with its parts. */
export function issuingPoint(...parts: readonly Uint8Array[]): Uint8Array {
  return extension(ISSUING_POINT, true, der.sequence(...parts))
}

export function pointName(text: string): Uint8Array {
  return der.tagged(0, true, der.tagged(0, true, uri(text)))
}

export interface OddAnswer {
  status?: 'good' | 'revoked' | 'unknown'
  serial?: Uint8Array
  thisUpdate?: number
  nextUpdate?: number | null
  /** Who signs, and with which certificates along; the issuer by default. */
  signer?: Odd
  certificates?: readonly Odd[]
  key?: KeyObject
  named?: 'name' | 'key'
  responseStatus?: number
  extensions?: readonly Uint8Array[]
  answers?: number
}

const SERIAL = Uint8Array.of(0x42)

/** What a responder says of a certificate of `issuer`. */
export function writeAnswer(issuer: Odd, odd: OddAnswer = {}): Uint8Array {
  const { status = 'good', serial = SERIAL, thisUpdate = NOW - DAY, nextUpdate = NOW + DAY } = odd
  const { signer = issuer, certificates = [], named = 'name', responseStatus = 0 } = odd
  const id = der.sequence(
    der.sequence(der.objectIdentifier(SHA1), der.element(0x05)),
    der.octetString(sha1(nameOf(issuer.name))),
    der.octetString(sha1(keyOctets(issuer.key))),
    der.integer(serial),
  )
  const said = {
    good: der.tagged(0, false),
    revoked: der.tagged(1, true, generalized(thisUpdate)),
    unknown: der.tagged(2, false),
  }[status]
  const answer = der.sequence(
    id,
    said,
    generalized(thisUpdate),
    ...(nextUpdate === null ? [] : [der.tagged(0, true, generalized(nextUpdate))]),
  )
  const responder =
    named === 'name'
      ? der.tagged(1, true, nameOf(signer.name))
      : der.tagged(2, true, der.octetString(sha1(keyOctets(signer.key))))
  const extensions = odd.extensions ?? []
  const data = der.sequence(
    responder,
    generalized(thisUpdate),
    der.sequence(answer),
    ...(extensions.length === 0 ? [] : [der.tagged(1, true, der.sequence(...extensions))]),
  )
  const along = certificates.map((one) => one.der)
  const basic = der.sequence(
    data,
    der.sequence(der.objectIdentifier(OID.ecdsaSha256)),
    der.bitString(sign('sha256', data, odd.key ?? signer.key)),
    ...(along.length === 0 ? [] : [der.tagged(0, true, der.sequence(...along))]),
  )
  const bytes = der.sequence(der.objectIdentifier('1.3.6.1.5.5.7.48.1.1'), der.octetString(basic))
  const outcome = der.element(0x0a, Uint8Array.of(responseStatus))
  return responseStatus === 0
    ? der.sequence(outcome, der.tagged(0, true, bytes))
    : der.sequence(outcome)
}

function nameOf(name: string): Uint8Array {
  return der.sequence(der.set(der.sequence(der.objectIdentifier('2.5.4.3'), der.utf8String(name))))
}

function keyOctets(key: KeyObject): Uint8Array {
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' })
  // Of P-256 the point is the last 65 octets.
  return spki.subarray(-65)
}

function sha1(octets: Uint8Array): Uint8Array {
  return createHash('sha1').update(octets).digest()
}
