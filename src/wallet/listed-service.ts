/**
 * What every trusted list says, whatever it is written in: its number and times, and whom it vouches for, by service type.
 * What is kept of one are the CA certificates of services that are granted.
 */
import { MINUTE } from '../domain/time.ts'
import type { TrustedList } from '../domain/trusted-list-policy.ts'
import { type Certificate, readCertificate } from './certificate.ts'

/** Bounds of any list (TR-23). */
export const MOST_ENTITIES = 2_000
export const MOST_SERVICES = 2_000
const MOST_CERTIFICATES = 5_000
/** Of what is kept of one list, in base64: some fifteen hundred certificates. */
const MOST_KEPT = 3 * 1024 * 1024
const LONGEST_TYPE = 512
const LONGEST_CERTIFICATE = 16_384
const CLOCK_SKEW = 5 * MINUTE
/** Operators of lists still sign with RSA of 2048 bits; each of their certificates is pinned, and vouches for nothing else. */
const LEAST_SIGNER_BITS = 2048

/** The services of one type with their certificates, standard base64 of DER. */
export interface ListedService {
  type: string
  certificates: readonly string[]
}

/** Another list that a list of lists names, with whoever may sign it (base64 of DER). */
export interface ListPointer {
  url: string
  /** Of the scheme: two letters in the lists of the European Union. */
  territory: string
  type: string
  signers: readonly string[]
}

export interface ReadList {
  /** Raised with each issue of the list. */
  sequence: number
  /** Milliseconds since the epoch. */
  issuedAt: number
  nextUpdate: number
  /** The operator closed the list for good: this issue has nothing on it, and none comes after it. */
  closed?: boolean
  services: readonly ListedService[]
  pointers: readonly ListPointer[]
}

type CurrentIssue = Pick<ReadList, 'sequence' | 'issuedAt' | 'nextUpdate' | 'closed'>

/** A list that was fetched and believed, as it is kept. */
export interface FetchedList extends Pick<ReadList, 'nextUpdate' | 'services' | 'pointers'> {
  url: string
  /** `signersDigest` of those who were believed. */
  signers: string
}

/** Why a list was not believed. */
export type ListReason =
  | 'list_malformed'
  | 'list_too_costly' // more authorities than are kept of one list
  | 'list_signature_invalid' // not by one of the pinned certificates, or not right
  | 'list_out_of_date' // past its next update, or from the future
  | 'list_rolled_back' // an older issue than the one that is kept

/** Thrown by the readers of lists; carries the reason and nothing of the list. */
export class ListError extends Error {
  readonly reason: ListReason
  constructor(reason: ListReason, options?: ErrorOptions) {
    super(`list refused: ${reason}`, options)
    this.name = 'ListError'
    this.reason = reason
  }
}

/**
 * Throws {@link ListError} where an issue is not current, or older than the one of number `known`. `now` in milliseconds. The
 * last issue of a list that was closed stays true: it takes the place of the one before.
 */
export function checkIssue(
  { sequence, issuedAt, nextUpdate, closed = false }: CurrentIssue,
  at: { now: number; known: number | undefined },
): void {
  const isPast = !closed && at.now >= nextUpdate
  if (issuedAt > at.now + CLOCK_SKEW || isPast) refuseList('list_out_of_date')
  if (at.known !== undefined && sequence < at.known) refuseList('list_rolled_back')
}

/** Returns the certificates that may sign a list now. */
export function currentSigners({ signers }: TrustedList, now: number): readonly Certificate[] {
  return signers.flatMap((pem) => {
    const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
    const certificate = readCertificate(der, LEAST_SIGNER_BITS)
    if (certificate === undefined) return []
    return certificate.notBefore <= now && now <= certificate.notAfter ? [certificate] : []
  })
}

export interface ServiceShelf {
  found: Map<string, Set<string>>
  certificates: number
  /** Characters of all that is there. */
  kept: number
}

/** Returns an empty shelf for the services of a list. */
export function createServiceShelf(): ServiceShelf {
  return { found: new Map(), certificates: 0, kept: 0 }
}

/** Puts the certificates of a granted service there. Only those that may sign others are anchors; a list may name others, too. */
export function putService(shelf: ServiceShelf, type: string, texts: readonly string[]): void {
  if (type === '' || type.length > LONGEST_TYPE) refuseList('list_malformed')
  const known = shelf.found.get(type) ?? new Set<string>()
  shelf.found.set(type, known)
  for (const text of texts) {
    if (text.length > LONGEST_CERTIFICATE) refuseList('list_malformed')
    const der = Buffer.from(text, 'base64')
    if (readCertificate(der)?.isCa !== true) continue
    shelf.certificates += 1
    if (shelf.certificates > MOST_CERTIFICATES) refuseList('list_malformed')
    const written = der.toString('base64')
    if (known.has(written)) continue
    shelf.kept += written.length
    if (shelf.kept > MOST_KEPT) refuseList('list_too_costly')
    known.add(written)
  }
}

/** Returns the services by type. */
export function servicesOf({ found }: ServiceShelf): readonly ListedService[] {
  return [...found].map(([type, texts]) => ({ type, certificates: [...texts] }))
}

/** Returns a time in UTC as the standards write it (whole seconds or finer, and `Z`), in milliseconds. Throws {@link ListError}. */
export function instantIn(value: unknown): number {
  const isTime =
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(value)
  const at = isTime ? Date.parse(value) : Number.NaN
  return Number.isNaN(at) ? refuseList('list_malformed') : at
}

/** Throws {@link ListError}. */
export function refuseList(reason: ListReason, cause?: unknown): never {
  throw new ListError(reason, { cause })
}
