/** One honest presentation of each format, and the question it answers: what the fuzzers start from. */
import type { KeyObject } from 'node:crypto'
import { encrypt, presentCredential } from '../../demo/wallet-answer.ts'
import { hashSecret, randomText } from '../../src/crypto/random.ts'
import { thumbprint } from '../../src/crypto/thumbprint.ts'
import { DcqlQuery } from '../../src/domain/dcql.ts'
import { BridgeError } from '../../src/domain/failure.ts'
import { TrustPolicy } from '../../src/domain/trust-policy.ts'
import { isJsonObject, readJson } from '../../src/wallet/json.ts'
import { type PresentationQuestion, verifyPresentations } from '../../src/wallet/presentation.ts'
import {
  lookupOf,
  openDigitalResponse,
  openResponse,
  readForm,
  type VpToken,
} from '../../src/wallet/response.ts'
import { agree, createResponseKey } from '../../src/wallet/response-encryption.ts'
import { prepareTrust } from '../../src/wallet/trust.ts'
import { issueMdoc, presentMdocByLibrary } from '../support/mdoc-library.ts'
import {
  createMdocIssuer,
  MDL,
  MDL_NAMESPACE,
  type MdocIssuer,
  presentMdocBytes,
  transcriptOf,
} from './mdoc-world.ts'
import {
  createW3cWorld,
  DEGREE,
  issueVc,
  presentVc,
  trustEntry,
  type Version,
  type W3cWorld,
} from './w3c-world.ts'
import {
  AUDIENCE,
  CHANNEL,
  createMeans,
  createWorld,
  NONCE,
  NOW,
  presentTo,
  QUERY,
  RESPONSE_URI,
  type World,
} from './world.ts'

export interface Honest {
  /** One presentation, as it stands in the vp_token. */
  text: string
  question: Omit<PresentationQuestion, 'vpToken'>
}

export interface FuzzWorld {
  sdJwt: World
  mdocIssuer: MdocIssuer
  w3c: W3cWorld
  honest: Record<
    'dc+sd-jwt' | 'mso_mdoc' | 'mso_mdoc by MAC' | 'jwt_vc_json 1.1' | 'jwt_vc_json 2.0',
    Honest
  >
}

function questionOf(query: unknown, entries: unknown[]): Honest['question'] {
  return {
    query: DcqlQuery.parse(query),
    trust: prepareTrust(TrustPolicy.parse({ entries })),
    ...{ nonce: NONCE, channel: CHANNEL, notBefore: NOW - 30_000, now: NOW },
  }
}

export async function createFuzzWorld(): Promise<FuzzWorld> {
  const sdJwt = await createWorld()
  const mdocIssuer = createMdocIssuer()
  const w3c = createW3cWorld()
  const degree = async (version: Version): Promise<Honest> => ({
    text: await presentVc(w3c, version, await issueVc(w3c, version)),
    question: questionOf(
      {
        credentials: [{ id: 'it', format: 'jwt_vc_json', meta: { type_values: [[DEGREE]] } }],
      },
      [trustEntry(w3c)],
    ),
  })
  const claims = [{ path: [MDL_NAMESPACE, 'family_name'] }]
  return {
    ...{ sdJwt, mdocIssuer, w3c },
    honest: {
      'dc+sd-jwt': {
        text: presentTo(sdJwt, sdJwt.credential),
        question: questionOf(
          { credentials: [{ ...QUERY.credentials[0], id: 'it' }] },
          sdJwt.issuer.trustPolicy().entries,
        ),
      },
      mso_mdoc: {
        text: presentMdocBytes(mdocIssuer, sdJwt.wallet.holderKey).toString('base64url'),
        question: questionOf(
          {
            credentials: [{ id: 'it', format: 'mso_mdoc', meta: { doctype_value: MDL }, claims }],
          },
          [mdocIssuer.trustEntry()],
        ),
      },
      'mso_mdoc by MAC': await presentByMac(mdocIssuer, sdJwt.wallet.holderKey),
      'jwt_vc_json 1.1': await degree('1.1'),
      'jwt_vc_json 2.0': await degree('2.0'),
    },
  }
}

/** An mdoc whose device proves itself by MAC, in an encrypted answer. */
async function presentByMac(issuer: MdocIssuer, holderKey: KeyObject): Promise<Honest> {
  const { privateKey, publicJwk } = createResponseKey()
  const nameSpaces = { [MDL_NAMESPACE]: { family_name: 'Lovelace' } }
  const mdoc = await issueMdoc(issuer, { docType: MDL, nameSpaces, holderKey, now: NOW })
  const path = [MDL_NAMESPACE, 'family_name'] as const
  const asked = { id: 'it', format: 'mso_mdoc', meta: { doctype_value: MDL }, claims: [{ path }] }
  const channel: PresentationQuestion['channel'] = {
    ...{ ...CHANNEL, encryptionKey: () => publicJwk },
    agree: (other) => agree(privateKey, { ...other }),
  }
  const trusted = [issuer.trustEntry({ deviceMac: 'accept' })]
  return {
    text: await presentMdocByLibrary(mdoc, holderKey, MDL, [path], {
      ...{ client_id: AUDIENCE, nonce: NONCE, response_uri: RESPONSE_URI, macFor: publicJwk },
      thumbprint: Buffer.from(thumbprint(publicJwk), 'base64url'),
    }),
    question: { ...questionOf({ credentials: [asked] }, trusted), channel },
  }
}

/** `accepted`, the reason of a refusal, or the kind of another failure; anything else that is thrown passes through. */
export async function outcomeOf(
  text: string,
  question: Honest['question'],
  vpToken: VpToken = new Map([['it', [text]]]),
): Promise<string> {
  try {
    await verifyPresentations({ ...question, vpToken }, createMeans())
    return 'accepted'
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error
    const { failure } = error
    return failure.kind === 'presentation_refused' ? failure.reason : failure.kind
  }
}

/** A whole posted answer, encrypted, with an mdoc inside: the body, and how it is received. */
export function createPostedAnswer(world: FuzzWorld): {
  body: Buffer
  receive: (body: Uint8Array) => Promise<string>
} {
  const state = randomText()
  const { privateKey, publicJwk } = createResponseKey()
  const print = Buffer.from(thumbprint(publicJwk), 'base64url')
  const text = presentMdocBytes(world.mdocIssuer, world.sdJwt.wallet.holderKey, {
    transcript: transcriptOf({ thumbprint: print }),
  }).toString('base64url')
  const response = encrypt(
    { vp_token: { it: [text] }, state },
    { ...publicJwk, kid: hashSecret(state) },
  )
  const { question } = world.honest.mso_mdoc
  const channel = { ...CHANNEL, encryptionKey: () => publicJwk }
  return {
    body: Buffer.from(new URLSearchParams({ response }).toString()),
    async receive(body) {
      try {
        const lookup = lookupOf(readForm(body))
        // Whose answer it says it is decides which journey is found; another state finds none.
        if (lookup.stateHash !== hashSecret(state)) return 'not_found'
        const answer = openResponse(lookup, { privateKey, mode: 'direct_post.jwt' })
        if (answer.kind === 'error') return 'wallet_refused'
        return await outcomeOf('', { ...question, channel }, answer.vpToken)
      } catch (error) {
        if (!(error instanceof BridgeError)) throw error
        return error.failure.kind
      }
    },
  }
}

/** What a page hands in of an encrypted answer through the browser (appendix A.4), with an SD-JWT inside. */
export function createDigitalAnswer(world: FuzzWorld): {
  body: Buffer
  receive: (body: Uint8Array) => Promise<string>
} {
  const kid = randomText()
  const { privateKey, publicJwk } = createResponseKey()
  const channel: PresentationQuestion['channel'] = {
    kind: 'dc_api',
    origin: 'https://bridge.example',
  }
  const text = presentCredential(
    world.sdJwt.credential,
    world.sdJwt.wallet.holderKey,
    { client_id: `origin:${channel.origin}`, nonce: NONCE },
    { issuedAt: NOW / 1000 - 5 },
  )
  const response = encrypt({ vp_token: { it: [text] } }, { ...publicJwk, kid })
  const { question } = world.honest['dc+sd-jwt']
  return {
    body: Buffer.from(JSON.stringify({ response })),
    async receive(body) {
      const data = readJson(body)
      if (!isJsonObject(data)) return 'malformed_response'
      try {
        const answer = openDigitalResponse(data, { privateKey, kid, encrypted: true })
        if (answer.kind === 'error') return 'wallet_refused'
        return await outcomeOf('', { ...question, channel }, answer.vpToken)
      } catch (error) {
        if (!(error instanceof BridgeError)) throw error
        return error.failure.kind
      }
    },
  }
}
