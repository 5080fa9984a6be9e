/**
 * From a credential that nothing is known of to the one entry of the trust policy that vouches for its issuer, and the
 * key to verify it with. Which mechanism finds the key is the policy's choice, never the credential's (VC-05).
 */
import type { KeyObject } from 'node:crypto'
import { fail } from '../domain/failure.ts'
import type { Lenience } from '../domain/lenience.ts'
import type { JsonObject } from '../domain/text.ts'
import type {
  CertificateTrustEntry,
  FederationTrustEntry,
  MetadataTrustEntry,
  SdJwtTrustEntry,
  TrustEntry,
  TrustPolicy,
  W3cTrustEntry,
} from '../domain/trust-policy.ts'
import {
  type AnchorSet,
  type ChainCache,
  createAnchorSet,
  type VerifiedChain,
  verifyChain,
} from './certificate-path.ts'
import type { FetchStatement } from './collect-chain.ts'
import { type Federation, findFederatedKey, prepareFederation } from './federation-keys.ts'
import { type FetchJson, findIssuerKey } from './issuer-metadata.ts'
import { nameIssuer } from './issuer-name.ts'
import type { FetchedList } from './listed-service.ts'
import { listedAnchors, sourceOf } from './policy-anchors.ts'
import type { IssuerKeyCache, PublishedKey } from './published-keys.ts'
import type { RevocationMeans } from './revocation.ts'
import type { FetchStatusList, StatusListCache } from './status-lookup.ts'

/** A trust policy whose anchors are parsed; made once for each published document and kept. */
export interface PreparedTrust {
  entries: readonly PreparedEntry[]
}

/** Entries whose issuers are known by a certificate below an anchor, and by other means. */
export type CertifiedEntry = Extract<TrustEntry, { mechanism: 'x5c' }>
type DidEntry = Extract<W3cTrustEntry, { mechanism: 'did' }>

export type PreparedEntry =
  | { mechanism: 'x5c'; entry: CertifiedEntry; anchors: AnchorSet }
  | { mechanism: 'jwt-vc-issuer'; entry: MetadataTrustEntry }
  | { mechanism: 'did'; entry: DidEntry }
  | { mechanism: 'openid-federation'; entry: FederationTrustEntry; federation: Federation }

/** A certified entry with its anchors. */
export interface Anchored<Entry extends CertifiedEntry> {
  entry: Entry
  anchors: AnchorSet
}

/** What one verification needs from outside: guarded fetches, and caches that outlive it. */
export interface TrustMeans extends RevocationMeans {
  fetchJson: FetchJson
  fetchStatement: FetchStatement
  fetchStatusList: FetchStatusList
  statusLists: StatusListCache
  chains: ChainCache
  issuerKeys: IssuerKeyCache
}

/** Who made a credential, according to one entry. */
export interface TrustedIssuer<Entry extends TrustEntry = TrustEntry> {
  entry: Entry
  /** The entry's id, and after `#` the issuer's name where the entry tells issuers apart (VC-04, VP-096). */
  issuer: string
  key: KeyObject
  /** Base64url key identifiers of the authorities in its chain; none without certificates. */
  authorityKeyIds: readonly string[]
  /** Entities of a federation above it, up to the anchor. */
  superiors?: readonly string[]
  /** Undefined for an issuer that is known by other means than certificates. */
  chain?: VerifiedChain
  /** What policy let pass where the key is one that could not be had anew. */
  lenience?: Lenience | undefined
}

/** The same, with the chain that proved it. */
export interface CertifiedIssuer<Entry extends TrustEntry> extends TrustedIssuer<Entry> {
  chain: VerifiedChain
}

/**
 * Returns the policy ready to verify with. Throws `policy_refused` naming each anchor that is not a CA certificate which
 * may sign others and which obeys TR-14; so whoever publishes a policy calls it too. `fetched` are the trusted lists that are
 * at hand; what they hold and is no usable anchor is passed over.
 */
export function prepareTrust(
  policy: TrustPolicy,
  fetched: readonly FetchedList[] = [],
): PreparedTrust {
  const problems: string[] = []
  const entries = policy.entries.flatMap((entry, index): PreparedEntry[] => {
    if (entry.mechanism === 'jwt-vc-issuer') return [{ mechanism: entry.mechanism, entry }]
    if (entry.mechanism === 'did') return [{ mechanism: entry.mechanism, entry }]
    if (entry.mechanism === 'openid-federation') {
      const federation = prepareFederation(entry)
      if (federation !== undefined) return [{ mechanism: entry.mechanism, entry, federation }]
      problems.push(`entries.${index}.trustAnchors: an anchor without a usable public key`)
      return []
    }
    const sources = entry.anchors.map(sourceOf)
    sources.forEach((source, at) => {
      if (createAnchorSet([source]) === undefined) {
        problems.push(`entries.${index}.anchors.${at}: not a usable CA certificate`)
      }
    })
    const anchors = createAnchorSet([...sources, ...listedAnchors(entry, policy.lists, fetched)])
    return anchors === undefined ? [] : [{ mechanism: entry.mechanism, entry, anchors }]
  })
  if (problems.length > 0) fail({ kind: 'policy_refused', problems })
  return { entries }
}

/**
 * Returns the issuer of an SD-JWT VC that the policy vouches for, before anything is known to be signed by it: header and
 * payload come from the issuer-signed JWT, unverified. `now` in milliseconds. Throws `presentation_refused`:
 * `untrusted_issuer` where no single entry matches type, mechanism, anchor or issuer, and name (TR-01);
 * `certificate_invalid`; `issuer_key_unavailable`.
 */
export async function findIssuer(
  credential: { header: JsonObject; payload: JsonObject },
  trust: PreparedTrust,
  now: number,
  means: TrustMeans,
): Promise<TrustedIssuer<SdJwtTrustEntry>> {
  const { header, payload } = credential
  const makesType = (entry: TrustEntry) =>
    entry.format === 'dc+sd-jwt' && entry.vct.some((vct) => vct === payload.vct)
  const iss = payload.iss
  if (iss !== undefined && typeof iss !== 'string') refuse('malformed_presentation')
  if (Object.hasOwn(header, 'x5c')) {
    const isCandidate = (entry: CertifiedEntry): entry is CertificateTrustEntry => makesType(entry)
    return findByCertificate(
      anchoredEntries(trust, isCandidate),
      { x5c: readX5c(header), iss, now },
      means,
    )
  }
  const kid = header.kid
  if (kid !== undefined && typeof kid !== 'string') refuse('malformed_presentation')
  if (iss === undefined) return refuse('untrusted_issuer')
  for (const { mechanism, entry } of trust.entries) {
    if (mechanism !== 'jwt-vc-issuer' || !makesType(entry) || entry.issuer !== iss) continue
    const at = { now, graceSeconds: entry.keysGraceSeconds }
    const found = await findIssuerKey(entry.issuer, kid, at, means)
    return publishedIssuer(entry, iss, found)
  }
  const isCandidate = (entry: TrustEntry): entry is SdJwtTrustEntry => makesType(entry)
  const federated = await findFederatedIssuer(trust, isCandidate, { iss, kid, now }, means)
  return federated ?? refuse('untrusted_issuer')
}

/** Returns an issuer that publishes its key. */
export function publishedIssuer<Entry extends TrustEntry>(
  entry: Entry,
  name: string,
  { key, superiors, stale }: PublishedKey,
): TrustedIssuer<Entry> {
  const lenience = stale ? 'issuer_keys_stale' : undefined
  return { entry, issuer: `${entry.id}#${name}`, key, authorityKeyIds: [], superiors, lenience }
}

/**
 * Returns the issuer whom the federation of the first entry vouches for that names it; undefined where none does. `now` in
 * milliseconds. Throws `presentation_refused` with `issuer_key_unavailable`.
 */
export async function findFederatedIssuer<Entry extends TrustEntry>(
  trust: PreparedTrust,
  isCandidate: (entry: TrustEntry) => entry is Entry,
  credential: { iss: string; kid: string | undefined; now: number },
  means: TrustMeans,
): Promise<TrustedIssuer<Entry> | undefined> {
  const { iss, kid, now } = credential
  for (const one of trust.entries) {
    if (one.mechanism !== 'openid-federation' || !isCandidate(one.entry)) continue
    const at = { now, graceSeconds: one.entry.keysGraceSeconds }
    const found = await findFederatedKey(iss, kid, one, at, means)
    if (found !== undefined) return publishedIssuer<Entry>(one.entry, iss, found)
  }
  return undefined
}

/** Returns the certified entries of one kind, with their anchors. */
export function anchoredEntries<Entry extends CertifiedEntry>(
  trust: PreparedTrust,
  isCandidate: (entry: CertifiedEntry) => entry is Entry,
): readonly Anchored<Entry>[] {
  return trust.entries.flatMap((one) =>
    one.mechanism === 'x5c' && isCandidate(one.entry)
      ? [{ entry: one.entry, anchors: one.anchors }]
      : [],
  )
}

interface CertifiedCredential {
  /** Standard base64, leaf first. */
  x5c: readonly string[]
  /** What the credential itself calls its issuer. */
  iss: string | undefined
  /** Milliseconds since the epoch. */
  now: number
}

/**
 * Returns the issuer whose chain ends at an anchor of the first entry that also agrees with its name, its purpose and
 * whatever `accepts` looks at. Throws `presentation_refused`: `certificate_invalid` for an unsound chain, else
 * `untrusted_issuer`.
 */
export function findByCertificate<Entry extends CertifiedEntry>(
  candidates: readonly Anchored<Entry>[],
  credential: CertifiedCredential,
  means: Pick<TrustMeans, 'chains'>,
  accepts: (entry: Entry, chain: VerifiedChain) => boolean = servesPurpose,
): CertifiedIssuer<Entry> {
  for (const { entry, anchors } of candidates) {
    const chain = verifyChain(credential.x5c, anchors, credential.now, means.chains)
    if (chain === undefined || !hasPolicy(entry, chain) || !accepts(entry, chain)) continue
    const issuer = nameIssuer(entry, credential.iss, chain.leaf)
    if (issuer === undefined) continue
    const { authorityKeyIds } = chain
    return { entry, issuer, key: chain.leaf.publicKey, authorityKeyIds, chain }
  }
  return refuse('untrusted_issuer')
}

/** Returns the `x5c` of a JOSE header. Throws `presentation_refused` `certificate_invalid` where it is no list of text. */
export function readX5c(header: JsonObject): readonly string[] {
  const list = header.x5c
  const texts = Array.isArray(list) ? list.filter((item) => typeof item === 'string') : []
  if (!Array.isArray(list) || texts.length !== list.length) refuse('certificate_invalid')
  return texts
}

/** Returns whether a chain is under one of the certificate policies that the entry wants. */
export function hasPolicy(entry: CertifiedEntry, chain: VerifiedChain): boolean {
  const wanted = entry.certificatePolicies
  return wanted === undefined || wanted.some((policy) => chain.policies.has(policy))
}

/** Time stamps and answers about revocation: what an authority lets its own services sign. */
const OF_SERVICES = ['1.3.6.1.5.5.7.3.8', '1.3.6.1.5.5.7.3.9']

/**
 * Returns whether a signer's certificate is for what the entry wants. One that says what it is for is for nothing else (RFC
 * 5280 section 4.2.1.12): where the entry wants nothing in particular, whoever may sign status lists alone makes no credential.
 */
export function servesPurpose(entry: CertifiedEntry, { leaf }: VerifiedChain): boolean {
  const { extendedKeyUsage: wanted, statusPurposes = [] } = entry
  const purposes = leaf.extendedKeyUsage
  if (wanted !== undefined) return wanted.some((purpose) => purposes?.includes(purpose))
  const others = [...OF_SERVICES, ...statusPurposes]
  return purposes === undefined || purposes.some((purpose) => !others.includes(purpose))
}

function refuse(
  reason: 'untrusted_issuer' | 'certificate_invalid' | 'malformed_presentation',
): never {
  return fail({ kind: 'presentation_refused', reason })
}
