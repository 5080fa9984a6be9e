/** The headers every page of ours carries (protocols OP-24). */

// 128 bits of base64 or base64url; nothing that could end the quotation or start another directive.
const NONCE = /^[A-Za-z0-9+/_-]{22,}={0,2}$/

/**
 * The Content-Security-Policy of a page: nothing is allowed but our own images and requests, and the style and script
 * that carry `nonce` (at least 128 random bits, base64 or base64url, new for each answer). `formAction` names further
 * origins a form may end up at, for Chromium applies form-action to redirects too. Throws TypeError on a nonce or
 * origin of another form. CSP Level 3.
 */
export function contentSecurityPolicy(
  nonce: string,
  options: { formAction?: readonly string[] } = {},
): string {
  if (!NONCE.test(nonce)) throw new TypeError('a nonce is at least 22 characters of base64')
  const formAction = ["'self'", ...(options.formAction ?? []).map(requireOrigin)].join(' ')
  return [
    "default-src 'none'",
    `style-src 'nonce-${nonce}'`,
    `script-src 'nonce-${nonce}'`,
    "img-src 'self'",
    "connect-src 'self'",
    `form-action ${formAction}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')
}

/**
 * All headers of a page, lower-case names; the content type is left to whoever writes the answer. Takes and throws
 * what {@link contentSecurityPolicy} does. OP-24. A page of a login may stand in a window that the relying party's page opened
 * (`popup`; Core 3.1.2.1): cut off from that page, as all others are, it could never tell it that the login is over.
 */
export function pageHeaders(
  nonce: string,
  options: { formAction?: readonly string[]; popup?: boolean } = {},
): Record<string, string> {
  return {
    'content-security-policy': contentSecurityPolicy(nonce, options),
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    'permissions-policy':
      'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
    'cross-origin-opener-policy': options.popup === true ? 'unsafe-none' : 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  }
}

function requireOrigin(text: string): string {
  if (URL.parse(text)?.origin !== text) throw new TypeError('form-action takes origins only')
  return text
}
