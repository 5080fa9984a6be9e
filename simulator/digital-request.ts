/** A request through the browser as a wallet reads it (OpenID4VP 1.0 appendices A.2 and A.3). */
import { createHash, verify, X509Certificate } from 'node:crypto'
import { decode, type Members } from './jose.ts'
import type { VpRequest } from './request.ts'

export const PROTOCOLS = [
  'openid4vp-v1-signed',
  'openid4vp-v1-multisigned',
  'openid4vp-v1-unsigned',
] as const
export type Protocol = (typeof PROTOCOLS)[number]

/** One of the requests that a page hands to `navigator.credentials.get`. */
export interface DigitalRequest {
  protocol: string
  data: Members
}

/**
 * The request that a wallet hears from a browser, which says of which origin the page is (appendix A.2). Throws where a
 * wallet must refuse: a signed one that is not for this origin, or whose signer is not whom it names; an unsigned one that
 * names somebody.
 */
export function readDigitalRequest({ protocol, data }: DigitalRequest, origin: string): VpRequest {
  const asked = protocol === 'openid4vp-v1-unsigned' ? data : readSigned(protocol, data, origin)
  if (protocol === 'openid4vp-v1-unsigned' && (asked.client_id ?? asked.expected_origins))
    throw new Error('an unsigned request names its sender')
  for (const name of ['state', 'response_uri', 'redirect_uri'])
    if (name in asked) throw new Error(`a request through the browser has no ${name}`)
  if (asked.response_mode !== 'dc_api' && asked.response_mode !== 'dc_api.jwt')
    throw new Error('the response mode is none of the browser')
  return { ...(asked as unknown as VpRequest), origin }
}

function readSigned(protocol: string, { request }: Members, origin: string): Members {
  const [payload, signatures] =
    typeof request === 'string' ? splitCompact(request) : splitGeneral(protocol, request)
  const asked = decode(payload)
  const [named] = signatures.map((one) => readSigner(payload, one, asked))
  const origins = asked.expected_origins
  if (!Array.isArray(origins) || !origins.includes(origin))
    throw new Error('the request is not for the page that asks')
  return { ...asked, client_id: named }
}

interface Signature {
  protected: string
  signature: string
}

function splitCompact(jwt: string): [string, Signature[]] {
  const [header = '', payload = '', signature = ''] = jwt.split('.')
  return [payload, [{ protected: header, signature }]]
}

function splitGeneral(protocol: string, request: unknown): [string, Signature[]] {
  if (protocol !== 'openid4vp-v1-multisigned') throw new Error('not a compact JWS')
  const { payload, signatures } = request as { payload: string; signatures: Signature[] }
  if ('client_id' in decode(payload)) throw new Error('a multi-signed payload names nobody')
  return [payload, signatures]
}

/** The client identifier of a signer, after its certificate and signature are found to be those it names. */
function readSigner(payload: string, one: Signature, asked: Members): string {
  const header = decode(one.protected) as { typ?: string; x5c?: string[]; client_id?: string }
  const clientId = header.client_id ?? String(asked.client_id)
  const der = Buffer.from(header.x5c?.[0] ?? '', 'base64')
  const certificate = new X509Certificate(der)
  const isNamed = clientId.startsWith('x509_hash:')
    ? clientId === `x509_hash:${createHash('sha256').update(der).digest('base64url')}`
    : certificate.checkHost(clientId.replace('x509_san_dns:', '')) !== undefined
  const key = { key: certificate.publicKey, dsaEncoding: 'ieee-p1363' } as const
  const said = Buffer.from(`${one.protected}.${payload}`)
  const isGood = verify('sha256', said, key, Buffer.from(one.signature, 'base64url'))
  if (!isNamed || !isGood || header.typ !== 'oauth-authz-req+jwt')
    throw new Error('the request is not signed by whom it names')
  return clientId
}
