/** The one way in which policy documents are published, whoever asks: judged together, numbered, told in the trail. */
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { TenantId } from '../domain/ids.ts'
import type { PolicyKind } from '../domain/policy.ts'
import { type IsoInstant, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, type Transaction } from '../store/database.ts'
import { findCurrentPolicies, insertPolicy } from '../store/policy.ts'
import { dropPolicyDrafts } from '../store/policy-draft.ts'
import { listProviders, readProvider } from '../store/provider.ts'
import { listRegistrationCertificates } from '../store/registration-certificate.ts'
import { findTenantById, raiseRevision } from '../store/tenant.ts'
import { acceptPolicies, documentsIn, type PolicyInput } from './policy-draft.ts'
import { registeredIn } from './registration-view.ts'

export interface Published {
  kind: PolicyKind
  version: number
  /** SHA-256 of the stored document, base64url. */
  digest: string
  publishedAt: IsoInstant
}

/** What is to be published, once the tenant's row is locked. */
export interface Choice {
  documents: PolicyInput
  /** The older version these documents are taken from, for the trail. */
  restored?: number | undefined
  /** Kinds whose draft goes away with this. */
  drop?: readonly PolicyKind[] | undefined
  /** The draft of the trust policy that is to be published: who wrote it, and whether the publisher named its digest. */
  trustDraft?: { writtenBy: string; isNamed: boolean } | undefined
}

/** The current version of each kind that has one. */
export type CurrentVersions = { readonly [K in PolicyKind]?: number }

/**
 * Publishes what `choose` answers, all of it or nothing, each as the next version of its kind; a document that says what
 * its kind's current version says is left alone. Throws what `choose` throws, `policy_refused`, and `conflict` where a trust
 * policy needs a second administrator, who names the draft that was read (TR-03).
 */
export async function publishDocuments(
  deps: Pick<Deps, 'db' | 'clock'> & { tenants: Pick<Deps['tenants'], 'forget'> },
  actor: AdminActor,
  tenant: { id: TenantId; slug: string },
  choose: (tx: Transaction, current: CurrentVersions) => Promise<Choice>,
  sameAgain: 'publish' | 'leave',
): Promise<readonly Published[]> {
  const tenantId = tenant.id
  const now = toInstant(deps.clock())
  const published = await inTransaction(deps.db, tenantId, async (tx) => {
    // Raising the revision locks the tenant's row, so publishers take turns and the numbers below are the next ones.
    const [, current, providers, certificates, [row]] = await tx.runAll([
      raiseRevision({ id: tenantId, now }),
      findCurrentPolicies({ tenantId }),
      listProviders({ tenantId }),
      listRegistrationCertificates({ tenantId }),
      findTenantById({ id: tenantId }),
    ])
    const versions: CurrentVersions = Object.fromEntries(
      current.map((row) => [row.kind, row.version]),
    )
    const { documents, restored, drop = [], trustDraft } = await choose(tx, versions)
    const registrations = registeredIn(certificates)
    const surroundings = {
      providers: providers.map(readProvider),
      registrations,
      haip: row?.haip === 1,
    }
    const drafts = acceptPolicies(documents, documentsIn(current), surroundings).filter(
      ({ kind, text }) =>
        sameAgain === 'publish' ||
        current.every((row) => row.kind !== kind || row.document !== text),
    )
    const needsSecond = row?.trust_four_eyes === 1 && drafts.some(({ kind }) => kind === 'trust')
    if (needsSecond) checkSecond(actor, trustDraft)
    const numbered = drafts.map((draft) => ({ ...draft, version: (versions[draft.kind] ?? 0) + 1 }))
    await tx.runLast([
      dropPolicyDrafts({ tenantId, kinds: drop }),
      ...numbered.map(({ kind, text: document, digest }) =>
        insertPolicy({ tenantId, kind, document, digest, publishedBy: actor.id, now }),
      ),
      ...numbered.map(({ kind, version }) =>
        insertAuditEvent(tenantId, newId(), now, {
          detail: {
            ...{ type: 'policy_published', actor: actor.id, kind, version, restored },
            written_by: needsSecond && kind === 'trust' ? trustDraft?.writtenBy : undefined,
          },
        }),
      ),
    ])
    return numbered
  })
  deps.tenants.forget(tenant.slug)
  return published.map(({ kind, version, digest }) => ({ kind, version, digest, publishedAt: now }))
}

/** Whom to believe decides who gets in: nobody decides that alone where the tenant wants two. */
function checkSecond(publisher: AdminActor, draft: Choice['trustDraft']): void {
  if (draft === undefined)
    fail({
      kind: 'conflict',
      detail: 'trust: it must be saved as a draft, and published by another',
    })
  if (draft.writtenBy === publisher.id)
    fail({ kind: 'conflict', detail: 'trust: somebody else has to publish it' })
  // What nobody looked at was decided by one alone, also where the draft was changed after it was read.
  if (!draft.isNamed)
    fail({
      kind: 'conflict',
      detail: 'trust: read the draft as it is now, and name its digest as trust_digest',
    })
}
