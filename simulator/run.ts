/** Plays cases against a verifier: each opens a login of its own, answers its request, and looks at what came back. */
import { answerWith, type Case, isAskedFor } from './cases.ts'
import { readRequest, type VpRequest } from './request.ts'
import type { World } from './world.ts'

export interface Target {
  /** A page that leads to a wallet: every visit begins a new login. */
  authorizeUrl: string
  /** Where requests may be fetched from and answers go; nothing is sent anywhere else. */
  origin: string
  world: World
  /** Milliseconds since the epoch; this machine's clock without one. */
  clock?: () => number
  /** One holder key for all, where wallets are to look like one. */
  oneKey?: boolean
}

export interface Result {
  name: string
  expect: string
  /** What the verifier said to the answer; undefined where the request asks for no such format. */
  status: number | undefined
  right: boolean
  /** Why it is not right, where the status does not say it. */
  note: string
}

export const TIMEOUT_MS = 30_000
const LINK = /(?:openid4vp|haip-vp|eudi-openid4vp):\/\/[^"'\s<>]+/

/** Plays one case. Never throws: what goes wrong is in the note. */
export async function playCase(target: Target, one: Case, number: number): Promise<Result> {
  const { name, expect } = one
  const result = { name, expect, status: undefined }
  try {
    const request = await openRequest(target)
    if (!isAskedFor(request, one)) return { ...result, right: true, note: 'not asked for' }
    const world = worldOfNow(target)
    const holder = world.seed.key(`holder ${target.oneKey === true ? 0 : number}`)
    const label = `${number} ${name}`
    const situation = { world, request, holder, other: world.seed.key('other holder'), label }
    const status = await post(target, request, one.answer(situation))
    return { name, expect, status, right: isRight(expect, status), note: '' }
  } catch (error) {
    return { ...result, right: false, note: error instanceof Error ? error.message : String(error) }
  }
}

/** An answer that was accepted is posted again, and one login's answer is posted to another: neither may be taken. */
export async function playReplays(target: Target, honest: Case, number: number): Promise<Result[]> {
  const world = worldOfNow(target)
  const holder = world.seed.key(`holder ${number}`)
  const means = { world, holder, other: world.seed.key('other holder') }
  const results: Result[] = []
  const [first, second] = [await openRequest(target), await openRequest(target)]
  if (!isAskedFor(first, honest)) return results
  const tell = (name: string, expect: string, status: number) =>
    results.push({ name, expect, status, right: isRight(expect, status), note: '' })
  // The body's encryption is for the first request's key, its state for the first login.
  const answer = honest.answer({ ...means, request: first, label: `${number} replay` })
  tell('replay-to-begin-with', 'accepted', await post(target, first, answer))
  tell('replay-of-an-accepted-answer', 'none', await post(target, first, answer))
  const mixed = { ...first, state: second.state, ...pick(second, 'client_metadata') }
  const foreign = honest.answer({ ...means, request: mixed, label: `${number} foreign` })
  tell('replay-under-another-login', 'nonce_mismatch', await post(target, second, foreign))
  return results
}

/** Whoever learns a login's state may try to spend it: two wrong answers leave the honest one its chance, three end the login. */
export async function playGarbage(target: Target, honest: Case, number: number): Promise<Result[]> {
  const world = worldOfNow(target)
  const results: Result[] = []
  for (const [times, expect] of [
    [2, 'accepted'],
    [3, 'none'],
  ] as const) {
    const request = await openRequest(target)
    if (!isAskedFor(request, honest)) return results
    const holder = world.seed.key(`holder ${number} ${times}`)
    const means = { world, request, holder, other: world.seed.key('other holder') }
    for (let at = 1; at <= times; at += 1) {
      const answer = answerWith(
        { ...means, label: `${number} garbage ${times} ${at}` },
        honest,
        {},
        NOTHING,
      )
      const status = await post(target, request, answer)
      const name = `garbage-${at}-of-${times}`
      results.push({ name, expect: 'refused', status, right: isRight('refused', status), note: '' })
    }
    const label = `${number} after ${times}`
    const status = await post(target, request, honest.answer({ ...means, label }))
    const name = `honest-after-garbage-${times}-times`
    results.push({ name, expect, status, right: isRight(expect, status), note: '' })
  }
  return results
}

const NOTHING = { vpToken: { nobody_asked: ['x'] } }

/** What is signed is signed now, however long the cases before have taken. */
export function worldOfNow({ world, clock = Date.now }: Target): World {
  return { ...world, now: Math.floor(clock() / 1000) }
}

function pick(request: VpRequest, name: 'client_metadata'): Partial<VpRequest> {
  const value = request[name]
  return value === undefined ? {} : { [name]: value }
}

/** Refused means refused at once, with an error of ours and not of the server's. */
export function isRight(expect: string, status: number): boolean {
  return expect === 'accepted' ? status === 200 : status >= 400 && status < 500
}

/** Begins a login and fetches what it asks of a wallet. */
export async function openRequest(target: Target): Promise<VpRequest> {
  const page = await fetch(target.authorizeUrl, {
    headers: { accept: 'text/html' },
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  const text = page.headers.get('location') ?? (await page.text())
  const link = LINK.exec(text)?.[0].replaceAll('&amp;', '&')
  if (link === undefined) throw new Error(`no wallet link on the page (${page.status})`)
  const uri = new URL(link).searchParams.get('request_uri') ?? ''
  requireOrigin(target, uri)
  const answer = await fetch(uri, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) })
  if (answer.status !== 200)
    throw new Error(`the request object was answered with ${answer.status}`)
  return readRequest(await answer.text())
}

async function post(target: Target, request: VpRequest, body: string): Promise<number> {
  requireOrigin(target, request.response_uri)
  const answer = await fetch(request.response_uri, {
    ...{ method: 'POST', body, redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) },
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  await answer.arrayBuffer()
  return answer.status
}

export function requireOrigin({ origin }: Pick<Target, 'origin'>, url: string): void {
  if (!URL.canParse(url) || new URL(url).origin !== origin)
    throw new Error('the request leads away from the bridge that was named')
}
