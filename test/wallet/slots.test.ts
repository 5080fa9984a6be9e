import { expect, test } from 'vitest'
import { createAnswerShelf, recallAnswer } from '../../src/wallet/kept-answers.ts'
import { createSlots, inSlot } from '../../src/wallet/slots.ts'
import { NOW } from './world.ts'

const refuse = () => {
  throw new RangeError('no slot')
}
const never = new Promise<never>(() => undefined)

test('TS-11 nobody waits for ever, nor without number', async () => {
  const slots = createSlots(1, 1)
  void inSlot(slots, 1, () => never, refuse)
  const second = inSlot(slots, 20, async () => 'second', refuse)
  const third = inSlot(slots, 60_000, async () => 'third', refuse)
  await expect(third).rejects.toThrow('no slot')
  await expect(second).rejects.toThrow('no slot')
  expect(slots).toMatchObject({ free: 0, waiting: new Set() })
})

test('TS-11 a slot goes on to who waits, also where the work before failed, and is free in the end', async () => {
  const slots = createSlots(1)
  const order: number[] = []
  const ends = await Promise.allSettled(
    [1, 2, 3].map((number) =>
      inSlot(
        slots,
        60_000,
        async () => {
          order.push(number)
          if (number === 1) throw new TypeError('failed')
        },
        refuse,
      ),
    ),
  )
  expect([order, ends.map(({ status }) => status), slots.free]).toEqual([
    [1, 2, 3],
    ['rejected', 'fulfilled', 'fulfilled'],
    1,
  ])
})

test('row 11 of twelve answers of authorities at once none is refused, and eight are asked for together', async () => {
  const shelf = createAnswerShelf<number>()
  let underWay = 0
  let most = 0
  const numbers = Array.from({ length: 12 }, (_, index) => index)
  const answers = await Promise.all(
    numbers.map((value) =>
      recallAnswer(shelf, `${value}`, NOW, async () => {
        most = Math.max(most, ++underWay)
        await new Promise((settled) => setImmediate(settled))
        underWay--
        return { value, freshUntil: NOW + 1_000, octets: 1 }
      }),
    ),
  )
  expect([answers, most]).toEqual([numbers, 8])
})
