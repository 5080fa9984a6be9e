/**
 * One question to a key service, over https. Not through `outbound/`: that room keeps requests away from private networks,
 * which is where an operator's own key service stands. Its address comes from the operator alone.
 */
import { isLoopbackHost } from '../config.ts'
import { KeyringError } from '../crypto/keyring-text.ts'
import type { Json, JsonObject } from '../domain/text.ts'

/** How long a key service may take. */
const ANSWER_MS = 10_000
const MOST_ANSWER_CHARACTERS = 64 * 1024

/** Posts JSON and returns the object that comes back. Throws KeyringError with status and keeper, no word of the answer. */
export async function askKeyService(
  keeper: string,
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<JsonObject> {
  const answer = await post(keeper, url, headers, body)
  if (answer.status !== 200) {
    const hint =
      answer.status === 403 || answer.status === 400 ? ': is the key or the right wrong?' : ''
    throw new KeyringError(`${keeper} answered ${answer.status}${hint}`)
  }
  const document = readJson(answer.text)
  if (document === undefined) throw new KeyringError(`${keeper} gave no usable answer`)
  return document
}

/** The address of a key service. Throws KeyringError for anything but https, or http on this machine. */
export function readServiceAddress(variable: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const safe =
    url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname))
  if (url === undefined || !safe || url.username !== '' || url.search !== '') {
    throw new KeyringError(`${variable} must be an https address (http on this machine only)`)
  }
  return url
}

async function post(
  keeper: string,
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<{ status: number; text: string }> {
  try {
    const request = { method: 'POST', headers, body, redirect: 'error' } as const
    const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(ANSWER_MS) })
    const text = await answer.text()
    return { status: answer.status, text: text.slice(0, MOST_ANSWER_CHARACTERS) }
  } catch (cause) {
    throw Object.assign(new KeyringError(`${keeper} cannot be reached`), { cause })
  }
}

function readJson(text: string): JsonObject | undefined {
  try {
    const document = JSON.parse(text) as Json
    return isObject(document) ? document : undefined
  } catch {
    // Whatever it says is not for us to repeat.
    return undefined
  }
}

/** Whether this is a JSON object. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
