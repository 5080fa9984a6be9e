import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  parseStrictJson,
  StrictJsonError,
  type StrictJsonReason,
} from '../../src/domain/strict-json.ts'

function reasonFor(text: string, maxDepth?: number): StrictJsonReason | 'accepted' {
  try {
    parseStrictJson(text, maxDepth === undefined ? {} : { maxDepth })
    return 'accepted'
  } catch (error) {
    if (error instanceof StrictJsonError) return error.reason
    throw error
  }
}

describe('SD-17 strict JSON', () => {
  test.each([
    ['{"a":1,"a":1}', 'duplicate_member'],
    ['{"a":1,"\\u0061":2}', 'duplicate_member'],
    ['{"x":[{"a":{"b":1,"b":2}}]}', 'duplicate_member'],
    ['{"":1,"":2}', 'duplicate_member'],
    ['{"__proto__":{"admin":true}}', 'forbidden_member'],
    ['{"a":{"\\u005f_proto__":1}}', 'forbidden_member'],
    ['[{"constructor":1}]', 'forbidden_member'],
    ['{"prototype":1}', 'forbidden_member'],
    ['1e999', 'number_out_of_range'],
    ['-1e999', 'number_out_of_range'],
    ['9007199254740993', 'number_out_of_range'],
    ['{"n":123456789012345678901}', 'number_out_of_range'],
    ['"\\ud800"', 'ill_formed_text'],
    ['{"\\udc00":1}', 'ill_formed_text'],
    ['"\ud800"', 'ill_formed_text'],
    ['{"a":1', 'syntax'],
    ['{"a":1}{', 'syntax'],
    ['{"a":1,}', 'syntax'],
    ["{'a':1}", 'syntax'],
    ['\ufeff{}', 'syntax'],
    ['NaN', 'syntax'],
    ['01', 'syntax'],
    ['"', 'syntax'],
    ['', 'syntax'],
  ])('SD-17 %j is refused as %s', (text, reason) => {
    expect(reasonFor(text)).toBe(reason)
  })

  test('SD-17 nesting counts from the outermost: 16 levels pass, 17 do not', () => {
    expect(reasonFor('['.repeat(16) + ']'.repeat(16))).toBe('accepted')
    expect(reasonFor('['.repeat(17) + ']'.repeat(17))).toBe('too_deep')
    expect(reasonFor(`${'{"a":'.repeat(17)}1${'}'.repeat(17)}`)).toBe('too_deep')
    expect(reasonFor('[[1]]', 1)).toBe('too_deep')
    expect(reasonFor('[[1],[2],[3]]', 2)).toBe('accepted')
  })

  test('SD-17 values count whatever they are: twenty thousand pass, one more does not', () => {
    expect(reasonFor(`[${'0,'.repeat(19_998)}0]`)).toBe('accepted')
    expect(reasonFor(`[${'0,'.repeat(19_999)}0]`)).toBe('too_many')
    expect(reasonFor(`[${'{},'.repeat(10_000)}0]`)).toBe('too_many')
    const members = Array.from({ length: 20_001 }, (_, at) => `"${at}":0`)
    expect(reasonFor(`{${members.join()}}`)).toBe('too_many')
    // Commas and brackets inside of text are text.
    expect(reasonFor(`["${',[{'.repeat(20_000)}"]`)).toBe('accepted')
  })

  test('SD-17 a hundred thousand opening brackets are refused, not a stack overflow', () => {
    expect(reasonFor('['.repeat(100_000))).toBe('too_deep')
    expect(reasonFor('{"a":'.repeat(100_000))).toBe('too_deep')
  })

  test('SD-17 objects have a null prototype at every level', () => {
    const value = parseStrictJson('{"a":[{"b":{}}]}') as { a: readonly [{ b: object }] }
    for (const object of [value, value.a[0], value.a[0].b]) {
      expect(Object.getPrototypeOf(object)).toBeNull()
    }
  })

  test('SD-17 colons, quotes and brackets inside strings are not counted', () => {
    const text = '{"a:b":"x:y\\":{[","c\\\\":"\\\\"}'
    expect({ ...(parseStrictJson(text) as object) }).toEqual({ 'a:b': 'x:y":{[', 'c\\': '\\' })
  })

  test('SD-17 what JSON.stringify writes is read as JSON.parse reads it', () => {
    const values = fc.jsonValue({ maxDepth: 6, noUnicodeString: false }).filter((value) => {
      const text = JSON.stringify(value)
      return !/"(?:__proto__|constructor|prototype)":/.test(text) && text.isWellFormed()
    })
    fc.assert(
      fc.property(values, (value) => {
        const text = JSON.stringify(value)
        if (reasonFor(text) === 'accepted') {
          expect(JSON.stringify(parseStrictJson(text))).toBe(text)
        } else {
          expect(['number_out_of_range', 'ill_formed_text']).toContain(reasonFor(text))
        }
      }),
      { numRuns: 400 },
    )
  })

  test('SD-17 two members of one name are refused wherever they stand and whatever they hold', () => {
    const member = fc.tuple(fc.string(), fc.jsonValue({ maxDepth: 2 }))
    fc.assert(
      fc.property(fc.array(member, { minLength: 1, maxLength: 6 }), fc.nat(), (members, pick) => {
        const twice = [...members, members[pick % members.length] ?? members[0]]
        const text = `{${twice.map((one) => `${JSON.stringify(one?.[0])}:${JSON.stringify(one?.[1])}`)}}`
        expect(reasonFor(text)).not.toBe('accepted')
      }),
      { numRuns: 300 },
    )
  })

  test('RE-07 any text gives a value or a StrictJsonError, 256 KiB within 100 ms', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        expect(typeof reasonFor(text)).toBe('string')
      }),
      { numRuns: 500 },
    )
    for (const unit of ['"\\', '{"a":1,', '[],', ':', '\\"', '{"a":{"b":1}},']) {
      const text = unit.repeat(Math.floor(262_144 / unit.length))
      expect(fastestOfThree(() => reasonFor(text))).toBeLessThan(100)
    }
  })

  test('SD-17 the error tells its reason and nothing of the text', () => {
    const marked = '{"secret-marker":1,"secret-marker":2}'
    expect(() => parseStrictJson(marked)).toThrow(/^not strict JSON: duplicate_member$/)
    expect(() => parseStrictJson('secret-marker')).toThrow(/^not strict JSON: syntax$/)
  })
})

/** Milliseconds of the fastest of three runs, so that a busy machine does not decide. */
function fastestOfThree(action: () => unknown): number {
  const runs = [1, 2, 3].map(() => {
    const start = performance.now()
    action()
    return performance.now() - start
  })
  return Math.min(...runs)
}
