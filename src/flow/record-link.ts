/**
 * The one transaction of a first login: guard rows, person, matches, data key, binding, session, journey, audit event.
 * All of it or none of it.
 */
import type { Deps } from '../deps.ts'
import { auditSubjectHash, newAuditSalt } from '../crypto/audit-subject.ts'
import { createDataKey, type DataKey, sealWithDataKey, unwrapDataKey } from '../crypto/data-key.ts'
import { hashInstitutionIdentifier, type VersionedHash } from '../crypto/identifier-hash.ts'
import { currentVersion } from '../crypto/keyring.ts'
import { newId } from '../crypto/random.ts'
import type { UpstreamAssurance } from '../domain/assurance.ts'
import type { Attributes } from '../domain/attributes.ts'
import { fail } from '../domain/failure.ts'
import { NORMALISATION, providerSubjectIdentifier } from '../domain/identifier.ts'
import type { BindingId, IdentityId, MatchId, SessionId, TenantId } from '../domain/ids.ts'
import { RETURN_TIME, type Reconciling } from '../domain/journey.ts'
import { decidePerson, type PersonDecision } from '../domain/recognition.ts'
import type { InstitutionHash } from '../domain/text.ts'
import { type IsoInstant, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { type BindingContent, findBindingOfAccount, insertBinding, updateBinding } from '../store/binding.ts'
import { inTransaction, type Transaction } from '../store/database.ts'
import { insertIdentity, lockIdentity } from '../store/identity.ts'
import { findPersonHits, insertMatch, lockGuards, type PersonHit, upgradeMatch } from '../store/match.ts'
import type { Provider } from '../store/provider.ts'
import { recogniseJourney, updateSessionStatus } from '../store/session.ts'
import type { PreparedTenant } from './tenants.ts'

/** A wallet and an account that were proven to belong together, in one browser, in one journey. */
export interface ProvenLink {
  journey: Reconciling
  sessionId: SessionId
  provider: Provider
  account: { issuer: string; attribute: string; value: string }
  /** The attributes to keep. */
  attributes: Attributes
  upstream: UpstreamAssurance
}

interface Person {
  id: IdentityId
  isNew: boolean
  key: DataKey
  auditSalt: string
}

type Means = Pick<Deps, 'db' | 'keyring' | 'clock'>

/**
 * Records the link. A known account joins the wallet to its person; a known wallet gets the account; both known and of
 * one person refreshes the binding. Throws `ambiguous_identity` when they belong to two people, `identity_unavailable`
 * when the person is not active (any more), `journey_not_open` when session or journey moved on; nothing is left then.
 */
export async function recordLink(means: Means, prepared: PreparedTenant, link: ProvenLink): Promise<void> {
  const tenantId = prepared.tenant.id
  const { journey } = link
  const now = toInstant(means.clock())
  const institutionHashes = hashAccount(means, tenantId, link)
  await inTransaction(
    means.db,
    tenantId,
    async (tx) => {
      const hits = await lockAndRead(tx, tenantId, journey, institutionHashes, now)
      const decision = decidePerson(
        hits.map((hit) => ({ side: hit.hash_key, matchId: hit.match_id, identityId: hit.identity_id })),
      )
      if (decision.kind === 'conflict') fail({ kind: 'ambiguous_identity' })
      const person = await takePerson(means, tx, tenantId, decision, now)
      const matchId = await writeMatches(tx, tenantId, link, decision, person.id, institutionHashes, hits, now)
      const binding = await writeBinding(means, tx, tenantId, link, decision, person, matchId, institutionHashes, now)
      await finishJourney(means, tx, tenantId, link, person, binding, now)
    },
    // Two first logins of one person may meet in the unique key after a sweep of guards; the second try finds the row.
    { retries: 2 },
  )
}

function hashAccount(means: Means, tenant: TenantId, link: ProvenLink): readonly VersionedHash<InstitutionHash>[] {
  const { issuer, attribute, value } = link.account
  const identifier = providerSubjectIdentifier(issuer, attribute, value)
  if (identifier === undefined) return fail({ kind: 'institution_refused', reason: 'subject_missing' })
  return hashInstitutionIdentifier(means.keyring, { tenant, normalisation: NORMALISATION, ...identifier })
}

/** Guard rows of every readable version's hash on both sides, then a fresh look under all of them. */
async function lockAndRead(
  tx: Transaction,
  tenantId: TenantId,
  journey: Reconciling,
  institutionHashes: readonly VersionedHash<InstitutionHash>[],
  now: IsoInstant,
): Promise<readonly PersonHit[]> {
  const holder = journey.holderHashes
  const institution = institutionHashes.map(({ hash }) => hash)
  const hashes = [...holder, ...institution]
  const types = [...holder.map(() => 'KEY'), ...institution.map(() => 'SUBJECT_ID')]
  const [, hits] = await tx.runAll([
    lockGuards({ tenantId, types, hashes, now }),
    findPersonHits({ tenantId, hashes }),
  ])
  return hits
}

/** The person to join, locked and active; or a new one with a data key of its own. */
async function takePerson(
  means: Means,
  tx: Transaction,
  tenantId: TenantId,
  decision: Exclude<PersonDecision, { kind: 'conflict' }>,
  now: IsoInstant,
): Promise<Person> {
  if (decision.kind === 'join') {
    const [row] = await tx.run(lockIdentity({ tenantId, id: decision.identityId }))
    if (row === undefined || row.status !== 'ACTIVE' || row.wrapped_data_key === null || row.audit_salt === null)
      return fail({ kind: 'identity_unavailable' })
    const key = unwrapDataKey(means.keyring, tenantId, row.id, row.wrapped_data_key)
    return { id: row.id, isNew: false, key, auditSalt: row.audit_salt }
  }
  const id = newId() as IdentityId
  const { wrapped, version, key } = createDataKey(means.keyring, tenantId, id)
  const auditSalt = newAuditSalt(means.keyring)
  await tx.run(insertIdentity({ tenantId, id, wrappedDataKey: wrapped, dataKeyVersion: version, auditSalt, now }))
  return { id, isNew: true, key, auditSalt }
}

/** Both sides' matches point at the person; returns the wallet's. Hits on an older key version move to the current one. */
async function writeMatches(
  tx: Transaction,
  tenantId: TenantId,
  link: ProvenLink,
  decision: Exclude<PersonDecision, { kind: 'conflict' }>,
  identityId: IdentityId,
  institutionHashes: readonly VersionedHash<InstitutionHash>[],
  hits: readonly PersonHit[],
  now: IsoInstant,
): Promise<MatchId> {
  const { journey } = link
  const holder = { hash: journey.holderHashes[0], version: journey.holderHashVersion }
  const institution = institutionHashes[0]
  if (holder.hash === undefined || institution === undefined) return fail({ kind: 'sealed_unreadable' })
  const known = decision.kind === 'join' ? decision : undefined
  const sides = [
    {
      ...{ id: known?.holderMatch, hashKey: 'A' as const, type: 'KEY' as const },
      ...{ hash: holder.hash, version: holder.version, hashes: journey.holderHashes },
    },
    {
      ...{ id: known?.institutionMatch, hashKey: 'B' as const, type: 'SUBJECT_ID' as const },
      ...{ hash: institution.hash, version: institution.version, hashes: institutionHashes.map(({ hash }) => hash) },
    },
  ]
  const ids: MatchId[] = []
  for (const side of sides) {
    const id = side.id ?? (newId() as MatchId)
    ids.push(id)
    const { hash, hashKey, version: hashKeyVersion, type, hashes } = side
    const row = { tenantId, id, hash, hashKeyVersion, now }
    if (side.id === undefined) await tx.run(insertMatch({ ...row, hashKey, type, identityId, metadata: null }))
    else if (hits.some((hit) => hit.match_id === id && hit.hash_key_version !== hashKeyVersion))
      await tx.run(upgradeMatch({ ...row, hashes }))
  }
  return ids[0] ?? fail({ kind: 'sealed_unreadable' })
}

/** A new binding, or the one this wallet already has to this account, refreshed in place. */
async function writeBinding(
  means: Means,
  tx: Transaction,
  tenantId: TenantId,
  link: ProvenLink,
  decision: Exclude<PersonDecision, { kind: 'conflict' }>,
  person: Person,
  matchId: MatchId,
  institutionHashes: readonly VersionedHash<InstitutionHash>[],
  now: IsoInstant,
): Promise<{ id: BindingId; isNew: boolean }> {
  const [holderHash] = link.journey.holderHashes
  const [institution] = institutionHashes
  if (holderHash === undefined || institution === undefined) return fail({ kind: 'sealed_unreadable' })
  const known =
    decision.kind === 'join' && decision.holderMatch !== undefined
      ? await tx.run(
          findBindingOfAccount({ tenantId, matchId, institutionHashes: institutionHashes.map(({ hash }) => hash) }),
        )
      : []
  const id = known[0]?.id ?? (newId() as BindingId)
  const content = sealBinding(means, tenantId, link, person, id, institution, now)
  if (known.length > 0) await tx.run(updateBinding({ ...content, id, tenantId }))
  else
    await tx.run(
      insertBinding({
        ...content,
        id,
        tenantId,
        matchId,
        holderHash,
        holderHashVersion: link.journey.holderHashVersion,
      }),
    )
  return { id, isNew: known.length === 0 }
}

function sealBinding(
  means: Means,
  tenant: TenantId,
  link: ProvenLink,
  person: Person,
  binding: BindingId,
  institution: VersionedHash<InstitutionHash>,
  now: IsoInstant,
): BindingContent {
  const { policies, holderHashes } = link.journey
  const context = (column: string) => ({ tenant, table: 'identity_link_binding', column, row: binding })
  return {
    institutionHash: institution.hash,
    institutionHashVersion: institution.version,
    institutionId: sealWithDataKey(person.key, context('encrypted_institution_id'), link.account.value),
    attributes: sealWithDataKey(
      person.key,
      context('persisted_attributes_envelope'),
      JSON.stringify(link.attributes),
    ),
    sealedVersion: currentVersion(means.keyring, 'C'),
    providerId: link.provider.id,
    label: link.account.attribute,
    assurance: JSON.stringify(link.upstream),
    attributePolicyVersion: String(policies.attributes),
    materialPolicyVersion: String(policies.material),
    selectorPolicyVersion: String(policies.selector),
    fingerprints: JSON.stringify({ holder_key: holderHashes[0], provider_subject: institution.hash }),
    now,
  }
}

/** Session COMPLETED, journey recognised, the event last. */
async function finishJourney(
  means: Means,
  tx: Transaction,
  tenantId: TenantId,
  link: ProvenLink,
  person: Person,
  binding: { id: BindingId; isNew: boolean },
  now: IsoInstant,
): Promise<void> {
  const { journey, provider } = link
  const [[session], [moved]] = await tx.runAll([
    updateSessionStatus({ tenantId, id: link.sessionId, from: 'AUTHORIZED', to: 'COMPLETED', error: null }),
    recogniseJourney({
      tenantId,
      id: journey.id,
      identityId: person.id,
      bindingId: binding.id,
      assurance: JSON.stringify(link.upstream),
      now,
      expiresAt: toInstant(means.clock() + RETURN_TIME),
    }),
  ])
  if (session?.changed !== 1 || moved?.changed !== 1) fail({ kind: 'journey_not_open' })
  const acr = link.upstream.acr.length === 0 ? 'none' : 'stated'
  await tx.runLast([
    insertAuditEvent(tenantId, newId(), now, {
      detail: binding.isNew
        ? { type: 'binding_created', provider: provider.slug, person: person.isNew ? 'new' : 'joined', acr }
        : { type: 'binding_updated', provider: provider.slug, acr },
      correlationId: journey.correlationId,
      subjectHash: auditSubjectHash(means.keyring, tenantId, person.auditSalt),
      clientId: journey.clientId,
    }),
  ])
}
