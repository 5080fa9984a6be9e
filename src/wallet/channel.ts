/**
 * By which way a question reached the wallet and its answer comes back. Every format binds its proof to it, each in its
 * own spelling: an audience in a JWT, a handover in the session transcript of an mdoc.
 */
import type { PublicJwk } from '../crypto/thumbprint.ts'
import type { ResponseJwk } from './response-encryption.ts'

/** The key the answer was encrypted to; nothing of it where the answer came in the clear. Asked only where a format needs it. */
export interface Encrypted {
  encryptionKey?: (() => ResponseJwk) | undefined
  /** The secret it shares with a checked P-256 key; 32 octets. */
  agree?: ((other: PublicJwk) => Uint8Array) | undefined
}

export type Channel = Encrypted &
  (
    | {
        kind: 'redirect'
        /** Our full client identifier, its prefix included, as in the request (VP-040, VP-105). */
        clientId: string
        responseUri: string
      }
    | {
        kind: 'dc_api'
        /** Our own origin from configuration, never from a request (VP-119). */
        origin: string
      }
  )

/** Returns the one audience that a holder's JWT must name (OpenID4VP 1.0 sections A.4, B.1.3.1.5, B.3.6). */
export function audienceOf(channel: Channel): string {
  return channel.kind === 'redirect' ? channel.clientId : `origin:${channel.origin}`
}
