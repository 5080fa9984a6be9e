/**
 * The only way out of this service. Every request that is not to Postgres leaves through {@link Outbound}: the URL is
 * judged, the host is resolved once, every address is judged, and the connection goes to the addresses that were
 * judged while TLS still asks for the host's name. So a second DNS answer cannot lead it elsewhere (rebinding).
 *
 * Connections are kept alive between calls; a kept connection was judged when it was made.
 */
import type { LookupAddress } from 'node:dns'
import { lookup as systemLookup } from 'node:dns/promises'
import type { LookupFunction } from 'node:net'
import { performance } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { Agent, fetch as undiciFetch } from 'undici'
import { BridgeError, fail, type OutboundReason } from '../domain/failure.ts'
import { parseStrictJson } from '../domain/strict-json.ts'
import type { Json } from '../domain/text.ts'
import { isLoopbackAddress, isRefusedAddress } from './address.ts'
import { isAllowedContentType, readCapped } from './body.ts'
import { checkUrl, type UrlRules } from './url.ts'

export interface OutboundOptions {
  /** The named development switch: http and loopback addresses at any port are permitted, nothing else. */
  readonly allowLoopback: boolean
  /** Ports that https may use. */
  readonly allowedPorts?: readonly number[]
  /** All addresses of a host; the system's resolver unless a test plays DNS. */
  readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>
  readonly connectTimeoutMs?: number
  /** From the call to the last byte of the body. */
  readonly totalTimeoutMs?: number
  /**
   * A failing `fetchJson` answers at a multiple of this, so that its duration does not tell a closed port from a
   * refused address (protocols UP-55).
   */
  readonly failureStepMs?: number
}

/** What one answer may be. */
export interface AnswerLimits {
  /** After decompression. */
  readonly maxBytes?: number
  /** Media types of a successful answer, without parameters; any when left out. */
  readonly contentTypes?: readonly string[]
  /** A successful answer must be strict JSON (no member twice, nothing that two readers see differently). */
  readonly strictJson?: boolean
  /**
   * Over plain http at port 80 too: for lists and answers that authorities sign themselves and publish so (RFC 5280 section
   * 8 warns of https there). Never for anything that is believed because of where it came from.
   */
  readonly plainHttp?: boolean
  readonly timeoutMs?: number
  /** The status alone counts: a body that is too long, slow or broken is as good as none. */
  readonly statusOnly?: boolean
}

export type JsonLimits = AnswerLimits & Required<Pick<AnswerLimits, 'maxBytes' | 'contentTypes'>>

/** The part of a request that callers may choose. */
export interface OutboundRequest {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: string | URLSearchParams | Uint8Array<ArrayBuffer> | null | undefined
  readonly signal?: AbortSignal | null | undefined
}

export interface Outbound {
  /**
   * The answer with its whole body already read, decompressed and measured; redirects are refused, other statuses are
   * the caller's to judge. Throws `outbound_refused`. Fits where a `fetch` is asked for.
   */
  fetch(url: string, request?: OutboundRequest, limits?: AnswerLimits): Promise<Response>
  /** The same for what may be large: status and octets, of which no further copy is made. Throws `outbound_refused`. */
  fetchOctets(
    url: string,
    request?: OutboundRequest,
    limits?: AnswerLimits,
  ): Promise<{ status: number; octets: Uint8Array<ArrayBuffer> }>
  /** The JSON of a 200 answer. Throws `outbound_refused`, after a time that tells little. */
  fetchJson(url: string, limits: JsonLimits): Promise<Json>
  /** The URL, parsed, if a request to it would be made at all; asks nothing. Throws `url_refused`. */
  checkUrl(url: string): URL
  /** Waits for what is under way and closes the kept connections. */
  close(): Promise<void>
}

const DEFAULT_MAX_BYTES = 256 * 1024

/** Builds the guard; sections and limits as in protocols UP-50 to UP-55. Nothing is asked yet. */
export function createOutbound(options: OutboundOptions): Outbound {
  const rules: UrlRules = {
    allowLoopback: options.allowLoopback,
    allowedPorts: options.allowedPorts ?? [443],
  }
  const totalTimeoutMs = options.totalTimeoutMs ?? 5_000
  const failureStepMs = options.failureStepMs ?? 500
  const resolve = options.resolve ?? ((host: string) => systemLookup(host, { all: true }))
  const connectTimeoutMs = options.connectTimeoutMs ?? 2_000
  const publicAgent = pinnedAgent(resolve, connectTimeoutMs, (address) =>
    isLoopbackAddress(address) ? options.allowLoopback : !isRefusedAddress(address),
  )
  const loopbackAgent = pinnedAgent(resolve, connectTimeoutMs, isLoopbackAddress)

  async function ask(text: string, request: OutboundRequest = {}, limits: AnswerLimits = {}) {
    const { url, loopback } = checkUrl(text, rules, limits.plainHttp)
    const deadline = AbortSignal.timeout(limits.timeoutMs ?? totalTimeoutMs)
    const stop = new AbortController()
    const signals = [deadline, stop.signal, ...(request.signal ? [request.signal] : [])]
    try {
      const answer = await undiciFetch(url, {
        method: request.method ?? 'GET',
        headers: request.headers ?? {},
        body: request.body ?? null,
        redirect: 'manual',
        signal: AbortSignal.any(signals),
        dispatcher: loopback ? loopbackAgent : publicAgent,
      })
      if (answer.status >= 300 && answer.status < 400) refuse('redirect_refused')
      const typed = isAllowedContentType(answer.headers.get('content-type'), limits.contentTypes)
      if (answer.ok && !typed) refuse('content_type_refused')
      const reading = readCapped(answer.body, limits.maxBytes ?? DEFAULT_MAX_BYTES)
      const body = await (limits.statusOnly === true ? orNothing(reading) : reading)
      if (answer.ok && limits.strictJson === true) parseJson(body)
      return { status: answer.status, headers: answer.headers, body }
    } catch (error) {
      fail({ kind: 'outbound_refused', reason: reasonOf(error) }, error)
    } finally {
      // Whatever was not read must not keep the connection, or the far side's patience, busy.
      stop.abort()
    }
  }

  async function fetchOctets(text: string, request?: OutboundRequest, limits?: AnswerLimits) {
    const { status, body } = await ask(text, request, limits)
    return { status, octets: body }
  }

  async function fetchJson(text: string, limits: JsonLimits): Promise<Json> {
    checkUrl(text, rules)
    const began = performance.now()
    try {
      const accept = limits.contentTypes.join(', ')
      const { status, body } = await ask(text, { headers: { accept } }, limits)
      if (status !== 200) refuse('bad_status')
      return parseJson(body)
    } catch (error) {
      const took = performance.now() - began
      if (failureStepMs > 0) await wait(Math.ceil(took / failureStepMs) * failureStepMs - took)
      throw error
    }
  }

  return {
    async fetch(text, request, limits) {
      const { status, headers, body } = await ask(text, request, limits)
      return rebuild(status, headers, body)
    },
    fetchOctets,
    fetchJson,
    checkUrl: (text) => checkUrl(text, rules).url,
    async close() {
      await Promise.all([publicAgent.close(), loopbackAgent.close()])
    },
  }
}

/** An agent whose connections ask `resolve` once, refuse if any address is not accepted, and use only those. */
function pinnedAgent(
  resolve: (host: string) => Promise<readonly LookupAddress[]>,
  connectTimeoutMs: number,
  accepts: (address: string) => boolean,
): Agent {
  const lookup: LookupFunction = (host, options, callback) => {
    resolve(host).then(
      (addresses) => {
        const [first] = addresses
        if (first === undefined || !addresses.every(({ address }) => accepts(address))) {
          callback(new BridgeError({ kind: 'outbound_refused', reason: 'address_refused' }), '')
        } else if (options.all) callback(null, [...addresses])
        else callback(null, first.address, first.family)
      },
      (error: Error) => callback(error, ''),
    )
  }
  return new Agent({
    allowH2: false,
    connect: { lookup, timeout: connectTimeoutMs, allowH2: false },
  })
}

/** What was read, or nothing: of this answer only the status is of interest. */
async function orNothing(reading: Promise<Uint8Array<ArrayBuffer>>) {
  return await reading.catch(() => new Uint8Array())
}

function refuse(reason: OutboundReason): never {
  fail({ kind: 'outbound_refused', reason })
}

/** The answer as callers get it: headers about the transfer are gone, because the body is whole and decoded. */
function rebuild(
  status: number,
  headers: Iterable<[string, string]>,
  body: Uint8Array<ArrayBuffer>,
): Response {
  const kept = new Headers([...headers])
  for (const name of ['content-encoding', 'content-length', 'transfer-encoding']) kept.delete(name)
  const bodiless = status === 204 || status === 205
  return new Response(bodiless ? null : body, { status, headers: kept })
}

function parseJson(body: Uint8Array): Json {
  try {
    return parseStrictJson(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (error) {
    fail({ kind: 'outbound_refused', reason: 'not_json' }, error)
  }
}

const TIMEOUTS = ['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']

/** undici wraps what happened at the socket; the first word in the chain that we know is the reason. */
function reasonOf(error: unknown): OutboundReason {
  let link: unknown = error
  while (link instanceof Error || link instanceof DOMException) {
    if (link instanceof BridgeError && link.failure.kind === 'outbound_refused') {
      return link.failure.reason
    }
    if (link.name === 'TimeoutError' || link.name === 'AbortError') return 'timeout'
    if ('code' in link && TIMEOUTS.includes(String(link.code))) return 'timeout'
    link = link.cause
  }
  return 'unreachable'
}
