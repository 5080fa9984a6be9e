/** A person as the data API shows them: what both the registration of the caller and the tenant's policy release. */

import { openWithDataKey, unwrapDataKey } from '../crypto/data-key.ts'
import { digestText } from '../crypto/digest.ts'
import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { UpstreamAssurance } from '../domain/assurance.ts'
import { releaseClaims } from '../domain/attribute-values.ts'
import { type Attributes, releasableClaims } from '../domain/attributes.ts'
import type { AuditDetail } from '../domain/audit.ts'
import { mayRead, projectClaims, projectFields, readableFields } from '../domain/data-access.ts'
import { fail } from '../domain/failure.ts'
import type { IdentityId, MatchId, TenantId } from '../domain/ids.ts'
import { instantOfUse } from '../domain/last-use.ts'
import type { MachineClient } from '../domain/machine.ts'
import type { HolderHash, InstitutionHash, JsonObject } from '../domain/text.ts'
import { type IsoInstant, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { type FamilyAuxRow, findFamilyAux } from '../store/auxiliary.ts'
import {
  type DataBindingRow,
  type DataPersonRow,
  findDataBinding,
  lockDataPerson,
  touchPerson,
} from '../store/data-person.ts'
import { inTransaction, type Transaction } from '../store/database.ts'
import type { Step } from '../store/statement.ts'
import { subjectHash } from './merge-view.ts'
import { openKeptAttributes } from './read-claims.ts'
import type { PreparedTenant } from './tenants.ts'

export type DataMeans = Pick<Deps, 'db' | 'keyring' | 'clock'>

/** A category's fields as the caller may see them. */
export interface AuxiliaryView {
  category: string
  fields: JsonObject
  expiresAt: IsoInstant | undefined
  updatedAt: IsoInstant
  /** Changes with every write; an opaque text. */
  version: string
}

export interface PersonView {
  identityId: IdentityId
  claims: JsonObject
  auxiliary: readonly AuxiliaryView[]
  /** What the institution said of its own login, when the person was proved. */
  assurance: Pick<UpstreamAssurance, 'acr' | 'amr' | 'authTime'> | undefined
  /** When the person was proved, not when they were last seen. */
  lastVerifiedAt: IsoInstant | undefined
}

/** The rows of a person, before anything is opened. */
export interface PersonRows {
  person: DataPersonRow
  binding: DataBindingRow | undefined
  auxiliary: readonly FamilyAuxRow[]
}

/** Whom an answer is about: a person by id, and the match they were found by. */
export interface Sought {
  id: IdentityId
  matchId?: MatchId
  hashes?: readonly (HolderHash | InstitutionHash)[]
}

/**
 * The rows, with `last_used_at` moved and the reading in the audit trail. Throws `not_found` alike for nobody, somebody
 * erased or restricted, somebody of whom nothing is known any more, and another tenant's person.
 */
export async function takePerson(
  means: DataMeans,
  { tenant }: PreparedTenant,
  client: MachineClient,
  sought: Sought,
  detail: AuditDetail,
): Promise<PersonRows> {
  const tenantId = tenant.id
  const at = means.clock()
  const [now, usedAt] = [toInstant(at), instantOfUse(tenant, at)]
  const work = async (tx: Transaction): Promise<PersonRows> => {
    const person = await takeLocked(tx, lockDataPerson({ tenantId, id: sought.id }))
    const identityId = person.id
    const [[binding], auxiliary] = await tx.runAll([
      findDataBinding({ tenantId, identityId, hashes: sought.hashes ?? [] }),
      findFamilyAux({ tenantId, identityId, now }),
    ])
    const used = [binding?.match_id, sought.matchId].filter((id) => id !== undefined)
    await tx.runLast([
      touchPerson({ tenantId, identityId, matchIds: [...new Set(used)].sort(), usedAt }),
      insertAuditEvent(tenantId, newId(), now, {
        ...{ detail, clientId: client.clientId },
        subjectHash: subjectHash(means, tenantId, person),
      }),
    ])
    return { person, binding, auxiliary }
  }
  return await inTransaction(means.db, tenantId, work, { retries: 2 })
}

/**
 * The person, locked. Whoever was merged into another while we waited for them is nobody to the statement that waited, and
 * found by the next one. Throws `not_found`.
 */
export async function takeLocked(
  tx: Transaction,
  lock: Step<DataPersonRow>,
): Promise<DataPersonRow> {
  const [person] = await tx.run(lock)
  if (person !== undefined) return person
  const [survivor] = await tx.run(lock)
  return survivor ?? fail({ kind: 'not_found' })
}

/** What the caller may see of the rows. Throws `sealed_unreadable`; never less because something could not be opened. */
export async function viewPerson(
  means: DataMeans,
  prepared: PreparedTenant,
  client: MachineClient,
  { person, binding, auxiliary }: PersonRows,
): Promise<PersonView> {
  const assurance = JSON.parse(binding?.assurance ?? 'null') as UpstreamAssurance | null
  return {
    identityId: person.id,
    claims: await viewClaims(means, prepared, client, binding),
    auxiliary: viewAuxiliary(means, prepared.tenant.id, client, auxiliary),
    assurance: assurance ?? undefined,
    lastVerifiedAt: binding?.reconcile_time ?? undefined,
  }
}

/** The claims that the tenant's policy releases and the registration names. */
export async function viewClaims(
  means: DataMeans,
  prepared: PreparedTenant,
  client: MachineClient,
  binding: DataBindingRow | undefined,
): Promise<JsonObject> {
  const version = prepared.policies?.versions.attributes
  if (binding === undefined || binding.attributes === null || version === undefined) return {}
  if (client.access.claims.length === 0) return {}
  const policy = await prepared.policy('attributes', version)
  const { attributes } = binding
  const kept = openKeptAttributes(means.keyring, prepared.tenant.id, { ...binding, attributes })
  const names = new Set(releasableClaims(policy))
  const nothingCarried: Attributes = {}
  return projectClaims(client.access, releaseClaims(policy, kept, nothingCarried, names))
}

/** Categories of which the registration names nothing are not even opened. */
export function viewAuxiliary(
  means: DataMeans,
  tenant: TenantId,
  client: MachineClient,
  rows: readonly FamilyAuxRow[],
): AuxiliaryView[] {
  return rows
    .filter(({ category }) => mayRead(client.access, category))
    .map((row) => {
      const key = unwrapDataKey(means.keyring, tenant, row.identity_id, row.wrapped_data_key)
      const opened = openWithDataKey(key, auxiliaryPlace(tenant, row.id), row.encrypted_payload)
      const fields = JSON.parse(Buffer.from(opened).toString('utf8')) as JsonObject
      return {
        category: row.category,
        fields: projectFields(client.access, row.category, fields),
        expiresAt: row.expires_at ?? undefined,
        updatedAt: row.updated_at,
        version: auxiliaryVersion(client, row),
      }
    })
}

/** Where a category's text belongs: these words are under its tag. */
export function auxiliaryPlace(tenant: TenantId, row: string) {
  return { tenant, table: 'auxiliary_data', column: 'encrypted_payload', row }
}

/**
 * The sealed text has a random part, so every write gives another version; and so does another choice of fields, for whoever
 * sees more or less of it has another text before them (RFC 9110 section 8.8.3).
 */
export function auxiliaryVersion(
  { access }: Pick<MachineClient, 'access'>,
  row: Pick<FamilyAuxRow, 'category' | 'encrypted_payload' | 'expires_at'>,
): string {
  const shown = JSON.stringify(readableFields(access, row.category))
  return digestText(`${row.encrypted_payload} ${row.expires_at} ${shown}`)
}
