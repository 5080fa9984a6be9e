/**
 * What is asked about a certificate, and of whom: an authority's list, or a responder. A list is one for all certificates of
 * its authority, so it is kept once.
 */
import { HOUR, MINUTE } from '../domain/time.ts'
import { type Certificate, readCertificate } from './certificate.ts'
import {
  LARGEST_OCSP_RESPONSE,
  OCSP_REQUEST_TYPE,
  OCSP_RESPONSE_TYPE,
  type OcspAnswer,
  readOcspResponse,
  writeOcspRequest,
} from './ocsp.ts'
import {
  LARGEST_REVOCATION_LIST,
  type RevocationList,
  readRevocationList,
} from './revocation-list.ts'
import type { Inquiry, Said } from './stored-answer.ts'

/** Fetches what an authority signed, over plain http too, for the signature is what counts. Throws where it cannot. */
export type FetchSigned = (
  url: string,
  request: {
    maxBytes: number
    timeoutMs: number
    contentTypes: readonly string[]
    /** Sent by POST; without one it is a GET. */
    body?: { type: string; octets: Uint8Array }
  },
) => Promise<Uint8Array>

export type RevocationAnswer = RevocationList | OcspAnswer

/** A certificate and whoever issued it. */
export interface Pair {
  certificate: Certificate
  issuer: Certificate
}

type Means = { fetchSigned: FetchSigned }

const TIMEOUT_MS = 4_000
/** An answer without much of a life is not asked for at each login; one with a long life is asked for again in between. */
const SHORTEST = MINUTE
const LONGEST = 12 * HOUR
const LIST_TYPES = [
  'application/pkix-crl',
  'application/x-pkcs7-crl',
  'application/octet-stream',
  'application/x-x509-crl',
]

/** Returns how an authority's list at an address is asked for. */
export function listInquiry(
  { issuer }: Pick<Pair, 'issuer'>,
  uri: string,
  means: Means,
): Inquiry<RevocationAnswer> {
  return {
    kind: 'crl',
    about: issuer.fingerprint,
    source: JSON.stringify({ uri, issuer: base64(issuer) }),
    async fetch() {
      const limits = { maxBytes: LARGEST_REVOCATION_LIST, timeoutMs: TIMEOUT_MS }
      return asText(await means.fetchSigned(uri, { ...limits, contentTypes: LIST_TYPES }))
    },
    read: (document, fetchedAt) =>
      saidBy(readRevocationList(octetsOf(document), issuer, uri), fetchedAt),
  }
}

/** Returns how a responder is asked about a certificate. `now` in milliseconds: who may answer has an end of its own. */
export function responderInquiry(
  { certificate, issuer }: Pair,
  uri: string,
  now: number,
  means: Means,
): Inquiry<RevocationAnswer> {
  return {
    kind: 'ocsp',
    about: certificate.fingerprint,
    source: JSON.stringify({ uri, certificate: base64(certificate), issuer: base64(issuer) }),
    async fetch() {
      const der = await means.fetchSigned(uri, {
        maxBytes: LARGEST_OCSP_RESPONSE,
        timeoutMs: TIMEOUT_MS,
        contentTypes: [OCSP_RESPONSE_TYPE],
        body: { type: OCSP_REQUEST_TYPE, octets: writeOcspRequest(certificate, issuer) },
      })
      return asText(der)
    },
    read: (document, fetchedAt) =>
      saidBy(readOcspResponse(octetsOf(document), certificate, issuer, now), fetchedAt),
  }
}

/** Returns the inquiry of a source that was kept; undefined where its certificates are none that would count today. `now` in milliseconds. */
export function revocationInquiry(
  kind: 'crl' | 'ocsp',
  source: string,
  now: number,
  means: Means,
): Inquiry<RevocationAnswer> | undefined {
  const said = JSON.parse(source) as { uri: string; issuer: string; certificate?: string }
  const issuer = readCertificate(octetsOf(said.issuer))
  if (issuer === undefined) return undefined
  if (kind === 'crl') return listInquiry({ issuer }, said.uri, means)
  const certificate = readCertificate(octetsOf(said.certificate ?? ''))
  if (certificate === undefined) return undefined
  return responderInquiry({ certificate, issuer }, said.uri, now, means)
}

function saidBy(
  value: RevocationAnswer | undefined,
  fetchedAt: number,
): Said<RevocationAnswer> | undefined {
  if (value === undefined) return undefined
  const { thisUpdate: issuedAt, nextUpdate: endsAt } = value
  const life = Math.min(Math.max(endsAt - fetchedAt, SHORTEST), LONGEST)
  return { value, fetchedAt, issuedAt, endsAt, freshUntil: Math.min(fetchedAt + life, endsAt) }
}

function base64({ x509 }: Certificate): string {
  return x509.raw.toString('base64')
}

function octetsOf(text: string): Uint8Array {
  return Buffer.from(text, 'base64')
}

function asText(octets: Uint8Array): string {
  return Buffer.from(octets).toString('base64')
}
