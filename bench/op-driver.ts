/** A relying party that sends prepared requests to whichever side it is told to; in a process of its own. */
import { Pool } from 'undici'
import { answerParent } from './child.ts'
import { type Prepared, refreshForm } from './op-requests.ts'

export interface DriveQuestion {
  address: string
  method: 'GET' | 'POST'
  path: string
  /** Each request's headers and form; taken in turn, from the start again when there are fewer than `count`. */
  requests: readonly Prepared[]
  count: number
  concurrency: number
  /** A member that every answer must have. */
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
  const pool = new Pool(address, { connections: concurrency })
  const latencies = new Float64Array(count)
  const answers: Record<string, string>[] = []
  let next = 0
  const call = async (_: unknown, caller: number) => {
    let chained: string | undefined
    for (let index = next++; index < count; index = next++) {
      const request = requests[(question.chained ? caller : index) % requests.length]
      const body = chained ?? request?.body ?? null
      const at = performance.now()
      const sent = { method, path, headers: request?.headers ?? {} }
      const answer = await pool.request(method === 'GET' ? sent : { ...sent, body })
      const text = await answer.body.text()
      latencies[index] = performance.now() - at
      const told = answer.statusCode === 200 ? JSON.parse(text) : {}
      if (told[expected] === undefined || told[expected] === false)
        throw new Error(`${path} answered ${answer.statusCode}: ${text}`)
      if (question.chained) chained = refreshForm(told.refresh_token)
      if (question.keep) answers.push(told)
    }
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: concurrency }, call))
  const seconds = (performance.now() - began) / 1000
  await pool.close()
  return { latencies, seconds, answers }
}

answerParent({ drive })
