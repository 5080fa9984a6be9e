/** Whoever an identifier belongs to, as somebody writes it who knows no hash: an account at a provider, or a wallet's key. */
import { thumbprintOfDid } from '../crypto/did-key.ts'
import { hashSoughtIdentifier } from '../crypto/identifier-hash.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import { allHashes } from '../domain/identifier.ts'
import type { IdentityId, TenantId } from '../domain/ids.ts'
import { soughtIdentifier, type ToldIdentifier } from '../domain/sought-identifier.ts'
import { read } from '../store/database.ts'
import { findOwners } from '../store/erasure.ts'
import { findProviderBySlug, readProvider } from '../store/provider.ts'

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
  const told: ToldIdentifier =
    identifier.kind === 'key'
      ? { type: 'KEY', thumbprint: identifier.thumbprint }
      : { type: 'SUBJECT_ID', provider: identifier.provider, value: identifier.value }
  const providers =
    identifier.kind === 'key' ? [] : await findProviders(means, tenantId, identifier.provider)
  const rules = { providers, material: undefined }
  const sought = soughtIdentifier(rules, told, thumbprintOfDid)
  if (sought === undefined) return []
  return allHashes([hashSoughtIdentifier(means.keyring, tenantId, sought)])
}

async function findProviders({ db }: Means, tenantId: TenantId, slug: string) {
  const [rows] = await read(db, tenantId, [findProviderBySlug({ tenantId, slug })])
  return rows.map(readProvider)
}
