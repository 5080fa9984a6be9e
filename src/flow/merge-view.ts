/** What merging and splitting share: a merge as it is told, and the two persons as the rules see them. */
import type { Selectable } from 'kysely'
import { auditSubjectHash } from '../crypto/audit-subject.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { IdentityId, MergeId, TenantId } from '../domain/ids.ts'
import type { MergePerson } from '../domain/merge.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { IdentityMergeTable, IdentityTable } from '../store/schema.ts'

type Row = Pick<Selectable<IdentityTable>, 'id' | 'status' | 'merged_into' | 'audit_salt'>

export interface MergeView {
  id: MergeId
  mergedId: IdentityId
  survivingId: IdentityId
  mergedBy: string
  mergedAt: IsoInstant
  splitUntil: IsoInstant
  splitBy: string | undefined
  splitAt: IsoInstant | undefined
}

/** The person's pseudonym in the trail. Throws `sealed_unreadable`; an active or merged person always has a salt. */
export function subjectHash(
  means: Pick<Deps, 'keyring'>,
  tenantId: TenantId,
  row: Pick<Row, 'audit_salt'>,
): string {
  if (row.audit_salt === null) return fail({ kind: 'sealed_unreadable' })
  return auditSubjectHash(means.keyring, tenantId, row.audit_salt)
}

export function readPerson(row: Pick<Row, 'id' | 'status' | 'merged_into'>): MergePerson {
  return { id: row.id, status: row.status, mergedInto: row.merged_into ?? undefined }
}

export function viewMerge(row: Selectable<IdentityMergeTable>): MergeView {
  return {
    id: row.id,
    mergedId: row.merged_id,
    survivingId: row.surviving_id,
    mergedBy: row.merged_by,
    mergedAt: row.merged_at,
    splitUntil: row.split_until,
    splitBy: row.split_by ?? undefined,
    splitAt: row.split_at ?? undefined,
  }
}
