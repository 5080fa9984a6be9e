/** Fifty first logins at once, at two processes that are a step of a rotation apart (CR-41 to CR-44). */
import { expect, test } from 'vitest'
import { meetInTwoProcesses } from '../resilience/first-logins.ts'

test.each(['A', 'B'] as const)(
  'issue 3 item 12 fifty, while key %s rotates',
  {
    timeout: 3 * 60_000,
  },
  async (key) => {
    const { oneWallet, oneAccount } = await meetInTwoProcesses(key, 50)
    expect(oneWallet).toMatchObject({ subjects: 1, people: 1, bindings: 1, processes: 2 })
    expect(oneWallet.matches).toEqual(['KEY', 'SUBJECT_ID'])
    expect(oneAccount).toMatchObject({ subjects: 1, people: 1, bindings: 50, processes: 2 })
    expect(oneAccount.matches).toHaveLength(51)
  },
)
