/**
 * The one transaction of a first login: guard rows, person, matches, data key, binding, session, journey, audit event.
 * All of it or none of it.
 */
import { auditSubjectHash, newAuditSalt } from '../crypto/audit-subject.ts'
import { createDataKey, unwrapDataKey } from '../crypto/data-key.ts'
import { outboxRows } from '../crypto/outbox-event.ts'
import { newId } from '../crypto/random.ts'
import { fail } from '../domain/failure.ts'
import { movesOf } from '../domain/fingerprint.ts'
import { allHashes } from '../domain/identifier.ts'
import type { BindingId, IdentityId } from '../domain/ids.ts'
import { RETURN_TIME } from '../domain/journey.ts'
import { instantOfUse } from '../domain/last-use.ts'
import { PROVIDER_EMAIL } from '../domain/material.ts'
import { decidePerson, type PersonDecision } from '../domain/recognition.ts'
import { type SealMark, sealsText } from '../domain/seal-mark.ts'
import { toInstant } from '../domain/time.ts'
import { replaceAddress } from '../store/account-address.ts'
import { unifyAccount } from '../store/account-binding.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, type Transaction } from '../store/database.ts'
import { carryHashes, inColumns } from '../store/hash-move.ts'
import { insertIdentity, lockIdentity } from '../store/identity.ts'
import { findPersonHits, type PersonHit } from '../store/match.ts'
import { findReceivers, insertOutbox } from '../store/outbox.ts'
import { recogniseJourney, updateSessionStatus } from '../store/session.ts'
import { writeBinding } from './link-binding.ts'
import { type LinkHit, lockAndRead, namesOf, sideHit, writeMatches } from './link-matches.ts'
import {
  type Means,
  type Person,
  type ProvenLink,
  type Recording,
  takeSides,
} from './proven-link.ts'
import type { PreparedTenant } from './tenants.ts'

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
  const at = means.clock()
  const [now, usedAt] = [toInstant(at), instantOfUse(prepared.tenant, at)]
  const work = async (tx: Transaction) => {
    const { keysKept } = material
    const recording = { means, tx, tenantId, link, ...sides, keysKept, now, usedAt }
    const hits = await lockAndRead(recording)
    const decision = decidePerson(hits.map(sideHit))
    requireExpected(recording, hits)
    if (decision.kind === 'conflict') return fail({ kind: 'ambiguous_identity' })
    if (decision.kind === 'unconfirmed')
      return fail({ kind: 'institution_refused', reason: 'candidate_not_confirmed' })
    const person = await takePerson(recording, decision, hits)
    const matches = await writeMatches(recording, person.id, hits)
    const binding = await writeBinding(recording, person, matches)
    await spellOnce(recording, person.id)
    await keepOneAddress(recording, person.id)
    await finishJourney(recording, person, binding)
  }
  // A deadlock undoes everything, so the whole may be tried again (PG-17).
  await inTransaction(means.db, tenantId, work, { retries: 2 })
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
  const { means, tx, tenantId, shown, told, now } = recording
  if (decision.kind === 'join') {
    const [[row], again] = await tx.runAll([
      lockIdentity({ tenantId, id: decision.identityId }),
      findPersonHits({ tenantId, hashes: [...allHashes(shown), ...allHashes(told)] }),
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

/**
 * While a key rotates: what was linked under another version of B still leads to the same account, and all that stands under
 * an older hash of what was proved just now follows it.
 */
async function spellOnce(recording: Recording, identityId: IdentityId): Promise<void> {
  const { tx, tenantId, shown, account, told, now } = recording
  const moves = [...shown, ...told].flatMap(movesOf)
  if (moves.length > 0)
    await tx.run(carryHashes({ tenantId, identityId, ...inColumns(moves), now }))
  const [{ hash: institutionHash, version: institutionHashVersion }, ...others] = account.hashes
  if (others.length === 0) return
  const institutionHashes = allHashes([account])
  await tx.run(
    unifyAccount({ tenantId, institutionHashes, institutionHash, institutionHashVersion }),
  )
}

/** An address that the account had before, or that is no proof any more, is nobody's: only its present one is kept. */
async function keepOneAddress(
  { tx, tenantId, account, told, now }: Recording,
  identityId: IdentityId,
): Promise<void> {
  const address = told.find(({ material }) => material === PROVIDER_EMAIL)
  const [current] = address?.hashes ?? []
  await tx.run(
    replaceAddress({
      ...{ tenantId, identityId, institutionHashes: allHashes([account]), now },
      ...{ presentHash: current?.hash ?? null, presentVersion: current?.version ?? 0 },
      ...{ material: PROVIDER_EMAIL, reason: 'REPLACED' },
      hashes: address === undefined ? [] : allHashes([address]),
    }),
  )
}

/** Session COMPLETED, journey recognised, the event last. */
async function finishJourney(
  { means, tx, tenantId, link, told, now }: Recording,
  person: Person,
  binding: { id: BindingId; isNew: boolean; seals: readonly SealMark[] },
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
      identifiers: journey.way === 'direct' ? JSON.stringify(told) : null,
      identifierHashes: journey.way === 'direct' ? allHashes(told) : null,
    }),
    findReceivers({ tenantId, people: [person.id], type }),
  ])
  if (session?.changed !== 1 || moved?.changed !== 1) fail({ kind: 'journey_not_open' })
  const acr = upstream.acr.length === 0 ? 'none' : 'stated'
  const said = { provider: provider.slug, acr, seals: sealsText(binding.seals) }
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
