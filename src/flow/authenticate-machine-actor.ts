/**
 * A machine client at the administration: its token for the tenant's API opens the tenant's own routes there, for the
 * scopes that both know.
 */
import type { Deps } from '../deps.ts'
import { ADMIN_SCOPE_NAMES, type AdminActor, type AdminScope } from '../domain/admin.ts'
import { BridgeError, fail } from '../domain/failure.ts'
import { MACHINE_SCOPE_NAMES, type MachineClient } from '../domain/machine.ts'
import { authenticateMachine, type MachineCredentials } from './authenticate-machine.ts'

const SLUG = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/**
 * The actor behind the token, bound to its tenant. `slug` is the tenant of the path, undefined on routes of the whole
 * installation. Throws `admin_unauthenticated` for every reason a token does not count there: another tenant's, none at
 * all, a scope that machine clients do not have; and `admin_forbidden` where it is theirs and this one lacks it.
 */
export async function authenticateMachineActor(
  means: Pick<Deps, 'db' | 'clock' | 'metrics' | 'tenants'>,
  slug: string | undefined,
  credentials: MachineCredentials,
  scope: AdminScope,
): Promise<AdminActor> {
  const wanted = MACHINE_SCOPE_NAMES.find((name) => name === scope)
  const prepared =
    slug !== undefined && SLUG.test(slug) ? await means.tenants.find(slug) : undefined
  if (wanted === undefined || prepared === undefined) return fail({ kind: 'admin_unauthenticated' })
  const client = await authenticateMachine(means, prepared, credentials, wanted).catch(
    (error: unknown) => refuseAsActor(error, scope),
  )
  const scopes = ADMIN_SCOPE_NAMES.filter((name) => holds(client, name))
  return { id: `client:${client.clientId}`, forTenant: prepared.tenant.id, scopes }
}

function holds({ scopes }: MachineClient, name: AdminScope): boolean {
  return [...scopes].some((own) => own === name)
}

/** The same refusals in the words of the administration. */
function refuseAsActor(error: unknown, scope: AdminScope): never {
  if (!(error instanceof BridgeError) || error.failure.kind !== 'oauth') throw error
  if (error.failure.error === 'insufficient_scope') fail({ kind: 'admin_forbidden', scope }, error)
  return fail({ kind: 'admin_unauthenticated' }, error)
}
