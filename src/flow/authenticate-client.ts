/** Who is at the token endpoint (RFC 6749 section 2.3, RFC 7523, protocols OP-46 to OP-48). One answer for every no. */

import {
  assertionRules,
  type ClientKeys,
  judgeClientAssertion,
  readAssertionClient,
} from '../crypto/client-assertion.ts'
import { equalText, hashSecret, newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { BridgeError, type Failure, fail } from '../domain/failure.ts'
import type { ClientId } from '../domain/ids.ts'
import type { ClientAuthentication, RelyingParty } from '../domain/relying-party.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { transact } from '../store/database.ts'
import { spendAssertion } from '../store/grant.ts'
import type { PreparedTenant } from './tenants.ts'

/** Credentials as `http/credentials.ts` read them; judged nowhere else. */
export type ClientCredentials =
  | { method: 'client_secret_basic' | 'client_secret_post'; clientId: string; secret: string }
  | { method: 'private_key_jwt'; clientId: string | undefined; assertion: string }
  | { method: 'none'; clientId: string }

type Means = Pick<Deps, 'db' | 'clock' | 'metrics'>

/** Where clients prove themselves. */
const ASSERTED_AT = ['/token', '/par', '/revoke', '/introspect']

/**
 * The relying party that proved itself by the method it registered. Unknown client, wrong secret, wrong method, disabled:
 * the same `invalid_client`, and an audit event where the client exists.
 */
export async function authenticateClient(
  means: Means,
  prepared: PreparedTenant,
  credentials: ClientCredentials,
): Promise<RelyingParty> {
  const named =
    credentials.clientId ??
    (credentials.method === 'private_key_jwt'
      ? readAssertionClient(credentials.assertion)
      : undefined)
  const relyingParty =
    named === undefined || named.length > 512
      ? undefined
      : await prepared.relyingParty(named as ClientId)
  if (relyingParty === undefined || !relyingParty.enabled) return refuse()
  // Its tokens come from the tenant's own authorization server; here it has nothing to ask for.
  if (relyingParty.issuedBy !== undefined) return refuse()
  if (relyingParty.authentication === credentials.method) {
    if (await provesItself(means, prepared, relyingParty, credentials)) return relyingParty
  }
  await recordRefusal(means, prepared, relyingParty, credentials.method)
  return refuse()
}

async function provesItself(
  means: Means,
  prepared: PreparedTenant,
  relyingParty: RelyingParty,
  credentials: ClientCredentials,
): Promise<boolean> {
  switch (credentials.method) {
    case 'none':
      return true
    case 'client_secret_basic':
    case 'client_secret_post': {
      const given = hashSecret(credentials.secret)
      // Both stored secrets are compared, whichever fits: the time tells nothing.
      return relyingParty.secretHashes.map((stored) => equalText(stored, given)).includes(true)
    }
    case 'private_key_jwt':
      return await provesKey(means, prepared, relyingParty, credentials.assertion)
  }
}

/** A valid assertion whose `jti` was never seen before (OP-47). */
async function provesKey(
  means: Means,
  prepared: PreparedTenant,
  relyingParty: RelyingParty,
  assertion: string,
): Promise<boolean> {
  const { clientId } = relyingParty
  const endpoints = ASSERTED_AT.map((path) => prepared.issuer + path)
  const rules = assertionRules(relyingParty.profile, prepared.issuer, endpoints)
  const judged = await judgeClientAssertion(assertion, rules, {
    clientId,
    keys: keysOf(prepared, relyingParty),
    now: means.clock(),
  })
  if (judged === undefined) return false
  const tenantId = prepared.tenant.id
  const [spent] = await transact(means.db, tenantId, [
    spendAssertion({
      tenantId,
      clientId,
      jtiHash: hashSecret(judged.jti),
      expiresAt: toInstant(judged.expiresAt),
    }),
  ])
  return spent.length === 1
}

function keysOf(prepared: PreparedTenant, { jwks, jwksUri }: RelyingParty): ClientKeys {
  if (jwksUri === undefined) return jwks?.keys ?? []
  const published = prepared.publishedKeys(jwksUri)
  return async (choice) => {
    try {
      return await published.keyFor(choice)
    } catch (error) {
      if (!(error instanceof BridgeError) || !isOutOfReach(error.failure)) throw error
      // Nobody knows whether the client is right, and it should try again.
      return fail({ kind: 'unavailable' }, error)
    }
  }
}

function isOutOfReach(failure: Failure): boolean {
  return failure.kind === 'institution_refused' && failure.reason === 'unavailable'
}

async function recordRefusal(
  means: Means,
  prepared: PreparedTenant,
  relyingParty: RelyingParty,
  method: ClientAuthentication,
): Promise<void> {
  const tenantId = prepared.tenant.id
  await transact(means.db, tenantId, [
    insertAuditEvent(tenantId, newId(), toInstant(means.clock()), {
      detail: { type: 'client_authentication_failed', method },
      clientId: relyingParty.clientId,
    }),
  ])
  means.metrics.outcome('token', 'invalid_client')
}

function refuse(): never {
  return fail({
    kind: 'oauth',
    error: 'invalid_client',
    description: 'client authentication failed',
  })
}
