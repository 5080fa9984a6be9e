/** Who uses the administration, and what for. */
import { fail } from './failure.ts'
import type { TenantId } from './ids.ts'

/** What an admin token may allow, each with the sentence that tells people so. */
export const ADMIN_SCOPES = {
  'tenants:manage': 'Create tenants, read and change their settings.',
  'clients:manage': 'Register, read and change relying parties.',
  'providers:manage': "Register, read and switch the institutions' OpenID providers.",
  'policies:manage': 'Publish and read policy documents.',
  'identities:manage':
    'Look up a person, end and restore links, restrict processing, merge two persons found to be one, and split them.',
  'privacy:erase': 'Erase a person.',
  'privacy:export': 'Read everything that is held about a person.',
  'privacy:retention':
    'Read and set how long data is kept, see what would go, and read the record of processing.',
  'audit:read': 'Read the audit trail.',
  'jobs:manage': 'See background jobs; pause, resume and hasten them.',
  'keys:manage': 'Replace request certificates; make, list and revoke tokens of this API.',
} as const
export type AdminScope = keyof typeof ADMIN_SCOPES
export const ADMIN_SCOPE_NAMES = Object.keys(ADMIN_SCOPES) as [AdminScope, ...AdminScope[]]

export interface AdminActor {
  /** Id of the token, or a word of our own (`cli`, `setup`). Stands in audit events. */
  id: string
  /** The one tenant it may touch; undefined for every tenant. */
  forTenant?: TenantId | undefined
  /** The one institution whose providers it manages, as `schac_home_organization`; undefined for all of its tenants'. */
  forInstitution?: string | undefined
  scopes: readonly AdminScope[]
  /** When the token ends, milliseconds; undefined for actors without one. */
  expiresAt?: number | undefined
}

/**
 * Returns when the actor may do this, there. Throws `admin_forbidden`, and `not_found` for a tenant that is not the
 * actor's: a foreign tenant and one that does not exist are the same to it (protocols 11, row 36). The scope is asked
 * first, so the answer to an actor without it says nothing of the tenant.
 */
export function requireScope(actor: AdminActor, scope: AdminScope, tenantId?: TenantId): void {
  if (!actor.scopes.includes(scope)) fail({ kind: 'admin_forbidden', scope })
  if (tenantId !== undefined && actor.forTenant !== undefined && actor.forTenant !== tenantId) {
    fail({ kind: 'not_found' })
  }
}

/** The same for what belongs to no tenant. Throws `admin_forbidden` to an actor of one tenant. */
export function requireScopeEverywhere(actor: AdminActor, scope: AdminScope): void {
  requireScope(actor, scope)
  if (actor.forTenant !== undefined) fail({ kind: 'admin_forbidden', scope })
}

/** A domain name, as institutions are called in `schac_home_organization`: compared in lower case. */
export const INSTITUTION = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/

/** Whether the actor may see and change what belongs to this institution; undefined is the tenant itself. */
export function managesInstitution(actor: AdminActor, institution: string | undefined): boolean {
  return actor.forInstitution === undefined || actor.forInstitution === institution
}
