import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { expect } from 'vitest'
import { createIssuer, DEMO_PERSON, EDUID_VCT, type Issuer } from '../../demo/issuer.ts'
import { createWallet, type Forgery, presentCredential, type Wallet } from '../../demo/wallet.ts'
import { createCertificateAuthority, issueCertificate } from '../../src/crypto/certificate.ts'
import { DcqlQuery } from '../../src/domain/dcql.ts'
import { BridgeError } from '../../src/domain/failure.ts'
import { TrustPolicy } from '../../src/domain/trust-policy.ts'
import { createChainCache } from '../../src/wallet/certificate-path.ts'
import type { Channel } from '../../src/wallet/channel.ts'
import { createAnswerShelf } from '../../src/wallet/kept-answers.ts'
import { createIssuerKeyCache } from '../../src/wallet/published-keys.ts'
import { prepareRequestSigner, type SigningIdentity } from '../../src/wallet/request-signer.ts'
import type { SdJwtVcExpectations } from '../../src/wallet/sd-jwt-vc.ts'
import { createStatusListCache } from '../../src/wallet/status-lookup.ts'
import type { AnswerStore, NewAnswer } from '../../src/wallet/stored-answer.ts'
import { prepareTrust, type TrustMeans } from '../../src/wallet/trust.ts'

/** Noon, in whole seconds; nothing in these tests reads a clock. */
export const NOW = Date.parse('2026-11-22T12:00:00Z')
export const NOW_S = NOW / 1000
export const DAY = 86_400_000
export const NONCE = 'n-0S6_WzA2Mjn-0S6_WzA2Mjn-0S6_WzA2Mj'
export const AUDIENCE = 'x509_hash:Uvo3HtuIxuhC92rShpgqcT3YXwrqRxWEviRiA0OZszk'
export const RESPONSE_URI = 'https://bridge.example/t/demo/wallet/response'
export const CHANNEL: Extract<Channel, { kind: 'redirect' }> = {
  kind: 'redirect',
  clientId: AUDIENCE,
  responseUri: RESPONSE_URI,
}
export const VCT = EDUID_VCT

export const QUERY = DcqlQuery.parse({
  credentials: [
    {
      id: 'eduid',
      format: 'dc+sd-jwt',
      meta: { vct_values: [VCT] },
      claims: [{ path: ['given_name'] }, { path: ['email'] }],
    },
  ],
})

export interface World {
  issuer: Issuer
  wallet: Wallet
  /** Issuer JWT and all disclosures, ending in `~`. */
  credential: string
  means: TrustMeans
}

/** An issuer, a wallet that holds a credential of his, and the verifier's caches, which fetch nothing. */
export async function createWorld(): Promise<World> {
  const issuer = createIssuer({ now: NOW })
  const wallet = createWallet()
  const credential = await issuer.issue(DEMO_PERSON, wallet.publicJwk)
  wallet.add(credential)
  return { issuer, wallet, credential, means: createMeans() }
}

/** Fresh caches; a fetch is answered from `documents` by URL, and counted in `asked`. */
export function createMeans(
  documents: Record<string, unknown> = {},
): TrustMeans & { asked: string[]; answers: ReturnType<typeof createAnswers> } {
  const asked: string[] = []
  return {
    asked,
    statusLists: createStatusListCache(),
    fetchStatusList: async (url) => {
      asked.push(url)
      const answer = Object.hasOwn(documents, url) ? documents[url] : undefined
      if (!isAnswer(answer)) {
        throw new BridgeError({ kind: 'outbound_refused', reason: 'unreachable' })
      }
      return answer
    },
    fetchStatement: async (url) => {
      asked.push(url)
      const answer = Object.hasOwn(documents, url) ? documents[url] : undefined
      if (typeof answer === 'string') return answer
      throw new BridgeError({ kind: 'outbound_refused', reason: 'unreachable' })
    },
    revocation: createAnswerShelf(),
    fetchSigned: async (url, { body }) => {
      asked.push(url)
      const answer = Object.hasOwn(documents, url) ? documents[url] : undefined
      if (typeof answer === 'function') return answer(body?.octets)
      if (answer instanceof Uint8Array) return answer
      throw new BridgeError({ kind: 'outbound_refused', reason: 'unreachable' })
    },
    chains: createChainCache(),
    issuerKeys: createIssuerKeyCache(),
    answers: createAnswers(),
    fetchJson: async (url) => {
      asked.push(url)
      if (!Object.hasOwn(documents, url)) {
        throw new BridgeError({ kind: 'outbound_refused', reason: 'unreachable' })
      }
      return documents[url]
    },
  }
}

/** Answers that outlive a verifier's caches, as the database keeps them. */
export function createAnswers(): AnswerStore & { kept: Map<string, NewAnswer> } {
  const kept = new Map<string, NewAnswer>()
  return {
    kept,
    find: async (name) => kept.get(name),
    keep: async (answer) => void kept.set(answer.name, answer),
  }
}

function isAnswer(value: unknown): value is { body: Uint8Array; contentType: string } {
  return typeof value === 'object' && value !== null && 'body' in value && 'contentType' in value
}

export function expectationsOf(
  issuer: Issuer,
  members: Partial<SdJwtVcExpectations> & { policy?: unknown } = {},
): SdJwtVcExpectations {
  const { policy = issuer.trustPolicy(), ...rest } = members
  return {
    queryId: 'eduid',
    vcts: [VCT],
    nonce: NONCE,
    audience: AUDIENCE,
    notBefore: NOW - 30_000,
    now: NOW,
    trust: prepareTrust(TrustPolicy.parse(policy)),
    ...rest,
  }
}

/** A presentation of a credential to our audience and nonce, honest but for the forgery. */
export function presentTo(
  world: Pick<World, 'wallet'>,
  credential: string,
  forgery: Forgery = {},
): string {
  return presentCredential(
    credential,
    world.wallet.holderKey,
    { client_id: AUDIENCE, nonce: NONCE },
    { issuedAt: NOW_S - 5, ...forgery },
  )
}

/** An SD-JWT of any content, signed by the issuer's key: what an honest library would not write. */
export function forgeCredential(
  issuer: Issuer,
  payload: object,
  options: { disclosures?: readonly string[]; header?: object; key?: KeyObject } = {},
): string {
  const { disclosures = [], header = {}, key = issuer.privateKey } = options
  const full = { alg: 'ES256', typ: 'dc+sd-jwt', x5c: issuer.x5c, ...header }
  return [signJwt(full, payload, key), ...disclosures, ''].join('~')
}

/** A compact JWS; `alg` and signature are whatever is asked for. */
export function signJwt(
  header: object,
  payload: object,
  key: KeyObject,
  digest = 'sha256',
): string {
  const signed = `${encode(header)}.${encode(payload)}`
  const algorithm = key.asymmetricKeyType === 'ed25519' ? null : digest
  const signature = sign(algorithm, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}

export function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

export function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
}

/** Our own signing certificate below an authority that stays outside the chain. */
export function createIdentity(
  members: Partial<SigningIdentity> & { dnsNames?: readonly string[]; notAfter?: number } = {},
): SigningIdentity {
  const { dnsNames = ['bridge.example'], notAfter = NOW + 300 * DAY, ...rest } = members
  const authority = createCertificateAuthority({
    subject: { commonName: 'Access CA' },
    notBefore: NOW - DAY,
    notAfter: NOW + 365 * DAY,
  })
  const privateKey = newKey()
  const leaf = issueCertificate(authority, {
    subject: { commonName: 'Bridge' },
    publicKey: createPublicKey(privateKey),
    dnsNames,
    notBefore: NOW - DAY,
    notAfter,
  })
  return { prefix: 'x509_hash', host: 'bridge.example', chain: [leaf], privateKey, ...rest }
}

export function createSigner(members: Parameters<typeof createIdentity>[0] = {}) {
  return prepareRequestSigner(createIdentity(members))
}

/** The reason of the refusal that `attempt` must end in. */
export async function refusalOf(attempt: () => unknown): Promise<string> {
  try {
    await attempt()
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error
    const { failure } = error
    return failure.kind === 'presentation_refused' ? failure.reason : failure.kind
  }
  return expect.fail('nothing was refused')
}
