/**
 * Rate limits on every unauthenticated endpoint, by address and endpoint family. In memory: a limit must not cost a
 * round trip at each of a login's requests, so it holds for each instance by itself; a balancer in front multiplies it
 * (ARCHITECTURE, "Rate limits").
 */
import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { fail } from '../domain/failure.ts'
import type { LimitFamily } from './route.ts'

export interface RateLimits {
  /** Counts one request. Throws `rate_limited`. */
  take(family: LimitFamily, http: Context): Promise<void>
}

/** `perMinute` requests a minute of one address and family; the admin API gets a tenth, since tokens can be guessed. */
export function createRateLimits(options: {
  perMinute: number
  trustedProxies: number
}): RateLimits {
  const ordinary = new RateLimiterMemory({ points: options.perMinute, duration: 60 })
  const guarded = new RateLimiterMemory({ points: Math.ceil(options.perMinute / 10), duration: 60 })
  // A waiting page asks thirty times a minute; a lecture hall behind one address waits together.
  const polled = new RateLimiterMemory({ points: options.perMinute * 20, duration: 60 })
  const limiterOf = {
    admin: guarded,
    status: polled,
    browser: ordinary,
    wallet: ordinary,
    token: ordinary,
    public: ordinary,
  }
  return {
    async take(family, http) {
      const limiter = limiterOf[family]
      try {
        await limiter.consume(`${family} ${addressOf(http, options.trustedProxies)}`)
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal
        fail({ kind: 'rate_limited', retryAfterSeconds: Math.ceil(refusal.msBeforeNext / 1000) })
      }
    },
  }
}

/** The caller's address: the socket's, or with `trusted` proxies in front the entry the outermost of them wrote. */
function addressOf(http: Context, trusted: number): string {
  const socket = (http.env as Partial<HttpBindings>).incoming?.socket.remoteAddress ?? 'unknown'
  if (trusted === 0) return networkOf(socket)
  const forwarded = (http.req.header('x-forwarded-for') ?? '')
    .split(',')
    .map((entry) => entry.trim())
  return networkOf(forwarded.at(-trusted) || socket)
}

/** An IPv6 caller has a whole /64 to itself; its addresses count as one, however their zeros are written. */
function networkOf(address: string): string {
  if (!address.includes(':') || address.includes('.')) return address
  const [front = [], back = []] = address
    .split('::')
    .map((part) => part.split(':').filter((group) => group !== ''))
  const zeros = Array.from({ length: Math.max(0, 8 - front.length - back.length) }, () => '0')
  return [...front, ...zeros, ...back].slice(0, 4).join(':')
}
