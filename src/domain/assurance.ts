/**
 * What a login is worth, said in the words that tokens carry: `acr` (how), `amr` (with what), RFC 8176 and our own.
 */

/**
 * How the person came in. A QR code can be relayed to a victim, so it is worth less (protocols VP-133, OP-58); `direct`
 * is a login at the institution alone, without a wallet.
 */
export type Way = 'same_device' | 'cross_device' | 'direct'

const PREFIX = 'urn:identity-bridge:acr'

export const ACR = {
  sameDevice: `${PREFIX}:wallet-same-device`,
  crossDevice: `${PREFIX}:wallet-cross-device`,
  sameDeviceUpstream: `${PREFIX}:wallet-same-device+institution`,
  crossDeviceUpstream: `${PREFIX}:wallet-cross-device+institution`,
  institution: `${PREFIX}:institution`,
} as const
export const ACR_VALUES: readonly string[] = Object.values(ACR)

/** What the institution's provider said of its own login, as it is kept with a binding (`assurance_summary`). */
export interface UpstreamAssurance {
  /** Every value of its `acr`, split at single spaces. */
  acr: readonly string[]
  amr: readonly string[]
  /** Seconds; when the person was authenticated there. Undefined where the provider does not say. */
  authTime: number | undefined
  /** What was demanded of the login, by the provider's registration or by the relying party, and met (UP-45, UP-46). */
  demanded: DemandedAssurance
}

export interface DemandedAssurance {
  /** One of these. */
  acr?: readonly string[] | undefined
  /** All of these. */
  amr?: readonly string[] | undefined
  /** Seconds. */
  maxAge?: number | undefined
}

export interface LoginAssurance {
  acr: string
  amr: readonly string[]
  /** Seconds; everything that `acr` and `amr` say was proven then or later. Undefined where nobody can promise it. */
  authTime: number | undefined
  /** What the institution said, if its login was part of this very login. */
  upstream: UpstreamAssurance | undefined
}

/**
 * What a login is worth. `presentedAt` in seconds; `upstream` only when the institution's login was part of this very
 * login: what it proved once is not proved again by the wallet alone. Throws Error for a direct login without one.
 */
export function assureLogin(
  way: Way,
  presentedAt: number,
  upstream: UpstreamAssurance | undefined,
): LoginAssurance {
  if (way === 'direct') {
    if (upstream === undefined)
      throw new Error('a login without a wallet and without an institution')
    const { amr, authTime } = upstream
    return { acr: ACR.institution, amr, authTime, upstream }
  }
  // "pop": proof of possession of a key (RFC 8176); "wallet" is ours, and says which kind of key.
  if (upstream === undefined) {
    return {
      acr: way === 'same_device' ? ACR.sameDevice : ACR.crossDevice,
      amr: ['pop', 'wallet'],
      authTime: presentedAt,
      upstream,
    }
  }
  return {
    acr: way === 'same_device' ? ACR.sameDeviceUpstream : ACR.crossDeviceUpstream,
    amr: [...new Set(['pop', 'wallet', ...upstream.amr])],
    // The older of the two: a session at the institution may be hours old when the wallet is opened (OP-59).
    authTime: upstream.authTime && Math.min(presentedAt, upstream.authTime),
    upstream,
  }
}

/** Seconds; the stricter of two limits on the age of a login, where there is one. */
export function stricterMaxAge(
  first: number | undefined,
  second: number | undefined,
): number | undefined {
  if (first === undefined || second === undefined) return first ?? second
  return Math.min(first, second)
}
