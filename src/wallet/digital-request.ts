/**
 * The question as a page hands it to the browser (OpenID4VP 1.0 appendix A, the W3C's Digital Credentials API): the same
 * query with the same nonce and response key in up to three forms, of which browser and wallet take one they know. The
 * answer comes back through the page, so there is neither state nor address in it (VP-116).
 */
import { signCompact } from '../crypto/jws.ts'
import { hashSecret } from '../crypto/random.ts'
import type { DcqlQuery } from '../domain/dcql.ts'
import type { JsonObject } from '../domain/text.ts'
import { toSeconds } from '../domain/time.ts'
import { AUDIENCE, clientMetadata, verifierInfo } from './request-object.ts'
import type { RequestSigner } from './request-signer.ts'
import type { ResponseJwk } from './response-encryption.ts'

/** Signed before unsigned: a wallet that knows both should learn who asks from more than the address bar. */
const DIGITAL_PROTOCOLS = [
  'openid4vp-v1-signed',
  'openid4vp-v1-multisigned',
  'openid4vp-v1-unsigned',
] as const
export type DigitalProtocol = (typeof DIGITAL_PROTOCOLS)[number]

/** One member of `requests` in `navigator.credentials.get({ digital: { requests } })`. */
export interface DigitalRequest {
  protocol: DigitalProtocol
  data: object
}

export interface DigitalRequestInput {
  /** Ours from configuration: scheme, host and port (VP-117, VP-119). */
  origin: string
  /** The wallet encrypts to it; undefined for an answer in the clear. */
  encryptionKey: ResponseJwk | undefined
  nonce: string
  query: DcqlQuery
  /** Milliseconds since the epoch. */
  issuedAt: number
  expiresAt: number
  /** As in a request by link; in the signed ones alone, for an unsigned one does not say who asks. */
  registrations?: readonly { format: string; document: string }[]
  /** As in a request by link. */
  deviceMac?: boolean
}

/** The `kid` of the response key that belongs to a nonce. */
export function digitalKeyId(nonce: string): string {
  return hashSecret(nonce)
}

/**
 * Returns the requests in the order of {@link DIGITAL_PROTOCOLS}; the multi-signed one only where the certificate bears
 * more than one client identifier (VP-115 to VP-118).
 */
export function digitalRequests(
  signer: RequestSigner,
  input: DigitalRequestInput,
): readonly DigitalRequest[] {
  const asked = parametersOf(signer, input)
  const signed = {
    ...asked,
    aud: AUDIENCE,
    expected_origins: [input.origin],
    iat: toSeconds(input.issuedAt),
    exp: toSeconds(input.expiresAt),
  }
  const who = verifierInfo(input.registrations ?? [])
  const request = sign(signer, {}, { ...signed, ...who, client_id: signer.clientId }).join('.')
  const requests: DigitalRequest[] = [{ protocol: 'openid4vp-v1-signed', data: { request } }]
  if (signer.clientIds.length > 1) {
    const data = { request: signForEach(signer, signed, who) }
    requests.push({ protocol: 'openid4vp-v1-multisigned', data })
  }
  requests.push({ protocol: 'openid4vp-v1-unsigned', data: asked })
  return requests
}

function parametersOf(signer: RequestSigner, input: DigitalRequestInput): object {
  const { encryptionKey: key, nonce, query, deviceMac } = input
  const encryption = key === undefined ? undefined : { key, kid: digitalKeyId(nonce), deviceMac }
  return {
    response_type: 'vp_token',
    response_mode: key === undefined ? 'dc_api' : 'dc_api.jwt',
    nonce,
    dcql_query: query,
    client_metadata: clientMetadata(signer, query, encryption),
  }
}

/**
 * JWS JSON Serialization (RFC 7515 section 7.2.1): who asks, `verifier_info` included, stands in each protected header alone
 * (VP-118).
 */
function signForEach(signer: RequestSigner, payload: object, who: JsonObject): object {
  const signatures = signer.clientIds.map((clientId) => {
    const [header, , signature] = sign(signer, { ...who, client_id: clientId }, payload)
    return { protected: header, signature }
  })
  return { payload: Buffer.from(JSON.stringify(payload)).toString('base64url'), signatures }
}

function sign(
  signer: RequestSigner,
  more: JsonObject,
  payload: object,
): readonly [string, string, string] {
  const [header = '', body = '', signature = ''] = signCompact({
    header: { ...signer.header, ...more },
    payload: Buffer.from(JSON.stringify(payload)),
    key: signer.privateKey,
    algorithm: 'ES256',
  }).split('.')
  return [header, body, signature]
}
