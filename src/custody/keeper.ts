/**
 * Who keeps the root key of a sealed keyring. A keeper wraps it once, when the keyring is sealed, and unwraps it at every
 * start; what it needs for that (a passphrase, a token, a PIN) comes from the environment (protocols CR-34).
 */
import { KeyringError } from '../crypto/keyring-text.ts'
import type { Custody } from '../custody-config.ts'
import type { Clock } from '../domain/time.ts'
import { awsKmsKeeper } from './aws-kms.ts'
import { passphraseKeeper } from './passphrase.ts'
import { pkcs11Keeper } from './pkcs11.ts'
import { rootKeyKeeper } from './root-key.ts'
import { vaultKeeper } from './vault.ts'

/** The one small interface behind which a root key may lie anywhere. Both throw KeyringError with a sentence, no secret. */
export interface RootKeyKeeper {
  /** A text from which only this keeper gets the 32 bytes back. */
  wrap(rootKey: Uint8Array): Promise<string>
  unwrap(wrapped: string): Promise<Uint8Array>
}

/** What a keeper is made of: its whole name, the part after the colon, and the environment's part of it. */
export interface KeeperMeans {
  readonly name: string
  readonly key: string | undefined
  readonly custody: Custody
  readonly clock: Clock
}

const KEEPERS: Readonly<Record<string, (means: KeeperMeans) => RootKeyKeeper>> = {
  passphrase: passphraseKeeper,
  'root-key': rootKeyKeeper,
  vault: vaultKeeper,
  'aws-kms': awsKmsKeeper,
  pkcs11: pkcs11Keeper,
}

/** Every kind there is. */
export const KEEPER_KINDS: readonly string[] = Object.keys(KEEPERS)

/** The keeper of this name, `kind` or `kind:key`. Throws KeyringError for an unknown kind and for what it lacks. */
export function findKeeper(name: string, custody: Custody, clock: Clock): RootKeyKeeper {
  const [kind = '', ...rest] = name.split(':')
  const make = Object.hasOwn(KEEPERS, kind) ? KEEPERS[kind] : undefined
  if (make === undefined) {
    throw new KeyringError(`there is no keeper "${kind}": ${KEEPER_KINDS.join(', ')}`)
  }
  return make({ name, key: rest.length > 0 ? rest.join(':') : undefined, custody, clock })
}
