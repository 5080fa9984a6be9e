/**
 * A headless wallet. `present` answers an OpenID4VP link through the independent libraries `@openid4vc/openid4vp` and
 * `@sd-jwt/sd-jwt-vc`, as a stranger's wallet would; `prepare` makes an answer by hand (see `wallet-answer.ts`), to be
 * posted later or forged.
 */
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto'
import { type CallbackContext, type Jwk, setGlobalConfig } from '@openid4vc/oauth2'
import { type Openid4vpAuthorizationRequest, Openid4vpClient } from '@openid4vc/openid4vp'
import { digest, generateSalt } from '@sd-jwt/crypto-nodejs'
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc'
import { CompactEncrypt, compactVerify, flattenedVerify, importJWK } from 'jose'
import {
  type Answer,
  answerRequest,
  type Forgery,
  type Request,
  readRequest,
} from './wallet-answer.ts'

export { type Answer, type Forgery, presentCredential, readRequest } from './wallet-answer.ts'

export interface WalletOptions {
  /** P-256; a fresh one without it. */
  holderKey?: KeyObject
  fetch?: typeof fetch
}

/** A request as a page hands it to `navigator.credentials.get`. */
export interface DigitalRequest {
  protocol: string
  data: {
    request?:
      | string
      | { payload: string; signatures: readonly { protected: string; signature: string }[] }
  }
}

/** What a page gets back from it. */
export interface DigitalAnswer {
  protocol: string
  data: object
}

/** What the verifier said to the answer. */
export interface Reply {
  status: number
  /** Where the verifier sends the browser, if anywhere. */
  redirectUri: string | undefined
  body: unknown
}

/** Presents a credential of another format than SD-JWT VC to one credential query of a request. */
export type Presenter = (
  query: Request['dcql_query']['credentials'][number],
  request: Request,
  /** Of the page that asks through the browser; undefined for a request by a link. */
  origin: string | undefined,
) => Promise<string | undefined>

export interface Wallet {
  holderKey: KeyObject
  /** The public key for the issuer's `cnf`: kty, crv, x, y. */
  publicJwk: { kty: string; crv: string; x: string; y: string }
  /** Keeps a credential (issuer JWT and disclosures, ending in `~`), by its `vct`. */
  add(credential: string): void
  /** Adds a credential of another format: what it presents to a query, or undefined where it does not answer it. */
  addPresenter(present: Presenter): void
  /** Answers a link through the library: fetches and verifies the request, selects, presents, posts. */
  present(link: string, options?: { enc?: 'A128GCM' | 'A256GCM' }): Promise<Reply>
  /**
   * Answers what a page at `origin` handed to the browser (Digital Credentials API) through the library: the first of the
   * requests, or the one of a protocol. Returns the DigitalCredential's members.
   */
  presentToPage(
    requests: readonly DigitalRequest[],
    origin: string,
    options?: { protocol?: string; enc?: 'A128GCM' | 'A256GCM' },
  ): Promise<DigitalAnswer>
  /** Fetches the request object that a link points at, by hand. */
  fetchRequest(
    link: string,
    options?: { walletNonce?: string },
  ): Promise<{ status: number; requestObject: string }>
  /** Makes an answer to a request object by hand, honest but for the forgery. */
  prepare(requestObject: string | Request, forgery?: Forgery): Answer
  /** Posts an answer. */
  post(answer: Answer): Promise<Reply>
  /** Posts an error, as a wallet whose user said no. */
  refuse(requestObject: string | Request, error?: string): Promise<Reply>
}

/** Makes an empty wallet with one holder key. Loopback URLs over http are allowed, in the whole process. */
export function createWallet(options: WalletOptions = {}): Wallet {
  // The library keeps this in a global of its own and offers no other way.
  setGlobalConfig({ allowInsecureUrls: true })
  const ask = options.fetch ?? fetch
  const holderKey =
    options.holderKey ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const credentials = new Map<string, string>()
  const presenters: Presenter[] = []
  const post = async ({ responseUri, body }: Answer): Promise<Reply> =>
    readReply(
      await ask(responseUri, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        redirect: 'manual',
      }),
    )
  return {
    holderKey,
    publicJwk: publicJwkOf(holderKey),
    add: (credential) => credentials.set(typeOf(credential), credential),
    addPresenter: (present) => presenters.push(present),
    present: (link, { enc = 'A256GCM' } = {}) =>
      presentWithLibrary(link, { credentials, presenters, holderKey, fetch: ask, enc }),
    presentToPage: (requests, origin, { protocol, enc = 'A256GCM' } = {}) => {
      const chosen = requests.find((one) => protocol === undefined || one.protocol === protocol)
      if (chosen === undefined) throw new Error('no request of that protocol')
      const means = { credentials, presenters, holderKey, fetch: ask, enc }
      return presentToPage(chosen, origin, means)
    },
    fetchRequest: (link, { walletNonce } = {}) => fetchRequest(link, ask, walletNonce),
    prepare: (request, forgery) =>
      answerRequest(requestOf(request), credentials, holderKey, forgery),
    post,
    refuse: (requestObject, error = 'access_denied') => {
      const { response_uri: responseUri, state } = requestOf(requestObject)
      return post({ responseUri, body: new URLSearchParams({ error, state }).toString() })
    },
  }
}

interface LibraryMeans {
  credentials: ReadonlyMap<string, string>
  presenters: readonly Presenter[]
  holderKey: KeyObject
  fetch: typeof fetch
  enc: 'A128GCM' | 'A256GCM'
}

async function presentWithLibrary(link: string, means: LibraryMeans): Promise<Reply> {
  const client = new Openid4vpClient({ callbacks: callbacksOf(means) })
  const parsed = client.parseOpenid4vpAuthorizationRequest({ authorizationRequest: link })
  if (parsed.type !== 'jar') throw new Error('the link holds no request by reference')
  const resolved = await client.resolveOpenId4vpAuthorizationRequest({
    authorizationRequestPayload: parsed.params,
  })
  if (resolved.version !== 100) throw new Error('not a request of OpenID4VP 1.0')
  const request = resolved.authorizationRequestPayload as Openid4vpAuthorizationRequest
  const vpToken = await selectAndPresent(request as unknown as Request, means)
  const created = await client.createOpenid4vpAuthorizationResponse({
    authorizationRequestPayload: request,
    authorizationResponsePayload: { vp_token: vpToken as never },
    ...(request.response_mode === 'direct_post.jwt' ? { jarm: encryptionOf(means.enc) } : {}),
  })
  const { response } = await client.submitOpenid4vpAuthorizationResponse({
    authorizationRequestPayload: request,
    authorizationResponsePayload: created.authorizationResponsePayload,
    ...(created.jarm === undefined ? {} : { jarm: { responseJwt: created.jarm.responseJwt } }),
  })
  return readReply(response)
}

async function presentToPage(
  { protocol, data }: DigitalRequest,
  origin: string,
  means: LibraryMeans,
): Promise<DigitalAnswer> {
  const client = new Openid4vpClient({ callbacks: callbacksOf(means) })
  const resolved = await client.resolveOpenId4vpAuthorizationRequest({
    // The library knows no multi-signed requests: of those the first signature is taken, as a wallet may.
    authorizationRequestPayload: (protocol === 'openid4vp-v1-multisigned'
      ? await firstSigner(data)
      : data) as never,
    origin,
  })
  const request = resolved.authorizationRequestPayload as Openid4vpAuthorizationRequest
  const vpToken = await selectAndPresent(request as unknown as Request, means, origin)
  const created = await client.createOpenid4vpAuthorizationResponse({
    authorizationRequestPayload: request,
    authorizationResponsePayload: { vp_token: vpToken as never },
    ...((request.response_mode as string) === 'dc_api.jwt'
      ? { jarm: encryptionOf(means.enc) }
      : {}),
    origin,
  })
  return {
    protocol,
    data:
      created.jarm === undefined ? { vp_token: vpToken } : { response: created.jarm.responseJwt },
  }
}

/** The parameters of a multi-signed request as its first signer asks them, its signature verified. */
async function firstSigner({ request }: DigitalRequest['data']): Promise<object> {
  if (typeof request !== 'object') throw new TypeError('a multi-signed request is an object')
  const [first] = request.signatures
  if (first === undefined) throw new TypeError('a multi-signed request has a signature')
  const { client_id, x5c } = JSON.parse(Buffer.from(first.protected, 'base64url').toString())
  const { publicKey } = new X509Certificate(Buffer.from(x5c[0], 'base64'))
  const { payload } = await flattenedVerify({ payload: request.payload, ...first }, publicKey)
  const parameters = JSON.parse(Buffer.from(payload).toString())
  if (client_id === undefined || parameters.client_id !== undefined)
    throw new TypeError('each signer names itself in its own header')
  const { expected_origins: _, ...unsigned } = parameters
  return unsigned
}

/** One presentation for each credential query that the wallet can answer, with the claims that it names. */
async function selectAndPresent(request: Request, means: LibraryMeans, origin?: string) {
  const library = new SDJwtVcInstance({
    hasher: digest,
    hashAlg: 'sha-256',
    saltGenerator: generateSalt,
    kbSigner: (data) => signEs256(data, means.holderKey),
    kbSignAlg: 'ES256',
  })
  const entries = request.dcql_query.credentials.map(async (query) => {
    for (const present of means.presenters) {
      const text = await present(query, request, origin)
      if (text !== undefined) return [query.id, [text]] as const
    }
    const type = query.meta.vct_values?.find((vct) => means.credentials.has(vct))
    const credential = means.credentials.get(type ?? '')
    if (credential === undefined) return undefined
    const names = (query.claims ?? []).map((claim) => [String(claim.path[0]), true])
    const presentation = await library.present(credential, Object.fromEntries(names), {
      kb: {
        payload: {
          iat: Math.floor(Date.now() / 1000),
          aud: origin === undefined ? request.client_id : `origin:${origin}`,
          nonce: request.nonce,
        },
      },
    })
    return [query.id, [presentation]] as const
  })
  const answered = (await Promise.all(entries)).filter((entry) => entry !== undefined)
  if (answered.length === 0) throw new Error('the wallet holds no such credential')
  return Object.fromEntries(answered)
}

function encryptionOf(enc: string) {
  return {
    encryption: { nonce: randomBytes(16).toString('base64url') },
    serverMetadata: {
      authorization_signing_alg_values_supported: [],
      authorization_encryption_alg_values_supported: ['ECDH-ES'],
      authorization_encryption_enc_values_supported: [enc],
    },
  }
}

function callbacksOf(
  means: LibraryMeans,
): Omit<CallbackContext, 'generateRandom' | 'clientAuthentication'> {
  return {
    fetch: means.fetch,
    hash: (data, algorithm) => createHash(algorithm.replace('-', '')).update(data).digest(),
    verifyJwt: async (signer, { compact }) => {
      if (signer.method !== 'x5c') return { verified: false }
      const { publicKey } = new X509Certificate(Buffer.from(signer.x5c[0] ?? '', 'base64'))
      await compactVerify(compact, publicKey, { algorithms: ['ES256'] })
      return { verified: true, signerJwk: publicKey.export({ format: 'jwk' }) as Jwk }
    },
    encryptJwe: async ({ publicJwk, alg, enc, apu, apv }, data) => {
      const parties = {
        ...(apu === undefined ? {} : { apu: Buffer.from(apu, 'base64url') }),
        ...(apv === undefined ? {} : { apv: Buffer.from(apv, 'base64url') }),
      }
      const jwe = await new CompactEncrypt(Buffer.from(data))
        .setProtectedHeader({
          alg,
          enc,
          ...(publicJwk.kid === undefined ? {} : { kid: publicJwk.kid }),
        })
        .setKeyManagementParameters(parties)
        .encrypt(await importJWK(publicJwk as Parameters<typeof importJWK>[0], alg))
      return { encryptionJwk: publicJwk, jwe }
    },
    signJwt: () => {
      throw new Error('this wallet signs no response')
    },
    decryptJwe: () => ({ decrypted: false }),
    getX509CertificateMetadata: (certificate) => {
      const names = new X509Certificate(Buffer.from(certificate, 'base64')).subjectAltName ?? ''
      const of = (kind: string) =>
        names
          .split(', ')
          .flatMap((name) => (name.startsWith(kind) ? [name.slice(kind.length)] : []))
      return { sanDnsNames: of('DNS:'), sanUriNames: of('URI:') }
    },
  }
}

async function fetchRequest(link: string, ask: typeof fetch, walletNonce: string | undefined) {
  const parameters = new URL(link).searchParams
  const uri = parameters.get('request_uri') ?? ''
  const body = new URLSearchParams(walletNonce === undefined ? {} : { wallet_nonce: walletNonce })
  const response =
    parameters.get('request_uri_method') === 'post'
      ? await ask(uri, {
          method: 'POST',
          body: body.toString(),
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
        })
      : await ask(uri)
  return { status: response.status, requestObject: await response.text() }
}

async function readReply(response: Response): Promise<Reply> {
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.includes('json') === true
  const body = isJson ? JSON.parse(text) : text
  const redirectUri = typeof body?.redirect_uri === 'string' ? body.redirect_uri : undefined
  return { status: response.status, redirectUri, body }
}

function requestOf(request: string | Request): Request {
  return typeof request === 'string' ? readRequest(request) : request
}

function typeOf(credential: string): string {
  const payload = credential.split('.')[1] ?? ''
  return JSON.parse(Buffer.from(payload, 'base64url').toString()).vct
}

function publicJwkOf(holderKey: KeyObject) {
  const { kty, crv, x, y } = createPublicKey(holderKey).export({ format: 'jwk' })
  if (kty === undefined || crv === undefined || x === undefined || y === undefined) {
    throw new TypeError('a holder key is an EC key')
  }
  return { kty, crv, x, y }
}

function signEs256(data: string, key: KeyObject): string {
  return sign('sha256', Buffer.from(data), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
}
