/**
 * Browsers, wallets and the relying party, in one process of their own whose CPU nobody counts. It drives both sides: the
 * service with whole logins, the floor with the same hops and answers encrypted beforehand. What cannot be made
 * beforehand, since it needs the nonce of the live request (the key binding and its encryption), is made here.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto'
import { Pool } from 'undici'
import { EDUID_VCT } from '../demo/issuer.ts'
import { answerRequest, readRequest } from '../demo/wallet-answer.ts'
import { codeChallengeOf } from '../src/crypto/id-token.ts'
import { answerParent } from './child.ts'
import type { SamplePerson } from './people.ts'
import { CLIENT_ID, REDIRECT_URI, SLUG } from './world.ts'

/** One thing to drive: a service with some number of people, or the floor. */
export interface TargetQuestion {
  name: string
  kind: 'service' | 'floor'
  address: string
  people: readonly SamplePerson[]
  clientSecret: string
}

export interface RunQuestion {
  target: string
  seconds: number
  concurrency: number
}

export interface RunAnswer {
  /** Milliseconds of each login, in the order of their ends. */
  latencies: Float64Array
  seconds: number
}

interface Target {
  pool: Pool
  people: readonly {
    person: SamplePerson
    holderKey: KeyObject
    credentials: Map<string, string>
  }[]
  basic: string
  /** One login of somebody of the sample. */
  logIn: (target: Target, index: number) => Promise<void>
}

const VERIFIER = 'v'.repeat(64)
const AUTHORIZE = `/t/${SLUG}/authorize?${new URLSearchParams({
  ...{ response_type: 'code', client_id: CLIENT_ID, redirect_uri: REDIRECT_URI },
  ...{ scope: 'openid profile email', state: 's'.repeat(43), nonce: 'n'.repeat(43) },
  ...{ code_challenge: codeChallengeOf(VERIFIER), code_challenge_method: 'S256' },
})}`
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const CONNECTIONS = 64

interface Answer {
  text: string
  headers: { [name: string]: string | string[] | undefined }
}

async function ask(
  pool: Pool,
  status: number,
  path: string,
  headers: Record<string, string>,
  body?: string,
): Promise<Answer> {
  const method = body === undefined ? 'GET' : 'POST'
  const answer = await pool.request({
    method,
    path,
    headers,
    ...(body === undefined ? {} : { body }),
  })
  const text = await answer.body.text()
  if (answer.statusCode !== status)
    throw new Error(`${method} ${path} answered ${answer.statusCode}: ${text.slice(0, 300)}`)
  return { text, headers: answer.headers }
}

function found(pattern: RegExp, text: string | string[] | undefined): string {
  const [, part] = pattern.exec(String(text)) ?? []
  if (part === undefined) throw new Error(`no ${pattern} in an answer`)
  return part
}

function pathOf(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}

/** One whole login of a known holder on one device: six requests. */
async function logIn({ pool, people, basic }: Target, index: number): Promise<void> {
  const someone = people[index % people.length]
  if (someone === undefined) throw new Error('an empty sample')
  const page = await ask(pool, 200, AUTHORIZE, { accept: 'text/html' })
  const cookie = found(/^([^;]+)/, page.headers['set-cookie'])
  const link = found(/href="(openid4vp:[^"]+)"/, page.text).replaceAll('&amp;', '&')
  const requestUri = new URL(link).searchParams.get('request_uri') ?? ''
  const request = await ask(pool, 200, pathOf(requestUri), FORM, '')
  const answer = answerRequest(readRequest(request.text), someone.credentials, someone.holderKey)
  const reply = await ask(pool, 200, pathOf(answer.responseUri), FORM, answer.body)
  const back = await ask(pool, 303, pathOf(JSON.parse(reply.text).redirect_uri), { cookie })
  const code = found(/[?&]code=([^&]+)/, back.headers.location)
  const form = new URLSearchParams({
    ...{ grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI },
    code_verifier: VERIFIER,
  })
  const authorization = { authorization: basic }
  const token = `/t/${SLUG}/token`
  const tokens = await ask(pool, 200, token, { ...FORM, ...authorization }, form.toString())
  const bearer = { authorization: `Bearer ${JSON.parse(tokens.text).access_token}` }
  const claims = await ask(pool, 200, `/t/${SLUG}/userinfo`, bearer)
  if (JSON.parse(claims.text).family_name !== 'Lovelace') throw new Error('claims are missing')
}

/** The same at the floor: four hops. */
async function logInAtFloor({ pool, people }: Target, index: number): Promise<void> {
  const at = index % people.length
  const { text: journey } = await ask(pool, 200, '/authorize', {})
  await ask(pool, 200, `/request/${journey}`, FORM, '')
  const form = people[at]?.person.preparedForm ?? ''
  const reply = await ask(pool, 200, `/response/${journey}/${at}`, FORM, form)
  await ask(pool, 200, JSON.parse(reply.text).redirect_uri, {})
}

const targets = new Map<string, Target>()
let next = 0

function prepare({ name, kind, address, people, clientSecret }: TargetQuestion): void {
  targets.set(name, {
    pool: new Pool(address, { connections: CONNECTIONS }),
    people: people.map((person) => ({
      ...{ person, holderKey: createPrivateKey(person.holderKey) },
      credentials: new Map([[EDUID_VCT, person.credential]]),
    })),
    basic: `Basic ${Buffer.from(`${CLIENT_ID}:${clientSecret}`).toString('base64')}`,
    logIn: kind === 'service' ? logIn : logInAtFloor,
  })
}

async function run({ target: name, seconds, concurrency }: RunQuestion): Promise<RunAnswer> {
  const target = targets.get(name)
  if (target === undefined) throw new Error(`${name} was not prepared`)
  const latencies: number[] = []
  const began = performance.now()
  const end = began + seconds * 1000
  const drive = async () => {
    for (let at = performance.now(); at < end; ) {
      await target.logIn(target, next++)
      const now = performance.now()
      latencies.push(now - at)
      at = now
    }
  }
  await Promise.all(Array.from({ length: concurrency }, drive))
  return { latencies: new Float64Array(latencies), seconds: (performance.now() - began) / 1000 }
}

answerParent({ prepare, run })
