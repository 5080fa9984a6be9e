/**
 * Certificate revocation lists (RFC 5280 sections 5 and 6.3), complete and direct ones only: signed by the very authority
 * that issued the certificates, for every reason. Deltas, indirect lists and lists for some reasons are refused.
 */
import { type Certificate, KEY_USAGE, sameOctets } from './certificate.ts'
import { listExtensions, readFullName } from './certificate-extensions.ts'
import {
  DER,
  type DerElement,
  DerError,
  eachChild,
  expectTag,
  readBoolean,
  readChildren,
  readDer,
} from './der.ts'
import { algorithmOf, isSignedBy, readTime } from './signed-der.ts'

/** Octets of one list at most, and certificates on it. */
export const LARGEST_REVOCATION_LIST = 2 * 1024 * 1024
const MOST_REVOKED = 50_000

const EXTENSION = {
  authorityKeyId: '2.5.29.35',
  crlNumber: '2.5.29.20',
  issuingDistributionPoint: '2.5.29.28',
} as const
const UNDERSTOOD: ReadonlySet<string> = new Set([
  EXTENSION.authorityKeyId,
  EXTENSION.crlNumber,
  EXTENSION.issuingDistributionPoint,
])
/** Named in an entry, it makes the list indirect (section 5.3.3). */
const CERTIFICATE_ISSUER = '2.5.29.29'
/** Others that an entry may have without changing that the certificate is revoked (sections 5.3.1 and 5.3.2). */
const ENTRY_EXTENSIONS: ReadonlySet<string> = new Set(['2.5.29.21', '2.5.29.24'])

export interface RevocationList {
  /** Milliseconds since the epoch. */
  thisUpdate: number
  nextUpdate: number
  /** Serial numbers, hexadecimal. */
  revoked: ReadonlySet<string>
  /** Which certificates it speaks of. */
  covers: 'all' | 'users' | 'authorities'
}

/**
 * Returns the list that `issuer` signed and that was found at `uri`. Undefined where it is malformed, too large, of another
 * issuer, wrongly signed, without an end, or of a kind that is refused. Whether it is current is the caller's question.
 */
export function readRevocationList(
  der: Uint8Array,
  issuer: Certificate,
  uri: string,
): RevocationList | undefined {
  if (der.length > LARGEST_REVOCATION_LIST) return undefined
  try {
    return read(der, issuer, uri)
  } catch (error) {
    if (error instanceof DerError) return undefined
    throw error
  }
}

function read(der: Uint8Array, issuer: Certificate, uri: string): RevocationList {
  const [signed, algorithm, signature, ...more] = readChildren(
    expectTag(readDer(der), DER.sequence),
  )
  const tbs = expectTag(signed, DER.sequence)
  const [version, inner, name, ...rest] = readChildren(tbs)
  if (more.length > 0 || version?.tag !== DER.integer || version.content[0] !== 1) {
    throw new DerError('not a version 2 list')
  }
  if (algorithmOf(inner) !== algorithmOf(algorithm)) throw new DerError('two algorithms')
  if (!sameOctets(expectTag(name, DER.sequence).whole, issuer.subject)) throw new DerError('issuer')
  if (issuer.keyUsage?.has(KEY_USAGE.crlSign) === false) throw new DerError('may not sign lists')
  if (!isSignedBy(issuer.publicKey, tbs, algorithm, signature)) throw new DerError('signature')
  const [thisUpdate, nextUpdate, ...tail] = rest
  const list = tail.find((one) => one.tag === DER.sequence)
  return {
    thisUpdate: readTime(thisUpdate),
    // Without an end nobody can tell a list that is held back from a new one.
    nextUpdate: readTime(nextUpdate),
    revoked: list === undefined ? new Set() : readRevoked(list),
    covers: readCover(
      tail.find((one) => one.tag === 0xa0),
      uri,
    ),
  }
}

function readRevoked(list: DerElement): ReadonlySet<string> {
  const revoked = new Set<string>()
  for (const entry of eachChild(list, MOST_REVOKED)) {
    const [serial, , extensions] = readChildren(expectTag(entry, DER.sequence))
    revoked.add(Buffer.from(expectTag(serial, DER.integer).content).toString('hex'))
    if (extensions !== undefined) checkEntry(extensions)
  }
  return revoked
}

function checkEntry(extensions: DerElement): void {
  const wrapped = { ...extensions, content: extensions.whole }
  const found = listExtensions(wrapped, ENTRY_EXTENSIONS, new Set())
  if (found.has(CERTIFICATE_ISSUER)) throw new DerError('an indirect list')
}

/** RFC 5280 section 5.2.5. A list that names where it lies must have been found there (section 6.3.3 b 2). */
function readCover(extensions: DerElement | undefined, uri: string): RevocationList['covers'] {
  const found = listExtensions(extensions, UNDERSTOOD, UNDERSTOOD)
  const point = found.get(EXTENSION.issuingDistributionPoint)
  if (point === undefined) return 'all'
  let covers: RevocationList['covers'] = 'all'
  for (const part of readChildren(expectTag(point.value, DER.sequence))) {
    const isOn = () => readBoolean({ ...part, tag: DER.boolean })
    if (part.tag === 0xa0) {
      if (!readFullName(readDer(part.content)).includes(uri)) throw new DerError('another place')
    } else if (part.tag === 0x81 && covers === 'all') covers = isOn() ? 'users' : covers
    else if (part.tag === 0x82 && covers === 'all') covers = isOn() ? 'authorities' : covers
    // Some reasons only [3], indirect [4], attribute certificates [5].
    else throw new DerError('a list of a kind that is not taken')
  }
  return covers
}

/** Returns whether the list speaks of a certificate of its issuer. */
export function coversCertificate(list: RevocationList, certificate: Certificate): boolean {
  return list.covers === 'all' || (list.covers === 'authorities') === certificate.isCa
}
