/** A person as an operator names them: an account or an address at a provider, the key or the DID of a wallet. */
import { type Command, InvalidArgumentError } from 'commander'
import type { ToldIdentifier } from '../domain/sought-identifier.ts'

export interface NamingOptions {
  account?: string
  email?: string
  key?: string
  did?: string
}

/** Adds the options by which somebody is named; what only the admin API can say is said there. */
export function addNaming(command: Command): Command {
  return command
    .option('--account <provider=value>', 'whom, by an account at a provider', readPair)
    .option('--email <provider=address>', "whom, by an account's address that is proof", readPair)
    .option('--key <thumbprint>', "whom, by the thumbprint of a wallet's key (RFC 7638)", readKey)
    .option('--did <did>', 'whom, by the DID of a wallet')
}

/** The one identifier that was given; undefined for none. Throws InvalidArgumentError for two. */
export function readNamed({ account, email, key, did }: NamingOptions): ToldIdentifier | undefined {
  const told = [
    account && accountAt(account),
    email && addressAt(email),
    key && ({ type: 'KEY', thumbprint: key } as const),
    did && ({ type: 'DID', did } as const),
  ].filter((one) => typeof one === 'object')
  if (told.length > 1) throw new InvalidArgumentError('Say it in one way.')
  return told[0]
}

/** The account that {@link readPair} let through. */
function accountAt(text: string): ToldIdentifier {
  const [provider, value] = parts(text)
  return { type: 'SUBJECT_ID', provider, value }
}

function addressAt(text: string): ToldIdentifier {
  const [provider, address] = parts(text)
  return { type: 'EMAIL', provider, address }
}

/** The value may hold further signs of equality. */
function parts(text: string): [provider: string, value: string] {
  const mark = text.indexOf('=')
  return [text.slice(0, mark), text.slice(mark + 1)]
}

/** The word as it was written. Throws InvalidArgumentError for any other form. */
export function readPair(text: string): string {
  if (!/^[a-z0-9-]+=./.test(text)) throw new InvalidArgumentError('write it as provider=value.')
  return text
}

function readKey(text: string): string {
  if (!/^[A-Za-z0-9_-]{43}$/.test(text)) throw new InvalidArgumentError('43 letters of base64url.')
  return text
}
