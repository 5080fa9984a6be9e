/** A machine client gets a token for itself (RFC 6749 section 4.4, RFC 8707, RFC 9068). Nothing is stored. */
import { signAccessToken } from '../crypto/access-token.ts'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import { MACHINE_TOKEN_TIME } from '../domain/journey.ts'
import { dataApiOf, knownMachineScopes } from '../domain/machine.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import { SECOND, toSeconds } from '../domain/time.ts'
import type { PreparedTenant } from './tenants.ts'

export interface MachineTokenRequest {
  /** Undefined: everything the registration allows. */
  scope: string | undefined
  /** Whom the token is for; undefined: the tenant's data API. */
  resource: string | undefined
  /** The key the token will be bound to; undefined: a bearer token. */
  jkt: string | undefined
}

export interface MachineTokenResponse {
  access_token: string
  token_type: 'Bearer' | 'DPoP'
  /** Seconds. */
  expires_in: number
  scope: string
}

/**
 * A signed token of ten minutes, bound to one audience. Throws `unauthorized_client`, `invalid_scope` for a scope that is
 * unknown or not the client's, `invalid_target` for a resource that is not the client's.
 */
export async function issueMachineToken(
  means: Pick<Deps, 'clock' | 'metrics'>,
  prepared: PreparedTenant,
  client: RelyingParty,
  request: MachineTokenRequest,
): Promise<MachineTokenResponse> {
  const key = prepared.tokenKeys.get('ES256')
  if (key === undefined) return fail({ kind: 'unavailable' })
  if (!client.grantTypes.includes('client_credentials'))
    return refuse('unauthorized_client', 'client_credentials is not registered for this client')
  const audience = chooseAudience(prepared, client, request.resource)
  const scope = chooseScope(client, request.scope)
  const now = means.clock()
  const token = signAccessToken(key, {
    iss: prepared.issuer,
    sub: client.clientId,
    client_id: client.clientId,
    aud: audience,
    scope,
    iat: toSeconds(now),
    exp: toSeconds(now + MACHINE_TOKEN_TIME),
    jti: newId(),
    ...(request.jkt === undefined ? {} : { cnf: { jkt: request.jkt } }),
  })
  means.metrics.outcome('token', 'ok')
  return {
    access_token: token,
    token_type: request.jkt === undefined ? 'Bearer' : 'DPoP',
    expires_in: MACHINE_TOKEN_TIME / SECOND,
    scope,
  }
}

function chooseAudience(
  prepared: PreparedTenant,
  client: RelyingParty,
  asked: string | undefined,
): string {
  const ours = dataApiOf(prepared.issuer)
  if (asked === undefined || asked === ours) return ours
  return client.audiences.includes(asked)
    ? asked
    : refuse('invalid_target', 'the resource is not registered for this client')
}

function chooseScope(client: RelyingParty, asked: string | undefined): string {
  if (asked === undefined) return client.machineScopes.join(' ')
  const known = knownMachineScopes(asked)
  const allowed = known.filter((name) => client.machineScopes.includes(name))
  if (allowed.length !== new Set(asked.split(' ')).size)
    return refuse('invalid_scope', 'a scope is not registered for this client')
  return allowed.join(' ')
}

function refuse(
  error: 'unauthorized_client' | 'invalid_scope' | 'invalid_target',
  description: string,
): never {
  return fail({ kind: 'oauth', error, description })
}
