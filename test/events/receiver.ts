/** A program that receives events: it keeps what it is sent and answers as it is told. */
import type { ServerResponse } from 'node:http'
import { listen, type TestServer } from '../outbound/server.ts'

export interface Received {
  path: string
  headers: Record<string, string>
  body: string
}

export interface EventReceiver extends TestServer {
  readonly received: Received[]
  /** What the next requests are answered with. */
  status: number
  /** How, where a status is not all. */
  answer: ((response: ServerResponse) => void) | undefined
  /** Requests wait for this before they are answered. */
  hold: Promise<void>
  /** The most requests it ever had under way about one event. */
  most: number
}

export async function startReceiver(): Promise<EventReceiver> {
  const under = new Map<string, number>()
  const received: Received[] = []
  const server = await listen((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
      )
      const id = headers['webhook-id'] ?? ''
      const now = (under.get(id) ?? 0) + 1
      under.set(id, now)
      receiver.most = Math.max(receiver.most, now)
      received.push({
        path: request.url ?? '',
        headers,
        body: Buffer.concat(parts).toString('utf8'),
      })
      void receiver.hold.then(() => {
        under.set(id, (under.get(id) ?? 1) - 1)
        if (receiver.answer === undefined) response.writeHead(receiver.status).end()
        else receiver.answer(response)
      })
    })
  })
  const receiver: EventReceiver = Object.assign(server, {
    ...{ received, status: 200, answer: undefined, hold: Promise.resolve(), most: 0 },
  })
  return receiver
}
