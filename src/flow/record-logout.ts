/** A browser's single-sign-on session is over: whoever was told of the login is told of its end. */
import { auditSubjectHash } from '../crypto/audit-subject.ts'
import { sessionIdFor } from '../crypto/id-token.ts'
import { type LogoutReceiver, logoutRows } from '../crypto/outbox-event.ts'
import { hashSecret, newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { ClientId } from '../domain/ids.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, type Transaction } from '../store/database.ts'
import {
  endSessionCodes,
  endSessionRefresh,
  lockSessionLogins,
  type SessionLoginRow,
} from '../store/logout.ts'
import { insertLogouts } from '../store/outbox.ts'
import { endSignOn } from '../store/single-sign-on.ts'
import type { PreparedTenant } from './tenants.ts'

/**
 * Ends the session that the browser has at this tenant, if it has one, on behalf of the person or of the relying party
 * `askedBy`. Codes that nobody redeemed end with it, refresh tokens without `offline_access`, and the access token that came with
 * the last; others run out by themselves in minutes.
 */
export async function recordLogout(
  means: Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>,
  { tenant }: PreparedTenant,
  browserId: string,
  askedBy?: ClientId,
): Promise<void> {
  const tenantId = tenant.id
  const names = { tenantId, browserHash: hashSecret(browserId) }
  const now = toInstant(means.clock())
  const end = async (tx: Transaction) => {
    // Codes and refresh tokens before grants, as their uses have them. Looked at twice: a login that came while we waited is
    // held then.
    const [, , , logins] = await tx.runAll([
      endSessionCodes(names),
      endSessionRefresh(names),
      lockSessionLogins(names),
      lockSessionLogins(names),
    ])
    const [first] = logins
    if (first === undefined) {
      // Nobody's any more, or of a person who is not active now: what is left of it still goes.
      await tx.run(endSignOn(names))
      return
    }
    const receivers = receiversOf(logins)
    await tx.runLast([
      endSessionCodes(names),
      endSessionRefresh(names),
      endSignOn(names),
      insertLogouts(logoutRows(means.keyring, tenantId, receivers, now)),
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'single_sign_on_ended', told: receivers.length },
        subjectHash: auditSubjectHash(means.keyring, tenantId, first.audit_salt),
        clientId: askedBy,
      }),
    ])
  }
  await inTransaction(means.db, tenantId, end, { retries: 2 })
  means.metrics.outcome('single_sign_on', 'ended')
}

/** Each relying party once for each of its sessions here, however many logins it had in it. */
function receiversOf(logins: readonly SessionLoginRow[]): LogoutReceiver[] {
  const bySession = new Map<string, LogoutReceiver>()
  for (const { told, client_id: clientId, identity_id: identityId, subject, ...login } of logins) {
    const sid = sessionIdFor(clientId, login.sid)
    if (told) bySession.set(sid, { clientId, identityId, subject, sid })
  }
  return [...bySession.values()]
}
