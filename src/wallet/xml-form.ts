/**
 * The outward form of XML, before any library sees it (TR-23): elements, attributes, text, comments and CDATA within bounds.
 * No document type, so no entities but the five that XML has itself, and no processing instructions but the declaration.
 */

const DEEPEST = 40
const MOST_ELEMENTS = 100_000
const MOST_ATTRIBUTES = 30
const LONGEST_NAME = 128

/** Thrown by {@link checkXmlForm}; says nothing of the text. */
export class XmlFormError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'XmlFormError'
  }
}

const NAME = /[A-Za-z_][A-Za-z0-9_.:-]*/y
const ATTRIBUTE = /\s+([A-Za-z_][A-Za-z0-9_.:-]*)\s*=\s*(?:"[^"<]*"|'[^'<]*')/y
const TAG_END = /\s*(\/?)>/y
const DECLARATION = /^\s*<\?xml\s[^<>?]{0,200}\?>/

interface Scan {
  text: string
  at: number
  open: string[]
  elements: number
}

/** Throws {@link XmlFormError} where a text is not one element of that form, whatever is in it. */
export function checkXmlForm(text: string): void {
  const scan: Scan = { text, at: DECLARATION.exec(text)?.[0].length ?? 0, open: [], elements: 0 }
  checkReferences(text)
  for (;;) {
    const next = text.indexOf('<', scan.at)
    const between = text.slice(scan.at, next < 0 ? undefined : next)
    if (scan.open.length === 0 && between.trim() !== '') refuse('text outside of the element')
    if (next < 0) break
    scan.at = next + 1
    readMarkup(scan)
  }
  if (scan.open.length > 0 || scan.elements === 0) refuse('not closed')
}

function readMarkup(scan: Scan): void {
  const { text, at } = scan
  if (text.startsWith('!--', at)) {
    skipPast(scan, '-->', at + 3)
  } else if (text.startsWith('![CDATA[', at)) {
    if (scan.open.length === 0) refuse('text outside of the element')
    skipPast(scan, ']]>', at + 8)
  } else if (text[at] === '!' || text[at] === '?') {
    refuse('a declaration or an instruction')
  } else if (text[at] === '/') {
    readClosing(scan)
  } else {
    readOpening(scan)
  }
}

function readOpening(scan: Scan): void {
  if (scan.open.length === 0 && scan.elements > 0) refuse('a second element')
  const name = match(scan, NAME)[0]
  const names = new Set<string>()
  for (let found = tryMatch(scan, ATTRIBUTE); found !== null; found = tryMatch(scan, ATTRIBUTE)) {
    const [, attribute = ''] = found
    if (names.has(attribute) || attribute.length > LONGEST_NAME) refuse('an attribute twice')
    names.add(attribute)
    if (names.size > MOST_ATTRIBUTES) refuse('too many attributes')
  }
  const [, isEmpty] = match(scan, TAG_END)
  scan.elements += 1
  if (name.length > LONGEST_NAME || scan.elements > MOST_ELEMENTS) refuse('too many elements')
  if (isEmpty === '/') return
  scan.open.push(name)
  if (scan.open.length > DEEPEST) refuse('too deep')
}

function readClosing(scan: Scan): void {
  scan.at += 1
  const name = match(scan, NAME)[0]
  const [, isEmpty] = match(scan, TAG_END)
  if (scan.open.pop() !== name || isEmpty === '/') refuse('closes another element')
}

function skipPast(scan: Scan, end: string, from: number): void {
  const found = scan.text.indexOf(end, from)
  if (found < 0) refuse('not closed')
  scan.at = found + end.length
}

/** Whatever looks like a reference, in comments as well: a list needs none but these. */
function checkReferences(text: string): void {
  const known = /&(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});/y
  for (let at = text.indexOf('&'); at >= 0; at = text.indexOf('&', at + 1)) {
    known.lastIndex = at
    if (!known.test(text)) refuse('an entity')
  }
}

function match(scan: Scan, pattern: RegExp): RegExpExecArray {
  return tryMatch(scan, pattern) ?? refuse('no element')
}

function tryMatch(scan: Scan, pattern: RegExp): RegExpExecArray | null {
  pattern.lastIndex = scan.at
  const found = pattern.exec(scan.text)
  if (found !== null) scan.at = pattern.lastIndex
  return found
}

function refuse(message: string): never {
  throw new XmlFormError(message)
}
