/**
 * A keyring that is sealed: JSON text with who keeps its root key, the root key as the keeper wrapped it, and the keyring
 * text under the root key (protocols CR-34).
 *
 * ```json
 * { "sealed_keyring": 1, "keeper": "vault:transit/bridge", "wrapped": "vault:v1:…", "text": "v1.r1.…" }
 * ```
 *
 * Keeper and wrapped root key are bound to the sealed text: none of the three can be exchanged alone.
 */

import { BridgeError } from '../domain/failure.ts'
import { SYSTEM_TENANT } from '../domain/ids.ts'
import { parseStrictJson, StrictJsonError } from '../domain/strict-json.ts'
import type { Json, JsonObject } from '../domain/text.ts'
import { readEnvelope } from './envelope.ts'
import { KeyringError } from './keyring-text.ts'
import { openMessage, sealMessage } from './sealed-message.ts'
import { makeSecretKey } from './secret-key.ts'

/** A sealed keyring, taken apart. */
export interface SealedKeyring {
  /** Who unwraps the root key, as `kind` or `kind:what`. */
  readonly keeper: string
  /** The root key in the keeper's own words. */
  readonly wrapped: string
  readonly text: string
}

const FORMAT = 1
const MOST_WRAPPED = 8192
const KEEPER = /^[a-z0-9-]{1,20}(?::[\w./:@+=,-]{1,300})?$/

/** Whether this is, or was meant to be, a sealed keyring rather than an open one. */
export function isSealedKeyring(text: string): boolean {
  return /^\s*\{\s*"sealed_keyring"/.test(text)
}

/** Takes a sealed keyring apart. Throws {@link KeyringError} on anything else. */
export function readSealedKeyring(text: string): SealedKeyring {
  const document = parse(text)
  if (!isObject(document)) throw new KeyringError('sealed keyring: must be an object')
  const { sealed_keyring: format, keeper, wrapped, text: sealed, ...others } = document
  if (format !== FORMAT || Object.keys(others).length > 0) {
    throw new KeyringError('sealed keyring: not of a format that this version knows')
  }
  if (typeof keeper !== 'string' || !KEEPER.test(keeper)) {
    throw new KeyringError('sealed keyring: "keeper" must be a kind, or kind:key')
  }
  if (typeof wrapped !== 'string' || wrapped.length > MOST_WRAPPED) {
    throw new KeyringError('sealed keyring: "wrapped" must be a text')
  }
  if (typeof sealed !== 'string') throw new KeyringError('sealed keyring: "text" must be a text')
  return { keeper, wrapped, text: sealed }
}

/** The text of a sealed keyring, with a line break at the end. Throws {@link KeyringError} for an impossible keeper. */
export function writeSealedKeyring(
  keyringText: string,
  by: { keeper: string; wrapped: string; rootKey: Uint8Array },
): string {
  const { keeper, wrapped, rootKey } = by
  if (!KEEPER.test(keeper)) throw new KeyringError('"keeper" must be a kind, or kind:key')
  const text = sealMessage(makeSecretKey(rootKey), 'r1', contextOf(keeper, wrapped), keyringText)
  return `${JSON.stringify({ sealed_keyring: FORMAT, keeper, wrapped, text }, null, 2)}\n`
}

/** The keyring text inside. Throws {@link KeyringError} where this root key does not open it. */
export function openSealedKeyring(sealed: SealedKeyring, rootKey: Uint8Array): string {
  const { keeper, wrapped, text } = sealed
  const envelope = readEnvelope(text)
  if (envelope?.keyId !== 'r1') throw new KeyringError('sealed keyring: "text" is damaged')
  try {
    const bytes = openMessage(makeSecretKey(rootKey), contextOf(keeper, wrapped), envelope)
    return new TextDecoder().decode(bytes)
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error
    throw new KeyringError(
      `sealed keyring: does not open with the root key that ${keeper} gave: it was changed, or belongs to another`,
    )
  }
}

function parse(text: string): Json {
  try {
    return parseStrictJson(text)
  } catch (error) {
    if (error instanceof StrictJsonError) throw new KeyringError(`sealed keyring: ${error.message}`)
    throw error
  }
}

function contextOf(keeper: string, wrapped: string) {
  return { tenant: SYSTEM_TENANT, table: 'keyring', column: 'text', row: `${keeper} ${wrapped}` }
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
