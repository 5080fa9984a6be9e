/** A form from another site, once more by GET. */
import { readBrowserId } from './browser.ts'
import { redirectTo } from './browser-answer.ts'
import { type Exchange, tenantOf } from './route.ts'

/** What fits a URL comfortably. */
const MAX_QUERY = 6 * 1024

/**
 * A form from another site comes without our Lax cookie, and a new one would cut off the person's other tabs. The same
 * request by GET, at `path` below the tenant's issuer, brings the cookie along; undefined where that is not needed, or the
 * form is too long.
 */
export function askAgainByGet(
  exchange: Exchange,
  body: Uint8Array,
  path: string,
): Response | undefined {
  if (!cameWithoutCookie(exchange) || body.length > MAX_QUERY) return undefined
  const query = new URLSearchParams(Buffer.from(body).toString('utf8'))
  return redirectTo(`${tenantOf(exchange).issuer}${path}?${query}`)
}

/** Whether the browser may have a cookie of ours that it was not let bring. */
export function cameWithoutCookie(exchange: Exchange): boolean {
  const { http } = exchange
  if (http.req.header('sec-fetch-site') !== 'cross-site') return false
  return readBrowserId(http, tenantOf(exchange).tenant.id) === undefined
}
