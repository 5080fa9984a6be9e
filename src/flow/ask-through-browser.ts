/**
 * The page asks what it may hand to the browser: a question for a wallet by the Digital Credentials API (OpenID4VP 1.0
 * appendix A). Each time a new one, with a nonce and a key of its own; the one before is dead then.
 */
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { JourneyId } from '../domain/ids.ts'
import { type DigitalRequest, digitalRequests } from '../wallet/digital-request.ts'
import { mayUseDeviceMac } from '../wallet/document-signer.ts'
import { signerOf } from './journey-signer.ts'
import { encryptedFor, newQuestion, renewQuestions } from './renew-questions.ts'
import type { PreparedTenant } from './tenants.ts'

/**
 * The members of `requests` in `navigator.credentials.get`. Throws `not_found` where the tenant does not want that, for
 * another browser's journey and for one that is not open.
 */
export async function askThroughBrowser(
  means: Pick<Deps, 'db' | 'keyring' | 'clock'>,
  prepared: PreparedTenant,
  id: JourneyId,
  browserId: string | undefined,
): Promise<readonly DigitalRequest[]> {
  if (!prepared.tenant.digitalCredentials) return fail({ kind: 'not_found' })
  const digital = newQuestion()
  const { journey, secrets } = await renewQuestions(
    ...([means, prepared, id, browserId] as const),
    (known) => ({ ...known, digital }),
  )
  const signer = signerOf(prepared, journey.requestKid, secrets)
  if (signer === undefined) return fail({ kind: 'not_found' })
  const query = await prepared.question(journey.policies, journey.clientId)
  return digitalRequests(signer, {
    origin: new URL(prepared.issuer).origin,
    encryptionKey: encryptedFor(secrets, digital).encryptionKey?.(),
    nonce: digital.nonce,
    query,
    issuedAt: means.clock(),
    expiresAt: journey.expiresAt,
    registrations: prepared.registrationsFor(journey.clientId),
    deviceMac: mayUseDeviceMac(query, await prepared.trust(journey.policies.trust)),
  })
}
