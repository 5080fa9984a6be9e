/** What verified credentials are known by in a tenant, hashed. */
import { thumbprintOfDid } from '../crypto/did-key.ts'
import { hashShownIdentifiers } from '../crypto/identifier-hash.ts'
import type { Deps } from '../deps.ts'
import type { HashedIdentifier } from '../domain/identifier.ts'
import type { PolicyVersions } from '../domain/journey.ts'
import { shownIdentifiers } from '../domain/shown-identifiers.ts'
import type { HolderHash } from '../domain/text.ts'
import type { VerifiedCredential } from '../wallet/credential.ts'
import type { PreparedTenant } from './tenants.ts'

interface Proved {
  credentials: readonly VerifiedCredential[]
  /** Undefined where several keys hold them: then none of these identifies anybody. */
  holder: { thumbprint: string } | undefined
}

/** Every identifier that the tenant's materials find in what was shown, hashed: what it is known by from here on. */
export async function identifyShown(
  { keyring }: Pick<Deps, 'keyring'>,
  prepared: PreparedTenant,
  versions: PolicyVersions,
  { holder, credentials }: Proved,
): Promise<HashedIdentifier<HolderHash>[]> {
  const material = await prepared.policy('material', versions.material)
  const trust = await prepared.policy('trust', versions.trust)
  const provesEmail = new Set(
    trust.entries.filter((entry) => entry.provesEmail).map((entry) => entry.id),
  )
  const shown = {
    holderThumbprint: holder?.thumbprint,
    credentials: credentials.map((credential) => ({
      ...credential,
      provesEmail: provesEmail.has(credential.trustEntry),
    })),
  }
  const found = shownIdentifiers(material, shown, thumbprintOfDid)
  return hashShownIdentifiers(keyring, prepared.tenant.id, found)
}
