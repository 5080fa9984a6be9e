/**
 * Sphereon's wallet side: `@sphereon/did-auth-siop` fetches, reads and judges the request, and makes and posts the answer, all on
 * code of its own. It leaves certificates, key binding and encryption to the wallet around it: here `node:crypto`, `@sd-jwt/sd-jwt-vc`
 * and `jose`.
 */
import { createHash, generateKeyPairSync, sign, type webcrypto, X509Certificate } from 'node:crypto'
import { digest, generateSalt } from '@sd-jwt/crypto-nodejs'
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc'
import {
  OP,
  type RequestObjectPayload,
  SupportedVersion,
  type VerifyJwtCallback,
} from '@sphereon/did-auth-siop'
import { CompactEncrypt, compactVerify, importJWK } from 'jose'
import { type Held, serveWallet } from '../wallet-program.ts'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const { crv = '', x = '', y = '' } = publicKey.export({ format: 'jwk' })
const held: string[] = []

/** The request is signed by the certificate that it brings and is named by. */
const verifyJwt: VerifyJwtCallback = async (verifier, { raw, payload }) => {
  if (verifier.method !== 'x5c') return false
  const der = Buffer.from(verifier.x5c[0] ?? '', 'base64')
  const certificate = new X509Certificate(der)
  await compactVerify(raw, certificate.publicKey, { algorithms: ['ES256'] })
  const [prefix, name = ''] = String(payload.client_id).split(/:(.*)/s)
  return prefix === 'x509_hash'
    ? name === createHash('sha256').update(der).digest('base64url')
    : prefix === 'x509_san_dns' && certificate.checkHost(name) !== undefined
}

const wallet = OP.builder()
  .withIssuer('https://self-issued.me/v2')
  .withSupportedVersions([SupportedVersion.OID4VP_v1])
  .withVerifyJwtCallback(verifyJwt)
  .withCreateJwtCallback(() => Promise.reject(new Error('nothing but the key binding is signed')))
  .build()

async function present(link: string) {
  const request = await wallet.verifyAuthorizationRequest(link)
  const asked = request.authorizationRequest.requestObject?.getPayload()
  if (asked === undefined) throw new Error('the request came without an object')
  const answer = await wallet.createAuthorizationResponse(request, {
    dcqlResponse: { dcqlPresentation: await presentationsFor(asked) },
  })
  const response = await wallet.submitAuthorizationResponse(answer, async (opts) => ({
    response: await encrypted(opts.requestObjectPayload, opts.authorizationResponsePayload),
  }))
  const body = (await response.json()) as { redirect_uri?: string }
  return { status: response.status, redirectUri: body.redirect_uri, body }
}

interface Asked {
  client_id: string
  nonce: string
  dcql_query: {
    credentials: {
      id: string
      format: string
      meta: { vct_values?: string[] }
      claims?: { path: string[] }[]
    }[]
  }
  client_metadata: { jwks?: { keys: (webcrypto.JsonWebKey & { kid: string })[] } }
}

/** The credential of each type that is asked for, with the claims that are. */
async function presentationsFor(payload: RequestObjectPayload): Promise<Record<string, string[]>> {
  const { client_id: aud, nonce, dcql_query: query } = payload as unknown as Asked
  const library = new SDJwtVcInstance({
    ...{ hasher: digest, hashAlg: 'sha-256', saltGenerator: generateSalt, kbSignAlg: 'ES256' },
    kbSigner: (data) =>
      sign('sha256', Buffer.from(data), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString(
        'base64url',
      ),
  })
  const found: Record<string, string[]> = {}
  for (const { id, format, meta, claims = [] } of query.credentials) {
    const credential = held.find((one) => meta.vct_values?.includes(vctOf(one)) === true)
    if (format !== 'dc+sd-jwt' || credential === undefined) continue
    const names = Object.fromEntries(claims.map(({ path }) => [String(path[0]), true]))
    const iat = Math.floor(Date.now() / 1000)
    found[id] = [await library.present(credential, names, { kb: { payload: { iat, aud, nonce } } })]
  }
  return found
}

function vctOf(credential: string): string {
  const payload = credential.split('.')[1] ?? ''
  return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { vct: string }).vct
}

async function encrypted(payload: RequestObjectPayload, answer: object): Promise<string> {
  const { client_metadata: metadata } = payload as unknown as Asked
  const key = await OP.extractEncJwksFromClientMetadata(metadata as never)
  return await new CompactEncrypt(Buffer.from(JSON.stringify(answer)))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid: key.kid ?? '' })
    .encrypt(await importJWK(key as Parameters<typeof importJWK>[0], 'ECDH-ES'))
}

await serveWallet({
  holderKey: async () => ({ kty: 'EC', crv, x, y }),
  add: async ({ credential }: Held) => void held.push(credential),
  present,
})
