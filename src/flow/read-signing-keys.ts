/** The keys a tenant signs with, as its administrators see them: never a private half. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import type { SigningKeyState } from '../domain/signing-key-age.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { TokenAlgorithm } from '../domain/token-algorithm.ts'
import { read } from '../store/database.ts'
import { listAllSigningKeys } from '../store/signing-key.ts'
import { findAdminTenant } from './admin-tenant.ts'

export interface SigningKeyEntry {
  kid: string
  purpose: 'token' | 'request'
  algorithm: TokenAlgorithm
  state: SigningKeyState
  createdAt: IsoInstant
  activatedAt: IsoInstant | undefined
  /** When it is published no more. */
  retireAt: IsoInstant | undefined
}

/** Returns them newest first, 200 at most, retired ones included. Throws `admin_forbidden`, `not_found`. */
export async function readSigningKeys(
  deps: Pick<Deps, 'db'>,
  actor: AdminActor,
  slug: string,
): Promise<readonly SigningKeyEntry[]> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'keys:manage', slug)
  const [rows] = await read(deps.db, tenantId, [listAllSigningKeys({ tenantId })])
  return rows.map((row) => ({
    kid: row.kid,
    purpose: row.purpose,
    algorithm: row.algorithm,
    state: row.state,
    createdAt: row.created_at,
    activatedAt: row.activated_at ?? undefined,
    retireAt: row.retire_at ?? undefined,
  }))
}
