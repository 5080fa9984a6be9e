/**
 * Answers of others as they outlive a process: every instance finds what another one had, and a job asks ahead of logins.
 * They are kept as they were sent, and judged again each time they are read.
 */
import { createHash } from 'node:crypto'
import { BridgeError, fail, type OutboundReason } from '../domain/failure.ts'
import { MINUTE } from '../domain/time.ts'
import { type AnswerShelf, lastAnswer, recallAnswer } from './kept-answers.ts'

const CLOCK_SKEW = 5 * MINUTE

export type AnswerKind = 'crl' | 'ocsp' | 'issuer_keys' | 'federation'

/** Whom one asks what, how the answer is read, and how long it counts. */
export interface Inquiry<T> {
  kind: AnswerKind
  /** Whom it is about: a certificate's fingerprint, or an issuer. */
  about: string
  /** What it takes to ask again another day, JSON. With kind and `about` it tells this inquiry from every other. */
  source: string
  /** Asks, and returns the answer as text. Throws `outbound_refused`. */
  fetch: () => Promise<string>
  /** Returns what an answer says that was fetched at a time; undefined where it is not to be believed. */
  read: (document: string, fetchedAt: number) => Said<T> | undefined
}

/** From when an answer is, when it ends, and until when nobody needs to ask again; milliseconds since the epoch. */
export interface AnswerTimes {
  issuedAt: number
  endsAt: number
  freshUntil: number
}

/** An answer as it lies in its row. */
export interface StoredAnswer {
  document: string
  /** Milliseconds since the epoch. */
  fetchedAt: number
  freshUntil: number
}

export interface NewAnswer
  extends StoredAnswer,
    Pick<Inquiry<unknown>, 'kind' | 'about' | 'source'> {
  name: string
  issuedAt: number
}

/** Where answers are kept. */
export interface AnswerStore {
  find: (name: string) => Promise<StoredAnswer | undefined>
  keep: (answer: NewAnswer) => Promise<void>
}

/** What somebody said, and since when and until when it counts. */
export interface Said<T> extends AnswerTimes {
  value: T
  fetchedAt: number
}

/** Returns the name under which an inquiry's answer is kept. */
export function nameOfInquiry({
  kind,
  about,
  source,
}: Pick<Inquiry<unknown>, 'kind' | 'about' | 'source'>): string {
  return createHash('sha256')
    .update(JSON.stringify([kind, about, source]))
    .digest('base64url')
}

/**
 * Returns what is said now: from the shelf, from the store, or asked anew. `sizeOf` says how many octets of memory a value
 * takes. `now` in milliseconds. Throws `outbound_refused`; {@link lastSaid} is then what was said last.
 */
export async function recallSaid<T>(
  shelf: AnswerShelf<Said<T>>,
  inquiry: Inquiry<T>,
  now: number,
  store: AnswerStore,
  sizeOf: (value: T) => number,
): Promise<T> {
  const answerOf = (said: Said<T>) => {
    return { value: said, freshUntil: said.freshUntil, octets: sizeOf(said.value) }
  }
  const said = await recallAnswer(shelf, nameOfInquiry(inquiry), now, async (before, remember) => {
    const stored = await findSaid(inquiry, store)
    const isNews = stored !== undefined && isLater(stored, before)
    if (isNews && now < stored.freshUntil) return answerOf(stored)
    if (isNews) remember(answerOf(stored))
    return answerOf(await askAnew(inquiry, isNews ? stored : before, now, store))
  })
  return said.value
}

function isLater(one: Said<unknown>, other: Said<unknown> | undefined): boolean {
  if (other === undefined) return true
  return one.fetchedAt > other.fetchedAt && one.issuedAt >= other.issuedAt
}

/** Returns what was said last, however long ago. */
export function lastSaid<T>(shelf: AnswerShelf<Said<T>>, inquiry: Inquiry<T>): Said<T> | undefined {
  return lastAnswer(shelf, nameOfInquiry(inquiry))?.value
}

/** Returns what is kept of an inquiry, however old; undefined where there is nothing that can be believed. */
export async function findSaid<T>(
  inquiry: Inquiry<T>,
  store: AnswerStore,
): Promise<Said<T> | undefined> {
  const stored = await store.find(nameOfInquiry(inquiry))
  if (stored === undefined) return undefined
  const { document, fetchedAt, freshUntil } = stored
  const said = inquiry.read(document, fetchedAt)
  return said === undefined ? undefined : { ...said, freshUntil }
}

/**
 * Asks, and keeps the answer. `before` is what was had before: an answer that is older than that hides its successors
 * and is not believed. `now` in milliseconds. Throws `outbound_refused`.
 */
export async function askAnew<T>(
  inquiry: Inquiry<T>,
  before: { issuedAt: number } | undefined,
  now: number,
  store: AnswerStore,
): Promise<Said<T>> {
  const document = await inquiry.fetch()
  const said = inquiry.read(document, now)
  if (said === undefined) return notBelieved()
  const { issuedAt, freshUntil } = said
  const isCurrent = issuedAt <= now + CLOCK_SKEW && now < said.endsAt
  const isOlder = before !== undefined && issuedAt < before.issuedAt
  if (!isCurrent || isOlder) return notBelieved()
  const { kind, about, source } = inquiry
  await store.keep({
    ...{ name: nameOfInquiry(inquiry), kind, about, source, document },
    ...{ fetchedAt: now, issuedAt, freshUntil },
  })
  return said
}

/** Returns why somebody could not be asked; whatever else went wrong is thrown on. */
export function reasonNotHad(error: unknown): OutboundReason {
  if (error instanceof BridgeError && error.failure.kind === 'outbound_refused') {
    return error.failure.reason
  }
  throw error
}

/** Throws `outbound_refused` with `not_believed`. */
export function notBelieved(cause?: unknown): never {
  return fail({ kind: 'outbound_refused', reason: 'not_believed' }, cause)
}
