/**
 * The browser's own id: one random value in a cookie of this tenant, reused by all its journeys, so that two tabs and two
 * tenants do not disturb each other. Journeys keep its hash; knowing a journey's id in another browser is worth nothing.
 */
import type { Context } from 'hono'
import type { TenantId } from '../domain/ids.ts'
import { cookieNameOf, sessionCookieNameOf } from '../flow/browser-cookie.ts'

const BROWSER_ID = /^[A-Za-z0-9_-]{43}$/
/** Longer than any journey, shorter than a working day. */
const MAX_AGE_SECONDS = 8 * 60 * 60

/** The id the browser came with; undefined when it has none of the right form. */
export function readBrowserId(http: Context, tenant: TenantId): string | undefined {
  return readCookie(http, cookieNameOf(tenant))
}

/** The secret of the browser's single-sign-on session at this tenant. */
export function readSession(http: Context, tenant: TenantId): string | undefined {
  return readCookie(http, sessionCookieNameOf(tenant))
}

/**
 * Whether a form came from a page of this very origin, as far as the browser says. A Lax cookie keeps other sites away, and
 * lets every neighbour through that has the same registrable domain (`students.uni.example` and `login.uni.example`).
 */
export function isFromOwnPage(http: Context): boolean {
  const site = http.req.header('sec-fetch-site')
  return site === undefined || site === 'same-origin'
}

function readCookie(http: Context, name: string): string | undefined {
  const cookies = http.req.header('cookie')
  if (cookies === undefined || cookies.length > 16_384) return undefined
  const prefix = `${name}=`
  for (const pair of cookies.split(';')) {
    const cookie = pair.trimStart()
    if (!cookie.startsWith(prefix)) continue
    const value = cookie.slice(prefix.length)
    return BROWSER_ID.test(value) ? value : undefined
  }
  return undefined
}

/** `__Host-`: Secure, no Domain, Path=/, so a sibling host can neither read nor set it (row 54). Lax: returns must carry it. */
export function browserCookie(tenant: TenantId, id: string): string {
  return `${cookieNameOf(tenant)}=${id}; Path=/; Max-Age=${MAX_AGE_SECONDS}; HttpOnly; Secure; SameSite=Lax`
}

/** Gone with the browser's window at the latest; how long it is good for is the tenant's to say, and not the cookie's. */
export function sessionCookie(tenant: TenantId, session: string): string {
  return `${sessionCookieNameOf(tenant)}=${session}; Path=/; HttpOnly; Secure; SameSite=Lax`
}

export function endedSessionCookie(tenant: TenantId): string {
  return `${sessionCookieNameOf(tenant)}=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax`
}
