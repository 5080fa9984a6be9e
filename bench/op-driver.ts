/** A relying party that sends prepared requests to whichever side it is told to; in a process of its own. */
import { answerParent } from './child.ts'
import { openCaller, toBytes } from './http-caller.ts'
import { type Prepared, refreshForm } from './op-requests.ts'

export interface DriveQuestion {
  address: string
  method: 'GET' | 'POST'
  path: string
  /** Each request's headers and form; taken in turn, from the start again when there are fewer than `count`. */
  requests: readonly Prepared[]
  count: number
  concurrency: number
  /** What every good answer says somewhere. */
  expected: string
  /** Each of the parallel callers starts with one of the requests and goes on with the refresh token it was given. */
  chained: boolean
  /** Whether the answers come back too. */
  keep: boolean
}

export interface DriveAnswer {
  /** Milliseconds of each request. */
  latencies: Float64Array
  seconds: number
  answers: Record<string, string>[]
}

async function drive(question: DriveQuestion): Promise<DriveAnswer> {
  const { address, method, path, requests, count, concurrency, expected } = question
  const url = new URL(path, address)
  const bytes = requests.map(({ headers, body }) => toBytes(method, url, headers, body))
  const callers = await Promise.all(Array.from({ length: concurrency }, () => openCaller(url)))
  const latencies = new Float64Array(count)
  const answers: Record<string, string>[] = []
  let next = 0
  const work = callers.map(async ({ call }, place) => {
    let chained: Buffer | undefined
    for (let index = next++; index < count; index = next++) {
      const own = (question.chained ? place : index) % requests.length
      const request = chained ?? bytes[own]
      if (request === undefined) throw new Error('nothing to ask')
      const at = performance.now()
      const { status, body } = await call(request)
      latencies[index] = performance.now() - at
      if (status !== 200 || !body.includes(expected))
        throw new Error(`${path} answered ${status}: ${body}`)
      if (question.chained) {
        const form = refreshForm(JSON.parse(body).refresh_token)
        chained = toBytes(method, url, requests[own]?.headers ?? {}, form)
      }
      if (question.keep) answers.push(JSON.parse(body))
    }
  })
  const began = performance.now()
  await Promise.all(work)
  const seconds = (performance.now() - began) / 1000
  for (const caller of callers) caller.close()
  return { latencies, seconds, answers }
}

answerParent({ drive })
