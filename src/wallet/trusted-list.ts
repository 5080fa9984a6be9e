import { createHash } from 'node:crypto'
import { JwsError, readCompact, readPayload, verifyCompact } from '../crypto/jws.ts'
import type { Json, JsonObject } from '../domain/text.ts'
import { MINUTE } from '../domain/time.ts'
import type { TrustedList } from '../domain/trust-policy.ts'
import { type Certificate, readCertificate } from './certificate.ts'
import { isJsonObject } from './json.ts'

/*
 * Lists of trusted entities as compact JWS (ETSI TS 119 602, JAdES baseline B): whom a scheme operator vouches for, by service
 * type. Fetched outside of any login; what is kept of one are the CA certificates of services that are granted. A list is
 * believed by its signature under a certificate that the policy pins, never by its address.
 */

/** Octets of one list at most (TR-23). */
export const LARGEST_LIST = 20 * 1024 * 1024
const MOST_ENTITIES = 2_000
const MOST_SERVICES = 100
const MOST_CERTIFICATES = 5_000
const CLOCK_SKEW = 5 * MINUTE
const ALGORITHMS = ['ES256', 'ES384', 'PS256', 'RS256', 'EdDSA'] as const
/** The time of signing, which JAdES lets a signer mark as critical; the list's own times are what counts here. */
const UNDERSTOOD = ['sigT']
/** Last words of the status of a service that counts; an absent one means that being listed is the status. */
const GRANTED = /\/(?:granted|notified|recognisedatnationallevel)$/

/** The services of one type with their certificates, standard base64 of DER. */
export interface ListedService {
  type: string
  certificates: readonly string[]
}

export interface ReadList {
  /** Raised with each issue of the list. */
  sequence: number
  /** Milliseconds since the epoch. */
  issuedAt: number
  nextUpdate: number
  services: readonly ListedService[]
}

/** A list that was fetched and believed, as it is kept. */
export interface FetchedList extends Pick<ReadList, 'nextUpdate' | 'services'> {
  url: string
  /** {@link signersDigest} of those who were believed. */
  signers: string
}

/** Why a list was not believed. */
export type ListReason =
  | 'list_malformed'
  | 'list_signature_invalid' // not by one of the pinned certificates, or not right
  | 'list_out_of_date' // past its next update, or from the future
  | 'list_rolled_back' // an older issue than the one that is kept

/** Thrown by {@link readTrustedList}; carries the reason and nothing of the list. */
export class ListError extends Error {
  readonly reason: ListReason
  constructor(reason: ListReason, options?: ErrorOptions) {
    super(`list refused: ${reason}`, options)
    this.name = 'ListError'
    this.reason = reason
  }
}

/** Returns a name for the signers of a list, and for who of them there is to believe. */
export function signersDigest({ signers, format }: TrustedList): string {
  const texts = signers.map((pem) => pem.replace(/-----[^-]+-----|\s/g, '')).toSorted()
  return createHash('sha256')
    .update(JSON.stringify([format, texts]))
    .digest('base64url')
}

/**
 * Returns what a list says, which is `text` as it was fetched. `now` in milliseconds; `known` is the sequence number of the
 * issue that is kept. Throws {@link ListError}.
 */
export function readTrustedList(
  text: string,
  list: TrustedList,
  at: { now: number; known: number | undefined },
): ReadList {
  const document = verifiedPayload(text, list, at.now)
  const scheme = objectIn(objectIn(document, 'LoTE'), 'ListAndSchemeInformation')
  const read = {
    sequence: wholeNumber(scheme.LoTESequenceNumber),
    issuedAt: instantOf(scheme.ListIssueDateTime),
    nextUpdate: instantOf(scheme.NextUpdate),
  }
  if (read.issuedAt > at.now + CLOCK_SKEW || at.now >= read.nextUpdate) refuse('list_out_of_date')
  if (at.known !== undefined && read.sequence < at.known) refuse('list_rolled_back')
  return { ...read, services: servicesIn(objectIn(document, 'LoTE'), at.now) }
}

/** The signer's certificate comes along and must be one of those pinned, octet for octet (TR-21). */
function verifiedPayload(text: string, list: TrustedList, now: number): JsonObject {
  try {
    const jws = readCompact(text.trim(), { maxBytes: LARGEST_LIST, understood: UNDERSTOOD })
    const signer = pinnedSigner(jws.header, list, now)
    verifyCompact(jws, signer.publicKey, ALGORITHMS)
    return readPayload(jws)
  } catch (error) {
    if (!(error instanceof JwsError)) throw error
    const isForm = error.reason === 'malformed' || error.reason === 'payload_invalid'
    throw new ListError(isForm ? 'list_malformed' : 'list_signature_invalid', { cause: error })
  }
}

function pinnedSigner(header: JsonObject, list: TrustedList, now: number): Certificate {
  const [leaf] = Array.isArray(header.x5c) ? header.x5c : []
  const pinned = list.signers.flatMap((pem) => {
    const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
    const certificate = readCertificate(der)
    return certificate === undefined ? [] : [{ certificate, text: der.toString('base64') }]
  })
  const thumbprint = header['x5t#S256']
  const found = pinned.find(({ certificate, text }) =>
    leaf === undefined ? certificate.fingerprint === thumbprint : leaf === text,
  )?.certificate
  if (found === undefined) return refuse('list_signature_invalid')
  const isCurrent = found.notBefore <= now && now <= found.notAfter
  return isCurrent ? found : refuse('list_signature_invalid')
}

function servicesIn(lote: JsonObject, now: number): readonly ListedService[] {
  const entities = arrayIn(lote, 'TrustedEntitiesList', MOST_ENTITIES)
  const found = new Map<string, Set<string>>()
  let certificates = 0
  for (const entity of entities) {
    const services = arrayIn(asObject(entity), 'TrustedEntityServices', MOST_SERVICES)
    for (const service of services) {
      const said = objectIn(asObject(service), 'ServiceInformation')
      const type = said.ServiceTypeIdentifier
      if (typeof type !== 'string' || type.length > 512 || !isGranted(said, now)) continue
      const known = found.get(type) ?? new Set<string>()
      found.set(type, known)
      for (const text of certificatesOf(said)) {
        certificates += 1
        if (certificates > MOST_CERTIFICATES) refuse('list_malformed')
        known.add(text)
      }
    }
  }
  return [...found].map(([type, texts]) => ({ type, certificates: [...texts] }))
}

/** Services stay on a list when they end, with another status (TR-22). */
function isGranted(service: JsonObject, now: number): boolean {
  const { ServiceStatus: status, StatusStartingTime: since } = service
  if (status !== undefined && (typeof status !== 'string' || !GRANTED.test(status))) return false
  return since === undefined || instantOf(since) <= now
}

/** Only those that may sign others are anchors; a list may name other certificates, too. */
function certificatesOf(service: JsonObject): readonly string[] {
  const identity = objectIn(service, 'ServiceDigitalIdentity')
  const listed = identity.X509Certificates ?? []
  if (!Array.isArray(listed)) return refuse('list_malformed')
  return listed.flatMap((one) => {
    const text = asObject(one).val
    if (typeof text !== 'string' || text.length > 16_384) return refuse('list_malformed')
    const der = Buffer.from(text, 'base64')
    return readCertificate(der)?.isCa === true ? [der.toString('base64')] : []
  })
}

function asObject(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : refuse('list_malformed')
}

function objectIn(object: JsonObject, member: string): JsonObject {
  return asObject(object[member])
}

function arrayIn(object: JsonObject, member: string, most: number): readonly Json[] {
  const value = object[member]
  return Array.isArray(value) && value.length <= most ? value : refuse('list_malformed')
}

function wholeNumber(value: Json | undefined): number {
  const isWhole = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
  return isWhole ? value : refuse('list_malformed')
}

/** A time in UTC as the standards write it: whole seconds or finer, and `Z`. */
function instantOf(value: Json | undefined): number {
  const isTime =
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(value)
  const at = isTime ? Date.parse(value) : Number.NaN
  return Number.isNaN(at) ? refuse('list_malformed') : at
}

function refuse(reason: ListReason): never {
  throw new ListError(reason)
}
