import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type Bridge, startBridge } from '../support/bridge.ts'

let bridge: Bridge

beforeAll(async () => {
  bridge = await startBridge()
})
afterAll(() => bridge.stop())

test('issue 10 the description is served under its own address, for programs of any origin', async () => {
  const answer = await fetch(`${bridge.url}/openapi.yaml`)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/yaml'])
  expect(answer.headers.get('access-control-allow-origin')).toBe('*')
  const document = parse(await answer.text()) as { servers: object[]; paths: object }
  expect(document.servers).toEqual([{ url: bridge.url }])
  expect(Object.keys(document.paths)).toContain('/openapi.yaml')
})

test('issue 10 and as a page with every operation on it, under the strict policy of pages', async () => {
  const answer = await fetch(`${bridge.url}/reference`, { headers: { 'accept-language': 'nl' } })
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    200,
    'text/html; charset=utf-8',
  ])
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
  const page = await answer.text()
  expect(page).toContain('<html lang="nl"')
  const { paths } = parse(await (await fetch(`${bridge.url}/openapi.yaml`)).text()) as {
    paths: { [path: string]: { [method: string]: { summary: string } } }
  }
  const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll("'", '&#39;')
  for (const item of Object.values(paths)) {
    for (const { summary } of Object.values(item)) expect(page).toContain(escaped(summary))
  }
})
