import { expect, test } from 'vitest'
import { renderOnwardPage } from '../../../src/http/pages/onward-page.ts'
import { loginView, NONCE, tags, words } from './samples.ts'

const view = {
  language: 'en' as const,
  nonce: NONCE,
  tenant: loginView().tenant,
  url: 'https://login.institution.example/authorize?a=1&b=%22',
}

test('the page leads on at once, without script, and by a link where that is switched off', () => {
  const page = renderOnwardPage(view)
  expect(tags(page, 'meta').find((meta) => meta['http-equiv'] === 'refresh')?.content).toBe(
    `0;url=${view.url}`,
  )
  expect(page).not.toMatch(/<noscript>|<script/)
  expect(tags(page, 'a').find(({ class: name }) => name === 'button')?.href).toBe(view.url)
  expect(words(page)).toContain('One moment We are taking you further. Continue')
})

test('the page speaks Dutch', () => {
  const page = renderOnwardPage({ ...view, language: 'nl' })
  expect(words(page)).toContain('Een ogenblik We brengen je verder. Ga verder')
})

test.each([
  'javascript:alert(1)',
  'data:text/html,x',
  'http://elsewhere.example/',
  'https://a@b.example/',
])('OP-24 no page leads on to %s', (url) => {
  expect(() => renderOnwardPage({ ...view, url })).toThrow(TypeError)
})

test('OP-24 a link cannot leave its attribute', () => {
  const page = renderOnwardPage({
    ...view,
    url: 'https://a.example/?x="><script>alert(1)</script>',
  })
  expect(page).not.toContain('<script')
})
