/**
 * Markup that is already escaped, and the two questions a link must answer before it is drawn. Everything else in this
 * folder writes HTML through {@link markup}, so that no value reaches a page unescaped.
 */
import { html, raw } from 'hono/html'

/** HTML that may be put into a page as it is. Made by {@link markup} and {@link trusted} only. */
export type Markup = ReturnType<typeof raw>

type Piece = string | number | Markup | false | undefined
/** What may stand in a template: text is escaped, `false` and `undefined` draw nothing, a list is drawn in order. */
export type Drawable = Piece | readonly Drawable[]

/** The template with every text value escaped for element content and for double-quoted attributes. */
export function markup(parts: TemplateStringsArray, ...values: readonly Drawable[]): Markup {
  const drawn = html(parts, ...values)
  // hono/html answers with a promise only when it was given one, which Drawable does not allow.
  if (drawn instanceof Promise) throw new TypeError('a page template was given a promise')
  return drawn
}

/** Our own constant markup, style or script, taken as it is. Never for a value that came from outside. */
export function trusted(constant: string): Markup {
  return raw(constant)
}

// RFC 8252 section 7.1: an app may claim a scheme it owns by writing its domain name backwards, hence with a dot.
const APP_SCHEME = /^[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+:$/
const WALLET_SCHEME = /^(?:https|(?:[a-z][a-z0-9-]*-)?openid4vp|haip|haip-vp):$/
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * The link when a page may lead there: a path on this origin, https, or http to this very machine; else undefined.
 * `javascript:`, `data:` and addresses with a user name never pass.
 */
export function pageLink(link: string | undefined): string | undefined {
  if (link === undefined) return undefined
  if (isPath(link)) return link
  const url = parse(link)
  if (url === undefined || url.username !== '' || url.password !== '') return undefined
  return url.protocol === 'https:' || isLoopback(url) ? link : undefined
}

/** The link when it may lead back to a relying party: what {@link pageLink} lets pass, or an app's own scheme; else undefined. */
export function returnLink(link: string | undefined): string | undefined {
  if (link === undefined) return undefined
  const url = parse(link)
  return url !== undefined && url.username === '' && APP_SCHEME.test(url.protocol)
    ? link
    : pageLink(link)
}

/**
 * The link when it may open a wallet: https, http to this very machine, a scheme of OpenID4VP or HAIP
 * (`openid4vp:`, `haip-vp:`, `eudi-openid4vp:` …) or a private scheme with a dot (RFC 8252 section 7.1); else undefined.
 */
export function walletLink(link: string): string | undefined {
  const url = parse(link)
  if (url === undefined || url.username !== '' || url.password !== '') return undefined
  const opens = [WALLET_SCHEME, APP_SCHEME].some((scheme) => scheme.test(url.protocol))
  return opens || isLoopback(url) ? link : undefined
}

/**
 * The path when it stays on this origin (`/…`, never `//…` or `/\…`). `name` says which link it is.
 * Throws TypeError otherwise: the server makes these links itself.
 */
export function ownPath(name: string, path: string): string {
  if (!isPath(path)) throw new TypeError(`${name} is not a path on this origin`)
  return path
}

function isPath(link: string): boolean {
  // Browsers drop tabs and line ends inside an address and read `\` as `/`, so both could turn a path into a host.
  return /^\/(?![/\\])[^\s\\]*$/.test(link)
}

function isLoopback(url: URL): boolean {
  return url.protocol === 'http:' && LOOPBACK.has(url.hostname)
}

function parse(link: string): URL | undefined {
  // A control character or space is never part of an address that we made or that a tenant registered in earnest.
  if (!/^[\x21-\x7e]+$/.test(link)) return undefined
  return URL.parse(link) ?? undefined
}
