/** The policy documents of a tenant as its administrators see them. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import { POLICY_KINDS, type PolicyKind } from '../domain/policy.ts'
import type { JsonObject } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import { read } from '../store/database.ts'
import { findPolicy, listPolicyVersions } from '../store/policy.ts'
import { findAdminTenant } from './admin-tenant.ts'

export interface PolicyVersionView {
  version: number
  digest: string
  publishedAt: IsoInstant
  /** Id of the admin token, or a word of our own. */
  publishedBy: string
}

export interface PolicyView extends PolicyVersionView {
  kind: PolicyKind
  document: JsonObject
}

/** Returns a document: the current one, or that of a version. Throws `admin_forbidden`, `not_found`. */
export async function readPolicyVersion(
  deps: Pick<Deps, 'db'>,
  actor: AdminActor,
  slug: string,
  kind: PolicyKind,
  version: number | undefined,
): Promise<PolicyView> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'policies:manage', slug)
  const wanted = version ?? (await newestVersion(deps.db, tenantId, kind))
  const [[row]] = await read(deps.db, tenantId, [findPolicy({ tenantId, kind, version: wanted })])
  if (row === undefined) return fail({ kind: 'not_found' })
  return { kind, document: JSON.parse(row.document) as JsonObject, ...viewVersion(row) }
}

/** Returns the versions of every kind, newest first, at most 100 of each. Throws `admin_forbidden`, `not_found`. */
export async function readPolicyHistory(
  deps: Pick<Deps, 'db'>,
  actor: AdminActor,
  slug: string,
): Promise<{ readonly [Kind in PolicyKind]: readonly PolicyVersionView[] }> {
  const { id: tenantId } = await findAdminTenant(deps.db, actor, 'policies:manage', slug)
  const lists = await read(
    deps.db,
    tenantId,
    POLICY_KINDS.map((kind) => listPolicyVersions({ tenantId, kind })),
  )
  const [trust, query, attributes, material, selector] = lists.map((rows) => rows.map(viewVersion))
  return {
    trust: trust ?? [],
    query: query ?? [],
    attributes: attributes ?? [],
    material: material ?? [],
    selector: selector ?? [],
  }
}

async function newestVersion(
  db: Deps['db'],
  tenantId: Parameters<typeof listPolicyVersions>[0]['tenantId'],
  kind: PolicyKind,
): Promise<number> {
  const [[newest]] = await read(db, tenantId, [listPolicyVersions({ tenantId, kind })])
  return newest?.version ?? fail({ kind: 'not_found' })
}

function viewVersion(row: {
  version: number
  digest: string
  published_at: IsoInstant
  published_by: string
}): PolicyVersionView {
  const { version, digest, published_at: publishedAt, published_by: publishedBy } = row
  return { version, digest, publishedAt, publishedBy }
}
