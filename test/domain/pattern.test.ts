import { describe, expect, it } from 'vitest'
import { compilePattern } from '../../src/domain/pattern.ts'

describe('a pattern of a policy', () => {
  it('matches the whole value, so that a longer name is another name', () => {
    const issuer = compilePattern('https://issuer\\.example')
    expect(issuer?.('https://issuer.example')).toBe(true)
    expect(issuer?.('https://issuer.example.attacker.test')).toBe(false)
    expect(issuer?.('http://evil/?https://issuer.example')).toBe(false)
    expect(compilePattern('a|ab')?.('ab')).toBe(true)
  })

  it.each([
    ['not closed', '('],
    ['a look-behind', '(?<=a)b'],
    ['a look-ahead', '(?=a)b'],
    ['a back-reference', '(a)\\1'],
    ['empty', ''],
    ['too long', 'a'.repeat(257)],
    ['too large once compiled', '(?:a{250}){3}'],
    ['a repeat of repeats', '((a{100}){100}){100}'],
  ])('is refused when it is %s', (_, source) => {
    expect(compilePattern(source)).toBeUndefined()
  })

  // Each of these keeps a backtracking engine busy for longer than the universe is old: had we one, this would never end.
  it.each([
    '(a+)+$',
    '(a|a)*$',
    '(a|aa)+$',
    '([a-zA-Z]+)*$',
    '(.*a){20}$',
    '(x+x+)+y',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
    '(.*)*(.*)*(.*)*!',
  ])('row 59, fault 46: %s does not stall on a long value', (source) => {
    const pattern = compilePattern(source)
    expect(pattern).toBeDefined()
    for (let round = 0; round < 100; round += 1) {
      expect(pattern?.(`${'a'.repeat(1000)}\u0000`)).toBe(false)
      expect(pattern?.(`${'x'.repeat(1000)}?`)).toBe(false)
    }
  })

  it('does not look at a value that is too long', () => {
    expect(compilePattern('.*')?.('a'.repeat(1024))).toBe(true)
    expect(compilePattern('.*')?.('a'.repeat(1025))).toBe(false)
  })
})
