/**
 * A whole vp_token against the question it should answer (OpenID4VP 1.0 section 8.6): shape first, then each presentation
 * by itself, then all of them together. One bad presentation spoils the whole (VP-093).
 */
import type { PublicJwk } from '../crypto/thumbprint.ts'
import type { AttributePolicy } from '../domain/attributes.ts'
import type { CredentialQuery, DcqlQuery } from '../domain/dcql.ts'
import {
  evaluateQuery,
  isExpectedNumber,
  keepRequestedClaims,
  type Presented,
} from '../domain/dcql-evaluation.ts'
import { fail, type PresentationReason } from '../domain/failure.ts'
import type { Lenience } from '../domain/lenience.ts'
import { areOnePerson } from '../domain/same-person.ts'
import type { Standing } from '../domain/standing.ts'
import { audienceOf, type Channel } from './channel.ts'
import type { JudgedCredential, VerifiedCredential } from './credential.ts'
import { verifyJwtVc } from './jwt-vc.ts'
import { verifyMdoc } from './mdoc.ts'
import type { VpToken } from './response.ts'
import { checkRevocation } from './revocation.ts'
import { verifySdJwtVc } from './sd-jwt-vc.ts'
import type { StatusReference } from './status-list.ts'
import { lookUpStatus } from './status-lookup.ts'
import type { PreparedTrust, TrustMeans } from './trust.ts'

/** Presentations in one response, whatever the query would allow. */
const MOST_PRESENTATIONS = 16

export interface PresentationQuestion {
  vpToken: VpToken
  query: DcqlQuery
  trust: PreparedTrust
  /** Whose `samePerson` says when credentials that several keys hold are one person's; absent: never (VP-095). */
  attributes?: AttributePolicy
  nonce: string
  /** The way the question went, to which each holder bound the answer. */
  channel: Channel
  /** When the question was asked; milliseconds since the epoch, as `now`. */
  notBefore: number
  now: number
  /** Told of each credential that is proved and that its issuer has taken back, before the refusal is thrown. */
  onRevoked?: (revoked: RevokedCredential) => void
}

/** One that is proved, was taken back by its issuer, and whose trust entry wants links made by it looked after (TS-13). */
export interface RevokedCredential {
  credential: VerifiedCredential
  reference: StatusReference
}

/** What a wallet proved: at least one credential, all of one person. */
export interface VerifiedPresentation {
  /** In the order of the query; `claims` holds what the query names and nothing else (VP-063). */
  credentials: readonly VerifiedCredential[]
  /** The one key that holds them all; undefined where several do, and policy takes what they state for proof. */
  holder: { publicJwk: PublicJwk; thumbprint: string } | undefined
  /** What the trust policy let pass though it could not be made sure of; each once. */
  leniences: readonly Lenience[]
  /** Where what becomes of them is looked up again, of those whose trust entry wants that (TS-13). */
  standings: readonly Standing[]
}

/**
 * Returns what a vp_token proves. Throws `presentation_refused` with the first thing that is wrong: besides what the
 * formats throw, `unexpected_credential`, `query_not_satisfied`, `too_large`, and `holder_conflict` where the credentials
 * are bound to different keys and policy does not take what they state for proof (VP-095). Status lists and authorities are asked last, and only for credentials that are proved
 * (TS-01): then `credential_revoked`, `credential_suspended`, and what `lookUpStatus` and `checkRevocation` throw.
 */
export async function verifyPresentations(
  question: PresentationQuestion,
  means: TrustMeans,
): Promise<VerifiedPresentation> {
  checkShape(question.vpToken, question.query)
  const verified = await verifyEach(question, means)
  const evaluation = evaluateQuery(question.query, presentedByQuery(verified))
  if (!evaluation.satisfied) refuse(evaluation.reason)
  const credentials = verified.map((one) => withoutSurplus(one, question.query))
  const holder = holderOf(credentials, question.attributes)
  const leniences = await checkStanding(verified, question, means)
  return {
    leniences,
    standings: verified.flatMap(keptStandings),
    credentials,
    holder,
  }
}

/** Each may be valid and they may still be two people's: what holds them together is one key, or what policy says. */
function holderOf(
  credentials: readonly VerifiedCredential[],
  attributes: AttributePolicy | undefined,
): VerifiedPresentation['holder'] {
  const [first] = credentials
  if (first === undefined) return refuse('query_not_satisfied')
  const { publicJwk, holderThumbprint: thumbprint } = first
  if (credentials.every((one) => one.holderThumbprint === thumbprint))
    return { publicJwk, thumbprint }
  const isAgreed = attributes !== undefined && areOnePerson(attributes, credentials)
  return isAgreed ? undefined : refuse('holder_conflict')
}

/** Only ids that were asked for, each with as many presentations as it may have (VP-090 to VP-092). */
function checkShape(vpToken: VpToken, query: DcqlQuery): void {
  let total = 0
  for (const [id, presentations] of vpToken) {
    const asked = query.credentials.find((credential) => credential.id === id)
    if (asked === undefined || !isExpectedNumber(asked, presentations.length)) {
      refuse('unexpected_credential')
    }
    // What is shown twice is one thing.
    if (new Set(presentations).size !== presentations.length) refuse('unexpected_credential')
    total += presentations.length
  }
  if (total > MOST_PRESENTATIONS) refuse('too_large')
}

/** Nonce and audience in every one, not in the first alone (VP-094). */
async function verifyEach(
  question: PresentationQuestion,
  means: TrustMeans,
): Promise<readonly JudgedCredential[]> {
  const verified: JudgedCredential[] = []
  for (const credential of question.query.credentials) {
    for (const text of question.vpToken.get(credential.id) ?? []) {
      verified.push(await verifyOne(text, credential, question, means))
    }
  }
  return verified
}

/** The format is the one that was asked for: what came is read as that or refused. */
function verifyOne(
  text: string,
  asked: CredentialQuery,
  question: PresentationQuestion,
  means: TrustMeans,
): Promise<JudgedCredential> {
  const { nonce, channel, notBefore, now, trust } = question
  const expected = { queryId: asked.id, nonce, notBefore, now, trust }
  switch (asked.format) {
    case 'dc+sd-jwt': {
      const audience = audienceOf(channel)
      return verifySdJwtVc(text, { ...expected, audience, vcts: asked.meta.vct_values }, means)
    }
    case 'mso_mdoc': {
      const docType = asked.meta.doctype_value
      return verifyMdoc(text, { ...expected, channel, docType }, means)
    }
    case 'jwt_vc_json': {
      const typeValues = asked.meta.type_values
      return verifyJwtVc(text, { ...expected, audience: audienceOf(channel), typeValues }, means)
    }
  }
}

/** Returns what was let pass. All at once: those who are asked are several hosts. */
async function checkStanding(
  verified: readonly JudgedCredential[],
  question: PresentationQuestion,
  means: TrustMeans,
): Promise<readonly Lenience[]> {
  const looked = await Promise.all(
    verified.flatMap((one) => [
      checkStatus(one, question, means),
      checkCertificates(one, question.now, means),
    ]),
  )
  const ofKeys = verified.flatMap(({ lenience }) => lenience ?? [])
  return [...new Set([...ofKeys, ...looked.flat()])]
}

async function checkStatus(
  credential: JudgedCredential,
  question: PresentationQuestion,
  means: TrustMeans,
): Promise<readonly Lenience[]> {
  const looked = await Promise.all(
    credential.standings.map(async ({ reference, issuer }) => {
      const { value, stale } = await lookUpStatus(reference, issuer, question, means)
      return { reference, issuer, value, stale }
    }),
  )
  for (const { reference, issuer, value } of looked) {
    if (value === 'valid' || value === 'suspended') continue
    if (issuer.entry.statusRecheckHours > 0)
      question.onRevoked?.({ credential: withoutSurplus(credential, question.query), reference })
    // An application's own values are no promise that the credential is good (TS-06).
    return refuse('credential_revoked')
  }
  if (looked.some(({ value }) => value === 'suspended')) refuse('credential_suspended')
  return looked.some(({ stale }) => stale) ? ['status_list_stale'] : []
}

async function checkCertificates(
  { certification }: JudgedCredential,
  now: number,
  means: TrustMeans,
): Promise<readonly Lenience[]> {
  if (certification === undefined) return []
  const { chain, rule } = certification
  const { staleFrom = Number.POSITIVE_INFINITY } = chain.anchor
  const leniences = await checkRevocation(chain, rule, now, means)
  return now < staleFrom ? leniences : [...leniences, 'trusted_list_stale']
}

function keptStandings({ standings }: JudgedCredential): readonly Standing[] {
  return standings.flatMap(({ reference, issuer }) => {
    const everyHours = issuer.entry.statusRecheckHours
    const kept = { entry: issuer.entry.id, issuer: issuer.issuer, ...reference, everyHours }
    return everyHours === 0 ? [] : [kept]
  })
}

function presentedByQuery(
  verified: readonly JudgedCredential[],
): ReadonlyMap<string, readonly Presented[]> {
  // No format lets one through whose holder was not proved, so every one of them is bound to its holder.
  const presented = verified.map((one) => ({ ...one, holderBound: true }))
  return Map.groupBy(presented, (one) => one.queryId)
}

function withoutSurplus(credential: JudgedCredential, query: DcqlQuery): VerifiedCredential {
  const {
    types: _types,
    authorityKeyIds: _ids,
    trustedLists: _lists,
    superiors: _superiors,
    standings: _standings,
    certification: _certification,
    lenience: _lenience,
    ...rest
  } = credential
  return { ...rest, claims: keepRequestedClaims(query, credential.queryId, credential.claims) }
}

function refuse(reason: PresentationReason): never {
  return fail({ kind: 'presentation_refused', reason })
}
