import { expect, test } from 'vitest'
import { renderLogoutPage } from '../../../src/http/pages/logout-page.ts'
import { logoutView, tags, words } from './samples.ts'

const draw = (change: Parameters<typeof logoutView>[0] = {}) => renderLogoutPage(logoutView(change))

test('OP-82 the page says who asks and what follows, and its form brings the request back', () => {
  const page = draw()
  expect(words(page)).toContain('This website asks to log you out: University Library')
  expect(tags(page, 'form').map(({ method, action }) => [method, action])).toEqual([
    ['post', '/t/example/end_session/confirmation'],
  ])
  expect(tags(page, 'input').map(({ name, value }) => [name, value])).toEqual([
    ['state', 'a state'],
  ])
  expect(page).not.toContain('<script')
  expect(words(draw({ language: 'nl', asking: undefined }))).not.toContain('Deze website')
})

test('OP-24 nothing of the request leaves its place, and the form stays on this origin', () => {
  const nasty = '"><script>alert(1)</script>'
  expect(draw({ asking: nasty, fields: [['state', nasty]] })).not.toContain('<script')
  expect(() => draw({ confirmUrl: 'https://elsewhere.example/' })).toThrow(TypeError)
})
