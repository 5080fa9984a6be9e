/**
 * Issue 6, item 9: the worst input of each parser takes less than 50 MiB beyond what the idle process has. Looked at from
 * outside: what the kernel says that a process of its own had at most, whatever took it.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { WORST_INPUTS } from './worst-inputs.ts'

const MOST = 50

interface Taken {
  name: string
  word: string
  /** MiB. */
  grown: number
}

let folder: string
const taken = new Map<string, Taken>()

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bridge-worst-'))
  for (const [number, { write }] of WORST_INPUTS.entries()) {
    const { octets, known } = write()
    writeFileSync(join(folder, `${number}.bin`), octets)
    writeFileSync(join(folder, `${number}.json`), JSON.stringify(known))
  }
  const child = new URL('worst-inputs-child.ts', import.meta.url).pathname
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', child, folder])
  for (const line of stdout.trim().split('\n')) {
    const one = JSON.parse(line) as Taken
    taken.set(one.name, one)
  }
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true }))

it.each(WORST_INPUTS.map(({ name, expected }) => [name, expected] as const))(
  'row 17 row 18 %s: %s, within 50 MiB',
  (name, expected) => {
    expect(taken.get(name)?.word).toBe(expected)
    expect(taken.get(name)?.grown).toBeLessThan(MOST)
  },
)
