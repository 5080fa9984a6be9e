/**
 * The keys of an issuer as a federation vouches for them: those of its metadata by value, so that they are signed, after all
 * policies of its chain. Kept as the chain they come from, and resolved again whenever that is read.
 */
import { createHash } from 'node:crypto'
import { isUnderIssuers } from '../domain/federation-entry.ts'
import type { JsonObject } from '../domain/text.ts'
import type { FederationTrustEntry } from '../domain/trust-policy.ts'
import { collectChain, type FetchStatement } from './collect-chain.ts'
import { FederationError, keysIn } from './entity-statement.ts'
import { readKeys } from './issuer-metadata.ts'
import { isJsonObject } from './json.ts'
import {
  findPublishedKey,
  KEY_LIFETIME,
  type KeyMeans,
  type PublishedKey,
  type PublishedKeys,
} from './published-keys.ts'
import type { Inquiry, Said } from './stored-answer.ts'
import { type FederationAnchor, type ResolvedEntity, resolveChain } from './trust-chain.ts'

/** A federation that an entry of the trust policy names, with its anchors' keys read. */
export interface Federation {
  anchors: readonly FederationAnchor[]
  marks: readonly string[]
  types: readonly string[]
  /** Tells this federation from every other: a chain of one proves nothing in another. */
  source: string
}

/** Returns the federation of an entry. Undefined where an anchor has no key that can be used. */
export function prepareFederation(entry: FederationTrustEntry): Federation | undefined {
  const { trustAnchors, trustMarks: marks, entityTypes: types } = entry
  try {
    const anchors = trustAnchors.map(({ entity, keys }) => {
      return { entity, keys: keysIn({ keys: keys as unknown as JsonObject[] }) }
    })
    const said = JSON.stringify([trustAnchors, marks, types])
    const source = JSON.stringify({
      federation: createHash('sha256').update(said).digest('base64url'),
    })
    return { anchors, marks, types, source }
  } catch (error) {
    if (error instanceof FederationError) return undefined
    throw error
  }
}

/** Returns how an issuer's chain is asked for. `now` in milliseconds. */
export function federationInquiry(
  issuer: string,
  federation: Federation,
  now: number,
  { fetchStatement }: { fetchStatement: FetchStatement },
): Inquiry<PublishedKeys> {
  const { anchors, marks } = federation
  return {
    ...{ kind: 'federation', about: issuer, source: federation.source },
    fetch: async () =>
      JSON.stringify(await collectChain(issuer, { anchors, marks, now }, fetchStatement)),
    read: (document, fetchedAt) =>
      readChain(JSON.parse(document), issuer, federation, { now, fetchedAt }),
  }
}

/**
 * Returns the key of that id which a federation vouches for; without an id, the only one. Undefined where the entry does not
 * name the issuer, who is then not asked. Throws `presentation_refused` with `issuer_key_unavailable`.
 */
export async function findFederatedKey(
  issuer: string,
  kid: string | undefined,
  { entry, federation }: { entry: FederationTrustEntry; federation: Federation },
  at: { now: number; graceSeconds?: number },
  means: KeyMeans & { fetchStatement: FetchStatement },
): Promise<PublishedKey | undefined> {
  if (!isUnderIssuers(issuer, entry.issuers)) return undefined
  const inquiry = federationInquiry(issuer, federation, at.now, means)
  return await findPublishedKey(inquiry, kid, at, means)
}

function readChain(
  jwts: readonly string[],
  issuer: string,
  { anchors, marks, types }: Federation,
  { now, fetchedAt }: { now: number; fetchedAt: number },
): Said<PublishedKeys> | undefined {
  try {
    const resolved = resolveChain(jwts, anchors, now, marks)
    const keys = issuerKeysOf(resolved, types)
    if (resolved.subject !== issuer || keys === undefined || keys.length === 0) return undefined
    const freshUntil = Math.min(fetchedAt + KEY_LIFETIME, resolved.expiresAt)
    const value = { keys, superiors: resolved.superiors }
    return { value, fetchedAt, issuedAt: fetchedAt, endsAt: resolved.expiresAt, freshUntil }
  } catch (error) {
    if (error instanceof FederationError) return undefined
    throw error
  }
}

/** Of the first type that the entity has. */
function issuerKeysOf({ metadata }: ResolvedEntity, types: readonly string[]) {
  const type = types.find((name) => Object.hasOwn(metadata, name))
  const said = type === undefined ? undefined : metadata[type]
  const jwks = isJsonObject(said) ? said.jwks : undefined
  return jwks === undefined ? undefined : readKeys(JSON.stringify(jwks))
}
