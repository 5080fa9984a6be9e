/** Whom a trust policy has asked ahead of time, so that no login has to wait for them. */
import { isUnderIssuers } from '../domain/federation-entry.ts'
import type { FederationTrustEntry, TrustEntry, TrustPolicy } from '../domain/trust-policy.ts'
import type { FetchStatement } from './collect-chain.ts'
import { didWebInquiry } from './did-web.ts'
import { federationInquiry, prepareFederation } from './federation-keys.ts'
import { type FetchJson, metadataInquiry } from './issuer-metadata.ts'
import type { Inquiry } from './stored-answer.ts'

interface Means {
  fetchJson: FetchJson
  fetchStatement: FetchStatement
}

/**
 * Returns whom a trust policy has asked whether or not a login needed it yet: the issuers that it names, and of a federation
 * those whom logins brought (`seen`, by what their answers are about). `now` in milliseconds.
 */
export function namedInquiries(
  policy: TrustPolicy,
  seen: readonly string[],
  now: number,
  means: Means,
): readonly Inquiry<unknown>[] {
  return policy.entries.flatMap((entry) => inquiriesOf(entry, seen, now, means))
}

function inquiriesOf(
  entry: TrustEntry,
  seen: readonly string[],
  now: number,
  means: Means,
): Inquiry<unknown>[] {
  switch (entry.mechanism) {
    case 'jwt-vc-issuer':
      return [metadataInquiry(entry.issuer, means)]
    case 'did':
      return entry.issuers
        .filter((did) => did.startsWith('did:web:'))
        .map((did) => didWebInquiry(did, means))
    case 'openid-federation':
      return federationInquiries(entry, seen, now, means)
    case 'x5c':
      return []
  }
}

function federationInquiries(
  entry: FederationTrustEntry,
  seen: readonly string[],
  now: number,
  means: Means,
): Inquiry<unknown>[] {
  const federation = prepareFederation(entry)
  if (federation === undefined) return []
  const named = entry.issuers.filter((issuer) => !issuer.startsWith('.'))
  const brought = seen.filter((issuer) => isUnderIssuers(issuer, entry.issuers))
  return [...new Set([...named, ...brought])].map((issuer) =>
    federationInquiry(issuer, federation, now, means),
  )
}
