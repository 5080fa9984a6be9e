/** How a walk reads ahead: one page further than what is worked out, and nothing behind anybody's back. */
import { expect, test } from 'vitest'
import { batchesOf, type Leg, legOf } from '../../src/job/migration-walk.ts'

const PAGE = 2
const moved = (n: number) => ({ moved: n, failed: 0, purged: 0, locked: 0 })

/** A leg over rows 'a' to 'e', and everything it did. */
function legOfLetters(did: string[], failAt?: string): Leg {
  const rows = ['a', 'b', 'c', 'd', 'e']
  return legOf<string>('letters', {
    idOf: (row) => row,
    async read(after) {
      did.push(`read behind ${after}`)
      await Promise.resolve()
      if (after === failAt) throw new Error('the database is gone')
      return rows.filter((row) => row > after).slice(0, PAGE)
    },
    async work(page) {
      did.push(`work ${page.join('')}`)
      await Promise.resolve()
      return () => Promise.resolve(moved(page.length))
    },
  })
}

test('each page is read while the one before is worked out, and read once', async () => {
  const did: string[] = []
  const take = batchesOf(legOfLetters(did), '')
  expect((await take())?.last).toBe('b')
  expect(did).toEqual(['read behind ', 'read behind b', 'work ab'])
  expect((await take())?.last).toBe('d')
  expect((await take())?.last).toBe('e')
  expect(await take()).toBeUndefined()
  expect(did.slice(3)).toEqual([...['read behind d', 'work cd'], ...['read behind e', 'work e']])
})

test('a page that cannot be read fails the batch before it, and not the process', async () => {
  const take = batchesOf(legOfLetters([], 'b'), '')
  await expect(take()).rejects.toThrow('the database is gone')
})
