/**
 * The keys a provider signs with. They are fetched when first needed and again every ten minutes. A token that names a
 * key we do not hold causes one fetch, since the provider may have rotated; if the key is still not there, no such
 * fetch happens again for half a minute, so that invented key ids cannot make us hammer the provider (protocols UP-37,
 * threat 52).
 */
import { type CryptoKey, importJWK, type JWK } from 'jose'
import { BridgeError, fail } from '../domain/failure.ts'
import type { Json, JsonObject } from '../domain/text.ts'
import { type Clock, isRecent, MINUTE, SECOND } from '../domain/time.ts'
import type { Outbound } from '../outbound/guard.ts'

/** What of a token's header chooses the key. */
export interface KeyChoice {
  readonly alg: string
  readonly kid: string | undefined
}

export interface KeySet {
  /**
   * The one key that fits. Throws `institution_refused`: `id_token_invalid` when none or several fit, `unavailable`
   * when the keys cannot be had.
   */
  keyFor(choice: KeyChoice): Promise<CryptoKey>
}

const MAX_AGE = 10 * MINUTE
const COOL_DOWN = 30 * SECOND
const MAX_KEYS = 20
const LIMITS = {
  maxBytes: 64 * 1024,
  contentTypes: ['application/json', 'application/jwk-set+json'],
}

interface Held {
  readonly keys: readonly JsonObject[]
  readonly at: number
}

/** Returns the key set of `jwksUri`; nothing is fetched yet. */
export function createKeySet(means: { outbound: Outbound; clock: Clock }, jwksUri: string): KeySet {
  let held: Held | undefined
  let missedAt: number | undefined
  let underWay: Promise<Held> | undefined

  /** Callers that arrive while a fetch is under way share it. */
  function refresh(): Promise<Held> {
    underWay ??= fetchKeys(means.outbound, jwksUri)
      .then((keys) => {
        held = { keys, at: means.clock() }
        return held
      })
      .finally(() => {
        underWay = undefined
      })
    return underWay
  }

  async function keyFor(choice: KeyChoice): Promise<CryptoKey> {
    const now = means.clock()
    const fresh = held !== undefined && isRecent(held.at, MAX_AGE, now) ? held : undefined
    const key = fresh && pick(fresh.keys, choice)
    if (key !== undefined) return importKey(key, choice.alg)
    const coolingDown = missedAt !== undefined && isRecent(missedAt, COOL_DOWN, now)
    if (fresh !== undefined && coolingDown && underWay === undefined) refuseToken()
    // Set before the fetch, so that a fetch that fails cools down as well; a find takes it back.
    if (fresh !== undefined) missedAt = now
    const found = pick((await refresh()).keys, choice)
    missedAt = found === undefined ? now : undefined
    return found === undefined ? refuseToken() : importKey(found, choice.alg)
  }

  return { keyFor }
}

async function fetchKeys(outbound: Outbound, jwksUri: string): Promise<readonly JsonObject[]> {
  let document: Json
  try {
    document = await outbound.fetchJson(jwksUri, LIMITS)
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error
    fail({ kind: 'institution_refused', reason: 'unavailable' }, error)
  }
  const keys = isObject(document) ? document.keys : undefined
  if (!Array.isArray(keys) || keys.length > MAX_KEYS || !keys.every(isObject)) refuseToken()
  return keys
}

/** Undefined when no key fits; two that fit are one too many, for then the token should have said which (Core 10.1). */
function pick(keys: readonly JsonObject[], { alg, kid }: KeyChoice): JsonObject | undefined {
  const fitting = keys.filter(
    (key) =>
      isKeyTypeOf(alg, key) &&
      (kid === undefined || key.kid === kid) &&
      (key.alg === undefined || key.alg === alg) &&
      (key.use === undefined || key.use === 'sig') &&
      (key.key_ops === undefined || includes(key.key_ops, 'verify')),
  )
  if (fitting.length > 1) refuseToken()
  return fitting[0]
}

const CURVES: Readonly<Record<string, string>> = {
  ES256: 'P-256',
  ES384: 'P-384',
  ES512: 'P-521',
  EdDSA: 'Ed25519',
  Ed25519: 'Ed25519',
}

function isKeyTypeOf(alg: string, key: JsonObject): boolean {
  const curve = CURVES[alg]
  if (curve === undefined) return /^[RP]S(256|384|512)$/.test(alg) && key.kty === 'RSA'
  return key.crv === curve && key.kty === (curve === 'Ed25519' ? 'OKP' : 'EC')
}

/** Only the public members of the key are used, whatever else the provider published. */
async function importKey(key: JsonObject, alg: string): Promise<CryptoKey> {
  const names = key.kty === 'RSA' ? ['kty', 'n', 'e'] : ['kty', 'crv', 'x', 'y']
  const jwk = Object.fromEntries(names.map((name) => [name, key[name]]).filter(([, v]) => v))
  try {
    const imported = await importJWK(jwk as unknown as JWK, alg)
    if (!(imported instanceof Uint8Array) && !isWeak(imported)) return imported
  } catch (error) {
    fail({ kind: 'institution_refused', reason: 'id_token_invalid' }, error)
  }
  refuseToken()
}

/** An RSA key under 2048 bits (RFC 7518 section 3.3). */
function isWeak({ algorithm }: CryptoKey): boolean {
  return 'modulusLength' in algorithm && Number(algorithm.modulusLength) < 2048
}

function includes(list: Json, value: string): boolean {
  return Array.isArray(list) && list.includes(value)
}

function isObject(value: Json): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}

function refuseToken(): never {
  fail({ kind: 'institution_refused', reason: 'id_token_invalid' })
}
