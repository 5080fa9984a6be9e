/**
 * Canonical XML 1.0 and its exclusive form (TR-21): the specifications' own examples, and generated documents against
 * xml-crypto, which makes them of a whole document in memory.
 */
import { DOMParser } from '@xmldom/xmldom'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { C14nCanonicalization, ExclusiveCanonicalization } from 'xml-crypto'
import { PASSED_OVER, routeBranches } from '../../src/wallet/xml-branch.ts'
import {
  type CanonicalMethod,
  EXCLUSIVE,
  INCLUSIVE,
  writeCanonical,
} from '../../src/wallet/xml-canonical.ts'
import { walkXml } from '../../src/wallet/xml-reader.ts'

/** The canonical form of a document, or of its first element of a name. */
async function canonical(
  text: string,
  algorithm: CanonicalMethod['algorithm'],
  of?: string,
  always = [''],
): Promise<string> {
  const pieces: string[] = []
  const list = always.filter((one) => one !== '')
  const writer = writeCanonical({ algorithm, always: list }, (piece) => pieces.push(piece))
  let isFound = false
  const visitor =
    of === undefined
      ? writer
      : routeBranches(({ local }) => {
          if (isFound || local !== of) return undefined
          isFound = true
          return writer
        }, PASSED_OVER)
  await walkXml(Buffer.from(text), visitor)
  return pieces.join('')
}

describe('the canonical form of XML', () => {
  it.each([
    [
      'start and end tags (Canonical XML 3.3)',
      '<doc>\n   <e1   />\n   <e2   ></e2>\n   <e3   name = "elem3"   id="elem3"   />\n   <e5 a:attr="out" b:attr="sorted" attr2="all" attr="I\'m"\n      xmlns:b="http://www.ietf.org"\n      xmlns:a="http://www.w3.org"\n      xmlns="http://example.org"/>\n   <e6 xmlns="" xmlns:a="http://www.w3.org">\n      <e7 xmlns="http://www.ietf.org">\n         <e8 xmlns="" xmlns:a="http://www.w3.org">\n            <e9 xmlns="" xmlns:a="http://www.ietf.org"/>\n         </e8>\n      </e7>\n   </e6>\n</doc>',
      '<doc>\n   <e1></e1>\n   <e2></e2>\n   <e3 id="elem3" name="elem3"></e3>\n   <e5 xmlns="http://example.org" xmlns:a="http://www.w3.org" xmlns:b="http://www.ietf.org" attr="I\'m" attr2="all" b:attr="sorted" a:attr="out"></e5>\n   <e6 xmlns:a="http://www.w3.org">\n      <e7 xmlns="http://www.ietf.org">\n         <e8 xmlns="">\n            <e9 xmlns:a="http://www.ietf.org"></e9>\n         </e8>\n      </e7>\n   </e6>\n</doc>',
    ],
    [
      'character modifications (Canonical XML 3.4)',
      '<doc>\n   <text>First line&#x0d;&#10;Second line</text>\n   <value>&#x32;</value>\n   <compute><![CDATA[value>"0" && value<"10" ?"valid":"error"]]></compute>\n   <compute expr=\'value>"0" &amp;&amp; value&lt;"10" ?"valid":"error"\'>valid</compute>\n   <norm attr=\' &apos;   &#x20;&#13;&#xa;&#9;   &apos; \'/>\n</doc>',
      '<doc>\n   <text>First line&#xD;\nSecond line</text>\n   <value>2</value>\n   <compute>value&gt;"0" &amp;&amp; value&lt;"10" ?"valid":"error"</compute>\n   <compute expr="value>&quot;0&quot; &amp;&amp; value&lt;&quot;10&quot; ?&quot;valid&quot;:&quot;error&quot;">valid</compute>\n   <norm attr=" \'    &#xD;&#xA;&#x9;   \' "></norm>\n</doc>',
    ],
    ['characters in UTF-8 (Canonical XML 3.6)', '<doc>&#169;</doc>', '<doc>©</doc>'],
    [
      'line ends, white space in values, and comments',
      '<?xml version="1.0"?>\r\n<!-- a --><doc a="x\r\ny\tz">1\r\n2\r3<!-- b -->4</doc>\n<!-- c -->',
      '<doc a="x y z">1\n2\n34</doc>',
    ],
  ])('TR-21 of %s', async (_, text, expected) => {
    expect(await canonical(text, INCLUSIVE)).toBe(expected)
  })

  it('TR-21 of an element less what is around it: the inclusive form brings it along, the exclusive one does not', async () => {
    // Exclusive XML Canonicalization 1.0, section 2.2.
    const first =
      '<n0:local xmlns:n0="foo:bar" xmlns:n3="ftp://example.org"><n1:elem2 xmlns:n1="http://example.net" xml:lang="en"><n3:stuff xmlns:n3="ftp://example.org"/></n1:elem2></n0:local>'
    const second =
      '<n2:pdu xmlns:n1="http://example.com" xmlns:n2="http://foo.example" xml:lang="fr" xml:space="retain"><n1:elem2 xmlns:n1="http://example.net" xml:lang="en"><n3:stuff xmlns:n3="ftp://example.org"/></n1:elem2></n2:pdu>'
    expect(await canonical(first, INCLUSIVE, 'elem2')).toBe(
      '<n1:elem2 xmlns:n0="foo:bar" xmlns:n1="http://example.net" xmlns:n3="ftp://example.org" xml:lang="en"><n3:stuff></n3:stuff></n1:elem2>',
    )
    expect(await canonical(second, INCLUSIVE, 'elem2')).toBe(
      '<n1:elem2 xmlns:n1="http://example.net" xmlns:n2="http://foo.example" xml:lang="en" xml:space="retain"><n3:stuff xmlns:n3="ftp://example.org"></n3:stuff></n1:elem2>',
    )
    const exclusive =
      '<n1:elem2 xmlns:n1="http://example.net" xml:lang="en"><n3:stuff xmlns:n3="ftp://example.org"></n3:stuff></n1:elem2>'
    expect(await canonical(first, EXCLUSIVE, 'elem2')).toBe(exclusive)
    expect(await canonical(second, EXCLUSIVE, 'elem2')).toBe(exclusive)
    expect(await canonical(first, EXCLUSIVE, 'elem2', ['n0', 'n9'])).toBe(
      exclusive.replace('<n1:elem2', '<n1:elem2 xmlns:n0="foo:bar"'),
    )
  })
})

/* Documents in which everything occurs that the two read alike: xmldom knows no line ends but its own. */

const NAMESPACES = ['urn:a', 'urn:b', 'urn:c']
const PREFIXES = ['p', 'q', 'r']
const piece = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }).map(escaped),
  fc.constantFrom('&lt;', '&amp;', '&#65;', '&#xD;', '&quot;', '\n', '\t', '<!-- a & b -->'),
  fc.constantFrom('<![CDATA[<x>&amp;]]>', '<![CDATA[]]>'),
)
const written = fc
  .array(
    fc.oneof(fc.string({ maxLength: 6 }).map(escaped), fc.constantFrom('&#10;', '&quot;', '>')),
    {
      maxLength: 3,
    },
  )
  .map((parts) => parts.join(''))

function escaped(text: string): string {
  return text.replace(/[&<>"']|[^\u0020-\ud7ff\ue000-\ufffd]/g, '')
}

interface Node {
  prefix: number
  name: string
  declared: readonly (readonly [number, number])[]
  attributes: readonly (readonly [number, string, string])[]
  children: readonly (Node | string)[]
}

const node = fc.letrec<{ node: Node }>((tie) => ({
  node: fc.record({
    prefix: fc.integer({ min: -1, max: 2 }),
    name: fc.constantFrom('a', 'b', 'target'),
    // The default namespace is number -1, and may be taken back.
    declared: fc.uniqueArray(
      fc.tuple(fc.integer({ min: -1, max: 2 }), fc.integer({ min: -1, max: 2 })),
      {
        selector: ([prefix]) => prefix,
        maxLength: 3,
      },
    ),
    attributes: fc.uniqueArray(
      fc.tuple(fc.integer({ min: -1, max: 2 }), fc.constantFrom('x', 'y', 'z'), written),
      { selector: ([prefix, name]) => `${prefix} ${name}`, maxLength: 4 },
    ),
    children: fc.array(fc.oneof({ depthSize: 'small' }, piece, tie('node')), { maxLength: 4 }),
  }),
})).node

function write(one: Node, isRoot = true): string {
  const declared = new Map<number, string>(
    isRoot ? PREFIXES.map((_, at) => [at, NAMESPACES[at] ?? '']) : [],
  )
  for (const [prefix, namespace] of one.declared) {
    if (prefix >= 0 && namespace < 0) continue
    declared.set(prefix, NAMESPACES[namespace] ?? '')
  }
  const qualified = (prefix: number, name: string) =>
    prefix < 0 ? name : `${PREFIXES[prefix]}:${name}`
  const namespaces = [...declared].map(([prefix, namespace]) =>
    prefix < 0 ? ` xmlns="${namespace}"` : ` xmlns:${PREFIXES[prefix]}="${namespace}"`,
  )
  // Of one name each, so that no two prefixes make one attribute twice.
  const seen = new Set<string>()
  const attributes = one.attributes.flatMap(([prefix, name, value]) => {
    if (seen.has(name)) return []
    seen.add(name)
    return [` ${qualified(prefix, name)}="${value}"`]
  })
  const inside = one.children.map((child) =>
    typeof child === 'string' ? child : write(child, false),
  )
  const name = qualified(one.prefix, one.name)
  return `<${name}${[...attributes, ...namespaces].join('')}>${inside.join('')}</${name}>`
}

describe('generated documents', () => {
  const process = (text: string, algorithm: CanonicalMethod['algorithm']) => {
    const { documentElement } = new DOMParser().parseFromString(text, 'text/xml')
    const method =
      algorithm === INCLUSIVE ? new C14nCanonicalization() : new ExclusiveCanonicalization()
    return method.process(documentElement as never, {} as never).toString()
  }

  it.each([INCLUSIVE, EXCLUSIVE] as const)(
    'TR-21 are the same as another library makes them: %s',
    async (algorithm) => {
      await fc.assert(
        fc.asyncProperty(node, async (made) => {
          const text = write(made)
          expect(await canonical(text, algorithm)).toBe(process(text, algorithm))
        }),
        { seed: 20_261_122, numRuns: 300, interruptAfterTimeLimit: 3_000 },
      )
    },
  )

  it('TR-21 are the same in pieces of any size, and when written again', async () => {
    await fc.assert(
      fc.asyncProperty(node, fc.nat({ max: 300_000 }), async (made, length) => {
        const text = write(made)
        const expected = await canonical(text, EXCLUSIVE)
        // Whatever stands before it moves where the window ends.
        expect(
          await canonical(`<!--${'é'.repeat(Math.min(length, 100_000))}-->${text}`, EXCLUSIVE),
        ).toBe(expected)
        expect(await canonical(expected, EXCLUSIVE)).toBe(expected)
      }),
      { seed: 20_261_122, numRuns: 60, interruptAfterTimeLimit: 3_000 },
    )
  })
})
