/** How what others publish about credentials is fetched: all of it through the guard. */
import { fail } from '../domain/failure.ts'
import type { Outbound } from '../outbound/guard.ts'
import type { FetchStatement } from '../wallet/collect-chain.ts'
import type { FetchSigned } from '../wallet/revocation-inquiry.ts'
import type { FetchStatusList } from '../wallet/status-lookup.ts'
import type { TrustMeans } from '../wallet/trust.ts'

/** Returns the fetches that verifying credentials needs. Each throws `outbound_refused`. */
export function trustFetches(
  outbound: Outbound,
): Pick<TrustMeans, 'fetchJson' | 'fetchStatement' | 'fetchStatusList' | 'fetchSigned'> {
  return {
    fetchJson: (url, limits) => outbound.fetchJson(url, limits),
    fetchStatement: (url, limits) => fetchStatement(outbound, url, limits),
    fetchStatusList: (url, limits) => fetchStatusList(outbound, url, limits),
    fetchSigned: (url, request) => fetchSigned(outbound, url, request),
  }
}

/** A statement of a federation, as text. */
async function fetchStatement(
  outbound: Outbound,
  url: string,
  limits: Parameters<FetchStatement>[1],
): ReturnType<FetchStatement> {
  const headers = { accept: limits.contentTypes.join(', ') }
  const answer = await outbound.fetch(url, { headers }, limits)
  if (answer.status !== 200) fail({ kind: 'outbound_refused', reason: 'bad_status' })
  return await answer.text()
}

/** One token, whatever it says. */
async function fetchStatusList(
  outbound: Outbound,
  url: string,
  limits: Parameters<FetchStatusList>[1],
): ReturnType<FetchStatusList> {
  const headers = { accept: limits.contentTypes.join(', ') }
  const answer = await outbound.fetch(url, { headers }, limits)
  if (answer.status !== 200) fail({ kind: 'outbound_refused', reason: 'bad_status' })
  const contentType = answer.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  return { body: new Uint8Array(await answer.arrayBuffer()), contentType: contentType ?? '' }
}

/** A list or an answer that an authority signed. */
async function fetchSigned(
  outbound: Outbound,
  url: string,
  { body, ...limits }: Parameters<FetchSigned>[1],
): ReturnType<FetchSigned> {
  const headers = {
    accept: limits.contentTypes.join(', '),
    ...(body === undefined ? {} : { 'content-type': body.type }),
  }
  const answer = await outbound.fetch(
    url,
    body === undefined
      ? { headers }
      : { method: 'POST', headers, body: new Uint8Array(body.octets) },
    { ...limits, plainHttp: true },
  )
  if (answer.status !== 200) fail({ kind: 'outbound_refused', reason: 'bad_status' })
  return new Uint8Array(await answer.arrayBuffer())
}
