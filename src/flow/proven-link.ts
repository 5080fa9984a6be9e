/** What a link is made of, once both sides are proved, and what each step of its transaction works with. */
import type { DataKey } from '../crypto/data-key.ts'
import { hashToldIdentifier } from '../crypto/identifier-hash.ts'
import type { Keyring } from '../crypto/keyring.ts'
import type { Deps } from '../deps.ts'
import type { UpstreamAssurance } from '../domain/assurance.ts'
import type { AttributePolicy } from '../domain/attributes.ts'
import { fail } from '../domain/failure.ts'
import {
  emailIdentifier,
  type HashedIdentifier,
  providerSubjectIdentifier,
} from '../domain/identifier.ts'
import type { IdentityId, SessionId, TenantId } from '../domain/ids.ts'
import type { Confirming, Reconciling } from '../domain/journey.ts'
import type { Stated, StatedByWallet } from '../domain/kept-attributes.ts'
import { canLink, linkedIdentifiers, primaryOf } from '../domain/link.ts'
import { type MaterialPolicy, PROVIDER_EMAIL, PROVIDER_SUBJECT } from '../domain/material.ts'
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
  /** `email`: its verified address, normalised, where the provider's addresses are proof. */
  account: { issuer: string; attribute: string; value: string; email?: string }
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
  /** Everything of the institution's side: the account, and its address where that is proof. */
  told: readonly HashedIdentifier<InstitutionHash>[]
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
  const { issuer, attribute, value, email } = link.account
  const told = providerSubjectIdentifier(issuer, attribute, value)
  if (told === undefined) return fail({ kind: 'institution_refused', reason: 'subject_missing' })
  const named = { ...told, material: PROVIDER_SUBJECT, strength: 'identifies' } as const
  const account = hashToldIdentifier(means.keyring, tenant, named)
  const addresses = email === undefined ? [] : [hashAddress(means.keyring, tenant, issuer, email)]
  return { shown, primary: primaryOf(shown), account, told: [account, ...addresses] }
}

/** Addresses are given to somebody else one day, so one never identifies (UP-65, row 23). */
function hashAddress(keyring: Keyring, tenant: TenantId, issuer: string, email: string) {
  const identifier = emailIdentifier(issuer, email)
  const named = { ...identifier, material: PROVIDER_EMAIL, strength: 'suggests' } as const
  return hashToldIdentifier(keyring, tenant, named)
}
