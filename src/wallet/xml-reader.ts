/**
 * XML out of octets, piece by piece, so that what a list takes in memory does not grow with it (TR-23): elements, attributes
 * and text within bounds, names resolved (Namespaces in XML 1.0). No document type, so no entities but the five that XML has
 * itself, and no processing instructions but the declaration. Comments are passed over.
 */
import { setImmediate as pause } from 'node:timers/promises'

const WINDOW = 64 * 1024
/** Characters of one tag, text or comment. */
const LONGEST_PIECE = 256 * 1024
const DEEPEST = 40
const MOST_ELEMENTS = 200_000
const MOST_ATTRIBUTES = 30
const LONGEST_NAME = 128
/** Each element that declares one has a copy of all that are in scope. */
const MOST_NAMESPACES = 64
const MOST_HELD = 8
export const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace'

/** Thrown by {@link walkXml}; says nothing of the text. */
export class XmlFormError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'XmlFormError'
  }
}

/** Namespaces by prefix, the default one under the empty prefix. */
export type XmlScope = ReadonlyMap<string, string>

export interface XmlAttribute {
  prefix: string
  local: string
  /** Empty for an attribute without a prefix. */
  namespace: string
  value: string
}

/** What the start of an element says. */
export interface XmlOpening {
  prefix: string
  local: string
  namespace: string
  /** Without namespace declarations. */
  attributes: readonly XmlAttribute[]
  /** What is in scope inside it. */
  scope: XmlScope
  /** Attributes of the namespace `xml` that hold inside it, its own and those of elements around it, by local name. */
  held: ReadonlyMap<string, XmlAttribute>
}

/** Is told of a document in its order; text in pieces. */
export interface XmlVisitor {
  open(element: XmlOpening): void
  text(text: string): void
  close(): void
}

interface Walk {
  octets: Uint8Array
  taken: number
  decoder: InstanceType<typeof TextDecoder>
  /** What was decoded and not yet read starts at `at`. */
  text: string
  at: number
  open: { name: string; opening: XmlOpening }[]
  elements: number
}

const NAME = /[A-Za-z_][A-Za-z0-9_.:-]*/y
const ATTRIBUTE =
  /[\t\n\r ]+([A-Za-z_][A-Za-z0-9_.:-]*)[\t\n\r ]*=[\t\n\r ]*(?:"([^"<]*)"|'([^'<]*)')/y
const TAG_END = /[\t\n\r ]*(\/?)>/y
const DECLARATION = /^[\t\n\r ]*<\?xml[\t\n\r ][^<>?]{0,200}\?>/
const NOT_BLANK = /[^\t\n\r ]/
/** What no XML may hold (XML 1.0 section 2.2); surrogates come in pairs from the decoder. */
const FORBIDDEN = /[^\t\n\r\u0020-\ufffd]/
const OUTERMOST: Pick<XmlOpening, 'scope' | 'held'> = {
  scope: new Map([['xml', XML_NAMESPACE]]),
  held: new Map(),
}

/**
 * Tells a visitor what a document in UTF-8 holds; others have their turn after every 64 KiB. Throws {@link XmlFormError} where
 * it is not one element of that form.
 */
export async function walkXml(octets: Uint8Array, visitor: XmlVisitor): Promise<void> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const walk: Walk = { octets, taken: 0, decoder, text: '', at: 0, open: [], elements: 0 }
  readOn(walk)
  walk.at = DECLARATION.exec(walk.text)?.[0].length ?? 0
  for (let seen = walk.taken; ; ) {
    const next = find(walk, '<', 0)
    readText(walk, next < 0 ? walk.text.length : next, visitor)
    if (next < 0) break
    readMarkup(walk, visitor)
    if (seen !== walk.taken) await pause()
    seen = walk.taken
  }
  if (walk.open.length > 0 || walk.elements === 0) refuse('not closed')
}

/** Decodes a further piece; false where there is none. */
function readOn(walk: Walk): boolean {
  const { octets, taken, decoder } = walk
  if (taken === octets.length) return false
  walk.taken = Math.min(taken + WINDOW, octets.length)
  try {
    const stream = walk.taken < octets.length
    const piece = decoder.decode(octets.subarray(taken, walk.taken), { stream })
    walk.text = walk.text.slice(walk.at) + piece
    walk.at = 0
    return true
  } catch {
    return refuse('not UTF-8')
  }
}

/** Where in the window a mark is, `skip` characters from here on; -1 where there is none to the end of the document. */
function find(walk: Walk, mark: string, skip: number): number {
  return search(walk, () => walk.text.indexOf(mark, walk.at + skip))
}

function search(walk: Walk, look: () => number): number {
  for (;;) {
    const found = look()
    const length = (found < 0 ? walk.text.length : found) - walk.at
    if (length > LONGEST_PIECE) refuse('too long a piece')
    if (found >= 0 || !readOn(walk)) return found
  }
}

function readText(walk: Walk, end: number, visitor: XmlVisitor): void {
  if (end === walk.at) return
  const text = walk.text.slice(walk.at, end)
  walk.at = end
  if (walk.open.length === 0) {
    if (NOT_BLANK.test(text)) refuse('text outside of the element')
    return
  }
  if (text.includes(']]>')) refuse('the end of a section without its start')
  visitor.text(resolve(checkCharacters(withLineEnds(text))))
}

function readMarkup(walk: Walk, visitor: XmlVisitor): void {
  // The longest mark by which markup is told apart.
  while (walk.text.length - walk.at < 9 && readOn(walk)) {}
  const { text, at } = walk
  if (text.startsWith('<!--', at)) {
    checkCharacters(takePast(walk, '<!--', '-->'))
  } else if (text.startsWith('<![CDATA[', at)) {
    if (walk.open.length === 0) refuse('text outside of the element')
    visitor.text(checkCharacters(withLineEnds(takePast(walk, '<![CDATA[', ']]>'))))
  } else if (text[at + 1] === '!' || text[at + 1] === '?') {
    refuse('a declaration or an instruction')
  } else if (text[at + 1] === '/') {
    readClosing(walk, visitor)
  } else {
    readOpening(walk, visitor)
  }
}

function takePast(walk: Walk, start: string, end: string): string {
  const found = find(walk, end, start.length)
  if (found < 0) refuse('not closed')
  const inside = walk.text.slice(walk.at + start.length, found)
  walk.at = found + end.length
  return inside
}

function readOpening(walk: Walk, visitor: XmlVisitor): void {
  if (walk.open.length === 0 && walk.elements > 0) refuse('a second element')
  const end = search(walk, () => endOfTag(walk.text, walk.at))
  walk.at += 1
  const name = match(walk, NAME)[0]
  const written = new Map<string, string>()
  for (let one = tryMatch(walk, ATTRIBUTE); one !== null; one = tryMatch(walk, ATTRIBUTE)) {
    const [, attribute = '', double, single] = one
    if (written.has(attribute) || attribute.length > LONGEST_NAME) refuse('an attribute twice')
    written.set(attribute, normalise(double ?? single ?? ''))
    if (written.size > MOST_ATTRIBUTES) refuse('too many attributes')
  }
  const [, isEmpty] = match(walk, TAG_END)
  walk.elements += 1
  if (name.length > LONGEST_NAME || walk.elements > MOST_ELEMENTS) refuse('too many elements')
  if (end + 1 !== walk.at) refuse('no element')
  if (walk.open.length === DEEPEST) refuse('too deep')
  const opening = openingOf(name, written, walk.open.at(-1)?.opening ?? OUTERMOST)
  visitor.open(opening)
  if (isEmpty === '/') visitor.close()
  else walk.open.push({ name, opening })
}

function readClosing(walk: Walk, visitor: XmlVisitor): void {
  if (find(walk, '>', 2) < 0) refuse('not closed')
  walk.at += 2
  const name = match(walk, NAME)[0]
  const [, isEmpty] = match(walk, TAG_END)
  if (walk.open.pop()?.name !== name || isEmpty === '/') refuse('closes another element')
  visitor.close()
}

/** Where a tag ends: at a bracket outside of quotes. */
function endOfTag(text: string, from: number): number {
  let quote = 0
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (quote !== 0) {
      if (code === quote) quote = 0
    } else if (code === 0x3e) return at
    else if (code === 0x22 || code === 0x27) quote = code
  }
  return -1
}

function openingOf(
  name: string,
  written: ReadonlyMap<string, string>,
  around: Pick<XmlOpening, 'scope' | 'held'>,
): XmlOpening {
  const scope = scopeOf(written, around.scope)
  const { prefix, local } = splitName(name)
  const attributes = [...written].flatMap(([one, value]) => {
    if (one === 'xmlns' || one.startsWith('xmlns:')) return []
    const said = splitName(one)
    return [{ ...said, namespace: said.prefix === '' ? '' : found(scope, said.prefix), value }]
  })
  const names = new Set(attributes.map((one) => `${one.local} ${one.namespace}`))
  if (names.size < attributes.length) refuse('an attribute under two prefixes')
  const own = attributes.filter(({ namespace }) => namespace === XML_NAMESPACE)
  const held =
    own.length === 0
      ? around.held
      : new Map([...around.held, ...own.map((a) => [a.local, a] as const)])
  if (held.size > MOST_HELD) refuse('too many attributes')
  const namespace = prefix === '' ? (scope.get('') ?? '') : found(scope, prefix)
  return { prefix, local, namespace, attributes, scope, held }
}

/** A prefix may not be taken back (Namespaces in XML 1.0 section 5), the default namespace may; `xml` and `xmlns` are fixed. */
function scopeOf(written: ReadonlyMap<string, string>, around: XmlScope): XmlScope {
  let scope: Map<string, string> | undefined
  for (const [name, value] of written) {
    if (name !== 'xmlns' && !name.startsWith('xmlns:')) continue
    const { prefix, local } = splitName(name)
    const declared = prefix === '' ? '' : local
    const isFixed = declared === 'xml' || declared === 'xmlns' || value === XML_NAMESPACE
    if (isFixed || (declared !== '' && value === '')) refuse('a namespace that may not be declared')
    scope ??= new Map(around)
    scope.set(declared, value)
    if (scope.size > MOST_NAMESPACES) refuse('too many namespaces')
  }
  return scope ?? around
}

function splitName(name: string): { prefix: string; local: string } {
  const [first = '', second, ...more] = name.split(':')
  if (second === undefined) return { prefix: '', local: first }
  if (more.length > 0 || first === '' || !/^[A-Za-z_]/.test(second)) refuse('no name')
  return { prefix: first, local: second }
}

function found(scope: XmlScope, prefix: string): string {
  return scope.get(prefix) ?? refuse('a prefix without a namespace')
}

/** White space is one space each, but for what was written as a reference (XML 1.0 section 3.3.3). */
function normalise(written: string): string {
  return resolve(checkCharacters(withLineEnds(written)).replace(/[\t\n]/g, ' '))
}

/** XML 1.0 section 2.11. */
function withLineEnds(text: string): string {
  return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text
}

function checkCharacters(text: string): string {
  return FORBIDDEN.test(text) ? refuse('a character that XML does not have') : text
}

const KNOWN: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const REFERENCE = /&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([0-9A-Fa-f]{1,6}));|&/g

function resolve(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(REFERENCE, (_, known?: string, decimal?: string, hexadecimal?: string) => {
    if (known !== undefined) return KNOWN[known] ?? refuse('an entity')
    if (decimal !== undefined) return characterOf(Number(decimal))
    if (hexadecimal !== undefined) return characterOf(Number.parseInt(hexadecimal, 16))
    return refuse('an entity')
  })
}

function characterOf(code: number): string {
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) refuse('no character')
  return checkCharacters(String.fromCodePoint(code))
}

function match(walk: Walk, pattern: RegExp): RegExpExecArray {
  return tryMatch(walk, pattern) ?? refuse('no element')
}

function tryMatch(walk: Walk, pattern: RegExp): RegExpExecArray | null {
  pattern.lastIndex = walk.at
  const one = pattern.exec(walk.text)
  if (one !== null) walk.at = pattern.lastIndex
  return one
}

function refuse(message: string): never {
  throw new XmlFormError(message)
}
