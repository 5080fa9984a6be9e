/** The service as a process of its own, to be killed. */
import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'

const ROOT = path.resolve(import.meta.dirname, '../..')

export interface Child {
  process: ChildProcess
  /** Lines of its log so far, parsed; a line that is not JSON is an error. */
  lines: Record<string, unknown>[]
  /** Where it listens. */
  address: string
  /** How it ended. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
}

/** Starts `node src/main.ts`. Resolves when it listens; throws with its last line when it ends before. */
export async function startChild(environment: Record<string, string>): Promise<Child> {
  const child = launch(environment)
  const address = await Promise.race([child.listening, child.ended.then(() => undefined)])
  if (address === undefined)
    throw new Error(`it did not start: ${JSON.stringify(child.lines.at(-1))}`)
  return { ...child, address }
}

/** Runs it to its end, for starts that must fail. */
export async function runChild(environment: Record<string, string>) {
  const child = launch(environment)
  return { ...(await child.ended), lines: child.lines }
}

function launch(environment: Record<string, string>) {
  const process_ = spawn(process.execPath, ['src/main.ts'], {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: Record<string, unknown>[] = []
  let rest = ''
  let heard: (address: string) => void = () => undefined
  const listening = new Promise<string>((resolve) => {
    heard = resolve
  })
  process_.stdout.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString('utf8')).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) {
      const line = JSON.parse(part) as Record<string, unknown>
      lines.push(line)
      if (line.msg === 'listening') heard(String(line.address))
    }
  })
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    process_.on('close', (code, signal) => resolve({ code, signal }))
  })
  return { process: process_, lines, listening, ended }
}

/** Kills without warning and waits for the end. */
export async function kill(child: Child): Promise<void> {
  child.process.kill('SIGKILL')
  await child.ended
}
