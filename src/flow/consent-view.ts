/** What a person agreed to, as they and the administration see it. */
import type { Deps } from '../deps.ts'
import type { ClientId, IdentityId, TenantId } from '../domain/ids.ts'
import type { IsoInstant } from '../domain/time.ts'
import { listConsents, readTerms } from '../store/consent.ts'
import { read } from '../store/database.ts'

export interface ConsentView {
  clientId: ClientId
  /** What people know the relying party by; undefined where it is gone. */
  clientName: string | undefined
  scopes: readonly string[]
  claims: readonly string[]
  purpose: { readonly en: string; readonly nl: string } | undefined
  givenAt: IsoInstant
  givenAgainAt: IsoInstant
}

/** By client; of people merged with each other each has their own. */
export async function viewConsents(
  { db }: Pick<Deps, 'db'>,
  tenantId: TenantId,
  people: readonly IdentityId[],
): Promise<ConsentView[]> {
  const [rows] = await read(db, tenantId, [listConsents({ tenantId, people })])
  return rows.map((row) => ({
    ...{ clientId: row.client_id, clientName: row.client_name ?? undefined, ...readTerms(row) },
    ...{ givenAt: row.created_at, givenAgainAt: row.updated_at },
  }))
}
