/**
 * The one transaction of a first login: guard rows, person, matches, data key, binding, session, journey, audit event.
 * All of it or none of it.
 */
import { auditSubjectHash, newAuditSalt } from '../crypto/audit-subject.ts'
import { createDataKey, type DataKey, sealWithDataKey, unwrapDataKey } from '../crypto/data-key.ts'
import { hashToldIdentifier } from '../crypto/identifier-hash.ts'
import { currentVersion } from '../crypto/keyring.ts'
import { outboxRows } from '../crypto/outbox-event.ts'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { UpstreamAssurance } from '../domain/assurance.ts'
import type { AttributePolicy } from '../domain/attributes.ts'
import { fail } from '../domain/failure.ts'
import {
  allHashes,
  type HashedIdentifier,
  providerSubjectIdentifier,
} from '../domain/identifier.ts'
import type { BindingId, IdentityId, MatchId, SessionId, TenantId } from '../domain/ids.ts'
import { type Confirming, RETURN_TIME, type Reconciling } from '../domain/journey.ts'
import {
  envelopeText,
  keepAttributes,
  type Stated,
  type StatedByWallet,
} from '../domain/kept-attributes.ts'
import { canLink, fingerprintsOf, linkedIdentifiers, primaryOf } from '../domain/link.ts'
import type { MaterialPolicy } from '../domain/material.ts'
import type { IdvPlan } from '../domain/plan.ts'
import { decidePerson, type PersonDecision } from '../domain/recognition.ts'
import { dueAfter } from '../domain/standing.ts'
import { type HolderHash, type InstitutionHash, noHolder } from '../domain/text.ts'
import { DAY, fromInstant, type IsoInstant, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import {
  type BindingContent,
  endDirectBindings,
  findBindingOfAccount,
  findProvidersOfMatches,
  insertBinding,
  softDeleteBinding,
  unifyAccount,
  updateBinding,
} from '../store/binding.ts'
import { inTransaction, type Transaction } from '../store/database.ts'
import { insertIdentity, lockIdentity } from '../store/identity.ts'
import {
  dropOldKeys,
  findPersonHits,
  insertMatch,
  lockGuards,
  markShared,
  type PersonHit,
  upgradeMatch,
} from '../store/match.ts'
import { findReceivers, insertOutbox } from '../store/outbox.ts'
import type { Provider } from '../store/provider.ts'
import { recogniseJourney, updateSessionStatus } from '../store/session.ts'
import { refreshBindings } from './refresh-bindings.ts'
import type { PreparedTenant } from './tenants.ts'

/** A wallet and an account that were proven to belong together, in one browser, in one journey; or an account alone (`direct`). */
export interface ProvenLink {
  journey: Reconciling | Confirming
  sessionId: SessionId
  provider: Provider
  account: { issuer: string; attribute: string; value: string }
  /** What links, how, and for how long. */
  plan: IdvPlan
  /** The one person the account may belong to; undefined where anybody's will do. */
  expectedId: IdentityId | undefined
  /** What each side said, and the rules that make one set of it. */
  attributes: { policy: AttributePolicy; shown: StatedByWallet; told: Stated }
  upstream: UpstreamAssurance
}

type Means = Pick<Deps, 'db' | 'keyring' | 'clock'>

/** What every step of the transaction works with. */
interface Recording {
  means: Means
  tx: Transaction
  tenantId: TenantId
  link: ProvenLink
  /** Of the wallet: all that the profile keeps. None of a login without one. */
  shown: readonly HashedIdentifier<HolderHash>[]
  /** The one of them that the binding hangs on; undefined without a wallet, and then it hangs on the account. */
  primary: HashedIdentifier<HolderHash> | undefined
  account: HashedIdentifier<InstitutionHash>
  keysKept: number
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
 * when the person is not active (any more), `institution_refused` (`identifier_missing`) when the wallet showed nothing
 * the profile can link by, or (`attribute_missing`) when a required attribute has no value, `journey_not_open` when session or journey moved on; nothing is left then.
 */
export async function recordLink(
  means: Means,
  prepared: PreparedTenant,
  link: ProvenLink,
): Promise<void> {
  const tenantId = prepared.tenant.id
  const material = await prepared.policy('material', link.journey.policies.material)
  const sides = takeSides(means, tenantId, material, link)
  const now = toInstant(means.clock())
  const work = async (tx: Transaction) => {
    const recording = { means, tx, tenantId, link, ...sides, keysKept: material.keysKept, now }
    const hits = await lockAndRead(recording)
    const decision = decidePerson(hits.map(sideHit))
    requireExpected(recording, hits)
    if (decision.kind === 'conflict') return fail({ kind: 'ambiguous_identity' })
    if (decision.kind === 'unconfirmed')
      return fail({ kind: 'institution_refused', reason: 'candidate_not_confirmed' })
    const person = await takePerson(recording, decision, hits)
    const matches = await writeMatches(recording, person.id, hits)
    const binding = await writeBinding(recording, person, matches)
    await spellAccountOnce(recording)
    await finishJourney(recording, person, binding)
  }
  // A deadlock undoes everything, so the whole may be tried again (PG-17).
  await inTransaction(means.db, tenantId, work, { retries: 2 })
}

/** While Key B rotates, what was linked under another version of it still leads to the same account. */
async function spellAccountOnce({ tx, tenantId, account }: Recording): Promise<void> {
  const [{ hash: institutionHash, version: institutionHashVersion }, ...others] = account.hashes
  if (others.length === 0) return
  const institutionHashes = allHashes([account])
  await tx.run(
    unifyAccount({ tenantId, institutionHashes, institutionHash, institutionHashVersion }),
  )
}

/**
 * STEP_UP: the account itself has to be the expected person's already. What the wallet suggests about them is what is to be
 * confirmed, and proves nothing.
 */
function requireExpected({ link, account }: Recording, hits: readonly LinkHit[]): void {
  if (link.expectedId === undefined) return
  const own = hits.find(({ identifier }) => identifier === account)
  if (own?.identity_id !== link.expectedId)
    fail({ kind: 'institution_refused', reason: 'candidate_not_confirmed' })
}

/**
 * The identifiers of both sides that a link is made of. Of a login without a wallet nothing is locked, looked up or written
 * on that side. Throws `institution_refused`: `identifier_missing`, `subject_missing`.
 */
export function takeSides(
  means: Pick<Deps, 'keyring'>,
  tenant: TenantId,
  material: MaterialPolicy,
  link: ProvenLink,
) {
  const { journey } = link
  const profile = material.profiles.find(({ id }) => id === link.plan.profile)
  const shown = profile === undefined ? [] : linkedIdentifiers(profile, journey.identifiers)
  const keyAlone = material.keyAlone === 'allowed'
  if (journey.way !== 'direct' && !canLink(shown, { keyAlone }))
    return fail({ kind: 'institution_refused', reason: 'identifier_missing' })
  const { issuer, attribute, value } = link.account
  const told = providerSubjectIdentifier(issuer, attribute, value)
  if (told === undefined) return fail({ kind: 'institution_refused', reason: 'subject_missing' })
  const named = { ...told, material: 'provider_subject', strength: 'identifies' } as const
  const primary = primaryOf(shown)
  return { shown, primary, account: hashToldIdentifier(means.keyring, tenant, named) }
}

/** A live match under one of the link's hashes, with the identifier it was found by. */
interface LinkHit extends PersonHit {
  identifier: HashedIdentifier<HolderHash | InstitutionHash>
  /** What the version of the key it was found under is worth. */
  standing: 'ahead' | 'hint' | undefined
}

function sideHit({ identifier, standing, ...hit }: LinkHit) {
  return {
    hint: standing === 'hint',
    side: hit.hash_key,
    strength: identifier.strength,
    shared: hit.shared,
    matchId: hit.match_id,
    identityId: hit.identity_id,
  }
}

/** Guard rows of every readable version's hash of both sides, then a fresh look under all of them. */
async function lockAndRead(recording: Recording): Promise<readonly LinkHit[]> {
  const { tx, tenantId, shown, account, now } = recording
  const identifiers = [...shown, account]
  const guards = identifiers.flatMap(({ type, hashes }) =>
    hashes.map(({ hash }) => ({ type, hash })),
  )
  const hashes = guards.map(({ hash }) => hash)
  const [, hits] = await tx.runAll([
    lockGuards({ tenantId, types: guards.map(({ type }) => type), hashes, now }),
    findPersonHits({ tenantId, hashes }),
  ])
  return hits.flatMap((hit) => {
    const identifier = identifiers.find(
      (each) =>
        each.type === hit.identifier_type &&
        each.hashes.some(({ hash }) => hash === hit.identifier_hash),
    )
    const by = identifier?.hashes.find(({ hash }) => hash === hit.identifier_hash)
    return identifier === undefined ? [] : [{ ...hit, identifier, standing: by?.standing }]
  })
}

type Decided = Exclude<PersonDecision, { kind: 'conflict' | 'unconfirmed' }>

/**
 * The person to join, locked and active; or a new one with a data key of its own. What an unlink, merge or split changed
 * while we waited for the person's row is seen by looking again behind the lock.
 */
async function takePerson(
  recording: Recording,
  decision: Decided,
  hits: readonly PersonHit[],
): Promise<Person> {
  const { means, tx, tenantId, shown, account, now } = recording
  if (decision.kind === 'join') {
    const [[row], again] = await tx.runAll([
      lockIdentity({ tenantId, id: decision.identityId }),
      findPersonHits({ tenantId, hashes: [...allHashes(shown), ...allHashes([account])] }),
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

/** The matches a link's binding may hang on: the wallet's, or without one the account's. */
interface LinkMatches {
  /** What the binding hangs on. */
  primary: MatchId
  /** Those that were there before. */
  known: readonly MatchId[]
  /** They, and the account's: a binding behind one of them is the one to refresh. */
  mayHold: readonly MatchId[]
}

/** Every identifier points at the person. */
async function writeMatches(
  recording: Recording,
  identityId: IdentityId,
  hits: readonly LinkHit[],
): Promise<LinkMatches> {
  const { shown, primary, account } = recording
  const accounts = await writeMatch(recording, account, identityId, hits)
  const written = new Map<HashedIdentifier, { id: MatchId; isNew: boolean }>()
  for (const identifier of shown) {
    const match = await writeMatch(recording, identifier, identityId, hits)
    if (match !== undefined) written.set(identifier, match)
    if (identifier.type === 'KEY' && match?.isNew) await dropKeys(recording, identityId, match.id)
  }
  const hung = primary === undefined ? accounts : written.get(primary)
  // An identifier that identifies and is shared by two people identifies neither.
  if (hung === undefined) return fail({ kind: 'ambiguous_identity' })
  const known = knownIds(primary === undefined ? [hung] : [...written.values()])
  const mayHold = knownIds([...written.values(), ...(accounts === undefined ? [] : [accounts])])
  return { primary: hung.id, known, mayHold }
}

function knownIds(matches: readonly { id: MatchId; isNew: boolean }[]): MatchId[] {
  return matches.filter(({ isNew }) => !isNew).map(({ id }) => id)
}

/**
 * A new match, or the person's own, moved to the current key version if it was found under an older one. Undefined where
 * somebody else has it already: two people share that identifier, and from here on it speaks for neither.
 */
async function writeMatch(
  { tx, tenantId, now }: Recording,
  identifier: HashedIdentifier<HolderHash | InstitutionHash>,
  identityId: IdentityId,
  hits: readonly LinkHit[],
): Promise<{ id: MatchId; isNew: boolean } | undefined> {
  const { type, hashKey, hashes } = identifier
  const [{ hash, version: hashKeyVersion }] = hashes
  const hit = hits.find((each) => each.identifier === identifier)
  if (hit === undefined) {
    const id = newId() as MatchId
    const row = { tenantId, id, hash, hashKeyVersion, hashKey, type, identityId, now }
    await tx.run(insertMatch({ ...row, metadata: null }))
    return { id, isNew: true }
  }
  const id = hit.match_id
  if (hit.identity_id !== identityId) {
    if (!hit.shared) await tx.run(markShared({ tenantId, id, now }))
    return undefined
  }
  if (hit.hash_key_version !== hashKeyVersion && hit.standing !== 'ahead') {
    const row = { tenantId, id, hash, hashKeyVersion, now }
    await tx.run(upgradeMatch({ ...row, hashes: hashes.map((each) => each.hash) }))
  }
  return { id, isNew: false }
}

/** A wallet with a fresh key each time must not leave a row for every one of them. */
async function dropKeys(
  { tx, tenantId, keysKept, now }: Recording,
  identityId: IdentityId,
  except: MatchId,
): Promise<void> {
  await tx.run(
    dropOldKeys({ tenantId, identityId, except, kept: keysKept, reason: 'REPLACED', now }),
  )
}

/** Without a wallet: the binding of the person's own wallet to this account, where there is one. */
async function refreshAccount(
  { means, tx, tenantId, link, account, now }: Recording,
  identityId: IdentityId,
): Promise<BindingId | undefined> {
  const { policy, told } = link.attributes
  const policyVersion = link.journey.policies.attributes
  const needed = link.plan.requiredAttributes
  const described = { tenantId, identityId, account, policy, policyVersion, told, needed, now }
  return await refreshBindings(means, tx, described)
}

/**
 * A new binding, or the one this wallet already has to this account, refreshed in place. A binding that no wallet was part
 * of gets this one: an account and a wallet have one binding.
 */
async function writeBinding(
  recording: Recording,
  person: Person,
  matches: LinkMatches,
): Promise<{ id: BindingId; isNew: boolean }> {
  const { tx, tenantId, primary, account, link } = recording
  const refreshed =
    link.journey.way === 'direct' ? await refreshAccount(recording, person.id) : undefined
  if (refreshed !== undefined) return { id: refreshed, isNew: false }
  const institutionHashes = allHashes([account])
  const policy = link.plan.bindingPolicy
  // A binding that no wallet was part of is this wallet's only where it may be linked at all.
  const mayHold = policy === 'REUSE_ONLY' ? matches.known : matches.mayHold
  const [known] =
    mayHold.length === 0
      ? []
      : await tx.run(findBindingOfAccount({ tenantId, matchIds: mayHold, institutionHashes }))
  const matchIds = matches.known
  if (known === undefined && policy === 'REUSE_ONLY')
    return fail({ kind: 'institution_refused', reason: 'binding_missing' })
  if (known === undefined && matchIds.length > 0 && policy !== 'CREATE_NEW') {
    // A wallet that is linked to another account of this provider: which of them is the person, nobody knows.
    const providers = await tx.run(findProvidersOfMatches({ tenantId, matchIds }))
    if (providers.some(({ provider_id }) => provider_id === link.provider.id))
      return fail({ kind: 'ambiguous_identity' })
  }
  const replaced = policy === 'CREATE_NEW' ? known : undefined
  if (replaced !== undefined) await endBinding(recording, replaced.id)
  const reused = replaced === undefined ? known : undefined
  const id = reused?.id ?? (newId() as BindingId)
  const [holder] = primary?.hashes ?? [{ hash: noHolder(id), version: 0 }]
  const { hash: holderHash, version: holderHashVersion } = holder
  const row = { id, tenantId, matchId: matches.primary, holderHash, holderHashVersion }
  const content = sealBinding(recording, person, id)
  await tx.run(
    reused === undefined
      ? insertBinding({ ...content, ...row })
      : updateBinding({ ...content, ...row }),
  )
  if (primary !== undefined) await endDirect(recording, person.id, id)
  return { id, isNew: reused === undefined }
}

/** An account and a person's wallets need no binding of the account alone besides. */
async function endDirect(
  { tx, tenantId, account, now }: Recording,
  identityId: IdentityId,
  except: BindingId,
): Promise<void> {
  const institutionHashes = allHashes([account])
  const ended = { tenantId, identityId, institutionHashes, except, reason: 'REPLACED', now }
  await tx.run(endDirectBindings(ended))
}

async function endBinding({ tx, tenantId, now }: Recording, id: BindingId): Promise<void> {
  await tx.run(softDeleteBinding({ tenantId, id, reason: 'REPLACED', now }))
}

function sealBinding(
  { means, tenantId, link, shown, account, now }: Recording,
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
  const [{ hash: institutionHash, version: institutionHashVersion }] = account.hashes
  const { standings } = link.attributes.shown
  const due = dueAfter(standings)
  return {
    institutionHash,
    institutionHashVersion,
    institutionId: seal('encrypted_institution_id', link.account.value),
    attributes: seal('persisted_attributes_envelope', keptText(link)),
    sealedVersion: currentVersion(means.keyring, 'C'),
    providerId: link.provider.id,
    label: link.account.attribute,
    assurance: JSON.stringify(link.upstream),
    attributePolicyVersion: String(policies.attributes),
    materialPolicyVersion: String(policies.material),
    // Version and rule: what decided that this link be made.
    selectorPolicyVersion: `${policies.selector} ${link.journey.decided.rule}`,
    // Keyed hashes, not values: compared at every login, for a material may have changed.
    fingerprints: JSON.stringify(fingerprintsOf([...shown, account])),
    expiresAt: endOfProof(now, link.plan),
    credentialStatus:
      standings.length === 0 ? null : seal('credential_status', JSON.stringify(standings)),
    statusDueAt: due === undefined ? null : toInstant(fromInstant(now) + due),
    now,
  }
}

function endOfProof(now: IsoInstant, { bindingLifetimeDays: days }: IdvPlan): IsoInstant | null {
  return days === undefined ? null : toInstant(fromInstant(now) + days * DAY)
}

function keptText({ attributes: { policy, shown, told }, plan }: ProvenLink): string {
  return envelopeText(keepAttributes(policy, shown, told, plan.requiredAttributes))
}

/** Session COMPLETED, journey recognised, the event last. */
async function finishJourney(
  { means, tx, tenantId, link, account, now }: Recording,
  person: Person,
  binding: { id: BindingId; isNew: boolean },
): Promise<void> {
  const { journey, provider, sessionId, upstream } = link
  const expiresAt = toInstant(means.clock() + RETURN_TIME)
  const type = binding.isNew ? 'binding_created' : 'binding_updated'
  const [[session], [moved], receivers] = await tx.runAll([
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
      identifiers: journey.way === 'direct' ? JSON.stringify([account]) : null,
      identifierHashes: journey.way === 'direct' ? allHashes([account]) : null,
    }),
    findReceivers({ tenantId, people: [person.id], type }),
  ])
  if (session?.changed !== 1 || moved?.changed !== 1) fail({ kind: 'journey_not_open' })
  const said = { provider: provider.slug, acr: upstream.acr.length === 0 ? 'none' : 'stated' }
  await tx.runLast([
    insertOutbox(outboxRows(means.keyring, tenantId, { type }, receivers, now)),
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
