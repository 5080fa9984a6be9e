/** What a token is worth now, for those it is meant for (RFC 7662; signed: RFC 9701). */
import { readAccessToken, signIntrospection } from '../crypto/access-token.ts'
import { locateToken } from '../crypto/opaque-token.ts'
import { hashSecret } from '../crypto/random.ts'
import { locateRefreshToken } from '../crypto/refresh-token.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { ClientId } from '../domain/ids.ts'
import { knownMachineScopes } from '../domain/machine.ts'
import type { LocatedRefreshToken, LocatedToken } from '../domain/opaque-token.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import type { JsonObject } from '../domain/text.ts'
import { fromInstant, toInstant, toSeconds } from '../domain/time.ts'
import { read } from '../store/database.ts'
import { findMachineClient } from '../store/machine-token.ts'
import { readTogether } from '../store/together.ts'
import { findLiveRefreshToken, type LiveTokenRow, liveToken } from '../store/token-state.ts'
import { findLiveWalletOnlyToken } from '../store/wallet-only-grant.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'clock' | 'metrics'>

const INACTIVE = { active: false } as const

/**
 * Everything that holds of the token, or `{active: false}` and nothing else: for one that is unknown, over, revoked, of a
 * disabled client or a person who is gone, and for one the caller has no business with. A caller may ask about tokens it
 * was given itself, and, as a resource server, about those meant for its own `resource` (OP-70). Throws `invalid_client` for
 * a caller that proves nothing.
 */
export async function introspectToken(
  means: Means,
  prepared: PreparedTenant,
  caller: RelyingParty,
  token: string,
): Promise<JsonObject> {
  if (caller.authentication === 'none')
    fail({
      ...{ kind: 'oauth', error: 'invalid_client' },
      description: 'a client that can prove itself is needed',
    })
  const found = await inspect(means, prepared, caller, token)
  means.metrics.outcome('introspect', found.active === true ? 'active' : 'inactive')
  return found
}

/** The same as a JWT for the caller alone (RFC 9701 section 5). */
export function signAnswer(
  means: Pick<Deps, 'clock'>,
  prepared: PreparedTenant,
  caller: RelyingParty,
  answer: JsonObject,
): string {
  const key = prepared.tokenKeys.get('ES256')
  if (key === undefined) return fail({ kind: 'unavailable' })
  return signIntrospection(key, {
    iss: prepared.issuer,
    aud: caller.clientId,
    iat: toSeconds(means.clock()),
    token_introspection: answer,
  })
}

async function inspect(
  means: Means,
  prepared: PreparedTenant,
  caller: RelyingParty,
  token: string,
): Promise<JsonObject> {
  const access = locateToken(token)
  if (access !== undefined) return await inspectAccess(means, prepared, caller, access)
  const refresh = locateRefreshToken(token)
  if (refresh !== undefined) return await inspectRefresh(means, prepared, caller, refresh)
  return await inspectSigned(means, prepared, caller, token)
}

async function inspectRefresh(
  means: Means,
  prepared: PreparedTenant,
  { clientId }: RelyingParty,
  { familyHash: rowHash, tokenHash }: LocatedRefreshToken,
): Promise<JsonObject> {
  const { id: tenantId, consent: tenantAsks } = prepared.tenant
  const asked = { tenantId, clientId, now: toInstant(means.clock()) }
  const [[row]] = await read(means.db, tenantId, [
    findLiveRefreshToken({ ...asked, rowHash, tokenHash, tenantAsks }),
  ])
  return row === undefined ? INACTIVE : describeLogin(prepared.issuer, row)
}

async function inspectAccess(
  means: Means,
  prepared: PreparedTenant,
  { clientId }: RelyingParty,
  located: LocatedToken,
): Promise<JsonObject> {
  const tenantId = prepared.tenant.id
  const now = toInstant(means.clock())
  const asked = { tenantId, clientId, now }
  const [row] = await readTogether(means.db, tenantId, liveToken(located, asked))
  if (row !== undefined) return describeLogin(prepared.issuer, row)
  // Most logins have a person behind them; the other kind is asked for only where there is none of these.
  const { tokenHash, rowHash } = located
  const [[alone]] = await read(means.db, tenantId, [
    findLiveWalletOnlyToken({ ...asked, tokenHash, rowHash }),
  ])
  if (alone === undefined) return INACTIVE
  return describeLogin(prepared.issuer, alone)
}

function describeLogin(issuer: string, row: LiveTokenRow): JsonObject {
  const bound = row.token_jkt === null ? {} : { cnf: { jkt: row.token_jkt } }
  const type = row.token_jkt === null ? 'Bearer' : 'DPoP'
  return {
    active: true,
    iss: issuer,
    aud: issuer,
    sub: row.subject,
    client_id: row.client_id,
    scope: row.token_scope ?? row.scope,
    iat: toSeconds(fromInstant(row.issued_at)),
    exp: toSeconds(fromInstant(row.ends_at)),
    acr: row.acr,
    ...(row.auth_time === null ? {} : { auth_time: row.auth_time }),
    ...(row.kind === 'access' ? { token_type: type } : {}),
    ...bound,
  }
}

async function inspectSigned(
  means: Means,
  prepared: PreparedTenant,
  caller: RelyingParty,
  token: string,
): Promise<JsonObject> {
  const { issuer, verifyingKeys: keys } = prepared
  const claims = readAccessToken(token, { issuer, keys, now: means.clock() })
  if (claims === undefined) return INACTIVE
  const meant = caller.resource !== undefined && claims.audiences.includes(caller.resource)
  if (claims.clientId !== caller.clientId && !meant) return INACTIVE
  const tenantId = prepared.tenant.id
  const clientId = claims.clientId as ClientId
  const [[client]] = await read(means.db, tenantId, [
    findMachineClient({ tenantId, clientId, jtiHash: hashSecret(`${issuer} ${claims.jti}`) }),
  ])
  if (client === undefined) return INACTIVE
  const allowed = JSON.parse(client.machine_scopes) as string[]
  const scopes = knownMachineScopes(claims.scope).filter((name) => allowed.includes(name))
  return {
    active: true,
    iss: issuer,
    aud: claims.audiences.length === 1 ? (claims.audiences[0] ?? '') : claims.audiences,
    sub: claims.clientId,
    client_id: claims.clientId,
    scope: scopes.join(' '),
    iat: toSeconds(claims.issuedAt),
    exp: toSeconds(claims.expiresAt),
    jti: claims.jti,
    token_type: claims.jkt === undefined ? 'Bearer' : 'DPoP',
    ...(claims.jkt === undefined ? {} : { cnf: { jkt: claims.jkt } }),
  }
}
