/** The trusted lists a tenant's policy names, as its administrators see them: how new they are, and what is wrong with one. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { readPolicy } from '../domain/policy.ts'
import type { IsoInstant } from '../domain/time.ts'
import { read } from '../store/database.ts'
import { findCurrentPolicies } from '../store/policy.ts'
import { listTrustedLists } from '../store/trusted-list.ts'
import { readStoredLists } from '../wallet/stored-list.ts'
import { allLists, signersDigest } from '../wallet/trusted-list.ts'
import { findAdminTenant } from './admin-tenant.ts'

export interface TrustedListEntry {
  /** The list's own, or `<list of lists>/<territory>`. */
  id: string
  url: string
  /** Undefined until an issue was believed under the signers that the policy names. */
  issue:
    | {
        sequence: number
        nextUpdate: IsoInstant
        fetchedAt: IsoInstant
        services: readonly { type: string; certificates: number }[]
      }
    | undefined
  checkedAt: IsoInstant | undefined
  /** Why the last attempt came to nothing: a word of ours. */
  problem: string | undefined
}

/** Returns them in the order of the policy, and behind them those that lists of lists point to. Throws `admin_forbidden`, `not_found`. */
export async function readTrustedLists(
  deps: Pick<Deps, 'db'>,
  actor: AdminActor,
  slug: string,
): Promise<readonly TrustedListEntry[]> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'policies:manage', slug)
  const [policies, rows] = await read(deps.db, tenantId, [
    findCurrentPolicies({ tenantId }),
    listTrustedLists({ tenantId }),
  ])
  const published = policies.find(({ kind }) => kind === 'trust')
  if (published === undefined) return []
  const { lists } = readPolicy('trust', JSON.parse(published.document))
  return allLists(lists, readStoredLists(rows)).map((list) => {
    const row = rows.find(({ url }) => url === list.url)
    const [believed] = row?.signers === signersDigest(list) ? readStoredLists([row]) : []
    const { sequence, next_update: nextUpdate, fetched_at: fetchedAt } = row ?? {}
    const services = (believed?.services ?? []).map(({ type, certificates }) => ({
      ...{ type, certificates: certificates.length },
    }))
    return {
      ...{ id: list.id, url: list.url, checkedAt: row?.checked_at },
      problem: row?.problem ?? undefined,
      issue:
        believed === undefined || sequence == null || nextUpdate == null || fetchedAt == null
          ? undefined
          : { sequence, nextUpdate, fetchedAt, services },
    }
  })
}
