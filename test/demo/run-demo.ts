/** The demo as its user starts it: a process of its own, in a temporary folder that must be empty afterwards. */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdtemp } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

export interface DemoRun {
  child: ChildProcess
  /** All it printed so far. */
  output: () => string
  /** Resolves when it has printed the text; throws when it ends before. */
  printed(text: string): Promise<void>
  /** Its exit code. */
  ended: Promise<number | null>
}

/** A folder that the database's account may pass through, also when we are root. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'demo-test-'))
  await chmod(folder, 0o711)
  return folder
}

export function runDemo(temporary: string, args: readonly string[], env = {}): DemoRun {
  const child = spawn(process.execPath, ['demo/main.ts', ...args], {
    env: { ...process.env, NODE_ENV: '', TMPDIR: temporary, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const listeners = new Set<() => void>()
  const hear = (chunk: Buffer) => {
    output += chunk.toString()
    for (const listener of listeners) listener()
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return {
    child,
    output: () => output,
    ended,
    printed: (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!output.includes(text)) return
          listeners.delete(look)
          resolve()
        }
        listeners.add(look)
        look()
        ended.then(() => reject(new Error(`it ended without saying "${text}":\n${output}`)), reject)
      }),
  }
}
