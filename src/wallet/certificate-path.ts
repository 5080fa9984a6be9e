/**
 * From a leaf certificate to an anchor that the configuration names: RFC 5280 section 6 as far as a credential's
 * issuer needs it. The path is the one in `x5c`, in its order; none is searched for. Anchors come from configuration
 * alone, and a chain that brings one along is refused rather than trimmed (HAIP 1.0 section 6.1.1, TR-11).
 */
import { createHash } from 'node:crypto'
import { fail } from '../domain/failure.ts'
import { type Certificate, KEY_USAGE, readCertificate, sameOctets } from './certificate.ts'
import { permitsNames } from './name-constraints.ts'

/** Certificates in one `x5c` at most (TR-13). */
const LONGEST_CHAIN = 5
/** Base64 characters of a certificate of 8 KiB, before decoding. */
const LONGEST_TEXT = Math.ceil((8 * 1024) / 3) * 4

const ANY_POLICY = '2.5.29.32.0'

/** A chain whose every signature and rule was found good, for as long as `notAfter` and `notBefore` say. */
export interface VerifiedChain {
  leaf: Certificate
  /** Everything below the anchor, the leaf first. */
  certificates: readonly Certificate[]
  anchor: Anchor
  /** The time in which all certificates, the anchor among them, are valid. Milliseconds since the epoch. */
  notBefore: number
  notAfter: number
  /** Authority key identifiers of the certificates in the chain, base64url (OpenID4VP 1.0 section 6.1.1.1). */
  authorityKeyIds: readonly string[]
  /**
   * Policies under which the leaf was issued and every authority of the chain may issue. None are mapped onto others: a
   * certificate that says they must be ends the path.
   */
  policies: ReadonlySet<string>
  /** Addresses of the trusted lists that vouch for its anchor now. */
  trustedLists: readonly string[]
}

/** An anchor as it is configured: DER, and from when until when it counts besides its own dates (milliseconds). */
export interface AnchorSource {
  der: Uint8Array
  notBefore?: number | undefined
  notAfter?: number | undefined
  /** From when it counts only because policy lets the list it comes from count past its time. */
  staleFrom?: number | undefined
  /** Addresses of the trusted list it comes from, and of the one that points to it. */
  lists?: readonly string[] | undefined
}

/** A certificate that chains may end at. */
interface Anchor extends Certificate, Pick<AnchorSource, 'staleFrom' | 'lists'> {}

/** The anchors of one trust entry. `digest` tells two sets apart in the cache. */
export interface AnchorSet {
  anchors: readonly Anchor[]
  digest: string
}

/** Verified chains by the hash of chain and anchors; only good chains get in, so nobody can fill it with others. */
export interface ChainCache {
  chains: Map<string, VerifiedChain>
  capacity: number
}

/** Returns an empty cache for `capacity` chains; the least recently used goes first. */
export function createChainCache(capacity = 1_000): ChainCache {
  return { chains: new Map(), capacity }
}

/**
 * Returns the anchor set of some certificates. Undefined where one is no CA certificate that may sign others.
 */
export function createAnchorSet(
  sources: readonly (Uint8Array | AnchorSource)[],
): AnchorSet | undefined {
  const anchors: Anchor[] = []
  const digest = createHash('sha256')
  for (const source of sources) {
    const anchor = readAnchor(source instanceof Uint8Array ? { der: source } : source)
    if (anchor === undefined) return undefined
    anchors.push(anchor)
    digest.update(`${anchor.fingerprint} ${anchor.notBefore} ${anchor.notAfter} `)
    digest.update(`${anchor.staleFrom ?? ''} ${anchor.lists?.join(' ') ?? ''}\n`)
  }
  return { anchors, digest: digest.digest('base64url') }
}

/** The dates of the configuration narrow those of the certificate, so that every rule on dates sees both. */
function readAnchor(source: AnchorSource): Anchor | undefined {
  const { der, notBefore, notAfter, staleFrom, lists } = source
  const anchor = readCertificate(der)
  if (anchor === undefined || !maySignCertificates(anchor)) return undefined
  return {
    ...anchor,
    notBefore: Math.max(anchor.notBefore, notBefore ?? Number.NEGATIVE_INFINITY),
    notAfter: Math.min(anchor.notAfter, notAfter ?? Number.POSITIVE_INFINITY),
    ...{ staleFrom, lists },
  }
}

/**
 * Returns the chain that an `x5c` header proves against a set of anchors, at a time in milliseconds since the epoch;
 * undefined where it is sound in itself but ends at no anchor of this set. Throws `presentation_refused` with
 * `certificate_invalid` where it is unsound (RFC 5280 section 6.1, RFC 7515 section 4.1.6).
 */
export function verifyChain(
  x5c: readonly string[],
  set: AnchorSet,
  now: number,
  cache: ChainCache,
): VerifiedChain | undefined {
  const key = cacheKey(x5c, set)
  const known = recall(cache, key)
  if (known !== undefined && isCurrent(known, now)) return known
  const chain = verifyAnew(x5c, set, now)
  if (chain !== undefined) remember(cache, key, chain)
  return chain
}

function verifyAnew(
  x5c: readonly string[],
  set: AnchorSet,
  now: number,
): VerifiedChain | undefined {
  const certificates = readChain(x5c)
  const [leaf, ...authorities] = certificates
  const top = certificates.at(-1)
  if (leaf === undefined || top === undefined) refuse()
  if (!certificates.every((one) => isCurrent(one, now) && !isSelfIssued(one))) refuse()
  checkLeaf(leaf)
  authorities.forEach((authority, index) => {
    checkAuthority(authority, index)
    if (!isIssuedBy(certificates[index] ?? refuse(), authority)) refuse()
  })
  // An anchor comes from configuration only; one that is brought along is not trimmed away.
  if (certificates.some((one) => isAnchor(one, set))) return undefined
  if (!areNamesPermitted(certificates)) refuse()
  const anchor = set.anchors.find(
    (one) =>
      isCurrent(one, now) &&
      allowsBelow(one, authorities.length) &&
      isIssuedBy(top, one) &&
      areNamesPermitted([...certificates, one]),
  )
  if (anchor === undefined) return undefined
  const policies = policiesOf(leaf, authorities)
  if (policies.size === 0 && certificates.some((one) => one.demandsPolicy)) refuse()
  const listed = listedBeside(anchor, set, now)
  const all = [...certificates, anchor, ...listed]
  return {
    leaf,
    certificates,
    anchor,
    policies,
    trustedLists: [...new Set(listed.flatMap(({ lists = [] }) => lists))],
    notBefore: Math.max(...all.map((one) => one.notBefore)),
    notAfter: Math.min(...all.map((one) => one.notAfter)),
    authorityKeyIds: certificates.flatMap((one) => one.authorityKeyId ?? []),
  }
}

/** The policy may name the same anchor itself, and lists may share one; of others only what counts without lenience. */
function listedBeside(anchor: Anchor, set: AnchorSet, now: number): readonly Anchor[] {
  return set.anchors
    .filter((one) => one.lists !== undefined && one.fingerprint === anchor.fingerprint)
    .map((one) =>
      one === anchor
        ? one
        : { ...one, notAfter: Math.min(one.notAfter, one.staleFrom ?? one.notAfter) },
    )
    .filter((one) => isCurrent(one, now))
}

/** Standard base64 without line breaks, not base64url (RFC 7515 section 4.1.6). */
function readChain(x5c: readonly string[]): readonly Certificate[] {
  if (x5c.length === 0 || x5c.length > LONGEST_CHAIN) refuse()
  return x5c.map((text) => {
    if (text.length > LONGEST_TEXT) refuse()
    const der = Buffer.from(text, 'base64')
    // Node skips what it does not know; only the text that encoding gives back was really base64.
    if (der.toString('base64') !== text) refuse()
    return readCertificate(der) ?? refuse()
  })
}

function checkLeaf(leaf: Certificate): void {
  if (leaf.isCa) refuse()
  if (leaf.keyUsage !== undefined && !leaf.keyUsage.has(KEY_USAGE.digitalSignature)) refuse()
}

/** `below` counts the CA certificates between this one and the leaf. */
function checkAuthority(authority: Certificate, below: number): void {
  if (!maySignCertificates(authority) || !allowsBelow(authority, below)) refuse()
}

function maySignCertificates(authority: Certificate): boolean {
  return authority.isCa && authority.keyUsage?.has(KEY_USAGE.keyCertSign) === true
}

function allowsBelow(authority: Certificate, below: number): boolean {
  return authority.pathLength === undefined || below <= authority.pathLength
}

/** What an authority may not name, nobody below it may (RFC 5280 section 6.1.3 b and c). */
function areNamesPermitted(path: readonly Certificate[]): boolean {
  return path.every(({ nameConstraints }, index) => {
    const below = path.slice(0, index)
    return nameConstraints === undefined || below.every((one) => permitsNames(nameConstraints, one))
  })
}

/** RFC 5280 section 6.1.3 d without mapping. An authority may stand for any policy, a leaf may not. */
function policiesOf(leaf: Certificate, authorities: readonly Certificate[]): ReadonlySet<string> {
  const allowed = (authority: Certificate, policy: string) =>
    authority.policies.includes(ANY_POLICY) || authority.policies.includes(policy)
  const kept = leaf.policies.filter(
    (policy) => policy !== ANY_POLICY && authorities.every((one) => allowed(one, policy)),
  )
  return new Set(kept)
}

function isIssuedBy(subject: Certificate, issuer: Certificate): boolean {
  if (!sameOctets(subject.issuer, issuer.subject)) return false
  try {
    return subject.x509.verify(issuer.publicKey)
  } catch {
    // OpenSSL throws where the algorithm does not fit the key: not signed by this one.
    return false
  }
}

/** Self-issued certificates serve the change of a CA's own key; an issuer's chain needs none. */
function isSelfIssued(certificate: Certificate): boolean {
  return sameOctets(certificate.subject, certificate.issuer)
}

function isAnchor(certificate: Certificate, set: AnchorSet): boolean {
  return set.anchors.some(
    (anchor) =>
      anchor.fingerprint === certificate.fingerprint ||
      anchor.publicKey.equals(certificate.publicKey),
  )
}

/** Both ends of a certificate's validity belong to it (RFC 5280 section 4.1.2.5). */
function isCurrent(one: { notBefore: number; notAfter: number }, now: number): boolean {
  return one.notBefore <= now && now <= one.notAfter
}

function cacheKey(x5c: readonly string[], set: AnchorSet): string {
  const hash = createHash('sha256').update(set.digest)
  // A comma is no base64 character, so no two lists hash the same text.
  for (const text of x5c) hash.update(',').update(text)
  return hash.digest('base64url')
}

function recall(cache: ChainCache, key: string): VerifiedChain | undefined {
  const chain = cache.chains.get(key)
  if (chain === undefined) return undefined
  // Deleting and setting moves it to the young end of the map.
  cache.chains.delete(key)
  cache.chains.set(key, chain)
  return chain
}

function remember(cache: ChainCache, key: string, chain: VerifiedChain): void {
  cache.chains.set(key, chain)
  if (cache.chains.size <= cache.capacity) return
  for (const oldest of cache.chains.keys()) {
    cache.chains.delete(oldest)
    return
  }
}

function refuse(): never {
  return fail({ kind: 'presentation_refused', reason: 'certificate_invalid' })
}
