/** SD-JWT VCs: the bridge's verifier and `@sd-jwt/sd-jwt-vc`. */
import { type KeyObject, verify } from 'node:crypto'
import { digest } from '@sd-jwt/crypto-nodejs'
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc'
import { spoilSignature } from '../simulator/jose.ts'
import { presentSdJwt } from '../simulator/sd-jwt.ts'
import { type SdJwtVariant, VARIANTS } from '../simulator/variants.ts'
import { documentsOf, type World } from '../simulator/world.ts'
import { DcqlQuery } from '../src/domain/dcql.ts'
import { TrustPolicy } from '../src/domain/trust-policy.ts'
import { verifyPresentations } from '../src/wallet/presentation.ts'
import { prepareTrust } from '../src/wallet/trust.ts'
import { type Contest, keyOf } from './verify.ts'
import { CLIENT_ID, createMeans, NONCE, PRESENTATIONS, RESPONSE_URI } from './verify-means.ts'

const NAMES = ['given_name', 'family_name', 'birthdate', 'nationalities']

export function sdJwtContest(world: World): Contest {
  const variant = VARIANTS.find((each): each is SdJwtVariant => each.name === 'eudi-pid')
  if (variant === undefined) throw new Error('the simulator has no PID')
  const present = (number: number, forgery = {}) =>
    presentSdJwt(
      world,
      variant,
      {
        ...{ audience: CLIENT_ID, nonce: NONCE, names: NAMES },
        holder: world.seed.key(`holder ${number}`),
      },
      forgery,
    )
  const texts = Array.from({ length: PRESENTATIONS }, (_, number) => present(number))
  const spoiled = present(0, { bindingJwt: spoilSignature })
  const ours = bridgeVerifier(world, variant)
  const theirs = libraryVerifier(world, variant)
  const textAt = (index: number) => texts[index % texts.length] ?? ''
  return {
    ...{ format: 'sd-jwt-vc', library: '@sd-jwt/sd-jwt-vc', presentations: texts.length },
    ours: (index) => ours(textAt(index)),
    theirs: (index) => theirs(textAt(index)),
    spoiled: { ours: () => ours(spoiled), theirs: () => theirs(spoiled) },
  }
}

function bridgeVerifier(world: World, { vct }: SdJwtVariant): (text: string) => Promise<unknown> {
  const query = DcqlQuery.parse({
    credentials: [
      {
        ...{ id: 'pid', format: 'dc+sd-jwt', meta: { vct_values: [vct] } },
        claims: NAMES.map((name) => ({ path: [name] })),
      },
    ],
  })
  const trust = prepareTrust(TrustPolicy.parse(documentsOf(world).trust))
  const means = createMeans()
  const now = world.now * 1000
  const channel = { kind: 'redirect', clientId: CLIENT_ID, responseUri: RESPONSE_URI } as const
  const question = { query, trust, nonce: NONCE, channel, notBefore: now, now }
  return (text) => verifyPresentations({ ...question, vpToken: new Map([['pid', [text]]]) }, means)
}

/** The library's own checks (signatures, digests, times, nonce, hash), and those it leaves to its caller: audience, type, claims. */
function libraryVerifier(world: World, { vct }: SdJwtVariant): (text: string) => Promise<void> {
  const issuerKey = keyOf(world.sdJwt.key.jwk)
  const chain = world.sdJwt.chain.map((der) => Buffer.from(der).toString('base64')).join()
  const check = (key: KeyObject, data: string, signature: string) =>
    verify(
      'sha256',
      Buffer.from(data),
      { key, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    )
  const library = new SDJwtVcInstance({
    verifier: (data, signature) => check(issuerKey, data, signature),
    kbVerifier: (data, signature, payload) => {
      const { jwk } = payload.cnf as { jwk: object }
      return check(keyOf(jwk), data, signature)
    },
    hasher: digest,
    hashAlg: 'sha-256',
  })
  return async (text) => {
    const { payload, header, kb } = await library.verify(text, { keyBindingNonce: NONCE })
    const isRight =
      payload.vct === vct &&
      kb?.payload.aud === CLIENT_ID &&
      (header?.x5c as string[] | undefined)?.join() === chain &&
      NAMES.every((name) => name in payload)
    if (!isRight) throw new Error('the presentation is not what was asked for')
  }
}
