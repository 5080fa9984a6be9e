/** A new token of the administration with the steps that record it. */
import { hashSecret, newId, randomText } from '../crypto/random.ts'
import type { AdminScope } from '../domain/admin.ts'
import { SYSTEM_TENANT, type TenantId } from '../domain/ids.ts'
import { type IsoInstant, toInstant } from '../domain/time.ts'
import { insertAdminToken } from '../store/admin-token.ts'
import { insertAuditEvent } from '../store/audit.ts'

export interface CreatedAdminToken {
  id: string
  /** `iba_` and 256 random bits, base64url. The only time it is said. */
  token: string
  expiresAt: IsoInstant
}

/** `now` in milliseconds; `by` is the id of the actor. The steps belong to the reserved tenant. */
export function draftAdminToken(
  request: {
    name: string
    scopes: readonly AdminScope[]
    forTenant: TenantId | undefined
    forInstitution?: string | undefined
    /** Milliseconds. */
    endsAt: number
  },
  by: string,
  now: number,
) {
  const id = newId()
  const token = `iba_${randomText(32)}`
  const scopes = [...new Set(request.scopes)].toSorted()
  const created: CreatedAdminToken = { id, token, expiresAt: toInstant(request.endsAt) }
  const steps = [
    insertAdminToken({
      id,
      tokenHash: hashSecret(token),
      name: request.name,
      forTenant: request.forTenant ?? null,
      scopes: JSON.stringify(scopes),
      forInstitution: request.forInstitution ?? null,
      now: toInstant(now),
      expiresAt: created.expiresAt,
    }),
    insertAuditEvent(SYSTEM_TENANT, newId(), toInstant(now), {
      detail: { type: 'admin_token_created', actor: by, token: id, scopes: scopes.join(' ') },
    }),
  ] as const
  return { created, steps }
}
