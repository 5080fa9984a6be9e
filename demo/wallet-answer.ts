/**
 * A wallet's answer made by hand, against the text of OpenID4VP 1.0 and with node:crypto alone: quick enough to be made
 * beforehand in thousands for the bench, and open to forging for the tests. Not a line of it is the bridge's.
 */
import {
  createCipheriv,
  createECDH,
  createHash,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto'

/** The claims of a request object that an answer needs. */
export interface Request {
  client_id: string
  nonce: string
  state: string
  response_uri: string
  response_mode: 'direct_post' | 'direct_post.jwt'
  dcql_query: {
    credentials: {
      id: string
      format: string
      meta: { vct_values: string[]; doctype_value?: string; type_values?: string[][] }
      claims?: { path: (string | number | null)[] }[]
    }[]
  }
  client_metadata: {
    jwks?: { keys: EncryptionJwk[] }
    vp_formats_supported?: { mso_mdoc?: { deviceauth_alg_values: number[] } }
  }
  wallet_nonce?: string
  [member: string]: unknown
}

export interface EncryptionJwk {
  kid: string
  x: string
  y: string
}

/** What is to be different from an honest answer. */
export interface Forgery {
  nonce?: string
  audience?: string
  state?: string
  /** Seconds since the epoch, of the key binding JWT. */
  issuedAt?: number
  stripKeyBinding?: boolean
  /** Signs the key binding instead of the holder's key. */
  bindingKey?: KeyObject
  bindingHeader?: Record<string, unknown>
  bindingPayload?: Record<string, unknown>
  /** Changes each presentation before it is put into the answer. */
  alter?: (presentation: string) => string
  /** In place of the honest vp_token. */
  vpToken?: unknown
  /** Sends the vp_token in the clear where encryption was asked for, or the other way round. */
  mode?: 'direct_post' | 'direct_post.jwt'
  enc?: 'A128GCM' | 'A256GCM'
  /** More members of the JWE header. */
  encryptionHeader?: Record<string, unknown>
}

/** Ready to be posted. */
export interface Answer {
  responseUri: string
  /** `application/x-www-form-urlencoded` */
  body: string
}

/** The claims of a compact JWT, its signature unseen: whoever prepares answers made the request himself. */
export function readRequest(requestObject: string): Request {
  const payload = requestObject.split('.')[1] ?? ''
  return JSON.parse(Buffer.from(payload, 'base64url').toString())
}

/**
 * A credential with only the disclosures that the paths need (top-level names), and the key binding JWT of its holder.
 */
export function presentCredential(
  credential: string,
  holderKey: KeyObject,
  request: Pick<Request, 'client_id' | 'nonce'> & { names?: readonly string[] | undefined },
  forgery: Forgery = {},
): string {
  const [issuerJwt = '', ...disclosures] = credential.split('~').slice(0, -1)
  const shown = disclosures.filter((text) => request.names?.includes(nameIn(text)) ?? true)
  const presented = [issuerJwt, ...shown, ''].join('~')
  if (forgery.stripKeyBinding) return presented
  const header = { alg: 'ES256', typ: 'kb+jwt', ...forgery.bindingHeader }
  const payload = {
    iat: forgery.issuedAt ?? Math.floor(Date.now() / 1000),
    aud: forgery.audience ?? request.client_id,
    nonce: forgery.nonce ?? request.nonce,
    sd_hash: createHash('sha256').update(presented).digest('base64url'),
    ...forgery.bindingPayload,
  }
  const signed = `${encode(header)}.${encode(payload)}`
  const key = { key: forgery.bindingKey ?? holderKey, dsaEncoding: 'ieee-p1363' } as const
  return `${presented}${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`
}

/** The whole answer to a request, from the credentials of one holder, by their types. */
export function answerRequest(
  request: Request,
  credentials: ReadonlyMap<string, string>,
  holderKey: KeyObject,
  forgery: Forgery = {},
): Answer {
  const vpToken =
    forgery.vpToken ??
    Object.fromEntries(
      request.dcql_query.credentials.map((query) => {
        const vct = query.meta.vct_values.find((type) => credentials.has(type))
        if (vct === undefined) throw new Error('the wallet holds no such credential')
        const names = query.claims?.map((claim) => String(claim.path[0])) ?? []
        const question = { client_id: request.client_id, nonce: request.nonce, names }
        const text = presentCredential(credentials.get(vct) ?? '', holderKey, question, forgery)
        return [query.id, [forgery.alter?.(text) ?? text]]
      }),
    )
  const state = forgery.state ?? request.state
  const mode = forgery.mode ?? request.response_mode
  const parameters =
    mode === 'direct_post'
      ? { vp_token: JSON.stringify(vpToken), state }
      : { response: encrypt({ vp_token: vpToken, state }, encryptionKeyOf(request), forgery) }
  return { responseUri: request.response_uri, body: new URLSearchParams(parameters).toString() }
}

function encryptionKeyOf(request: Request): EncryptionJwk {
  const key = request.client_metadata.jwks?.keys[0]
  if (key === undefined) throw new Error('the request has no encryption key')
  return key
}

/** JWE, compact, ECDH-ES on P-256 without key wrapping (RFC 7518 section 4.6). */
export function encrypt(payload: unknown, to: EncryptionJwk, forgery: Forgery = {}): string {
  const enc = forgery.enc ?? 'A256GCM'
  const bytes = enc === 'A256GCM' ? 32 : 16
  const ecdh = createECDH('prime256v1')
  const point = ecdh.generateKeys()
  const epk = {
    kty: 'EC',
    crv: 'P-256',
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33).toString('base64url'),
  }
  const coordinates = [to.x, to.y].map((text) => Buffer.from(text, 'base64url'))
  const secret = ecdh.computeSecret(Buffer.concat([Buffer.of(4), ...coordinates]))
  const info = [
    uint32(1),
    secret,
    uint32(7),
    Buffer.from(enc),
    uint32(0),
    uint32(0),
    uint32(bytes * 8),
  ]
  const key = createHash('sha256').update(Buffer.concat(info)).digest().subarray(0, bytes)
  const header = encode({ alg: 'ECDH-ES', enc, kid: to.kid, epk, ...forgery.encryptionHeader })
  const iv = randomBytes(12)
  const cipher = createCipheriv(bytes === 32 ? 'aes-256-gcm' : 'aes-128-gcm', key, iv)
  cipher.setAAD(Buffer.from(header))
  const sealed = Buffer.concat([cipher.update(JSON.stringify(payload)), cipher.final()])
  return [
    header,
    '',
    ...[iv, sealed, cipher.getAuthTag()].map((part) => part.toString('base64url')),
  ].join('.')
}

function nameIn(disclosure: string): string {
  const parts = JSON.parse(Buffer.from(disclosure, 'base64url').toString())
  return parts.length === 3 ? parts[1] : ''
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
