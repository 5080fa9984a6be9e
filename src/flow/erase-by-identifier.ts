/** A person is erased who is known by an identifier that somebody wrote to us with. */
import { hashShownIdentifiers, hashToldIdentifier } from '../crypto/identifier-hash.ts'
import type { Deps } from '../deps.ts'
import type { AdminActor } from '../domain/admin.ts'
import type { ErasureGround } from '../domain/erasure.ts'
import { fail } from '../domain/failure.ts'
import { allHashes, holderKeyIdentifier, providerSubjectIdentifier } from '../domain/identifier.ts'
import type { IdentityId, TenantId } from '../domain/ids.ts'
import { read } from '../store/database.ts'
import { findOwners } from '../store/erasure.ts'
import { findProviderBySlug } from '../store/provider.ts'
import { findAdminTenant } from './admin-tenant.ts'
import { type ErasureView, erasePerson } from './record-erasure.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'config'>

/** An account at a provider, or the key of a wallet by its thumbprint (RFC 7638). */
export type NamedIdentifier =
  | { kind: 'account'; provider: string; value: string }
  | { kind: 'key'; thumbprint: string }

/**
 * Erases whoever the identifier is, and returns the receipt. Afterwards nobody is known by it, so a repeat throws
 * `not_found`, as for anybody unknown; the receipt is had again by the person's id. Throws as `eraseIdentity` does, and
 * `conflict` where the identifier leads to two people.
 */
export async function eraseByIdentifier(
  means: Means,
  actor: AdminActor,
  slug: string,
  request: { identifier: NamedIdentifier; ground: ErasureGround },
): Promise<ErasureView> {
  const tenant = await findAdminTenant(means.db, actor, 'privacy:erase', slug)
  const identityId = await findPersonBy(means, tenant.id, request.identifier)
  return await erasePerson(means, tenant, actor.id, { identityId, ground: request.ground })
}

/**
 * Looked up under every readable version. A live match decides; an ended one counts where there is none, because what was
 * unlinked is erased as well.
 */
async function findPersonBy(
  means: Means,
  tenantId: TenantId,
  identifier: NamedIdentifier,
): Promise<IdentityId> {
  const hashes = await hashesOf(means, tenantId, identifier)
  const [owners] = await read(means.db, tenantId, [findOwners({ tenantId, hashes })])
  const live = owners.filter((owner) => owner.live)
  const [one, another] = live.length > 0 ? live : owners
  if (one === undefined) return fail({ kind: 'not_found' })
  if (another !== undefined)
    return fail({ kind: 'conflict', detail: 'the identifier leads to two people' })
  return one.id
}

async function hashesOf(
  means: Means,
  tenantId: TenantId,
  identifier: NamedIdentifier,
): Promise<string[]> {
  if (identifier.kind === 'key') {
    const shown = holderKeyIdentifier(identifier.thumbprint)
    const named = { ...shown, material: 'holder_key', strength: 'identifies' } as const
    return allHashes(hashShownIdentifiers(means.keyring, tenantId, [named]))
  }
  const { provider: slug, value } = identifier
  const [[provider]] = await read(means.db, tenantId, [findProviderBySlug({ tenantId, slug })])
  if (provider === undefined) return fail({ kind: 'not_found' })
  const told = providerSubjectIdentifier(provider.issuer, provider.identifier_attr_name, value)
  if (told === undefined) return fail({ kind: 'not_found' })
  const named = { ...told, material: 'provider_subject', strength: 'identifies' } as const
  return allHashes([hashToldIdentifier(means.keyring, tenantId, named)])
}
