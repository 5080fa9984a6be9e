/**
 * Asking a responder about one certificate (RFC 6960, in the profile of RFC 5019: one certificate, no nonce, so that the
 * responder may answer from its cache). The answer must be signed by the authority that issued the certificate, or by
 * somebody to whom that authority gave a certificate for just this.
 */
import { createHash } from 'node:crypto'
import * as write from '../crypto/der.ts'
import { type Certificate, readCertificate, sameOctets } from './certificate.ts'
import { listExtensions } from './certificate-extensions.ts'
import {
  DER,
  type DerElement,
  DerError,
  expectTag,
  readChildren,
  readDer,
  readObjectIdentifier,
} from './der.ts'
import { isSignedBy, readTime } from './signed-der.ts'

export const OCSP_REQUEST_TYPE = 'application/ocsp-request'
export const OCSP_RESPONSE_TYPE = 'application/ocsp-response'
/** Octets of one answer at most. */
export const LARGEST_OCSP_RESPONSE = 32 * 1024

/** Every responder knows SHA-1 here, and RFC 5019 asks for it: it finds a certificate and protects nothing. */
const SHA1 = '1.3.14.3.2.26'
const BASIC_RESPONSE = '1.3.6.1.5.5.7.48.1.1'
const SIGNS_OCSP = '1.3.6.1.5.5.7.3.9'

/** What a responder says of a certificate, and from when until when (milliseconds since the epoch). */
export interface OcspAnswer {
  status: 'good' | 'revoked' | 'unknown'
  thisUpdate: number
  nextUpdate: number
}

/** Returns the request about a certificate of `issuer`, DER. */
export function writeOcspRequest(certificate: Certificate, issuer: Certificate): Uint8Array {
  const asked = write.sequence(certificateId(certificate, issuer))
  return write.sequence(write.sequence(write.sequence(asked)))
}

function certificateId(certificate: Certificate, issuer: Certificate): Uint8Array {
  return write.sequence(
    write.sequence(write.objectIdentifier(SHA1), write.element(0x05)),
    write.octetString(sha1(issuer.subject)),
    write.octetString(sha1(publicKeyOctets(issuer))),
    write.element(DER.integer, Buffer.from(certificate.serialNumber, 'hex')),
  )
}

/**
 * Returns what a response says of the certificate. Undefined where it is malformed, an error of the responder, about
 * another certificate, wrongly signed or signed by somebody who may not, or without an end. `now` in milliseconds.
 */
export function readOcspResponse(
  der: Uint8Array,
  certificate: Certificate,
  issuer: Certificate,
  now: number,
): OcspAnswer | undefined {
  if (der.length > LARGEST_OCSP_RESPONSE) return undefined
  try {
    return read(der, certificate, issuer, now)
  } catch (error) {
    if (error instanceof DerError) return undefined
    throw error
  }
}

function read(
  der: Uint8Array,
  certificate: Certificate,
  issuer: Certificate,
  now: number,
): OcspAnswer | undefined {
  const [status, wrapped] = readChildren(expectTag(readDer(der), DER.sequence))
  if (expectTag(status, DER.enumerated).content[0] !== 0 || wrapped?.tag !== 0xa0) return undefined
  const [kind, basic] = readChildren(expectTag(readDer(wrapped.content), DER.sequence))
  const isBasic = kind !== undefined && readObjectIdentifier(kind) === BASIC_RESPONSE
  if (!isBasic) throw new DerError('another kind of response')
  const octets = expectTag(basic, DER.octetString).content
  const [data, algorithm, signature, certificates] = readChildren(
    expectTag(readDer(octets), DER.sequence),
  )
  const signed = expectTag(data, DER.sequence)
  const [responder, , answers] = readResponseData(signed)
  const signers = [issuer, ...delegatesOf(certificates, issuer, now)]
  const signer = signers.find(
    (one) => isNamed(responder, one) && isSignedBy(one.publicKey, signed, algorithm, signature),
  )
  return signer === undefined ? undefined : findAnswer(answers, certificate, issuer)
}

/** Responder, time and answers; the version, which is a default, and extensions that are not critical are passed over. */
function readResponseData(data: DerElement): [DerElement, DerElement, DerElement] {
  const parts = readChildren(data).filter((part) => part.tag !== 0xa0)
  const [responder, producedAt, answers, extensions] = parts
  if (extensions !== undefined) listExtensions(extensions, new Set(), new Set())
  if (responder === undefined || producedAt === undefined) throw new DerError('response data')
  return [responder, producedAt, expectTag(answers, DER.sequence)]
}

/** By name, or by the SHA-1 of its key (RFC 6960 section 4.2.1). */
function isNamed(responder: DerElement, signer: Certificate): boolean {
  if (responder.tag === 0xa1) return sameOctets(responder.content, signer.subject)
  if (responder.tag !== 0xa2) return false
  return sameOctets(
    expectTag(readDer(responder.content), DER.octetString).content,
    sha1(publicKeyOctets(signer)),
  )
}

/**
 * Responders to whom the issuer itself gave a certificate for this (RFC 6960 section 4.2.2.2). It must say that it needs
 * no asking itself; else somebody would have to be asked about it.
 */
function delegatesOf(
  field: DerElement | undefined,
  issuer: Certificate,
  now: number,
): readonly Certificate[] {
  const listed =
    field?.tag === 0xa0 ? readChildren(expectTag(readDer(field.content), DER.sequence)) : []
  return listed.slice(0, 4).flatMap(({ whole }) => {
    const delegate = readCertificate(whole)
    const isDelegate =
      delegate !== undefined &&
      !delegate.isCa &&
      delegate.ocspNoCheck &&
      delegate.extendedKeyUsage?.includes(SIGNS_OCSP) === true &&
      delegate.notBefore <= now &&
      now <= delegate.notAfter &&
      sameOctets(delegate.issuer, issuer.subject) &&
      isCertifiedBy(delegate, issuer)
    return isDelegate ? [delegate] : []
  })
}

function isCertifiedBy(delegate: Certificate, issuer: Certificate): boolean {
  try {
    return delegate.x509.verify(issuer.publicKey)
  } catch {
    // OpenSSL throws where the algorithm does not fit the key: not signed by this one.
    return false
  }
}

function findAnswer(
  answers: DerElement,
  certificate: Certificate,
  issuer: Certificate,
): OcspAnswer | undefined {
  const wanted = readDer(certificateId(certificate, issuer))
  for (const answer of readChildren(answers)) {
    const [id, status, thisUpdate, ...rest] = readChildren(expectTag(answer, DER.sequence))
    if (!isSameCertificate(expectTag(id, DER.sequence), wanted)) continue
    const extensions = rest.find((part) => part.tag === 0xa1)
    if (extensions !== undefined) listExtensions(extensions, new Set(), new Set())
    const end = rest.find((part) => part.tag === 0xa0)
    if (end === undefined) return undefined
    return {
      status: statusOf(status),
      thisUpdate: readTime(thisUpdate),
      nextUpdate: readTime(readDer(end.content)),
    }
  }
  return undefined
}

/** Parameters of the hash algorithm may be NULL or absent; the rest is the same octet for octet. */
function isSameCertificate(id: DerElement, wanted: DerElement): boolean {
  const [algorithm, ...own] = readChildren(id)
  const [, ...expected] = readChildren(wanted)
  const [hash] = readChildren(expectTag(algorithm, DER.sequence))
  return (
    hash !== undefined &&
    readObjectIdentifier(hash) === SHA1 &&
    own.length === expected.length &&
    own.every((part, at) => sameOctets(part.whole, expected[at]?.whole ?? new Uint8Array()))
  )
}

function statusOf(status: DerElement | undefined): OcspAnswer['status'] {
  if (status?.tag === 0x80) return 'good'
  return status?.tag === 0xa1 ? 'revoked' : 'unknown'
}

/** The BIT STRING of the SubjectPublicKeyInfo without the octet that counts unused bits. */
function publicKeyOctets(certificate: Certificate): Uint8Array {
  const spki = certificate.publicKey.export({ type: 'spki', format: 'der' })
  const [, key] = readChildren(readDer(spki))
  return expectTag(key, DER.bitString).content.subarray(1)
}

function sha1(octets: Uint8Array): Uint8Array {
  return createHash('sha1').update(octets).digest()
}
