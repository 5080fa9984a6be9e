/**
 * The whole room against programs that share no code with it: a wallet on @openid4vc/openid4vp and @sd-jwt, over HTTP,
 * in real time.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIssuer, DEMO_PERSON } from '../../demo/issuer.ts'
import { createWallet } from '../../demo/wallet.ts'
import { randomText } from '../../src/crypto/random.ts'
import { TrustPolicy } from '../../src/domain/trust-policy.ts'
import { type VerifiedPresentation, verifyPresentations } from '../../src/wallet/presentation.ts'
import {
  readRequestUriPost,
  signRequestObject,
  walletLink,
} from '../../src/wallet/request-object.ts'
import { prepareRequestSigner, type RequestSigner } from '../../src/wallet/request-signer.ts'
import { lookupOf, openResponse, readForm } from '../../src/wallet/response.ts'
import { createResponseKey } from '../../src/wallet/response-encryption.ts'
import { prepareTrust } from '../../src/wallet/trust.ts'
import { createIdentity, createMeans, QUERY } from './world.ts'

interface Question {
  signer: RequestSigner
  mode: 'direct_post' | 'direct_post.jwt'
  proved?: VerifiedPresentation
  walletError?: string
}

const issuer = createIssuer()
const trust = prepareTrust(TrustPolicy.parse(issuer.trustPolicy()))
const means = createMeans()
const wallet = createWallet()
let base = ''
let question: Question
let secrets: { nonce: string; state: string; privateKey: Uint8Array; askedAt: number }
let publicJwk: ReturnType<typeof createResponseKey>['publicJwk']

const server = createServer(async (request, response) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const form = readForm(Buffer.concat(chunks))
  try {
    if (request.url === '/request') {
      const { walletNonce } = readRequestUriPost(form)
      response.setHeader('content-type', 'application/oauth-authz-req+jwt')
      response.end(requestObject(walletNonce))
      return
    }
    const lookup = lookupOf(form)
    const answer = openResponse(lookup, { privateKey: secrets.privateKey, mode: question.mode })
    if (answer.kind === 'error') question.walletError = answer.error
    else {
      question.proved = await verifyPresentations(
        {
          vpToken: answer.vpToken,
          query: QUERY,
          trust,
          nonce: secrets.nonce,
          channel: {
            kind: 'redirect',
            clientId: question.signer.clientId,
            responseUri: `${base}/response`,
          },
          notBefore: secrets.askedAt,
          now: Date.now(),
        },
        means,
      )
    }
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ redirect_uri: `${base}/back#response_code=1` }))
  } catch {
    response
      .writeHead(400, { 'content-type': 'application/json' })
      .end('{"error":"invalid_request"}')
  }
})

function requestObject(walletNonce: string | undefined): string {
  return signRequestObject(question.signer, {
    responseUri: `${base}/response`,
    response:
      question.mode === 'direct_post'
        ? { mode: question.mode }
        : { mode: question.mode, encryptionKey: publicJwk },
    nonce: secrets.nonce,
    state: secrets.state,
    query: QUERY,
    issuedAt: secrets.askedAt,
    expiresAt: secrets.askedAt + 300_000,
    walletNonce,
  })
}

function ask(
  mode: Question['mode'],
  prefix: 'x509_hash' | 'x509_san_dns',
  method: 'get' | 'post',
): string {
  const key = createResponseKey()
  publicJwk = key.publicJwk
  secrets = {
    nonce: randomText(),
    state: randomText(),
    privateKey: key.privateKey,
    askedAt: Date.now(),
  }
  const identity = createIdentity({ prefix, host: 'localhost', dnsNames: ['localhost'] })
  question = { signer: prepareRequestSigner(identity), mode }
  return walletLink('openid4vp://', {
    clientId: question.signer.clientId,
    requestUri: `${base}/request`,
    method,
  })
}

beforeAll(async () => {
  wallet.add(await issuer.issue(DEMO_PERSON, wallet.publicJwk))
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  base = `http://localhost:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
})

describe('a wallet on @openid4vc/openid4vp', () => {
  const ways = [
    ['direct_post', 'x509_hash', 'get'],
    ['direct_post', 'x509_san_dns', 'post'],
    ['direct_post.jwt', 'x509_hash', 'post'],
    ['direct_post.jwt', 'x509_san_dns', 'get'],
  ] as const
  it.each(ways)('RE-10 answers %s under %s, fetched by %s', async (mode, prefix, method) => {
    const reply = await wallet.present(ask(mode, prefix, method))
    expect(reply).toMatchObject({ status: 200, redirectUri: `${base}/back#response_code=1` })
    expect({ ...question.proved?.credentials[0]?.claims }).toEqual({
      given_name: DEMO_PERSON.given_name,
      email: DEMO_PERSON.email,
    })
  })

  it('HA-04 answers with A128GCM as well', async () => {
    const reply = await wallet.present(ask('direct_post.jwt', 'x509_hash', 'get'), {
      enc: 'A128GCM',
    })
    expect(reply.status).toBe(200)
    expect(question.proved?.holder?.publicJwk).toEqual(wallet.publicJwk)
  })
})

describe('the hand-written wallet', () => {
  it('VP-032 finds its wallet_nonce in the request object, and none where it sent none', async () => {
    const link = ask('direct_post.jwt', 'x509_hash', 'post')
    const { requestObject: withNonce } = await wallet.fetchRequest(link, { walletNonce: 'w&n=1 ä' })
    const { requestObject: without } = await wallet.fetchRequest(link)
    expect(payloadOf(withNonce).wallet_nonce).toBe('w&n=1 ä')
    expect(payloadOf(without)).not.toHaveProperty('wallet_nonce')
    const reply = await wallet.post(wallet.prepare(withNonce))
    expect(reply.status).toBe(200)
  })

  it('VP-083 may say no', async () => {
    const link = ask('direct_post.jwt', 'x509_hash', 'get')
    const { requestObject: text } = await wallet.fetchRequest(link)
    expect((await wallet.refuse(text)).status).toBe(200)
    expect(question.walletError).toBe('access_denied')
  })

  it('VP-094 is refused with the nonce of another request', async () => {
    const link = ask('direct_post.jwt', 'x509_hash', 'get')
    const { requestObject: text } = await wallet.fetchRequest(link)
    const reply = await wallet.post(wallet.prepare(text, { nonce: randomText() }))
    expect(reply.status).toBe(400)
    expect(question.proved).toBeUndefined()
  })
})

function payloadOf(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString())
}
