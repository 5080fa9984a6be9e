/**
 * Whether an authority took back one of the certificates between an issuer and its anchor (RFC 5280 section 6.3, RFC 6960).
 * Asked for chains of credentials that are already proved, so that nobody can send us to addresses of their choice. The
 * anchor itself is not asked about: it leaves with the policy that names it.
 */
import { fail } from '../domain/failure.ts'
import type { Lenience } from '../domain/lenience.ts'
import { SECOND } from '../domain/time.ts'
import type { RevocationRule } from '../domain/trust-policy.ts'
import type { VerifiedChain } from './certificate-path.ts'
import type { AnswerShelf } from './kept-answers.ts'
import {
  type FetchSigned,
  listInquiry,
  type Pair,
  type RevocationAnswer,
  responderInquiry,
} from './revocation-inquiry.ts'
import { coversCertificate } from './revocation-list.ts'
import {
  type AnswerStore,
  type Inquiry,
  lastSaid,
  reasonNotHad,
  recallSaid,
  type Said,
} from './stored-answer.ts'

export interface RevocationMeans {
  fetchSigned: FetchSigned
  revocation: AnswerShelf<Said<RevocationAnswer>>
  answers: AnswerStore
}

type Verdict = 'good' | 'revoked'

/**
 * Returns what the rule let pass, if anything. `now` in milliseconds. Throws `presentation_refused`: `certificate_revoked`
 * where one of the chain was taken back or put on hold, `revocation_unavailable` where nobody can be asked about one.
 */
export async function checkRevocation(
  chain: VerifiedChain,
  rule: RevocationRule,
  now: number,
  means: RevocationMeans,
): Promise<readonly Lenience[]> {
  if (rule.check === 'ignore') return []
  const path = [...chain.certificates, chain.anchor]
  const looked = await Promise.all(
    chain.certificates.map((certificate, index) => {
      const issuer = path[index + 1]
      if (issuer === undefined) throw new RangeError('a certificate without its issuer')
      return checkOne({ certificate, issuer }, rule, now, means)
    }),
  )
  return looked.flat()
}

async function checkOne(
  pair: Pair,
  rule: RevocationRule,
  now: number,
  means: RevocationMeans,
): Promise<readonly Lenience[]> {
  const { crlUris, ocspUris } = pair.certificate
  const isNamed = crlUris !== undefined || ocspUris.length > 0
  if (!isNamed) return rule.check === 'require' ? unchecked(rule) : []
  const lists = (crlUris ?? []).map((uri) => listSource(pair, uri, means))
  const responders = ocspUris.map((uri) => responderSource(pair, uri, now, means))
  const sources = rule.first === 'crl' ? [...lists, ...responders] : [...responders, ...lists]
  for (const source of sources) {
    const verdict = await ask(source, now, means)
    if (verdict !== undefined) return settle(verdict, [])
  }
  for (const { inquiry, judge } of sources) {
    const last = lastSaid(means.revocation, inquiry)
    const verdict = last === undefined ? undefined : judge(last.value)
    if (last === undefined || verdict === undefined) continue
    // What was taken back stays so, however long ago that was said.
    const counts = verdict === 'revoked' || now < last.endsAt + rule.graceSeconds * SECOND
    if (counts) return settle(verdict, ['revocation_stale'])
  }
  return unchecked(rule)
}

function settle(verdict: Verdict, leniences: readonly Lenience[]): readonly Lenience[] {
  return verdict === 'good' ? leniences : refuse('certificate_revoked')
}

function unchecked(rule: RevocationRule): readonly Lenience[] {
  return rule.unavailable === 'accept' ? ['revocation_unchecked'] : refuse('revocation_unavailable')
}

/** Somebody who can be asked about one certificate. */
interface Source {
  inquiry: Inquiry<RevocationAnswer>
  judge: (answer: RevocationAnswer) => Verdict | undefined
}

function listSource(pair: Pair, uri: string, means: RevocationMeans): Source {
  const { certificate } = pair
  return {
    inquiry: listInquiry(pair, uri, means),
    judge(answer) {
      if (!('revoked' in answer) || !coversCertificate(answer, certificate)) return undefined
      return answer.revoked.has(certificate.serialNumber) ? 'revoked' : 'good'
    },
  }
}

function responderSource(pair: Pair, uri: string, now: number, means: RevocationMeans): Source {
  return {
    inquiry: responderInquiry(pair, uri, now, means),
    judge(answer) {
      // A responder that does not know the certificate has said nothing about it.
      if (!('status' in answer) || answer.status === 'unknown') return undefined
      return answer.status
    },
  }
}

/** Returns what a source says now; undefined where it says nothing that counts. */
async function ask(
  { inquiry, judge }: Source,
  now: number,
  { revocation, answers }: RevocationMeans,
): Promise<Verdict | undefined> {
  try {
    return judge(await recallSaid(revocation, inquiry, now, answers, sizeOf))
  } catch (error) {
    reasonNotHad(error)
    return undefined
  }
}

function sizeOf(answer: RevocationAnswer): number {
  return 'revoked' in answer ? answer.revoked.size * 100 + 1_000 : 1_000
}

function refuse(reason: 'certificate_revoked' | 'revocation_unavailable'): never {
  return fail({ kind: 'presentation_refused', reason })
}
