/** A machine client asks whether somebody is known by an identifier it has. */
import { thumbprintOfDid } from '../crypto/did-key.ts'
import { hashSoughtIdentifier } from '../crypto/identifier-hash.ts'
import { newId } from '../crypto/random.ts'
import { BridgeError } from '../domain/failure.ts'
import type { HashedIdentifier, Strength } from '../domain/identifier.ts'
import type { IdentityId } from '../domain/ids.ts'
import type { MachineClient } from '../domain/machine.ts'
import { soughtIdentifier, type ToldIdentifier, worthOf } from '../domain/sought-identifier.ts'
import { toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { read, transact } from '../store/database.ts'
import { findMatchByHash, SHARED } from '../store/match.ts'
import {
  type DataMeans,
  type PersonRows,
  type PersonView,
  type Sought,
  takePerson,
  viewPerson,
} from './data-person.ts'
import type { PreparedTenant } from './tenants.ts'

/** The person, and what the identifier is worth: one that only suggests may be somebody else's by now. */
export interface FoundPerson {
  person: PersonView
  strength: Strength
}

/**
 * The person as the caller may see them, or undefined: alike for nobody, for somebody who may not be shown, for an
 * identifier that was proved of two people, and for one that no login of this tenant could make. All readable versions of
 * the keys are tried in one query. Every lookup is in the audit trail, found or not: whoever may ask can try names out.
 */
export async function lookUpPerson(
  means: DataMeans,
  prepared: PreparedTenant,
  client: MachineClient,
  told: ToldIdentifier,
): Promise<FoundPerson | undefined> {
  const found = await takeFound(means, prepared, client, told)
  if (found !== undefined) {
    const person = await viewPerson(means, prepared, client, found.rows)
    return { person, strength: found.strength }
  }
  const tenantId = prepared.tenant.id
  const now = toInstant(means.clock())
  await transact(means.db, tenantId, [
    insertAuditEvent(tenantId, newId(), now, {
      detail: { type: 'person_looked_up', identifier: told.type, found: false },
      clientId: client.clientId,
    }),
  ])
  return undefined
}

async function takeFound(
  means: DataMeans,
  prepared: PreparedTenant,
  client: MachineClient,
  told: ToldIdentifier,
): Promise<{ rows: PersonRows; strength: Strength } | undefined> {
  const hit = await seek(means, prepared, told)
  // Nobody is looked for like somebody, so that the time it takes does not tell them from who may not be shown.
  const sought = hit?.sought ?? { id: newId() as IdentityId }
  const detail = { type: 'person_looked_up', identifier: told.type, found: true } as const
  try {
    const rows = await takePerson(means, prepared, client, sought, detail)
    return hit && { rows, strength: hit.strength }
  } catch (error) {
    if (error instanceof BridgeError && error.failure.kind === 'not_found') return undefined
    throw error
  }
}

async function seek(
  means: DataMeans,
  prepared: PreparedTenant,
  told: ToldIdentifier,
): Promise<{ sought: Sought; strength: Strength } | undefined> {
  const tenantId = prepared.tenant.id
  const identifier = hashTold(means, prepared, told)
  if (identifier === undefined) return undefined
  const hashes = identifier.hashes.map(({ hash }) => hash)
  const [rows] = await read(means.db, tenantId, [
    findMatchByHash({ tenantId, hashes, type: identifier.type }),
  ])
  const [hit] = rows
  if (hit === undefined || rows.some((row) => row.metadata_json === SHARED)) return undefined
  if (rows.some((row) => row.internal_identity_id !== hit.internal_identity_id)) return undefined
  const found = rows.map(({ identifier_hash: hash }) => hash)
  return {
    sought: { id: hit.internal_identity_id, matchId: hit.id, hashes },
    strength: worthOf(identifier, found),
  }
}

/** Under Key A what a wallet shows, under Key B what an institution calls somebody. */
function hashTold(
  { keyring }: DataMeans,
  prepared: PreparedTenant,
  told: ToldIdentifier,
): HashedIdentifier | undefined {
  const { providers, policies, tenant } = prepared
  const rules = { providers, material: policies?.documents.material }
  const sought = soughtIdentifier(rules, told, thumbprintOfDid)
  return sought && hashSoughtIdentifier(keyring, tenant.id, sought)
}
