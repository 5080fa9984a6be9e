/**
 * Issue 6, item 9: every parser of what comes from outside, given what is nearly right. A value or a typed error, never anything
 * else. Seeded, and bounded in time; `npm run test:long` goes on for longer.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CborError, decodeCbor } from '../../src/wallet/cbor.ts'
import {
  changedDocument,
  changedOctets,
  JSON_PARSERS,
  OCTET_PARSERS,
  outcomeOf,
} from './parsers.ts'

const bounded = (numRuns: number) => ({ seed: 20_261_122, numRuns, interruptAfterTimeLimit: 1_500 })

describe.each(OCTET_PARSERS)('$name, changed', ({ honest, read, refusals, isSigned }) => {
  it('RE-07 row 18 is a value or a typed refusal', async () => {
    const right = { value: await read(honest) }
    expect(isSigned && right.value === undefined).toBe(false)
    await fc.assert(
      fc.asyncProperty(changedOctets(honest), async (octets) => {
        const outcome = await outcomeOf(read, octets, refusals)
        const isRefused = outcome === 'refused' || outcome.value === undefined
        if (isSigned && !isRefused) expect(outcome).toEqual(right)
      }),
      bounded(400),
    )
  })
})

describe.each(JSON_PARSERS)('$name, changed', ({ honest, read, refusals }) => {
  it('RE-07 row 20 is a value or a typed refusal', async () => {
    await outcomeOf(read, honest, refusals)
    await fc.assert(
      fc.asyncProperty(changedDocument(honest), async (document) => {
        await outcomeOf(read, document, refusals)
      }),
      bounded(200),
    )
  })
})

it('RE-07 row 18 any octets are a value or a typed refusal to every one of them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (octets) => {
      for (const { read, refusals, isSigned } of OCTET_PARSERS) {
        const outcome = await outcomeOf(read, octets, refusals)
        if (isSigned && outcome !== 'refused') expect(outcome.value).toBeUndefined()
      }
      expect(await outcomeOf(decodeCbor, octets, [CborError])).toBeDefined()
    }),
    bounded(100),
  )
})
