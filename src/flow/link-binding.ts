/** The binding of a proven link: a new row, or the one that stands between this wallet and this account already. */
import { sealWithDataKey, unwrapDataKey } from '../crypto/data-key.ts'
import { currentVersion } from '../crypto/keyring.ts'
import { newId } from '../crypto/random.ts'
import { markSeal } from '../crypto/seal-mark.ts'
import { fail } from '../domain/failure.ts'
import { allHashes } from '../domain/identifier.ts'
import type { BindingId, IdentityId, TenantId } from '../domain/ids.ts'
import { envelopeText, keepAttributes } from '../domain/kept-attributes.ts'
import { fingerprintsOf } from '../domain/link.ts'
import type { IdvPlan } from '../domain/plan.ts'
import type { SealMark } from '../domain/seal-mark.ts'
import { dueAfter } from '../domain/standing.ts'
import { noHolder, type Sealed } from '../domain/text.ts'
import { DAY, fromInstant, type IsoInstant, toInstant } from '../domain/time.ts'
import {
  endDirectBindings,
  findBindingOfAccount,
  findProvidersOfMatches,
} from '../store/account-binding.ts'
import {
  type BindingContent,
  insertBinding,
  softDeleteBinding,
  updateBinding,
} from '../store/binding.ts'
import { findDataKey } from '../store/identity.ts'
import type { LinkMatches } from './link-matches.ts'
import type { Person, ProvenLink, Recording } from './proven-link.ts'
import { refreshBindings } from './refresh-bindings.ts'

/** Without a wallet: the binding of the person's own wallet to this account, where there is one. */
async function refreshAccount(
  { means, tx, tenantId, link, account, now }: Recording,
  identityId: IdentityId,
): ReturnType<typeof refreshBindings> {
  const { policy, told } = link.attributes
  const policyVersion = link.journey.policies.attributes
  const needed = link.plan.requiredAttributes
  const described = { tenantId, identityId, account, policy, policyVersion, told, needed, now }
  return await refreshBindings(means, tx, described)
}

/**
 * A new binding, or the one this wallet already has to this account, refreshed in place. A binding that no wallet was part
 * of gets this one: an account and a wallet have one binding. `seals`: marks of the texts that were sealed. Throws
 * `ambiguous_identity`, `institution_refused` (`binding_missing`), `identity_unavailable` where the binding was ended meanwhile.
 */
export async function writeBinding(
  recording: Recording,
  person: Person,
  matches: LinkMatches,
): Promise<{ id: BindingId; isNew: boolean; seals: readonly SealMark[] }> {
  const { tx, tenantId, primary, account, link } = recording
  const refreshed =
    link.journey.way === 'direct' ? await refreshAccount(recording, person.id) : undefined
  if (refreshed !== undefined) return { ...refreshed, isNew: false }
  const institutionHashes = allHashes([account])
  const policy = link.plan.bindingPolicy
  // A binding that no wallet was part of is this wallet's only where it may be linked at all.
  const mayHold = policy === 'REUSE_ONLY' ? matches.known : matches.mayHold
  const [known] =
    mayHold.length === 0
      ? []
      : await tx.run(findBindingOfAccount({ tenantId, matchIds: mayHold, institutionHashes }))
  const matchIds = matches.known
  if (known === undefined && policy === 'REUSE_ONLY')
    return fail({ kind: 'institution_refused', reason: 'binding_missing' })
  if (known === undefined && matchIds.length > 0 && policy !== 'CREATE_NEW') {
    // A wallet that is linked to another account of this provider: which of them is the person, nobody knows.
    const providers = await tx.run(findProvidersOfMatches({ tenantId, matchIds }))
    if (providers.some(({ provider_id }) => provider_id === link.provider.id))
      return fail({ kind: 'ambiguous_identity' })
  }
  const replaced = policy === 'CREATE_NEW' ? known : undefined
  if (replaced !== undefined) await endBinding(recording, replaced.id)
  const reused = replaced === undefined ? known : undefined
  const id = reused?.id ?? (newId() as BindingId)
  const [holder] = primary?.hashes ?? [{ hash: noHolder(id), version: 0 }]
  const { hash: holderHash, version: holderHashVersion } = holder
  const row = { id, tenantId, matchId: matches.primary, holderHash, holderHashVersion }
  const content = sealBinding(recording, person, id)
  const [written] = await tx.run(
    reused === undefined
      ? insertBinding({ ...content, ...row })
      : updateBinding({ ...content, ...row }),
  )
  // Ended since it was found: the trail may not tell of texts that lie nowhere.
  if (written?.changed !== 1) return fail({ kind: 'identity_unavailable' })
  if (primary !== undefined) await endDirect(recording, person.id, id)
  const former = reused?.key_identity_id ?? undefined
  const emptied = former === undefined ? [] : await markEmptied(recording, former, id)
  const seals = [...markSealed(tenantId, person, id, content), ...emptied]
  return { id, isNew: reused === undefined, seals }
}

/** An account and a person's wallets need no binding of the account alone besides. */
async function endDirect(
  { tx, tenantId, account, now }: Recording,
  identityId: IdentityId,
  except: BindingId,
): Promise<void> {
  const institutionHashes = allHashes([account])
  const ended = { tenantId, identityId, institutionHashes, except, reason: 'REPLACED', now }
  await tx.run(endDirectBindings(ended))
}

async function endBinding({ tx, tenantId, now }: Recording, id: BindingId): Promise<void> {
  await tx.run(softDeleteBinding({ tenantId, id, reason: 'REPLACED', now }))
}

function sealBinding(
  { means, tenantId, link, shown, account, told, now, usedAt }: Recording,
  person: Person,
  binding: BindingId,
): BindingContent {
  const { policies } = link.journey
  const seal = (column: SealedColumn, text: string) =>
    sealWithDataKey(person.key, placeOf(tenantId, binding, column), text)
  const [{ hash: institutionHash, version: institutionHashVersion }] = account.hashes
  const { standings } = link.attributes.shown
  const due = dueAfter(standings)
  return {
    institutionHash,
    institutionHashVersion,
    institutionId: seal('encrypted_institution_id', link.account.value),
    attributes: seal('persisted_attributes_envelope', keptText(link)),
    sealedVersion: currentVersion(means.keyring, 'C'),
    providerId: link.provider.id,
    label: link.account.attribute,
    assurance: JSON.stringify(link.upstream),
    attributePolicyVersion: String(policies.attributes),
    materialPolicyVersion: String(policies.material),
    // Version and rule: what decided that this link be made.
    selectorPolicyVersion: `${policies.selector} ${link.journey.decided.rule}`,
    // Keyed hashes, not values: compared at every login, for a material may have changed.
    fingerprints: JSON.stringify(fingerprintsOf([...shown, ...told])),
    expiresAt: endOfProof(now, link.plan),
    credentialStatus:
      standings.length === 0 ? null : seal('credential_status', JSON.stringify(standings)),
    statusDueAt: due === undefined ? null : toInstant(fromInstant(now) + due),
    ...{ now, usedAt },
  }
}

const SEALED_COLUMNS = [
  'encrypted_institution_id',
  'persisted_attributes_envelope',
  'credential_status',
] as const
type SealedColumn = (typeof SEALED_COLUMNS)[number]

function placeOf(tenant: TenantId, row: BindingId, column: SealedColumn) {
  return { tenant, table: 'identity_link_binding', column, row }
}

function markSealed(
  tenantId: TenantId,
  { key }: Person,
  id: BindingId,
  { institutionId, attributes, credentialStatus }: BindingContent,
): SealMark[] {
  const mark = (column: SealedColumn, sealed: Sealed | null) =>
    markSeal(key, placeOf(tenantId, id, column), sealed)
  return [
    mark('encrypted_institution_id', institutionId),
    mark('persisted_attributes_envelope', attributes),
    mark('credential_status', credentialStatus),
  ]
}

/**
 * What was under a merged person's key is under the survivor's now: by that key's names nothing is there any more. The
 * survivor's row is held, which a split and an erasure wait for; to lock a second one here would be out of their order.
 */
async function markEmptied(
  { means, tx, tenantId }: Recording,
  former: IdentityId,
  id: BindingId,
): Promise<SealMark[]> {
  const [owner] = await tx.run(findDataKey({ tenantId, id: former }))
  const wrapped = owner?.wrapped_data_key ?? null
  if (wrapped === null) return []
  const key = unwrapDataKey(means.keyring, tenantId, former, wrapped)
  return SEALED_COLUMNS.map((column) => markSeal(key, placeOf(tenantId, id, column), null))
}

function endOfProof(now: IsoInstant, { bindingLifetimeDays: days }: IdvPlan): IsoInstant | null {
  return days === undefined ? null : toInstant(fromInstant(now) + days * DAY)
}

function keptText({ attributes: { policy, shown, told }, plan }: ProvenLink): string {
  return envelopeText(keepAttributes(policy, shown, told, plan.requiredAttributes))
}
