/**
 * The canonical form of XML, written while it is read: inclusive (Canonical XML 1.0) and exclusive (Exclusive XML
 * Canonicalization 1.0), both without comments. Libraries make it of a whole document in memory, forty times as large.
 */
import { XML_NAMESPACE, type XmlAttribute, type XmlOpening, type XmlVisitor } from './xml-reader.ts'

export const INCLUSIVE = 'http://www.w3.org/TR/2001/REC-xml-c14n-20010315'
export const EXCLUSIVE = 'http://www.w3.org/2001/10/xml-exc-c14n#'

export interface CanonicalMethod {
  algorithm: typeof INCLUSIVE | typeof EXCLUSIVE
  /** Prefixes that the exclusive form treats as the inclusive one does; the default namespace as the empty prefix. */
  always: readonly string[]
}

type Namespaces = ReadonlyMap<string, string>

/** Returns a visitor that writes the canonical form of the one element it is told of; what was around that is not written. */
export function writeCanonical(method: CanonicalMethod, write: (text: string) => void): XmlVisitor {
  const open: { name: string; element: XmlOpening; rendered: Namespaces }[] = []
  return {
    open(element) {
      const name = nameOf(element)
      const around = open.at(-1)
      const rendered = around?.rendered ?? new Map()
      const isSameScope = element.scope === around?.element.scope
      const isDone = method.algorithm === INCLUSIVE && isSameScope
      const declared = isDone ? [] : declarationsOf(method, element, rendered)
      const shown = declared.length === 0 ? rendered : new Map([...rendered, ...declared])
      open.push({ name, element, rendered: shown })
      const attributes = attributesOf(method, element, around === undefined)
      write(`<${name}${declared.map(declarationText).join('')}${attributes.map(textOf).join('')}>`)
    },
    text: (text) => write(escapeText(text)),
    close() {
      write(`</${open.pop()?.name}>`)
    },
  }
}

/**
 * Namespaces that were not written yet, by prefix: in the inclusive form all that are in scope, in the exclusive form those
 * that the element or an attribute uses (Canonical XML 1.0 section 2.3, Exclusive XML Canonicalization 1.0 section 3).
 */
function declarationsOf(
  { algorithm, always }: CanonicalMethod,
  element: XmlOpening,
  rendered: Namespaces,
): readonly (readonly [string, string])[] {
  const { scope } = element
  const used = [element, ...element.attributes.filter(({ prefix }) => prefix !== '')]
  const prefixes =
    algorithm === INCLUSIVE
      ? scope.keys()
      : [...used.map(({ prefix }) => prefix), ...always.filter((one) => scope.has(one))]
  return [...new Set(prefixes)]
    .filter((prefix) => prefix !== 'xml')
    .map((prefix) => [prefix, scope.get(prefix) ?? ''] as const)
    .filter(([prefix, namespace]) => (rendered.get(prefix) ?? '') !== namespace)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
}

/** By namespace, then by name. The outermost element of the inclusive form takes attributes of `xml` along from around it. */
function attributesOf(
  { algorithm }: CanonicalMethod,
  { attributes, held }: XmlOpening,
  isOutermost: boolean,
): readonly XmlAttribute[] {
  const taken = algorithm === INCLUSIVE && isOutermost ? [...held.values()] : []
  const own = attributes.filter((one) => taken.length === 0 || one.namespace !== XML_NAMESPACE)
  return [...own, ...taken].toSorted((one, other) => {
    if (one.namespace !== other.namespace) return one.namespace < other.namespace ? -1 : 1
    return one.local < other.local ? -1 : 1
  })
}

function nameOf({ prefix, local }: { prefix: string; local: string }): string {
  return prefix === '' ? local : `${prefix}:${local}`
}

function declarationText([prefix, namespace]: readonly [string, string]): string {
  return ` ${prefix === '' ? 'xmlns' : `xmlns:${prefix}`}="${escapeValue(namespace)}"`
}

function textOf(attribute: XmlAttribute): string {
  return ` ${nameOf(attribute)}="${escapeValue(attribute.value)}"`
}

const IN_TEXT: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#xD;' },
}
const IN_VALUE: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '"': '&quot;', '\t': '&#x9;', '\n': '&#xA;', '\r': '&#xD;' },
}

function escapeText(text: string): string {
  return text.replace(/[&<>\r]/g, (sign) => IN_TEXT[sign] ?? sign)
}

function escapeValue(text: string): string {
  return text.replace(/[&<"\t\n\r]/g, (sign) => IN_VALUE[sign] ?? sign)
}
