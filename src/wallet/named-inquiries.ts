import type { TrustEntry, TrustPolicy } from '../domain/trust-policy.ts'
import { didWebInquiry } from './did-web.ts'
import { type FetchJson, metadataInquiry } from './issuer-metadata.ts'
import type { Inquiry } from './stored-answer.ts'

/** Returns whom a trust policy has asked whether or not a login needed it yet: the issuers that it names. */
export function namedInquiries(
  policy: TrustPolicy,
  means: { fetchJson: FetchJson },
): readonly Inquiry<unknown>[] {
  return policy.entries.flatMap((entry) => inquiriesOf(entry, means))
}

function inquiriesOf(entry: TrustEntry, means: { fetchJson: FetchJson }): Inquiry<unknown>[] {
  switch (entry.mechanism) {
    case 'jwt-vc-issuer':
      return [metadataInquiry(entry.issuer, means)]
    case 'did':
      return entry.issuers
        .filter((did) => did.startsWith('did:web:'))
        .map((did) => didWebInquiry(did, means))
    case 'x5c':
      return []
  }
}
