/**
 * One branch of an XML document as a tree, for what has to be looked at from several sides. The whole is never one: a tree
 * takes many times what its text does.
 */
import { XmlFormError, type XmlOpening, type XmlVisitor } from './xml-reader.ts'

export interface XmlElement extends XmlOpening {
  readonly children: readonly (XmlElement | string)[]
}

interface Growing extends XmlOpening {
  children: (XmlElement | string)[]
}

/**
 * Returns a visitor that hands over the tree of each element it is told of: one of `most` elements, attributes and copies of
 * namespaces at most. Throws {@link XmlFormError} for one too large.
 */
export function growBranches(most: number, hand: (branch: XmlElement) => void): XmlVisitor {
  const open: Growing[] = []
  let kept = 0
  return {
    open(opening) {
      const around = open.at(-1)
      kept = (around === undefined ? 0 : kept) + weightOf(opening, around)
      if (kept > most) throw new XmlFormError('too large a branch')
      const element: Growing = { ...opening, children: [] }
      around?.children.push(element)
      open.push(element)
    },
    text(text) {
      open.at(-1)?.children.push(text)
    },
    close() {
      const element = open.pop()
      if (open.length === 0 && element !== undefined) hand(element)
    },
  }
}

/** What an element shares with the one around it is kept once. */
function weightOf(own: XmlOpening, around: XmlOpening | undefined): number {
  const scope = own.scope === around?.scope ? 0 : own.scope.size
  const held = own.held === around?.held ? 0 : own.held.size
  return 1 + own.attributes.length + scope + held
}

/** Tells a visitor what a branch holds, as if it were read again. */
export function walkBranch(branch: XmlElement, visitor: XmlVisitor): void {
  visitor.open(branch)
  for (const child of branch.children) {
    if (typeof child === 'string') visitor.text(child)
    else walkBranch(child, visitor)
  }
  visitor.close()
}

/** Returns the child elements of that name. */
export function childrenOf(
  parent: XmlElement,
  namespace: string,
  name: string,
): readonly XmlElement[] {
  return parent.children.filter(
    (child): child is XmlElement =>
      typeof child !== 'string' && child.local === name && child.namespace === namespace,
  )
}

/** Returns all text inside, whatever is between. */
export function textInside({ children }: XmlElement): string {
  return children.map((child) => (typeof child === 'string' ? child : textInside(child))).join('')
}

/** Returns an attribute without a prefix, undefined where there is none. */
export function attributeOf({ attributes }: XmlOpening, name: string): string | undefined {
  return attributes.find((one) => one.namespace === '' && one.local === name)?.value
}

/** Passes over what it is told. */
export const PASSED_OVER: XmlVisitor = { open() {}, text() {}, close() {} }

/**
 * Returns a visitor that tells `rest` of a document but for some branches: those for which `choose` names another visitor. It
 * is asked about each element outside of such a branch, with the elements around it, outermost first.
 */
export function routeBranches(
  choose: (element: XmlOpening, around: readonly XmlOpening[]) => XmlVisitor | undefined,
  rest: XmlVisitor,
): XmlVisitor {
  const around: XmlOpening[] = []
  let branch: XmlVisitor | undefined
  let depth = 0
  return {
    open(element) {
      branch ??= choose(element, around)
      if (branch === undefined) around.push(element)
      else depth += 1
      const visitor = branch ?? rest
      visitor.open(element)
    },
    text(text) {
      const visitor = branch ?? rest
      visitor.text(text)
    },
    close() {
      const visitor = branch ?? rest
      visitor.close()
      if (branch === undefined) around.pop()
      else depth -= 1
      if (depth === 0) branch = undefined
    },
  }
}
