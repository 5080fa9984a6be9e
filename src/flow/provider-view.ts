/** A provider as its administrators see it. Its secret is not among it, nor anything made of it (UP-05). */
import { type AdminActor, managesInstitution } from '../domain/admin.ts'
import { fail } from '../domain/failure.ts'
import type { ProviderId, TenantId } from '../domain/ids.ts'
import { addressOf } from '../domain/tenant.ts'
import type { IsoInstant } from '../domain/time.ts'
import type { ProviderMetadata } from '../institution/provider.ts'
import { type Provider, readProvider } from '../store/provider.ts'

export interface ProviderView {
  provider: Omit<Provider, 'sealedClientSecret' | 'metadata'>
  /** What the institution has to register for our client. */
  callbackUrl: string
  endpoints: {
    authorization: string
    token: string
    userinfo: string | undefined
    jwks: string
  }
  idTokenAlgorithm: string
  /** When discovery said so. */
  discoveredAt: IsoInstant
}

/** `issuer` is the tenant's. */
export function viewProvider(issuer: string, row: Provider): ProviderView {
  const { sealedClientSecret: _, metadata: text, ...provider } = row
  const metadata = JSON.parse(text) as ProviderMetadata
  return {
    provider,
    callbackUrl: addressOf.callback(issuer, row.id),
    endpoints: {
      authorization: metadata.authorization_endpoint,
      token: metadata.token_endpoint,
      userinfo: metadata.userinfo_endpoint,
      jwks: metadata.jwks_uri,
    },
    idTokenAlgorithm: metadata.id_token_signing_alg,
    discoveredAt: metadata.fetched_at,
  }
}

/** The row as a provider of the actor's. Throws `not_found` alike for none and for one of another institution. */
export function ownProvider(
  actor: AdminActor,
  row: Parameters<typeof readProvider>[0] | undefined,
): Provider {
  const provider = row === undefined ? undefined : readProvider(row)
  if (provider === undefined || !managesInstitution(actor, provider.institution)) {
    return fail({ kind: 'not_found' })
  }
  return provider
}

/** What is said where `email_is_proof` cannot be. */
export const NO_PROOF_BY_EMAIL =
  'email_is_proof: this provider hands on addresses of others, which prove nothing'

/** Where a provider's secret lies: it opens there and nowhere else (prepare-tenant.ts opens it). */
export function secretContext(tenant: TenantId, id: ProviderId) {
  return { tenant, table: 'reconciliation_provider', column: 'sealed_client_secret', row: id }
}
