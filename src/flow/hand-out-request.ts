/** A wallet fetches what it is asked: the signed request object (OpenID4VP 1.0 sections 5 and 5.10). */
import { hashSecret } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { narrowFormats } from '../domain/asked-query.ts'
import { fail } from '../domain/failure.ts'
import {
  CROSS_DEVICE_TIME,
  crossDeviceSince,
  WALLET_TIME,
  type WalletSecrets,
} from '../domain/journey.ts'
import { addressOf } from '../domain/tenant.ts'
import { fromInstant, MINUTE, toInstant } from '../domain/time.ts'
import { transact } from '../store/database.ts'
import { readPolicyVersions } from '../store/journey-row.ts'
import { type OpenJourneyRow, retrieveJourney } from '../store/journey-wallet.ts'
import { mayUseDeviceMac } from '../wallet/document-signer.ts'
import { encryptRequestObject } from '../wallet/request-encryption.ts'
import { readRequestUriPost, signRequestObject } from '../wallet/request-object.ts'
import type { Form } from '../wallet/response.ts'
import { openWalletSecrets } from './journey-secrets.ts'
import { signerOf } from './journey-signer.ts'
import { encryptedFor } from './renew-questions.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock'>

/**
 * The compact JWS for a request id, inside a compact JWE for a wallet that posts a key for it. The same nonce, state and key
 * however often it is fetched (VP-034, VP-035). Unknown, expired, answered and foreign ids throw the same `not_found` (VP-038).
 */
export async function handOutRequest(
  means: Means,
  prepared: PreparedTenant,
  requestId: string,
  posted: Form | undefined,
): Promise<string> {
  const wallet = posted === undefined ? undefined : readRequestUriPost(posted)
  const now = means.clock()
  const { journey, secrets } = await takeJourney(means, prepared, requestId)
  const signer = signerOf(prepared, journey.request_kid, secrets)
  const link = journey.cross_device ? secrets.crossDevice : secrets.sameDevice
  if (signer === undefined || link === undefined) return fail({ kind: 'not_found' })
  const versions = readPolicyVersions(journey.policies)
  const query = await prepared.question(versions, journey.client_id)
  const encryptionKey = encryptedFor(secrets, link).encryptionKey?.()
  const lifetime = journey.cross_device ? CROSS_DEVICE_TIME : WALLET_TIME
  const signed = signRequestObject(signer, {
    responseUri: addressOf.walletResponse(prepared.issuer),
    response:
      encryptionKey === undefined
        ? { mode: 'direct_post' }
        : { mode: 'direct_post.jwt', encryptionKey },
    nonce: link.nonce,
    state: link.state,
    // What it cannot answer it is not asked; its answer is still held against the whole question.
    query: narrowFormats(query, wallet?.formats),
    issuedAt: now,
    expiresAt: Math.min(fromInstant(journey.created_at) + lifetime, now + 5 * MINUTE),
    walletNonce: wallet?.walletNonce,
    registrations: prepared.registrationsFor(journey.client_id),
    deviceMac: mayUseDeviceMac(query, await prepared.trust(versions.trust)),
  })
  return wallet?.key === undefined ? signed : await encryptRequestObject(signed, wallet.key)
}

async function takeJourney(
  { db, keyring, clock }: Means,
  { tenant }: PreparedTenant,
  requestId: string,
): Promise<{ journey: OpenJourneyRow; secrets: WalletSecrets }> {
  const now = clock()
  const [[journey]] = await transact(db, tenant.id, [
    retrieveJourney({
      tenantId: tenant.id,
      requestHash: hashSecret(requestId),
      now: toInstant(now),
      crossDeviceSince: toInstant(crossDeviceSince(tenant, now)),
    }),
  ])
  const sealed = journey?.wallet_secrets ?? undefined
  if (journey === undefined || sealed === undefined) return fail({ kind: 'not_found' })
  const place = { tenant: tenant.id, journey: journey.id }
  return { journey, secrets: openWalletSecrets(keyring, place, sealed) }
}
