/**
 * The OpenID4VC High Assurance Interoperability Profile 1.0 as a tenant's switch, in one object: what it asks for, and so
 * what else is refused while it is on. What the profile demands and we never do otherwise stands where it is done: certificate
 * chains without anchor and self-signed leaf (sections 5 and 6.1.1), requests by reference, a fresh P-256 key for each,
 * A128GCM and A256GCM both, one document in a DeviceResponse, `cnf.jwk` and a key binding that must be there.
 */
import type { CredentialFormat } from './dcql.ts'
import type { PolicySet } from './policy.ts'
import { type Finding, finding } from './policy-finding.ts'
import type { Tenant } from './tenant.ts'
import type { TrustPolicy } from './trust-policy.ts'

export const HAIP = {
  /** Section 5: who asks is named by the hash of a certificate. */
  clientIdPrefix: 'x509_hash',
  /** Sections 5 and 5.1: answers are encrypted. */
  responseMode: 'direct_post.jwt',
  /** Section 5: the formats of the profile. */
  formats: ['dc+sd-jwt', 'mso_mdoc'],
  /** Section 6.1.1: issuers, and who signs their status lists, are known by `x5c`; their web metadata is not read. */
  mechanism: 'x5c',
} as const satisfies {
  clientIdPrefix: Tenant['clientIdPrefix']
  responseMode: Tenant['responseMode']
  formats: readonly CredentialFormat[]
  mechanism: TrustPolicy['entries'][number]['mechanism']
}

/** Returns the settings that the profile refuses, each as the member's name and a sentence; none while it is off. */
export function settingsAgainstHaip(
  tenant: Pick<Tenant, 'haip' | 'clientIdPrefix' | 'responseMode'>,
): readonly string[] {
  if (!tenant.haip) return []
  return [
    ...(tenant.clientIdPrefix === HAIP.clientIdPrefix
      ? []
      : ['client_id_prefix: haip needs x509_hash']),
    ...(tenant.responseMode === HAIP.responseMode
      ? []
      : ['response_mode: haip needs direct_post.jwt']),
  ]
}

/** Returns a finding for each query and each trust entry that the profile refuses. */
export function lintHaip({ query, trust }: PolicySet): readonly Finding[] {
  const queries = (query?.credentials ?? []).flatMap(({ format }, index) =>
    isOfProfile(format)
      ? []
      : [refusal('query', ['credentials', index, 'format'], 'haip has no such format')],
  )
  const entries = (trust?.entries ?? []).flatMap(({ format, mechanism }, index) => [
    ...(isOfProfile(format)
      ? []
      : [refusal('trust', ['entries', index, 'format'], 'haip has no such format')]),
    ...(mechanism === HAIP.mechanism
      ? []
      : [refusal('trust', ['entries', index, 'mechanism'], 'haip knows issuers by x5c alone')]),
  ])
  return [...queries, ...entries]
}

/** The trust policy as far as the profile believes it, for logins that began before the switch was turned. */
export function trustWithinHaip(policy: TrustPolicy): TrustPolicy {
  const entries = policy.entries.filter(
    ({ format, mechanism }) => isOfProfile(format) && mechanism === HAIP.mechanism,
  )
  return { ...policy, entries }
}

function isOfProfile(format: CredentialFormat): boolean {
  return HAIP.formats.some((known) => known === format)
}

function refusal(
  kind: 'query' | 'trust',
  path: readonly (string | number)[],
  message: string,
): Finding {
  return finding('profile_refused', kind, path, message)
}
