/**
 * The key and certificates a tenant signs its wallet requests with: brought along as PEM, or made here for a start. What
 * is made here convinces wallets that were told to trust its anchor, and no others.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { fail } from '../domain/failure.ts'
import { DAY } from '../domain/time.ts'
import { createCertificateAuthority, issueCertificate } from './certificate.ts'
import { exportPublicJwk, generateSigningKey, importSigningKey } from './signing-key.ts'
import { type EcPublicJwk, thumbprint } from './thumbprint.ts'

export interface RequestIdentity {
  readonly kid: string
  readonly publicJwk: EcPublicJwk
  /** DER, secret. */
  readonly privatePkcs8: Uint8Array
  readonly privateKey: KeyObject
  /** DER, the leaf first, without the anchor. */
  readonly chain: readonly Uint8Array[]
  /** DER of the authority that was made with it; undefined for a chain that was brought along. */
  readonly anchor: Uint8Array | undefined
}

/** Long enough to forget about in a test system, short enough to be renewed once in a key's life. */
const VALID_FOR = 730 * DAY
/** Wallets' clocks may run behind ours. */
const BEFORE = 1 * DAY
const MOST_CERTIFICATES = 8

const CERTIFICATE_PEM = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----/g

/**
 * A new P-256 key under a certificate for `host`, issued by an authority of its own whose key is thrown away: it can
 * vouch for nothing else, ever. `now` in milliseconds.
 */
export async function createRequestIdentity(host: string, now: number): Promise<RequestIdentity> {
  const validity = { notBefore: now - BEFORE, notAfter: now + VALID_FOR }
  const name = host.slice(0, 40)
  const authority = createCertificateAuthority({
    subject: { organization: 'identity-bridge', commonName: `Request CA of ${name}` },
    pathLength: 0,
    ...validity,
  })
  const { privatePkcs8 } = await generateSigningKey('ES256')
  const privateKey = importSigningKey(privatePkcs8)
  const leaf = issueCertificate(authority, {
    subject: { organization: 'identity-bridge', commonName: name },
    publicKey: createPublicKey(privateKey),
    dnsNames: [host],
    ...validity,
  })
  return { ...describeKey(privateKey), privatePkcs8, chain: [leaf], anchor: authority.certificate }
}

/**
 * Key and chain of PEM texts: certificates leaf first, the key unencrypted. Throws `invalid_request` when they cannot be
 * read; whether they belong together and may be used is `checkSigningCertificate`'s to say.
 */
export function readRequestIdentity(chainPem: string, privateKeyPem: string): RequestIdentity {
  const chain = [...chainPem.matchAll(CERTIFICATE_PEM)].map(([, base64 = '']) =>
    Buffer.from(base64, 'base64'),
  )
  if (chain.length === 0 || chain.length > MOST_CERTIFICATES) {
    fail({ kind: 'invalid_request', detail: 'certificate_chain: no certificates, or too many' })
  }
  const privateKey = readPrivateKey(privateKeyPem)
  const privatePkcs8 = new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' }))
  return { ...describeKey(privateKey), privatePkcs8, chain, anchor: undefined }
}

/** A DER certificate as PEM (RFC 7468). */
export function certificatePem(der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .replace(/(.{64})(?=.)/g, '$1\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}

function readPrivateKey(pem: string): KeyObject {
  try {
    return createPrivateKey({ key: pem, format: 'pem' })
  } catch {
    // OpenSSL's words stay here: they are about a key.
    return fail({
      kind: 'invalid_request',
      detail: 'private_key: not an unencrypted PEM private key',
    })
  }
}

function describeKey(privateKey: KeyObject) {
  const publicJwk = isP256(privateKey) ? exportPublicJwk(createPublicKey(privateKey)) : undefined
  if (publicJwk?.kty !== 'EC') {
    return fail({ kind: 'invalid_request', detail: 'private_key: not a P-256 key' })
  }
  return { kid: thumbprint(publicJwk), publicJwk, privateKey }
}

function isP256(key: KeyObject): boolean {
  return key.asymmetricKeyDetails?.namedCurve === 'prime256v1'
}
