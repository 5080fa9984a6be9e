/** A client ends a token of its own (RFC 7009). */

import { readAccessToken } from '../crypto/access-token.ts'
import { auditSubjectHash } from '../crypto/audit-subject.ts'
import { locateToken } from '../crypto/opaque-token.ts'
import { hashSecret, newId } from '../crypto/random.ts'
import { locateRefreshToken } from '../crypto/refresh-token.ts'
import type { Deps } from '../deps.ts'
import type { GrantId } from '../domain/ids.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import { toInstant } from '../domain/time.ts'
import { endAccessToken } from '../store/access-token.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, type Transaction } from '../store/database.ts'
import { revokeToken as writeRevocation } from '../store/machine-token.ts'
import type { Step } from '../store/statement.ts'
import { endRefreshFamily, findGrantSubject } from '../store/token-state.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

/**
 * Returns when the token is over, or was never the client's: unknown, foreign and ended ones make no difference (OP-71). A
 * refresh token takes its family and the access tokens of the login along; an access token goes alone.
 */
export async function revokeToken(
  means: Means,
  prepared: PreparedTenant,
  relyingParty: RelyingParty,
  token: string,
): Promise<void> {
  const refresh = locateRefreshToken(token)
  const access = refresh === undefined ? locateToken(token) : undefined
  const asked = { tenantId: prepared.tenant.id, clientId: relyingParty.clientId }
  if (refresh !== undefined) {
    const { familyHash } = refresh
    const step = endRefreshFamily({ ...asked, familyHash, now: toInstant(means.clock()) })
    await revokeOpaque(means, prepared, relyingParty, { kind: 'refresh', step })
  } else if (access !== undefined) {
    const { tokenHash, rowHash } = access
    const step = endAccessToken({ ...asked, tokenHash, rowHash })
    await revokeOpaque(means, prepared, relyingParty, { kind: 'access', step })
  } else await revokeSigned(means, prepared, relyingParty, token)
  means.metrics.outcome('revoke', 'ok')
}

async function revokeOpaque(
  means: Means,
  prepared: PreparedTenant,
  { clientId }: RelyingParty,
  { kind, step }: { kind: 'access' | 'refresh'; step: Step<{ grant_id: GrantId }> },
): Promise<void> {
  const tenantId = prepared.tenant.id
  await inTransaction(means.db, tenantId, async (tx) => {
    const [ended] = await tx.run(step)
    if (ended === undefined) return
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), toInstant(means.clock()), {
        detail: { type: 'token_revoked', token: kind },
        clientId,
        ...(await subjectOf(means, prepared, tx, ended.grant_id)),
      }),
    ])
  })
}

async function subjectOf(
  means: Means,
  prepared: PreparedTenant,
  tx: Transaction,
  grantId: GrantId,
) {
  const tenantId = prepared.tenant.id
  const [grant] = await tx.run(findGrantSubject({ tenantId, grantId }))
  if (grant === undefined) return {}
  const { correlation_id: correlationId, audit_salt: salt } = grant
  return {
    correlationId,
    subjectHash: salt === null ? undefined : auditSubjectHash(means.keyring, tenantId, salt),
  }
}

/** A machine token is a JWT: its `jti` is remembered until it would have ended. */
async function revokeSigned(
  means: Means,
  prepared: PreparedTenant,
  { clientId }: RelyingParty,
  token: string,
): Promise<void> {
  const { issuer, verifyingKeys: keys } = prepared
  const at = means.clock()
  const claims = readAccessToken(token, { issuer, keys, now: at })
  if (claims?.clientId !== clientId) return
  const tenantId = prepared.tenant.id
  const jtiHash = hashSecret(`${issuer} ${claims.jti}`)
  const expiresAt = toInstant(claims.expiresAt)
  await inTransaction(means.db, tenantId, async (tx) => {
    const [revoked] = await tx.run(writeRevocation({ tenantId, jtiHash, expiresAt }))
    if (revoked?.changed !== 1) return
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), toInstant(at), {
        detail: { type: 'token_revoked', token: 'machine' },
        clientId,
      }),
    ])
  })
}
