import type { DataKey } from '../crypto/data-key.ts'
import { hashToldIdentifier } from '../crypto/identifier-hash.ts'
import type { Deps } from '../deps.ts'
import type { UpstreamAssurance } from '../domain/assurance.ts'
import type { AttributePolicy } from '../domain/attributes.ts'
import { fail } from '../domain/failure.ts'
import { type HashedIdentifier, providerSubjectIdentifier } from '../domain/identifier.ts'
import type { IdentityId, SessionId, TenantId } from '../domain/ids.ts'
import type { Confirming, Reconciling } from '../domain/journey.ts'
import type { Stated, StatedByWallet } from '../domain/kept-attributes.ts'
import { canLink, linkedIdentifiers, primaryOf } from '../domain/link.ts'
import type { MaterialPolicy } from '../domain/material.ts'
import type { IdvPlan } from '../domain/plan.ts'
import type { HolderHash, InstitutionHash } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { Transaction } from '../store/database.ts'
import type { Provider } from '../store/provider.ts'

/** A wallet and an account that were proven to belong together, in one browser, in one journey; or an account alone (`direct`). */
export interface ProvenLink {
  journey: Reconciling | Confirming
  sessionId: SessionId
  provider: Provider
  account: { issuer: string; attribute: string; value: string }
  /** What links, how, and for how long. */
  plan: IdvPlan
  /** The one person the account may belong to; undefined where anybody's will do. */
  expectedId: IdentityId | undefined
  /** What each side said, and the rules that make one set of it. */
  attributes: { policy: AttributePolicy; shown: StatedByWallet; told: Stated }
  upstream: UpstreamAssurance
}

export type Means = Pick<Deps, 'db' | 'keyring' | 'clock'>

/** What every step of the transaction works with. */
export interface Recording {
  means: Means
  tx: Transaction
  tenantId: TenantId
  link: ProvenLink
  /** Of the wallet: all that the profile keeps. None of a login without one. */
  shown: readonly HashedIdentifier<HolderHash>[]
  /** The one of them that the binding hangs on; undefined without a wallet, and then it hangs on the account. */
  primary: HashedIdentifier<HolderHash> | undefined
  account: HashedIdentifier<InstitutionHash>
  keysKept: number
  now: IsoInstant
  /** Now, as exactly as the tenant keeps when something was used. */
  usedAt: IsoInstant
}

export interface Person {
  id: IdentityId
  isNew: boolean
  key: DataKey
  auditSalt: string
}

/**
 * The identifiers of both sides that a link is made of. Of a login without a wallet nothing is locked, looked up or written
 * on that side. Throws `institution_refused`: `identifier_missing`, `subject_missing`.
 */
export function takeSides(
  means: Pick<Deps, 'keyring'>,
  tenant: TenantId,
  material: MaterialPolicy,
  link: ProvenLink,
) {
  const { journey } = link
  const profile = material.profiles.find(({ id }) => id === link.plan.profile)
  const shown = profile === undefined ? [] : linkedIdentifiers(profile, journey.identifiers)
  const keyAlone = material.keyAlone === 'allowed'
  if (journey.way !== 'direct' && !canLink(shown, { keyAlone }))
    return fail({ kind: 'institution_refused', reason: 'identifier_missing' })
  const { issuer, attribute, value } = link.account
  const told = providerSubjectIdentifier(issuer, attribute, value)
  if (told === undefined) return fail({ kind: 'institution_refused', reason: 'subject_missing' })
  const named = { ...told, material: 'provider_subject', strength: 'identifies' } as const
  const primary = primaryOf(shown)
  return { shown, primary, account: hashToldIdentifier(means.keyring, tenant, named) }
}
