/** Mdocs: the bridge's verifier and `@animo-id/mdoc`, whose cryptography is node:crypto by its own hooks. */
import { createHash, type KeyObject, verify } from 'node:crypto'
import { cborEncode, type MdocContext, Verifier } from '@animo-id/mdoc'
import { presentMdoc } from '../simulator/mdoc.ts'
import { type MdocVariant, VARIANTS } from '../simulator/variants.ts'
import { documentsOf, type World } from '../simulator/world.ts'
import { DcqlQuery } from '../src/domain/dcql.ts'
import { TrustPolicy } from '../src/domain/trust-policy.ts'
import { verifyPresentations } from '../src/wallet/presentation.ts'
import { prepareTrust } from '../src/wallet/trust.ts'
import { type Contest, keyOf } from './verify.ts'
import { CLIENT_ID, createMeans, NONCE, PRESENTATIONS, RESPONSE_URI } from './verify-means.ts'

const NAMES = ['given_name', 'family_name', 'birth_date', 'age_over_18']
type Jwk = Awaited<ReturnType<MdocContext['x509']['getPublicKey']>>

export function mdocContest(world: World): Contest {
  const variant = VARIANTS.find((each): each is MdocVariant => each.name === 'mdl')
  if (variant === undefined) throw new Error('the simulator has no mDL')
  const request = {
    ...{ client_id: CLIENT_ID, nonce: NONCE, state: '', response_uri: RESPONSE_URI },
    ...{ response_mode: 'direct_post' as const, dcql_query: { credentials: [] } },
  }
  const present = (number: number, forgery = {}) => {
    const holder = world.seed.key(`holder ${number}`)
    return presentMdoc(world, variant, { request, holder, names: NAMES }, forgery)
  }
  const texts = Array.from({ length: PRESENTATIONS }, (_, number) => present(number))
  const spoiled = present(0, { deviceKey: world.seed.key('other holder') })
  const ours = bridgeVerifier(world, variant)
  const theirs = libraryVerifier(world)
  const textAt = (index: number) => texts[index % texts.length] ?? ''
  return {
    ...{ format: 'mdoc', library: '@animo-id/mdoc', presentations: texts.length },
    ours: (index) => ours(textAt(index)),
    theirs: (index) => theirs(textAt(index)),
    spoiled: { ours: () => ours(spoiled), theirs: () => theirs(spoiled) },
  }
}

function bridgeVerifier(
  world: World,
  { docType, namespace }: MdocVariant,
): (text: string) => Promise<unknown> {
  const query = DcqlQuery.parse({
    credentials: [
      {
        ...{ id: 'mdl', format: 'mso_mdoc', meta: { doctype_value: docType } },
        claims: NAMES.map((name) => ({ path: [namespace, name] })),
      },
    ],
  })
  const trust = prepareTrust(TrustPolicy.parse(documentsOf(world).trust))
  const means = createMeans()
  const now = world.now * 1000
  const channel = { kind: 'redirect', clientId: CLIENT_ID, responseUri: RESPONSE_URI } as const
  const question = { query, trust, nonce: NONCE, channel, notBefore: now, now }
  return (text) => verifyPresentations({ ...question, vpToken: new Map([['mdl', [text]]]) }, means)
}

function libraryVerifier(world: World): (text: string) => Promise<void> {
  const context = contextOf(world)
  const verifier = new Verifier()
  const trustedCertificates = [world.mdoc.authority.certificate]
  const info = cborEncode([CLIENT_ID, NONCE, null, RESPONSE_URI])
  const hash = Uint8Array.from(createHash('sha256').update(info).digest())
  const transcript = cborEncode([null, null, ['OpenID4VPHandover', hash]])
  const wrapped = Buffer.concat([Buffer.from([0xd8, 0x18, 0x58, transcript.length]), transcript])
  const encodedSessionTranscript = Uint8Array.from(wrapped)
  return async (text) => {
    const encodedDeviceResponse = Uint8Array.from(Buffer.from(text, 'base64url'))
    const { documents } = await verifier.verifyDeviceResponse(
      { encodedDeviceResponse, encodedSessionTranscript, trustedCertificates },
      context,
    )
    if (documents.length !== 1) throw new Error('the presentation is not what was asked for')
  }
}

/** The library's hooks at their quickest: the one chain was judged beforehand, and its key is ready. */
function contextOf(world: World): MdocContext {
  const [signer] = world.mdoc.chain
  const issuerJwk: Jwk = { ...world.mdoc.key.jwk }
  const issuerKey = keyOf(issuerJwk)
  const { subject } = world.mdoc.authority
  const data = {
    ...{ issuerName: `C=${subject.country}`, subjectName: `C=${subject.country}`, pem: '' },
    ...{ serialNumber: '01', thumbprint: '00' },
    ...{ notBefore: new Date(0), notAfter: new Date('2100-01-01') },
  }
  const nothing = () => {
    throw new Error('nothing is made here, and no MAC verified')
  }
  const keyFor = (jwk: { x?: unknown }): KeyObject =>
    jwk.x === issuerJwk.x ? issuerKey : keyOf(jwk)
  return {
    crypto: {
      random: nothing,
      digest: ({ digestAlgorithm, bytes }) =>
        new Uint8Array(createHash(digestAlgorithm.replace('-', '')).update(bytes).digest()),
      calculateEphemeralMacKeyJwk: nothing,
    },
    cose: {
      sign1: {
        sign: nothing,
        verify: ({ sign1, jwk, options }) => {
          const { data: signed, signature } = sign1.getRawVerificationData(options)
          const key = { key: keyFor(jwk), dsaEncoding: 'ieee-p1363' as const }
          return verify('sha256', signed, key, signature)
        },
      },
      mac0: { sign: nothing, verify: nothing },
    },
    x509: {
      getIssuerNameField: () => [subject.country],
      getPublicKey: () => issuerJwk,
      validateCertificateChain: ({ x5chain: [first] }) => {
        if (signer === undefined || Buffer.compare(first, signer) !== 0)
          throw new Error('another chain than the one that was judged')
      },
      getCertificateData: () => data,
    },
  }
}
