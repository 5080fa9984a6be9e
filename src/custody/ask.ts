/**
 * One question to a key service, over https. Not through `outbound/`: that room keeps requests away from private networks,
 * which is where an operator's own key service stands. Its address comes from the operator alone.
 */
import { isLoopbackHost } from '../config.ts'
import { KeyringError } from '../crypto/keyring-text.ts'
import type { Json, JsonObject } from '../domain/text.ts'

/** How long a key service may take. */
const ANSWER_MS = 10_000
const MOST_ANSWER_BYTES = 64 * 1024

/**
 * Posts JSON and returns the object that comes back, within `answerMs` milliseconds and of at most 64 KiB. Throws KeyringError
 * with status and keeper, no word of the answer.
 */
export async function askKeyService(
  keeper: string,
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
  answerMs = ANSWER_MS,
): Promise<JsonObject> {
  const answer = await post(
    keeper,
    url,
    { method: 'POST', headers, body, redirect: 'error' },
    answerMs,
  )
  if (answer.status !== 200) {
    const hint =
      answer.status === 403 || answer.status === 400 ? ': is the key or the right wrong?' : ''
    throw new KeyringError(`${keeper} answered ${answer.status}${hint}`)
  }
  const document = answer.text === undefined ? undefined : readJson(answer.text)
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
  request: RequestInit,
  answerMs: number,
): Promise<{ status: number; text: string | undefined }> {
  try {
    const answer = await fetch(url, { ...request, signal: AbortSignal.timeout(answerMs) })
    return { status: answer.status, text: await readText(answer) }
  } catch (cause) {
    throw Object.assign(new KeyringError(`${keeper} cannot be reached`), { cause })
  }
}

/** The body, or undefined where it goes on beyond what any answer of ours can hold. */
async function readText(answer: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of answer.body ?? []) {
    size += chunk.length
    if (size > MOST_ANSWER_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
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
