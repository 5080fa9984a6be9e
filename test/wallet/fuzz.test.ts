/**
 * Issue 6, item 9, and rows 8, 18 and 19: whatever is changed, added or made up, the answer is a typed refusal. Seeded, so
 * that a failure comes back; bounded in time, so that a slow machine tries less. `npm run test:long` tries every byte.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { BridgeError } from '../../src/domain/failure.ts'
import { CborError, decodeCbor } from '../../src/wallet/cbor.ts'
import { verifyMdoc } from '../../src/wallet/mdoc.ts'
import {
  createDigitalAnswer,
  createFuzzWorld,
  createPostedAnswer,
  type FuzzWorld,
  outcomeOf,
} from './fuzz-world.ts'
import {
  cbor,
  embed,
  HOLDER,
  MDL,
  MDL_NAMESPACE,
  presentMdoc,
  Tag,
  type Writable,
} from './mdoc-world.ts'
import { issueVc, presentVc } from './w3c-world.ts'
import { CHANNEL, createMeans, forgeCredential, NONCE, NOW, NOW_S, presentTo } from './world.ts'

const SEED = 20_261_122
const bounded = (numRuns: number) => ({ seed: SEED, numRuns, interruptAfterTimeLimit: 6_000 })

let world: FuzzWorld
beforeAll(async () => {
  world = await createFuzzWorld()
})

const FORMATS = ['dc+sd-jwt', 'mso_mdoc', 'jwt_vc_json 1.1', 'jwt_vc_json 2.0'] as const
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~=+/% "\u0000é'

describe.each(FORMATS)('an honest presentation in %s', (format) => {
  it('is accepted as it is', async () => {
    const { text, question } = world.honest[format]
    expect(await outcomeOf(text, question)).toBe('accepted')
  })

  it('row 8 is refused with any one character changed, inserted or removed', async () => {
    const { text, question } = world.honest[format]
    const change = fc.record({
      at: fc.nat({ max: text.length - 1 }),
      with: fc.constantFrom(...ALPHABET, ''),
      insert: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(change, async ({ at, with: sign, insert }) => {
        const changed = text.slice(0, at) + sign + text.slice(insert ? at : at + 1)
        fc.pre(changed !== text)
        expect(await outcomeOf(changed, question)).not.toBe('accepted')
      }),
      bounded(600),
    )
  })

  it('row 8 is refused with a piece cut out, doubled or moved', async () => {
    const { text, question } = world.honest[format]
    const cut = fc.record({
      from: fc.nat({ max: text.length }),
      length: fc.integer({ min: 1, max: text.length }),
      to: fc.nat({ max: text.length }),
      keep: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(cut, async ({ from, length, to, keep }) => {
        const piece = text.slice(from, from + length)
        const rest = keep ? text : text.slice(0, from) + text.slice(from + length)
        const changed = rest.slice(0, to) + piece + rest.slice(to)
        fc.pre(changed !== text)
        expect(await outcomeOf(changed, question)).not.toBe('accepted')
      }),
      bounded(500),
    )
  })

  it('VP-094, VP-105, VP-107 is refused for any other question', async () => {
    const { text, question } = world.honest[format]
    const other = (honest: string) => fc.string().filter((made) => made !== honest)
    await fc.assert(
      fc.asyncProperty(other(NONCE), other(CHANNEL.clientId), async (nonce, clientId) => {
        expect(await outcomeOf(text, { ...question, nonce })).not.toBe('accepted')
        const channel = { ...CHANNEL, clientId }
        expect(await outcomeOf(text, { ...question, channel })).not.toBe('accepted')
        const api = { kind: 'dc_api', origin: clientId } as const
        expect(await outcomeOf(text, { ...question, channel: api })).not.toBe('accepted')
      }),
      bounded(100),
    )
  })

  it('is not mistaken for a presentation of another format', async () => {
    for (const other of FORMATS.filter((one) => !one.startsWith(format.slice(0, 6)))) {
      const outcome = await outcomeOf(world.honest[format].text, world.honest[other].question)
      expect(outcome).not.toBe('accepted')
    }
  })
})

describe('an mdoc in octets', () => {
  it.each(['mso_mdoc', 'mso_mdoc by MAC'] as const)(
    'row 8 is refused with any one octet changed: %s',
    async (format) => {
      const { text, question } = world.honest[format]
      expect(await outcomeOf(text, question)).toBe('accepted')
      const octets = Buffer.from(text, 'base64url')
      const change = fc.record({
        at: fc.nat({ max: octets.length - 1 }),
        by: fc.integer({ min: 1, max: 255 }),
      })
      await fc.assert(
        fc.asyncProperty(change, async ({ at, by }) => {
          const changed = Buffer.from(octets)
          changed[at] = (changed[at] ?? 0) ^ by
          expect(await outcomeOf(changed.toString('base64url'), question)).not.toBe('accepted')
        }),
        bounded(1_000),
      )
    },
  )
})

describe('elements of an mdoc', () => {
  it('row 8 left out or moved are never other values: refused where asked for, else absent', async () => {
    const { question } = world.honest.mso_mdoc
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray([...Object.keys(HOLDER).keys()]), async (shown) => {
        const text = presentMdoc(world.mdocIssuer, world.sdJwt.wallet.holderKey, {
          show: (spaces) => {
            const items = spaces.get(MDL_NAMESPACE) ?? []
            spaces.set(
              MDL_NAMESPACE,
              shown.map((index) => items[index] ?? null),
            )
          },
        })
        // The query asks for the first, the family name.
        const expected = shown.includes(0) ? 'accepted' : 'query_not_satisfied'
        expect(await outcomeOf(text, question)).toBe(expected)
      }),
      bounded(100),
    )
  })
})

describe('disclosures', () => {
  it('row 8 added, removed, doubled or moved are refused', async () => {
    const { text, question } = world.honest['dc+sd-jwt']
    const parts = text.split('~')
    const disclosures = parts.slice(1, -1)
    const other = await world.sdJwt.issuer.issue(
      { email: 'eve@evil.example' },
      world.sdJwt.wallet.publicJwk,
    )
    const foreign = other.split('~').slice(1, -1)
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([...disclosures, ...disclosures, ...foreign]),
        async (shown) => {
          const changed = [parts[0], ...shown, parts.at(-1)].join('~')
          fc.pre(changed !== text)
          expect(await outcomeOf(changed, question)).not.toBe('accepted')
        },
      ),
      bounded(500),
    )
  })
})

describe('an encrypted answer', () => {
  it.each([
    ['VP-071, VP-134 posted', createPostedAnswer],
    ['VP-119, VP-134 through the browser', createDigitalAnswer],
  ])('%s is refused with any one octet changed', async (_, create) => {
    const { body, receive } = create(world)
    expect(await receive(body)).toBe('accepted')
    const change = fc.record({
      at: fc.nat({ max: body.length - 1 }),
      by: fc.integer({ min: 1, max: 255 }),
    })
    await fc.assert(
      fc.asyncProperty(change, async ({ at, by }) => {
        const changed = Buffer.from(body)
        changed[at] = (changed[at] ?? 0) ^ by
        expect(await receive(changed)).not.toBe('accepted')
      }),
      bounded(600),
    )
  })
})

/* What a trusted issuer might sign in error: everything holds but the content. Values or typed refusals, nothing else. */

const REASONABLE = fc.jsonValue({ maxDepth: 3 })
const cborValue: fc.Arbitrary<Writable> = fc.letrec<{ value: Writable }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<Writable>(null, true, false, -1, 2 ** 53 - 1, 0.5),
    fc.nat(),
    fc.string(),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc
      .array(fc.tuple(fc.oneof(fc.string(), fc.nat()), tie('value')), { maxLength: 4 })
      .map((members) => new Map(members)),
    tie('value').map((value) => embed(value)),
    fc
      .tuple(fc.constantFrom(0, 1, 18, 24, 1004, 55_799), tie('value'))
      .map(([tag, value]) => new Tag(tag, value)),
  ),
})).value

type Tree = Map<string | number, Writable>

/** Puts `value` somewhere into a map and what is below it. */
function plant(tree: Tree, at: readonly number[], value: Writable): void {
  const keys = [...tree.keys()]
  const [first = 0, ...rest] = at
  const key = keys[first % (keys.length + 1)] ?? 'new'
  const below = tree.get(key)
  if (rest.length > 0 && below instanceof Map) plant(below as Tree, rest, value)
  else tree.set(key, value)
}

describe('what a trusted issuer might sign in error', () => {
  const place = fc.array(fc.nat({ max: 8 }), { minLength: 1, maxLength: 3 })

  it('MD-05 any member of an mdoc', async () => {
    const { question } = world.honest.mso_mdoc
    const where = fc.constantFrom(
      'mso',
      'item',
      'document',
      'response',
      'issuerUnprotected',
      'deviceAuth',
    )
    await fc.assert(
      fc.asyncProperty(where, place, cborValue, async (hook, at, value) => {
        const text = presentMdoc(world.mdocIssuer, world.sdJwt.wallet.holderKey, {
          [hook]: (tree: Tree) => plant(tree, at, value),
        })
        expect(await outcomeOf(text, question)).toBeTypeOf('string')
      }),
      bounded(600),
    )
  })

  it('SD-13 any member of an SD-JWT VC', async () => {
    const { sdJwt, honest } = world
    const { question } = honest['dc+sd-jwt']
    const payload = {
      ...{ iss: sdJwt.issuer.url, vct: sdJwt.issuer.vct, iat: NOW_S - 60, exp: NOW_S + 60 },
      ...{ cnf: { jwk: sdJwt.wallet.publicJwk }, given_name: 'Ada', email: 'a@b.example' },
    }
    const name = fc.constantFrom(
      ...Object.keys(payload),
      '_sd',
      '_sd_alg',
      'nbf',
      'status',
      'aka_vcts',
      '...',
    )
    await fc.assert(
      fc.asyncProperty(name, REASONABLE, async (member, value) => {
        const credential = forgeCredential(sdJwt.issuer, { ...payload, [member]: value })
        expect(await outcomeOf(presentTo(sdJwt, credential), question)).toBeTypeOf('string')
      }),
      bounded(600),
    )
  })

  it.each(['1.1', '2.0'] as const)(
    'any member of a W3C credential of %s, and of its presentation',
    async (version) => {
      const { w3c, honest } = world
      const { question } = honest[`jwt_vc_json ${version}`]
      const name = fc.constantFrom(
        ...[
          '@context',
          'type',
          'issuer',
          'credentialSubject',
          'validFrom',
          'validUntil',
          'cnf',
          'status',
        ],
        ...[
          'credentialStatus',
          'iss',
          'sub',
          'exp',
          'nbf',
          'vc',
          'vp',
          'verifiableCredential',
          'holder',
          'nonce',
        ],
      )
      const where = fc.constantFrom('credential', 'payload', 'presentation', 'presented')
      await fc.assert(
        fc.asyncProperty(where, name, REASONABLE, async (part, member, value) => {
          const members = { [member]: value }
          const vc = part === 'credential' || part === 'payload' ? { [part]: members } : {}
          const vp =
            part === 'presentation'
              ? { presentation: members }
              : part === 'presented'
                ? { payload: members }
                : {}
          // The signer itself refuses dates that are no numbers; then nothing was made that could be judged.
          const text = await issueVc(w3c, version, vc)
            .then((credential) => presentVc(w3c, version, credential, vp))
            .catch(() => undefined)
          fc.pre(text !== undefined)
          expect(await outcomeOf(text ?? '', question)).toBeTypeOf('string')
        }),
        bounded(600),
      )
    },
  )
})

describe('what is no presentation at all', () => {
  it.each(FORMATS)('row 18 made up text as %s is refused', async (format) => {
    const { question } = world.honest[format]
    const part = fc.oneof(
      fc.string(),
      fc.base64String().map((text) => text.replace(/=/g, '')),
      fc.json().map((text) => Buffer.from(text).toString('base64url')),
    )
    const joined = fc
      .tuple(fc.array(part, { maxLength: 6 }), fc.constantFrom('.', '~', ''))
      .map(([parts, by]) => parts.join(by))
    await fc.assert(
      fc.asyncProperty(joined, async (text) => {
        expect(await outcomeOf(text, question)).not.toBe('accepted')
      }),
      bounded(600),
    )
  })

  it('row 19 any octets are CBOR or a typed error', () => {
    const octets = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      cborValue.map((value) => Uint8Array.from(cbor(value))),
      fc.tuple(cborValue, fc.nat(), fc.nat({ max: 255 })).map(([value, at, by]) => {
        const written = Uint8Array.from(cbor(value))
        const index = at % written.length
        written[index] = (written[index] ?? 0) ^ by
        return written
      }),
    )
    fc.assert(
      fc.property(octets, (bytes) => {
        try {
          expect(decodeCbor(bytes)).not.toBeUndefined()
        } catch (error) {
          expect(error).toBeInstanceOf(CborError)
        }
      }),
      bounded(10_000),
    )
  })

  it('row 19 what is written without a flaw is read as it was written', () => {
    const plain = fc.letrec<{ value: Writable }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom<Writable>(null, true, false),
        fc.maxSafeInteger(),
        fc.double({ noNaN: true, noDefaultInfinity: true, noInteger: true }),
        fc.string({ unit: 'grapheme' }),
        fc.array(tie('value'), { maxLength: 4 }),
        fc
          .uniqueArray(fc.tuple(fc.string(), tie('value')), {
            selector: ([name]) => name,
            maxLength: 4,
          })
          .map((members) => new Map(members)),
      ),
    })).value
    fc.assert(
      fc.property(plain, (value) => {
        expect(decodeCbor(cbor(value))).toEqual(value)
      }),
      bounded(2_000),
    )
  })
})

describe('row 18 the worst that fits', () => {
  const LARGEST = 256 * 1024
  const fill = (unit: Uint8Array) => Buffer.alloc(LARGEST, unit)
  const counted = (major: number, count: number, content: Uint8Array) =>
    Buffer.concat([
      Buffer.of((major << 5) | 26, 0, count >> 16, (count >> 8) & 255, count & 255),
      content,
    ])
  const keys = (count: number) =>
    Buffer.concat(
      Array.from({ length: count }, (_, index) => cbor(`key-${index}`)).flatMap((key) => [
        key,
        Buffer.of(0xf6),
      ]),
    )
  const worst: [string, () => Buffer][] = [
    ['lists in lists', () => fill(Buffer.of(0x81))],
    ['maps in maps', () => fill(Buffer.of(0xa1, 0x01))],
    ['tags in tags', () => fill(Buffer.of(0xc0))],
    [
      'a list of 260 000 nothings',
      () => counted(4, 260_000, fill(Buffer.of(0xf6)).subarray(0, 260_000)),
    ],
    ['a list of 80 000 lists', () => counted(4, 80_000, fill(Buffer.of(0x80)).subarray(0, 80_000))],
    ['a map of 15 000 keys', () => counted(5, 15_000, keys(15_000))],
    [
      'a list said to be of four thousand million',
      () => fill(Buffer.of(0x9a, 0xff, 0xff, 0xff, 0xff)),
    ],
    [
      'text without an end',
      () =>
        Buffer.concat([Buffer.of(0x7a, 0x00, 0x03, 0xff, 0xf0), fill(Buffer.of(0xf0)).subarray(5)]),
    ],
  ]

  it.each(worst)('%s: a typed refusal, within 50 MiB', async (_, write) => {
    const text = write()
      .subarray(0, LARGEST - 8)
      .toString('base64url')
    const before = memory()
    const { question } = world.honest.mso_mdoc
    const expected = {
      ...{ queryId: 'it', docType: MDL, channel: CHANNEL, nonce: NONCE },
      ...{ notBefore: NOW, now: NOW, trust: question.trust },
    }
    const error = await verifyMdoc(text, expected, createMeans()).catch((thrown: unknown) => thrown)
    const grown = memory() - before
    expect(error).toBeInstanceOf(BridgeError)
    expect(grown).toBeLessThan(50 * 1024 * 1024)
  })

  it('an issuer that signs four thousand digests is still read, ten thousand are not', async () => {
    const digests = new Map(
      Array.from({ length: 4_000 }, (_, id) => [id, Buffer.alloc(32)] as const),
    )
    const { question } = world.honest.mso_mdoc
    const text = presentMdoc(world.mdocIssuer, world.sdJwt.wallet.holderKey, {
      mso: (mso) => (mso.get('valueDigests') as Tree).set('org.example', digests),
    })
    expect(await outcomeOf(text, question)).toBe('accepted')
    const many = new Map(Array.from({ length: 10_000 }, (_, id) => [id, Buffer.of(0)] as const))
    const tooMany = presentMdoc(world.mdocIssuer, world.sdJwt.wallet.holderKey, {
      mso: (mso) => (mso.get('valueDigests') as Tree).set(MDL_NAMESPACE, many),
    })
    expect(await outcomeOf(tooMany, question)).toBe('too_large')
  })
})

/** Octets in use after everything that can go is gone. */
function memory(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
