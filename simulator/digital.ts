/** Plays cases through the login page (Digital Credentials API, OpenID4VP 1.0 appendix A), in the place of browser and wallet. */
import {
  type Case,
  type Forgeries,
  isAskedFor,
  type Situation,
  sealedFor,
  tokenFor,
} from './cases.ts'
import { type DigitalRequest, type Protocol, readDigitalRequest } from './digital-request.ts'
import type { JweForgery, Members } from './jose.ts'
import { isEncrypted, type VpRequest } from './request.ts'
import { isRight, type Result, requireOrigin, type Target, TIMEOUT_MS, worldOfNow } from './run.ts'

/** A login whose page is open in a browser, and what the page asks it for. */
export interface Visit {
  cookies: string
  /** Where the page fetches its question, and where it brings the answer. */
  requestUrl: string
  responseUrl: string
  requests: readonly DigitalRequest[]
}

/** What is to be different about the way the answer is brought. */
export interface Brought {
  /** The page's origin as the browser says it; null where it says nothing. */
  from?: string | null
  cookies?: string
  type?: string
  /** The DigitalCredential as the page hands it in. */
  credential?: (honest: { protocol: string; data: Members }) => unknown
  body?: string
}

export interface DigitalForgery extends JweForgery, Forgeries {
  /** What differs in the request that the wallet believes it answers. */
  request?: Partial<VpRequest>
  plaintext?: string
  brought?: Brought
}

export interface DigitalCase extends Omit<Case, 'answer'> {
  protocol: Protocol
  forge(situation: Situation): DigitalForgery
}

/** Plays one case in a login of its own. Never throws: what goes wrong is in the note. */
export async function playDigitalCase(
  target: Target,
  one: DigitalCase,
  number: number,
): Promise<Result> {
  const result = { name: one.name, expect: one.expect, status: undefined }
  try {
    const visit = await openPage(target)
    const request = visit && requestOf(visit, one.protocol, target.origin)
    if (visit === undefined || request === undefined || !isAskedFor(request, one))
      return { ...result, right: true, note: 'not asked for' }
    const situation = situate(target, request, `${number} ${one.name}`, number)
    const { brought, credential } = answerTo(situation, one)
    const status = await bring(target, visit, credential, brought)
    return { ...result, status, right: isRight(one.expect, status), note: '' }
  } catch (error) {
    return { ...result, right: false, note: error instanceof Error ? error.message : String(error) }
  }
}

/** An accepted answer again, one to the question before, and one of another login: none may be taken. */
export async function playDigitalReplays(
  target: Target,
  honest: DigitalCase,
  number: number,
): Promise<Result[]> {
  const results: Result[] = []
  const tell = (name: string, expect: string, status: number) =>
    results.push({ name, expect, status, right: isRight(expect, status), note: '' })
  const [first, second] = [await openPage(target), await openPage(target)]
  if (first === undefined || second === undefined) return results
  const answer = (visit: Visit) => {
    const request = requestOf(visit, honest.protocol, target.origin)
    if (request === undefined || !isAskedFor(request, honest)) return undefined
    return answerTo(situate(target, request, `${number} replay`, number), honest).credential
  }
  const [old, own] = [answer(first), answer(second)]
  if (old === undefined || own === undefined) return results
  tell('digital-answer-of-another-login', 'malformed_response', await bring(target, second, old))
  tell('digital-replay-to-begin-with', 'accepted', await bring(target, second, own))
  tell('digital-replay-of-an-accepted-answer', 'none', await bring(target, second, own))
  await ask(target, first)
  tell(
    'digital-answer-to-the-question-before',
    'malformed_response',
    await bring(target, first, old),
  )
  return results
}

function situate(target: Target, request: VpRequest, label: string, number: number): Situation {
  const { oneKey } = target
  const world = worldOfNow(target)
  const holder = world.seed.key(`holder ${oneKey === true ? 0 : number}`)
  return { world, request, holder, other: world.seed.key('other holder'), label }
}

function answerTo(situation: Situation, one: DigitalCase) {
  const { request: differs, brought = {}, ...forgery } = one.forge(situation)
  const asked = { ...situation, request: { ...situation.request, ...differs } }
  const token = tokenFor(asked, one, forgery)
  const data: Members = isEncrypted(asked.request)
    ? { response: sealedFor(asked, { vp_token: token }, forgery) }
    : { vp_token: token }
  const honest = { protocol: one.protocol, data }
  return { brought, credential: brought.credential?.(honest) ?? honest }
}

/** Opens the login page as a browser does, and fetches what it asks; undefined where it does not ask through the browser. */
export async function openPage(target: Target): Promise<Visit | undefined> {
  let url = target.authorizeUrl
  const jar = new Map<string, string>()
  for (let hops = 0; hops < 5; hops += 1) {
    requireOrigin(target, url)
    const page = await fetch(url, {
      headers: { accept: 'text/html', cookie: cookiesOf(jar) },
      ...{ redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) },
    })
    for (const line of page.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=')
      jar.set(name, value)
    }
    const location = page.headers.get('location')
    const html = await page.text()
    if (location === null) return await readPage(target, html, cookiesOf(jar))
    url = new URL(location, url).href
  }
  throw new Error('too many redirects')
}

async function readPage(target: Target, html: string, cookies: string): Promise<Visit | undefined> {
  const addressIn = (name: string) => {
    const path = new RegExp(`data-${name}="([^"]+)"`).exec(html)?.[1]?.replaceAll('&amp;', '&')
    return path === undefined ? undefined : new URL(path, target.origin).href
  }
  const [requestUrl, responseUrl] = [addressIn('request-url'), addressIn('response-url')]
  if (requestUrl === undefined || responseUrl === undefined) return undefined
  const visit = { cookies, requestUrl, responseUrl, requests: [] }
  return { ...visit, requests: await ask(target, visit) }
}

/** Each time a new question; the one before is dead. */
async function ask(
  target: Target,
  visit: Pick<Visit, 'requestUrl' | 'cookies'>,
): Promise<readonly DigitalRequest[]> {
  requireOrigin(target, visit.requestUrl)
  const answer = await fetch(visit.requestUrl, {
    ...{ method: 'POST', redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) },
    headers: { cookie: visit.cookies, origin: target.origin },
  })
  if (answer.status !== 200) throw new Error(`the question was answered with ${answer.status}`)
  return ((await answer.json()) as { requests: DigitalRequest[] }).requests
}

async function bring(
  target: Target,
  visit: Visit,
  credential: unknown,
  brought: Brought = {},
): Promise<number> {
  requireOrigin(target, visit.responseUrl)
  const { from = target.origin, cookies = visit.cookies, type = 'application/json' } = brought
  const answer = await fetch(visit.responseUrl, {
    ...{ method: 'POST', redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) },
    body: brought.body ?? JSON.stringify(credential),
    headers: { cookie: cookies, 'content-type': type, ...(from === null ? {} : { origin: from }) },
  })
  await answer.arrayBuffer()
  return answer.status
}

function cookiesOf(jar: ReadonlyMap<string, string>): string {
  return [...jar].map((pair) => pair.join('=')).join('; ')
}

function requestOf(visit: Visit, protocol: Protocol, origin: string): VpRequest | undefined {
  const found = visit.requests.find((one) => one.protocol === protocol)
  return found && readDigitalRequest(found, origin)
}
