/** The thread that reads one trusted list in XML (`trusted-list-apart.ts`): it is given a text, and says what it is. */
import { parentPort, workerData } from 'node:worker_threads'
import { ListError } from './listed-service.ts'
import { readTrustedList } from './trusted-list.ts'
import type { ListTask } from './trusted-list-apart.ts'

const { text, list, at } = workerData as ListTask
try {
  parentPort?.postMessage({ read: readTrustedList(text, list, at) })
} catch (error) {
  if (!(error instanceof ListError)) throw error
  parentPort?.postMessage({ reason: error.reason })
}
