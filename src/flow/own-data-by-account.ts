/**
 * A person without a wallet who asks for their own data has proved it by a new login at the institution: the means that their link
 * was made with (GD-01).
 */
import { hashToldIdentifier } from '../crypto/identifier-hash.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import { allHashes, providerSubjectIdentifier } from '../domain/identifier.ts'
import type { JourneyId, SessionId } from '../domain/ids.ts'
import { MANAGE_TIME } from '../domain/journey.ts'
import { PROVIDER_SUBJECT } from '../domain/material.ts'
import { worthOf } from '../domain/sought-identifier.ts'
import { toInstant } from '../domain/time.ts'
import { inTransaction } from '../store/database.ts'
import { lockPeople } from '../store/identity.ts'
import { openPrivacy } from '../store/journey.ts'
import { findPersonHits } from '../store/match.ts'
import { updateSessionStatus } from '../store/session.ts'
import type { ProvenLink } from './proven-link.ts'
import type { PreparedTenant } from './tenants.ts'

/**
 * Session AUTHORIZED → COMPLETED and journey → managing for whoever the account belongs to; false, and nothing moved, where
 * that is nobody. No link is made or touched. Throws `identity_unavailable` for a person who is not active,
 * `institution_refused` (`subject_missing`), `journey_not_open` where session or journey moved on.
 */
export async function openPrivacyByAccount(
  means: Pick<Deps, 'db' | 'keyring' | 'clock'>,
  { tenant }: PreparedTenant,
  proved: { journeyId: JourneyId; sessionId: SessionId; account: ProvenLink['account'] },
): Promise<boolean> {
  const tenantId = tenant.id
  const { journeyId: id, sessionId, account } = proved
  const told = providerSubjectIdentifier(account.issuer, account.attribute, account.value)
  if (told === undefined) return fail({ kind: 'institution_refused', reason: 'subject_missing' })
  const named = { ...told, material: PROVIDER_SUBJECT, strength: 'identifies' } as const
  const identifier = hashToldIdentifier(means.keyring, tenantId, named)
  return await inTransaction(means.db, tenantId, async (tx) => {
    const hits = await tx.run(findPersonHits({ tenantId, hashes: allHashes([identifier]) }))
    const ids = [...new Set(hits.map((hit) => hit.identity_id))]
    const found = hits.map((hit) => hit.identifier_hash)
    const isSure = worthOf(identifier, found) === 'identifies' && !hits.some((hit) => hit.shared)
    if (ids.length !== 1 || !isSure) return false
    const [person] = await tx.run(lockPeople({ tenantId, ids }))
    if (person?.status !== 'ACTIVE') return fail({ kind: 'identity_unavailable' })
    const at = means.clock()
    const done = { from: 'AUTHORIZED', to: 'COMPLETED', error: null } as const
    const [[session], [moved]] = await tx.runAll([
      updateSessionStatus({ tenantId, id: sessionId, ...done }),
      openPrivacy({
        ...{ tenantId, id, from: 'reconciling', identityId: person.id, now: toInstant(at) },
        expiresAt: toInstant(at + MANAGE_TIME),
      }),
    ])
    if (session?.changed !== 1 || moved?.changed !== 1) return fail({ kind: 'journey_not_open' })
    return true
  })
}
