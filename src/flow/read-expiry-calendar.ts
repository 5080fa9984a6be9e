/** What of a tenant ends when, as its administrators see it. */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import type { Expiry } from '../domain/expiry.ts'
import type { TenantId } from '../domain/ids.ts'
import { readPolicy } from '../domain/policy.ts'
import { read } from '../store/database.ts'
import { listKeptAnswers } from '../store/kept-answer.ts'
import { findCurrentPolicies } from '../store/policy.ts'
import { listRegistrationCertificates } from '../store/registration-certificate.ts'
import { listSigningKeys } from '../store/signing-key.ts'
import { listTrustedLists } from '../store/trusted-list.ts'
import { expiryCalendar } from '../wallet/expiry-calendar.ts'
import { findAdminTenant } from './admin-tenant.ts'

/** Returns what ends, first first. Throws `admin_forbidden`, `not_found`. */
export async function readExpiryCalendar(
  deps: Pick<Deps, 'db' | 'clock'>,
  actor: AdminActor,
  slug: string,
): Promise<readonly Expiry[]> {
  const { id } = await findAdminTenant(deps.db, actor, 'keys:manage', slug)
  return await calendarOf(deps, id)
}

/** The same, for the job that watches it. */
export async function calendarOf(
  deps: Pick<Deps, 'db' | 'clock'>,
  tenantId: TenantId,
): Promise<readonly Expiry[]> {
  const [keys, policies, registrations, lists, answers] = await read(deps.db, tenantId, [
    listSigningKeys({ tenantId }),
    findCurrentPolicies({ tenantId }),
    listRegistrationCertificates({ tenantId }),
    listTrustedLists({ tenantId }),
    listKeptAnswers({ tenantId }),
  ])
  const published = policies.find(({ kind }) => kind === 'trust')
  const trust =
    published === undefined ? undefined : readPolicy('trust', JSON.parse(published.document))
  return expiryCalendar({ keys, trust, registrations, lists, answers }, deps.clock())
}
