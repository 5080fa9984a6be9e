/** A machine client sees which wallets a person has. */
import type { IdentityId, MatchId } from '../domain/ids.ts'
import type { MachineClient } from '../domain/machine.ts'
import type { IsoInstant } from '../domain/time.ts'
import { findDevices } from '../store/data-person.ts'
import { read } from '../store/database.ts'
import { type DataMeans, takePerson } from './data-person.ts'
import type { PreparedTenant } from './tenants.ts'

export interface Device {
  id: MatchId
  linkedAt: IsoInstant
  lastUsedAt: IsoInstant
  provider: string | undefined
}

/** A page of them, and the cursor of the next one. An account is no device, nor is anything without a link. Throws `not_found`. */
export async function listDevices(
  means: DataMeans,
  prepared: PreparedTenant,
  client: MachineClient,
  id: IdentityId,
  page: { after: string; limit: number },
): Promise<{ devices: readonly Device[]; next: string | undefined }> {
  const tenantId = prepared.tenant.id
  const detail = { type: 'person_read', part: 'devices' } as const
  const { person } = await takePerson(means, prepared, client, { id }, detail)
  const { after, limit } = page
  const [rows] = await read(means.db, tenantId, [
    findDevices({ tenantId, identityId: person.id, after, limit: limit + 1 }),
  ])
  const devices = rows.slice(0, limit).map((row) => ({
    ...{ id: row.match_id, linkedAt: row.linked_at, lastUsedAt: row.last_used_at },
    provider: row.provider ?? undefined,
  }))
  return { devices, next: rows.length > limit ? devices.at(-1)?.id : undefined }
}
