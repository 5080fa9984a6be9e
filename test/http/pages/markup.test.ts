import { expect, test } from 'vitest'
import {
  markup,
  ownPath,
  pageLink,
  returnLink,
  trusted,
  walletLink,
} from '../../../src/http/pages/markup.ts'

test('OP-24 text is escaped for elements and attributes, markup is not escaped twice', () => {
  const evil = `<script>"'&</script>`
  const escaped = '&lt;script&gt;&quot;&#39;&amp;&lt;/script&gt;'
  expect(String(markup`<p title="${evil}">${evil}</p>`)).toBe(
    `<p title="${escaped}">${escaped}</p>`,
  )
  expect(String(markup`${[markup`<b>${'&'}</b>`, [trusted('<i>'), 3, false, undefined]]}`)).toBe(
    '<b>&amp;</b><i>3',
  )
})

const REFUSED_EVERYWHERE = [
  'javascript:alert(1)',
  'JavaScript:alert(1)',
  ' javascript:alert(1)',
  'java\tscript:alert(1)',
  'javascript://%0aalert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'blob:https://login.example.edu/1',
  'file:///etc/passwd',
  'view-source:https://login.example.edu/',
  'https://user:pass@login.example.edu/',
  'http://login.example.edu/',
  'https://login.example.edu/a b',
  '//evil.example/',
  '/\\evil.example/',
  '/\t/evil.example/',
  '/a\\b',
  '',
  'again',
]

test.each(REFUSED_EVERYWHERE)('OP-24 the link %j is refused', (link) => {
  expect(pageLink(link)).toBeUndefined()
  expect(walletLink(link)).toBeUndefined()
  expect(() => ownPath('statusUrl', link)).toThrow(
    new TypeError('statusUrl is not a path on this origin'),
  )
})

test.each([
  'https://a.example/b?c=d#e',
  '/',
  '/t/x?y=%2F',
  'http://localhost:8080/x',
  'http://127.0.0.1/',
])('a page may lead to %s', (link) => {
  expect(pageLink(link)).toBe(link)
})

test('RFC 8252 a page leads back to an app by its own scheme, and by no other', () => {
  for (const link of ['org.example.app:/callback?error=x', 'https://a.example/', '/t/x'])
    expect(returnLink(link)).toBe(link)
  for (const link of [
    'javascript:alert(1)',
    'app:/x',
    'org.example.app://u@x/',
    'data:text/html,x',
  ])
    expect(returnLink(link)).toBeUndefined()
})

test.each([
  'openid4vp://?request_uri=https%3A%2F%2Fa.example',
  'haip-vp://x',
  'eudi-openid4vp://x',
  'mdoc-openid4vp://x',
  'org.example.wallet:/present',
  'https://wallet.example/present',
  'http://localhost:9000/present',
])('VP-136 a wallet may be opened by %s', (link) => {
  expect(walletLink(link)).toBe(link)
})

test.each(['openid4vp://x', 'org.example.wallet:/x', 'mailto:a@b.example'])(
  'an ordinary link does not open a wallet: %s',
  (link) => {
    expect(pageLink(link)).toBeUndefined()
  },
)
