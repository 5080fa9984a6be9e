/**
 * Patterns from configuration. RE2's language (no back-references, no look-around) on an engine whose time is linear in
 * the text, with a bound on the size of both, so that no pattern and no value can stall the service.
 */
import { RE2JS } from 're2js'

/** Characters of a pattern; the same bound stands in the documents' schemas. */
export const LONGEST_PATTERN = 256
/** Steps of a compiled pattern: `a{500}` has about as many. */
const LARGEST_PROGRAM = 512
/** Characters of a value that is looked at; a longer one matches nothing. */
const LONGEST_VALUE = 1024

/** Tells whether the whole of a value matches. */
export type Pattern = (value: string) => boolean

/**
 * The pattern, compiled; undefined for one that RE2 does not know, or that is too large. It must match the whole value:
 * a search would let `https://issuer\.example` accept `https://issuer.example.attacker.test`.
 */
export function compilePattern(source: string): Pattern | undefined {
  if (source.length === 0 || source.length > LONGEST_PATTERN) return undefined
  try {
    const compiled = RE2JS.compile(source)
    if (compiled.programSize() > LARGEST_PROGRAM) return undefined
    return (value) => value.length <= LONGEST_VALUE && compiled.testExact(value)
  } catch {
    // The engine's message quotes the pattern; that it is refused is all there is to say.
    return undefined
  }
}
