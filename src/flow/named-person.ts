/** Whoever an identifier belongs to, as somebody writes it who knows no hash: an account at a provider, or a wallet's key. */
import { hashShownIdentifiers, hashToldIdentifier } from '../crypto/identifier-hash.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import { allHashes, holderKeyIdentifier, providerSubjectIdentifier } from '../domain/identifier.ts'
import type { IdentityId, TenantId } from '../domain/ids.ts'
import { read } from '../store/database.ts'
import { findOwners } from '../store/erasure.ts'
import { findProviderBySlug } from '../store/provider.ts'

type Means = Pick<Deps, 'db' | 'keyring'>

/** An account at a provider, or the key of a wallet by its thumbprint (RFC 7638). */
export type NamedIdentifier =
  | { kind: 'account'; provider: string; value: string }
  | { kind: 'key'; thumbprint: string }

/** Whose identifier it is. Throws `not_found`, and `conflict` where it leads to two people. */
export async function findPersonBy(
  means: Means,
  tenantId: TenantId,
  identifier: NamedIdentifier,
): Promise<IdentityId> {
  return onlyOne(await findOwnersOf(means, tenantId, identifier))
}

/** The one of them. Throws as {@link findPersonBy}. */
export function onlyOne([one, another]: readonly IdentityId[]): IdentityId {
  if (one === undefined) return fail({ kind: 'not_found' })
  if (another !== undefined)
    return fail({ kind: 'conflict', detail: 'the identifier leads to two people' })
  return one
}

/**
 * Looked up under every readable version. A live match decides; an ended one counts where there is none, because what was
 * unlinked is the person's as well.
 */
export async function findOwnersOf(
  means: Means,
  tenantId: TenantId,
  identifier: NamedIdentifier,
): Promise<IdentityId[]> {
  const hashes = await hashesOf(means, tenantId, identifier)
  const [owners] = await read(means.db, tenantId, [findOwners({ tenantId, hashes })])
  const live = owners.filter((owner) => owner.live)
  return (live.length > 0 ? live : owners).map(({ id }) => id)
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
  if (provider === undefined) return []
  const told = providerSubjectIdentifier(provider.issuer, provider.identifier_attr_name, value)
  if (told === undefined) return []
  const named = { ...told, material: 'provider_subject', strength: 'identifies' } as const
  return allHashes([hashToldIdentifier(means.keyring, tenantId, named)])
}
