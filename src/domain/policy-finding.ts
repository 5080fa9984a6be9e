/**
 * What is wrong, or doubtful, about policy documents: named, so that people and programs can speak of it. A finding tells
 * paths and our own words, never a value that stands in the document.
 */
import type { PolicyKind } from './policy.ts'

/** An error refuses the documents; a warning is said, and publishing goes on. */
const SEVERITY = {
  /** A member that is unknown, missing or malformed. */
  shape: 'error',
  /** A trust anchor that is no usable CA certificate. */
  anchor_unusable: 'error',
  /** A plan names a profile that the material policy has not. */
  profile_missing: 'error',
  /** A plan names a provider that the tenant has not, or has switched off: nobody can log in that way until it is there. */
  provider_missing: 'warning',
  /** The same beside providers it has: a slip of the pen. */
  provider_unknown: 'error',
  /** A condition or a material names a credential query, or a set, that the query has not. */
  query_missing: 'error',
  /** A condition or a plan names an attribute that no rule fills. */
  attribute_missing: 'error',
  /** The wallet is asked for a claim that no attribute rule, material or condition uses. */
  over_asking: 'warning',
  /** The wallet is asked for what the registration certificate does not register: wallets would refuse. */
  beyond_registration: 'error',
  /** An attribute leaves the bridge that nothing ever fills: the wallet is not asked for it. */
  attribute_never_filled: 'warning',
  /** A login needs an attribute that nothing ever fills: nobody could log in. */
  required_never_filled: 'error',
  /** The wallet is asked for a type of credential that no entry of the trust policy vouches for. */
  type_untrusted: 'warning',
  /** A query names an authority that the trust policy knows nothing of: nothing could answer it. */
  authority_unknown: 'warning',
  /** A credential need not show what makes it one person's with another of another key: beside that it is refused. */
  same_person_unasked: 'warning',
  /** A tuple that shall identify by itself and is of names and dates only. */
  weak_tuple: 'error',
  /** A tuple of names only, that suggests too many people to be of use. */
  vague_tuple: 'warning',
  /** A material reads claims that the wallet is never asked for. */
  material_never_given: 'warning',
  /** The holder's key is all a person is known by; wallets with one-time keys come back as strangers. */
  key_alone: 'warning',
  /** Something that the tenant's profile (HAIP) refuses. */
  profile_refused: 'error',
} as const satisfies { readonly [code: string]: 'error' | 'warning' }

export type FindingCode = keyof typeof SEVERITY
export const FINDING_CODES = Object.keys(SEVERITY) as [FindingCode, ...FindingCode[]]
export type Severity = 'error' | 'warning'

export interface Finding {
  severity: Severity
  code: FindingCode
  kind: PolicyKind
  /** Member names and list positions, joined by dots; `document` for the whole. */
  path: string
  /** A sentence of ours. */
  message: string
}

/** Returns the finding with the severity its code has. */
export function finding(
  code: FindingCode,
  kind: PolicyKind,
  path: readonly (string | number)[],
  message: string,
): Finding {
  const where = path.length === 0 ? 'document' : path.join('.')
  return { severity: SEVERITY[code], code, kind, path: where, message }
}

/** Returns the finding as one line; it names the document unless that is the one everybody speaks of. */
export function problemOf(found: Finding, spokenOf: PolicyKind | undefined): string {
  const line = `${found.path}: ${found.message}`
  return found.kind === spokenOf ? line : `${line} (in the ${found.kind} policy)`
}

/** Returns whether documents with these findings may be published. */
export function isAcceptable(findings: readonly Finding[]): boolean {
  return findings.every(({ severity }) => severity !== 'error')
}
