/**
 * Who we are to a wallet: a certificate chain, its key, and the client identifier that follows from them (OpenID4VP 1.0
 * section 5.9.3). Checked when it is configured and prepared once, so that a login parses no certificate.
 */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { fail } from '../domain/failure.ts'
import type { JsonObject } from '../domain/text.ts'
import { DAY } from '../domain/time.ts'
import { type Certificate, KEY_USAGE, readCertificate, sameOctets } from './certificate.ts'

/** The two client identifier prefixes that we speak; both are signed and rest on `x5c`. */
export type ClientIdPrefix = 'x509_hash' | 'x509_san_dns'

/** How long before its end a certificate is complained of (VP-041). */
const RENEW_BEFORE = 14 * DAY

export interface SigningIdentity {
  prefix: ClientIdPrefix
  /** Host name of the response endpoint. With `x509_san_dns` it is a DNS name of the leaf as well (VP-008). */
  host: string
  /** DER, the leaf first; the anchor stays outside (HAIP 1.0 section 5). */
  chain: readonly Uint8Array[]
  privateKey: KeyObject
}

/** Ready to sign: holds the imported key and the header's `x5c`. */
export interface RequestSigner {
  prefix: ClientIdPrefix
  host: string
  /** With its prefix; what KB-JWTs must name as audience (VP-040). */
  clientId: string
  /** Every client identifier that the certificate bears, the one above first. */
  clientIds: readonly string[]
  privateKey: KeyObject
  /** The protected header but for `alg`. */
  header: JsonObject
  /** First coordinate of the signing key, base64url: no response key may have it (VP-014). */
  signingX: string
}

/**
 * Returns the full client identifier: `x509_hash:` and base64url of the SHA-256 of the leaf's DER, or `x509_san_dns:` and
 * the host (OpenID4VP 1.0 section 5.9.3).
 */
export function clientIdOf(prefix: ClientIdPrefix, leafDer: Uint8Array, host: string): string {
  if (prefix === 'x509_san_dns') return `x509_san_dns:${host}`
  return `x509_hash:${createHash('sha256').update(leafDer).digest('base64url')}`
}

/**
 * Returns when the chain ends (milliseconds since the epoch) and whether that is within 14 days. Throws `policy_refused`
 * naming every rule that is broken: order, signatures, dates, a self-signed certificate, a key that is not P-256 or not
 * the leaf's, or a host that the leaf does not name (VP-008, VP-041, HA-03). `now` in milliseconds.
 */
export function checkSigningCertificate(
  identity: SigningIdentity,
  now: number,
): { notAfter: number; expiresSoon: boolean } {
  const chain = identity.chain.map(
    (der) => readCertificate(der) ?? refuse(['certificate unusable']),
  )
  const [leaf] = chain
  if (leaf === undefined) refuse(['no certificate'])
  const broken: [boolean, string][] = [
    [leaf.isCa, 'the leaf is a CA certificate'],
    [leaf.keyUsage?.has(KEY_USAGE.digitalSignature) === false, 'the leaf may not sign'],
    [chain.some(isSelfIssued), 'a certificate is self-signed'],
    [!isInOrder(chain), 'the certificates do not certify one another in order, leaf first'],
    [!belongsTo(identity.privateKey, leaf), 'the key is not the P-256 key of the leaf'],
    [chain.some((one) => now < one.notBefore), 'a certificate is not valid yet'],
    [chain.some((one) => now > one.notAfter), 'a certificate has expired'],
    [
      identity.prefix === 'x509_san_dns' && !leaf.dnsNames.includes(identity.host),
      'the leaf does not name the host',
    ],
  ]
  const problems = broken.flatMap(([isBroken, rule]) => (isBroken ? [rule] : []))
  if (problems.length > 0) refuse(problems)
  const notAfter = Math.min(...chain.map((one) => one.notAfter))
  return { notAfter, expiresSoon: now > notAfter - RENEW_BEFORE }
}

/** Returns the signer of an identity that `checkSigningCertificate` found good. Throws `policy_refused` without a leaf. */
export function prepareRequestSigner(identity: SigningIdentity): RequestSigner {
  const { prefix, host, chain, privateKey } = identity
  const [leaf] = chain
  if (leaf === undefined) refuse(['no certificate'])
  const header = {
    typ: 'oauth-authz-req+jwt',
    x5c: chain.map((der) => Buffer.from(der).toString('base64')),
  }
  return {
    prefix,
    host,
    clientId: clientIdOf(prefix, leaf, host),
    clientIds: clientIdsOf(prefix, leaf, host),
    privateKey,
    header,
    signingX: createPublicKey(privateKey).export({ format: 'jwk' }).x ?? refuse(['no EC key']),
  }
}

/** Returns the signer under another of its certificate's names; undefined where that is none of them. */
export function asNamed(signer: RequestSigner, clientId: string): RequestSigner | undefined {
  if (clientId === signer.clientId) return signer
  if (!signer.clientIds.includes(clientId)) return undefined
  const prefix = clientId.startsWith('x509_hash:') ? 'x509_hash' : 'x509_san_dns'
  return { ...signer, prefix, clientId }
}

function clientIdsOf(prefix: ClientIdPrefix, leaf: Uint8Array, host: string): readonly string[] {
  const other = prefix === 'x509_hash' ? 'x509_san_dns' : 'x509_hash'
  const bears = other === 'x509_hash' || readCertificate(leaf)?.dnsNames.includes(host) === true
  const own = clientIdOf(prefix, leaf, host)
  return bears ? [own, clientIdOf(other, leaf, host)] : [own]
}

function isInOrder(chain: readonly Certificate[]): boolean {
  return chain.every((one, index) => {
    const issuer = chain[index + 1]
    if (issuer === undefined) return true
    return sameOctets(one.issuer, issuer.subject) && one.x509.verify(issuer.publicKey)
  })
}

function isSelfIssued(certificate: Certificate): boolean {
  return sameOctets(certificate.subject, certificate.issuer)
}

function belongsTo(privateKey: KeyObject, leaf: Certificate): boolean {
  return (
    privateKey.type === 'private' &&
    privateKey.asymmetricKeyDetails?.namedCurve === 'prime256v1' &&
    leaf.x509.checkPrivateKey(privateKey)
  )
}

function refuse(problems: readonly string[]): never {
  return fail({ kind: 'policy_refused', problems })
}
