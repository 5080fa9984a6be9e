import type { LookupAddress } from 'node:dns'
import { readFileSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { performance } from 'node:perf_hooks'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { createOutbound, type Outbound, type OutboundOptions } from '../../src/outbound/guard.ts'
import { listen, type TestServer } from './server.ts'

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')
const TLS = { key: fixture('idp-test.key.pem'), cert: fixture('idp-test.cert.pem') }
const JSON_LIMITS = { maxBytes: 10_000, contentTypes: ['application/json'] }

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()))
})
beforeAll(() => {
  setDefaultCACertificates([...getCACertificates('default'), TLS.cert])
})

function outboundWith(options: Partial<OutboundOptions> = {}): Outbound {
  const outbound = createOutbound({ allowLoopback: true, failureStepMs: 0, ...options })
  open.push(outbound)
  return outbound
}

async function serve(answer: RequestListener, tls?: typeof TLS): Promise<TestServer> {
  const server = await listen(answer, tls)
  open.push(server)
  return server
}

const serveJson = (body: string | Buffer) =>
  serve((_request, response) => {
    response.setHeader('content-type', 'application/json; charset=utf-8').end(body)
  })

/** Plays DNS: the answers in order, and how often it was asked. */
function names(...answers: readonly string[][]) {
  const asked: string[] = []
  const resolve = async (host: string): Promise<LookupAddress[]> => {
    const addresses = answers[Math.min(asked.length, answers.length - 1)] ?? []
    asked.push(host)
    return addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  }
  return { resolve, asked }
}

const refused = (reason: string) => ({ failure: { kind: 'outbound_refused', reason } })

test('UP-50 the JSON of an answer comes through, status and headers with it', async () => {
  const server = await serveJson('{"a":[1,"ä"]}')
  const outbound = outboundWith()
  expect(await outbound.fetchJson(server.url, JSON_LIMITS)).toEqual({ a: [1, 'ä'] })
  const answer = await outbound.fetch(`${server.url}/x`, { method: 'POST', body: 'y' })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toContain('application/json')
})

test('UP-50 without the switch nothing on this machine is asked', async () => {
  const canary = await serveJson('{}')
  const outbound = outboundWith({ allowLoopback: false })
  for (const url of [canary.url, `http://localhost:${canary.port}`, `https://127.0.0.1`]) {
    await expect(outbound.fetch(url)).rejects.toMatchObject(refused('url_refused'))
  }
  expect(canary.count.connections).toBe(0)
})

test('UP-51 a public name that resolves to this machine is not connected to', async () => {
  const canary = await serve((_request, response) => response.end(), TLS)
  const { resolve } = names(['127.0.0.1'])
  const outbound = outboundWith({ allowLoopback: false, resolve, allowedPorts: [canary.port] })
  const asking = outbound.fetch(`https://idp.test:${canary.port}/`)
  await expect(asking).rejects.toMatchObject(refused('address_refused'))
  expect(canary.count.connections).toBe(0)
})

test.each([
  [['93.184.215.14', '10.0.0.1']],
  [['169.254.169.254']],
  [['2606:4700::1111', '::ffff:93.184.215.14']],
  [['127.0.0.1', '192.168.1.1']],
  [[]],
])('UP-51 one refused address among %j refuses the host', async (addresses) => {
  const { resolve, asked } = names(addresses)
  const outbound = outboundWith({ resolve })
  const asking = outbound.fetch('https://idp.example.org/')
  await expect(asking).rejects.toMatchObject(refused('address_refused'))
  expect(asked).toEqual(['idp.example.org'])
})

test('UP-51 rebinding: the address that was judged is the address that is connected to', async () => {
  const server = await serve((_request, response) => response.end('judged'), TLS)
  const { resolve, asked } = names(['127.0.0.1'], ['169.254.169.254'])
  const outbound = outboundWith({ resolve, allowedPorts: [server.port] })
  const answer = await outbound.fetch(`https://idp.test:${server.port}/`)
  expect(await answer.text()).toBe('judged')
  expect(asked).toEqual(['idp.test'])
})

test('UP-51 rebinding: a new connection is judged anew', async () => {
  const server = await serve((_request, response) => {
    response.setHeader('connection', 'close').end('judged')
  }, TLS)
  const { resolve, asked } = names(['127.0.0.1'], ['169.254.169.254'])
  const outbound = outboundWith({ resolve, allowedPorts: [server.port] })
  await outbound.fetch(`https://idp.test:${server.port}/`)
  const again = outbound.fetch(`https://idp.test:${server.port}/`)
  await expect(again).rejects.toMatchObject(refused('address_refused'))
  expect(asked).toHaveLength(2)
  expect(server.count.requests).toBe(1)
})

test('UP-51 TLS asks for the name of the URL, not for whoever answers at the address', async () => {
  const server = await serve((_request, response) => response.end(), TLS)
  const { resolve } = names(['127.0.0.1'])
  const outbound = outboundWith({ resolve, allowedPorts: [server.port] })
  const asking = outbound.fetch(`https://other.test:${server.port}/`)
  await expect(asking).rejects.toMatchObject(refused('unreachable'))
  expect(server.count.requests).toBe(0)
})

test('UP-51 under the switch http still goes to this machine only', async () => {
  const { resolve, asked } = names(['93.184.215.14'])
  const asking = outboundWith({ resolve }).fetch('http://localhost:8080/')
  await expect(asking).rejects.toMatchObject(refused('address_refused'))
  expect(asked).toEqual(['localhost'])
})

test.each([301, 302, 303, 307, 308])(
  'UP-52 a redirect (%i) to this machine is not followed',
  async (status) => {
    const canary = await serveJson('{}')
    const server = await serve((_request, response) => {
      response.writeHead(status, { location: canary.url }).end()
    })
    const asking = outboundWith().fetchJson(server.url, JSON_LIMITS)
    await expect(asking).rejects.toMatchObject(refused('redirect_refused'))
    expect(canary.count.connections).toBe(0)
  },
)

test('UP-53 a body at the limit is read, one byte more is refused', async () => {
  const server = await serve((request, response) => {
    response.end('x'.repeat(request.url === '/more' ? 1001 : 1000))
  })
  const outbound = outboundWith()
  const answer = await outbound.fetch(server.url, {}, { maxBytes: 1000 })
  expect(await answer.text()).toHaveLength(1000)
  const more = outbound.fetch(`${server.url}/more`, {}, { maxBytes: 1000 })
  await expect(more).rejects.toMatchObject(refused('too_large'))
})

test('UP-53 row 17: a gzip bomb is measured unpacked, and dropped early', async () => {
  const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024))
  expect(bomb.byteLength).toBeLessThan(120_000)
  const server = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
    response.end(bomb)
  })
  const before = process.memoryUsage()
  const asking = outboundWith().fetchJson(server.url, { ...JSON_LIMITS, maxBytes: 200_000 })
  await expect(asking).rejects.toMatchObject(refused('too_large'))
  const after = process.memoryUsage()
  const grown = after.external + after.arrayBuffers - before.external - before.arrayBuffers
  expect(grown).toBeLessThan(50 * 1024 * 1024)
})

test('UP-53 an endless body ends at the limit', async () => {
  const server = await serve((_request, response) => {
    const timer = setInterval(() => response.write('x'.repeat(10_000)), 1)
    response.on('close', () => clearInterval(timer))
  })
  const asking = outboundWith().fetch(server.url, {}, { maxBytes: 50_000 })
  await expect(asking).rejects.toMatchObject(refused('too_large'))
})

test('UP-53 a body that drips is given up at the total time', async () => {
  const server = await serve((_request, response) => {
    const timer = setInterval(() => response.write('x'), 20)
    response.on('close', () => clearInterval(timer))
  })
  const began = performance.now()
  const asking = outboundWith({ totalTimeoutMs: 200 }).fetch(server.url)
  await expect(asking).rejects.toMatchObject(refused('timeout'))
  expect(performance.now() - began).toBeLessThan(2_000)
})

test('UP-53 a server that says nothing is given up at the total time', async () => {
  const server = await serve(() => undefined)
  const asking = outboundWith().fetchJson(server.url, { ...JSON_LIMITS, timeoutMs: 150 })
  await expect(asking).rejects.toMatchObject(refused('timeout'))
})

test('UP-53 a connection that does not come about is given up at its own time', async () => {
  const never = () => new Promise<LookupAddress[]>(() => undefined)
  const outbound = outboundWith({ resolve: never, connectTimeoutMs: 100, totalTimeoutMs: 20_000 })
  const began = performance.now()
  const asking = outbound.fetch('https://idp.example.org/')
  await expect(asking).rejects.toMatchObject(refused('timeout'))
  expect(performance.now() - began).toBeLessThan(3_000)
})

test('UP-53 the caller may stop waiting', async () => {
  const server = await serve(() => undefined)
  const asking = outboundWith().fetch(server.url, { signal: AbortSignal.timeout(50) })
  await expect(asking).rejects.toMatchObject(refused('timeout'))
})

test.each([
  ['application/json', true],
  ['application/json;charset=UTF-8', true],
  ['Application/JSON', true],
  ['text/html', false],
  ['application/jsonp', false],
  ['text/plain; application/json', false],
  [undefined, false],
])('UP-53 an answer of type %s is read: %s', async (type, accepted) => {
  const server = await serve((_request, response) => {
    if (type !== undefined) response.setHeader('content-type', type)
    response.end('{}')
  })
  const asking = outboundWith().fetchJson(server.url, JSON_LIMITS)
  if (accepted) expect(await asking).toEqual({})
  else await expect(asking).rejects.toMatchObject(refused('content_type_refused'))
})

test.each([201, 204, 400, 401, 404, 500, 503])(
  'UP-53 JSON with status %i is not read',
  async (status) => {
    const server = await serve((_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(status === 204 ? undefined : '{"found":true}')
    })
    const asking = outboundWith().fetchJson(server.url, JSON_LIMITS)
    await expect(asking).rejects.toMatchObject(refused('bad_status'))
  },
)

test('UP-53 a failed answer reaches a caller of fetch whatever its type is', async () => {
  const server = await serve((_request, response) => {
    response.writeHead(502, { 'content-type': 'text/html' }).end('<p>')
  })
  const answer = await outboundWith().fetch(server.url, {}, JSON_LIMITS)
  expect(answer.status).toBe(502)
})

test.each([
  '',
  '{',
  '{"a":1,"a":2}',
  '{"__proto__":{}}',
  '{"a":"\\ud800"}',
  Buffer.from([0x22, 0xff, 0x22]),
  '['.repeat(100) + ']'.repeat(100),
])('row 20: %j is not the JSON we read', async (body) => {
  const server = await serveJson(body)
  const asking = outboundWith().fetchJson(server.url, JSON_LIMITS)
  await expect(asking).rejects.toMatchObject(refused('not_json'))
  const strictly = outboundWith().fetch(server.url, {}, { strictJson: true })
  await expect(strictly).rejects.toMatchObject(refused('not_json'))
})

test('UP-55 nothing of a refused answer is in the failure', async () => {
  const server = await serve((_request, response) => {
    response.writeHead(500, { 'content-type': 'application/json' }).end('{"secret":"marker-4711"}')
  })
  const error = await outboundWith()
    .fetchJson(server.url, JSON_LIMITS)
    .catch((thrown) => thrown)
  expect(JSON.stringify([error.failure, error.message, error.stack])).not.toContain('marker-4711')
})

test('UP-55 failures of different kinds take the same time', async () => {
  const step = 300
  const { resolve } = names(['10.0.0.1'])
  const closed = await serveJson('{}')
  await closed.close()
  const outbound = outboundWith({ resolve, failureStepMs: step })
  for (const url of ['https://idp.example.org/', closed.url]) {
    const began = performance.now()
    await expect(outbound.fetchJson(url, JSON_LIMITS)).rejects.toThrow()
    const took = performance.now() - began
    expect(took).toBeGreaterThan(step - 10)
    expect(took).toBeLessThan(2 * step)
  }
})

test('a port where nobody listens is unreachable', async () => {
  const closed = await serveJson('{}')
  await closed.close()
  await expect(outboundWith().fetch(closed.url)).rejects.toMatchObject(refused('unreachable'))
})

test('connections are kept between calls', async () => {
  const server = await serveJson('{}')
  const outbound = outboundWith()
  for (let count = 0; count < 5; count++) await outbound.fetchJson(server.url, JSON_LIMITS)
  expect(server.count.requests).toBe(5)
  // A second one may be opened while the first is still being handed back.
  expect(server.count.connections).toBeLessThanOrEqual(2)
})

test('after close nothing is asked any more', async () => {
  const server = await serveJson('{}')
  const outbound = createOutbound({ allowLoopback: true })
  await outbound.close()
  await expect(outbound.fetch(server.url)).rejects.toMatchObject(refused('unreachable'))
  expect(server.count.connections).toBe(0)
})
