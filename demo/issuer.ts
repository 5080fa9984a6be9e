/**
 * A credential issuer for the demo, the tests and the bench: SD-JWT VCs made with the independent library
 * `@sd-jwt/sd-jwt-vc`, signed under a certificate chain of its own. The bridge never sees this code, only its output.
 */
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { digest, generateSalt } from '@sd-jwt/crypto-nodejs'
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc'
import {
  type CertificateAuthority,
  createCertificateAuthority,
  type Extension,
  issueCertificate,
} from '../src/crypto/certificate.ts'

/** The type of the demo's credential. */
export const EDUID_VCT = 'https://credentials.demo.example/eduid'
const ISSUER_URL = 'https://issuer.demo.example'
const DAY = 86_400_000

/** Someone to issue to. */
export const DEMO_PERSON = {
  given_name: 'Ada',
  family_name: 'Lovelace',
  email: 'ada.lovelace@university.demo.example',
  schac_home_organization: 'university.demo.example',
  birthdate: '1995-12-10',
}

export interface IssuerOptions {
  /** The `iss` of its credentials and a name of its certificate. */
  url?: string
  vct?: string
  /** Milliseconds since the epoch; the certificates are valid from a day before to a year after. */
  now?: number
  /** More extensions of its certificate, as where its revocation list lies. */
  extensions?: readonly Extension[]
}

export interface IssueOptions {
  /** Names of claims that are visible to everyone; all others are selectively disclosable. */
  plain?: readonly string[]
  /** More members of the payload, as `exp`, `nbf`, `status`; undefined removes one. */
  payload?: Record<string, unknown>
  /** How the verifier finds the key: by certificate chain, or by key id on the web. */
  mechanism?: 'x5c' | 'jwt-vc-issuer'
}

export interface Issuer {
  url: string
  vct: string
  /** The anchor to configure, PEM. */
  anchor: string
  /** Who issued its certificate. */
  authority: CertificateAuthority
  /** Leaf first, standard base64, without the anchor. */
  x5c: readonly string[]
  privateKey: KeyObject
  /** A trust policy of one entry for this issuer; `members` replace some of it. */
  trustPolicy(members?: Record<string, unknown>): { entries: Record<string, unknown>[] }
  /** Returns a credential without key binding: issuer JWT and all disclosures, ending in `~`. */
  issue(claims: Record<string, unknown>, holderJwk: object, options?: IssueOptions): Promise<string>
  /** Its document at `/.well-known/jwt-vc-issuer`. */
  metadata(): { issuer: string; jwks: { keys: Record<string, unknown>[] } }
}

/** Makes an issuer: a certificate authority, and one signing certificate below it. */
export function createIssuer(options: IssuerOptions = {}): Issuer {
  const { url = ISSUER_URL, vct = EDUID_VCT, now = Date.now(), extensions = [] } = options
  const validity = { notBefore: now - DAY, notAfter: now + 365 * DAY }
  const host = new URL(url).hostname
  const authority = createCertificateAuthority({
    subject: {
      country: 'NL',
      organization: 'Demo',
      commonName: `Demo credentials CA for ${host}`.slice(0, 64),
    },
    ...validity,
  })
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const leaf = issueCertificate(authority, {
    subject: { country: 'NL', organization: 'Demo', commonName: host },
    publicKey,
    uris: [url],
    dnsNames: [host],
    extensions,
    ...validity,
  })
  const x5c = [base64(leaf)]
  const library = new SDJwtVcInstance({
    signer: (data) => signEs256(data, privateKey),
    signAlg: 'ES256',
    hasher: digest,
    hashAlg: 'sha-256',
    saltGenerator: generateSalt,
  })
  const anchor = toPem(authority.certificate)
  return {
    url,
    vct,
    anchor,
    authority,
    x5c,
    privateKey,
    trustPolicy: (members = {}) => ({
      entries: [
        {
          id: 'demo',
          format: 'dc+sd-jwt',
          vct: [vct],
          mechanism: 'x5c',
          anchors: [anchor],
          ...members,
        },
      ],
    }),
    issue: (claims, holderJwk, { plain = [], payload = {}, mechanism = 'x5c' } = {}) => {
      const full = {
        iss: url,
        vct,
        iat: Math.floor(now / 1000) - 60,
        exp: Math.floor(now / 1000) + 90 * 86_400,
        cnf: { jwk: holderJwk },
        ...claims,
        ...payload,
      }
      const hidden = Object.keys(claims).filter((name) => !plain.includes(name))
      const header = mechanism === 'x5c' ? { x5c } : { kid: KEY_ID }
      return library.issue(full, { _sd: hidden } as never, { header })
    },
    metadata: () => ({
      issuer: url,
      jwks: { keys: [{ ...createPublicKey(privateKey).export({ format: 'jwk' }), kid: KEY_ID }] },
    }),
  }
}

const KEY_ID = 'demo-issuer-1'

/** Serves the issuer's metadata over http on 127.0.0.1; returns its base URL and how to stop. */
export async function serveIssuerMetadata(
  issuer: Issuer,
  port = 0,
): Promise<{ url: string; close: () => Promise<void> }> {
  const path = new URL(issuer.url).pathname.replace(/\/$/, '')
  const server = createServer((request, response) => {
    if (request.url !== `/.well-known/jwt-vc-issuer${path}`) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(issuer.metadata()))
  })
  await new Promise<void>((listening) => server.listen(port, '127.0.0.1', listening))
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${bound}`,
    close: () =>
      new Promise((closed, failed) => {
        server.close((error) => (error === undefined ? closed() : failed(error)))
        server.closeAllConnections()
      }),
  }
}

function signEs256(data: string, key: KeyObject): string {
  return sign('sha256', Buffer.from(data), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
}

function base64(der: Uint8Array): string {
  return Buffer.from(der).toString('base64')
}

function toPem(der: Uint8Array): string {
  const lines = base64(der).match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}
