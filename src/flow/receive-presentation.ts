/**
 * A wallet posts its answer (OpenID4VP 1.0 section 8.2). It is judged here and now, so that a bad one is refused at once;
 * but nothing outside the journey changes before the browser comes back (HA-10).
 */

import { thumbprintOfDid } from '../crypto/did-key.ts'
import { hashShownIdentifiers } from '../crypto/identifier-hash.ts'
import { hashSecret, newId, randomText } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import type { Way } from '../domain/assurance.ts'
import { readWalletAttributes } from '../domain/attributes.ts'
import { BridgeError, fail, type PresentationReason } from '../domain/failure.ts'
import { allHashes, type HashedIdentifier } from '../domain/identifier.ts'
import {
  CROSS_DEVICE_TIME,
  type PolicyVersions,
  REFUSALS_ALLOWED,
  RETURN_TIME,
  type WalletSecrets,
} from '../domain/journey.ts'
import { statedByWallet } from '../domain/kept-attributes.ts'
import { describeShown } from '../domain/shown-credentials.ts'
import { shownIdentifiers } from '../domain/shown-identifiers.ts'
import { addressOf } from '../domain/tenant.ts'
import type { HolderHash, SecretHash } from '../domain/text.ts'
import { fromInstant, toInstant } from '../domain/time.ts'
import { insertAuditEvent } from '../store/audit.ts'
import { inTransaction, read, transact } from '../store/database.ts'
import {
  failJourney,
  findOpenJourneyByState,
  type OpenJourneyRow,
  presentJourney,
  readPolicyVersions,
  refusePresentation,
} from '../store/journey.ts'
import type { Changed, Step } from '../store/statement.ts'
import { type VerifiedPresentation, verifyPresentations } from '../wallet/presentation.ts'
import {
  type Form,
  type Lookup,
  lookupOf,
  openResponse,
  readForm,
  type WalletAnswer,
} from '../wallet/response.ts'
import { publicJwkOf, type ResponseJwk } from '../wallet/response-encryption.ts'
import { openWalletSecrets, sealPresentation } from './journey-secrets.ts'
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
  try {
    const answer = openAnswer(lookup, secrets)
    if (answer.kind === 'error') return await endByWallet(means, prepared, journey)
    const verified = await verifyAnswer(means, prepared, journey, secrets, answer)
    return await recordPresentation(means, prepared, journey, verified)
  } catch (error) {
    if (error instanceof BridgeError && error.failure.kind === 'presentation_refused')
      await recordRefusal(means, prepared, journey, error.failure.reason)
    throw error
  }
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
      crossDeviceSince: toInstant(now - CROSS_DEVICE_TIME),
    }),
  ])
  return journey ?? fail({ kind: 'not_found' })
}

function openAnswer(lookup: Lookup, secrets: WalletSecrets): WalletAnswer {
  return openResponse(lookup, {
    privateKey: Buffer.from(secrets.responseKey, 'base64url'),
    mode: secrets.responseMode,
  })
}

async function verifyAnswer(
  means: Means,
  prepared: PreparedTenant,
  journey: OpenJourneyRow,
  secrets: WalletSecrets,
  answer: Extract<WalletAnswer, { kind: 'presentation' }>,
): Promise<VerifiedPresentation> {
  const versions = readPolicyVersions(journey.policies)
  const link = journey.cross_device ? secrets.crossDevice : secrets.sameDevice
  const signer = prepared.requestSigners.get(journey.request_kid)
  if (link === undefined || signer === undefined) return fail({ kind: 'not_found' })
  return verifyPresentations(
    {
      vpToken: answer.vpToken,
      query: await prepared.question(versions),
      trust: await prepared.trust(versions.trust),
      nonce: link.nonce,
      channel: {
        kind: 'redirect',
        clientId: signer.clientId,
        responseUri: addressOf.walletResponse(prepared.issuer),
        encryptionKey: encryptionKeyOf(secrets),
      },
      notBefore: fromInstant(journey.created_at),
      now: means.clock(),
    },
    prepared.trustMeans,
  )
}

/** The key that the request offered; whether it was used is the mode's business, and both were checked. */
function encryptionKeyOf(secrets: WalletSecrets): (() => ResponseJwk) | undefined {
  if (secrets.responseMode === 'direct_post') return undefined
  return () => publicJwkOf(Buffer.from(secrets.responseKey, 'base64url'))
}

/** started or retrieved → presented, once. */
async function recordPresentation(
  means: Means,
  prepared: PreparedTenant,
  journey: OpenJourneyRow,
  verified: VerifiedPresentation,
): Promise<Received> {
  const { tenant, issuer } = prepared
  const place = { tenant: tenant.id, journey: journey.id }
  const way: Way = journey.cross_device ? 'cross_device' : 'same_device'
  const responseCode = way === 'same_device' ? randomText() : undefined
  const versions = readPolicyVersions(journey.policies)
  const identifiers = await identify(means, prepared, versions, verified)
  const rules = await prepared.policy('attributes', versions.attributes)
  const read = readWalletAttributes(rules, verified.credentials)
  const now = means.clock()
  const stated = statedByWallet(rules, verified.credentials, read, toInstant(now))
  const step = presentJourney({
    tenantId: tenant.id,
    id: journey.id,
    way,
    identifiers: JSON.stringify(identifiers),
    identifierHashes: allHashes(identifiers),
    presentation: sealPresentation(means.keyring, place, {
      attributes: stated.values,
      origins: stated.origins,
      shown: describeShown(await prepared.question(versions), verified.credentials),
    }),
    responseCodeHash: responseCode === undefined ? null : hashSecret(responseCode),
    now: toInstant(now),
    expiresAt: toInstant(now + RETURN_TIME),
  })
  const moved = await writePresentation(means, prepared, journey, { step, verified, versions })
  // Somebody else's answer won: for this one there is no open question any more.
  if (!moved) return fail({ kind: 'not_found' })
  means.metrics.outcome('presentation', verified.leniences.length > 0 ? 'ok_lenient' : 'ok')
  return {
    redirectUri:
      responseCode === undefined ? undefined : addressOf.walletReturn(issuer, responseCode),
  }
}

/** One statement; with an event behind it where policy let something pass. Returns whether the journey took it. */
async function writePresentation(
  { db, clock }: Means,
  { tenant }: PreparedTenant,
  journey: OpenJourneyRow,
  written: { step: Step<Changed>; verified: VerifiedPresentation; versions: PolicyVersions },
): Promise<boolean> {
  const { step, verified, versions } = written
  if (verified.leniences.length === 0) {
    const [[moved]] = await transact(db, tenant.id, [step])
    return moved?.changed === 1
  }
  const reasons = verified.leniences.toSorted().join(' ')
  return await inTransaction(db, tenant.id, async (tx) => {
    const [moved] = await tx.run(step)
    if (moved?.changed !== 1) return false
    await tx.runLast([
      insertAuditEvent(tenant.id, newId(), toInstant(clock()), {
        detail: { type: 'presentation_let_pass', reasons, trust: versions.trust },
        correlationId: journey.correlation_id,
        clientId: journey.client_id,
      }),
    ])
    return true
  })
}

/** Every identifier that the tenant's materials find in what was shown, hashed: what it is known by from here on. */
async function identify(
  { keyring }: Means,
  prepared: PreparedTenant,
  versions: PolicyVersions,
  { holder, credentials }: VerifiedPresentation,
): Promise<HashedIdentifier<HolderHash>[]> {
  const material = await prepared.policy('material', versions.material)
  const trust = await prepared.policy('trust', versions.trust)
  const provesEmail = new Set(
    trust.entries.filter((entry) => entry.provesEmail).map((entry) => entry.id),
  )
  const shown = {
    holderThumbprint: holder.thumbprint,
    credentials: credentials.map((credential) => ({
      ...credential,
      provesEmail: provesEmail.has(credential.trustEntry),
    })),
  }
  const found = shownIdentifiers(material, shown, thumbprintOfDid)
  return hashShownIdentifiers(keyring, prepared.tenant.id, found)
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

/** Counts a refusal, in a transaction of its own: what is refused must be seen (AU-07). */
async function recordRefusal(
  means: Means,
  prepared: PreparedTenant,
  journey: OpenJourneyRow,
  reason: PresentationReason,
): Promise<void> {
  const tenantId = prepared.tenant.id
  const now = toInstant(means.clock())
  await inTransaction(means.db, tenantId, async (tx) => {
    const [refused] = await tx.run(
      refusePresentation({
        tenantId,
        id: journey.id,
        allowed: REFUSALS_ALLOWED,
        failure: reason,
        now,
      }),
    )
    if (refused === undefined) return
    await tx.runLast([
      insertAuditEvent(tenantId, newId(), now, {
        detail: { type: 'presentation_refused', reason, refusals: refused.refusals },
        correlationId: journey.correlation_id,
        clientId: journey.client_id,
      }),
    ])
  })
  means.metrics.outcome('presentation', reason)
}
