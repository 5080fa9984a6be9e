/** A wallet fetches what it is asked: the signed request object (OpenID4VP 1.0 sections 5 and 5.10). */
import { hashSecret } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import { CROSS_DEVICE_TIME, WALLET_TIME } from '../domain/journey.ts'
import { addressOf } from '../domain/tenant.ts'
import { fromInstant, MINUTE, toInstant } from '../domain/time.ts'
import { transact } from '../store/database.ts'
import { readPolicyVersions } from '../store/journey-row.ts'
import { retrieveJourney } from '../store/journey-wallet.ts'
import { mayUseDeviceMac } from '../wallet/document-signer.ts'
import { readRequestUriPost, signRequestObject } from '../wallet/request-object.ts'
import type { Form } from '../wallet/response.ts'
import { publicJwkOf } from '../wallet/response-encryption.ts'
import { openWalletSecrets } from './journey-secrets.ts'
import type { PreparedTenant } from './tenants.ts'

/**
 * The compact JWS for a request id. The same nonce, state and key however often it is fetched (VP-034, VP-035). Unknown,
 * expired, answered and foreign ids throw the same `not_found` (VP-038).
 */
export async function handOutRequest(
  deps: Pick<Deps, 'db' | 'keyring' | 'clock'>,
  prepared: PreparedTenant,
  requestId: string,
  posted: Form | undefined,
): Promise<string> {
  const wallet = posted === undefined ? undefined : readRequestUriPost(posted)
  const { tenant, issuer } = prepared
  const now = deps.clock()
  const [[journey]] = await transact(deps.db, tenant.id, [
    retrieveJourney({
      tenantId: tenant.id,
      requestHash: hashSecret(requestId),
      now: toInstant(now),
      crossDeviceSince: toInstant(now - CROSS_DEVICE_TIME),
    }),
  ])
  if (journey === undefined) return fail({ kind: 'not_found' })
  const signer = prepared.requestSigners.get(journey.request_kid)
  if (signer === undefined) return fail({ kind: 'not_found' })

  const versions = readPolicyVersions(journey.policies)
  const query = await prepared.question(versions, journey.client_id)
  if (journey.wallet_secrets === null) return fail({ kind: 'not_found' })
  const place = { tenant: tenant.id, journey: journey.id }
  const given = openWalletSecrets(deps.keyring, place, journey.wallet_secrets)
  const link = journey.cross_device ? given.crossDevice : given.sameDevice
  if (link === undefined) return fail({ kind: 'not_found' })
  const lifetime = journey.cross_device ? CROSS_DEVICE_TIME : WALLET_TIME
  return signRequestObject(signer, {
    responseUri: addressOf.walletResponse(issuer),
    response:
      given.responseMode === 'direct_post'
        ? { mode: 'direct_post' }
        : {
            mode: 'direct_post.jwt',
            encryptionKey: publicJwkOf(Buffer.from(link.responseKey, 'base64url')),
          },
    nonce: link.nonce,
    state: link.state,
    query,
    issuedAt: now,
    expiresAt: Math.min(fromInstant(journey.created_at) + lifetime, now + 5 * MINUTE),
    walletNonce: wallet?.walletNonce,
    registrations: prepared.registrationsFor(journey.client_id),
    deviceMac: mayUseDeviceMac(query, await prepared.trust(versions.trust)),
  })
}
