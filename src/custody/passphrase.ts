/** A passphrase keeps the root key: it is stretched by scrypt into the key that wraps it. */
import { KeyringError } from '../crypto/keyring-text.ts'
import {
  derivePassphraseKey,
  newScryptParameters,
  unwrapRootKey,
  wrapRootKey,
} from '../crypto/root-key.ts'
import type { KeeperMeans, RootKeyKeeper } from './keeper.ts'

const LEAST_CHARACTERS = 12

/** Throws KeyringError where no passphrase was given. Wrapped: `scrypt.<log2 N>.<salt> <envelope>`. */
export function passphraseKeeper({ name, custody }: KeeperMeans, log2n?: number): RootKeyKeeper {
  const { passphrase } = custody
  if (passphrase === undefined) {
    throw new KeyringError(
      'the keyring is sealed with a passphrase: set KEYRING_PASSPHRASE or KEYRING_PASSPHRASE_FILE',
    )
  }
  return {
    async wrap(rootKey) {
      if (passphrase.length < LEAST_CHARACTERS) {
        throw new KeyringError(`the passphrase must have ${LEAST_CHARACTERS} characters or more`)
      }
      const parameters = newScryptParameters(log2n)
      const wrapping = await derivePassphraseKey(passphrase, parameters)
      if (wrapping === undefined) throw new TypeError('scrypt parameters out of range')
      return `${parameters} ${wrapRootKey(wrapping, name, rootKey)}`
    },
    async unwrap(wrapped) {
      const [parameters = '', envelope = ''] = wrapped.split(' ')
      const wrapping = await derivePassphraseKey(passphrase, parameters)
      const rootKey = wrapping && unwrapRootKey(wrapping, name, envelope)
      if (rootKey === undefined)
        throw new KeyringError('the passphrase does not open the sealed keyring')
      return rootKey
    },
  }
}
