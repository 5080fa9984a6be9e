/**
 * Who may make W3C credentials: an issuer below an anchor, or one of the DIDs that the policy names. Which of the two it
 * is, is the policy's choice; a DID that it does not name is never looked at, let alone fetched.
 */
import { fail } from '../domain/failure.ts'
import { namesOfTypes, type TrustEntry, type W3cTrustEntry } from '../domain/trust-policy.ts'
import { readDid } from './did.ts'
import { findDidWebKey } from './did-web.ts'
import type { PublishedKey } from './published-keys.ts'
import {
  anchoredEntries,
  findByCertificate,
  findFederatedIssuer,
  type PreparedTrust,
  publishedIssuer,
  readX5c,
  type TrustedIssuer,
  type TrustMeans,
} from './trust.ts'
import type { W3cCredential } from './w3c-credential.ts'

/**
 * Returns the issuer that the policy vouches for, for a type that was asked for, before its signature was seen. `now` in
 * milliseconds. Throws `presentation_refused`: `untrusted_issuer`, `certificate_invalid`, `issuer_key_unavailable`.
 */
export async function findW3cIssuer(
  made: W3cCredential,
  isAsked: (types: readonly string[]) => boolean,
  trust: PreparedTrust,
  now: number,
  means: TrustMeans,
): Promise<TrustedIssuer<W3cTrustEntry>> {
  const { header } = made.jws
  const isCandidate = (entry: TrustEntry): entry is W3cTrustEntry =>
    entry.format === 'jwt_vc_json' && isAsked(typesBy(entry, made.types))
  if (Object.hasOwn(header, 'x5c')) {
    const candidates = anchoredEntries(
      trust,
      (entry): entry is Extract<W3cTrustEntry, { mechanism: 'x5c' }> => isCandidate(entry),
    )
    return findByCertificate(candidates, { x5c: readX5c(header), iss: made.issuer, now }, means)
  }
  const { kid } = header
  if (kid !== undefined && typeof kid !== 'string') refuse('malformed_presentation')
  for (const { mechanism, entry } of trust.entries) {
    if (mechanism !== 'did' || !isCandidate(entry)) continue
    if (!entry.issuers.some((did) => did === made.issuer)) continue
    const at = { now, graceSeconds: entry.keysGraceSeconds }
    return publishedIssuer(entry, made.issuer, await findDidKey(made.issuer, kid, at, means))
  }
  const credential = { iss: made.issuer, kid, now }
  const federated = await findFederatedIssuer(trust, isCandidate, credential, means)
  return federated ?? refuse('untrusted_issuer')
}

/**
 * Returns the key of a DID that the policy names: the one it is, or the one of that id in its document. `now` in
 * milliseconds. Throws `presentation_refused` with `issuer_key_unavailable`.
 */
export async function findDidKey(
  did: string,
  kid: string | undefined,
  at: { now: number; graceSeconds?: number },
  means: Pick<TrustMeans, 'fetchJson' | 'issuerKeys' | 'answers'>,
): Promise<PublishedKey> {
  if (did.startsWith('did:web:')) return findDidWebKey(did, kid, at, means)
  const key = readDid(did)?.key ?? refuse('issuer_key_unavailable')
  return { key, superiors: [], stale: false }
}

/** Returns the names, short and full, of those types of a credential that an entry vouches for. */
export function typesBy(entry: W3cTrustEntry, types: readonly string[]): readonly string[] {
  const vouched = new Set(types.filter((type) => entry.types.includes(type)))
  if (vouched.size === 0) return []
  return namesOfTypes({ ...entry, types: [...vouched] })
}

function refuse(
  reason: 'untrusted_issuer' | 'malformed_presentation' | 'issuer_key_unavailable',
): never {
  return fail({ kind: 'presentation_refused', reason })
}
