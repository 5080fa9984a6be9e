/** Takes a merge back: each of the two has again what was theirs, and what came meanwhile stays with the survivor. */
import { openWithDataKey, sealWithDataKey, unwrapDataKey } from '../crypto/data-key.ts'
import { newId } from '../crypto/random.ts'
import { markSeal } from '../crypto/seal-mark.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { BindingId, IdentityId, MatchId, MergeId, TenantId } from '../domain/ids.ts'
import { decideSplit, planSplit, type SplitBinding, type SplitPlan } from '../domain/merge.ts'
import { type SealMark, sealsText } from '../domain/seal-mark.ts'
import type { Sealed } from '../domain/text.ts'
import { fromInstant, type IsoInstant, toInstant } from '../domain/time.ts'
import { orphansOf } from '../domain/unlink.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { softDeleteBinding } from '../store/binding.ts'
import { forgetConsentsSince } from '../store/consent.ts'
import { inTransaction, type Transaction } from '../store/database.ts'
import { findFamily, lockPeople, markSplit } from '../store/identity.ts'
import {
  endMerge,
  findBindingsToSplit,
  findMerge,
  returnBinding,
  returnMatches,
  revokeGrantsOf,
  type SplitBindingRow,
} from '../store/merge.ts'
import { endMatches, findAllBindings, findAllMatches } from '../store/person.ts'
import { giveSubjects, releaseSubjects } from '../store/subject.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { liveBindings, liveMatches } from './identity-view.ts'
import { type MergeView, readPerson, subjectHash, viewMerge } from './merge-view.ts'
import { readSubjects, subjectSteps } from './tell-subjects.ts'

/** Why a binding or match ended. */
const ENDED = 'IDENTITY_SPLIT'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock'>

interface LockedPerson {
  id: IdentityId
  wrapped_data_key: Sealed | null
  audit_salt: string | null
}

/** What every step of the transaction works with. */
interface Splitting {
  means: Means
  tx: Transaction
  tenantId: TenantId
  actor: AdminActor
  merge: MergeView
  merged: LockedPerson
  surviving: LockedPerson
  now: IsoInstant
}

/**
 * Takes the merge back and returns it; a repeat returns it as it is. Matches listed by the merge that are still there go
 * back with their bindings; both persons have in each sector the subject they had before; a binding that was made
 * meanwhile from a wallet of one to an account of the other ends.
 *
 * Throws `admin_forbidden`, `not_found`, and `conflict` 30 days after the merge, or where the survivor is not active:
 * a later merge of the survivor is split first.
 */
export async function splitIdentities(
  means: Means,
  actor: AdminActor,
  slug: string,
  mergeId: MergeId,
): Promise<MergeView> {
  const tenant = await findAdminTenant(means.db, actor, 'identities:manage', slug)
  const tenantId = tenant.id
  const work = async (tx: Transaction): Promise<MergeView> => {
    const [known] = await tx.run(findMerge({ tenantId, id: mergeId }))
    if (known === undefined) return fail({ kind: 'not_found' })
    const ids = [known.merged_id, known.surviving_id]
    // Read again behind the lock: somebody else may have been at it.
    const [people, [row]] = await tx.runAll([
      lockPeople({ tenantId, ids }),
      findMerge({ tenantId, id: mergeId }),
    ])
    const merged = people.find(({ id }) => id === known.merged_id)
    const surviving = people.find(({ id }) => id === known.surviving_id)
    if (row === undefined || merged === undefined || surviving === undefined)
      return fail({ kind: 'not_found' })
    const merge = viewMerge(row)
    const at = means.clock()
    switch (decideSplit(timesOf(merge), readPerson(merged), readPerson(surviving), at)) {
      case 'split':
        return await recordSplit({
          ...{ means, tx, tenantId, actor, merge, merged, surviving },
          now: toInstant(at),
        })
      case 'split_before':
        return merge
      case 'too_late':
        return fail({ kind: 'conflict', detail: 'the time to split this merge is over' })
      case 'not_active':
        return fail({ kind: 'conflict', detail: 'the surviving person is not active' })
    }
  }
  return await inTransaction(means.db, tenantId, work, { retries: 2 })
}

function timesOf({ splitAt, splitUntil }: MergeView) {
  return {
    splitAt: splitAt === undefined ? undefined : fromInstant(splitAt),
    splitUntil: fromInstant(splitUntil),
  }
}

async function recordSplit(splitting: Splitting): Promise<MergeView> {
  const { means, tx, tenantId, actor, merge, merged, surviving, now } = splitting
  const pair = { tenantId, mergeId: merge.id, mergedId: merged.id, survivingId: surviving.id }
  const [returned, rows, , mergedFamily, survivingFamily] = await tx.runAll([
    returnMatches({ ...pair, now }),
    findBindingsToSplit(pair),
    markSplit({ tenantId, id: merged.id, from: surviving.id }),
    findFamily({ tenantId, id: merged.id }),
    findFamily({ tenantId, id: surviving.id }),
  ])
  const bindings = rows.map(readBinding)
  const plan = planSplit(bindings, merged.id)
  const orphans = await findOrphans(splitting, plan)
  const { changes, seals } = bindingSteps(splitting, rows, plan)
  if (changes.length > 0) await tx.runAll(changes)
  const [one, other] = [mergedFamily, survivingFamily].map((family) => family.map(({ id }) => id))
  const people = [...(one ?? []), ...(other ?? [])]
  const back = bindings.filter(({ owner, deleted }) => owner === merged.id && !deleted)
  const before = await readSubjects(tx, tenantId, [surviving.id])
  await tx.runAll([
    releaseSubjects({ tenantId, people }),
    giveSubjects({ tenantId, id: merged.id, family: one ?? [] }),
    giveSubjects({ tenantId, id: surviving.id, family: other ?? [] }),
  ])
  const after = await readSubjects(tx, tenantId, [merged.id, surviving.id])
  await tx.runLast([
    endMatches({ tenantId, ids: orphans, reason: ENDED, now }),
    ...subjectSteps(means, tenantId, { reason: 'split', before, after }, now),
    revokeGrantsOf({ tenantId, people, now }),
    // Nobody knows which of the two said yes while they were one.
    forgetConsentsSince({ tenantId, people: [surviving.id], since: merge.mergedAt }),
    endMerge({ tenantId, id: merge.id, actor: actor.id, now }),
    insertAuditEvent(tenantId, newId(), now, {
      detail: {
        ...{ type: 'identities_split', actor: actor.id, merge: merge.id },
        merged_subject: subjectHash(means, tenantId, merged),
        matches: returned.filter(({ deleted_at }) => deleted_at === null).length,
        bindings: back.filter(({ id }) => !plan.end.includes(id)).length,
        bindings_ended: plan.end.length,
        seals: sealsText(seals),
      },
      subjectHash: subjectHash(means, tenantId, surviving),
    }),
  ])
  return { ...merge, splitBy: actor.id, splitAt: now }
}

/** What either is known by through nothing but a binding that ends now: that wallet proves its account again. */
async function findOrphans(
  { tx, tenantId, merged, surviving }: Splitting,
  { end }: SplitPlan,
): Promise<MatchId[]> {
  if (end.length === 0) return []
  const orphans: MatchId[] = []
  for (const { id: identityId } of [merged, surviving]) {
    const [matches, bindings] = await tx.runAll([
      findAllMatches({ tenantId, identityId }),
      findAllBindings({ tenantId, identityId }),
    ])
    const own = liveBindings(bindings)
    const ended = own.filter(({ id }) => end.includes(id))
    orphans.push(...orphansOf(liveMatches(matches), own, ended))
  }
  return orphans
}

function readBinding(row: SplitBindingRow): SplitBinding {
  return {
    id: row.id,
    owner: row.owner_id,
    key: row.key_identity_id ?? undefined,
    accountOwner: row.account_owner_id ?? undefined,
    listed: row.listed,
    deleted: row.deleted,
  }
}

/** One statement for each binding that changes. */
function bindingSteps(splitting: Splitting, rows: readonly SplitBindingRow[], plan: SplitPlan) {
  const { tenantId, now } = splitting
  const stay = (row: SplitBindingRow) =>
    returnBinding({
      ...{ tenantId, id: row.id, now, institutionId: row.encrypted_institution_id },
      attributes: row.persisted_attributes_envelope,
      credentialStatus: row.credential_status,
    })
  const chosen = (ids: readonly BindingId[]) => rows.filter(({ id }) => ids.includes(id))
  const { moved, seals } = resealed(splitting, chosen(plan.reseal))
  const changes = [
    ...chosen(plan.unmark).map(stay),
    ...moved.map(stay),
    ...plan.end.map((id) => softDeleteBinding({ tenantId, id, reason: ENDED, now })),
  ]
  return { changes, seals }
}

/** The same texts under the merged person's own key: erasing the survivor must not take them along. */
function resealed(
  splitting: Splitting,
  rows: readonly SplitBindingRow[],
): { moved: SplitBindingRow[]; seals: SealMark[] } {
  const seals: SealMark[] = []
  if (rows.length === 0) return { moved: [], seals }
  const { means, tenantId, merged, surviving } = splitting
  const keyOf = ({ id, wrapped_data_key }: LockedPerson) =>
    wrapped_data_key === null
      ? fail({ kind: 'sealed_unreadable' })
      : unwrapDataKey(means.keyring, tenantId, id, wrapped_data_key)
  const [from, to] = [keyOf(surviving), keyOf(merged)]
  const moved = rows.map((row) => {
    const reseal = (
      column: 'encrypted_institution_id' | 'persisted_attributes_envelope' | 'credential_status',
    ) => {
      const context = { tenant: tenantId, table: 'identity_link_binding', column, row: row.id }
      const sealed = row[column]
      if (sealed === null) return null
      const anew = sealWithDataKey(to, context, openWithDataKey(from, context, sealed))
      // The place has another name under another key, and nothing lies under the one it had.
      seals.push(markSeal(from, context, null), markSeal(to, context, anew))
      return anew
    }
    return {
      ...row,
      encrypted_institution_id: reseal('encrypted_institution_id'),
      persisted_attributes_envelope: reseal('persisted_attributes_envelope'),
      credential_status: reseal('credential_status'),
    }
  })
  return { moved, seals }
}
