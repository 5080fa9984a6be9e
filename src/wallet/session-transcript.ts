/**
 * What the holder of an mdoc signs of our question: OpenID4VP 1.0 section B.2.6, and nothing of the older handovers
 * (VP-105 to VP-109). The response key is in it, so an answer that somebody re-encrypted to us is found out.
 */
import { createHash } from 'node:crypto'
import { thumbprint } from '../crypto/thumbprint.ts'
import { encodeCbor } from './cbor-writer.ts'
import type { Channel } from './channel.ts'

/** Returns the encoded SessionTranscript of a question asked by this channel with this nonce. */
export function sessionTranscript(channel: Channel, nonce: string): Uint8Array {
  const key = channel.encryptionKey?.()
  const print = key === undefined ? null : Buffer.from(thumbprint(key), 'base64url')
  const [name, info] =
    channel.kind === 'redirect'
      ? ['OpenID4VPHandover', [channel.clientId, nonce, print, channel.responseUri]]
      : ['OpenID4VPDCAPIHandover', [channel.origin, nonce, print]]
  const hash = createHash('sha256').update(encodeCbor(info)).digest()
  return encodeCbor([null, null, [name, hash]])
}
