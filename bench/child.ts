/** A process of the bench, and how its parent asks it: one object there, one object back, over IPC. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface Child {
  /** Resolves with the child's answer; rejects with its error's text, or when it is gone. */
  ask<Answer>(name: string, question?: object): Promise<Answer>
  stop(): Promise<void>
}

/** Starts `file` (beside this one) as a process of its own, with NODE_ENV=production as a deployment has it. */
export function startChild(file: string, nodeOptions: readonly string[] = []): Child {
  const child: ChildProcess = fork(fileURLToPath(new URL(file, import.meta.url)), {
    execArgv: [...nodeOptions],
    env: { ...process.env, NODE_ENV: 'production' },
    serialization: 'advanced',
  })
  const waiting = new Map<
    number,
    { resolve: (answer: never) => void; reject: (error: Error) => void }
  >()
  let asked = 0
  child.on('message', ({ id, answer, error }: { id: number; answer: never; error?: string }) => {
    const asker = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) asker?.resolve(answer)
    else asker?.reject(new Error(`${file}: ${error}`))
  })
  child.on('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${file} ended with ${code}`))
  })
  return {
    ask: (name, question = {}) =>
      new Promise((resolve, reject) => {
        const id = asked++
        waiting.set(id, { resolve, reject })
        child.send({ id, name, question })
      }),
    async stop() {
      if (!child.connected) return
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

/** The child's side: answers by name until the parent lets go, then ends `last` and the process. */
export function answerParent(
  answers: Readonly<Record<string, (question: never) => unknown>>,
  last: () => Promise<void> = async () => undefined,
): void {
  process.on(
    'message',
    async ({ id, name, question }: { id: number; name: string; question: never }) => {
      try {
        process.send?.({ id, answer: await answers[name]?.(question) })
      } catch (error) {
        process.send?.({
          id,
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        })
      }
    },
  )
  process.on('disconnect', () => {
    void last().finally(() => process.exit())
  })
}

/** What a measured process has used since it began. */
export interface Usage {
  /** CPU of all its threads, user and system; milliseconds. */
  cpuMs: number
  rssMb: number
  heapMb: number
  /** Round trips to the database. */
  roundTrips: number
}

export function readUsage(roundTrips: number): Usage {
  const { user, system } = process.cpuUsage()
  const { rss, heapUsed } = process.memoryUsage()
  return {
    cpuMs: (user + system) / 1000,
    rssMb: rss / 2 ** 20,
    heapMb: heapUsed / 2 ** 20,
    roundTrips,
  }
}
