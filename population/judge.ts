/** Holds what the bridge made of a population against who is who. */
import type { IdentityId } from '../src/domain/ids.ts'
import type { Visit } from './people.ts'
import type { Outcome } from './visit.ts'

export interface Tally {
  visits: number
  /** Persons the bridge made. */
  persons: number
  /** Logins that ended in the person of somebody else. */
  wrongLinks: number
  /** Logins of somebody who was known that ended in a second person, or in a refusal. */
  missedLinks: number
  /** Logins of somebody who was known with this very wallet, and still had to go to the institution. */
  askedAgain: number
  /** Logins of somebody who was known. */
  returning: number
  /** Mix-ups of accounts, and how many of them were refused. */
  mixUps: number
  mixUpsRefused: number
  /** Cause → how many. */
  missed: Map<string, number>
  asked: Map<string, number>
}

export interface Judge {
  hear(visit: Visit, outcome: Outcome): void
  tally: Tally
}

export function createJudge(): Judge {
  const tally: Tally = {
    ...{ visits: 0, persons: 0, wrongLinks: 0, missedLinks: 0, askedAgain: 0, returning: 0 },
    ...{ mixUps: 0, mixUpsRefused: 0, missed: new Map(), asked: new Map() },
  }
  const owners = new Map<IdentityId, number>()
  const identities = new Map<number, Set<IdentityId>>()
  const wallets = new Set<number>()
  const accounts = new Set<string>()

  const hear = (visit: Visit, outcome: Outcome) => {
    const { person, wallet, account } = visit
    tally.visits++
    if (visit.mixUp) {
      tally.mixUps++
      if (outcome.kind === 'refused') tally.mixUpsRefused++
      else tally.wrongLinks++
      return
    }
    const known = identities.get(person.id) ?? new Set()
    if (known.size > 0) tally.returning++
    const knew = { wallet: wallets.has(wallet.id), account: accounts.has(account.sub) }
    if (known.size > 0 && knew.wallet && outcome.asked) {
      tally.askedAgain++
      count(tally.asked, wallet.oneTimeKeys ? 'one-time keys' : 'other')
    }
    if (outcome.kind === 'refused') {
      tally.missedLinks++
      count(tally.missed, [`refused: ${outcome.reason}`, ...person.traits].join(', '))
      return
    }
    const owner = owners.get(outcome.identityId)
    if (owner === undefined) {
      owners.set(outcome.identityId, person.id)
      tally.persons++
      if (known.size > 0) {
        tally.missedLinks++
        count(tally.missed, causeOf(visit, knew))
      }
    } else if (owner !== person.id) tally.wrongLinks++
    identities.set(person.id, known.add(outcome.identityId))
    wallets.add(wallet.id)
    accounts.add(account.sub)
  }
  return { hear, tally }
}

/** Why somebody who was known became a second person. */
function causeOf({ wallet }: Visit, knew: { wallet: boolean; account: boolean }): string {
  const shown = wallet.oneTimeKeys ? 'a wallet of one-time keys' : 'another wallet'
  if (!knew.account && !knew.wallet) return `${shown} with another account, nothing in common`
  if (!knew.account) return `a known wallet (${shown}) with another account`
  return 'a known account'
}

function count(causes: Map<string, number>, cause: string): void {
  causes.set(cause, (causes.get(cause) ?? 0) + 1)
}
