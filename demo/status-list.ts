/**
 * An issuer's status list for the demo and the tests, packed by the independent library `@sd-jwt/jwt-status-list` and
 * served over http on 127.0.0.1.
 */
import { sign } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { StatusList } from '@sd-jwt/jwt-status-list'
import type { Issuer } from './issuer.ts'

export type Width = 1 | 2 | 4 | 8

const TYPE = 'application/statuslist+jwt'
const PATH = '/statuslists/1'

/** One list: an issuer's word on each credential that names it. */
export interface StatusListServer {
  /** What credentials name as `uri`. */
  uri: string
  /** How often the list was asked for. */
  requests(): number
  set(index: number, status: number): void
  /** From now on every request is answered with this status and nothing more; 200 heals it. */
  breakDown(status: number): void
  close(): Promise<void>
}

export interface ListToken {
  uri: string
  /** Seconds. */
  issuedAt: number
  statuses: readonly number[]
  width?: Width
  /** More members of the payload and header; undefined removes one. */
  payload?: Record<string, unknown>
  header?: Record<string, unknown>
  x5c?: readonly string[]
}

/** Returns a status list token of the issuer as compact JWT. */
export function signStatusList(issuer: Pick<Issuer, 'privateKey' | 'x5c'>, token: ListToken) {
  const { width = 2, statuses, uri, issuedAt, header = {}, payload = {} } = token
  const lst = new StatusList([...statuses], width).compressStatusList()
  const parts = [
    { alg: 'ES256', typ: 'statuslist+jwt', x5c: token.x5c ?? issuer.x5c, ...header },
    { sub: uri, iat: issuedAt, ttl: 3600, status_list: { bits: width, lst }, ...payload },
  ]
  const signed = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  const key = { key: issuer.privateKey, dsaEncoding: 'ieee-p1363' } as const
  const signature = sign('sha256', Buffer.from(signed.join('.')), key)
  return [...signed, signature.toString('base64url')].join('.')
}

/** Asked for by its type, and for nobody in particular: no query (TS-02, TS-12), and nothing that tells who asks. */
function isPlainQuestion({ method, url, headers }: IncomingMessage): boolean {
  const types = headers.accept?.split(',').map((type) => type.trim())
  const isAnonymous = headers.cookie === undefined && headers.authorization === undefined
  return method === 'GET' && url === PATH && isAnonymous && types?.includes(TYPE) === true
}

/** Serves a list of `size` credentials, all valid at first. */
export async function serveStatusList(
  issuer: Issuer,
  options: { size?: number; now: () => number },
): Promise<StatusListServer> {
  const statuses = new Array<number>(options.size ?? 1_000).fill(0)
  let requests = 0
  let status = 200
  const server = createServer((request, response) => {
    requests += 1
    if (status !== 200 || !isPlainQuestion(request)) {
      response.writeHead(status === 200 ? 406 : status).end()
      return
    }
    const issuedAt = Math.floor(options.now() / 1000)
    response.writeHead(200, { 'content-type': TYPE })
    response.end(signStatusList(issuer, { uri, issuedAt, statuses }))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  const uri = `http://127.0.0.1:${port}${PATH}`
  return {
    uri,
    requests: () => requests,
    set: (index, value) => {
      statuses[index] = value
    },
    breakDown: (answer) => {
      status = answer
    },
    close: () =>
      new Promise((closed, failed) => {
        server.closeAllConnections()
        server.close((error) => (error === undefined ? closed() : failed(error)))
      }),
  }
}
