/** The runs of key migrations, newest first, or one of them. */
import type { Deps } from '../deps.ts'
import { type AdminActor, requireScopeEverywhere } from '../domain/admin.ts'
import { type MigrationView, viewMigrationOf, viewMigrations } from './key-migration-view.ts'

/** Every run there was. Throws `admin_forbidden` to a token of one tenant. */
export async function readKeyMigrations(
  means: Pick<Deps, 'db'>,
  actor: AdminActor,
): Promise<MigrationView[]> {
  requireScopeEverywhere(actor, 'keys:manage')
  return await viewMigrations(means)
}

/** The run of this version. Throws `admin_forbidden`, `not_found`. */
export async function readKeyMigration(
  means: Pick<Deps, 'db'>,
  actor: AdminActor,
  version: number,
): Promise<MigrationView> {
  requireScopeEverywhere(actor, 'keys:manage')
  return await viewMigrationOf(means, version)
}
