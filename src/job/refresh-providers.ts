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
import { read, transact } from '../store/database.ts'
import {
  enableProvider,
  listProviders,
  type Provider,
  readProvider,
  refreshProvider,
} from '../store/provider.ts'
import { raiseRevision } from '../store/tenant.ts'
import type { Job, JobCounts } from './lease.ts'

type Means = Pick<Deps, 'db' | 'clock' | 'outbound'>

/** Looks every hour; asks each provider once a day. */
export function refreshProvidersJob(means: Means): Job {
  return {
    name: 'refresh-providers',
    next: (now) => now + HOUR,
    run: (_, tenant) => refreshTenant(means, tenant),
  }
}

async function refreshTenant(means: Means, tenantId: TenantId): Promise<JobCounts> {
  const [rows] = await read(means.db, tenantId, [listProviders({ tenantId })])
  const counts = { refreshed: 0, unreachable: 0, quarantined: 0 }
  for (const provider of rows.map(readProvider)) {
    const known = JSON.parse(provider.metadata) as ProviderMetadata
    if (!provider.enabled || !isStale(known, means.clock())) continue
    counts[await refresh(means, tenantId, provider, known)] += 1
  }
  return counts
}

async function refresh(
  means: Means,
  tenantId: TenantId,
  provider: Provider,
  known: ProviderMetadata,
): Promise<'refreshed' | 'unreachable' | 'quarantined'> {
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
    const row = { tenantId, id: provider.id, metadata: JSON.stringify(metadata), updatedAt }
    await transact(means.db, tenantId, [refreshProvider(row), raiseRevision({ id: tenantId, now })])
    return 'refreshed'
  } catch (error) {
    if (!(error instanceof BridgeError) || error.failure.kind !== 'provider_refused') throw error
    if (error.failure.reason === 'discovery_failed') return 'unreachable'
    await quarantine(means, tenantId, provider)
    return 'quarantined'
  }
}

/** What the provider says of itself now would be refused at a registration: no login goes there any more. */
async function quarantine(means: Means, tenantId: TenantId, provider: Provider): Promise<void> {
  const now = toInstant(means.clock())
  await transact(means.db, tenantId, [
    enableProvider({ tenantId, slug: provider.slug, enabled: 0, now }),
    raiseRevision({ id: tenantId, now }),
    insertAuditEvent(tenantId, newId(), now, {
      detail: { type: 'provider_updated', actor: 'refresh-providers', provider: provider.id },
    }),
  ])
}
