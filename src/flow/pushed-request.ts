/** Pushed authorization requests at rest: what their `request_uri` looks like, and how their parameters are sealed. */
import { hashSecret } from '../crypto/random.ts'
import { openUnder, sealUnder } from '../crypto/seal.ts'
import type { Deps } from '../deps.ts'
import { AUTHORIZATION_PARAMETERS, type Parameters } from '../domain/authorization-request.ts'
import { fail } from '../domain/failure.ts'
import type { ClientId, TenantId } from '../domain/ids.ts'
import type { Sealed, SecretHash } from '../domain/text.ts'
import { toInstant } from '../domain/time.ts'
import { isUniqueViolation, read } from '../store/database.ts'
import { findPushedRequest } from '../store/pushed-request.ts'
import type { PreparedTenant } from './tenants.ts'

/** RFC 9126 section 2.2. */
export const REQUEST_URI_PREFIX = 'urn:ietf:params:oauth:request_uri:'
const REQUEST_URI = /^urn:ietf:params:oauth:request_uri:([A-Za-z0-9_-]{43})$/

/** Parameters that came by the front channel, or those that were pushed, with the name they are spent under. */
export interface TakenRequest {
  parameters: Parameters
  referenceHash: SecretHash | undefined
}

function contextOf(tenant: TenantId, referenceHash: SecretHash) {
  return { tenant, table: 'pushed_request', column: 'request', row: referenceHash }
}

export function sealParameters(
  { keyring }: Pick<Deps, 'keyring'>,
  place: { tenant: TenantId; referenceHash: SecretHash },
  parameters: Parameters,
): Sealed {
  const given = AUTHORIZATION_PARAMETERS.map((name) => [name, parameters.get(name)] as const)
  const kept = JSON.stringify(given.filter(([, value]) => value !== undefined))
  return sealUnder(keyring, 'session', contextOf(place.tenant, place.referenceHash), kept)
}

/**
 * What an authorization request asks: its own parameters, or what its `request_uri` stands for, and then that alone (RFC 9101
 * section 6.3). Throws `authorization_refused` for a reference that is unknown, expired, spent, or another client's: they look
 * alike; and where a parameter beside it says something else (OP-32, OP-33).
 */
export async function takeRequest(
  means: Pick<Deps, 'db' | 'keyring' | 'clock'>,
  prepared: PreparedTenant,
  given: Parameters,
): Promise<TakenRequest> {
  const requestUri = given.get('request_uri')
  if (requestUri?.startsWith(REQUEST_URI_PREFIX) !== true)
    return { parameters: given, referenceHash: undefined }
  const reference = REQUEST_URI.exec(requestUri)?.[1]
  const clientId = given.get('client_id')
  if (reference === undefined || clientId === undefined || given.repeated.length > 0)
    return refuse('The request was not sent as it should be.')
  const tenantId = prepared.tenant.id
  const referenceHash = hashSecret(reference)
  const now = toInstant(means.clock())
  const [[row]] = await read(means.db, tenantId, [
    findPushedRequest({ tenantId, referenceHash, clientId: clientId as ClientId, now }),
  ])
  if (row === undefined)
    return refuse('The request has expired or was used before. Go back and start again.')
  const opened = openUnder(
    means.keyring,
    'session',
    contextOf(tenantId, referenceHash),
    row.request,
  )
  const pushed = new Map(JSON.parse(Buffer.from(opened).toString('utf8')) as [string, string][])
  if (AUTHORIZATION_PARAMETERS.some((name) => differs(name, given.get(name), pushed.get(name))))
    refuse('The request differs from the one that was sent ahead.')
  const parameters = {
    get: (name: string) => pushed.get(name),
    repeated: [],
    pushed: true,
  } as const
  return { parameters, referenceHash }
}

/** Clients repeat what OpenID Connect Core 6.1 wants in the URL, and of the scope often no more than `openid`. */
function differs(name: string, said: string | undefined, pushed: string | undefined): boolean {
  if (said === undefined || said === pushed || name === 'request_uri') return false
  const words = pushed?.split(' ') ?? []
  return name !== 'scope' || !said.split(' ').every((word) => words.includes(word))
}

/** No row for a grant that came second: a code was issued for the same pushed request (OP-33). Rethrows the rest. */
export function noRowIfSpent(error: unknown): [never[]] {
  if (isUniqueViolation(error, 'idx_journey_spent_request')) return [[]]
  throw error
}

function refuse(description: string): never {
  return fail({ kind: 'authorization_refused', description })
}
