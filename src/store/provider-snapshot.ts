/** What of a provider's row stays with a login that began there, whatever becomes of the row meanwhile. */
import type { Provider } from './provider.ts'

/** What of a provider's row a login ends with as it began; whether it is enabled, and its secret, count as they are. */
type ProviderSnapshot = Pick<
  Provider,
  | 'metadata'
  | 'scopes'
  | 'attributeMappings'
  | 'acr'
  | 'amr'
  | 'allowedOrganizations'
  | 'emailIsProof'
>

/** The text a session keeps. */
export function snapshotProvider(provider: Provider): string {
  const { metadata, scopes, attributeMappings, acr, amr, allowedOrganizations } = provider
  const { emailIsProof } = provider
  const snapshot: ProviderSnapshot = {
    ...{ metadata, scopes, attributeMappings },
    ...{ acr, amr, allowedOrganizations, emailIsProof },
  }
  return JSON.stringify(snapshot)
}

/** The provider as it was when a login began there. */
export function providerAsBegun(provider: Provider, snapshot: string): Provider {
  const begun = JSON.parse(snapshot) as ProviderSnapshot
  return {
    ...provider,
    ...{ metadata: begun.metadata, scopes: begun.scopes },
    attributeMappings: begun.attributeMappings,
    acr: begun.acr,
    amr: begun.amr,
    allowedOrganizations: begun.allowedOrganizations,
    emailIsProof: begun.emailIsProof,
  }
}
