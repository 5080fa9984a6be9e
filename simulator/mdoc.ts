/** Mdocs and their device responses (ISO/IEC 18013-5; OpenID4VP 1.0 section B.2), honest but for what is asked to be different. */
import { createHash, createHmac, hkdfSync } from 'node:crypto'
import { cbor, type Editable, embed, mapOf, Tag, type Writable } from './cbor.ts'
import { type EncryptionKey, pointOf } from './jose.ts'
import { isEncrypted, type VpRequest } from './request.ts'
import type { SigningKey } from './seed.ts'
import type { MdocVariant } from './variants.ts'
import type { CertifiedIssuer, World } from './world.ts'

export interface MdocForgery {
  issuer?: CertifiedIssuer
  issuerKey?: SigningKey
  docType?: string
  /** Each item before it is digested. */
  item?: (item: Editable, index: number) => void
  mso?: (mso: Editable) => void
  issuerProtected?: Writable
  issuerAuth?: (parts: Writable[]) => void
  /** The items that are shown, after everything is signed. */
  shown?: (items: Writable[]) => Writable[]
  transcript?: Partial<Handover>
  /** In place of the handover of OpenID4VP 1.0. */
  handover?: (to: Handover) => Writable
  /** What the device says of itself. */
  deviceElements?: Editable
  deviceKey?: SigningKey
  deviceProtected?: Writable
  /** The device proves itself by MAC in place of a signature: honestly, or with these differences. */
  deviceMac?: { deviceKey?: SigningKey; verifier?: EncryptionKey; alg?: number }
  deviceAuth?: (auth: Editable) => void
  document?: (document: Editable) => void
  response?: (response: Editable) => void
  octets?: (octets: Buffer) => Buffer
  /** As it stands in the vp_token. */
  whole?: (text: string) => string
}

export interface Handover {
  clientId: string
  nonce: string
  responseUri: string
  thumbprint: Uint8Array | null
  /** Of the page, where it asks through the browser. */
  origin: string | undefined
}

/** A device response in base64url, showing the elements that were asked for. */
export function presentMdoc(
  world: World,
  variant: MdocVariant,
  to: { request: VpRequest; holder: SigningKey; names: readonly string[] },
  forgery: MdocForgery = {},
): string {
  const { issuer = world.mdoc, docType = variant.docType } = forgery
  const { items, mso } = issue(world, variant, to.holder, forgery)
  const payload = cbor(embed(mso))
  const issuerHeader = cbor(forgery.issuerProtected ?? new Map([[1, -7]]))
  const issuerAuth: Writable[] = [
    issuerHeader,
    new Map([[33, issuer.chain.length === 1 ? (issuer.chain[0] ?? null) : issuer.chain]]),
    payload,
    sign1(issuerHeader, payload, forgery.issuerKey ?? issuer.key),
  ]
  forgery.issuerAuth?.(issuerAuth)
  const asked = items.filter(({ name }) => to.names.includes(name)).map(({ encoded }) => encoded)
  const issuerSigned = mapOf({
    nameSpaces: new Map([[variant.namespace, forgery.shown?.(asked) ?? asked]]),
    issuerAuth,
  })
  const deviceSigned = signByDevice(docType, to, forgery)
  const document = mapOf({ docType, issuerSigned, deviceSigned })
  forgery.document?.(document)
  const response = mapOf({ version: '1.0', documents: [document], status: 0 })
  forgery.response?.(response)
  const octets = cbor(response)
  const text = (forgery.octets?.(octets) ?? octets).toString('base64url')
  return forgery.whole?.(text) ?? text
}

function issue(world: World, variant: MdocVariant, holder: SigningKey, forgery: MdocForgery) {
  const items = [...variant.elements].map(([name, elementValue], digestID) => {
    const random = world.seed.bytes(`random ${variant.name} ${name}`, 16)
    const item = mapOf({ digestID, random, elementIdentifier: String(name), elementValue })
    forgery.item?.(item, digestID)
    return { name: String(name), id: digestID, encoded: embed(item) }
  })
  const digests = new Map(items.map(({ id, encoded }) => [id, sha256(cbor(encoded))]))
  const mso = mapOf({
    version: '1.0',
    digestAlgorithm: 'SHA-256',
    valueDigests: new Map([[variant.namespace, digests]]),
    deviceKeyInfo: mapOf({ deviceKey: coseKeyOf(holder) }),
    docType: forgery.docType ?? variant.docType,
    validityInfo: mapOf({
      signed: instant(world.now - 3600),
      validFrom: instant(world.now - 3600),
      validUntil: instant(world.now + 30 * 86_400),
    }),
  })
  forgery.mso?.(mso)
  return { items, mso }
}

function signByDevice(
  docType: string,
  { request, holder }: { request: VpRequest; holder: SigningKey },
  forgery: MdocForgery,
): Writable {
  const nameSpaces = embed(forgery.deviceElements ?? new Map())
  const handover = { ...handoverOf(request), ...forgery.transcript }
  const { clientId, nonce, thumbprint, responseUri, origin } = handover
  const [name, info] =
    origin === undefined
      ? ['OpenID4VPHandover', [clientId, nonce, thumbprint, responseUri]]
      : ['OpenID4VPDCAPIHandover', [origin, nonce, thumbprint]]
  const last = forgery.handover?.(handover) ?? [name, sha256(cbor(info))]
  const transcript: Writable = [null, null, last]
  const said = cbor(embed(['DeviceAuthentication', transcript, docType, nameSpaces]))
  const header = cbor(forgery.deviceProtected ?? new Map([[1, -7]]))
  const signature = sign1(header, said, forgery.deviceKey ?? holder)
  const auth =
    forgery.deviceMac === undefined
      ? mapOf({ deviceSignature: [header, new Map(), null, signature] })
      : mapOf({ deviceMac: macByDevice({ request, holder }, forgery.deviceMac, transcript, said) })
  forgery.deviceAuth?.(auth)
  return mapOf({ nameSpaces, deviceAuth: auth })
}

const HMAC_256 = 5

/** COSE_Mac0 with the key that the device shares with the response key (ISO/IEC 18013-5 section 9.1.3.5). */
function macByDevice(
  { request, holder }: { request: VpRequest; holder: SigningKey },
  forgery: NonNullable<MdocForgery['deviceMac']>,
  transcript: Writable,
  said: Uint8Array,
): Writable {
  const { verifier = request.client_metadata?.jwks?.keys[0], alg = HMAC_256 } = forgery
  if (verifier === undefined) throw new Error('the request has no key for a MAC')
  const secret = (forgery.deviceKey ?? holder).agree(pointOf(verifier))
  const salt = sha256(cbor(embed(transcript)))
  const key = Buffer.from(hkdfSync('sha256', secret, salt, 'EMacKey', 32))
  const header = cbor(new Map([[1, alg]]))
  const tag = createHmac('sha256', key).update(cbor(['MAC0', header, Buffer.alloc(0), said]))
  return [header, new Map(), null, tag.digest()]
}

function handoverOf(request: VpRequest): Handover {
  const [key] = request.client_metadata?.jwks?.keys ?? []
  const encrypted = isEncrypted(request) && key !== undefined
  const members = encrypted ? JSON.stringify({ crv: 'P-256', kty: 'EC', x: key.x, y: key.y }) : ''
  return {
    ...{ clientId: request.client_id, nonce: request.nonce, responseUri: request.response_uri },
    thumbprint: encrypted ? sha256(Buffer.from(members)) : null,
    origin: request.origin,
  }
}

function sign1(header: Uint8Array, payload: Uint8Array, key: SigningKey): Uint8Array {
  return key.sign(cbor(['Signature1', header, Buffer.alloc(0), payload]))
}

export function coseKeyOf({ x, y }: SigningKey): ReadonlyMap<number, Writable> {
  return new Map<number, Writable>([
    [1, 2],
    [-1, 1],
    [-2, x],
    [-3, y],
  ])
}

export function instant(seconds: number): Tag {
  return new Tag(0, new Date(seconds * 1000).toISOString().replace('.000', ''))
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}
