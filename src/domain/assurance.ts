/**
 * What a login is worth, said in the words that tokens carry: `acr` (how), `amr` (with what), RFC 8176 and our own.
 */

/** How the wallet was reached. A QR code can be relayed to a victim, so it is worth less (protocols VP-133, OP-58). */
export type Way = 'same_device' | 'cross_device'

const PREFIX = 'urn:identity-bridge:acr'

export const ACR = {
  sameDevice: `${PREFIX}:wallet-same-device`,
  crossDevice: `${PREFIX}:wallet-cross-device`,
  sameDeviceUpstream: `${PREFIX}:wallet-same-device+institution`,
  crossDeviceUpstream: `${PREFIX}:wallet-cross-device+institution`,
} as const
export const ACR_VALUES: readonly string[] = Object.values(ACR)

/** What the institution's provider said of its own login, as it is kept with a binding. */
export interface UpstreamAssurance {
  /** Every value of its `acr`, split at single spaces. */
  acr: readonly string[]
  amr: readonly string[]
  /** Seconds; when the person was authenticated there. */
  authTime: number
}

export interface LoginAssurance {
  acr: string
  amr: readonly string[]
  /** Seconds. */
  authTime: number
}

/** `presentedAt` in seconds; `upstream` only when the institution's login was part of this very login. */
export function assureLogin(
  way: Way,
  presentedAt: number,
  upstream: UpstreamAssurance | undefined,
): LoginAssurance {
  // "pop": proof of possession of a key (RFC 8176); "wallet" is ours, and says which kind of key.
  if (upstream === undefined) {
    return {
      acr: way === 'same_device' ? ACR.sameDevice : ACR.crossDevice,
      amr: ['pop', 'wallet'],
      authTime: presentedAt,
    }
  }
  return {
    acr: way === 'same_device' ? ACR.sameDeviceUpstream : ACR.crossDeviceUpstream,
    amr: [...new Set(['pop', 'wallet', ...upstream.amr])],
    authTime: Math.max(presentedAt, upstream.authTime),
  }
}
