/**
 * Mdocs made by the independent library `@animo-id/mdoc`: it issues and presents, the bridge verifies. Cryptography is
 * node:crypto through the library's own hooks; the session transcript is written here from OpenID4VP 1.0 section B.2.6,
 * for the library knows only those of the drafts.
 */
import {
  createECDH,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto'
import { cborEncode, DeviceResponse, Document, MDoc, type MdocContext } from '@animo-id/mdoc'

type Jwk = Parameters<DeviceResponse['authenticateWithSignature']>[0]

const context = {
  crypto: {
    random: (length: number) => Uint8Array.from(randomBytes(length)),
    digest: ({ digestAlgorithm, bytes }: { digestAlgorithm: string; bytes: Uint8Array }) =>
      Uint8Array.from(createHash(digestAlgorithm.replace('-', '')).update(bytes).digest()),
    calculateEphemeralMacKeyJwk: (
      from: Parameters<MdocContext['crypto']['calculateEphemeralMacKeyJwk']>[0],
    ) => {
      const ecdh = createECDH('prime256v1')
      ecdh.setPrivateKey(from.privateKey)
      const salt = createHash('sha256').update(from.sessionTranscriptBytes).digest()
      const key = hkdfSync('sha256', ecdh.computeSecret(from.publicKey), salt, 'EMacKey', 32)
      return { kty: 'oct', k: Buffer.from(key).toString('base64url') }
    },
  },
  cose: {
    sign1: {
      sign: ({ sign1, jwk }: Parameters<MdocContext['cose']['sign1']['sign']>[0]) => {
        const key = createPrivateKey({ key: { ...jwk }, format: 'jwk' })
        const { data } = sign1.getRawSigningData()
        return Uint8Array.from(sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' }))
      },
      verify: () => {
        throw new Error('nothing is verified here')
      },
    },
    mac0: {
      sign: ({ mac0, jwk }: Parameters<MdocContext['cose']['mac0']['sign']>[0]) =>
        Uint8Array.from(
          createHmac('sha256', Buffer.from(jwk.k ?? '', 'base64url'))
            .update(mac0.getRawSigningData().data)
            .digest(),
        ),
      verify: () => {
        throw new Error('nothing is verified here')
      },
    },
  },
} satisfies Pick<MdocContext, 'crypto' | 'cose'>

export interface LibraryIssuer {
  privateKey: KeyObject
  /** DER of the document signer. */
  signer: Uint8Array
}

/** Returns an mdoc for a holder's key (its public half is enough), as a wallet keeps it. `now` in milliseconds. */
export async function issueMdoc(
  issuer: LibraryIssuer,
  mdoc: {
    docType: string
    nameSpaces: Record<string, Record<string, unknown>>
    holderKey: KeyObject
    now: number
  },
): Promise<MDoc> {
  const document = new Document(mdoc.docType, context)
  for (const [name, values] of Object.entries(mdoc.nameSpaces)) {
    document.addIssuerNameSpace(name, values)
  }
  const signed = await document
    .useDigestAlgorithm('SHA-256')
    .addValidityInfo({
      signed: new Date(mdoc.now - 60_000),
      validFrom: new Date(mdoc.now - 60_000),
      validUntil: new Date(mdoc.now + 86_400_000),
    })
    .addDeviceKeyInfo({ deviceKey: jwkOf(publicOf(mdoc.holderKey)) })
    .sign(
      {
        issuerPrivateKey: jwkOf(issuer.privateKey),
        issuerCertificate: Uint8Array.from(issuer.signer),
        alg: 'ES256',
      },
      context,
    )
  return new MDoc([signed])
}

export interface MdocRequest {
  client_id: string
  nonce: string
  response_uri: string
  /** Of the page, where the question came through the browser; undefined where it came by a link. */
  origin?: string | undefined
  /** SHA-256 thumbprint of the response key; null without encryption. */
  thumbprint: Uint8Array | null
  /** The response key, where the device is to make a MAC and not a signature. */
  macFor?: { x: string; y: string } | undefined
}

/** Returns the DeviceResponse in base64url, with the elements of the paths (namespace and element) and no other. */
export async function presentMdocByLibrary(
  mdoc: MDoc,
  holderKey: KeyObject,
  docType: string,
  paths: readonly (readonly [string, string])[],
  request: MdocRequest,
): Promise<string> {
  const asked = DeviceResponse.from(mdoc)
    .usingPresentationDefinition({
      id: 'presentation',
      input_descriptors: [
        {
          id: docType,
          format: { mso_mdoc: { alg: ['ES256'] } },
          constraints: {
            limit_disclosure: 'required',
            fields: paths.map(([name, element]) => ({
              path: [`$['${name}']['${element}']`],
              intent_to_retain: false,
            })),
          },
        },
      ],
    })
    .usingSessionTranscriptBytes(transcriptBytes(request))
  const { macFor } = request
  const authenticated =
    macFor === undefined
      ? asked.authenticateWithSignature(jwkOf(holderKey), 'ES256')
      : asked.authenticateWithMAC(jwkOf(holderKey), { kty: 'EC', crv: 'P-256', ...macFor }, 'HS256')
  const response = await authenticated.sign(context)
  return Buffer.from(response.encode()).toString('base64url')
}

/** SessionTranscriptBytes: the transcript inside tag 24. */
function transcriptBytes(request: MdocRequest): Uint8Array {
  const { client_id: clientId, nonce, thumbprint, response_uri: responseUri } = request
  const info =
    request.origin === undefined
      ? cborEncode([clientId, nonce, thumbprint, responseUri])
      : cborEncode([request.origin, nonce, thumbprint])
  const hash = Uint8Array.from(createHash('sha256').update(info).digest())
  const name = request.origin === undefined ? 'OpenID4VPHandover' : 'OpenID4VPDCAPIHandover'
  const transcript = cborEncode([null, null, [name, hash]])
  const length = Buffer.from([0x58, transcript.length])
  return Uint8Array.from(Buffer.concat([Buffer.of(0xd8, 0x18), length, transcript]))
}

function publicOf(key: KeyObject): KeyObject {
  return key.type === 'private' ? createPublicKey(key) : key
}

function jwkOf(key: KeyObject): Jwk {
  return key.export({ format: 'jwk' }) as Jwk
}
