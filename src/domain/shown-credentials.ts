/** What kinds of credentials a presentation held: what a rule of the selector may ask, and nothing about the person. */
import type { DcqlQuery } from './dcql.ts'
import { satisfiedSets } from './dcql-evaluation.ts'

export interface ShownCredentials {
  /** Ids of the credential queries that were answered. */
  queries: readonly string[]
  /** Places of the credential sets that were answered, counted from 0. */
  credentialSets: readonly number[]
  types: readonly string[]
  /** Each issuer by its own name, where it has one, and by the trust entry that vouches for it. */
  issuers: readonly string[]
}

/** `issuer` is the id of the trust entry that vouches for it, then `#` and its own name if it has one. */
export function issuerNames(issuer: string): string[] {
  const mark = issuer.indexOf('#')
  return mark < 0 ? [issuer] : [issuer.slice(0, mark), issuer.slice(mark + 1)]
}

/** `credentials` as they were verified. */
export function describeShown(
  query: DcqlQuery,
  credentials: readonly { queryId: string; type: string; issuer: string }[],
): ShownCredentials {
  const queries = new Set(credentials.map(({ queryId }) => queryId))
  const issuers = credentials.flatMap(({ issuer }) => issuerNames(issuer))
  return {
    queries: [...queries],
    credentialSets: satisfiedSets(query, queries),
    types: [...new Set(credentials.map(({ type }) => type))],
    issuers: [...new Set(issuers)],
  }
}
