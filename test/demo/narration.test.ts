import { expect, test } from 'vitest'
import { createNarration } from '../../demo/narration.ts'

function narrate(colour = false, stopRequested = () => false) {
  const lines: string[] = []
  return { lines, tell: createNarration((line) => lines.push(line), colour, stopRequested) }
}

test('DEMO-8 one check that does not hold is named at the end and spoils the whole', async () => {
  const { lines, tell } = narrate()
  await tell.step('something', async () => 1)
  tell.check('the sky is blue', true)
  tell.check('two is three', false)
  expect(tell.close()).toBe(false)
  expect(lines).toContain('Did not hold: two is three')
  expect(lines).not.toContain('Did not hold: the sky is blue')
  expect(lines.at(-1)).toMatch(/^1 of 2 checks failed; 1 steps in \d+\.\d s\.$/)
})

test('DEMO-8 a play without a single check proves nothing', () => {
  expect(narrate().tell.close()).toBe(false)
})

test('DEMO-8 with every check held it says so', () => {
  const { lines, tell } = narrate()
  tell.check('the sky is blue', true)
  expect(tell.close()).toBe(true)
  expect(lines.at(-1)).toMatch(/^All 1 checks held; 0 steps/)
})

test('DEMO-8 colours are for terminals alone', () => {
  for (const colour of [true, false]) {
    const { lines, tell } = narrate(colour)
    tell.chapter('A title')
    tell.check('the sky is blue', true)
    expect(lines.join('').includes('\u001b[')).toBe(colour)
  }
})

test('DEMO-8 a step is numbered, timed and followed by what moved', async () => {
  const { lines, tell } = narrate()
  await tell.step(
    'first',
    async () => 'seen',
    (result) => [`rows ${result}`],
  )
  expect(lines[0]).toMatch(/^ {2}1\. first +\d+ ms$/)
  expect(lines[1]).toBe('      rows seen')
})

test('DEMO-3 no step begins once a stop was asked for', async () => {
  const { tell } = narrate(false, () => true)
  let begun = false
  const act = async () => {
    begun = true
  }
  await expect(tell.step('something', act)).rejects.toThrow('Stopped.')
  expect(begun).toBe(false)
})
