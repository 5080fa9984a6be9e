/** Two persons found to be one become one, as an administrator's decision that can be taken back for 30 days. */
import type { Selectable } from 'kysely'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { IdentityId, MergeId, TenantId } from '../domain/ids.ts'
import { decideMerge, SPLIT_TIME } from '../domain/merge.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, type Transaction } from '../store/database.ts'
import { findFamily, lockPeople, markMerged } from '../store/identity.ts'
import {
  findMergeInForce,
  insertMerge,
  moveEdges,
  recordEdges,
  revokeGrantsOf,
} from '../store/merge.ts'
import type { IdentityTable } from '../store/schema.ts'
import { giveSubjects, releaseSubjects } from '../store/subject.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { type MergeView, readPerson, subjectHash, viewMerge } from './merge-view.ts'
import { readSubjects, subjectSteps } from './tell-subjects.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock'>
type Row = Pick<
  Selectable<IdentityTable>,
  'id' | 'status' | 'merged_into' | 'wrapped_data_key' | 'audit_salt'
>

/**
 * Makes `mergedId` a part of `survivingId` and returns the merge; a repeat returns the one that holds. The merged
 * person's wallets and accounts are the survivor's from then on; each sector keeps the older subject; what was granted
 * to either ends, so that no token changes its subject. Both data keys stay: nothing is sealed anew.
 *
 * Throws `admin_forbidden`, `not_found` for a person who is not there, `invalid_request` for one person twice, and
 * `conflict` where one of them is not active.
 */
export async function mergeIdentities(
  means: Means,
  actor: AdminActor,
  slug: string,
  request: { mergedId: IdentityId; survivingId: IdentityId },
): Promise<MergeView> {
  const tenant = await findAdminTenant(means.db, actor, 'identities:manage', slug)
  const { mergedId, survivingId } = request
  const work = async (tx: Transaction) => {
    const people = await tx.run(lockPeople({ tenantId: tenant.id, ids: [mergedId, survivingId] }))
    const merged = people.find(({ id }) => id === mergedId)
    const surviving = people.find(({ id }) => id === survivingId)
    switch (decideMerge(merged && readPerson(merged), surviving && readPerson(surviving))) {
      case 'merge':
        if (merged === undefined || surviving === undefined) return fail({ kind: 'not_found' })
        return await recordMerge(means, tx, tenant.id, actor, { merged, surviving })
      case 'merged_before': {
        const [known] = await tx.run(findMergeInForce({ tenantId: tenant.id, mergedId }))
        return known === undefined ? fail({ kind: 'not_found' }) : viewMerge(known)
      }
      case 'unknown_person':
        return fail({ kind: 'not_found' })
      case 'same_person':
        return fail({ kind: 'invalid_request', detail: 'merged, surviving: the same person' })
      case 'not_active':
        return fail({ kind: 'conflict', detail: 'one of the two is not active' })
    }
  }
  return await inTransaction(means.db, tenant.id, work, { retries: 2 })
}

/** Both rows are locked against every login, in order of their ids. */
async function recordMerge(
  means: Means,
  tx: Transaction,
  tenantId: TenantId,
  actor: AdminActor,
  { merged, surviving }: { merged: Row; surviving: Row },
): Promise<MergeView> {
  const id = newId() as MergeId
  const at = means.clock()
  const now = toInstant(at)
  const pair = { tenantId, mergedId: merged.id, survivingId: surviving.id }
  const splitUntil = toInstant(at + SPLIT_TIME)
  const [, , moved, , family] = await tx.runAll([
    insertMerge({ ...pair, id, actor: actor.id, now, splitUntil }),
    recordEdges({ ...pair, mergeId: id }),
    moveEdges({ ...pair, now }),
    markMerged({ tenantId, id: merged.id, into: surviving.id }),
    findFamily({ tenantId, id: surviving.id }),
  ])
  const people = family.map((one) => one.id)
  const before = await readSubjects(tx, tenantId, [merged.id, surviving.id])
  await tx.runAll([
    releaseSubjects({ tenantId, people }),
    giveSubjects({ tenantId, id: surviving.id, family: people }),
  ])
  const after = await readSubjects(tx, tenantId, [surviving.id])
  const countOf = (kind: string) => moved.find((row) => row.kind === kind)?.count ?? 0
  await tx.runLast([
    revokeGrantsOf({ tenantId, people, now }),
    ...subjectSteps(means, tenantId, { reason: 'merged', before, after }, now),
    insertAuditEvent(tenantId, newId(), now, {
      detail: {
        ...{ type: 'identities_merged', actor: actor.id, merge: id },
        merged_subject: subjectHash(means, tenantId, merged),
        ...{ matches: countOf('match'), bindings: countOf('binding') },
      },
      subjectHash: subjectHash(means, tenantId, surviving),
    }),
  ])
  const { id: mergedId } = merged
  return {
    ...{ id, mergedId, survivingId: surviving.id, mergedBy: actor.id, mergedAt: now, splitUntil },
    ...{ splitBy: undefined, splitAt: undefined },
  }
}
