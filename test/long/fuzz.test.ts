/** Every octet behind what `test/wallet/fuzz.test.ts` tries at random: issue 6, row 8. */
import { beforeAll, describe, expect, it } from 'vitest'
import {
  createFuzzWorld,
  createPostedAnswer,
  type FuzzWorld,
  outcomeOf,
} from '../wallet/fuzz-world.ts'

const MINUTES = 60_000
const FORMATS = ['dc+sd-jwt', 'mso_mdoc', 'jwt_vc_json 1.1', 'jwt_vc_json 2.0'] as const

let world: FuzzWorld
beforeAll(async () => {
  world = await createFuzzWorld()
})

/** Every text that differs in one character, by one of a few others. */
function* changesOf(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += 1) {
    for (const sign of ['', 'A', 'b', '7', '-', '_', '.', '~', '=']) {
      if (text[at] !== sign) yield text.slice(0, at) + sign + text.slice(at + 1)
    }
  }
}

function* bitsOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1) {
    for (let bit = 0; bit < 8; bit += 1) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ (1 << bit)
      yield changed
    }
  }
}

describe('row 8 nothing that differs is accepted', () => {
  it.each(FORMATS)('by a character of %s', { timeout: 10 * MINUTES }, async (format) => {
    const { text, question } = world.honest[format]
    const accepted: string[] = []
    for (const changed of changesOf(text)) {
      if ((await outcomeOf(changed, question)) === 'accepted') accepted.push(changed)
    }
    expect(accepted).toEqual([])
  })

  it('by a bit of an mdoc', { timeout: 10 * MINUTES }, async () => {
    const { text, question } = world.honest.mso_mdoc
    const accepted: string[] = []
    for (const changed of bitsOf(Buffer.from(text, 'base64url'))) {
      const outcome = await outcomeOf(changed.toString('base64url'), question)
      if (outcome === 'accepted') accepted.push(changed.toString('hex'))
    }
    expect(accepted).toEqual([])
  })

  it('by a bit of a posted, encrypted answer', { timeout: 10 * MINUTES }, async () => {
    const { body, receive } = createPostedAnswer(world)
    const accepted: string[] = []
    for (const changed of bitsOf(body)) {
      if ((await receive(changed)) === 'accepted') accepted.push(changed.toString('latin1'))
    }
    expect(accepted).toEqual([])
  })
})
