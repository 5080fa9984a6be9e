/**
 * Lists of trusted entities as compact JWS (ETSI TS 119 602, JAdES baseline B). What one points to is not followed.
 */
import { setImmediate as pause } from 'node:timers/promises'
import { JwsError, readCompact, readPayload, verifyCompact } from '../crypto/jws.ts'
import type { Json, JsonObject } from '../domain/text.ts'
import type { TrustedList } from '../domain/trusted-list-policy.ts'
import type { Certificate } from './certificate.ts'
import { isJsonObject } from './json.ts'
import {
  createServiceShelf,
  currentSigners,
  instantIn,
  ListError,
  type ListedService,
  MOST_ENTITIES,
  MOST_SERVICES,
  putService,
  type ReadList,
  refuseList,
  servicesOf,
} from './listed-service.ts'

/** Octets of one list at most (TR-23). */
export const LARGEST_JSON_LIST = 3 * 1024 * 1024
/** Values of any kind in one list. */
const MOST_VALUES = 200_000
/** `LoTEVersionIdentifier` of the first edition, which is the only one. */
const VERSION = 1
const ALGORITHMS = ['ES256', 'ES384', 'PS256', 'RS256', 'EdDSA'] as const
/** The time of signing, which JAdES lets a signer mark as critical; the list's own times are what counts here. */
const UNDERSTOOD = ['sigT']
/** Last words of the status of a service that counts; an absent one means that being listed is the status. */
const GRANTED = /\/(?:granted|notified|recognisedatnationallevel)$/

/** Returns what a list says, if one of its signers signed it. `now` in milliseconds. Throws {@link ListError}. */
export async function readJsonList(
  octets: Uint8Array,
  list: TrustedList,
  now: number,
): Promise<ReadList> {
  const lote = objectIn(verifiedPayload(octets, list, now), 'LoTE')
  const scheme = objectIn(lote, 'ListAndSchemeInformation')
  if (scheme.LoTEVersionIdentifier !== VERSION) refuseList('list_malformed')
  // One operator may sign lists of several kinds with one key.
  if (list.loteType !== undefined && scheme.LoTEType !== list.loteType) refuseList('list_malformed')
  return {
    sequence: wholeNumber(scheme.LoTESequenceNumber),
    issuedAt: instantIn(scheme.ListIssueDateTime),
    nextUpdate: instantIn(scheme.NextUpdate),
    services: await servicesIn(lote, now),
    pointers: [],
  }
}

/** The signer's certificate comes along and must be one of those pinned, octet for octet (TR-21). */
function verifiedPayload(octets: Uint8Array, list: TrustedList, now: number): JsonObject {
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength).toString('latin1')
  try {
    const jws = readCompact(text.trim(), { maxBytes: LARGEST_JSON_LIST, understood: UNDERSTOOD })
    verifyCompact(jws, pinnedSigner(jws.header, list, now).publicKey, ALGORITHMS)
    return readPayload(jws, { maxValues: MOST_VALUES })
  } catch (error) {
    if (!(error instanceof JwsError)) throw error
    const isForm = error.reason === 'malformed' || error.reason === 'payload_invalid'
    throw new ListError(isForm ? 'list_malformed' : 'list_signature_invalid', { cause: error })
  }
}

function pinnedSigner(header: JsonObject, list: TrustedList, now: number): Certificate {
  const [leaf] = Array.isArray(header.x5c) ? header.x5c : []
  const thumbprint = header['x5t#S256']
  const found = currentSigners(list, now).find(({ x509, fingerprint }) =>
    leaf === undefined ? fingerprint === thumbprint : leaf === x509.raw.toString('base64'),
  )
  return found ?? refuseList('list_signature_invalid')
}

/** Certificates take time to read: others have their turn after each entity. */
async function servicesIn(lote: JsonObject, now: number): Promise<readonly ListedService[]> {
  const shelf = createServiceShelf()
  // Absent where nobody is on the list, or nobody any more.
  const isEmpty = lote.TrustedEntitiesList === undefined
  const entities = isEmpty ? [] : arrayIn(lote, 'TrustedEntitiesList', MOST_ENTITIES)
  for (const entity of entities) {
    await pause()
    for (const service of arrayIn(asObject(entity), 'TrustedEntityServices', MOST_SERVICES)) {
      const said = objectIn(asObject(service), 'ServiceInformation')
      const type = said.ServiceTypeIdentifier
      if (typeof type !== 'string' || type.length > 512 || !isGranted(said, now)) continue
      putService(shelf, type, certificatesOf(said))
    }
  }
  return servicesOf(shelf)
}

/** Services stay on a list when they end, with another status (TR-22). */
function isGranted(service: JsonObject, now: number): boolean {
  const { ServiceStatus: status, StatusStartingTime: since } = service
  if (status !== undefined && (typeof status !== 'string' || !GRANTED.test(status))) return false
  return since === undefined || instantIn(since) <= now
}

function certificatesOf(service: JsonObject): readonly string[] {
  const listed = objectIn(service, 'ServiceDigitalIdentity').X509Certificates ?? []
  if (!Array.isArray(listed)) return refuseList('list_malformed')
  return listed.map((one) => {
    const text = asObject(one).val
    return typeof text === 'string' ? text : refuseList('list_malformed')
  })
}

function asObject(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : refuseList('list_malformed')
}

function objectIn(object: JsonObject, member: string): JsonObject {
  return asObject(object[member])
}

function arrayIn(object: JsonObject, member: string, most: number): readonly Json[] {
  const value = object[member]
  return Array.isArray(value) && value.length <= most ? value : refuseList('list_malformed')
}

function wholeNumber(value: Json | undefined): number {
  const isWhole = typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
  return isWhole ? value : refuseList('list_malformed')
}
