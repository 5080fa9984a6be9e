/** A small population on each run of the tests; `npm run population` has the ten thousand. */
import { expect, test } from 'vitest'
import { createPeople, createVisits, type Trait } from '../../population/people.ts'
import { reportLines, summaryOf } from '../../population/report.ts'
import { runPopulation } from '../../population/run.ts'
import { createTestDatabase } from '../support/postgres.ts'

const SEED = 7

test('a population is the same for the same seed, and another for another', () => {
  const look = (seed: number) => JSON.stringify(createVisits(createPeople(200, seed), seed))
  expect(look(SEED)).toBe(look(SEED))
  expect(look(SEED)).not.toBe(look(SEED + 1))
})

test('ten thousand people hold every case, in numbers worth the name', () => {
  const people = createPeople(10_000, 1)
  expect(people).toHaveLength(10_000)
  const withTrait = (trait: Trait) => people.filter(({ traits }) => traits.includes(trait)).length
  const traits: [Trait, number][] = [
    ['twin', 200],
    ['same name and birthday', 50],
    ['transliterated', 500],
    ['changed name', 200],
    ['claims missing', 500],
    ['several wallets', 1_500],
    ['several accounts', 800],
    ['one-time keys', 1_000],
  ]
  for (const [trait, fewest] of traits) expect(withTrait(trait), trait).toBeGreaterThan(fewest)
  const birthdays = new Map<string, number>()
  for (const { wallets } of people) {
    const { birthdate } = wallets[0].claims
    if (birthdate !== undefined) birthdays.set(birthdate, (birthdays.get(birthdate) ?? 0) + 1)
  }
  expect([...birthdays.values()].filter((sharers) => sharers > 1).length).toBeGreaterThan(1_000)
  const ids = people.flatMap(({ wallets }) => wallets.map(({ id }) => id))
  expect(new Set(ids).size).toBe(ids.length)
})

test('issue 3 nobody of three hundred is linked to somebody else, under any of the policies', {
  timeout: 240_000,
}, async () => {
  const database = await createTestDatabase()
  try {
    const results = await runPopulation({
      ...{ runtimeUrl: database.runtimeUrl, people: 300, seed: SEED, mixUps: true, atOnce: 6 },
      sets: ['default', 'subject-and-tuple'],
    })
    const summary = summaryOf(results)
    expect(summary).toMatchObject({ wrong_links: 0, people: 300 })
    const [plain, rich] = results
    for (const result of results) {
      const { tally } = result
      expect(tally.visits).toBeGreaterThan(600)
      // All but those whom a namesake, or a name that the two registers spell apart, keeps out.
      expect(tally.persons).toBeGreaterThan(250)
      expect(tally.mixUps).toBeGreaterThan(0)
      expect(tally.mixUpsRefused).toBe(tally.mixUps)
      // Everybody who was missed is told with a cause.
      const told = [...tally.missed.values()].reduce((sum, count) => sum + count, 0)
      expect(told).toBe(tally.missedLinks)
      expect(tally.missedLinks / tally.returning).toBeLessThan(0.15)
    }
    // Whoever is known by more than a key is asked less.
    expect(rich?.tally.askedAgain).toBeLessThan(plain?.tally.askedAgain ?? 0)
    expect(reportLines(results)[0]).toContain('wrong links')
  } finally {
    await database.drop()
  }
})
