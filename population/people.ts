/**
 * A made-up university's people, with everything that makes them hard to tell apart or to know again: twins, people of
 * one name and birthday, names that two registers spell differently, names that changed, claims that are missing,
 * several wallets, several accounts, and wallets that show a fresh key each time. Who is who is known here, and only here.
 */
import { capitals, dropMarks, FAMILY, GIVEN, transliterate } from './names.ts'
import { type Chance, createChance, shuffle } from './random.ts'

/** What makes a person a case of their own; a person may have several. */
export type Trait =
  | 'twin'
  | 'same name and birthday'
  | 'transliterated'
  | 'changed name'
  | 'claims missing'
  | 'several wallets'
  | 'several accounts'
  | 'one-time keys'

export interface Claims {
  given_name?: string
  family_name?: string
  birthdate?: string
  eduid?: string
}

export interface Wallet {
  /** Unique in the population. */
  id: number
  /** Whether it shows another key each time. */
  oneTimeKeys: boolean
  claims: Claims
}

export interface Account {
  sub: string
  claims: Claims
}

export interface Person {
  id: number
  traits: readonly Trait[]
  wallets: readonly [Wallet, ...Wallet[]]
  accounts: readonly [Account, ...Account[]]
  /** Another person whose account is at hand: a twin's, on the family's computer. */
  near: number | undefined
}

/** One time that a wallet is shown; `account` is where its person logs in if asked. */
export interface Visit {
  person: Person
  wallet: Wallet
  account: Account
  /** Somebody else's account was used: this must never link. */
  mixUp: boolean
}

interface Born {
  given: string
  family: string
  birthdate: string
  kind: 'twin' | 'same name and birthday' | undefined
  near: number | undefined
}

/** `count` people, the same for the same seed. */
export function createPeople(count: number, seed: number): Person[] {
  const chance = createChance(seed)
  const born: Born[] = []
  while (born.length < count) {
    const first = birth(chance)
    const { length } = born
    const draw = chance.next()
    if (draw < 0.02 && length + 1 < count) born.push(...twins(chance, first, length))
    else if (draw < 0.03 && length > 0) born.push(namesake(chance, born))
    else born.push(first)
  }
  let wallets = 0
  return born.map((one, id) => {
    const person = furnish(chance, one, id, wallets)
    wallets += person.wallets.length
    return person
  })
}

/** Birthdays of twenty years: some five people of ten thousand share each. */
function birth(chance: Chance): Born {
  const day = new Date(Date.UTC(1985, 0, 1 + chance.below(20 * 365))).toISOString().slice(0, 10)
  return {
    ...{ given: chance.common(GIVEN), family: chance.common(FAMILY), birthdate: day },
    ...{ kind: undefined, near: undefined },
  }
}

function twins(chance: Chance, first: Born, place: number): [Born, Born] {
  const others = GIVEN.filter((name) => name !== first.given)
  // Parents like names that begin alike.
  const alike = others.filter((name) => name[0] === first.given[0])
  const [fallback = 'Noah'] = others
  const given = chance.one(
    chance.has(0.5) && alike.length > 0 ? [alike[0] ?? fallback, ...alike] : [fallback, ...others],
  )
  return [
    { ...first, kind: 'twin', near: place + 1 },
    { ...first, given, kind: 'twin', near: place },
  ]
}

/** Two people whom no register of names and birthdays can tell apart. */
function namesake(chance: Chance, born: readonly Born[]): Born {
  const other = born[chance.below(born.length)] ?? birth(chance)
  return { ...other, kind: 'same name and birthday', near: undefined }
}

function furnish(chance: Chance, born: Born, id: number, firstWallet: number): Person {
  const traits = new Set<Trait>(born.kind === undefined ? [] : [born.kind])
  const { given, family, birthdate } = born
  const full = { given_name: given, family_name: family, birthdate }
  const eduid = chance.has(0.8) ? `eduid-${id}-${chance.below(1e6)}` : undefined
  const shown = { ...full, ...(eduid === undefined ? {} : { eduid }) }
  const accounts = makeAccounts(chance, id, full, traits)
  const count = chance.has(0.05) ? 3 : chance.has(0.2) ? 2 : 1
  if (count > 1) traits.add('several wallets')
  const [first, ...others] = Array.from({ length: count }, (_, index) =>
    makeWallet(chance, firstWallet + index, shown, traits),
  )
  const wallets: [Wallet, ...Wallet[]] = [
    first ?? makeWallet(chance, firstWallet, shown, traits),
    ...others,
  ]
  return { id, traits: [...traits], wallets, accounts, near: born.near }
}

/** Student and employee at once have two; the register may spell names its own way. */
function makeAccounts(
  chance: Chance,
  id: number,
  full: Claims,
  traits: Set<Trait>,
): [Account, ...Account[]] {
  let told = full
  if (chance.has(0.25)) {
    const spell = chance.one([transliterate, dropMarks, capitals])
    told = respell(full, spell)
    if (told.given_name !== full.given_name || told.family_name !== full.family_name)
      traits.add('transliterated')
  }
  if (chance.has(0.04)) {
    traits.add('changed name')
    told = { ...told, family_name: chance.common(FAMILY) }
  }
  if (chance.has(0.05)) {
    traits.add('claims missing')
    const { birthdate: _, ...rest } = told
    told = rest
  }
  const account = (kind: string): Account => ({ sub: `${kind}-${id}`, claims: told })
  if (!chance.has(0.12)) return [account('student')]
  traits.add('several accounts')
  return [account('student'), account('employee')]
}

function makeWallet(chance: Chance, id: number, full: Claims, traits: Set<Trait>): Wallet {
  const oneTimeKeys = chance.has(0.15)
  if (oneTimeKeys) traits.add('one-time keys')
  if (!chance.has(0.05)) return { id, oneTimeKeys, claims: full }
  traits.add('claims missing')
  const { birthdate: _, ...rest } = full
  return { id, oneTimeKeys, claims: rest }
}

function respell(claims: Claims, spell: (name: string) => string): Claims {
  return {
    ...claims,
    ...(claims.given_name === undefined ? {} : { given_name: spell(claims.given_name) }),
    ...(claims.family_name === undefined ? {} : { family_name: spell(claims.family_name) }),
  }
}

/**
 * Every wallet is shown two or three times, all of them mixed in time; one in twenty twins once takes the other's
 * account for a new wallet.
 */
export function createVisits(people: readonly Person[], seed: number): Visit[] {
  const chance = createChance(seed ^ 0x5eed)
  const visits = people.flatMap((person) =>
    person.wallets.flatMap((wallet, index) => {
      const account = person.accounts[index % person.accounts.length] ?? person.accounts[0]
      const times = chance.has(0.5) ? 3 : 2
      return Array.from({ length: times }, () => ({ person, wallet, account, mixUp: false }))
    }),
  )
  const mixUps = people.flatMap((person) => {
    const near = person.near === undefined ? undefined : people[person.near]
    if (near === undefined || !chance.has(0.05)) return []
    return [{ person, wallet: person.wallets[0], account: near.accounts[0], mixUp: true }]
  })
  // Mix-ups first: once the wallet is known, nobody would be asked for an account.
  return [...mixUps, ...shuffle(chance, visits)]
}
