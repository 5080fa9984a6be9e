/**
 * What a tenant's documents would make of a recorded login, step by step and rule by rule, and why not otherwise. The very
 * functions that decide live logins are asked; only what takes a wallet, a database or a provider is taken as recorded.
 */

import { leastQuery } from './asked-query.ts'
import { missingAttributes, readWalletAttributes } from './attribute-values.ts'
import { walletPaths } from './attributes.ts'
import {
  type Decision,
  explainPlan,
  prepareSelector,
  type RuleOutcome,
  type SelectorFacts,
} from './choose-plan.ts'
import type { DcqlQuery } from './dcql.ts'
import { evaluateQuery, satisfiedSets, selectClaims } from './dcql-evaluation.ts'
import {
  type MaterialPolicy,
  materialName,
  materialPaths,
  pathsOfMaterial,
  walletMaterials,
} from './material.ts'
import { completeSet, type PolicyDocuments, type PolicySet } from './policy.ts'
import type { RecordedLogin } from './recorded-login.ts'
import { issuerNames } from './shown-credentials.ts'
import { namesOfTypes, type TrustPolicy } from './trust-policy.ts'

/** Why a presentation would not be taken at all. */
export type RefusedPresentation =
  | 'unexpected_credential'
  | 'query_not_satisfied'
  | 'untrusted_issuer'

/** What a login comes to, without the way there: two versions of the documents are compared by it. */
export interface Outcome {
  /** Set where the wallet's answer is refused; then nothing is decided. */
  refused: RefusedPresentation | undefined
  decision: Decision | undefined
}

export interface Explanation extends Outcome {
  name: string
  /** What is asked for and not shown, by credential query: paths as text. */
  missing: readonly { query: string; path: string }[]
  /** Credential queries whose answer no trust entry vouches for. */
  untrusted: readonly string[]
  /** Canonical attributes that the wallet shows. */
  shown: readonly string[]
  /** Required attributes that the wallet alone leaves open: the institution must have them. */
  open: readonly string[]
  /** Materials of the wallet's side, by name, whose claims are not all shown: they give no identifier. */
  unidentified: readonly string[]
  /** Every rule in the order it was asked; empty where the presentation is refused. */
  rules: readonly RuleOutcome[]
}

/** Returns what the documents make of the login. `tenant` is the slug that conditions name. */
export function explainLogin(
  documents: PolicyDocuments,
  tenant: string,
  login: RecordedLogin,
): Explanation {
  const { query, trust, attributes } = documents
  const asked = leastQuery(query, [
    ...walletPaths(attributes),
    ...materialPaths(documents.material),
  ])
  const untrusted = login.credentials
    .filter((credential) => !isVouchedFor(trust, credential))
    .map((credential) => credential.query)
  const refused = refusalOf(asked, untrusted, login)
  const values = readWalletAttributes(attributes, login.credentials)
  const selector = prepareSelector(documents.selector)
  const facts = factsOf(query, tenant, login, values)
  const explained = refused === undefined ? explainPlan(selector, facts) : undefined
  return {
    name: login.name,
    refused,
    decision: explained?.decision,
    missing: login.entry_point === 'wallet' ? missingClaims(asked, login) : [],
    untrusted,
    shown: Object.keys(values),
    open: missingAttributes(attributes, values),
    unidentified: login.entry_point === 'wallet' ? unidentified(documents.material, login) : [],
    rules: explained?.rules ?? [],
  }
}

/** A login under two versions of the documents; undefined where one lacks a kind, so that nobody could log in. */
export interface OutcomeChange {
  name: string
  changed: boolean
  before: Outcome | undefined
  after: Outcome | undefined
}

/** Returns, login by login, what each of the two sets makes of it, and whether that is the same. */
export function compareOutcomes(
  before: PolicySet,
  after: PolicySet,
  tenant: string,
  logins: readonly RecordedLogin[],
): readonly OutcomeChange[] {
  const [old, fresh] = [completeSet(before), completeSet(after)]
  const outcome = (documents: PolicyDocuments | undefined, login: RecordedLogin) => {
    if (documents === undefined) return undefined
    const { refused, decision } = explainLogin(documents, tenant, login)
    return { refused, decision }
  }
  return logins.map((login) => {
    const pair = { before: outcome(old, login), after: outcome(fresh, login) }
    return { name: login.name, changed: !isSameOutcome(pair.before, pair.after), ...pair }
  })
}

/** The same plan with the same fields, or the same refusal; by which rule does not matter. */
function isSameOutcome(one: Outcome | undefined, other: Outcome | undefined): boolean {
  return (
    (one === undefined) === (other === undefined) &&
    one?.refused === other?.refused &&
    JSON.stringify(one?.decision?.plan) === JSON.stringify(other?.decision?.plan)
  )
}

function refusalOf(
  asked: DcqlQuery,
  untrusted: readonly string[],
  login: RecordedLogin,
): RefusedPresentation | undefined {
  if (login.entry_point !== 'wallet') return undefined
  if (untrusted.length > 0) return 'untrusted_issuer'
  const presented = login.credentials.map((credential) => ({
    ...credential,
    authorityKeyIds: credential.authority_key_ids,
    trustedLists: credential.trusted_lists,
    holderBound: true,
  }))
  const evaluation = evaluateQuery(
    asked,
    Map.groupBy(presented, (credential) => credential.query),
  )
  return evaluation.satisfied ? undefined : evaluation.reason
}

/** By the entry that the issuer's name begins with; whether its signature holds, no record can say. */
function isVouchedFor(
  trust: TrustPolicy,
  credential: RecordedLogin['credentials'][number],
): boolean {
  const [id] = credential.issuer.split('#')
  return trust.entries.some(
    (entry) =>
      entry.id === id &&
      entry.format === credential.format &&
      credential.types.some((type) => namesOfTypes(entry).includes(type)),
  )
}

function missingClaims(asked: DcqlQuery, login: RecordedLogin): Explanation['missing'] {
  return asked.credentials.flatMap(({ id, claims = [] }) => {
    const shown = login.credentials.filter((credential) => credential.query === id)
    return claims
      .filter(({ path }) => !shown.some((each) => selectClaims(path, each.claims).length > 0))
      .map(({ path }) => ({ query: id, path: path.map(String).join('.') }))
  })
}

/** Whether a value can be read as the material asks, only a real one tells; here it has to be there. */
function unidentified(policy: MaterialPolicy, login: RecordedLogin): string[] {
  return walletMaterials(policy)
    .filter((material) => {
      const source = 'credential' in material ? material.credential : undefined
      const claims = login.credentials
        .filter(({ query }) => source === undefined || query === source)
        .map((credential) => credential.claims)
      return !pathsOfMaterial(material).every((path) =>
        claims.some((each) => selectClaims(path, each).length > 0),
      )
    })
    .map(materialName)
}

function factsOf(
  query: DcqlQuery,
  tenant: string,
  login: RecordedLogin,
  attributes: SelectorFacts['attributes'],
): SelectorFacts {
  const queries = [...new Set(login.credentials.map((credential) => credential.query))]
  return {
    tenant,
    entryPoint: login.entry_point,
    way: login.entry_point === 'wallet' ? login.way : undefined,
    trigger: login.trigger,
    queries,
    credentialSets: satisfiedSets(query, new Set(queries)),
    credentialTypes: [...new Set(login.credentials.flatMap(({ types }) => types))],
    issuers: [...new Set(login.credentials.flatMap(({ issuer }) => issuerNames(issuer)))],
    attributes,
    state: login.state,
    candidate: login.candidate,
    projections: login.scope,
    relyingParty: login.client_id,
    refreshDue: login.refresh_due,
  }
}
