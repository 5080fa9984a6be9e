/**
 * Certificates that no honest authority writes. The product's own writer refuses to make them, so they are put together
 * here, octet by octet.
 */
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import * as der from '../../src/crypto/der.ts'
import { DAY, NOW, newKey } from './world.ts'

export const OID = {
  ecdsaSha256: '1.2.840.10045.4.3.2',
  ecdsaSha1: '1.2.840.10045.4.1',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  nameConstraints: '2.5.29.30',
  policyConstraints: '2.5.29.36',
  extendedKeyUsage: '2.5.29.37',
  authorityKeyId: '2.5.29.35',
  subjectAltName: '2.5.29.17',
}

export interface Odd {
  name: string
  key: KeyObject
  der: Uint8Array
}

export interface OddRequest {
  name?: string
  /** Without one the certificate is self-signed. */
  issuer?: Pick<Odd, 'name' | 'key'> | undefined
  key?: KeyObject
  notBefore?: number
  notAfter?: number
  /** Absent: no certificate authority. */
  ca?: { pathLength?: number } | undefined
  /** The bits, most significant first; undefined leaves the extension out. */
  keyUsage?: number | undefined
  extensions?: readonly Uint8Array[]
  version?: number
  algorithm?: string
  innerAlgorithm?: string
  digest?: string
}

export const SIGNS_CERTIFICATES = 0x04
export const SIGNS_DATA = 0x80

export function extension(oid: string, critical: boolean, value: Uint8Array): Uint8Array {
  const mark = critical ? [der.trueValue()] : []
  return der.sequence(der.objectIdentifier(oid), ...mark, der.octetString(value))
}

/** A certificate exactly as asked for, sound or not. */
export function writeOdd(request: OddRequest): Odd {
  const { name = 'Leaf', key = newKey(), ca, version = 3 } = request
  const { notBefore = NOW - DAY, notAfter = NOW + DAY, extensions = [] } = request
  const issuer = request.issuer ?? { name, key }
  const { algorithm = OID.ecdsaSha256, innerAlgorithm = algorithm, digest = 'sha256' } = request
  const usage = 'keyUsage' in request ? request.keyUsage : ca ? SIGNS_CERTIFICATES : SIGNS_DATA
  const list = [
    ...(ca === undefined ? [] : [extension(OID.basicConstraints, true, constraints(ca))]),
    ...(usage === undefined ? [] : [extension(OID.keyUsage, true, bits(usage))]),
    ...extensions,
  ]
  const toBeSigned = der.sequence(
    ...(version === 1 ? [] : [der.tagged(0, true, der.integer(Uint8Array.of(version - 1)))]),
    der.integer(Uint8Array.of(0x42)),
    der.sequence(der.objectIdentifier(innerAlgorithm)),
    nameOf(issuer.name),
    der.sequence(der.time(notBefore), der.time(notAfter)),
    nameOf(name),
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    ...(version === 3 && list.length > 0 ? [der.tagged(3, true, der.sequence(...list))] : []),
  )
  const signature = sign(digest, toBeSigned, issuer.key)
  const signed = der.sequence(
    toBeSigned,
    der.sequence(der.objectIdentifier(algorithm)),
    der.bitString(signature),
  )
  return { name, key, der: new Uint8Array(signed) }
}

/** An anchor; intermediates and leaves name it as issuer. */
export function writeAnchor(request: OddRequest = {}): Odd {
  return writeOdd({ name: 'Anchor', ca: {}, ...request })
}

export function base64(...certificates: readonly Odd[]): string[] {
  return certificates.map((one) => Buffer.from(one.der).toString('base64'))
}

export function rsaKey(modulusLength: number): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength }).privateKey
}

function constraints({ pathLength }: { pathLength?: number }): Uint8Array {
  const limit = pathLength === undefined ? [] : [der.integer(Uint8Array.of(pathLength))]
  return der.sequence(der.trueValue(), ...limit)
}

function bits(octet: number): Uint8Array {
  // DER cuts the zeros at the end of a list of named bits.
  return der.bitString(Uint8Array.of(octet), Math.log2(octet & -octet))
}

const ATTRIBUTES: Readonly<Record<string, string>> = { C: '2.5.4.6', ST: '2.5.4.8', CN: '2.5.4.3' }

/** A common name, or attributes as in `C=NL,ST=Utrecht,CN=Root`. */
function nameOf(name: string): Uint8Array {
  const attributes = (name.includes('=') ? name : `CN=${name}`).split(',').map((one) => {
    const [type = '', value = ''] = one.split('=')
    const oid = der.objectIdentifier(ATTRIBUTES[type] ?? '')
    return der.set(der.sequence(oid, der.utf8String(value)))
  })
  return der.sequence(...attributes)
}
