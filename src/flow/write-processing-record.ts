/** The record of processing of a tenant, written from its configuration (Art. 30 GDPR). */
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import type { AttributePolicy, AttributeRule } from '../domain/attributes.ts'
import type { ClientId } from '../domain/ids.ts'
import { POLICY_KINDS, type PolicyDocuments, readPolicy } from '../domain/policy.ts'
import {
  type ProcessingRecord,
  SECURITY_MEASURES,
  TO_BE_SAID,
} from '../domain/processing-record.ts'
import type { RelyingParty } from '../domain/relying-party.ts'
import { toInstant } from '../domain/time.ts'
import { read } from '../store/database.ts'
import { listEventSubscriptions } from '../store/event-subscription.ts'
import { findCurrentPolicies } from '../store/policy.ts'
import { listProviders } from '../store/provider.ts'
import { listRelyingParties, readRelyingParty } from '../store/relying-party.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { type RetentionEntryView, viewRetention } from './retention-view.ts'

const MOST_RELYING_PARTIES = 10_000

/** Returns the record as the configuration is now. Throws `admin_forbidden`, `not_found`. */
export async function writeProcessingRecord(
  means: Pick<Deps, 'db' | 'clock'>,
  actor: AdminActor,
  slug: string,
): Promise<ProcessingRecord> {
  const tenant = await findAdminTenant(means.db, actor, 'privacy:retention', slug)
  const { id: tenantId } = tenant
  const [policyRows, clients, providers, receivers] = await read(means.db, tenantId, [
    findCurrentPolicies({ tenantId }),
    listRelyingParties({ tenantId, after: '' as ClientId, limit: MOST_RELYING_PARTIES }),
    listProviders({ tenantId }),
    listEventSubscriptions({ tenantId }),
  ])
  const documents = readDocuments(policyRows)
  const parties = clients.map(readRelyingParty)
  const asking = parties.filter(({ grantTypes }) => grantTypes.includes('authorization_code'))
  const credentials = documents.query?.credentials ?? []
  return {
    ...{ tenant: tenant.slug, controller: tenant.name.en, privacyNotice: tenant.noticeUrl },
    generatedAt: toInstant(means.clock()),
    policies: Object.fromEntries(policyRows.map(({ kind, version }) => [kind, version])),
    purposes: asking.map((party) => ({ recipient: party.name, purpose: party.purpose?.en })),
    dataSubjects: `People who log in at ${tenant.name.en} or at the services that it serves.`,
    identifiers: identifiersOf(documents.material),
    attributes: (documents.attributes?.rules ?? []).map(tellAttribute),
    sources: [
      ...providers.map(({ name }) => ({ name, kind: 'institution' as const })),
      ...credentials.map(({ id, format }) => ({
        ...{ name: `${id} (${format})`, kind: 'credential' as const },
      })),
    ],
    recipients: [
      ...parties.map((party) => tellRecipient(party, documents.attributes)),
      ...receivers.map((row) => ({
        name: parties.find(({ clientId }) => clientId === row.client_id)?.name ?? tenant.name.en,
        kind: 'event receiver' as const,
        sees: `that something happened, by the subject it knows: ${row.delivery}`,
      })),
    ],
    retention: (await viewRetention(means, tenantId)).map(tellRetention),
    security: SECURITY_MEASURES,
    toBeSaid: TO_BE_SAID,
  }
}

function readDocuments(
  rows: readonly { kind: string; document: string }[],
): Partial<PolicyDocuments> {
  const documents: Partial<Record<string, unknown>> = {}
  for (const kind of POLICY_KINDS) {
    const row = rows.find((one) => one.kind === kind)
    if (row !== undefined) documents[kind] = readPolicy(kind, JSON.parse(row.document))
  }
  return documents as Partial<PolicyDocuments>
}

function identifiersOf(material: PolicyDocuments['material'] | undefined): string[] {
  const profiles = material?.profiles ?? []
  const kinds = profiles.flatMap((profile) =>
    profile.materials.map((one) => ('name' in one ? `${one.type}: ${one.name}` : one.type)),
  )
  return [...new Set([...kinds, 'account at the institution'])].toSorted((a, b) => (a < b ? -1 : 1))
}

const FROM = {
  ...{ WALLET_ONLY: 'wallet', OIDC_ONLY: 'institution', OIDC_WINS: 'institution, else wallet' },
  ...{ WALLET_WINS: 'wallet, else institution', MERGE_ALL: 'wallet and institution' },
} as const

function tellAttribute(rule: AttributeRule) {
  return {
    ...{ name: rule.name, from: FROM[rule.merge], kept: rule.persist },
    passedOnWith: rule.project ? `scope ${rule.scope}` : undefined,
  }
}

function tellRecipient(party: RelyingParty, policy: AttributePolicy | undefined) {
  const { name, dataAccess } = party
  if (!party.grantTypes.includes('authorization_code')) {
    const seen = [...dataAccess.claims, ...dataAccess.auxiliary.map((one) => JSON.stringify(one))]
    return { name, kind: 'machine client' as const, sees: seen.join(', ') || 'links, no attribute' }
  }
  const rules = (policy?.rules ?? []).filter(({ project }) => project)
  const sees = rules.map((rule) => `${rule.name} (${rule.scope})`).join(', ')
  return { name, kind: 'relying party' as const, sees: sees || 'a subject, no attribute' }
}

function tellRetention(entry: RetentionEntryView) {
  const { what, ground, noticeDays } = entry
  const notice = noticeDays > 0 ? `, told ${noticeDays} days before` : ''
  const period =
    entry.days === undefined ? (entry.lives ?? 'for good') : `${entry.days} days${notice}`
  return { what, period, ground }
}
