/**
 * How long each kind of data is kept, why, and what ends it. A tenant may say other periods where the kind has bounds, and
 * other grounds; what a row says itself (its own end, a token's time) is not a tenant's to change.
 */

import { DAY, HOUR } from './time.ts'

interface Kind {
  /** What it is, for people. */
  what: string
  /** How long, for people, where no number of days says it. */
  lives?: string
  /** Days, and the bounds within which a tenant may choose. */
  period?: { days: number; least: number; most: number }
  /** Days of warning before the end. */
  notice?: { days: number; most: number }
  ground: string
  /** The job that ends it; undefined where nothing does. */
  job?: string
}

export const DATA_KINDS = {
  links: {
    what: 'Links between a wallet and an account, with what is kept of the person for them: as long as they are used.',
    period: { days: 730, least: 1, most: 3650 },
    notice: { days: 30, most: 365 },
    ground: 'Needed to recognise the person at the next login.',
    job: 'end-inactive',
  },
  ended_links: {
    what: 'Links that ended and can be restored, and the tombstones of erased ones.',
    period: { days: 30, least: 1, most: 365 },
    ground: 'Needed to take back a mistake.',
    job: 'purge-deleted',
  },
  auxiliary: {
    what: 'Data that institutions keep about a person, by category.',
    lives:
      'until the end each institution gave it, later where processing is restricted; without one, as long as the person is known',
    ground: 'Kept for the institution that wrote it.',
    job: 'expire-auxiliary',
  },
  logins: {
    what: 'Logins under way: journeys and sessions at an institution.',
    lives: 'some minutes, and an hour after their end',
    ground: 'Needed to finish the login.',
    job: 'expire-journeys',
  },
  grants: {
    what: 'What a finished login lets a relying party ask: grants, codes and tokens.',
    lives: 'one hour; with refresh tokens 7 days without use, 30 days in all',
    ground: 'Needed to answer the relying party.',
    job: 'expire-journeys',
  },
  repeats: {
    what: 'Answers kept so that a repeated write is not done twice.',
    lives: '24 hours',
    ground: 'Needed for safe repetition.',
    job: 'expire-journeys',
  },
  messages: {
    what: 'Events for others, sealed until they are delivered.',
    lives: '7 days after delivery, 30 days where it fails',
    ground: 'Needed to tell receivers of a change.',
    job: 'deliver-events',
  },
  audit_events: {
    what: 'The audit trail, under pseudonyms.',
    period: { days: 730, least: 90, most: 3650 },
    ground: 'Needed to show who did what, and to find misuse.',
    job: 'verify-audit',
  },
  receipts: {
    what: 'Receipts of erasures: random ids, ground, time and counts.',
    lives: 'for good',
    ground: 'Needed to show that an erasure was done.',
  },
} as const satisfies { readonly [name: string]: Kind }
export type DataKind = keyof typeof DATA_KINDS
export const DATA_KIND_NAMES = Object.keys(DATA_KINDS) as [DataKind, ...DataKind[]]

/** How long what has ended stays, milliseconds: a login for whoever asks what became of it, a message for a replay. */
export const KEPT = { endedLogins: 1 * HOUR, delivered: 7 * DAY, givenUp: 30 * DAY } as const

/** What a tenant said of a kind; undefined members are as the service has them. */
export interface RetentionRule {
  days: number | undefined
  noticeDays: number | undefined
  ground: string | undefined
}

/** What holds for a kind. */
export interface Retention {
  /** Undefined where no number of days ends it. */
  days: number | undefined
  noticeDays: number
  ground: string
}

/** What holds, out of what the tenant said. A notice is never longer than the period less a day. */
export function retentionOf(kind: DataKind, rule: RetentionRule | undefined): Retention {
  const known: Kind = DATA_KINDS[kind]
  const days = rule?.days ?? known.period?.days
  const notice = rule?.noticeDays ?? known.notice?.days ?? 0
  return {
    days,
    noticeDays: days === undefined ? 0 : Math.min(notice, days - 1),
    ground: rule?.ground ?? known.ground,
  }
}

/** Why a rule cannot be, in a sentence; undefined where it can. */
export function whatIsWrongWith(kind: DataKind, rule: RetentionRule): string | undefined {
  const { period, notice }: Kind = DATA_KINDS[kind]
  if (rule.days !== undefined) {
    if (period === undefined) return 'days: this kind ends by itself'
    if (rule.days < period.least || rule.days > period.most)
      return `days: from ${period.least} to ${period.most}`
  }
  if (rule.noticeDays === undefined) return undefined
  if (notice === undefined) return 'notice_days: nobody is warned of the end of this kind'
  if (rule.noticeDays > notice.most) return `notice_days: at most ${notice.most}`
  const days = rule.days ?? period?.days ?? 0
  return rule.noticeDays < days ? undefined : 'notice_days: shorter than the period'
}
