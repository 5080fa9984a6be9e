/** A relying party that redeems codes, at whichever side it is told to; in a process of its own. */
import { Pool } from 'undici'
import { answerParent } from './child.ts'
import { CLIENT_ID, REDIRECT_URI } from './world.ts'

export interface RedeemQuestion {
  address: string
  path: string
  clientSecret: string
  verifier: string
  codes: readonly string[]
  concurrency: number
}

export interface RedeemAnswer {
  /** Milliseconds of each redemption. */
  latencies: Float64Array
  seconds: number
}

async function redeem(question: RedeemQuestion): Promise<RedeemAnswer> {
  const { address, path, clientSecret, verifier, codes, concurrency } = question
  const pool = new Pool(address, { connections: concurrency })
  const basic = Buffer.from(`${CLIENT_ID}:${clientSecret}`).toString('base64')
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    authorization: `Basic ${basic}`,
  }
  const latencies = new Float64Array(codes.length)
  let next = 0
  const drive = async () => {
    for (let index = next++; index < codes.length; index = next++) {
      const body = new URLSearchParams({
        ...{ grant_type: 'authorization_code', code: codes[index] ?? '' },
        ...{ redirect_uri: REDIRECT_URI, code_verifier: verifier },
      }).toString()
      const at = performance.now()
      const answer = await pool.request({ method: 'POST', path, headers, body })
      const text = await answer.body.text()
      latencies[index] = performance.now() - at
      if (answer.statusCode !== 200 || JSON.parse(text).id_token === undefined)
        throw new Error(`${path} answered ${answer.statusCode}: ${text}`)
    }
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: concurrency }, drive))
  const seconds = (performance.now() - began) / 1000
  await pool.close()
  return { latencies, seconds }
}

answerParent({ redeem })
