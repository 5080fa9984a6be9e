/**
 * JSON as we accept it from outside. `JSON.parse` keeps the last of two members with one name, rounds integers it cannot
 * hold, turns 1e999 into Infinity, and lets a lone surrogate through; two readers of one text may then see two persons.
 * Each of these is refused here (protocols SD-17; RFC 8259 section 4; RFC 7493 section 2).
 *
 * The work is left to the engine's own parser. Duplicates are found by counting: in a valid text each member has exactly
 * one colon outside a string, so fewer members in the result than colons in the text means that a name came twice.
 */

import type { Json } from './text.ts'

/** Why a text was refused. */
export type StrictJsonReason =
  | 'syntax'
  | 'too_deep'
  | 'too_many'
  | 'duplicate_member'
  | 'forbidden_member'
  | 'number_out_of_range'
  | 'ill_formed_text'

/** A text that is not strict JSON. Carries the reason and nothing of the text. */
export class StrictJsonError extends Error {
  readonly reason: StrictJsonReason
  constructor(reason: StrictJsonReason) {
    super(`not strict JSON: ${reason}`)
    this.name = 'StrictJsonError'
    this.reason = reason
  }
}

/** Other bounds than the usual ones. */
export interface JsonLimits {
  maxDepth?: number | undefined
  maxValues?: number | undefined
}

/** Levels of arrays and objects inside each other that are read unless the caller says otherwise (SD-17). */
const MAX_DEPTH = 16

/**
 * Values of any kind in one text, unless the caller says otherwise (SD-17). `{}` is three octets to write and some hundred to
 * hold, and a schema may have something to say of each: without this bound a megabyte of them would take a hundred.
 */
const MAX_VALUES = 20_000

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/**
 * The value of a JSON text. Objects have a null prototype and own every member they show; integers are exact; strings are
 * well-formed Unicode. `maxDepth` counts arrays and objects inside each other, the outermost being 1; `maxValues` all
 * values, members and elements alike.
 *
 * Throws {@link StrictJsonError} on anything else: bad syntax, a member name used twice in one object (also when spelled
 * with escapes), the names `__proto__`, `constructor` and `prototype`, an integer beyond 2^53-1 or a number beyond a
 * double, a lone surrogate. Source: protocols SD-17; RFC 7493 (I-JSON) section 2.
 */
export function parseStrictJson(text: string, limits: JsonLimits = {}): Json {
  const membersInText = countMembers(
    text,
    limits.maxDepth ?? MAX_DEPTH,
    limits.maxValues ?? MAX_VALUES,
  )
  const count = { members: 0 }
  const value = copyStrictly(parseLoosely(text), count)
  if (count.members !== membersInText) throw new StrictJsonError('duplicate_member')
  return value
}

function parseLoosely(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The engine's message quotes the text, so it is dropped, not chained.
    throw new StrictJsonError('syntax')
  }
}

/** Counts colons outside strings and watches the bounds. Means nothing on invalid JSON, which the parser refuses anyway. */
function countMembers(text: string, maxDepth: number, maxValues: number): number {
  let members = 0
  let values = 1
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (code === COLON) members++
    else if (code === COMMA) values++
    else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      values++
      if (++depth > maxDepth) throw new StrictJsonError('too_deep')
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) depth--
    if (values > maxValues) throw new StrictJsonError('too_many')
  }
  return members
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) return at
    if (code === BACKSLASH) at++
  }
  return text.length
}

/** Recursion is bounded: `countMembers` has already refused what is nested too deep. */
function copyStrictly(value: unknown, count: { members: number }): Json {
  if (typeof value === 'string') return requireWellFormed(value)
  if (typeof value === 'number') return requireExact(value)
  if (typeof value === 'boolean' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => copyStrictly(item, count))
  const copy: { [name: string]: Json } = Object.create(null)
  for (const [name, member] of Object.entries(value as object)) {
    if (name === '__proto__' || name === 'constructor' || name === 'prototype') {
      throw new StrictJsonError('forbidden_member')
    }
    copy[requireWellFormed(name)] = copyStrictly(member, count)
    count.members++
  }
  return copy
}

function requireWellFormed(text: string): string {
  if (!text.isWellFormed()) throw new StrictJsonError('ill_formed_text')
  return text
}

function requireExact(value: number): number {
  const exact = Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value)
  if (!exact) throw new StrictJsonError('number_out_of_range')
  return value
}
