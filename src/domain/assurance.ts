/**
 * What a login is worth, said in the words that tokens carry: `acr` (how), `amr` (with what), RFC 8176 and our own.
 */

/**
 * How a wallet was reached, the way that is hardest to phish first. With `digital_credentials` the browser itself tells the
 * wallet which site asks; `same_device` rests on the wallet's return to this browser; a QR code (`cross_device`) can be
 * relayed to a victim, so it is worth less (protocols VP-133, OP-58).
 */
export const WALLET_WAYS = ['digital_credentials', 'same_device', 'cross_device'] as const
export type WalletWay = (typeof WALLET_WAYS)[number]
/** How the person came in; `direct` is a login at the institution alone, without a wallet. */
export type Way = WalletWay | 'direct'

/** The ways on which the wallet's answer proves that wallet and browser belong together; a code that was scanned may have been relayed. */
export const BOUND_WAYS = ['digital_credentials', 'same_device'] as const satisfies WalletWay[]

export function isBoundToBrowser(way: Way): boolean {
  return BOUND_WAYS.some((bound) => bound === way)
}

const PREFIX = 'urn:identity-bridge:acr'

export const ACR = {
  digitalCredentials: `${PREFIX}:wallet-digital-credentials`,
  sameDevice: `${PREFIX}:wallet-same-device`,
  crossDevice: `${PREFIX}:wallet-cross-device`,
  digitalCredentialsUpstream: `${PREFIX}:wallet-digital-credentials+institution`,
  sameDeviceUpstream: `${PREFIX}:wallet-same-device+institution`,
  crossDeviceUpstream: `${PREFIX}:wallet-cross-device+institution`,
  institution: `${PREFIX}:institution`,
} as const
export const ACR_VALUES: readonly string[] = Object.values(ACR)

/** The `acr` of each way, by the wallet alone and with the institution's login in the same login. */
const ACR_OF_WAY: Readonly<Record<WalletWay, { alone: string; withInstitution: string }>> = {
  digital_credentials: {
    alone: ACR.digitalCredentials,
    withInstitution: ACR.digitalCredentialsUpstream,
  },
  same_device: { alone: ACR.sameDevice, withInstitution: ACR.sameDeviceUpstream },
  cross_device: { alone: ACR.crossDevice, withInstitution: ACR.crossDeviceUpstream },
}
/** "pop": proof of possession of a key (RFC 8176); the others are ours, and say which kind of key, and how it was reached. */
const AMR_OF_WAY: Readonly<Record<WalletWay, readonly string[]>> = {
  digital_credentials: ['pop', 'wallet', 'digital_credentials'],
  same_device: ['pop', 'wallet'],
  cross_device: ['pop', 'wallet'],
}

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
  if (upstream === undefined) {
    return {
      acr: ACR_OF_WAY[way].alone,
      amr: AMR_OF_WAY[way],
      authTime: presentedAt,
      upstream,
    }
  }
  return {
    acr: ACR_OF_WAY[way].withInstitution,
    amr: [...new Set([...AMR_OF_WAY[way], ...upstream.amr])],
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
