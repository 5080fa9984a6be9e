/**
 * The browser's own id: one random value in a cookie of this tenant, reused by all its journeys, so that two tabs and two
 * tenants do not disturb each other. Journeys keep its hash; knowing a journey's id in another browser is worth nothing.
 */
import type { Context } from 'hono'
import type { TenantId } from '../domain/ids.ts'
import { cookieNameOf } from '../flow/browser-cookie.ts'

const BROWSER_ID = /^[A-Za-z0-9_-]{43}$/
/** Longer than any journey, shorter than a working day. */
const MAX_AGE_SECONDS = 8 * 60 * 60

/** The id the browser came with; undefined when it has none of the right form. */
export function readBrowserId(http: Context, tenant: TenantId): string | undefined {
  const cookies = http.req.header('cookie')
  if (cookies === undefined || cookies.length > 16_384) return undefined
  const prefix = `${cookieNameOf(tenant)}=`
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
