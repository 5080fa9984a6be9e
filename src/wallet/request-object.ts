/**
 * The signed authorization request (OpenID4VP 1.0 section 5, RFC 9101), handed out by reference, and the link that leads
 * a wallet to it.
 */
import { signCompact } from '../crypto/jws.ts'
import { hashSecret } from '../crypto/random.ts'
import type { CredentialFormat, DcqlQuery } from '../domain/dcql.ts'
import { fail } from '../domain/failure.ts'
import type { JsonObject } from '../domain/text.ts'
import { toSeconds } from '../domain/time.ts'
import { COSE_ALGORITHM_NUMBERS } from './cose.ts'
import { isJsonObject, readJson } from './json.ts'
import { type RequestEncryptionKey, readRequestEncryptionKey } from './request-encryption.ts'
import type { RequestSigner } from './request-signer.ts'
import type { Form } from './response.ts'
import { CONTENT_ENCRYPTIONS, type ResponseJwk } from './response-encryption.ts'

/** Audience of a request to a wallet that nobody discovered (section 5.8). */
export const AUDIENCE = 'https://self-issued.me/v2'
const NONCE = /^[A-Za-z0-9._~-]{22,}$/
const STATE = /^[A-Za-z0-9._~-]{22,512}$/
const LONGEST_WALLET_NONCE = 256
const LARGEST_WALLET_METADATA = 16 * 1024

const JOSE_ALGORITHMS = ['ES256', 'ES384', 'EdDSA']
/**
 * Signature algorithms of issuers and holders that we verify, in the words of each format (VP-016, VP-017). Of an mdoc
 * both the general and the fully specified names.
 */
const FORMATS: Readonly<Record<CredentialFormat, JsonObject>> = {
  'dc+sd-jwt': { 'sd-jwt_alg_values': JOSE_ALGORITHMS, 'kb-jwt_alg_values': JOSE_ALGORITHMS },
  mso_mdoc: {
    issuerauth_alg_values: COSE_ALGORITHM_NUMBERS,
    deviceauth_alg_values: COSE_ALGORITHM_NUMBERS,
  },
  jwt_vc_json: { alg_values: JOSE_ALGORITHMS },
}

/** HMAC 256/256 with a key agreed on P-256, as section B.2.2 of OpenID4VP 1.0 numbers it (MD-09). */
const DEVICE_MAC = -65537

export interface RequestObjectInput {
  responseUri: string
  /** With `direct_post.jwt` the wallet encrypts to this key, whose private half the journey keeps. */
  response: { mode: 'direct_post' } | { mode: 'direct_post.jwt'; encryptionKey: ResponseJwk }
  /** At least 128 bits, of `A-Za-z0-9-._~`. */
  nonce: string
  state: string
  query: DcqlQuery
  /** Milliseconds since the epoch. */
  issuedAt: number
  expiresAt: number
  /** As the wallet sent it; absent when it sent none. */
  walletNonce?: string | undefined
  /** What others say of who asks, by value: registration certificates (VP-019). */
  registrations?: readonly { format: string; document: string }[]
  /** Whether the device of an mdoc may prove itself by MAC; where the answer is not encrypted it may not. */
  deviceMac?: boolean
}

/**
 * Returns the compact JWS of the request (VP-001 to VP-018). Throws RangeError for input that could not have come from a
 * journey: a nonce or state of the wrong form, a host that is not the signer's, or the signing key as response key.
 */
export function signRequestObject(signer: RequestSigner, input: RequestObjectInput): string {
  if (!NONCE.test(input.nonce)) throw new RangeError('nonce')
  if (!STATE.test(input.state)) throw new RangeError('state')
  if (signer.prefix === 'x509_san_dns' && URL.parse(input.responseUri)?.hostname !== signer.host) {
    throw new RangeError('response_uri is not on the host of the client identifier')
  }
  const payload = {
    client_id: signer.clientId,
    aud: AUDIENCE,
    response_type: 'vp_token',
    response_mode: input.response.mode,
    response_uri: input.responseUri,
    nonce: input.nonce,
    state: input.state,
    dcql_query: input.query,
    client_metadata: clientMetadata(
      signer,
      input.query,
      // So that an answer leads to its journey (VP-073).
      input.response.mode === 'direct_post'
        ? undefined
        : {
            key: input.response.encryptionKey,
            kid: hashSecret(input.state),
            deviceMac: input.deviceMac,
          },
    ),
    ...verifierInfo(input.registrations ?? []),
    iat: toSeconds(input.issuedAt),
    exp: toSeconds(input.expiresAt),
    ...(input.walletNonce === undefined ? {} : { wallet_nonce: input.walletNonce }),
  }
  const { header, privateKey: key } = signer
  return signCompact({
    header,
    payload: Buffer.from(JSON.stringify(payload)),
    key,
    algorithm: 'ES256',
  })
}

/**
 * Returns what a wallet must know of us to answer: the formats that are asked for and, where the answer is to be encrypted,
 * the key for it with its `kid` (VP-013 to VP-018). Throws RangeError for the signing key as response key.
 */
export function clientMetadata(
  signer: Pick<RequestSigner, 'signingX'>,
  query: DcqlQuery,
  encryption: { key: ResponseJwk; kid: string; deviceMac?: boolean | undefined } | undefined,
): JsonObject {
  const formats = formatsOf(query, encryption?.deviceMac === true)
  if (encryption === undefined) return { vp_formats_supported: formats }
  const { kid } = encryption
  const { kty, crv, x, y } = encryption.key
  if (x === signer.signingX) throw new RangeError('the signing key is no response key')
  return {
    vp_formats_supported: formats,
    jwks: { keys: [{ kty, crv, x, y, kid, use: 'enc', alg: 'ECDH-ES' }] },
    encrypted_response_enc_values_supported: CONTENT_ENCRYPTIONS,
  }
}

/** Returns `verifier_info`. An empty list may not be sent. Each is about all of the query, so no `credential_ids` are named. */
export function verifierInfo(
  registrations: readonly { format: string; document: string }[],
): JsonObject {
  if (registrations.length === 0) return {}
  return {
    verifier_info: registrations.map(({ format, document }) => ({ format, data: document })),
  }
}

/** Formats that are not asked for are nobody's business. */
function formatsOf(query: DcqlQuery, deviceMac: boolean): JsonObject {
  const mdoc = { deviceauth_alg_values: [...COSE_ALGORITHM_NUMBERS, DEVICE_MAC] }
  const formats = deviceMac ? { ...FORMATS, mso_mdoc: { ...FORMATS.mso_mdoc, ...mdoc } } : FORMATS
  return Object.fromEntries(query.credentials.map(({ format }) => [format, formats[format]]))
}

/**
 * Returns the link that opens a wallet: `base` (a scheme as `openid4vp://`, or a claimed https URL) with the client
 * identifier and where to fetch the request (VP-002, VP-030). Nothing else is in it.
 */
export function walletLink(
  base: string,
  link: { clientId: string; requestUri: string; method: 'get' | 'post' },
): string {
  const parameters = new URLSearchParams({
    client_id: link.clientId,
    request_uri: link.requestUri,
    request_uri_method: link.method,
  })
  return `${base}${base.includes('?') ? '&' : '?'}${parameters}`
}

/** What a wallet says of itself when it fetches the request by POST. */
export interface WalletSays {
  walletNonce: string | undefined
  /** The formats its metadata names; undefined where it names none. It can narrow, never widen (VP-036). */
  formats: readonly string[] | undefined
  /** What the request is encrypted to; undefined where the wallet offers no key for it. */
  key: RequestEncryptionKey | undefined
}

/**
 * Returns what a POST at `request_uri` says; both parameters are optional and others are ignored (section 5.10, VP-031,
 * VP-032). Throws `invalid_request` for a nonce of more than 256 characters, or metadata of more than 16 KiB, nested
 * deeper than 8 or not a JSON object. No URL in it is ever followed, and a key in it encrypts the request alone (VP-036).
 */
export function readRequestUriPost(form: Form): WalletSays {
  const walletNonce = form.get('wallet_nonce')
  if (walletNonce !== undefined && walletNonce.length > LONGEST_WALLET_NONCE) {
    fail({ kind: 'invalid_request', detail: 'wallet_nonce is too long' })
  }
  return { walletNonce, ...readWalletMetadata(form.get('wallet_metadata')) }
}

function readWalletMetadata(text: string | undefined): Omit<WalletSays, 'walletNonce'> {
  if (text === undefined) return { formats: undefined, key: undefined }
  const metadata = text.length > LARGEST_WALLET_METADATA ? undefined : readJson(text, 8)
  if (!isJsonObject(metadata)) {
    fail({ kind: 'invalid_request', detail: 'wallet_metadata is too large or not a JSON object' })
  }
  const formats = metadata.vp_formats_supported
  return {
    formats: isJsonObject(formats) ? Object.keys(formats) : undefined,
    key: readRequestEncryptionKey(metadata),
  }
}
