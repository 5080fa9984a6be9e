/** What becomes of the credential behind a link: where that is looked up again, and what it means for the link. */
import { HOUR } from './time.ts'

/** Where one credential's status stands. It names the credential, so it is kept sealed. */
export interface Standing {
  /** Id of the trust entry that vouched for it. */
  entry: string
  /** Stable name of its issuer. */
  issuer: string
  uri: string
  /** Its number in a status list, or its identifier in an identifier list, base64url. */
  index: number | string
  /** Of a list that says one thing alone (Bitstring Status List): what being on it means. */
  purpose?: 'revocation' | 'suspension'
  /** What the entry said then; 0 is never here. */
  everyHours: number
}

/** When the first of them is due, milliseconds after `now`; undefined where nothing is to be looked up. */
export function dueAfter(standings: readonly { everyHours: number }[]): number | undefined {
  const hours = standings.map(({ everyHours }) => everyHours)
  return hours.length === 0 ? undefined : Math.min(...hours) * HOUR
}

/** What one of them was found to be; `unknown` where nobody could be asked. */
export type Found = 'valid' | 'suspended' | 'invalid' | 'other' | 'unknown'

/** One bad credential is enough; a suspended one may come back, and leaves the link as it is. */
export function judgeStandings(found: readonly Found[]): 'revoked' | 'again_soon' | 'good' {
  if (found.some((one) => one === 'invalid' || one === 'other')) return 'revoked'
  return found.includes('unknown') ? 'again_soon' : 'good'
}
