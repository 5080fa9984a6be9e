import { expect, test } from 'vitest'
import type { JsonObject } from '../../../src/domain/text.ts'
import { renderReferencePage } from '../../../src/http/pages/reference-page.ts'
import { exampleOf } from '../../../src/http/pages/schema-example.ts'
import { NONCE, OPENAPI, tags, words } from './samples.ts'

const page = renderReferencePage(OPENAPI, { language: 'en', nonce: NONCE })

test('the reference names every operation under its tag, with its parameters', () => {
  const said = words(page)
  expect(said).toContain('Tokens What a relying party redeems. POST /t/{slug}/token')
  expect(said).toContain('slug path, required The tenant.')
  expect(said).toContain('GET /health')
  expect(tags(page, 'a').map(({ href }) => href)).toEqual(['#post-t-slug-token', '#get-health'])
  expect(tags(page, 'article').map(({ id }) => id)).toEqual(['post-t-slug-token', 'get-health'])
})

test('the reference shows requests and answers by example, references resolved', () => {
  const said = words(page)
  expect(said).toContain('application/x-www-form-urlencoded grant_type=authorization_code&code=…')
  expect(said).toContain('"access_token": "at_example", "expires_in": 600, "scope": "openid"')
})

test('the reference tells the errors of each operation, and their shape once', () => {
  const said = words(page)
  expect(said).toContain('400 The code is unknown or was used.')
  expect(said.split('"error": "invalid_grant"')).toHaveLength(2)
})

test('OP-24 the reference has no script, and a document can put none in', () => {
  const evil = '</pre><script>alert(1)</script>'
  const document: JsonObject = {
    info: { title: evil, version: evil, description: `${evil}\`${evil}\`` },
    paths: {
      [`/${evil}`]: {
        get: {
          tags: [evil],
          summary: evil,
          responses: {
            200: { description: evil, content: { [evil]: { example: { [evil]: evil } } } },
            500: { description: evil, content: { [evil]: { example: evil } } },
          },
        },
      },
    },
  }
  expect(page).not.toContain('<script')
  expect(renderReferencePage(document, { language: 'nl', nonce: NONCE })).not.toContain('<script')
})

test('WCAG 2.2 3.1.2 on a Dutch page the document’s English is marked as such', () => {
  const dutch = renderReferencePage(OPENAPI, { language: 'nl', nonce: NONCE })
  expect(dutch).toContain('<html lang="nl"')
  expect(dutch).toContain('<h1 lang="en">Identity bridge</h1>')
  expect(words(dutch)).toContain('Antwoorden')
})

test.each([
  ['an example given', { type: 'string', example: 'a' }, 'a'],
  ['the first of examples', { type: 'string', examples: ['b', 'c'] }, 'b'],
  ['a default', { type: 'integer', default: 5 }, 5],
  ['a list', { type: 'array', items: { type: 'boolean' } }, [true]],
  ['a nullable type', { type: ['null', 'string'], format: 'date' }, '2026-01-31'],
  ['a reference to nowhere', { $ref: '#/components/schemas/Absent' }, null],
  ['a reference to elsewhere', { $ref: 'https://evil.example/schema' }, null],
  ['a reference to itself', { $ref: '#/loop' }, null],
  ['an inherited member', { $ref: '#/constructor' }, null],
] as const)('the example for %s', (_, schema, example) => {
  expect(exampleOf({ loop: { $ref: '#/loop' } }, schema)).toEqual(example)
})

test('a schema that contains itself ends', () => {
  const node = { type: 'object', properties: { next: { $ref: '#/node' } } }
  expect(JSON.stringify(exampleOf({ node }, node)).length).toBeLessThan(200)
})
