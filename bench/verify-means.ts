/** What the bridge's verifier keeps between presentations, as a prepared tenant has it; nothing here needs the network. */
import { fail } from '../src/domain/failure.ts'
import { createChainCache } from '../src/wallet/certificate-path.ts'
import { createAnswerShelf } from '../src/wallet/kept-answers.ts'
import { createIssuerKeyCache } from '../src/wallet/published-keys.ts'
import { createStatusListCache } from '../src/wallet/status-lookup.ts'
import type { TrustMeans } from '../src/wallet/trust.ts'

export const CLIENT_ID = 'x509_hash:Uvo3HtuIxuhC92rShpgqcT3YXwrqRxWEviRiA0OZszk'
export const RESPONSE_URI = 'https://bridge.example/t/bench/wallet/response'
export const NONCE = 'n-0S6_WzA2Mjn-0S6_WzA2Mjn-0S6_WzA2Mj'
/** Presentations of as many holders; each is shown again and again, for no side remembers one. */
export const PRESENTATIONS = 200

export function createMeans(): TrustMeans {
  const unreachable = async () => fail({ kind: 'outbound_refused', reason: 'unreachable' })
  return {
    fetchJson: unreachable,
    fetchStatement: unreachable,
    fetchStatusList: unreachable,
    fetchSigned: unreachable,
    revocation: createAnswerShelf(),
    statusLists: createStatusListCache(),
    chains: createChainCache(),
    issuerKeys: createIssuerKeyCache(),
    answers: { find: async () => undefined, keep: async () => {} },
  }
}
