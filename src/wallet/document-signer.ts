/**
 * Who may sign mdocs: a document signer below a root (IACA) that the trust policy names for this document type, obeying
 * the certificate profile of ISO/IEC 18013-5 annex B unless the entry says otherwise (MD-04).
 */
import type { DcqlQuery } from '../domain/dcql.ts'
import { DAY } from '../domain/time.ts'
import type { MdocTrustEntry } from '../domain/trust-policy.ts'
import type { Certificate } from './certificate.ts'
import type { VerifiedChain } from './certificate-path.ts'
import {
  anchoredEntries,
  type CertifiedIssuer,
  findByCertificate,
  type PreparedTrust,
  servesPurpose,
  type TrustMeans,
} from './trust.ts'

/** Purpose of a document signer (ISO/IEC 18013-5 annex B.1.4). */
const SIGNS_MDOCS = ['1.0.18013.5.1.2']
/** A document signer's certificate is valid so long at most. */
const LONGEST_VALIDITY = 457 * DAY
const COUNTRY = '2.5.4.6'
const STATE = '2.5.4.8'

/**
 * Returns the issuer of a document type that the policy vouches for, by the certificates of `x5chain` (DER, signer
 * first). `now` in milliseconds. Throws `presentation_refused`: `untrusted_issuer` or `certificate_invalid`.
 */
export function findDocumentSigner(
  document: { docType: string; x5chain: readonly Uint8Array[] },
  trust: PreparedTrust,
  now: number,
  means: Pick<TrustMeans, 'chains'>,
): CertifiedIssuer<MdocTrustEntry> {
  const isCandidate = (entry: { format: string }): entry is MdocTrustEntry =>
    entry.format === 'mso_mdoc' &&
    (entry as MdocTrustEntry).doctypes.some((doctype) => doctype === document.docType)
  const x5c = document.x5chain.map((der) => Buffer.from(der).toString('base64'))
  return findByCertificate(
    anchoredEntries(trust, isCandidate),
    { x5c, iss: undefined, now },
    means,
    obeysProfile,
  )
}

/** Whether devices may prove themselves by MAC in answer to a query, by the policy of some issuer it asks for (MD-09). */
export function mayUseDeviceMac(query: DcqlQuery, trust: PreparedTrust): boolean {
  const asked = query.credentials.flatMap((one) =>
    one.format === 'mso_mdoc' ? [one.meta.doctype_value] : [],
  )
  return trust.entries.some(
    ({ entry }) =>
      entry.format === 'mso_mdoc' &&
      entry.deviceMac === 'accept' &&
      entry.doctypes.some((doctype) => asked.includes(doctype)),
  )
}

function obeysProfile(entry: MdocTrustEntry, chain: VerifiedChain): boolean {
  const { leaf, anchor } = chain
  if (entry.certificates === 'rfc5280') return servesPurpose(entry, chain)
  return (
    hasPurpose(leaf, entry.extendedKeyUsage ?? SIGNS_MDOCS) &&
    leaf.keyUsage !== undefined &&
    leaf.notAfter - leaf.notBefore <= LONGEST_VALIDITY &&
    isOfSamePlace(leaf, anchor)
  )
}

function hasPurpose(leaf: Certificate, wanted: readonly string[]): boolean {
  return wanted.some((purpose) => leaf.extendedKeyUsage?.includes(purpose))
}

/** The signer's country must be the root's, and the state too where the root has one. */
function isOfSamePlace(leaf: Certificate, anchor: Certificate): boolean {
  const country = anchor.subjectNames.get(COUNTRY)
  const state = anchor.subjectNames.get(STATE)
  if (country === undefined || leaf.subjectNames.get(COUNTRY) !== country) return false
  return state === undefined || leaf.subjectNames.get(STATE) === state
}
