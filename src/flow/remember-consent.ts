/** A yes is written down: in the trail, and for later logins where a person is known. */
import { newId } from '../crypto/random.ts'
import { type ConsentTerms, coversTerms, joinTerms } from '../domain/consent.ts'
import { BridgeError, fail } from '../domain/failure.ts'
import type { ClientId, CorrelationId, IdentityId, TenantId } from '../domain/ids.ts'
import type { IsoInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { findConsent, readTerms, rememberConsent, termsRow } from '../store/consent.ts'
import type { Transaction } from '../store/database.ts'
import { lockPeople } from '../store/identity.ts'
import type { Changed, Step } from '../store/statement.ts'
import { noRowIfSpent } from './pushed-request.ts'

/** What was agreed to for a login, and whether a moment ago or before. */
export interface Agreed {
  terms: ConsentTerms
  isNew: boolean
}

/** Whose yes it was, to whom, in which login. */
export interface ConsentedBy {
  clientId: ClientId
  correlationId: CorrelationId
  identityId: IdentityId
  subjectHash: string | undefined
  now: IsoInstant
}

/**
 * The yes that a login rests on, the person held first: a new one is written, one from before has to be there still, for it
 * may have been taken back a moment ago. In the transaction that grants the login, before the grant with its event. Where
 * nothing is granted, {@link notGranted} undoes it.
 */
export async function holdYes(
  tx: Transaction,
  tenantId: TenantId,
  { terms, isNew }: Agreed,
  { identityId, clientId, now }: ConsentedBy,
): Promise<void> {
  const [, [row]] = await tx.runAll([
    lockPeople({ tenantId, ids: [identityId] }),
    findConsent({ tenantId, identityId, clientId }),
  ])
  const before = row === undefined ? undefined : readTerms(row)
  if (!isNew && (before === undefined || !coversTerms(before, terms))) return notGranted()
  if (!isNew) return
  const joined = joinTerms(before, terms)
  await tx.run(rememberConsent({ tenantId, identityId, clientId, ...termsRow(joined), now }))
}

/** The last step of that transaction, for a new one. */
export function yesEvent(
  tenantId: TenantId,
  terms: ConsentTerms,
  { clientId, correlationId, subjectHash, now }: Omit<ConsentedBy, 'identityId'>,
  remembered = true,
): Step<Changed> {
  return insertAuditEvent(tenantId, newId(), now, {
    detail: { type: 'consent_given', ...named(terms), remembered },
    ...{ correlationId, subjectHash, clientId },
  })
}

/** Ends the transaction without a trace; {@link noRowIfNotGranted} makes an answer of it. */
export function notGranted(): never {
  return fail({ kind: 'journey_not_open' })
}

/** No row for a grant that was lost, with or without a yes beside it. Rethrows the rest. */
export function noRowIfNotGranted(error: unknown): [never[]] {
  if (error instanceof BridgeError && error.failure.kind === 'journey_not_open') return [[]]
  return noRowIfSpent(error)
}

/** The names as an event tells them. */
export function named({ scopes, claims }: ConsentTerms): { scopes: string; claims: string } {
  return { scopes: scopes.join(' '), claims: claims.join(' ') }
}
