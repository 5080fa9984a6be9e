/**
 * Looks once an hour what ends soon or has ended: certificates, anchors, lists, keys. Its counts are the metric
 * `bridge_expiring`; each tenant with something to renew is a warning in the log.
 */
import type { Deps } from '../deps.ts'
import { countExpiries, WATCH_EXPIRY } from '../domain/expiry.ts'
import type { TenantId } from '../domain/ids.ts'
import { readPolicy } from '../domain/policy.ts'
import { HOUR } from '../domain/time.ts'
import { read } from '../store/database.ts'
import { listKeptAnswers } from '../store/kept-answer.ts'
import { findCurrentPolicies } from '../store/policy.ts'
import { listRegistrationCertificates } from '../store/registration-certificate.ts'
import { listSigningKeys } from '../store/signing-key.ts'
import { listTrustedLists } from '../store/trusted-list.ts'
import { expiryCalendar } from '../wallet/expiry-calendar.ts'
import type { Job, JobCounts } from './lease.ts'

type Means = Pick<Deps, 'db' | 'clock' | 'log'>

export const watchExpiryJob: Job = {
  name: WATCH_EXPIRY,
  next: (now) => now + HOUR,
  run: (means, tenant) => watchTenant(means, tenant),
}

async function watchTenant(means: Means, tenantId: TenantId): Promise<JobCounts> {
  const [keys, policies, registrations, lists, answers] = await read(means.db, tenantId, [
    listSigningKeys({ tenantId }),
    findCurrentPolicies({ tenantId }),
    listRegistrationCertificates({ tenantId }),
    listTrustedLists({ tenantId }),
    listKeptAnswers({ tenantId }),
  ])
  const published = policies.find(({ kind }) => kind === 'trust')
  const trust =
    published === undefined ? undefined : readPolicy('trust', JSON.parse(published.document))
  const counts = countExpiries(
    expiryCalendar({ keys, trust, registrations, lists, answers }, means.clock()),
  )
  const open = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))
  if (Object.keys(open).length > 0) {
    means.log.warn('something ends soon or has ended', { tenant: tenantId, counts: open })
  }
  return counts
}
