import net from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { allRoutes } from '../../src/app.ts'
import type { Route } from '../../src/http/route.ts'
import { type Bridge, logIn, startBridge } from '../support/bridge.ts'

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** A route's path with something in the place of every parameter. */
const addressOf = (route: Route) =>
  route.path.replace(':tenant', 'demo').replaceAll(/:[a-z_]+/g, 'x'.repeat(22))

const send = (bridge: Bridge, route: Route, init: RequestInit = {}) =>
  fetch(bridge.url + addressOf(route), {
    method: route.method,
    redirect: 'manual',
    ...(['POST', 'PUT', 'PATCH'].includes(route.method) ? { body: 'a=b', headers: FORM } : {}),
    ...init,
  })

describe('rates', () => {
  let bridge: Bridge
  beforeAll(async () => {
    bridge = await startBridge({ env: { RATE_LIMIT_PER_MINUTE: '30' } })
  })
  afterAll(() => bridge.stop())

  test('every endpoint belongs to a family with a limit', () => {
    const without = allRoutes(bridge.deps).filter((route) => route.limit === undefined)
    expect(without.map(({ path }) => path)).toEqual([])
  })

  test.each(['browser', 'wallet', 'token', 'public', 'admin'] as const)(
    'the family %s answers 429 with Retry-After once its minute is used up, on each of its endpoints and no other',
    async (family) => {
      const routes = allRoutes(bridge.deps).filter((route) => route.limit === family)
      const [first] = routes
      if (first === undefined) throw new Error(`no route of ${family}`)
      const statuses: number[] = []
      for (let n = 0; n < 31; n++) statuses.push((await send(bridge, first)).status)
      expect(statuses.at(-1)).toBe(429)
      expect(statuses[0]).not.toBe(429)
      for (const route of routes) {
        const response = await send(bridge, route)
        expect(response.status, route.path).toBe(429)
        const seconds = Number(response.headers.get('retry-after'))
        expect(seconds, route.path).toBeGreaterThan(0)
        expect(seconds, route.path).toBeLessThanOrEqual(60)
        await response.arrayBuffer()
      }
    },
  )

  test('the address is the socket’s: without a trusted proxy nobody gets a new minute by a header', async () => {
    const response = await fetch(`${bridge.url}/health`, {
      headers: { 'x-forwarded-for': '203.0.113.9' },
    })
    expect(response.status).toBe(429)
  })
})

describe('behind one trusted proxy', () => {
  test('each caller has a minute of their own, by the entry the proxy wrote and not the one they made up', async () => {
    const bridge = await startBridge({ env: { RATE_LIMIT_PER_MINUTE: '20', TRUSTED_PROXIES: '1' } })
    try {
      const from = async (forwarded: string) =>
        (await fetch(`${bridge.url}/health`, { headers: { 'x-forwarded-for': forwarded } })).status
      for (let n = 0; n < 20; n++) await from(`198.51.100.${n}, 203.0.113.1`)
      expect(await from('198.51.100.99, 203.0.113.1')).toBe(429)
      expect(await from('198.51.100.99, 203.0.113.2')).toBe(200)
      // One network of the sixth version, whose zeros can be written, or left out.
      for (let n = 0; n < 20; n++) await from(`2001:db8::${n}:1:2:3`)
      expect(await from('2001:db8:0:0:9::3')).toBe(429)
      expect(await from('2001:db8::9:0:0:0:3')).toBe(200)
    } finally {
      await bridge.stop()
    }
  })
})

describe('sizes, times and methods', () => {
  let bridge: Bridge
  beforeAll(async () => {
    bridge = await startBridge({ env: { REQUEST_TIMEOUT_SECONDS: '1' } })
  })
  afterAll(() => bridge.stop())

  const KIB = 1024
  const bodies: [path: string, limit: number][] = [
    ['/t/demo/authorize', 16 * KIB],
    [`/t/demo/wallet/request/${'x'.repeat(22)}`, 32 * KIB],
    ['/t/demo/wallet/response', 1024 * KIB],
    ['/t/demo/token', 32 * KIB],
    ['/t/demo/userinfo', 4 * KIB],
  ]
  test.each(bodies)(
    'a body for %s of more than %i bytes is 413, declared or counted',
    async (path, limit) => {
      const large = 'a'.repeat(limit + 1)
      const declared = await fetch(bridge.url + path, {
        method: 'POST',
        headers: FORM,
        body: large,
      })
      expect(declared.status).toBe(413)
      const counted = await fetch(bridge.url + path, {
        ...{ method: 'POST', headers: FORM, duplex: 'half' },
        body: new Blob([large]).stream(),
      } as RequestInit)
      expect(counted.status).toBe(413)
      const fits = await fetch(bridge.url + path, {
        method: 'POST',
        headers: FORM,
        body: large.slice(1),
      })
      expect([400, 401, 404]).toContain(fits.status)
    },
  )

  test('headers of more than 16 KiB are 431', async () => {
    const ask = (bytes: number) =>
      fetch(`${bridge.url}/health`, { headers: { 'x-filler': 'a'.repeat(bytes) } })
    expect((await ask(17 * KIB)).status).toBe(431)
    expect((await ask(12 * KIB)).status).toBe(200)
  })

  /** Writes, and resolves with everything that came back until the server hung up. */
  function talk(text: string): Promise<{ answer: string; ms: number }> {
    const began = performance.now()
    const { hostname, port } = new URL(bridge.url)
    return new Promise((resolve, reject) => {
      const socket = net.connect(Number(port), hostname, () => socket.write(text))
      let answer = ''
      socket.on('data', (chunk) => {
        answer += chunk.toString()
      })
      socket.on('error', reject)
      socket.on('close', () => resolve({ answer, ms: performance.now() - began }))
    })
  }

  test.each([
    [
      'a body that does not come',
      `POST /t/demo/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ngrant`,
    ],
    ['headers that do not end', 'GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: '],
  ])('%s is not waited for longer than the time given', async (_, text) => {
    const { answer, ms } = await talk(text)
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(ms).toBeGreaterThan(900)
    expect(ms).toBeLessThan(8_000)
  })

  test('a caller who goes away in the middle of a body is no error of ours', async () => {
    const { hostname, port } = new URL(bridge.url)
    const socket = net.connect(Number(port), hostname)
    const head = `POST /t/demo/token HTTP/1.1\r\nHost: x\r\n${'Content-Type: application/x-www-form-urlencoded'}\r\nContent-Length: 100\r\n\r\n`
    const before = bridge.lines.length
    socket.write(`${head}grant`)
    await new Promise((resolve) => setTimeout(resolve, 100))
    socket.destroy()
    await expect.poll(() => bridge.lines.length, { timeout: 5_000 }).toBeGreaterThan(before)
    expect(bridge.lines.filter((line) => line.includes('"level":50'))).toEqual([])
  })

  test('another method on a path that exists is 405 and says which there are', async () => {
    const put = await fetch(`${bridge.url}/t/demo/authorize`, { method: 'PUT' })
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, POST'])
    const post = await fetch(`${bridge.url}/health`, { method: 'POST' })
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET'])
    const remove = await fetch(`${bridge.url}/t/demo/token`, { method: 'DELETE' })
    expect([remove.status, remove.headers.get('allow')]).toEqual([405, 'POST'])
    expect((await fetch(`${bridge.url}/t/demo/nothing`)).status).toBe(404)
  })
})

describe('what is told to whom', () => {
  const ALLOWED = new Set([
    ...['level', 'time', 'msg', 'correlation_id', 'tenant', 'method', 'route', 'status', 'ms'],
    ...['failure', 'reason', 'job', 'counts', 'variable', 'address', 'version', 'error', 'at'],
  ])
  let bridge: Bridge
  beforeAll(async () => {
    bridge = await startBridge()
  })
  afterAll(() => bridge.stop())

  test('GD-13 one line of JSON a request, with listed fields and nothing of the person, the wallet or the query', async () => {
    const before = bridge.lines.length
    const { login } = await logIn(bridge, await bridge.newWallet())
    const lines = bridge.lines
      .slice(before)
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    const requests = lines.filter(({ msg }) => msg === 'request')
    const routes = requests.map(({ method, route, status }) => `${method} ${route} ${status}`)
    // The relying party fetches the keys when it likes.
    expect(routes.filter((route) => !route.includes('/jwks'))).toEqual([
      'GET /t/:tenant/authorize 200',
      expect.stringMatching(/^(GET|POST) \/t\/:tenant\/wallet\/request\/:request 200$/),
      'POST /t/:tenant/wallet/response 200',
      'GET /t/:tenant/return 303',
      'GET /t/:tenant/callback/:provider 303',
      'GET /t/:tenant/login/:journey/continue 303',
      'POST /t/:tenant/token 200',
      'GET /t/:tenant/userinfo 200',
    ])
    for (const line of lines) {
      expect(Object.keys(line).filter((name) => !ALLOWED.has(name))).toEqual([])
      expect(line.time).toMatch(/^\d{4}-\d\d-\d\dT[\d:]+\.\d{3}Z$/)
    }
    for (const line of requests)
      expect(line).toMatchObject({
        level: 30,
        tenant: 'demo',
        ms: expect.any(Number),
        correlation_id: expect.any(String),
      })
    const said = bridge.lines.slice(before).join('\n')
    const secrets = [
      'Sanne',
      'Vries',
      'sanne',
      login.idToken.sub,
      login.tokens.access_token,
      'code=',
      'state=',
      '?',
    ]
    for (const secret of secrets) expect(said).not.toContain(secret)
  })

  test('/health, /ready and /metrics', async () => {
    const get = async (path: string) => {
      const response = await fetch(bridge.url + path)
      return { status: response.status, headers: response.headers, text: await response.text() }
    }
    const health = await get('/health')
    expect([health.status, health.text, health.headers.get('cache-control')]).toEqual([
      ...[200, '{"status":"up"}', 'no-store'],
    ])
    const ready = await get('/ready')
    expect([ready.status, JSON.parse(ready.text)]).toEqual([
      ...[200, { status: 'up', database: 'up', keyring: 'up', schema: 'up' }],
    ])
    const { status, headers, text } = await get('/metrics')
    expect(status).toBe(200)
    expect(headers.get('content-type')).toContain('text/plain')
    expect(text).toMatch(
      /^bridge_http_requests_total\{route="\/t\/:tenant\/token",method="POST",status="2xx"\} 1$/m,
    )
    expect(text).toMatch(
      /^bridge_http_request_duration_seconds_count\{route="\/t\/:tenant\/token"\} 1$/m,
    )
    expect(text).toMatch(/^bridge_flow_outcomes_total\{flow="login",outcome="reconciled"\} 1$/m)
    expect(text).toMatch(/^bridge_flow_outcomes_total\{flow="token",outcome="ok"\} 1$/m)
    expect(text).toMatch(/^bridge_key_seals\{purpose="session",key_version="1"\} [1-9]\d*$/m)
    expect(text).toMatch(/^bridge_key_rotation_due 0$/m)
    expect(text).not.toContain('demo')
  })
})
