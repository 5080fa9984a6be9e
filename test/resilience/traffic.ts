/** Everything this process sends to a bridge's public address, sent elsewhere instead: a balancer for tests. */
import { vi } from 'vitest'

export interface Sent {
  method: string
  /** Path without the query. */
  path: string
  /** Origin it really went to. */
  to: string
  status: number
  retryAfter: string | null
}

/**
 * Requests to `publicUrl` go to whatever `choose` says; the log has every one that was answered. Browser, wallet and
 * relying party all use the global fetch; the institution's server and the bridge itself do not. Undo with
 * `vi.unstubAllGlobals()`.
 */
export function divertTraffic(publicUrl: string, choose: () => string): Sent[] {
  const log: Sent[] = []
  const real = globalThis.fetch
  const diverted: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input)
    if (url.origin !== publicUrl) return await real(input, init)
    const to = choose()
    const target = new URL(url.pathname + url.search, to)
    const response = await (input instanceof Request
      ? real(new Request(target, input), init)
      : real(target, init))
    log.push({
      ...{ method: init?.method ?? 'GET', path: url.pathname, to, status: response.status },
      retryAfter: response.headers.get('retry-after'),
    })
    return new Proxy(response, { get: (it, name) => (name === 'url' ? url.href : bound(it, name)) })
  }
  vi.stubGlobal('fetch', diverted)
  return log
}

function bound(response: Response, name: string | symbol): unknown {
  const member = Reflect.get(response, name, response)
  return typeof member === 'function' ? member.bind(response) : member
}
