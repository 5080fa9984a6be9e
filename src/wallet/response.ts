/**
 * What a wallet posts to the response endpoint (OpenID4VP 1.0 section 8): a presentation in the clear, an encrypted one,
 * or an error. It is read in two steps. `lookupOf` only finds out whose answer it says it is, at the price of one
 * SHA-256, so that nothing is spent on answers to no question (section 14.3.2, VP-079). `openResponse` then opens it
 * with the key of the journey that was found.
 *
 * The response key's `kid` is the hash of `state`; so one lookup serves both ways, and an encrypted answer belongs to
 * the journey found only if the state *inside* hashes to the same (VP-073).
 */
import { hashSecret } from '../crypto/random.ts'
import { fail, type PresentationReason } from '../domain/failure.ts'
import type { Json, JsonObject, SecretHash } from '../domain/text.ts'
import { isJsonObject, readJson } from './json.ts'
import { decryptResponse, readKeyId } from './response-encryption.ts'

/** Octets of a posted form, and its parameters (VP-070). */
const LARGEST_FORM = 1024 * 1024
const MOST_PARAMETERS = 16
const LONGEST_STATE = 512
const HASH = /^[A-Za-z0-9_-]{43}$/

/** Parameters of older drafts; an answer with one of them was not written for version 1.0 (VP-141). */
const OUTDATED = ['presentation_submission', 'id_token']

export type Form = ReadonlyMap<string, string>

const WALLET_ERRORS = [
  'invalid_request',
  'invalid_client',
  'invalid_scope',
  'access_denied',
  'vp_formats_not_supported',
  'invalid_request_uri_method',
  'invalid_transaction_data',
  'wallet_unavailable',
] as const
/** Why a wallet says no (section 8.5); its own description is never kept. `access_denied` tells no reason (VP-084). */
export type WalletError = (typeof WALLET_ERRORS)[number] | 'unknown_error'

/** Whose answer a form says it is, and how it came. Nothing of it is proved. */
export type Lookup =
  | { kind: 'encrypted'; stateHash: SecretHash; response: string }
  | { kind: 'plain'; stateHash: SecretHash; vpToken: string }
  | { kind: 'error'; stateHash: SecretHash; error: WalletError }

/** Presentations by credential query id (section 8.1): each list has at least one. */
export type VpToken = ReadonlyMap<string, readonly string[]>

export type WalletAnswer =
  | { kind: 'presentation'; vpToken: VpToken }
  | { kind: 'error'; error: WalletError }

/**
 * Returns the parameters of an `application/x-www-form-urlencoded` body. Throws `payload_too_large` above 1 MiB and
 * `invalid_request` for more than 16 parameters, a parameter that comes twice, or text that is not UTF-8 (VP-070).
 */
export function readForm(body: Uint8Array): Form {
  if (body.length > LARGEST_FORM) fail({ kind: 'payload_too_large' })
  const form = new Map<string, string>()
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')
  for (const pair of text === '' ? [] : text.split('&', MOST_PARAMETERS + 1)) {
    const end = pair.includes('=') ? pair.indexOf('=') : pair.length
    const key = decodeFormText(pair.slice(0, end))
    if (form.has(key)) fail({ kind: 'invalid_request', detail: 'a parameter occurs twice' })
    form.set(key, decodeFormText(pair.slice(end + 1)))
  }
  if (form.size > MOST_PARAMETERS) fail({ kind: 'invalid_request', detail: 'too many parameters' })
  return form
}

/** `+` is a space, `%XX` an octet; what is not ASCII must have been written in the latter form. */
function decodeFormText(text: string): string {
  try {
    if (/^[\x20-\x7e]*$/.test(text)) return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    // Malformed escapes and octets that are not UTF-8 end below, like raw octets above 0x7e.
  }
  return fail({ kind: 'invalid_request', detail: 'the form is not UTF-8 text' })
}

/**
 * Returns whose answer a form is. Throws `presentation_refused` with `malformed_response` where it is none of the three
 * kinds or mixes them, `too_large`, or `unencrypted_response` for a `response` that is a signed JWT (VP-071).
 */
export function lookupOf(form: Form): Lookup {
  if (OUTDATED.some((name) => form.has(name))) refuse('malformed_response')
  const response = form.get('response')
  const error = form.get('error')
  const vpToken = form.get('vp_token')
  if ([response, error, vpToken].filter((part) => part !== undefined).length !== 1) {
    refuse('malformed_response')
  }
  if (response !== undefined) {
    const kid = readKeyId(response)
    if (!HASH.test(kid)) refuse('malformed_response')
    return { kind: 'encrypted', stateHash: kid as SecretHash, response }
  }
  const state = form.get('state')
  if (state === undefined || state === '' || state.length > LONGEST_STATE)
    refuse('malformed_response')
  const stateHash = hashSecret(state)
  if (vpToken !== undefined) return { kind: 'plain', stateHash, vpToken }
  return { kind: 'error', stateHash, error: walletErrorOf(error) }
}

/**
 * Returns what the wallet answered. `mode` is the response mode that was asked for: a presentation in the clear is
 * refused where encryption was demanded, an error is not, because a wallet may be unable to encrypt (section 8.3.1,
 * VP-074). Throws `presentation_refused`: `unencrypted_response`, `state_mismatch`, `malformed_response`, or what
 * `decryptResponse` throws.
 */
export function openResponse(
  lookup: Lookup,
  expected: { privateKey: Uint8Array; mode: 'direct_post' | 'direct_post.jwt' },
): WalletAnswer {
  switch (lookup.kind) {
    case 'error':
      return { kind: 'error', error: lookup.error }
    case 'plain':
      if (expected.mode !== 'direct_post') refuse('unencrypted_response')
      return { kind: 'presentation', vpToken: readVpToken(readJson(lookup.vpToken)) }
    case 'encrypted':
      // We handed out no key for this mode.
      if (expected.mode !== 'direct_post.jwt') refuse('malformed_response')
      return openEncrypted(lookup.response, lookup.stateHash, expected.privateKey)
  }
}

/**
 * Returns what a wallet answered through the browser (appendix A.4): `data` of the DigitalCredential as the page handed it
 * in. It came with the page's own cookie and for a journey that is known, so nothing has to be looked up; `kid` is that of
 * the key we handed out. Throws as {@link openResponse}.
 */
export function openDigitalResponse(
  data: JsonObject,
  expected: { privateKey: Uint8Array; kid: string; encrypted: boolean },
): WalletAnswer {
  const { response, vp_token: vpToken, error } = data
  if (OUTDATED.some((name) => Object.hasOwn(data, name))) refuse('malformed_response')
  if ([response, vpToken, error].filter((part) => part !== undefined).length !== 1)
    refuse('malformed_response')
  if (error !== undefined) return { kind: 'error', error: walletErrorOf(error) }
  if (vpToken !== undefined) {
    if (expected.encrypted) refuse('unencrypted_response')
    return { kind: 'presentation', vpToken: readVpToken(vpToken) }
  }
  if (typeof response !== 'string' || !expected.encrypted) return refuse('malformed_response')
  const payload = readJson(decryptResponse(response, expected))
  if (!isJsonObject(payload)) return refuse('malformed_response')
  return readPayload(payload)
}

function openEncrypted(
  response: string,
  stateHash: SecretHash,
  privateKey: Uint8Array,
): WalletAnswer {
  const payload = readJson(decryptResponse(response, { privateKey, kid: stateHash }))
  // A JWT inside the JWE was never part of 1.0; it is no JSON object and ends here (VP-071).
  if (!isJsonObject(payload)) refuse('malformed_response')
  const { state } = payload
  if (typeof state !== 'string' || hashSecret(state) !== stateHash) refuse('state_mismatch')
  return readPayload(payload)
}

function readPayload(payload: JsonObject): WalletAnswer {
  const { error, vp_token: vpToken } = payload
  if (OUTDATED.some((name) => Object.hasOwn(payload, name))) refuse('malformed_response')
  if (error === undefined) return { kind: 'presentation', vpToken: readVpToken(vpToken) }
  if (vpToken !== undefined) refuse('malformed_response')
  return { kind: 'error', error: walletErrorOf(error) }
}

/** An object of non-empty arrays of text; what older drafts had, bare text and bare arrays, is refused (VP-090). */
function readVpToken(value: Json | undefined): VpToken {
  if (!isJsonObject(value)) refuse('malformed_response')
  return new Map(Object.entries(value).map(([id, list]) => [id, readPresentations(list)]))
}

function readPresentations(list: Json): readonly string[] {
  const texts = Array.isArray(list) ? list.filter((item) => typeof item === 'string') : []
  if (!Array.isArray(list) || texts.length === 0 || texts.length !== list.length) {
    refuse('malformed_response')
  }
  return texts
}

function walletErrorOf(code: JsonObject[string] | undefined): WalletError {
  return WALLET_ERRORS.find((known) => known === code) ?? 'unknown_error'
}

function refuse(reason: PresentationReason): never {
  return fail({ kind: 'presentation_refused', reason })
}
