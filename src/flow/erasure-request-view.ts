/** An erasure of many people as an administrator sees it, and what the tenant asks of one. */
import type { Deps } from '../deps.ts'
import type { ErasureGround } from '../domain/erasure.ts'
import type { ErasureRequestId, TenantId } from '../domain/ids.ts'
import type { IsoInstant } from '../domain/time.ts'
import { read } from '../store/database.ts'
import { type ErasureRequestRow, findErasurePolicy } from '../store/erasure-request.ts'

/** Four eyes: somebody else must approve. Then it waits, and can be cancelled until it is done. */
export interface ErasurePolicy {
  fourEyes: boolean
  waitHours: number
}

export interface ErasureRequestView {
  id: ErasureRequestId
  state: ErasureRequestRow['state']
  ground: ErasureGround
  /** How many it is about; 0 once it has ended. */
  persons: number
  requestedBy: string
  requestedAt: IsoInstant
  approvedBy: string | undefined
  dueAt: IsoInstant
  erased: number
  endedAt: IsoInstant | undefined
}

/** At once and by one pair of eyes, unless the tenant wants more. */
export async function readErasurePolicy(
  db: Deps['db'],
  tenantId: TenantId,
): Promise<ErasurePolicy> {
  const [[row]] = await read(db, tenantId, [findErasurePolicy({ tenantId })])
  return { fourEyes: row?.four_eyes === 1, waitHours: row?.wait_hours ?? 0 }
}

export function viewErasureRequest(row: ErasureRequestRow): ErasureRequestView {
  return {
    ...{ id: row.id, state: row.state, ground: row.ground, persons: row.people.length },
    ...{ requestedBy: row.requested_by, requestedAt: row.requested_at, dueAt: row.due_at },
    ...{ approvedBy: row.approved_by ?? undefined, erased: row.erased },
    endedAt: row.ended_at ?? undefined,
  }
}
