/**
 * The door between credential formats and the rest: each format is a file with one function, from the text a wallet sent
 * to a `JudgedCredential`. `presentation.ts` chooses by the format that was asked for, never by what came.
 */
import type { PublicJwk } from '../crypto/thumbprint.ts'
import type { CredentialFormat } from '../domain/dcql.ts'
import { fail } from '../domain/failure.ts'
import type { Lenience } from '../domain/lenience.ts'
import type { JsonObject } from '../domain/text.ts'
import type { RevocationRule } from '../domain/trust-policy.ts'
import type { VerifiedChain } from './certificate-path.ts'
import type { StatusReference } from './status-list.ts'
import type { PreparedTrust, TrustedIssuer } from './trust.ts'

/** A credential that was proved: by whom it was made, what it says, and who holds it. Made by the formats only. */
export interface VerifiedCredential {
  /** The credential query it answers. */
  queryId: string
  format: CredentialFormat
  /** Its `vct`, its doctype, or the first of its W3C types that the trust entry names. */
  type: string
  /** The id of the trust entry that vouches for its issuer. */
  trustEntry: string
  /** Stable name of the issuer for identifier hashes: the entry's id, `#`, and the issuer's own name if it has one. */
  issuer: string
  /** As JSON from the root that claims paths start at; an mdoc is an object of namespaces. */
  claims: JsonObject
  publicJwk: PublicJwk
  /** RFC 7638 thumbprint of the holder's key, base64url (VC-10). */
  holderThumbprint: string
}

/** The same, with what the query evaluator wants to know and nobody afterwards. */
export interface JudgedCredential extends VerifiedCredential {
  types: readonly string[]
  /** Who is asked what became of it since, and where; nowhere where nobody is to be asked. */
  standings: readonly { reference: StatusReference; issuer: TrustedIssuer }[]
  /** Whose certificates are asked about, and by which rule; undefined for an issuer without certificates. */
  certification: { chain: VerifiedChain; rule: RevocationRule } | undefined
  authorityKeyIds: readonly string[]
  /** Trusted lists that vouch for its issuer's anchor, and entities of a federation above its issuer. */
  trustedLists: readonly string[]
  superiors: readonly string[]
  /** What policy let pass of its issuer's keys. */
  lenience?: Lenience | undefined
}

/** What every format is held against. Nothing here has a default: what is not expected cannot be checked. */
export interface Expectations {
  queryId: string
  nonce: string
  /** When the question was asked, and now; milliseconds since the epoch (VP-097). */
  notBefore: number
  now: number
  trust: PreparedTrust
}

/**
 * Returns who is to be asked about a credential's `status`, by the policy of the entry that vouches for it. Throws
 * `presentation_refused`: `status_missing` where the entry wants one, and what `readReferences` throws (that of the format).
 */
export function standingsOf<Status>(
  status: Status | undefined,
  issuer: TrustedIssuer,
  readReferences: (status: Status) => readonly StatusReference[],
): JudgedCredential['standings'] {
  const rule = issuer.entry.status
  if (rule === 'ignore') return []
  const references = status === undefined ? [] : readReferences(status)
  if (references.length === 0 && rule === 'require')
    fail({ kind: 'presentation_refused', reason: 'status_missing' })
  return references.map((reference) => ({ reference, issuer }))
}

/** Returns what queries may ask of a credential's issuer, and what policy let pass of it. */
export function authoritiesOf(
  issuer: TrustedIssuer,
): Pick<JudgedCredential, 'authorityKeyIds' | 'trustedLists' | 'superiors' | 'lenience'> {
  const { authorityKeyIds, superiors = [], lenience, chain } = issuer
  return { authorityKeyIds, superiors, lenience, trustedLists: chain?.trustedLists ?? [] }
}

/** Returns the chain that vouches for a credential's issuer, with the rule of its entry. */
export function certificationOf(issuer: TrustedIssuer): JudgedCredential['certification'] {
  const { chain, entry } = issuer
  if (chain === undefined || entry.mechanism !== 'x5c') return undefined
  return { chain, rule: entry.revocation }
}
