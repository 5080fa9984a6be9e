/**
 * Every octet behind what `test/wallet/fuzz.test.ts` tries at random, and every parser for as long as was said: issue 6, item 9
 * and row 8. `FUZZ_SECONDS` for each parser (10), `FUZZ_SEED` for another run than the last.
 */
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  createDigitalAnswer,
  createFuzzWorld,
  createPostedAnswer,
  type FuzzWorld,
  outcomeOf,
} from '../wallet/fuzz-world.ts'
import {
  changedDocument,
  changedOctets,
  JSON_PARSERS,
  OCTET_PARSERS,
  outcomeOf as readingOf,
} from '../wallet/parsers.ts'

const MINUTES = 60_000
const FORMATS = [
  'dc+sd-jwt',
  'mso_mdoc',
  'mso_mdoc by MAC',
  'jwt_vc_json 1.1',
  'jwt_vc_json 2.0',
] as const
const SECONDS = Number(process.env.FUZZ_SECONDS ?? 10)
const SEED = Number(process.env.FUZZ_SEED ?? 20_261_122)
const budget = { numRuns: 10_000_000, seed: SEED, interruptAfterTimeLimit: SECONDS * 1000 }
const timeout = SECONDS * 1000 + MINUTES

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

  it.each(['mso_mdoc', 'mso_mdoc by MAC'] as const)(
    'by a bit of an mdoc: %s',
    { timeout: 10 * MINUTES },
    async (format) => {
      const { text, question } = world.honest[format]
      const accepted: string[] = []
      for (const changed of bitsOf(Buffer.from(text, 'base64url'))) {
        const outcome = await outcomeOf(changed.toString('base64url'), question)
        if (outcome === 'accepted') accepted.push(changed.toString('hex'))
      }
      expect(accepted).toEqual([])
    },
  )

  it('by a bit of a posted, encrypted answer', { timeout: 10 * MINUTES }, async () => {
    const { body, receive } = createPostedAnswer(world)
    const accepted: string[] = []
    for (const changed of bitsOf(body)) {
      if ((await receive(changed)) === 'accepted') accepted.push(changed.toString('latin1'))
    }
    expect(accepted).toEqual([])
  })
})

describe('row 8 nothing that differs is accepted through the browser', () => {
  it('by a bit of what the page hands in', { timeout: 10 * MINUTES }, async () => {
    const { body, receive } = createDigitalAnswer(world)
    const accepted: string[] = []
    for (const changed of bitsOf(body)) {
      if ((await receive(changed)) === 'accepted') accepted.push(changed.toString('latin1'))
    }
    expect(accepted).toEqual([])
  })
})

describe('RE-07 every parser, for as long as was said', () => {
  it.each(OCTET_PARSERS)('$name', { timeout }, async ({ honest, read, refusals, isSigned }) => {
    const right = { value: await read(honest) }
    await fc.assert(
      fc.asyncProperty(changedOctets(honest), async (octets) => {
        const outcome = await readingOf(read, octets, refusals)
        const isRefused = outcome === 'refused' || outcome.value === undefined
        if (isSigned && !isRefused) expect(outcome).toEqual(right)
      }),
      budget,
    )
  })

  it.each(JSON_PARSERS)('$name', { timeout }, async ({ honest, read, refusals }) => {
    await fc.assert(
      fc.asyncProperty(changedDocument(honest), async (document) => {
        await readingOf(read, document, refusals)
      }),
      budget,
    )
  })
})
