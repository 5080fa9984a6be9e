import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type PublicJwk, thumbprint } from '../../src/crypto/thumbprint.ts'
import { DcqlQuery } from '../../src/domain/dcql.ts'
import { TrustPolicy } from '../../src/domain/trust-policy.ts'
import { decodeCbor } from '../../src/wallet/cbor.ts'
import type { Channel } from '../../src/wallet/channel.ts'
import { readCoseKey, readCoseMac0, verifyCoseMac0 } from '../../src/wallet/cose.ts'
import { deriveMacKey, deviceAuthentication } from '../../src/wallet/device-authentication.ts'
import { mayUseDeviceMac } from '../../src/wallet/document-signer.ts'
import { verifyMdoc } from '../../src/wallet/mdoc.ts'
import { agree, createResponseKey } from '../../src/wallet/response-encryption.ts'
import { prepareTrust } from '../../src/wallet/trust.ts'
import { issueMdoc, presentMdocByLibrary } from '../support/mdoc-library.ts'
import {
  cbor,
  createMdocIssuer,
  MDL,
  MDL_NAMESPACE,
  type MdocForgery,
  presentMdoc,
  transcriptOf,
  type Writable,
} from './mdoc-world.ts'
import {
  AUDIENCE,
  CHANNEL,
  createMeans,
  NONCE,
  NOW,
  newKey,
  RESPONSE_URI,
  refusalOf,
} from './world.ts'

const bytesOf = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex')

/* ISO/IEC 18013-5 annex D.5.3: reader's and device's key, the transcript of the proximity flow, and what comes of them. */
const READER = bytesOf('de3b4b9e5f72dd9b58406ae3091434da48a6f9fd010d88fcb0958e2cebec947c')
const DEVICE = `a40102200121582096313d6c63e24e3372742bfdb1a33ba2c897dcd68ab8c753e4fbd48dca6b7f9a
  2258201fb3269edd418857de1b39a4e4a44b92fa484caa722c228288f01d0c03a2c3d6`
const TRANSCRIPT = `83d8185858a20063312e30018201d818584ba4010220012158205a88d182bce5f42efa59943f33359d2e8a968ff2
  89d93e5fa444b624343167fe225820b16e8cf858ddc7690407ba61d4c338237a8cfcf3de6aa672fc60a557aa32fc67d818
  584ba40102200121582060e3392385041f51403051f2415531cb56dd3f999c71687013aac6768bc8187e225820e58deb8f
  dbe907f7dd5368245551a34796f7d2215c440c339bb0f7b67beccdfa8258c391020f487315d10209616301013001046d64
  6f631a200c016170706c69636174696f6e2f766e642e626c7565746f6f74682e6c652e6f6f6230081b28128b3728280102
  1c015c1e580469736f2e6f72673a31383031333a646576696365656e676167656d656e746d646f63a20063312e30018201
  d818584ba4010220012158205a88d182bce5f42efa59943f33359d2e8a968ff289d93e5fa444b624343167fe225820b16e
  8cf858ddc7690407ba61d4c338237a8cfcf3de6aa672fc60a557aa32fc6758cd9102254872159102026372010211020461
  6301013000110206616301036e6663005102046163010157001a201e016170706c69636174696f6e2f766e642e626c7565
  746f6f74682e6c652e6f6f6230081b28078080bf2801021c021107c832fff6d26fa0beb34dfcd555d4823a1c1101036973
  6f2e6f72673a31383031333a6e66636e6663015a172b016170706c69636174696f6e2f766e642e7766612e6e616e570301
  01032302001324fec9a70b97ac9684a4e326176ef5b981c5e8533e5f00298cfccbc35e700a6b020414`
const DEVICE_MAC =
  '8443a10105a0f65820e99521a85ad7891b806a07f8b5388a332d92c189a7bf293ee1f543405ae6824d'

describe('the device MAC of ISO/IEC 18013-5 annex D.5.3', () => {
  const { jwk } = readCoseKey(decodeCbor(bytesOf(DEVICE)))
  const transcript = bytesOf(TRANSCRIPT)
  const key = deriveMacKey(agree(READER, { ...jwk }), transcript)
  const said = deviceAuthentication({ docType: MDL, deviceNameSpaces: cbor(new Map()) }, transcript)

  it('MD-09 has the key that the annex prints', () => {
    expect(Buffer.from(key).toString('hex')).toBe(
      'dc2b9566fdaaae3c06baa40993cd0451aeba15e7677ef5305f6531f3533c35dd',
    )
  })

  it('MD-09 is verified, and no other', async () => {
    const judge = (encoded: string, by = key) =>
      verifyCoseMac0(readCoseMac0(decodeCbor(bytesOf(encoded))), said, by, 'key_binding_invalid')
    expect(() => judge(DEVICE_MAC)).not.toThrow()
    const changed = DEVICE_MAC.replace(/4d$/, '4c')
    expect(await refusalOf(() => judge(changed))).toBe('key_binding_invalid')
    const short = `${DEVICE_MAC.slice(0, 14)}581f${DEVICE_MAC.slice(18, -2)}`
    expect(await refusalOf(() => judge(short))).toBe('key_binding_invalid')
    const other = new Uint8Array(key).fill(0, 0, 1)
    expect(await refusalOf(() => judge(DEVICE_MAC, other))).toBe('key_binding_invalid')
  })
})

/* Made by @animo-id/mdoc, which shares no code with the bridge. */
describe('a device that proves itself by MAC', () => {
  const holderKey = newKey()
  const issuer = createMdocIssuer()
  const responseKey = createResponseKey()
  const accept = { deviceMac: 'accept' }

  function channelOf({ privateKey, publicJwk } = responseKey): Channel {
    return {
      ...CHANNEL,
      encryptionKey: () => publicJwk,
      agree: (other) => agree(privateKey, { ...other }),
    }
  }

  const verify = (text: string, channel = channelOf(), entry: object = accept) =>
    verifyMdoc(
      text,
      {
        ...{ queryId: 'q', docType: MDL, channel, nonce: NONCE, notBefore: NOW, now: NOW },
        trust: trustOf(entry),
      },
      createMeans(),
    )

  const trustOf = (entry: object) =>
    prepareTrust(TrustPolicy.parse({ entries: [issuer.trustEntry(entry)] }))

  async function present(by: KeyObject = holderKey, nonce = NONCE, key = responseKey.publicJwk) {
    const nameSpaces = { [MDL_NAMESPACE]: { family_name: 'Lovelace' } }
    const mdoc = await issueMdoc(issuer, { docType: MDL, nameSpaces, holderKey, now: NOW })
    return presentMdocByLibrary(mdoc, by, MDL, [[MDL_NAMESPACE, 'family_name']], {
      ...{ client_id: AUDIENCE, nonce, response_uri: RESPONSE_URI, macFor: key },
      thumbprint: print(responseKey.publicJwk),
    })
  }

  const print = (jwk: PublicJwk) => Buffer.from(thumbprint(jwk), 'base64url')

  it('MD-09 is believed where the entry accepts that', async () => {
    const verified = await verify(await present())
    expect(verified.claims).toEqual({ [MDL_NAMESPACE]: { family_name: 'Lovelace' } })
    const { kty, crv, x, y } = createPublicKey(holderKey).export({ format: 'jwk' })
    expect(verified.publicJwk).toEqual({ kty, crv, x, y })
  })

  it('MD-09 may still sign there', async () => {
    const transcript = transcriptOf({ thumbprint: print(responseKey.publicJwk) })
    expect((await verify(presentMdoc(issuer, holderKey, { transcript }))).type).toBe(MDL)
  })

  it('MD-09 is refused where the entry says nothing, or no', async () => {
    const text = await present()
    for (const entry of [{}, { deviceMac: 'refuse' }])
      expect(await refusalOf(() => verify(text, channelOf(), entry))).toBe('algorithm_refused')
  })

  it('MD-09 is refused in an answer in the clear', async () => {
    expect(await refusalOf(async () => verify(await present(), CHANNEL))).toBe('algorithm_refused')
  })

  it('MD-09 is refused for another key, of the device or of ours', async () => {
    const answers = [await present(newKey()), await present(holderKey, NONCE, publicOf(newKey()))]
    for (const text of answers)
      expect(await refusalOf(() => verify(text))).toBe('key_binding_invalid')
    const other = channelOf(createResponseKey())
    expect(await refusalOf(async () => verify(await present(), other))).toBe('key_binding_invalid')
  })

  it('VP-094 is refused with another nonce', async () => {
    const text = await present(holderKey, 'of-another-session')
    expect(await refusalOf(() => verify(text))).toBe('key_binding_invalid')
  })

  const mac = (
    header: Writable,
    tag = Buffer.alloc(32),
    payload: Writable = null,
  ): MdocForgery => ({
    deviceAuth: (auth) => {
      auth.clear()
      auth.set('deviceMac', [cbor(header), new Map(), payload, tag])
    },
  })
  const rows: [string, MdocForgery, string][] = [
    ['MD-09 a MAC of 512 bits', mac(new Map([[1, 7]])), 'algorithm_refused'],
    ['MD-09 a MAC cut to 64 bits', mac(new Map([[1, 4]]), Buffer.alloc(8)), 'algorithm_refused'],
    ['MD-09 a signature for a MAC', mac(new Map([[1, -7]])), 'algorithm_refused'],
    ['MD-09 a MAC without algorithm', mac(new Map()), 'algorithm_refused'],
    ['MD-09 an empty MAC', mac(new Map([[1, 5]]), Buffer.alloc(0)), 'key_binding_invalid'],
    ['MD-09 a MAC of zeros', mac(new Map([[1, 5]])), 'key_binding_invalid'],
    [
      'MD-09 what it says sent along',
      mac(new Map([[1, 5]]), Buffer.alloc(32), Buffer.from('said')),
      'malformed_presentation',
    ],
  ]
  it.each(rows)('%s is refused', async (_, forgery, reason) => {
    const text = presentMdoc(issuer, holderKey, forgery)
    expect(await refusalOf(() => verify(text))).toBe(reason)
  })

  it.each([
    ['P-384', generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).privateKey],
    ['Ed25519', generateKeyPairSync('ed25519').privateKey],
  ])('MD-09 is refused with a key on %s, which shares nothing with ours', async (_, key) => {
    const text = presentMdoc(issuer, key, mac(new Map([[1, 5]])))
    expect(await refusalOf(() => verify(text))).toBe('algorithm_refused')
  })

  it('VP-017 is offered to wallets only where an issuer of the type that is asked for accepts it', () => {
    const query = DcqlQuery.parse({
      credentials: [{ id: 'q', format: 'mso_mdoc', meta: { doctype_value: MDL } }],
    })
    expect(mayUseDeviceMac(query, trustOf(accept))).toBe(true)
    expect(mayUseDeviceMac(query, trustOf({}))).toBe(false)
    expect(mayUseDeviceMac(query, trustOf({ ...accept, doctypes: ['org.example'] }))).toBe(false)
  })

  function publicOf(key: KeyObject) {
    const { x = '', y = '' } = createPublicKey(key).export({ format: 'jwk' })
    return { kty: 'EC', crv: 'P-256', x, y } as const
  }
})
