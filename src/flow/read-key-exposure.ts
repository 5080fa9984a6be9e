/** What a notification of a breach needs (Art. 33 and 34 GDPR): whose data lies under a version of a key, tenant by tenant. */
import type { Deps } from '../deps.ts'
import { type AdminActor, requireScopeEverywhere } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import type { IsoInstant } from '../domain/time.ts'
import { read } from '../store/database.ts'
import { listKeyChecks } from '../store/key-check.ts'
import { findHashExposure, findWrapExposure } from '../store/key-exposure.ts'
import { listTenantIds } from '../store/tenant.ts'

export interface KeyExposure {
  /** Slug. */
  tenant: string
  people: number
  /** Identifiers of A and B, data keys of C. */
  count: number
  /** When the first and the last of them were first known. */
  oldest: IsoInstant
  newest: IsoInstant
}

/**
 * Tenants with anybody under it, ended ones too; counted now. Throws `admin_forbidden` to a token of one tenant, and
 * `not_found` for a version that no service on this database ever started with: nobody may read it as "nobody".
 */
export async function readKeyExposure(
  { db }: Pick<Deps, 'db'>,
  actor: AdminActor,
  { key, version }: { key: 'A' | 'B' | 'C'; version: number },
): Promise<KeyExposure[]> {
  requireScopeEverywhere(actor, 'keys:manage')
  const [tenants, known] = await read(db, SYSTEM_TENANT, [listTenantIds({}), listKeyChecks({})])
  if (!known.some((one) => one.key_name === key && one.version === version))
    fail({ kind: 'not_found' })
  const found: KeyExposure[] = []
  for (const { id: tenantId, slug: tenant } of tenants) {
    const step =
      key === 'C'
        ? findWrapExposure({ tenantId, version })
        : findHashExposure({ tenantId, hashKey: key, version })
    const [[row]] = await read(db, tenantId, [step])
    if (row === undefined || row.oldest === null || row.newest === null) continue
    const { people, count, oldest, newest } = row
    found.push({ tenant, people, count, oldest, newest })
  }
  return found
}
