/**
 * The page asks what it may hand to the browser: a question for a wallet by the Digital Credentials API (OpenID4VP 1.0
 * appendix A). Each time a new one, with a nonce and a key of its own; the one before is dead then.
 */
import { randomText } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { JourneyId } from '../domain/ids.ts'
import type { DigitalQuestion, Open, WalletSecrets } from '../domain/journey.ts'
import type { Sealed } from '../domain/text.ts'
import { toInstant } from '../domain/time.ts'
import { transact } from '../store/database.ts'
import { renewWalletSecrets } from '../store/journey.ts'
import { type DigitalRequest, digitalRequests } from '../wallet/digital-request.ts'
import { createResponseKey, type ResponseJwk } from '../wallet/response-encryption.ts'
import { openWalletSecrets, sealWalletSecrets } from './journey-secrets.ts'
import { takeOwn } from './own-journey.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock'>

/**
 * The members of `requests` in `navigator.credentials.get`. Throws `not_found` where the tenant does not want that, for
 * another browser's journey and for one that is not open, and where another page of the same browser asked at the same time.
 */
export async function askThroughBrowser(
  means: Means,
  prepared: PreparedTenant,
  id: JourneyId,
  browserId: string | undefined,
): Promise<readonly DigitalRequest[]> {
  if (!prepared.tenant.digitalCredentials) return fail({ kind: 'not_found' })
  const journey = await takeOwn(means, prepared, id, browserId)
  const { walletSecrets } = journey
  if ((journey.state !== 'started' && journey.state !== 'retrieved') || walletSecrets === undefined)
    return fail({ kind: 'not_found' })
  const signer = prepared.requestSigners.get(journey.requestKid)
  if (signer === undefined) return fail({ kind: 'not_found' })
  const query = await prepared.question(journey.policies)
  const { question, encryptionKey } = newQuestion()
  const secrets = await record(means, prepared, { ...journey, walletSecrets }, question)
  return digitalRequests(signer, {
    origin: new URL(prepared.issuer).origin,
    response:
      secrets.responseMode === 'direct_post'
        ? { mode: 'dc_api' }
        : { mode: 'dc_api.jwt', encryptionKey },
    nonce: question.nonce,
    query,
    issuedAt: means.clock(),
    expiresAt: journey.expiresAt,
  })
}

/** A fresh nonce and a fresh key for every question (VP-003, HA-05). */
function newQuestion(): { question: DigitalQuestion; encryptionKey: ResponseJwk } {
  const { privateKey, publicJwk } = createResponseKey()
  const responseKey = Buffer.from(privateKey).toString('base64url')
  return { question: { nonce: randomText(32), responseKey }, encryptionKey: publicJwk }
}

async function record(
  { db, keyring, clock }: Means,
  { tenant }: PreparedTenant,
  journey: Open & { walletSecrets: Sealed },
  digital: DigitalQuestion,
): Promise<WalletSecrets> {
  const place = { tenant: tenant.id, journey: journey.id }
  const secrets = { ...openWalletSecrets(keyring, place, journey.walletSecrets), digital }
  const [[moved]] = await transact(db, tenant.id, [
    renewWalletSecrets({
      tenantId: tenant.id,
      id: journey.id,
      before: journey.walletSecrets,
      after: sealWalletSecrets(keyring, place, secrets),
      now: toInstant(clock()),
    }),
  ])
  return moved?.changed === 1 ? secrets : fail({ kind: 'not_found' })
}
