/**
 * That the device holding an mdoc answers us, and now (ISO/IEC 18013-5 section 9.1.3, MD-08): by a signature, or by a MAC
 * that only it and we can make. OpenID4VP 1.0 allows both (section B.2.2) and names no key of the reader for the latter; it
 * is the key the answer is encrypted to, the only one the wallet has of us and the one its transcript names. So a MAC
 * without encryption proves nothing and is refused.
 */
import { createHash, hkdfSync, type KeyObject } from 'node:crypto'
import type { PublicJwk } from '../crypto/thumbprint.ts'
import { fail } from '../domain/failure.ts'
import type { MdocTrustEntry } from '../domain/trust-policy.ts'
import { encodeCbor, encodeEmbedded } from './cbor-writer.ts'
import type { Channel } from './channel.ts'
import { verifyCoseMac0, verifyCoseSign1 } from './cose.ts'
import type { PresentedDocument } from './device-response.ts'
import { sessionTranscript } from './session-transcript.ts'

/** The key of the mobile security object: the device's, believed since the issuer signed it. */
export interface DeviceKey {
  jwk: PublicJwk
  key: KeyObject
}

/**
 * Returns if the device says what was asked by this channel with this nonce. Throws `presentation_refused`:
 * `key_binding_invalid`, and `algorithm_refused` for an algorithm that is none of ours or does not fit the key, or a MAC that
 * the trust entry or the channel does not allow (MD-09).
 */
export function verifyDevice(
  document: PresentedDocument,
  device: DeviceKey,
  asked: { channel: Channel; nonce: string },
  entry: Pick<MdocTrustEntry, 'deviceMac'>,
): void {
  const { deviceAuth } = document
  const transcript = sessionTranscript(asked.channel, asked.nonce)
  const said = deviceAuthentication(document, transcript)
  if (deviceAuth.kind === 'signature') {
    verifyCoseSign1(deviceAuth.signature, said, device.key, 'key_binding_invalid')
    return
  }
  const { agree } = asked.channel
  const isUsable = device.jwk.kty === 'EC' && device.jwk.crv === 'P-256'
  if (entry.deviceMac !== 'accept' || agree === undefined || !isUsable)
    fail({ kind: 'presentation_refused', reason: 'algorithm_refused' })
  const key = deriveMacKey(agree(device.jwk), transcript)
  verifyCoseMac0(deviceAuth.mac, said, key, 'key_binding_invalid')
}

/** Returns EMacKey, 32 octets, of a shared secret and an encoded SessionTranscript (ISO/IEC 18013-5 section 9.1.3.5). */
export function deriveMacKey(secret: Uint8Array, transcript: Uint8Array): Uint8Array {
  const salt = createHash('sha256')
    .update(encodeCbor(encodeEmbedded(transcript)))
    .digest()
  return new Uint8Array(hkdfSync('sha256', secret, salt, 'EMacKey', 32))
}

/** DeviceAuthenticationBytes (ISO/IEC 18013-5 section 9.1.3.4): what the device signs without sending it. */
export function deviceAuthentication(
  document: Pick<PresentedDocument, 'docType' | 'deviceNameSpaces'>,
  transcript: Uint8Array,
): Uint8Array {
  const said = [
    'DeviceAuthentication',
    { encoded: transcript },
    document.docType,
    encodeEmbedded(document.deviceNameSpaces),
  ]
  return encodeCbor(encodeEmbedded(encodeCbor(said)))
}
