import { expect, test } from 'vitest'
import { renderAccountPage } from '../../../src/http/pages/account-page.ts'
import { accountView, tags, words } from './samples.ts'

const draw = (change: Parameters<typeof accountView>[0] = {}) =>
  renderAccountPage(accountView(change))

test('each account is a radio button with a label and a description; the form sends a position', () => {
  const page = draw()
  const radios = tags(page, 'input').filter(({ type }) => type === 'radio')
  expect(radios.map(({ name, value }) => [name, value])).toEqual([
    ['account', '0'],
    ['account', '1'],
  ])
  for (const { id, 'aria-describedby': about } of radios) {
    expect(tags(page, 'label').some((label) => label.for === id)).toBe(true)
    expect(page).toContain(`id="${about}"`)
  }
  expect(words(page)).toContain('Role: student@example.edu Last used on 3 November 2026')
  expect(tags(page, 'form').map(({ method, action }) => [method, action])).toEqual([
    ['post', '/t/example/login/1/account'],
    ['post', '/t/example/cancel/1'],
  ])
  expect(page).not.toContain('<script')
})

test.each([
  [undefined, '0', false],
  [1, '1', true],
])('remembered %s: that one is chosen, and the tick says so', (remembered, position, ticked) => {
  const inputs = draw({ remembered }).match(/<input [^>]*>/g) ?? []
  const chosen = inputs.filter((input) => input.includes(' checked') && input.includes('radio'))
  expect(chosen).toHaveLength(1)
  expect(chosen[0]).toContain(`value="${position}"`)
  expect(inputs.some((input) => input.includes('checkbox') && input.includes(' checked'))).toBe(
    ticked,
  )
})

test('the page speaks Dutch', () => {
  expect(words(draw({ language: 'nl' }))).toContain('Laatst gebruikt op 3 november 2026')
})

test('OP-24 what an institution calls things cannot leave its place, and no form leaves this origin', () => {
  const nasty = '"><script>alert(1)</script>'
  const accounts = [
    {
      title: nasty,
      details: [nasty],
      lastUsedAt: accountView().accounts[0]?.lastUsedAt ?? ('' as never),
    },
  ]
  expect(draw({ accounts, relyingPartyName: nasty })).not.toContain('<script')
  expect(() => draw({ chooseUrl: 'https://elsewhere.example/' })).toThrow(TypeError)
})
