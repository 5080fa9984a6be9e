import { BridgeError, fail } from '../domain/failure.ts'
import type { Lenience } from '../domain/lenience.ts'
import { HOUR, MINUTE, SECOND } from '../domain/time.ts'
import type { RevocationRule } from '../domain/trust-policy.ts'
import type { Certificate } from './certificate.ts'
import type { VerifiedChain } from './certificate-path.ts'
import { type AnswerShelf, lastAnswer, recallAnswer } from './kept-answers.ts'
import {
  LARGEST_OCSP_RESPONSE,
  OCSP_REQUEST_TYPE,
  OCSP_RESPONSE_TYPE,
  type OcspAnswer,
  readOcspResponse,
  writeOcspRequest,
} from './ocsp.ts'
import {
  coversCertificate,
  LARGEST_REVOCATION_LIST,
  type RevocationList,
  readRevocationList,
} from './revocation-list.ts'

/*
 * Whether an authority took back one of the certificates between an issuer and its anchor (RFC 5280 section 6.3, RFC 6960).
 * Asked for chains of credentials that are already proved, so that nobody can send us to addresses of their choice. The
 * anchor itself is not asked about: it leaves with the policy that names it.
 */

/** Fetches what an authority signed, over plain http too, for the signature is what counts. Throws where it cannot. */
export type FetchSigned = (
  url: string,
  request: {
    maxBytes: number
    timeoutMs: number
    contentTypes: readonly string[]
    /** Sent by POST; without one it is a GET. */
    body?: { type: string; octets: Uint8Array }
  },
) => Promise<Uint8Array>

export interface RevocationMeans {
  fetchSigned: FetchSigned
  revocation: AnswerShelf<RevocationAnswer>
}

type RevocationAnswer = RevocationList | OcspAnswer
type Verdict = 'good' | 'revoked'

const TIMEOUT_MS = 4_000
/** An answer without much of a life is not asked for at each login; one with a long life is asked for again in between. */
const SHORTEST = MINUTE
const LONGEST = 12 * HOUR
const CLOCK_SKEW = 5 * MINUTE
const LIST_TYPES = [
  'application/pkix-crl',
  'application/x-pkcs7-crl',
  'application/octet-stream',
  'application/x-x509-crl',
]

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

/** A certificate and whoever issued it. */
interface Pair {
  certificate: Certificate
  issuer: Certificate
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
  for (const source of sources) {
    const last = lastAnswer(means.revocation, source.name)?.value
    const verdict = last === undefined ? undefined : source.judge(last)
    if (last === undefined || verdict === undefined) continue
    // What was taken back stays so, however long ago that was said.
    const counts = verdict === 'revoked' || now < last.nextUpdate + rule.graceSeconds * SECOND
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
  name: string
  load: () => Promise<RevocationAnswer | undefined>
  judge: (answer: RevocationAnswer) => Verdict | undefined
}

function listSource(pair: Pair, uri: string, means: RevocationMeans): Source {
  const { certificate, issuer } = pair
  return {
    name: `crl ${issuer.fingerprint} ${uri}`,
    async load() {
      const limits = { maxBytes: LARGEST_REVOCATION_LIST, timeoutMs: TIMEOUT_MS }
      const der = await means.fetchSigned(uri, { ...limits, contentTypes: LIST_TYPES })
      return readRevocationList(der, issuer, uri)
    },
    judge(answer) {
      if (!('revoked' in answer) || !coversCertificate(answer, certificate)) return undefined
      return answer.revoked.has(certificate.serialNumber) ? 'revoked' : 'good'
    },
  }
}

function responderSource(pair: Pair, uri: string, now: number, means: RevocationMeans): Source {
  const { certificate, issuer } = pair
  return {
    name: `ocsp ${issuer.fingerprint} ${certificate.fingerprint} ${uri}`,
    async load() {
      const octets = writeOcspRequest(certificate, issuer)
      const der = await means.fetchSigned(uri, {
        maxBytes: LARGEST_OCSP_RESPONSE,
        timeoutMs: TIMEOUT_MS,
        contentTypes: [OCSP_RESPONSE_TYPE],
        body: { type: OCSP_REQUEST_TYPE, octets },
      })
      return readOcspResponse(der, certificate, issuer, now)
    },
    judge(answer) {
      // A responder that does not know the certificate has said nothing about it.
      if (!('status' in answer) || answer.status === 'unknown') return undefined
      return answer.status
    },
  }
}

/** Returns what a source says now; undefined where it says nothing that counts. */
async function ask(
  source: Source,
  now: number,
  means: RevocationMeans,
): Promise<Verdict | undefined> {
  try {
    const answer = await recallAnswer(means.revocation, source.name, now, async (before) => {
      const loaded = await source.load()
      if (loaded === undefined || !isNewer(loaded, before, now)) return unbelieved()
      const life = Math.min(Math.max(loaded.nextUpdate - now, SHORTEST), LONGEST)
      return {
        value: loaded,
        freshUntil: Math.min(now + life, loaded.nextUpdate),
        octets: 'revoked' in loaded ? loaded.revoked.size * 100 + 1_000 : 1_000,
      }
    })
    return source.judge(answer)
  } catch (error) {
    if (error instanceof BridgeError && error.failure.kind === 'outbound_refused') return undefined
    throw error
  }
}

/** Current, not from the future, and not older than what was had before: a list that is played back hides its successors. */
function isNewer(
  answer: RevocationAnswer,
  before: RevocationAnswer | undefined,
  now: number,
): boolean {
  const isCurrent = answer.thisUpdate <= now + CLOCK_SKEW && now < answer.nextUpdate
  return isCurrent && (before === undefined || answer.thisUpdate >= before.thisUpdate)
}

function unbelieved(): never {
  return fail({ kind: 'outbound_refused', reason: 'not_believed' })
}

function refuse(reason: 'certificate_revoked' | 'revocation_unavailable'): never {
  return fail({ kind: 'presentation_refused', reason })
}
