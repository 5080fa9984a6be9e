/** Other questions for the wallets of an open journey: the code on the page and what the browser is handed are made anew. */
import { hashSecret, randomText } from '../crypto/random.ts'
import type { Deps } from '../deps.ts'
import { fail } from '../domain/failure.ts'
import type { JourneyId } from '../domain/ids.ts'
import type { Open, WalletLink, WalletQuestion, WalletSecrets } from '../domain/journey.ts'
import type { Sealed } from '../domain/text.ts'
import { toInstant } from '../domain/time.ts'
import { transact } from '../store/database.ts'
import { renewWalletSecrets } from '../store/journey-wallet.ts'
import type { Encrypted } from '../wallet/channel.ts'
import { agree, createResponseKey, publicJwkOf } from '../wallet/response-encryption.ts'
import { openWalletSecrets, sealWalletSecrets } from './journey-secrets.ts'
import { takeOwn } from './own-journey.ts'
import type { PreparedTenant } from './tenants.ts'

type Means = Pick<Deps, 'db' | 'keyring' | 'clock'>

/** A page asks for its code and for the browser's question at the same time; further tabs may, too. */
const TRIES = 5

/** A fresh nonce (256 bits) and a fresh P-256 key for every question (VP-003, HA-05). */
export function newQuestion(): WalletQuestion {
  const responseKey = Buffer.from(createResponseKey().privateKey).toString('base64url')
  return { nonce: randomText(32), responseKey }
}

/** Request id and state of 128 bits and more (VP-004, VP-037); none follows from another. */
export function newLink(): WalletLink {
  return { requestId: randomText(24), state: randomText(24), ...newQuestion() }
}

/** The key that a question offers for its answer; nothing where the answer comes in the clear. */
export function encryptedFor(
  { responseMode }: Pick<WalletSecrets, 'responseMode'>,
  { responseKey }: WalletQuestion,
): Encrypted {
  if (responseMode === 'direct_post') return {}
  const privateKey = Buffer.from(responseKey, 'base64url')
  return {
    encryptionKey: () => publicJwkOf(privateKey),
    agree: (other) => agree(privateKey, { ...other }),
  }
}

/**
 * The journey's questions after `change`, which returns what it was given where nothing is to be changed. What is replaced
 * is dead. Throws `not_found` for another browser's journey and for one that is not open any more.
 */
export async function renewQuestions(
  means: Means,
  prepared: PreparedTenant,
  id: JourneyId,
  browserId: string | undefined,
  change: (secrets: WalletSecrets, journey: Open) => WalletSecrets,
): Promise<{ journey: Open; secrets: WalletSecrets }> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const journey = await takeOwn(means, prepared, id, browserId)
    const { walletSecrets: before } = journey
    if ((journey.state !== 'started' && journey.state !== 'retrieved') || before === undefined)
      return fail({ kind: 'not_found' })
    const place = { tenant: prepared.tenant.id, journey: id }
    const known = openWalletSecrets(means.keyring, place, before)
    const secrets = change(known, journey)
    if (secrets === known) return { journey, secrets }
    if (await record(means, prepared, journey, before, secrets)) return { journey, secrets }
  }
  return fail({ kind: 'not_found' })
}

/** In place of exactly what was read, and only while no wallet has fetched anything since. */
async function record(
  { db, keyring, clock }: Means,
  { tenant }: PreparedTenant,
  journey: Open,
  before: Sealed,
  secrets: WalletSecrets,
): Promise<boolean> {
  const { crossDevice } = secrets
  const [[moved]] = await transact(db, tenant.id, [
    renewWalletSecrets({
      tenantId: tenant.id,
      id: journey.id,
      state: journey.state,
      before,
      after: sealWalletSecrets(keyring, { tenant: tenant.id, journey: journey.id }, secrets),
      crossDeviceRequestHash: crossDevice === undefined ? null : hashSecret(crossDevice.requestId),
      crossDeviceStateHash: crossDevice === undefined ? null : hashSecret(crossDevice.state),
      now: toInstant(clock()),
    }),
  ])
  return moved?.changed === 1
}
