/** GD-07 row 44, each interleaving once; `npm run test:long` has two hundred. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Answer } from '../http/admin/client.ts'
import { newPerson, rowsOf } from '../people/people.ts'
import { erase, interleave, ORDERS, STEPS, startInterleavings } from './interleavings.ts'

let worlds: Awaited<ReturnType<typeof startInterleavings>>
let turn = 0
beforeAll(async () => {
  worlds = await startInterleavings()
})
afterEach(() => vi.unstubAllGlobals())
afterAll(() => worlds.stop())

describe.each(Object.entries(STEPS))('GD-07 row 44 %s', (_name, prepare) => {
  test.each(ORDERS)('while %s: nobody comes back', async (order) => {
    await interleave(await worlds.in(`interleaved-${++turn}`), prepare, order)
  })
})

test('row 44 ten logins and three erasures at once, of one person: no trace of the old one', async () => {
  const world = await worlds.in('crowd')
  const { bridge, tenant } = world
  const person = await newPerson(bridge, tenant, 'sanne')
  const steps = await Promise.all(
    Array.from({ length: 10 }, async (_, index) => {
      const names = Object.keys(STEPS)
      return await STEPS[names[index % names.length] ?? '']?.(world, person)
    }),
  )
  const ended = await Promise.all([
    ...steps.slice(0, 5).map((step) => step?.().catch((error: unknown) => error)),
    ...Array.from({ length: 3 }, () => erase(world, person)),
    ...steps.slice(5).map((step) => step?.().catch((error: unknown) => error)),
  ])
  const erasures = ended.slice(5, 8) as Answer[]
  expect(erasures.map(({ status }) => status)).toEqual([200, 200, 200])
  const [row] = await rowsOf(bridge, tenant, 'identity', `id = '${person.id}'`)
  expect(row).toMatchObject({ status: 'ERASED' })
  for (const table of ['login_grant', 'pairwise_subject'])
    expect(await rowsOf(bridge, tenant, table, `identity_id = '${person.id}'`)).toEqual([])
  expect(
    await rowsOf(bridge, tenant, 'identity_match', `internal_identity_id = '${person.id}'`),
  ).toEqual([])
})
