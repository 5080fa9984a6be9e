/** Deliverers that are killed in the middle of their work, one after the other, and a last one that is let be. */
import { type ChildProcess, fork } from 'node:child_process'
import { randomInt } from 'node:crypto'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { MINUTE } from '../../src/domain/time.ts'
import type { EventReceiver } from './receiver.ts'

const DELIVERER = path.join(import.meta.dirname, 'deliverer.ts')
/** Longer than a claim: the next one need not wait for the dead. */
const STEP = 6 * MINUTE

function launch(environment: Record<string, string>): Promise<ChildProcess> {
  const child = fork(DELIVERER, {
    env: { PATH: process.env.PATH, ...environment },
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  return new Promise((resolve, reject) => {
    child.once('message', () => resolve(child))
    child.once('error', reject)
  })
}

const isOver = (child: ChildProcess) => child.exitCode !== null || child.signalCode !== null

/**
 * Kills `kills` deliverers, each after a few requests have arrived, and lets one more end. Returns how many were killed
 * before they had done.
 */
export async function killDeliverers(
  receiver: EventReceiver,
  environment: { DATABASE_URL: string; KEYRING: string; TENANT: string; PUBLIC_URL: string },
  kills: number,
): Promise<number> {
  let interrupted = 0
  let next = launch(environment)
  for (let round = 0; round <= kills; round++) {
    const child = await next
    const over = new Promise<void>((resolve) => child.once('close', () => resolve()))
    if (round < kills) next = launch(environment)
    const enough = receiver.received.length + randomInt(1, 6)
    child.send(round * STEP)
    if (round < kills) {
      while (!isOver(child) && receiver.received.length < enough) await pause(1)
      if (!isOver(child)) interrupted++
      child.kill('SIGKILL')
    }
    await over
  }
  return interrupted
}
