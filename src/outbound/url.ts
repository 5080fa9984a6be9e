/**
 * Which URLs may be asked at all. The text is judged before and after parsing, because the URL parser quietly turns
 * many spellings (`0x7f.1`, full-width digits, `%31`, a back slash) into a host that a reader did not see.
 */
import { isIP } from 'node:net'
import { fail } from '../domain/failure.ts'
import { isLoopbackAddress } from './address.ts'

/** What the guard was told at start. */
export interface UrlRules {
  /** The development switch: loopback hosts, over http too, at any port. */
  readonly allowLoopback: boolean
  readonly allowedPorts: readonly number[]
}

/** A URL that may be asked; `loopback` when only the development switch lets it pass. */
export interface AllowedUrl {
  readonly url: URL
  readonly loopback: boolean
}

const MAX_URL_LENGTH = 2048

/** Names that resolve inside a network only, or not at all (RFC 6761, 6762, 7686, 8375, ICANN's `.internal`). */
const PRIVATE_SUFFIXES = ['localhost', 'local', 'internal', 'intranet', 'lan', 'home.arpa', 'onion']

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/

/**
 * The URL, parsed, when a request to it is permitted (protocols UP-50, UP-54): https at an allowed port, a host name
 * with a dot, no user-info, no fragment, no IP literal, and written the way the parser reads it. With `plainHttp` also
 * http at port 80, all else being the same. Throws `outbound_refused` / `url_refused`.
 */
export function checkUrl(text: string, rules: UrlRules, plainHttp = false): AllowedUrl {
  const url = parseCanonical(text)
  if (url === undefined) fail({ kind: 'outbound_refused', reason: 'url_refused' })
  if (isPublicUrl(url, rules)) return { url, loopback: false }
  if (plainHttp && isPlainPublicUrl(url)) return { url, loopback: false }
  if (rules.allowLoopback && isWebUrl(url) && isLoopbackHost(url.hostname)) {
    return { url, loopback: true }
  }
  fail({ kind: 'outbound_refused', reason: 'url_refused' })
}

/** Undefined unless the text is printable ASCII and its authority is, letter for letter, the host that was parsed. */
function parseCanonical(text: string): URL | undefined {
  if (text.length > MAX_URL_LENGTH || !/^[\x21-\x7e]+$/.test(text)) return undefined
  if (/[\\#]/.test(text)) return undefined
  const url = URL.parse(text)
  if (url === null) return undefined
  const authority = /^https?:\/\/([^/?]*)/i.exec(text)?.[1]?.toLowerCase()
  const spelledDefault = `${url.hostname}:${url.protocol === 'https:' ? 443 : 80}`
  return authority === url.host || authority === spelledDefault ? url : undefined
}

function isWebUrl(url: URL): boolean {
  return url.protocol === 'https:' || url.protocol === 'http:'
}

function isPublicUrl(url: URL, rules: UrlRules): boolean {
  if (url.protocol !== 'https:') return false
  const port = url.port === '' ? 443 : Number(url.port)
  return rules.allowedPorts.includes(port) && isPublicHostName(url.hostname)
}

function isPlainPublicUrl(url: URL): boolean {
  return url.protocol === 'http:' && url.port === '' && isPublicHostName(url.hostname)
}

function isPublicHostName(host: string): boolean {
  if (host.length > 253 || host.startsWith('[') || isIP(host) !== 0) return false
  const labels = host.split('.')
  if (labels.length < 2 || !labels.every((label) => LABEL.test(label))) return false
  if (/^\d+$/.test(labels.at(-1) ?? '')) return false
  return !PRIVATE_SUFFIXES.some((suffix) => host === suffix || host.endsWith(`.${suffix}`))
}

function isLoopbackHost(host: string): boolean {
  if (host === 'localhost' || host.endsWith('.localhost')) return true
  return isLoopbackAddress(host.startsWith('[') ? host.slice(1, -1) : host)
}
