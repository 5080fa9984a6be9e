/** A machine client asks whether somebody is known by an identifier it has. */
import { thumbprintOfDid } from '../crypto/did-key.ts'
import { hashHolderIdentifier, hashInstitutionIdentifier } from '../crypto/identifier-hash.ts'
import { newId } from '../crypto/random.ts'
import { BridgeError, fail } from '../domain/failure.ts'
import {
  didIdentifier,
  holderKeyIdentifier,
  type Identifier,
  NORMALISATION,
  providerSubjectIdentifier,
} from '../domain/identifier.ts'
import type { MachineClient } from '../domain/machine.ts'
import type { HolderHash, InstitutionHash } from '../domain/text.ts'
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

/** What somebody may be known by. Only what identifies: an e-mail address or a name may be somebody else's. */
export type LookupIdentifier =
  | { type: 'SUBJECT_ID'; provider: string; value: string }
  | { type: 'KEY'; thumbprint: string }
  | { type: 'DID'; did: string }

type Hash = HolderHash | InstitutionHash

/**
 * The person as the caller may see them, or undefined: alike for nobody, for somebody who may not be shown, and for an
 * identifier that was proved of two people. All readable versions of the keys are tried in one query. Every lookup is in
 * the audit trail, found or not: whoever may ask can try names out.
 */
export async function lookUpPerson(
  means: DataMeans,
  prepared: PreparedTenant,
  client: MachineClient,
  asked: LookupIdentifier,
): Promise<PersonView | undefined> {
  const rows = await takeFound(means, prepared, client, asked)
  if (rows !== undefined) return await viewPerson(means, prepared, client, rows)
  const tenantId = prepared.tenant.id
  const now = toInstant(means.clock())
  await transact(means.db, tenantId, [
    insertAuditEvent(tenantId, newId(), now, {
      detail: { type: 'person_looked_up', identifier: asked.type, found: false },
      clientId: client.clientId,
    }),
  ])
  return undefined
}

async function takeFound(
  means: DataMeans,
  prepared: PreparedTenant,
  client: MachineClient,
  asked: LookupIdentifier,
): Promise<PersonRows | undefined> {
  const sought = await seek(means, prepared, asked)
  if (sought === undefined) return undefined
  const detail = { type: 'person_looked_up', identifier: asked.type, found: true } as const
  try {
    return await takePerson(means, prepared.tenant.id, client, sought, detail)
  } catch (error) {
    if (error instanceof BridgeError && error.failure.kind === 'not_found') return undefined
    throw error
  }
}

async function seek(
  means: DataMeans,
  prepared: PreparedTenant,
  asked: LookupIdentifier,
): Promise<Sought | undefined> {
  const tenantId = prepared.tenant.id
  const hashes = hashesOf(means, prepared, asked)
  const [rows] = await read(means.db, tenantId, [
    findMatchByHash({ tenantId, hashes, type: asked.type }),
  ])
  const [hit] = rows
  if (hit === undefined || rows.some((row) => row.metadata_json === SHARED)) return undefined
  if (rows.some((row) => row.internal_identity_id !== hit.internal_identity_id)) return undefined
  return { id: hit.internal_identity_id, matchId: hit.id, hashes }
}

/** Under Key A what a wallet shows, under Key B what an institution calls somebody; none for a provider nobody knows. */
function hashesOf(means: DataMeans, prepared: PreparedTenant, asked: LookupIdentifier): Hash[] {
  const identifier = identifierOf(prepared, asked)
  if (identifier === undefined) return []
  const input = { ...identifier, tenant: prepared.tenant.id, normalisation: NORMALISATION }
  const make = asked.type === 'SUBJECT_ID' ? hashInstitutionIdentifier : hashHolderIdentifier
  return make(means.keyring, input).map(({ hash }): Hash => hash)
}

function identifierOf(prepared: PreparedTenant, asked: LookupIdentifier): Identifier | undefined {
  switch (asked.type) {
    case 'KEY':
      return holderKeyIdentifier(asked.thumbprint)
    case 'DID':
      return didIdentifier(asked.did, thumbprintOfDid(asked.did))
    case 'SUBJECT_ID': {
      const provider = prepared.providers.find(({ slug }) => slug === asked.provider)
      if (provider === undefined) return undefined
      // Text that no UTF-8 can spell is nobody's identifier.
      if (!asked.value.isWellFormed())
        return fail({ kind: 'invalid_request', detail: 'identifier: not well-formed text' })
      const { issuer, identifierAttribute } = provider
      return providerSubjectIdentifier(issuer, identifierAttribute, asked.value)
    }
  }
}
