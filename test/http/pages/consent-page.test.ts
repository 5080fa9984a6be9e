import { describe, expect, test } from 'vitest'
import { type ConsentPageView, renderConsentPage } from '../../../src/http/pages/consent-page.ts'
import { DICTIONARIES } from '../../../src/http/pages/text.ts'
import { consentView, words } from './samples.ts'

const draw = (change: Partial<ConsentPageView> = {}) => renderConsentPage(consentView(change))

describe('the page that asks for a yes', () => {
  test.each(['en', 'nl'] as const)('WCAG 2.2 one form, two answers, no script (%s)', (language) => {
    const page = draw({ language })
    const { agree, refuse, asks } = DICTIONARIES[language].consent
    expect(page).toContain(`<html lang="${language}"`)
    expect(page.match(/<form /g)).toHaveLength(1)
    expect(page).not.toContain('<script')
    for (const [word, value] of [
      [agree, 'yes'],
      [refuse, 'no'],
    ])
      expect(page).toMatch(
        new RegExp(
          `<button class="button[^"]*" type="submit" name="answer" value="${value}">${word}`,
        ),
      )
    expect(words(page)).toContain(asks)
  })

  test('names from outside stand as text, apart from their surroundings', () => {
    const page = draw({
      ...{ relyingPartyName: '<b>Library', purpose: '<i>books', claims: ['<u>name'] },
    })
    for (const name of ['<bdi>&lt;b&gt;Library', '<bdi>&lt;i&gt;books', '<bdi>&lt;u&gt;name'])
      expect(page).toContain(name)
  })

  test('where nothing is remembered it says so, and leads to nothing that could be taken back', () => {
    const page = words(draw({ remembered: false, lasting: false, purpose: undefined }))
    const { once, remembered, takeBack, lasting, purpose } = DICTIONARIES.en.consent
    expect(page).toContain(once)
    for (const word of [remembered, takeBack, lasting, purpose]) expect(page).not.toContain(word)
  })

  test('a form that leaves this origin is not drawn', () => {
    expect(() => draw({ answerUrl: 'https://elsewhere.example/' })).toThrow(TypeError)
    expect(() => draw({ ownDataUrl: '//elsewhere.example/' })).toThrow(TypeError)
  })
})
