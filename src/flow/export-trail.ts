/** A tenant's audit trail for programs that watch or keep it: every event, in order, with the hashes that chain it. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { type AdminActor, requireScopeEverywhere } from '../domain/admin.ts'
import type { TrailRow } from '../domain/audit-trail.ts'
import { SYSTEM_TENANT, type TenantId } from '../domain/ids.ts'
import type { Tenant } from '../domain/tenant.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { findTrailHead, listCheckpoints, readTrail } from '../store/audit-trail.ts'
import { inTransaction, read, transact } from '../store/database.ts'
import { findAdminTenant } from './admin-tenant.ts'

const BATCH = 1000

/** Events behind the place `after`; `system` names what belongs to no tenant. */
export interface ExportWish {
  slug: string
  after: number
}

/**
 * Yields batches of events, ending with the event that tells of this export; that one is written first, so that nothing
 * leaves unseen. Throws `admin_forbidden`, `not_found`.
 */
export async function* exportTrail(
  means: Pick<Deps, 'db' | 'clock'>,
  actor: AdminActor,
  { slug, after }: ExportWish,
): AsyncGenerator<readonly TrailRow[]> {
  const { id: tenantId, ended } = await tenantOf(means.db, actor, slug)
  const last = ended
    ? await noteEnded(means, actor, tenantId, after)
    : await noteExport(means, actor, tenantId, after)
  for (let place = after; place < last; ) {
    const [rows] = await read(means.db, tenantId, [
      readTrail({ tenantId, after: place, limit: BATCH }),
    ])
    const wanted = rows.filter(({ seq }) => seq <= last)
    const end = wanted.at(-1)
    if (end === undefined) return
    yield wanted
    place = end.seq
  }
}

/** The signed checkpoints behind the place `after`, compact, oldest first. Throws as {@link exportTrail} does. */
export async function exportCheckpoints(
  means: Pick<Deps, 'db'>,
  actor: AdminActor,
  { slug, after }: ExportWish,
): Promise<readonly string[]> {
  const { id: tenantId } = await tenantOf(means.db, actor, slug)
  const until = Number.MAX_SAFE_INTEGER
  const [rows] = await read(means.db, tenantId, [listCheckpoints({ tenantId, after, until })])
  return rows.map(({ jws }) => jws)
}

async function tenantOf(
  db: Deps['db'],
  actor: AdminActor,
  slug: string,
): Promise<Pick<Tenant, 'id' | 'ended'>> {
  if (slug !== SYSTEM_TENANT) return await findAdminTenant(db, actor, 'audit:read', slug)
  requireScopeEverywhere(actor, 'audit:read')
  return { id: SYSTEM_TENANT, ended: false }
}

/** A closed trail takes no event, so the one without a tenant tells of the export. The place of the last event. */
async function noteEnded(
  means: Pick<Deps, 'db' | 'clock'>,
  actor: AdminActor,
  tenantId: TenantId,
  after: number,
): Promise<number> {
  const detail = { type: 'audit_exported', actor: actor.id, after, tenant: tenantId } as const
  const now = toInstant(means.clock())
  await transact(means.db, SYSTEM_TENANT, [
    insertAuditEvent(SYSTEM_TENANT, newId(), now, { detail }),
  ])
  const [[head]] = await read(means.db, tenantId, [findTrailHead({ tenantId })])
  return head?.seq ?? 0
}

/** The place of the event that tells of the export. */
async function noteExport(
  means: Pick<Deps, 'db' | 'clock'>,
  actor: AdminActor,
  tenantId: TenantId,
  after: number,
): Promise<number> {
  return await inTransaction(means.db, tenantId, async (tx) => {
    const detail = { type: 'audit_exported', actor: actor.id, after } as const
    const now = toInstant(means.clock())
    const [, [head]] = await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, { detail }),
      findTrailHead({ tenantId }),
    ])
    return head?.seq ?? 0
  })
}
