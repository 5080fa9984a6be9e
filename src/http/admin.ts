/** The administration: everything under `/admin/v1`. */

import type { AdminDeps } from './admin/admin-route.ts'
import { auditRoutes } from './admin/audit.ts'
import { authorizationServerRoutes } from './admin/authorization-servers.ts'
import { consentAdminRoutes } from './admin/consents.ts'
import { contractRoutes } from './admin/contracts.ts'
import { erasureRequestRoutes } from './admin/erasure-requests.ts'
import { erasureRoutes } from './admin/erasures.ts'
import { eventRoutes } from './admin/events.ts'
import { identityRoutes } from './admin/identities.ts'
import { jobRoutes } from './admin/jobs.ts'
import { keyMigrationRoutes } from './admin/key-migrations.ts'
import { policyRoutes } from './admin/policies.ts'
import { policyDraftRoutes } from './admin/policy-drafts.ts'
import { policyTrialRoutes } from './admin/policy-trials.ts'
import { privacyRoutes } from './admin/privacy.ts'
import { providerTestAdminRoutes } from './admin/provider-tests.ts'
import { providerRoutes } from './admin/providers.ts'
import { registrationTokenRoutes } from './admin/registration-tokens.ts'
import { registrationRoutes } from './admin/registrations.ts'
import { relyingPartyRoutes } from './admin/relying-parties.ts'
import { retentionRoutes } from './admin/retention.ts'
import { signingKeyRoutes } from './admin/signing-keys.ts'
import { tenantRoutes } from './admin/tenants.ts'
import { tokenAdminRoutes } from './admin/tokens.ts'
import type { Route } from './route.ts'

/** Every route of the administration; each asks for an admin token with the right scope. */
export function adminRoutes(deps: AdminDeps): Route[] {
  return [
    ...tenantRoutes(deps),
    ...signingKeyRoutes(deps),
    ...relyingPartyRoutes(deps),
    ...contractRoutes(deps),
    ...registrationRoutes(deps),
    ...authorizationServerRoutes(deps),
    ...registrationTokenRoutes(deps),
    ...eventRoutes(deps),
    ...providerRoutes(deps),
    ...providerTestAdminRoutes(deps),
    ...policyRoutes(deps),
    ...policyDraftRoutes(deps),
    ...policyTrialRoutes(deps),
    ...identityRoutes(deps),
    ...consentAdminRoutes(deps),
    ...privacyRoutes(deps),
    ...erasureRoutes(deps),
    ...erasureRequestRoutes(deps),
    ...retentionRoutes(deps),
    ...keyMigrationRoutes(deps),
    ...jobRoutes(deps),
    ...tokenAdminRoutes(deps),
    ...auditRoutes(deps),
  ]
}
