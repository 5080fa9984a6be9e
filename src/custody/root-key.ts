/** The platform keeps the key: 32 bytes that it hands to the process, as Kubernetes, systemd or a deployment tool does. */
import { KeyringError } from '../crypto/keyring-text.ts'
import { ROOT_KEY_BYTES, unwrapRootKey, wrapRootKey } from '../crypto/root-key.ts'
import type { KeeperMeans, RootKeyKeeper } from './keeper.ts'

/** Throws KeyringError where no such key was given, or not one. Wrapped: an envelope. */
export function rootKeyKeeper({ name, custody }: KeeperMeans): RootKeyKeeper {
  const given = readRootKey(custody.rootKey)
  return {
    async wrap(rootKey) {
      return wrapRootKey(given, name, rootKey)
    },
    async unwrap(wrapped) {
      const rootKey = unwrapRootKey(given, name, wrapped)
      if (rootKey === undefined)
        throw new KeyringError('KEYRING_ROOT_KEY does not open the sealed keyring')
      return rootKey
    },
  }
}

function readRootKey(text: string | undefined): Uint8Array {
  if (text === undefined) {
    throw new KeyringError(
      'the keyring is sealed with a root key: set KEYRING_ROOT_KEY or KEYRING_ROOT_KEY_FILE',
    )
  }
  // Node takes both alphabets and skips what it does not know; the length tells whether anything was.
  const bytes = new Uint8Array(Buffer.from(text, 'base64'))
  if (bytes.length !== ROOT_KEY_BYTES || !/^[\w+/-]{43}=?$/.test(text)) {
    throw new KeyringError(`KEYRING_ROOT_KEY must be base64 of exactly ${ROOT_KEY_BYTES} bytes`)
  }
  return bytes
}
