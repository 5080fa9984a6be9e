/**
 * Canonical XML takes a library its time and its memory, whoever sent it: such lists are read in a thread of their own, which is
 * ended when it takes too much of either. Logins go on meanwhile.
 */
import { Worker } from 'node:worker_threads'
import type { TrustedList } from '../domain/trusted-list-policy.ts'
import { ListError, type ListReason, type ReadList, refuseList } from './listed-service.ts'
import { readTrustedList } from './trusted-list.ts'

const LONGEST_MS = 60_000
const MEMORY = { maxOldGenerationSizeMb: 768, maxYoungGenerationSizeMb: 64 }

/** What the thread is given. */
export interface ListTask {
  text: string
  list: TrustedList
  at: { now: number; known: number | undefined }
}

/** As {@link readTrustedList}, without keeping anybody waiting. Throws `ListError`. */
export async function readTrustedListApart(
  text: string,
  list: TrustedList,
  at: ListTask['at'],
  longestMs = LONGEST_MS,
): Promise<ReadList> {
  if (list.format === 'lote-jwt') return readTrustedList(text, list, at)
  const task: ListTask = { text, list, at }
  const worker = new Worker(new URL('./trusted-list-thread.ts', import.meta.url), {
    workerData: task,
    resourceLimits: MEMORY,
  })
  try {
    const answer = await answerOf(worker, longestMs)
    return answer.read ?? refuseList(answer.reason ?? 'list_malformed')
  } finally {
    await worker.terminate()
  }
}

interface Answer {
  read?: ReadList
  reason?: ListReason
}

/** Out of time and out of memory are the list's fault; anything else is ours, and thrown. */
function answerOf(worker: Worker, longestMs: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const tooLong = setTimeout(() => reject(new ListError('list_malformed')), longestMs)
    tooLong.unref()
    worker.once('message', (answer: Answer) => {
      clearTimeout(tooLong)
      resolve(answer)
    })
    worker.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(tooLong)
      const isMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY'
      reject(isMemory ? new ListError('list_malformed', { cause: error }) : error)
    })
  })
}
