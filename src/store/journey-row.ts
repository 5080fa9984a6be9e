/** A row of `journey` as the state it is in. */
import type { Selectable } from 'kysely'
import type { UpstreamAssurance } from '../domain/assurance.ts'
import type { HashedIdentifier } from '../domain/identifier.ts'
import type { Decided, Journey, PolicyVersions, Presented } from '../domain/journey.ts'
import { fromInstant } from '../domain/time.ts'
import type { JourneyTable } from './schema.ts'

/** The row as the state it is in. A row that is past its time is read as expired, whatever it still says. */
export function readJourney(row: Selectable<JourneyTable>, now: number): Journey {
  const base = {
    tenantId: row.tenant_id,
    id: row.id,
    correlationId: row.correlation_id,
    clientId: row.client_id,
    purpose: row.purpose,
    browserHash: row.browser_hash,
    language: row.language,
    request: row.request,
    walletSecrets: row.wallet_secrets ?? undefined,
    requestKid: row.request_kid,
    policies: readPolicyVersions(row.policies),
    createdAt: fromInstant(row.created_at),
    expiresAt: fromInstant(row.expires_at),
  }
  const ended = (state: 'granted' | 'failed' | 'expired'): Journey => ({
    ...base,
    state,
    failure: row.failure ?? undefined,
  })
  if (row.state === 'granted' || row.state === 'failed' || row.state === 'expired')
    return ended(row.state)
  if (base.expiresAt <= now) return ended('expired')
  if (row.state === 'started' || row.state === 'retrieved')
    return { ...base, state: row.state, refusals: row.refusals }
  if (row.state === 'consenting' && row.way === null && row.identity_id !== null)
    return { ...base, state: row.state, way: undefined, identityId: row.identity_id }
  const { way, presented_at, identifiers, presentation } = row
  if (way === null || presented_at === null || identifiers === null || presentation === null)
    throw new Error('journey row lacks what its state promises')
  const presented = {
    ...base,
    way,
    providerId: row.provider_id ?? undefined,
    presentedAt: fromInstant(presented_at),
    identifiers: JSON.parse(identifiers) as HashedIdentifier[],
    attributes: presentation,
  }
  if (row.state === 'presented') return { ...presented, state: 'presented' }
  if (row.state === 'managing') return readManaging(row, presented)
  return readDecided(row, row.state, presented)
}

function readManaging(
  { identity_id: identityId }: Selectable<JourneyTable>,
  presented: Omit<Presented, 'state'>,
): Journey {
  if (identityId === null) throw new Error('journey row lacks what its state promises')
  return { ...presented, state: 'managing', identityId }
}

/** A journey whose plan was chosen. */
function readDecided(
  row: Selectable<JourneyTable>,
  state: 'choosing' | 'reconciling' | 'confirming' | 'recognised' | 'consenting',
  presented: Omit<Presented, 'state'>,
): Journey {
  const { decision, identity_id: identityId, binding_id: bindingId, accounts, assurance } = row
  if (decision === null) throw new Error('journey row lacks what its state promises')
  const base = { ...presented, decided: JSON.parse(decision) as Decided }
  if (state === 'reconciling' || state === 'confirming')
    return { ...base, state, candidateId: identityId ?? undefined }
  if (state === 'choosing' && identityId !== null && accounts !== null)
    return { ...base, state, identityId, accounts }
  if (state === 'consenting')
    return {
      ...{ ...base, state, identityId: identityId ?? undefined, bindingId: bindingId ?? undefined },
      upstream: assurance === null ? undefined : (JSON.parse(assurance) as UpstreamAssurance),
    }
  if (state === 'recognised' && identityId !== null && bindingId !== null && assurance !== null)
    return {
      ...base,
      state,
      identityId,
      bindingId,
      upstream: JSON.parse(assurance) as UpstreamAssurance,
    }
  throw new Error('journey row lacks what its state promises')
}

/** The versions a journey began with, from its row's JSON. */
export function readPolicyVersions(text: string): PolicyVersions {
  return JSON.parse(text) as PolicyVersions
}
