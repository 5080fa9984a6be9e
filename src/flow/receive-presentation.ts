/**
 * A wallet posts its answer (OpenID4VP 1.0 section 8.2). It is judged here and now, so that a bad one is refused at once;
 * but nothing outside the journey changes before the browser comes back (HA-10).
 */

import { newId } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { BridgeError, fail } from '../domain/failure.ts'
import { crossDeviceSince, type WalletLink, type WalletSecrets } from '../domain/journey.ts'
import { addressOf } from '../domain/tenant.ts'
import type { SecretHash } from '../domain/text.ts'
import { fromInstant, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read } from '../store/database.ts'
import { failJourney } from '../store/journey.ts'
import { readPolicyVersions } from '../store/journey-row.ts'
import { findOpenJourneyByState, type OpenJourneyRow } from '../store/journey-wallet.ts'
import type { Encrypted } from '../wallet/channel.ts'
import {
  type RevokedCredential,
  type VerifiedPresentation,
  verifyPresentations,
} from '../wallet/presentation.ts'
import {
  type Form,
  type Lookup,
  lookupOf,
  openResponse,
  readForm,
  type VpToken,
  type WalletAnswer,
} from '../wallet/response.ts'
import { openWalletSecrets } from './journey-secrets.ts'
import { signerOf } from './journey-signer.ts'
import { type Answered, recordPresentation, recordRefusal } from './record-presentation.ts'
import { encryptedFor } from './renew-questions.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock' | 'metrics'>

/** A wallet's form, strictly read (VP-070). Throws `invalid_request`, `payload_too_large`. */
export function readWalletForm(body: Uint8Array): Form {
  return readForm(body)
}

/** What the wallet hears: `{"redirect_uri": …}` when it is on the browser's device, else `{}` (VP-075, VP-076). */
export interface Received {
  redirectUri: string | undefined
}

/**
 * Reads, opens and verifies one answer and stores the outcome in its journey. Throws `presentation_refused` with the
 * reason; unknown, expired and answered journeys throw `not_found`.
 */
export async function receivePresentation(
  means: Means,
  prepared: PreparedTenant,
  form: Form,
): Promise<Received> {
  const lookup = lookupOf(form)
  const journey = await takeJourney(means, prepared, lookup.stateHash)
  if (journey.wallet_secrets === null) return fail({ kind: 'not_found' })
  const place = { tenant: prepared.tenant.id, journey: journey.id }
  const secrets = openWalletSecrets(means.keyring, place, journey.wallet_secrets)
  const link = journey.cross_device ? secrets.crossDevice : secrets.sameDevice
  if (link === undefined) return fail({ kind: 'not_found' })
  const revoked: RevokedCredential[] = []
  try {
    const answer = openAnswer(lookup, secrets, link)
    if (answer.kind === 'error') return await endByWallet(means, prepared, journey)
    const verified = await verifyAnswer(means, prepared, journey, {
      vpToken: answer.vpToken,
      nonce: link.nonce,
      ...{ encrypted: encryptedFor(secrets, link), secrets },
      onRevoked: (one) => void revoked.push(one),
    })
    const way = journey.cross_device ? 'cross_device' : 'same_device'
    const code = await recordPresentation(means, prepared, answered(journey), way, verified)
    return {
      redirectUri: code === undefined ? undefined : addressOf.walletReturn(prepared.issuer, code),
    }
  } catch (error) {
    if (error instanceof BridgeError && error.failure.kind === 'presentation_refused')
      await recordRefusal(means, prepared, answered(journey), {
        ...{ reason: error.failure.reason, revoked },
      })
    throw error
  }
}

function answered(row: OpenJourneyRow): Answered {
  const { id, correlation_id: correlationId, client_id: clientId, policies } = row
  return { id, correlationId, clientId, policies: readPolicyVersions(policies) }
}

/** One indexed read before any cryptography (VP-079). */
async function takeJourney(
  means: Means,
  prepared: PreparedTenant,
  stateHash: SecretHash,
): Promise<OpenJourneyRow> {
  const tenantId = prepared.tenant.id
  const now = means.clock()
  const [[journey]] = await read(means.db, tenantId, [
    findOpenJourneyByState({
      tenantId,
      stateHash,
      now: toInstant(now),
      crossDeviceSince: toInstant(crossDeviceSince(prepared.tenant, now)),
    }),
  ])
  return journey ?? fail({ kind: 'not_found' })
}

function openAnswer(
  lookup: Lookup,
  { responseMode: mode }: WalletSecrets,
  { responseKey }: WalletLink,
): WalletAnswer {
  return openResponse(lookup, { privateKey: Buffer.from(responseKey, 'base64url'), mode })
}

async function verifyAnswer(
  means: Means,
  prepared: PreparedTenant,
  journey: OpenJourneyRow,
  given: {
    vpToken: VpToken
    nonce: string
    encrypted: Encrypted
    secrets: WalletSecrets
    onRevoked: (revoked: RevokedCredential) => void
  },
): Promise<VerifiedPresentation> {
  const versions = readPolicyVersions(journey.policies)
  const signer = signerOf(prepared, journey.request_kid, given.secrets)
  if (signer === undefined) return fail({ kind: 'not_found' })
  return verifyPresentations(
    {
      vpToken: given.vpToken,
      query: await prepared.question(versions, journey.client_id),
      trust: await prepared.trust(versions.trust),
      attributes: await prepared.policy('attributes', versions.attributes),
      nonce: given.nonce,
      onRevoked: given.onRevoked,
      channel: {
        kind: 'redirect',
        clientId: signer.clientId,
        responseUri: addressOf.walletResponse(prepared.issuer),
        ...given.encrypted,
      },
      notBefore: fromInstant(journey.created_at),
      now: means.clock(),
    },
    prepared.trustMeans,
  )
}

/** The wallet said no; which of its reasons it was is nobody's business (VP-084). The journey ends. */
async function endByWallet(
  means: Means,
  prepared: PreparedTenant,
  journey: OpenJourneyRow,
): Promise<Received> {
  const tenantId = prepared.tenant.id
  const now = toInstant(means.clock())
  await inTransaction(means.db, tenantId, async (tx) => {
    const [moved] = await tx.run(
      failJourney({ tenantId, id: journey.id, failure: 'wallet_refused', now }),
    )
    if (moved?.changed !== 1) fail({ kind: 'not_found' })
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'presentation_refused', reason: 'wallet_refused', refusals: 0 },
        correlationId: journey.correlation_id,
        clientId: journey.client_id,
      }),
    ])
  })
  means.metrics.outcome('presentation', 'wallet_refused')
  return { redirectUri: undefined }
}
