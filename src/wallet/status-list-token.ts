/**
 * A status list token: a status list signed as JWT or as CWT (draft-ietf-oauth-status-list-21 section 5). It is taken
 * apart, then somebody says whose key is believed, and only then does it open.
 */
import type { KeyObject } from 'node:crypto'
import { JwsError, readCompact, readPayload, verifyCompact } from '../crypto/jws.ts'
import { BridgeError, fail } from '../domain/failure.ts'
import type { Json, JsonObject } from '../domain/text.ts'
import { SECOND } from '../domain/time.ts'
import { type Purpose, readBitstringToken } from './bitstring-list.ts'
import { CborError, type CborMap, decodeCbor, isCborArray, isCborMap } from './cbor.ts'
import { readCoseSign1, verifyCoseSign1 } from './cose.ts'
import { IDENTIFIER_LIST_CLAIM, openIdentifierList } from './identifier-list.ts'
import { isJsonObject } from './json.ts'
import { type AnyStatusList, openStatusList } from './status-list.ts'
import { ALGORITHMS, CLOCK_SKEW } from './token-rules.ts'

/** Octets of a token, still compressed (TS-09). */
export const LARGEST_TOKEN = 1024 * 1024
export const JWT_TYPE = 'application/statuslist+jwt'
export const CWT_TYPE = 'application/statuslist+cwt'
export const IDENTIFIER_LIST_TYPE = 'application/identifierlist+cwt'

/** How a token names its signer; which of the two counts is the trust entry's choice. */
export interface SignerHint {
  /** Standard base64, leaf first. */
  x5c: readonly string[] | undefined
  kid: string | undefined
  iss: string | undefined
}

/** A token taken apart; nothing in it is verified. */
export interface UnverifiedToken {
  signer: SignerHint
  /** Returns if the token is signed under the key. Throws `presentation_refused` `status_list_invalid`. */
  verify(key: KeyObject): void
  subject: unknown
  /** Whether one without a subject is the list of the address it came from. */
  isNamedByAddress?: true
  issuedAt: unknown
  expiresAt: unknown
  timeToLive: unknown
  /** Returns the list inside. Throws `presentation_refused` `status_list_invalid`. */
  open(): AnyStatusList
}

/** A token that was believed, and how long it may be. Milliseconds. */
export interface BelievedList {
  list: AnyStatusList
  /** Milliseconds since the epoch. */
  issuedAt: number
  /** The same; undefined where the token names no end. */
  expiresAt: number | undefined
  timeToLive: number | undefined
}

/**
 * Returns the parts of an answer of any type; `purpose` is that of the list of a W3C credential. Throws `presentation_refused`
 * `status_list_invalid` where it is no status list token: its own type is looked at, not the answer's alone (TS-02).
 */
export function readStatusListToken(
  body: Uint8Array,
  contentType: string,
  purpose?: Purpose,
): UnverifiedToken {
  if (purpose !== undefined) {
    const token = orInvalid(() => readBitstringToken(body, purpose, LARGEST_TOKEN))
    return { ...token, verify: (key) => orInvalid(() => token.verify(key)) }
  }
  if (contentType === JWT_TYPE) return readJwt(body)
  return readCwt(body, contentType === IDENTIFIER_LIST_TYPE ? IDENTIFIER_LIST_TYPE : CWT_TYPE)
}

function readJwt(body: Uint8Array): UnverifiedToken {
  const { jws, payload } = orInvalid(() => {
    const read = readCompact(Buffer.from(body).toString('latin1').trim(), {
      maxBytes: LARGEST_TOKEN,
    })
    return { jws: read, payload: readPayload(read) }
  })
  const { header } = jws
  if (header.typ !== 'statuslist+jwt') refuse()
  const list = isJsonObject(payload.status_list) ? payload.status_list : refuse()
  return {
    signer: {
      x5c: header.x5c === undefined ? undefined : textsOf(header.x5c),
      kid: textOf(header, 'kid'),
      iss: textOf(payload, 'iss'),
    },
    verify: (key) => orInvalid(() => verifyCompact(jws, key, ALGORITHMS)),
    subject: payload.sub,
    issuedAt: payload.iat,
    expiresAt: payload.exp,
    timeToLive: payload.ttl,
    open: () => openStatusList(list.bits, list.lst),
  }
}

/** Labels and claims by number: RFC 9052 section 3.1, RFC 9360, RFC 9596, RFC 8392, and the draft's own. */
const LABEL = { kid: 4, type: 16, x5chain: 33 } as const
const CLAIM = { iss: 1, sub: 2, exp: 4, iat: 6, ttl: 65534, list: 65533 } as const
/** A list of identifiers names each of those who were revoked, in a map by octets. */
const LIMITS = {
  [CWT_TYPE]: { maxBytes: LARGEST_TOKEN },
  [IDENTIFIER_LIST_TYPE]: { maxBytes: LARGEST_TOKEN, maxItems: 100_000, byteKeys: true },
} as const
/** The tag of a COSE_Sign1 (RFC 9052 section 2), which a CWT must carry. */
const COSE_SIGN1_TAG = 0xd2

function readCwt(
  body: Uint8Array,
  type: typeof CWT_TYPE | typeof IDENTIFIER_LIST_TYPE,
): UnverifiedToken {
  if (body[0] !== COSE_SIGN1_TAG) refuse()
  return orInvalid(() => {
    const sign1 = readCoseSign1(decodeCbor(body.subarray(1), { maxBytes: LARGEST_TOKEN }))
    const { protectedHeader, unprotectedHeader, payload } = sign1
    if (payload === undefined || !isOfType(protectedHeader.get(LABEL.type), type)) return refuse()
    const claims = decodeCbor(payload, LIMITS[type])
    if (!isCborMap(claims)) return refuse()
    const header = (label: number) => protectedHeader.get(label) ?? unprotectedHeader.get(label)
    const iss = claims.get(CLAIM.iss)
    return {
      signer: {
        x5c: chainOf(header(LABEL.x5chain)),
        kid: keyIdOf(header(LABEL.kid)),
        iss: typeof iss === 'string' ? iss : undefined,
      },
      verify: (key) => orInvalid(() => verifyCoseSign1(sign1, payload, key, 'status_list_invalid')),
      subject: claims.get(CLAIM.sub),
      issuedAt: claims.get(CLAIM.iat),
      expiresAt: claims.get(CLAIM.exp),
      timeToLive: claims.get(CLAIM.ttl),
      open: openerOf(claims, type),
    }
  })
}

/** Of the one kind or the other: nothing that says both, and no list of identifiers without an end (section 12.3.6.3). */
function openerOf(
  claims: CborMap,
  type: typeof CWT_TYPE | typeof IDENTIFIER_LIST_TYPE,
): UnverifiedToken['open'] {
  const list = claims.get(CLAIM.list)
  if (type === IDENTIFIER_LIST_TYPE) {
    if (list !== undefined || !claims.has(CLAIM.exp)) return refuse()
    return () => openIdentifierList(claims)
  }
  if (!isCborMap(list) || claims.has(IDENTIFIER_LIST_CLAIM)) return refuse()
  return () => openStatusList(list.get('bits'), list.get('lst'))
}

/**
 * Returns the list of a token whose signer is believed. `now` in milliseconds. Throws `presentation_refused`
 * `status_list_invalid`: another list than the one asked for, without a time of issue, from the future, past its end, or
 * with a list that does not open (TS-03).
 */
export function openToken(token: UnverifiedToken, uri: string, now: number): BelievedList {
  const { subject, issuedAt, expiresAt, timeToLive } = token
  const isNameless = subject === undefined && token.isNamedByAddress === true
  if ((subject !== uri && !isNameless) || typeof issuedAt !== 'number') refuse()
  if (issuedAt * SECOND > now + CLOCK_SKEW) refuse()
  const end = instantOf(expiresAt)
  if (end !== undefined && now >= end + CLOCK_SKEW) refuse()
  return {
    list: token.open(),
    issuedAt: issuedAt * SECOND,
    expiresAt: end,
    timeToLive: instantOf(timeToLive),
  }
}

/** Seconds in a claim as milliseconds; what is there must be a positive number. */
function instantOf(claim: unknown): number | undefined {
  if (claim === undefined) return undefined
  return typeof claim === 'number' && claim > 0 ? claim * SECOND : refuse()
}

/** The whole media type, or the short form that drafts of status lists had. */
function isOfType(type: unknown, wanted: typeof CWT_TYPE | typeof IDENTIFIER_LIST_TYPE): boolean {
  return type === wanted || (wanted === CWT_TYPE && type === 'statuslist+cwt')
}

function textOf(object: JsonObject, member: string): string | undefined {
  const value = object[member]
  return value === undefined || typeof value === 'string' ? value : refuse()
}

function textsOf(value: Json): readonly string[] {
  if (!Array.isArray(value)) return refuse()
  return value.map((item) => (typeof item === 'string' ? item : refuse()))
}

/** One certificate stands alone, several in an array (RFC 9360 section 2). */
function chainOf(value: ReturnType<CborMap['get']>): readonly string[] | undefined {
  if (value === undefined) return undefined
  const ders = isCborArray(value) ? value : [value]
  return ders.map((der) =>
    der instanceof Uint8Array ? Buffer.from(der).toString('base64') : refuse(),
  )
}

function keyIdOf(value: ReturnType<CborMap['get']>): string | undefined {
  if (value === undefined) return undefined
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : refuse()
}

/** Whatever is wrong with a list says nothing about the presentation: it is the list that is invalid. */
function orInvalid<T>(step: () => T): T {
  try {
    return step()
  } catch (error) {
    const isKnown = [JwsError, CborError, BridgeError].some((kind) => error instanceof kind)
    if (!isKnown) throw error
    return fail({ kind: 'presentation_refused', reason: 'status_list_invalid' }, error)
  }
}

function refuse(): never {
  return fail({ kind: 'presentation_refused', reason: 'status_list_invalid' })
}
