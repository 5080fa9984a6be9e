/** A person as an operator names them: an account at a provider, written as provider=value. */
import { InvalidArgumentError } from 'commander'
import type { NamedIdentifier } from '../flow/named-person.ts'

/** The word as it was written. Throws InvalidArgumentError for any other form. */
export function readAccount(text: string): string {
  if (!/^[a-z0-9-]+=./.test(text)) throw new InvalidArgumentError('write it as provider=value.')
  return text
}

/** What {@link readAccount} let through, as flows take it; the value may hold further signs of equality. */
export function readNamed(account: string): NamedIdentifier {
  const [provider = '', ...value] = account.split('=')
  return { kind: 'account', provider, value: value.join('=') }
}
