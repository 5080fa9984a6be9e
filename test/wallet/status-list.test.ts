import { readFileSync } from 'node:fs'
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BridgeError, type PresentationReason } from '../../src/domain/failure.ts'
import { decodeCbor } from '../../src/wallet/cbor.ts'
import { openStatusList, readStatusReference, statusAt } from '../../src/wallet/status-list.ts'
import { openToken, readStatusListToken } from '../../src/wallet/status-list-token.ts'
import { cbor, mapOf } from './mdoc-world.ts'
import { NOW_S } from './world.ts'

/** Lists of 2^20 entries, all of them zero but those that are named. */
const APPENDIX = (
  JSON.parse(readFileSync(new URL('status-lists.json', import.meta.url), 'utf8')) as {
    lists: readonly {
      bits: 1 | 2 | 4 | 8
      lst: string
      entries?: readonly [index: number, value: number][]
      /** In place of entries: where each value stands. */
      places?: readonly number[]
    }[]
  }
).lists

function expectRefusal(step: () => unknown, reason: PresentationReason): void {
  try {
    step()
  } catch (error) {
    expect(error).toBeInstanceOf(BridgeError)
    expect((error as BridgeError).failure).toEqual({ kind: 'presentation_refused', reason })
    return
  }
  expect.unreachable()
}

const at = (bits: number, lst: unknown, count: number) => {
  const list = openStatusList(bits, lst)
  return Array.from({ length: count }, (_, index) => statusAt(list, index))
}

describe('a status list', () => {
  it('TS-04 the one-bit example of the draft reads as it is written', () => {
    const ones = [0, 3, 4, 5, 7, 8, 9, 13, 15]
    const wanted = Array.from({ length: 16 }, (_, i) => (ones.includes(i) ? 'invalid' : 'valid'))
    expect(at(1, 'eNrbuRgAAhcBXQ', 16)).toEqual(wanted)
  })

  it('TS-04 the two-bit example of the draft reads as it is written', () => {
    const values = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]
    const words = ['valid', 'invalid', 'suspended', 'other']
    expect(at(2, 'eNo76fITAAPfAgc', 12)).toEqual(values.map((value) => words[value]))
  })

  describe.each(APPENDIX)(
    'of appendix C of the draft, $bits bits',
    ({ bits, lst, entries, places }) => {
      const packed = Buffer.from(lst, 'base64url')
      const values = new Map(entries ?? places?.map((place, value) => [place, value]))

      it.each([
        ['JWT', lst],
        ['CWT', packed],
      ])('TS-04 reads as it is written, in a %s', (_, form) => {
        const list = openStatusList(bits, form)
        const words = ['valid', 'invalid', 'suspended']
        for (const [index, value] of values)
          expect(statusAt(list, index), `${index}`).toBe(words[value] ?? 'other')
        const whole = Buffer.alloc((2 ** 20 * bits) / 8)
        for (const [index, value] of values) {
          const bit = index * bits
          whole[bit >> 3] = (whole[bit >> 3] ?? 0) | (value << (bit & 7))
        }
        expect(whole.equals(list.bytes)).toBe(true)
      })

      it('TS-04, TS-05 is refused with an octet changed, lost or added, and beyond its end', () => {
        const changed = Buffer.from(packed)
        changed[packed.length >> 1] = (changed[packed.length >> 1] ?? 0) ^ 1
        const odd = [changed, packed.subarray(0, -1), Buffer.concat([packed, Buffer.of(0)])]
        for (const one of odd) expectRefusal(() => openStatusList(bits, one), 'status_list_invalid')
        const list = openStatusList(bits, packed)
        expect(statusAt(list, 2 ** 20 - 1)).toBe('valid')
        expectRefusal(() => statusAt(list, 2 ** 20), 'status_list_invalid')
      })
    },
  )

  it('TS-04 appendix C.1 in CBOR is the same stream', () => {
    const [first] = APPENDIX
    const printed = 'a2646269747301636c737458bd78daeddc010dc0200c0041a88249400ad2903e0f4b'
    const bytes = cbor(mapOf({ bits: 1, lst: Buffer.from(first?.lst ?? '', 'base64url') }))
    expect(bytes.toString('hex').startsWith(printed)).toBe(true)
    const claims = decodeCbor(bytes) as ReadonlyMap<string, unknown>
    expect(statusAt(openStatusList(claims.get('bits'), claims.get('lst')), 1993)).toBe('invalid')
  })

  it.each([1, 2, 4, 8] as const)('TS-04 any list of %i bits reads back', (bits) => {
    const statuses = fc.array(fc.nat({ max: 2 ** bits - 1 }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(statuses, (list) => {
        const bytes = Buffer.alloc(Math.ceil((list.length * bits) / 8))
        list.forEach((status, index) => {
          const bit = index * bits
          bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (status << (bit & 7))
        })
        const words = list.map((value) => ['valid', 'invalid', 'suspended'][value] ?? 'other')
        expect(at(bits, deflateSync(bytes), list.length)).toEqual(words)
      }),
      { numRuns: 100 },
    )
  })

  it.each([0, 3, 16, -1, 1.5, '1', null, undefined])('TS-04 bits %j are refused', (bits) =>
    expectRefusal(() => openStatusList(bits, 'eNrbuRgAAhcBXQ'), 'status_list_invalid'),
  )

  it.each([
    ['gzip', gzipSync(Buffer.alloc(8))],
    ['raw deflate', deflateRawSync(Buffer.alloc(8))],
    ['nothing', new Uint8Array()],
    ['half a stream', deflateSync(Buffer.from('a long enough text to be cut')).subarray(0, 12)],
    ['bytes behind the stream', Buffer.concat([deflateSync(Buffer.alloc(8)), Buffer.from('x')])],
    ['text that is no base64url', 'eNrbuRgAAhcBXQ=='],
    ['a number', 7],
  ])('TS-04 %s is refused', (_name, lst) =>
    expectRefusal(() => openStatusList(1, lst), 'status_list_invalid'),
  )

  it('TS-09 row 17 a bomb of a thousand to one stops at the limit', () => {
    const bomb = deflateSync(Buffer.alloc(64 * 1024 * 1024))
    const before = process.memoryUsage().arrayBuffers
    expectRefusal(() => openStatusList(1, bomb), 'status_list_invalid')
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * 1024 * 1024)
  })

  it.each([16, 1_000_000, Number.MAX_SAFE_INTEGER])('TS-05 index %i outside is refused', (index) =>
    expectRefusal(
      () => statusAt(openStatusList(1, 'eNrbuRgAAhcBXQ'), index),
      'status_list_invalid',
    ),
  )
})

describe('a reference', () => {
  it('TS-05 names a list and a place', () => {
    const status = { status_list: { uri: 'https://s.example/1', idx: 0 } }
    expect(readStatusReference(status)).toEqual({ uri: 'https://s.example/1', index: 0 })
  })

  it.each([-1, 1.5, 2 ** 53, '1', null])('TS-05 index %j is refused', (idx) =>
    expectRefusal(
      () => readStatusReference({ status_list: { uri: 'https://s.example/1', idx } }),
      'malformed_presentation',
    ),
  )

  it.each([{}, { identifier_list: {} }, 'revoked', null, []])(
    'TS-06 a status of another kind, %j, is none that we can look up',
    (status) => expectRefusal(() => readStatusReference(status), 'status_not_supported'),
  )
})

/** The example of a token as CWT in the draft, section 5.2: signed by a key that the draft does not give. */
const CWT_EXAMPLE = [
  'd2845820a2012610781a6170706c69636174696f6e2f7374617475736c6973742b637774a1044231325850a5027821',
  '68747470733a2f2f6578616d706c652e636f6d2f7374617475736c697374732f31061a648c5bea041a8898dfea19ff',
  'fe19a8c019fffda2646269747301636c73744a78dadbb918000217015d5840',
].join('')

describe('a token as CWT', () => {
  it('TS-02 the claims of the draft read as they are written', () => {
    const body = Buffer.from(`${CWT_EXAMPLE}${'00'.repeat(64)}`, 'hex')
    const token = readStatusListToken(body, 'application/statuslist+cwt')
    expect(token.signer.kid).toBe('12')
    const believed = openToken(token, 'https://example.com/statuslists/1', NOW_S * 1000)
    expect(believed.timeToLive).toBe(43_200_000)
    expect(believed.list).toEqual({ bits: 1, bytes: Buffer.of(0xb9, 0xa3) })
  })

  it('row 11 no byte of it can be changed into another kind of failure', () => {
    const whole = Buffer.from(`${CWT_EXAMPLE}${'00'.repeat(64)}`, 'hex')
    fc.assert(
      fc.property(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 }), (place, byte) => {
        const changed = Buffer.from(whole)
        changed[place] = byte
        try {
          readStatusListToken(changed, 'application/statuslist+cwt')
        } catch (error) {
          expect(error).toBeInstanceOf(BridgeError)
        }
      }),
      { numRuns: 500 },
    )
  })
})
