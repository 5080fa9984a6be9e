/**
 * What of a tenant ends by itself, and when: whoever looks after it must have renewed it before. Ends that jobs take care of
 * stand there too, so that one sees when a job has not.
 */
import { DAY, HOUR, type IsoInstant, toInstant } from './time.ts'

/** The job that counts them; its row holds what it counted last. */
export const WATCH_EXPIRY = 'watch-expiry'

export const EXPIRY_KINDS = [
  'request_certificate',
  'registration_certificate',
  'trust_anchor',
  'trusted_list',
  'trust_answer',
  'signing_key',
] as const
export type ExpiryKind = (typeof EXPIRY_KINDS)[number]
export type ExpiryState = 'good' | 'soon' | 'expired'

export interface Expiry {
  kind: ExpiryKind
  /** A key id, a registration certificate's id, the trust entry and position of an anchor, a list's id, or whom an answer is about. */
  name: string
  /** The relying party it is for; undefined where it is the whole tenant's. */
  clientId: string | undefined
  endsAt: IsoInstant
  state: ExpiryState
}

/** How long before its end somebody has to be told. What jobs renew is worth a word only once they have not. */
const TOLD_BEFORE: Readonly<Record<ExpiryKind, number>> = {
  request_certificate: 14 * DAY, // VP-041
  registration_certificate: 14 * DAY,
  trust_anchor: 30 * DAY,
  trusted_list: 6 * HOUR,
  trust_answer: 0,
  signing_key: 0,
}

/** Returns the expiry with its state at a time; both times in milliseconds since the epoch. */
export function expiryOf(
  kind: ExpiryKind,
  thing: { name: string; clientId?: string; endsAt: number },
  now: number,
): Expiry {
  const { name, clientId, endsAt } = thing
  const state = now >= endsAt ? 'expired' : now >= endsAt - TOLD_BEFORE[kind] ? 'soon' : 'good'
  const forWhom = clientId === undefined || clientId === '' ? undefined : clientId
  return { kind, name, clientId: forWhom, endsAt: toInstant(endsAt), state }
}

/** Returns how many of each kind end soon or have ended, as `kind_state`; kinds of which none does are 0. */
export function countExpiries(calendar: readonly Expiry[]): Readonly<Record<string, number>> {
  const counts = EXPIRY_KINDS.flatMap((kind) =>
    (['soon', 'expired'] as const).map((state) => {
      const found = calendar.filter((one) => one.kind === kind && one.state === state)
      return [`${kind}_${state}`, found.length] as const
    }),
  )
  return Object.fromEntries(counts)
}
