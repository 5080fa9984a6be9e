/**
 * The one transaction of a first login: guard rows, person, matches, data key, binding, session, journey, audit event.
 * All of it or none of it.
 */
import { auditSubjectHash, newAuditSalt } from '../crypto/audit-subject.ts'
import { createDataKey, type DataKey, sealWithDataKey, unwrapDataKey } from '../crypto/data-key.ts'
import { hashInstitutionIdentifier } from '../crypto/identifier-hash.ts'
import { currentVersion } from '../crypto/keyring.ts'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { UpstreamAssurance } from '../domain/assurance.ts'
import type { Attributes } from '../domain/attributes.ts'
import { fail } from '../domain/failure.ts'
import { NORMALISATION, providerSubjectIdentifier } from '../domain/identifier.ts'
import type { BindingId, IdentityId, MatchId, SessionId, TenantId } from '../domain/ids.ts'
import { RETURN_TIME, type Reconciling } from '../domain/journey.ts'
import { decidePerson, type PersonDecision } from '../domain/recognition.ts'
import { type HolderHash, type InstitutionHash, noHolder } from '../domain/text.ts'
import { type IsoInstant, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import {
  type BindingContent,
  findBindingOfAccount,
  findBindingsByMatch,
  insertBinding,
  updateBinding,
} from '../store/binding.ts'
import { inTransaction, type Transaction } from '../store/database.ts'
import { insertIdentity, lockIdentity } from '../store/identity.ts'
import {
  findPersonHits,
  insertMatch,
  lockGuards,
  type PersonHit,
  upgradeMatch,
} from '../store/match.ts'
import type { Provider } from '../store/provider.ts'
import { recogniseJourney, updateSessionStatus } from '../store/session.ts'
import type { PreparedTenant } from './tenants.ts'

/** A wallet and an account that were proven to belong together, in one browser, in one journey; or an account alone (`direct`). */
export interface ProvenLink {
  journey: Reconciling
  sessionId: SessionId
  provider: Provider
  account: { issuer: string; attribute: string; value: string }
  /** The attributes to keep. */
  attributes: Attributes
  upstream: UpstreamAssurance
}

type Means = Pick<Deps, 'db' | 'keyring' | 'clock'>

/** One side of the link: its hash under every readable version, the current one first. */
interface Side<Hash> {
  current: Hash
  version: number
  hashes: readonly Hash[]
}

/** What every step of the transaction works with. */
interface Recording {
  means: Means
  tx: Transaction
  tenantId: TenantId
  link: ProvenLink
  holder: Side<HolderHash> | undefined
  institution: Side<InstitutionHash>
  now: IsoInstant
}

interface Person {
  id: IdentityId
  isNew: boolean
  key: DataKey
  auditSalt: string
}

/**
 * Records the link. A known account joins the wallet to its person; a known wallet gets the account; both known and of
 * one person refreshes the binding. Throws `ambiguous_identity` when they belong to two people, `identity_unavailable`
 * when the person is not active (any more), `journey_not_open` when session or journey moved on; nothing is left then.
 */
export async function recordLink(
  means: Means,
  prepared: PreparedTenant,
  link: ProvenLink,
): Promise<void> {
  const tenantId = prepared.tenant.id
  const holder = holderSide(link.journey)
  const institution = institutionSide(means, tenantId, link)
  const now = toInstant(means.clock())
  const work = async (tx: Transaction) => {
    const recording = { means, tx, tenantId, link, holder, institution, now }
    const hits = await lockAndRead(recording)
    const decision = decidePerson(hits.map(sideHit))
    if (decision.kind === 'conflict') return fail({ kind: 'ambiguous_identity' })
    const person = await takePerson(recording, decision, hits)
    const matchId = await writeMatches(recording, decision, person.id, hits)
    const binding = await writeBinding(recording, decision, person, matchId)
    await finishJourney(recording, person, binding)
  }
  // A deadlock undoes everything, so the whole may be tried again (PG-17).
  await inTransaction(means.db, tenantId, work, { retries: 2 })
}

/** Undefined for a login without a wallet: nothing is locked, looked up or written on that side. */
function holderSide(journey: Reconciling): Side<HolderHash> | undefined {
  const { way, holderHashes, holderHashVersion } = journey
  if (way === 'direct') return undefined
  const [current] = holderHashes
  if (current === undefined) return fail({ kind: 'journey_not_open' })
  return { current, version: holderHashVersion, hashes: holderHashes }
}

function institutionSide(means: Means, tenant: TenantId, link: ProvenLink): Side<InstitutionHash> {
  const { issuer, attribute, value } = link.account
  const identifier = providerSubjectIdentifier(issuer, attribute, value)
  if (identifier === undefined)
    return fail({ kind: 'institution_refused', reason: 'subject_missing' })
  const input = { tenant, normalisation: NORMALISATION, ...identifier }
  const all = hashInstitutionIdentifier(means.keyring, input)
  const [current] = all
  if (current === undefined) return fail({ kind: 'sealed_unreadable' })
  return { current: current.hash, version: current.version, hashes: all.map(({ hash }) => hash) }
}

function sideHit(hit: PersonHit) {
  return { side: hit.hash_key, matchId: hit.match_id, identityId: hit.identity_id }
}

/** Guard rows of every readable version's hash on both sides, then a fresh look under all of them. */
async function lockAndRead(recording: Recording): Promise<readonly PersonHit[]> {
  const { tx, tenantId, holder, institution, now } = recording
  const keys = holder?.hashes ?? []
  const hashes = [...keys, ...institution.hashes]
  const types = [...keys.map(() => 'KEY'), ...institution.hashes.map(() => 'SUBJECT_ID')]
  const [, hits] = await tx.runAll([
    lockGuards({ tenantId, types, hashes, now }),
    findPersonHits({ tenantId, hashes }),
  ])
  return hits
}

type Decided = Exclude<PersonDecision, { kind: 'conflict' }>

/**
 * The person to join, locked and active; or a new one with a data key of its own. What an unlink, merge or split changed
 * while we waited for the person's row is seen by looking again behind the lock.
 */
async function takePerson(
  recording: Recording,
  decision: Decided,
  hits: readonly PersonHit[],
): Promise<Person> {
  const { means, tx, tenantId, holder, institution, now } = recording
  if (decision.kind === 'join') {
    const [[row], again] = await tx.runAll([
      lockIdentity({ tenantId, id: decision.identityId }),
      findPersonHits({ tenantId, hashes: [...(holder?.hashes ?? []), ...institution.hashes] }),
    ])
    if (row?.status !== 'ACTIVE' || row.wrapped_data_key === null || row.audit_salt === null)
      return fail({ kind: 'identity_unavailable' })
    if (namesOf(again) !== namesOf(hits)) return fail({ kind: 'identity_unavailable' })
    const key = unwrapDataKey(means.keyring, tenantId, row.id, row.wrapped_data_key)
    return { id: row.id, isNew: false, key, auditSalt: row.audit_salt }
  }
  const id = newId() as IdentityId
  const { wrapped, version, key } = createDataKey(means.keyring, tenantId, id)
  const auditSalt = newAuditSalt(means.keyring)
  const row = { tenantId, id, wrappedDataKey: wrapped, dataKeyVersion: version, auditSalt, now }
  await tx.run(insertIdentity(row))
  return { id, isNew: true, key, auditSalt }
}

/** Which matches point at whom, as one text to compare. */
function namesOf(hits: readonly PersonHit[]): string {
  return hits
    .map(({ match_id, identity_id }) => `${match_id} ${identity_id}`)
    .sort()
    .join()
}

/** Both sides' matches point at the person; returns the one the binding hangs on: the wallet's, or without one the account's. */
async function writeMatches(
  recording: Recording,
  decision: Decided,
  identityId: IdentityId,
  hits: readonly PersonHit[],
): Promise<MatchId> {
  const known = decision.kind === 'join' ? decision : undefined
  const { holder, institution } = recording
  const account = { hashKey: 'B', type: 'SUBJECT_ID', id: known?.institutionMatch } as const
  const wallet = { hashKey: 'A', type: 'KEY', id: known?.holderMatch } as const
  const accountMatch = await writeMatch(recording, { ...institution, ...account }, identityId, hits)
  if (holder === undefined) return accountMatch
  return await writeMatch(recording, { ...holder, ...wallet }, identityId, hits)
}

/** A new match, or the known one, moved to the current key version if it was found under an older one. */
async function writeMatch(
  { tx, tenantId, now }: Recording,
  side: Side<HolderHash | InstitutionHash> & {
    hashKey: 'A' | 'B'
    type: 'KEY' | 'SUBJECT_ID'
    id: MatchId | undefined
  },
  identityId: IdentityId,
  hits: readonly PersonHit[],
): Promise<MatchId> {
  const id = side.id ?? (newId() as MatchId)
  const row = { tenantId, id, hash: side.current, hashKeyVersion: side.version, now }
  if (side.id === undefined) {
    const { hashKey, type } = side
    await tx.run(insertMatch({ ...row, hashKey, type, identityId, metadata: null }))
    return id
  }
  const hit = hits.find((one) => one.match_id === id)
  if (hit?.hash_key_version !== side.version)
    await tx.run(upgradeMatch({ ...row, hashes: side.hashes }))
  return id
}

/** A new binding, or the one this wallet already has to this account, refreshed in place. */
async function writeBinding(
  recording: Recording,
  decision: Decided,
  person: Person,
  matchId: MatchId,
): Promise<{ id: BindingId; isNew: boolean }> {
  const { tx, tenantId, holder, institution } = recording
  const mayExist = matchId === knownMatch(decision, holder)
  const account = { tenantId, matchId, institutionHashes: institution.hashes }
  const [known] = mayExist ? await tx.run(findBindingOfAccount(account)) : []
  if (known === undefined && mayExist) await refuseOtherAccount(recording, matchId)
  const id = known?.id ?? (newId() as BindingId)
  const content = sealBinding(recording, person, id)
  if (known !== undefined) await tx.run(updateBinding({ ...content, id, tenantId }))
  else {
    const holderHash = holder?.current ?? noHolder(id)
    const holderHashVersion = holder?.version ?? 0
    await tx.run(
      insertBinding({ ...content, id, tenantId, matchId, holderHash, holderHashVersion }),
    )
  }
  return { id, isNew: known === undefined }
}

/** The match a binding may hang on already. */
function knownMatch(decision: Decided, holder: Recording['holder']): MatchId | undefined {
  if (decision.kind === 'new') return undefined
  return holder === undefined ? decision.institutionMatch : decision.holderMatch
}

/** A wallet that became known meanwhile with another account of this provider: which of them is the person, nobody knows. */
async function refuseOtherAccount(
  { tx, tenantId, link }: Recording,
  matchId: MatchId,
): Promise<void> {
  const bindings = await tx.run(findBindingsByMatch({ tenantId, matchId }))
  if (bindings.some(({ provider_id }) => provider_id === link.provider.id))
    fail({ kind: 'ambiguous_identity' })
}

function sealBinding(
  { means, tenantId, link, holder, institution, now }: Recording,
  person: Person,
  binding: BindingId,
): BindingContent {
  const { policies } = link.journey
  const seal = (column: string, text: string) =>
    sealWithDataKey(
      person.key,
      { tenant: tenantId, table: 'identity_link_binding', column, row: binding },
      text,
    )
  return {
    institutionHash: institution.current,
    institutionHashVersion: institution.version,
    institutionId: seal('encrypted_institution_id', link.account.value),
    attributes: seal('persisted_attributes_envelope', JSON.stringify(link.attributes)),
    sealedVersion: currentVersion(means.keyring, 'C'),
    providerId: link.provider.id,
    label: link.account.attribute,
    assurance: JSON.stringify(link.upstream),
    attributePolicyVersion: String(policies.attributes),
    materialPolicyVersion: String(policies.material),
    selectorPolicyVersion: String(policies.selector),
    // Keyed hashes, not values: compared when a material may have changed.
    fingerprints: JSON.stringify({
      ...(holder === undefined ? {} : { holder_key: holder.current }),
      provider_subject: institution.current,
    }),
    now,
  }
}

/** Session COMPLETED, journey recognised, the event last. */
async function finishJourney(
  { means, tx, tenantId, link, holder, institution, now }: Recording,
  person: Person,
  binding: { id: BindingId; isNew: boolean },
): Promise<void> {
  const { journey, provider, sessionId, upstream } = link
  const expiresAt = toInstant(means.clock() + RETURN_TIME)
  const [[session], [moved]] = await tx.runAll([
    updateSessionStatus({
      tenantId,
      id: sessionId,
      from: 'AUTHORIZED',
      to: 'COMPLETED',
      error: null,
    }),
    recogniseJourney({
      ...{ tenantId, id: journey.id, identityId: person.id, bindingId: binding.id },
      ...{ assurance: JSON.stringify(upstream), now, expiresAt },
      // Without a wallet the account is what the person is known by from here on.
      hashes: holder === undefined ? institution.hashes : null,
      hashVersion: holder === undefined ? institution.version : null,
    }),
  ])
  if (session?.changed !== 1 || moved?.changed !== 1) fail({ kind: 'journey_not_open' })
  const said = { provider: provider.slug, acr: upstream.acr.length === 0 ? 'none' : 'stated' }
  await tx.runLast([
    insertAuditEvent(tenantId, newId(), now, {
      detail: binding.isNew
        ? { type: 'binding_created', ...said, person: person.isNew ? 'new' : 'joined' }
        : { type: 'binding_updated', ...said },
      correlationId: journey.correlationId,
      subjectHash: auditSubjectHash(means.keyring, tenantId, person.auditSalt),
      clientId: journey.clientId,
    }),
  ])
}
