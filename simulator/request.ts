/** What a verifier asks, as far as an answer needs it (OpenID4VP 1.0 section 5). */
import { decode, type EncryptionKey } from './jose.ts'
import type { Format } from './variants.ts'

export interface CredentialQuery {
  id: string
  format: Format
  meta: { vct_values?: string[]; doctype_value?: string; type_values?: string[][] }
  claims?: { path: (string | number | null)[] }[]
}

export interface VpRequest {
  client_id: string
  nonce: string
  state: string
  response_uri: string
  response_mode: 'direct_post' | 'direct_post.jwt' | 'dc_api' | 'dc_api.jwt'
  dcql_query: { credentials: CredentialQuery[] }
  client_metadata?: {
    jwks?: { keys: EncryptionKey[] }
    vp_formats_supported?: { mso_mdoc?: { deviceauth_alg_values?: number[] } }
  }
  /** Of the page that asks through the browser: what the holder binds the answer to there. No request says it itself. */
  origin?: string
}

/** Whom a holder's JWT must name (OpenID4VP 1.0 sections A.4 and B.3.6). */
export function audienceOf({ client_id: clientId, origin }: VpRequest): string {
  return origin === undefined ? clientId : `origin:${origin}`
}

/** HMAC 256/256 with a key agreed on P-256 (OpenID4VP 1.0 section B.2.2). */
const DEVICE_MAC = -65537

/** Whether the device of an mdoc may prove itself by MAC. */
export function mayUseMac({ client_metadata: metadata }: VpRequest): boolean {
  const told = metadata?.vp_formats_supported?.mso_mdoc?.deviceauth_alg_values ?? []
  return told.includes(DEVICE_MAC)
}

export function isEncrypted({ response_mode: mode }: VpRequest): boolean {
  return mode.endsWith('.jwt')
}

/** The request inside a request object. Its signature is the business of wallets, of which this is none. */
export function readRequest(requestObject: string): VpRequest {
  const request = decode(requestObject.split('.')[1] ?? '') as unknown as VpRequest
  for (const name of ['client_id', 'nonce', 'response_uri', 'response_mode'] as const) {
    if (typeof request[name] !== 'string') throw new Error(`the request has no ${name}`)
  }
  return request
}
