/** Who calls the data API: a machine client with a token of ours, or of the tenant's own authorization server (RFC 6750, RFC 9068). */
import {
  type MachineTokenClaims,
  readAccessToken,
  readTokenIssuer,
} from '../crypto/access-token.ts'
import { hashSecret } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { DataAccess } from '../domain/data-access.ts'
import { fail } from '../domain/failure.ts'
import type { ClientId } from '../domain/ids.ts'
import {
  dataApiOf,
  knownMachineScopes,
  type MachineClient,
  type MachineScope,
} from '../domain/machine.ts'
import { readForeignToken } from '../institution/machine-token.ts'
import { read } from '../store/database.ts'
import { findMachineClient } from '../store/machine-token.ts'
import { checkResourceProof, type ProvenRequest } from './check-proof.ts'
import { denyAccess } from './deny-access.ts'
import type { PreparedTenant } from './tenants.ts'

/** What of a request proves who makes it. */
export interface MachineCredentials {
  /** The `Authorization` header. */
  authorization: string | undefined
  /** For `Authorization: DPoP`: the `DPoP` header, and what was asked for, as the world sees it. */
  proof?: ProvenRequest | undefined
}

type Means = Pick<Deps, 'db' | 'clock' | 'metrics'>

const TOKEN = /^(bearer|dpop) ([A-Za-z0-9._~+/-]{1,8192}=*)$/i

/**
 * The client behind the token, which both token and registration allow `scope`. Unknown, expired, revoked, meant for
 * somebody else, another tenant's, of a client that is disabled or gone: the same `invalid_token`; a scope that is missing:
 * `insufficient_scope`. One read, so disabling a client or revoking a token counts at once.
 */
export async function authenticateMachine(
  means: Means,
  prepared: PreparedTenant,
  credentials: MachineCredentials,
  scope: MachineScope,
): Promise<MachineClient> {
  const { authorization } = credentials
  const no = () => refuse(means, authorization)
  const [, scheme = '', token] = TOKEN.exec(authorization ?? '') ?? []
  const issuer = token === undefined ? undefined : readTokenIssuer(token)
  const claims =
    token === undefined || issuer === undefined
      ? undefined
      : await readMachineToken(means, prepared, token, issuer)
  if (token === undefined || issuer === undefined || claims === undefined) return no()
  if (!(await isBoundTo(means, prepared, { scheme, token, ...credentials }, claims.jkt)))
    return no()
  const clientId = claims.clientId as ClientId
  const tenantId = prepared.tenant.id
  if (clientId.includes('\0')) return no()
  const [[client]] = await read(means.db, tenantId, [
    findMachineClient({ tenantId, clientId, jtiHash: hashSecret(`${issuer} ${claims.jti}`) }),
  ])
  // A client speaks with tokens of the one issuer it is registered for, whoever else knows its name.
  if (client === undefined || (client.issued_by ?? prepared.issuer) !== issuer) return no()
  if (client.dpop_bound_access_tokens === 1 && claims.jkt === undefined) return no()
  const allowed = new Set(JSON.parse(client.machine_scopes) as MachineScope[])
  const scopes = new Set(knownMachineScopes(claims.scope).filter((name) => allowed.has(name)))
  if (!scopes.has(scope)) {
    means.metrics.outcome('machine', 'insufficient_scope')
    await denyAccess(means, prepared.tenant.id, clientId, scope)
    fail({ kind: 'oauth', error: 'insufficient_scope', description: `scope ${scope} is needed` })
  }
  means.metrics.outcome('machine', 'ok')
  const access = JSON.parse(client.data_access) as DataAccess
  return { clientId, scopes, access, issuer }
}

/** The claims of a token that is meant for this tenant's data API. */
async function readMachineToken(
  means: Means,
  prepared: PreparedTenant,
  token: string,
  issuer: string,
): Promise<MachineTokenClaims | undefined> {
  const now = means.clock()
  const foreign = prepared.authorizationServers.get(issuer)
  const claims =
    issuer === prepared.issuer
      ? readAccessToken(token, { issuer, keys: prepared.verifyingKeys, now })
      : foreign && (await readForeignToken(token, { ...foreign, now }))
  const audience = foreign?.audience ?? dataApiOf(prepared.issuer)
  return claims?.audiences.includes(audience) ? claims : undefined
}

/** A bound token counts with its key, and a bearer token as one: neither is the other (RFC 9449 section 7). */
async function isBoundTo(
  means: Means,
  prepared: PreparedTenant,
  given: { scheme: string; token: string; proof?: ProvenRequest | undefined },
  jkt: string | undefined,
): Promise<boolean> {
  if (given.scheme.toLowerCase() === 'bearer') return jkt === undefined
  if (jkt === undefined || given.proof === undefined) return false
  const shown = { ...given.proof, accessToken: given.token }
  return (await checkResourceProof(means, prepared, shown)) === jkt
}

/** In the scheme the token was shown by (RFC 9449 section 7.1); who showed none hears no error (RFC 6750 section 3). */
function refuse(means: Means, authorization: string | undefined): never {
  means.metrics.outcome('machine', 'invalid_token')
  const byProof = authorization !== undefined && /^dpop /i.test(authorization)
  return fail({
    kind: 'oauth',
    error: 'invalid_token',
    description: 'the access token is not valid',
    ...(authorization === undefined ? { challenge: 'Bearer' } : {}),
    ...(byProof ? { challenge: 'DPoP' } : {}),
  })
}
