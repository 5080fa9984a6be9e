/** An administrator asks for a test login at a provider: an address to open in a browser, once. */
import { hashSecret, newId, randomText } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { addressOf, issuerOf } from '../domain/tenant.ts'
import { type IsoInstant, MINUTE, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { read, transact } from '../store/database.ts'
import { findProviderBySlug } from '../store/provider.ts'
import { insertProviderTest } from '../store/provider-test.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { ownProvider } from './provider-view.ts'

/** Time to open the address, log in at the provider and look. */
const TEST_TIME = 15 * MINUTE

export interface CreatedProviderTest {
  id: string
  /** To be opened in the browser of whoever tests. */
  url: string
  expiresAt: IsoInstant
}

/** Returns where the test begins; the provider may be switched off. Throws `admin_forbidden`, `not_found`. */
export async function createProviderTest(
  deps: Pick<Deps, 'db' | 'clock' | 'config'>,
  actor: AdminActor,
  tenantSlug: string,
  slug: string,
): Promise<CreatedProviderTest> {
  const tenant = await findAdminTenant(deps.db, actor, 'providers:manage', tenantSlug)
  const tenantId = tenant.id
  const [[row]] = await read(deps.db, tenantId, [findProviderBySlug({ tenantId, slug })])
  const provider = ownProvider(actor, row)
  const id = newId()
  const start = randomText()
  const now = toInstant(deps.clock())
  const expiresAt = toInstant(deps.clock() + TEST_TIME)
  await transact(deps.db, tenantId, [
    insertProviderTest({
      ...{ tenantId, id, providerId: provider.id, startHash: hashSecret(start) },
      ...{ createdBy: actor.id, now, expiresAt },
    }),
    insertAuditEvent(tenantId, newId(), now, {
      detail: { type: 'provider_test_created', actor: actor.id, provider: provider.id },
    }),
  ])
  const issuer = issuerOf(deps.config.publicUrl, tenant.slug)
  return { id, url: addressOf.providerTest(issuer, start), expiresAt }
}
