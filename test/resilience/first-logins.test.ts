import { expect, test } from 'vitest'
import { meetInTwoProcesses } from './first-logins.ts'

const COUNT = 12

test('issue 3 item 12 CR-41 first logins at two processes a step of a rotation apart: one person', async () => {
  const { oneWallet, oneAccount } = await meetInTwoProcesses('A', COUNT)
  expect(oneWallet).toEqual({
    ...{ subjects: 1, people: 1, matches: ['KEY', 'SUBJECT_ID'], bindings: 1, processes: 2 },
  })
  expect(oneAccount).toEqual({
    ...{ subjects: 1, people: 1, bindings: COUNT, processes: 2 },
    matches: [...Array<string>(COUNT).fill('KEY'), 'SUBJECT_ID'],
  })
})
