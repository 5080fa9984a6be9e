/** The demo's voice: numbered steps with the time each took, what moved, and the checks that decide the exit code. */
import { performance } from 'node:perf_hooks'

export interface Narration {
  chapter(title: string): void
  /** Does something, says what and how long it took, then the lines that `moved` finds. */
  step<Result>(
    title: string,
    act: () => Promise<Result>,
    moved?: (result: Result) => Promise<readonly string[]> | readonly string[],
  ): Promise<Result>
  /** A sentence that must hold. */
  check(sentence: string, holds: boolean): void
  note(text: string): void
  /** Milliseconds of all steps so far. */
  spent(): number
  /** Says the sum of it all; true only if every check held and there was one. */
  close(): boolean
}

const WIDTH = 76

/**
 * Writes to `write`, a line at a time; with `colour` for a terminal. Once a stop is requested the next step throws.
 */
export function createNarration(
  write: (line: string) => void,
  colour: boolean,
  stopRequested: () => boolean,
): Narration {
  const paint = (code: number, text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text)
  const begun = performance.now()
  const failed: string[] = []
  let steps = 0
  let spent = 0
  let checks = 0
  return {
    chapter: (title) => write(`\n${paint(1, title)}`),
    spent: () => spent,
    note: (text) => write(`      ${paint(2, text)}`),
    async step(title, act, moved = () => []) {
      if (stopRequested()) throw new Error('Stopped.')
      const start = performance.now()
      const result = await act()
      const ms = performance.now() - start
      spent += ms
      const took = `${Math.round(ms)} ms`
      steps += 1
      const head = `${String(steps).padStart(3)}. ${title}`
      write(`${head.padEnd(WIDTH)} ${paint(2, took.padStart(8))}`)
      for (const line of await moved(result)) write(`      ${paint(2, line)}`)
      return result
    },
    check(sentence, holds) {
      checks += 1
      if (!holds) failed.push(sentence)
      write(`      ${holds ? paint(32, 'ok   ') : paint(31, 'FALSE')} ${sentence}`)
    },
    close() {
      const seconds = ((performance.now() - begun) / 1000).toFixed(1)
      write('')
      for (const sentence of failed) write(paint(31, `Did not hold: ${sentence}`))
      const held = failed.length === 0 && checks > 0
      const verdict = held
        ? `All ${checks} checks held`
        : `${failed.length} of ${checks} checks failed`
      write(paint(held ? 32 : 31, `${verdict}; ${steps} steps in ${seconds} s.`))
      return held
    },
  }
}
