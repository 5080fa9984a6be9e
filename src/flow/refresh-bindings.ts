/**
 * A login without a wallet by somebody whose wallets are linked to the same account: it uses their binding and brings what
 * the institution says now into it, so that both ways in go on giving the same claims.
 */
import { openWithDataKey, sealWithDataKey, unwrapDataKey } from '../crypto/data-key.ts'
import { markSeal } from '../crypto/seal-mark.ts'
import type { Deps } from '../deps.ts'
import type { AttributePolicy } from '../domain/attributes.ts'
import { allHashes, type HashedIdentifier } from '../domain/identifier.ts'
import type { BindingId, IdentityId, TenantId } from '../domain/ids.ts'
import {
  envelopeText,
  keepAttributes,
  readEnvelope,
  type Stated,
} from '../domain/kept-attributes.ts'
import type { SealMark } from '../domain/seal-mark.ts'
import type { InstitutionHash, Sealed } from '../domain/text.ts'
import type { IsoInstant } from '../domain/time.ts'
import {
  type AccountBinding,
  findWalletBindings,
  refreshAttributes,
} from '../store/account-binding.ts'
import type { Transaction } from '../store/database.ts'

/** An account as the institution told of it just now. */
export interface ToldAccount {
  tenantId: TenantId
  identityId: IdentityId
  account: HashedIdentifier<InstitutionHash>
  policy: AttributePolicy
  policyVersion: number
  told: Stated
  /** Attributes that the plan needs besides the required ones. */
  needed: readonly string[]
  now: IsoInstant
}

/**
 * Refreshes every binding of the person's wallets to the account, and returns the last used one with the marks of what was
 * sealed; undefined where there is none. Belongs into the transaction that holds the person's row. Throws `institution_refused` (`attribute_missing`),
 * `sealed_unreadable`.
 */
export async function refreshBindings(
  means: Pick<Deps, 'keyring'>,
  tx: Transaction,
  account: ToldAccount,
): Promise<{ id: BindingId; seals: readonly SealMark[] } | undefined> {
  const { tenantId, identityId, now } = account
  const institutionHashes = allHashes([account.account])
  const bindings = await tx.run(
    findWalletBindings({ tenantId, identityId, institutionHashes, now }),
  )
  const [{ hash: institutionHash, version: institutionHashVersion }] = account.account.hashes
  const seals: SealMark[] = []
  let used: BindingId | undefined
  for (const binding of bindings) {
    const { attributes, mark } = mergeAnew(means, account, binding)
    const [refreshed] = await tx.run(
      refreshAttributes({
        ...{ tenantId, id: binding.id, institutionHash, institutionHashVersion, attributes, now },
        attributePolicyVersion: String(account.policyVersion),
      }),
    )
    // Ended meanwhile: nothing was written there, and nobody logs in with it.
    if (refreshed?.changed !== 1) continue
    seals.push(mark)
    used ??= binding.id
  }
  return used === undefined ? undefined : { id: used, seals }
}

/** The wallet's side as it was kept, the institution's as it is now; sealed under the key the row is sealed under. */
function mergeAnew(
  means: Pick<Deps, 'keyring'>,
  { tenantId, policy, told, needed }: ToldAccount,
  binding: AccountBinding,
): { attributes: Sealed; mark: SealMark } {
  const { id, key_identity_id: owner, wrapped_data_key: wrapped } = binding
  const key = unwrapDataKey(means.keyring, tenantId, owner, wrapped)
  const column = 'persisted_attributes_envelope'
  const place = { tenant: tenantId, table: 'identity_link_binding', column, row: id }
  const before = Buffer.from(openWithDataKey(key, place, binding.attributes)).toString('utf8')
  const { wallet } = readEnvelope(before)
  const kept = envelopeText(keepAttributes(policy, wallet, told, needed))
  const attributes = sealWithDataKey(key, place, kept)
  return { attributes, mark: markSeal(key, place, attributes) }
}
