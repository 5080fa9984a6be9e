/** A machine client reads a person whose id it has, or a part of them. */
import type { AuditDetail } from '../domain/audit.ts'
import { mayRead } from '../domain/data-access.ts'
import { fail } from '../domain/failure.ts'
import type { IdentityId } from '../domain/ids.ts'
import type { MachineClient } from '../domain/machine.ts'
import type { JsonObject } from '../domain/text.ts'
import {
  type AuxiliaryView,
  type DataMeans,
  type PersonView,
  takePerson,
  viewAuxiliary,
  viewClaims,
  viewPerson,
} from './data-person.ts'
import { refuseCategory } from './deny-access.ts'
import type { PreparedTenant } from './tenants.ts'

const READ = (part: Extract<AuditDetail, { type: 'person_read' }>['part']) =>
  ({ type: 'person_read', part }) as const

/** Everything the caller may see. Throws `not_found` as {@link takePerson} does. */
export async function readPerson(
  means: DataMeans,
  prepared: PreparedTenant,
  client: MachineClient,
  id: IdentityId,
): Promise<PersonView> {
  const rows = await takePerson(means, prepared, client, { id }, READ('identity'))
  return await viewPerson(means, prepared, client, rows)
}

/** The claims alone. Throws `not_found`. */
export async function readPersonClaims(
  means: DataMeans,
  prepared: PreparedTenant,
  client: MachineClient,
  id: IdentityId,
): Promise<JsonObject> {
  const { binding } = await takePerson(means, prepared, client, { id }, READ('claims'))
  return await viewClaims(means, prepared, client, binding)
}

/** Every category the caller may see. Throws `not_found`. */
export async function readPersonAuxiliary(
  means: DataMeans,
  prepared: PreparedTenant,
  client: MachineClient,
  id: IdentityId,
): Promise<AuxiliaryView[]> {
  const tenantId = prepared.tenant.id
  const { auxiliary } = await takePerson(means, prepared, client, { id }, READ('auxiliary'))
  return viewAuxiliary(means, tenantId, client, auxiliary)
}

/** One category. Throws `category_forbidden` before anybody is looked for, `not_found`. */
export async function readPersonCategory(
  means: DataMeans,
  prepared: PreparedTenant,
  client: MachineClient,
  id: IdentityId,
  category: string,
): Promise<AuxiliaryView> {
  if (!mayRead(client.access, category)) return await refuseCategory(means, prepared, client)
  const tenantId = prepared.tenant.id
  const { auxiliary } = await takePerson(means, prepared, client, { id }, READ('auxiliary'))
  const rows = auxiliary.filter((row) => row.category === category)
  const [view] = viewAuxiliary(means, tenantId, client, rows)
  return view ?? fail({ kind: 'not_found' })
}
