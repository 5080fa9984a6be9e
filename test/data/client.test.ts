import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, expectTypeOf, test } from 'vitest'
import type { Operations, Schemas } from '../../client/identity-bridge.ts'
import { clientTypes } from '../../scripts/client-types.ts'
import { type Bridge, startBridge } from '../support/bridge.ts'
import { type Caller, newCaller, newPerson } from './world.ts'

let bridge: Bridge
let caller: Caller
beforeAll(async () => {
  bridge = await startBridge()
  caller = await newCaller(bridge)
})
afterAll(() => bridge.stop())

test('issue 4.10 client/identity-bridge.ts is what openapi.yaml says: npm run openapi writes it', () => {
  const file = readFileSync(new URL('../../client/identity-bridge.ts', import.meta.url), 'utf8')
  expect(file).toBe(clientTypes())
})

/** As a program would write it: the body and the answer have the types of the operation. */
async function send<Id extends 'putAuxiliary' | 'enrichToken' | 'lookUpPerson'>(
  method: Operations[Id]['method'],
  path: string,
  body: Operations[Id]['body'],
): Promise<Operations[Id]['answers'][200]> {
  const { text } = await caller.ask(method, path, { body })
  return JSON.parse(text) as Operations[Id]['answers'][200]
}

test('issue 4.10 a program written with the types speaks to the service', async () => {
  const { id, subject } = await newPerson(bridge)
  const path = `/identities/${id}/auxiliary/enrolment`
  const written = await send<'putAuxiliary'>('PUT', path, { fields: { year: 1 } })
  expectTypeOf(written.expires_at).toEqualTypeOf<string | null>()
  expect(written.category).toBe('enrolment')
  const enriched = await send<'enrichToken'>('POST', '/enrichment', { subject })
  expect(enriched.claims.enrolment).toEqual({ year: 1 })
  const asked = { identifier_type: 'KEY', identifier: 'A'.repeat(43) } as const
  const found = await send<'lookUpPerson'>('POST', '/lookup', asked)
  expectTypeOf(found.person).toEqualTypeOf<Schemas['DataPerson'] | null>()
  expect(found).toEqual({ found: false, strength: null, person: null })
})
