/** The signed checkpoints of an audit trail, for an institution that keeps them itself, with the keys to check them. */
import { type CheckpointJwk, checkpointJwks } from '../crypto/audit-checkpoint.ts'
import type { Deps } from '../deps.ts'
import { type AdminActor, requireScopeEverywhere } from '../domain/admin.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import type { IsoInstant } from '../domain/time.ts'
import { findCheckpoints } from '../store/audit-trail.ts'
import { read } from '../store/database.ts'
import { findAdminTenant } from './admin-tenant.ts'

export interface CheckpointPage {
  checkpoints: readonly { seq: number; startSeq: number; jws: string; createdAt: IsoInstant }[]
  /** Public keys of the versions of Key C at hand. */
  keys: readonly CheckpointJwk[]
  /** Checkpoints before this `seq` are on the next page. */
  next: number | undefined
}

/**
 * Returns them newest first; without a slug, those of the trail of what belongs to no tenant. Throws `admin_forbidden`,
 * `not_found`.
 */
export async function readCheckpoints(
  means: Pick<Deps, 'db' | 'keyring'>,
  actor: AdminActor,
  slug: string | undefined,
  { before, limit }: { before: number; limit: number },
): Promise<CheckpointPage> {
  if (slug === undefined) requireScopeEverywhere(actor, 'audit:read')
  const tenantId =
    slug === undefined
      ? SYSTEM_TENANT
      : (await findAdminTenant(means.db, actor, 'audit:read', slug)).id
  const [rows] = await read(means.db, tenantId, [
    findCheckpoints({ tenantId, before, limit: limit + 1 }),
  ])
  const beyond = rows[limit]
  // Two keys may have signed one place: they come on the same page.
  const whole = rows.filter(({ seq }) => seq !== beyond?.seq)
  const shown = beyond === undefined || whole.length === 0 ? rows.slice(0, limit) : whole
  return {
    checkpoints: shown.map((row) => ({
      ...{ seq: row.seq, startSeq: row.start_seq, jws: row.jws, createdAt: row.created_at },
    })),
    keys: checkpointJwks(means.keyring).keys,
    next: beyond === undefined ? undefined : shown.at(-1)?.seq,
  }
}
