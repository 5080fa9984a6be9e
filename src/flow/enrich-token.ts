/** An external authorization server asks what to put into a token that it makes. */
import { newId } from '../crypto/random.ts'
import { enrichmentOf } from '../domain/data-access.ts'
import type { IdentityId } from '../domain/ids.ts'
import type { MachineClient } from '../domain/machine.ts'
import type { JsonObject } from '../domain/text.ts'
import { findPersonBySubject } from '../store/data-person.ts'
import { read } from '../store/database.ts'
import { type DataMeans, takePerson, viewPerson } from './data-person.ts'
import type { PreparedTenant } from './tenants.ts'

export type EnrichedPerson = { subject: string } | { identityId: IdentityId }

/**
 * The members to add: the claims and, by category, the auxiliary data that the caller's registration names, whatever the
 * caller asks for. None has the name of a claim that tokens are made of. Throws `not_found` for an unknown subject or id.
 */
export async function enrichToken(
  means: DataMeans,
  prepared: PreparedTenant,
  client: MachineClient,
  person: EnrichedPerson,
): Promise<JsonObject> {
  const id =
    'subject' in person ? await resolve(means, prepared, person.subject) : person.identityId
  const detail = { type: 'person_read', part: 'enrichment' } as const
  const rows = await takePerson(means, prepared, client, { id }, detail)
  const { claims, auxiliary } = await viewPerson(means, prepared, client, rows)
  return enrichmentOf(
    claims,
    Object.fromEntries(auxiliary.map(({ category, fields }) => [category, fields])),
  )
}

async function resolve(
  means: DataMeans,
  prepared: PreparedTenant,
  subject: string,
): Promise<IdentityId> {
  const tenantId = prepared.tenant.id
  const [[row]] = await read(means.db, tenantId, [findPersonBySubject({ tenantId, subject })])
  // Nobody is looked for like somebody who may not be shown.
  return row?.identity_id ?? (newId() as IdentityId)
}
