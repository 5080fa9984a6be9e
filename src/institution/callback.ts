/** What the browser brings back from the provider, read before anything is believed (RFC 6749 section 4.1.2, RFC 9207). */
import { fail } from '../domain/failure.ts'

declare const read: unique symbol

/** Made by {@link readCallback} alone. `state` finds the session; the rest is judged by `exchangeCode`. */
export interface Callback {
  readonly [read]: true
  readonly state: string
  /** The issuer that says it answered, where it says so. */
  readonly iss: string | undefined
  /** An error stays an answer: it too needs a valid state and issuer before it counts (protocols UP-23). */
  readonly answer: { readonly code: string } | { readonly error: string }
}

const MAX_CODE_BYTES = 4 * 1024
const MAX_STATE_LENGTH = 512

/**
 * Returns the parameters of the call-back. Throws `institution_refused` / `response_invalid` when one occurs twice,
 * when there is no state, when code and error come together or neither comes, and when the code is longer than 4 KiB
 * (UP-24). Parameters that are not ours are ignored, as RFC 6749 asks.
 */
export function readCallback(parameters: URLSearchParams): Callback {
  const names = [...parameters.keys()]
  if (new Set(names).size !== names.length) refuse()
  const state = parameters.get('state')
  const code = parameters.get('code')
  const error = parameters.get('error')
  if (state === null || state === '' || state.length > MAX_STATE_LENGTH) refuse()
  if (code !== null && Buffer.byteLength(code) > MAX_CODE_BYTES) refuse()
  const callback = { state, iss: parameters.get('iss') ?? undefined }
  if (code && error === null) return { ...callback, answer: { code } } as Callback
  if (error && code === null) return { ...callback, answer: { error } } as Callback
  refuse()
}

function refuse(): never {
  fail({ kind: 'institution_refused', reason: 'response_invalid' })
}
