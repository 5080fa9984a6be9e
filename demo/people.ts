/** The demo's people: what is in their wallets. Each has an account at the demo's institution under the same name. */
import type { Issuer } from './issuer.ts'
import { createWallet, type Wallet } from './wallet.ts'

export interface DemoPerson {
  /** Account at the institution; its password is the name with `-demo`. */
  username: string
  credential: Record<string, string>
}

const HOME = 'noorderhaven.example'

export const SANNE: DemoPerson = personOf('sanne', 'Sanne', 'de Vries', '2001-02-03')
export const DEMO_PEOPLE: readonly DemoPerson[] = [
  SANNE,
  personOf('milan', 'Milan', 'Bakker', '1988-11-30'),
  personOf('noor', 'Noor', 'Visser', '1999-07-14'),
]

function personOf(
  username: string,
  givenName: string,
  familyName: string,
  birthdate: string,
): DemoPerson {
  const credential = {
    given_name: givenName,
    family_name: familyName,
    email: `${username}@${HOME}`,
    schac_home_organization: HOME,
    birthdate,
  }
  return { username, credential }
}

export function passwordOf(person: DemoPerson): string {
  return `${person.username}-demo`
}

export function nameOf(person: DemoPerson): string {
  return `${person.credential.given_name} ${person.credential.family_name}`
}

/** A wallet with a key of its own and the person's credential in it; `ask` is what it fetches with. */
export async function walletOf(
  person: DemoPerson,
  issuer: Issuer,
  ask: typeof fetch = fetch,
): Promise<Wallet> {
  const wallet = createWallet({ fetch: ask })
  wallet.add(await issuer.issue(person.credential, wallet.publicJwk))
  return wallet
}
