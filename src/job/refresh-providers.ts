/**
 * Reads the discovery documents of registered providers again once they are a day old (protocols UP-04), outside any
 * login. An endpoint that moved to a host nobody confirmed switches the provider off until an administrator has looked
 * (UP-02); a provider that cannot be reached keeps what it had.
 */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { BridgeError } from '../domain/failure.ts'
import type { TenantId } from '../domain/ids.ts'
import { HOUR, toInstant } from '../domain/time.ts'
import {
  discoverProvider,
  hostsOf,
  isStale,
  type ProviderMetadata,
} from '../institution/provider.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read, transact } from '../store/database.ts'
import {
  listProviders,
  type Provider,
  quarantineProvider,
  readProvider,
  refreshProvider,
} from '../store/provider.ts'
import { raiseRevision } from '../store/tenant.ts'
import type { Job, JobCounts } from './lease.ts'

type Means = Pick<Deps, 'db' | 'clock' | 'outbound'>

const NAME = 'refresh-providers'

/** Looks every hour; asks each provider once a day. */
export function refreshProvidersJob(means: Means): Job {
  return {
    name: NAME,
    next: (now) => now + HOUR,
    run: (_, tenant, keepLease) => refreshTenant(means, tenant, keepLease),
  }
}

async function refreshTenant(
  means: Means,
  tenantId: TenantId,
  keepLease: () => Promise<boolean>,
): Promise<JobCounts> {
  const [rows] = await read(means.db, tenantId, [listProviders({ tenantId })])
  const counts = { refreshed: 0, unreachable: 0, quarantined: 0, changed: 0 }
  for (const provider of rows.map(readProvider)) {
    const known = JSON.parse(provider.metadata) as ProviderMetadata
    if (!provider.enabled || !isStale(known, means.clock())) continue
    if (!(await keepLease())) break
    counts[await refresh(means, tenantId, provider, known)] += 1
  }
  return counts
}

/** `changed`: by somebody, while the provider was asked; the next run asks again. */
type Refreshed = 'refreshed' | 'unreachable' | 'quarantined' | 'changed'

async function refresh(
  means: Means,
  tenantId: TenantId,
  provider: Provider,
  known: ProviderMetadata,
): Promise<Refreshed> {
  try {
    const metadata = await discoverProvider(means, {
      issuer: provider.issuer,
      clientAuthMethod: provider.clientAuthMethod,
      idTokenAlg: known.id_token_signing_alg,
      confirmedHosts: hostsOf(known),
    })
    const now = toInstant(means.clock())
    // Unchanged but for the date: the row's own date stays, and logins under way are not disturbed.
    const unchanged =
      JSON.stringify({ ...metadata, fetched_at: known.fetched_at }) === JSON.stringify(known)
    const updatedAt = unchanged ? provider.updatedAt : now
    const asked = { tenantId, id: provider.id, known: provider.updatedAt }
    const [, [stored]] = await transact(means.db, tenantId, [
      raiseRevision({ id: tenantId, now }),
      refreshProvider({ ...asked, metadata: JSON.stringify(metadata), updatedAt }),
    ])
    return stored?.changed === 1 ? 'refreshed' : 'changed'
  } catch (error) {
    if (!(error instanceof BridgeError) || error.failure.kind !== 'provider_refused') throw error
    if (error.failure.reason === 'discovery_failed') return 'unreachable'
    return (await quarantine(means, tenantId, provider)) ? 'quarantined' : 'changed'
  }
}

/** What the provider says of itself now would be refused at a registration: no login goes there any more. */
async function quarantine(
  means: Means,
  tenantId: TenantId,
  { id, updatedAt }: Provider,
): Promise<boolean> {
  const now = toInstant(means.clock())
  return await inTransaction(means.db, tenantId, async (tx) => {
    const [, [stopped]] = await tx.runAll([
      raiseRevision({ id: tenantId, now }),
      quarantineProvider({ tenantId, id, known: updatedAt, now }),
    ])
    if (stopped?.changed !== 1) return false
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'provider_updated', actor: NAME, provider: id },
      }),
    ])
    return true
  })
}
