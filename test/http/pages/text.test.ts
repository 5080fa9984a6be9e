import { expect, test } from 'vitest'
import { chooseLanguage, DICTIONARIES } from '../../../src/http/pages/text.ts'

test.each([
  [undefined, undefined, 'en'],
  ['nl', 'en', 'nl'],
  ['en', 'nl', 'en'],
  ['fr nl-BE en', undefined, 'nl'],
  ['fr', 'nl;q=0.3, en;q=0.2', 'nl'],
  ['', 'nl', 'nl'],
  [undefined, 'fr, nl;q=0.5, en;q=0.4', 'nl'],
  [undefined, 'en;q=0.8,nl', 'nl'],
  [undefined, 'nl-NL', 'nl'],
  [undefined, 'NL', 'nl'],
  [undefined, 'nl;q=0, en;q=0.1', 'en'],
  [undefined, 'nl;q=0', 'en'],
  [undefined, 'nl;q=2, en;q=0.1', 'en'],
  [undefined, 'nl;q=0.1;x=1', 'en'],
  [undefined, '*, nl;q=0.5', 'en'],
  [undefined, 'nlx, de', 'en'],
  [undefined, ';;;,,,q=', 'en'],
  [undefined, `${'fr,'.repeat(5_000)}nl`, 'en'],
])('OP-24 ui_locales %j and Accept-Language %j give %s', (uiLocales, acceptLanguage, language) => {
  expect(chooseLanguage(uiLocales, acceptLanguage)).toBe(language)
})

test('the languages have the same texts, none is empty, and none was left untranslated', () => {
  const [english, dutch] = [flatten(DICTIONARIES.en), flatten(DICTIONARIES.nl)]
  expect([...dutch.keys()]).toEqual([...english.keys()])
  const same = [...english].filter(([name, text]) => text === dutch.get(name)).map(([name]) => name)
  expect(same).toEqual(['api.parameters'])
  for (const text of [...english.values(), ...dutch.values()]) expect(text.trim()).not.toBe('')
})

function flatten(dictionary: object, path = ''): Map<string, string> {
  const texts = Object.entries(dictionary).flatMap(([name, value]: [string, unknown]) => {
    const full = path === '' ? name : `${path}.${name}`
    if (typeof value === 'function') return [[full, String(value(7))] as const]
    if (typeof value === 'object' && value !== null) return [...flatten(value, full)]
    return [[full, String(value)] as const]
  })
  return new Map(texts)
}
