import { expect, test } from 'vitest'
import { type EndPageKind, renderEndPage } from '../../../src/http/pages/end-page.ts'
import { NO_TENANT } from '../../../src/http/pages/layout.ts'
import { DICTIONARIES, type Language } from '../../../src/http/pages/text.ts'
import { endView, tags, words } from './samples.ts'

const LANGUAGES: readonly Language[] = ['en', 'nl']
const KINDS = Object.keys(DICTIONARIES.en.end) as EndPageKind[]

test.each(LANGUAGES.flatMap((language) => KINDS.map((kind) => [language, kind] as const)))(
  'the end page says in %s how it went: %s',
  (language, kind) => {
    const page = renderEndPage(endView({ language, kind }))
    const { title, text } = DICTIONARIES[language].end[kind]
    expect(words(page)).toContain(`${title} ${text}`)
    expect(page).toContain(`<div role="${kind === 'done' ? 'status' : 'alert'}">`)
    expect(tags(page, 'html')[0]?.lang).toBe(language)
    expect(page).toContain('2f1c9a60-7d0e-4c0b-9a55-3f1d2c4b5a69')
  },
)

test.each(LANGUAGES)(
  'VP-084 in %s nobody is told whether the credential or the consent was missing',
  (language) => {
    const said = words(renderEndPage(endView({ language, kind: 'refused' })))
    expect(said).not.toMatch(
      /refus|declin|cancel|denied|reject|do not have|don't have|no credential|not found|missing/i,
    )
    expect(said).not.toMatch(
      /geweigerd|weiger|afgewezen|geannuleerd|niet hebt|ontbreekt|niet gevonden/i,
    )
  },
)

test('links, reference and detail are drawn only where they are given', () => {
  const bare = renderEndPage({
    language: 'en',
    nonce: endView().nonce,
    tenant: NO_TENANT,
    kind: 'not_found',
  })
  expect(tags(bare, 'a')).toEqual([])
  expect(words(bare)).not.toContain('reference')
  const hrefs = tags(renderEndPage(endView()), 'a').map(({ href }) => href)
  expect(hrefs).toEqual([
    '/t/example/again/1',
    'https://library.example.edu/',
    'https://www.example.edu/privacy',
  ])
})

test('OP-24 error text, reference and names are escaped, and bad links are left out without an error', () => {
  const evil = '<script>alert(1)</script>'
  const page = renderEndPage(
    endView({
      tenant: { name: evil, colour: evil, noticeUrl: 'javascript:alert(1)' },
      detail: evil,
      reference: evil,
      tryAgainUrl: 'javascript:alert(1)',
      backUrl: 'data:text/html,x',
    }),
  )
  expect(page).not.toMatch(/<script|javascript:|data:/)
  expect(page.split('&lt;script&gt;alert(1)&lt;/script&gt;')).toHaveLength(5)
})

test('OP-24 an end page has no script', () => {
  expect(tags(renderEndPage(endView()), 'script')).toEqual([])
})
