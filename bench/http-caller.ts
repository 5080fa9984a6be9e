/**
 * The cheapest caller there can be, since it shares the machine with what it measures: one kept-alive connection, requests
 * that were put into bytes beforehand, and of an answer no more read than its status and its body.
 */
import { once } from 'node:events'
import net from 'node:net'

export interface Answer {
  status: number
  body: string
}

export interface Caller {
  /** Sends one request and resolves with its answer; one at a time. */
  call(request: Buffer): Promise<Answer>
  close(): void
}

/** A request as it goes over the wire. */
export function toBytes(
  method: 'GET' | 'POST',
  url: URL,
  headers: Readonly<Record<string, string>>,
  body: string,
): Buffer {
  const length = method === 'GET' ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  const lines = Object.entries({ host: url.host, ...headers, ...length })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.from(`${method} ${url.pathname} HTTP/1.1\r\n${head}\r\n${body}`)
}

/** Connects. Both sides answer with a content-length; anything else is an error. */
export async function openCaller(url: URL): Promise<Caller> {
  const socket = net.connect({ host: url.hostname, port: Number(url.port), noDelay: true })
  await once(socket, 'connect')
  let waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined
  let received = ''
  const fail = (error: Error) => waiting?.reject(error)
  socket.setEncoding('utf8')
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the connection was closed')))
  socket.on('data', (text) => {
    received += text
    try {
      const answer = readAnswer(received)
      if (answer === undefined) return
      received = ''
      waiting?.resolve(answer)
    } catch (error) {
      fail(error instanceof Error ? error : new Error('unreadable', { cause: error }))
    }
  })
  return {
    call: (request) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        socket.write(request)
      }),
    close: () => socket.destroy(),
  }
}

/** Undefined until all of it is there. */
function readAnswer(received: string): Answer | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const length = /\r\ncontent-length: (\d+)/i.exec(received.slice(0, end))?.[1]
  if (length === undefined) throw new Error('an answer without a content-length')
  const body = received.slice(end + 4)
  if (Buffer.byteLength(body) < Number(length)) return undefined
  return { status: Number(received.slice(9, 12)), body }
}
