/** Small servers that answer on this machine and count who comes. */
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface TestServer {
  readonly port: number
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  readonly count: { connections: number; requests: number }
  close(): Promise<void>
}

/** A server on 127.0.0.1 at a free port; over TLS when a key pair is given. */
export async function listen(
  answer: RequestListener,
  tls?: { key: string; cert: string },
): Promise<TestServer> {
  const count = { connections: 0, requests: 0 }
  const server: Server = tls === undefined ? createServer() : createTlsServer(tls)
  server.on('connection', () => {
    count.connections++
  })
  server.on('request', (request, response) => {
    count.requests++
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    count,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
