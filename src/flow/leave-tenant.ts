/** What an institution that leaves takes along: everything held about its people, what it set up, and the receipts. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import type { IdentityId, TenantId } from '../domain/ids.ts'
import { issuerOf } from '../domain/tenant.ts'
import type { JsonObject } from '../domain/text.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { read, transact } from '../store/database.ts'
import { exportConfiguration, listPeopleLeft, listReceipts } from '../store/tenant-end.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { exportPerson, type PersonExport } from './person-export.ts'
import { erasePerson } from './record-erasure.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'config'>

const BATCH = 100

/** Yields everybody who was not erased, merged persons with the one they became. Throws `not_found`, `admin_forbidden`. */
export async function* exportEverybody(
  means: Means,
  actor: AdminActor,
  slug: string,
): AsyncGenerator<PersonExport> {
  const tenant = await findAdminTenant(means.db, actor, 'identities:manage', slug)
  for await (const { id, merged_into } of peopleLeft(means.db, tenant.id))
    if (merged_into === null) yield await exportPerson(means, tenant, actor.id, id)
}

/** Erases everybody, each with an event, a receipt and a line in the ledger; returns how many. Run again, it goes on. */
export async function eraseEverybody(
  means: Means,
  actor: AdminActor,
  slug: string,
): Promise<number> {
  const tenant = await findAdminTenant(means.db, actor, 'privacy:erase', slug)
  let erased = 0
  for await (const { id: identityId } of peopleLeft(means.db, tenant.id)) {
    // Somebody of the same family may have taken this one along: then the receipt is the same, and nothing happens.
    await erasePerson(means, tenant, actor.id, { identityId, ground: 'not_needed' })
    erased++
  }
  return erased
}

/** The tenant's settings, clients, providers, policies and public keys; nothing secret. Audited. */
export async function exportTenant(
  means: Pick<Means, 'db' | 'clock' | 'config'>,
  actor: AdminActor,
  slug: string,
): Promise<JsonObject> {
  const { id: tenantId, ...settings } = await findAdminTenant(
    means.db,
    actor,
    'tenants:manage',
    slug,
  )
  const detail = { type: 'tenant_exported', actor: actor.id } as const
  const now = toInstant(means.clock())
  const [[configuration]] = await transact(means.db, tenantId, [
    exportConfiguration({ tenantId }),
    insertAuditEvent(tenantId, newId(), now, { detail }),
  ])
  const { keys, ...rest } = configuration ?? { keys: [] }
  return {
    ...{ format: 'identity-bridge-tenant/1', exported_at: now, id: tenantId },
    issuer: issuerOf(means.config.publicUrl, slug),
    settings: { ...settings, noticeUrl: settings.noticeUrl ?? null },
    ...{ ...rest, jwks: { keys } },
  }
}

/** Yields the receipts of all erasures of the tenant. */
export async function* exportReceipts(
  means: Pick<Means, 'db'>,
  actor: AdminActor,
  slug: string,
): AsyncGenerator<string> {
  const { id: tenantId } = await findAdminTenant(means.db, actor, 'privacy:erase', slug)
  for (let afterId = ''; ; ) {
    const [rows] = await read(means.db, tenantId, [
      listReceipts({ tenantId, afterId, limit: BATCH }),
    ])
    for (const { receipt } of rows) yield receipt
    const last = rows.at(-1)
    if (last === undefined) return
    afterId = last.id
  }
}

async function* peopleLeft(
  db: Deps['db'],
  tenantId: TenantId,
): AsyncGenerator<{ id: IdentityId; merged_into: IdentityId | null }> {
  for (let afterId = ''; ; ) {
    const [rows] = await read(db, tenantId, [listPeopleLeft({ tenantId, afterId, limit: BATCH })])
    yield* rows
    const last = rows.at(-1)
    if (last === undefined) return
    afterId = last.id
  }
}
