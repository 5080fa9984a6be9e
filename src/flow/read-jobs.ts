/** What is known of the background jobs. */
import type { Deps } from '../deps.ts'
import { type AdminActor, requireScopeEverywhere } from '../domain/admin.ts'
import { type JobView, viewJobs } from './job-view.ts'

/** Returns every job that any instance has known, by name. Throws `admin_forbidden` to a token of one tenant. */
export async function readJobs(
  deps: Pick<Deps, 'db'>,
  actor: AdminActor,
): Promise<readonly JobView[]> {
  requireScopeEverywhere(actor, 'jobs:manage')
  return await viewJobs(deps.db)
}
