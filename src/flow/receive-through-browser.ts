/**
 * The page brings what the browser got from a wallet (OpenID4VP 1.0 appendix A.4). It comes with the browser's own cookie,
 * so wallet and browser belong together from the start and no code has to prove it (VP-120).
 */
import type { Deps } from '../deps.ts'
import { BridgeError, fail } from '../domain/failure.ts'
import type { JourneyId } from '../domain/ids.ts'
import type { Open, WalletQuestion, WalletSecrets } from '../domain/journey.ts'
import type { JsonObject } from '../domain/text.ts'
import type { Encrypted } from '../wallet/channel.ts'
import { digitalKeyId } from '../wallet/digital-request.ts'
import {
  type RevokedCredential,
  type VerifiedPresentation,
  verifyPresentations,
} from '../wallet/presentation.ts'
import { openDigitalResponse } from '../wallet/response.ts'
import { openWalletSecrets } from './journey-secrets.ts'
import { takeOwn } from './own-journey.ts'
import { recordPresentation, recordRefusal } from './record-presentation.ts'
import { encryptedFor } from './renew-questions.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

/**
 * Opens and verifies the answer and stores the outcome in the journey. An error of the wallet counts as a refusal and leaves
 * the other ways open. Throws `presentation_refused` with the reason, `not_found` for another browser's journey, one that
 * is not open, one that was never asked through the browser, and where the tenant does not want that (any more).
 */
export async function receiveThroughBrowser(
  means: Means,
  prepared: PreparedTenant,
  id: JourneyId,
  browserId: string | undefined,
  data: JsonObject,
): Promise<void> {
  if (!prepared.tenant.digitalCredentials) return fail({ kind: 'not_found' })
  const journey = await takeOwn(means, prepared, id, browserId)
  if (journey.state !== 'started' && journey.state !== 'retrieved')
    return fail({ kind: 'not_found' })
  const { digital, responseMode } = openSecrets(means, prepared, journey)
  if (digital === undefined) return fail({ kind: 'not_found' })
  const revoked: RevokedCredential[] = []
  try {
    const encrypted = encryptedFor({ responseMode }, digital)
    const onRevoked = (one: RevokedCredential) => void revoked.push(one)
    const asked = { ...digital, encrypted, onRevoked }
    const verified = await judge(means, prepared, journey, data, asked)
    await recordPresentation(means, prepared, journey, 'digital_credentials', verified)
  } catch (error) {
    if (error instanceof BridgeError && error.failure.kind === 'presentation_refused')
      await recordRefusal(means, prepared, journey, { reason: error.failure.reason, revoked })
    throw error
  }
}

function openSecrets(
  { keyring }: Means,
  { tenant }: PreparedTenant,
  journey: Open,
): Pick<WalletSecrets, 'digital' | 'responseMode'> {
  const place = { tenant: tenant.id, journey: journey.id }
  return journey.walletSecrets === undefined
    ? fail({ kind: 'not_found' })
    : openWalletSecrets(keyring, place, journey.walletSecrets)
}

async function judge(
  means: Means,
  prepared: PreparedTenant,
  journey: Open,
  data: JsonObject,
  asked: WalletQuestion & {
    encrypted: Encrypted
    onRevoked: (revoked: RevokedCredential) => void
  },
): Promise<VerifiedPresentation> {
  const { nonce, responseKey, encrypted, onRevoked } = asked
  const answer = openDigitalResponse(data, {
    privateKey: Buffer.from(responseKey, 'base64url'),
    kid: digitalKeyId(nonce),
    encrypted: encrypted.encryptionKey !== undefined,
  })
  if (answer.kind === 'error')
    return fail({ kind: 'presentation_refused', reason: 'wallet_refused' })
  return await verifyPresentations(
    {
      vpToken: answer.vpToken,
      query: await prepared.question(journey.policies, journey.clientId),
      trust: await prepared.trust(journey.policies.trust),
      attributes: await prepared.policy('attributes', journey.policies.attributes),
      nonce,
      onRevoked,
      channel: { kind: 'dc_api', origin: new URL(prepared.issuer).origin, ...encrypted },
      notBefore: journey.createdAt,
      now: means.clock(),
    },
    prepared.trustMeans,
  )
}
