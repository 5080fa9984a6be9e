/** Whoever an identifier belongs to, as somebody writes it who knows no hash: whatever a login could be recognised by. */
import { thumbprintOfDid } from '../crypto/did-key.ts'
import { hashSoughtIdentifier } from '../crypto/identifier-hash.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import { allHashes, type Strength } from '../domain/identifier.ts'
import type { IdentityId, TenantId } from '../domain/ids.ts'
import { readPolicy } from '../domain/policy.ts'
import { soughtIdentifier, type ToldIdentifier, worthOf } from '../domain/sought-identifier.ts'
import { read } from '../store/database.ts'
import { findOwners } from '../store/erasure.ts'
import { findCurrentPolicies } from '../store/policy.ts'
import { listProviders, readProvider } from '../store/provider.ts'

type Means = Pick<Deps, 'db' | 'keyring'>

/** Whose it is, and what it is worth: one that only suggests may be somebody else's by now. */
export interface Owner {
  id: IdentityId
  strength: Strength
}

/**
 * Whose identifier it is, for something that is done about them at once. Throws `not_found`, and `conflict` where it leads to
 * two people, or only suggests one: then somebody looks first, and names the person by id.
 */
export async function findPersonBy(
  means: Means,
  tenantId: TenantId,
  identifier: ToldIdentifier,
): Promise<IdentityId> {
  const { id, strength } = onlyOne(await findOwnersOf(means, tenantId, identifier))
  if (strength === 'suggests')
    return fail({ kind: 'conflict', detail: 'the identifier only suggests a person' })
  return id
}

/** The one of them. Throws `not_found`, and `conflict` where it leads to two people. */
export function onlyOne([one, another]: readonly Owner[]): Owner {
  if (one === undefined) return fail({ kind: 'not_found' })
  if (another !== undefined)
    return fail({ kind: 'conflict', detail: 'the identifier leads to two people' })
  return one
}

/**
 * Looked up under every readable version, and read as a login would read it by the policy that is published now. A live match
 * decides; an ended one counts where there is none, because what was unlinked is the person's as well.
 */
export async function findOwnersOf(
  means: Means,
  tenantId: TenantId,
  told: ToldIdentifier,
): Promise<Owner[]> {
  const { db, keyring } = means
  const [providers, policies] = await read(db, tenantId, [
    listProviders({ tenantId }),
    findCurrentPolicies({ tenantId }),
  ])
  const published = policies.find(({ kind }) => kind === 'material')
  const material = published && readPolicy('material', JSON.parse(published.document))
  const rules = { providers: providers.map(readProvider), material }
  const sought = soughtIdentifier(rules, told, thumbprintOfDid)
  if (sought === undefined) return []
  const identifier = hashSoughtIdentifier(keyring, tenantId, sought)
  const [owners] = await read(db, tenantId, [
    findOwners({ tenantId, hashes: allHashes([identifier]) }),
  ])
  const live = owners.filter((owner) => owner.live)
  return (live.length > 0 ? live : owners).map(({ id, found }) => ({
    ...{ id, strength: worthOf(identifier, found) },
  }))
}
