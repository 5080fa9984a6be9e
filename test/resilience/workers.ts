/** Workers of their own, one after the other, each killed without warning at a random moment; then one that ends it. */
import { type ChildProcess, fork } from 'node:child_process'
import path from 'node:path'
import { MINUTE } from '../../src/domain/time.ts'

function launch(program: string, environment: Record<string, string>): Promise<ChildProcess> {
  const child = fork(path.join(import.meta.dirname, program), {
    env: { PATH: process.env.PATH, ...environment },
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  return new Promise((resolve, reject) => {
    child.once('message', () => resolve(child))
    child.once('error', reject)
  })
}

const ended = (child: ChildProcess) =>
  new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else child.once('close', () => resolve())
  })

/**
 * Returns how many were at work still when they were killed: each at its `moment`, which begins with its work. Each is told a
 * time that is later by `minutes`.
 */
export async function killInTurn(
  program: string,
  environment: Record<string, string>,
  { kills, minutes, moment }: { kills: number; minutes: number; moment: () => Promise<void> },
): Promise<number> {
  let interrupted = 0
  // Two are ready before they are needed: starting a process takes longer than its work.
  const launched = [launch(program, environment), launch(program, environment)]
  for (let round = 0; round <= kills; round++) {
    const child = await launched.shift()
    if (child === undefined) throw new Error('nobody was launched')
    if (round < kills - 1) launched.push(launch(program, environment))
    child.send(round * minutes * MINUTE)
    if (round < kills) {
      await Promise.race([ended(child), moment()])
      if (child.exitCode === null) interrupted++
      child.kill('SIGKILL')
    }
    await ended(child)
  }
  return interrupted
}
