/**
 * HashiCorp Vault, or OpenBao, keeps the key in its transit engine (aes256-gcm96 or chacha20-poly1305); the root key goes
 * there and back, bound to its use by `associated_data`. Only ever run against a fake that speaks this protocol.
 */
import { KeyringError } from '../crypto/keyring-text.ts'
import { ROOT_KEY_BYTES } from '../crypto/root-key.ts'
import { askKeyService, isObject, readServiceAddress } from './ask.ts'
import type { KeeperMeans, RootKeyKeeper } from './keeper.ts'

/** What the wrapped key is for, in base64 as transit wants it. */
const ASSOCIATED_DATA = Buffer.from('identity-bridge/keyring/v1').toString('base64')

/** A mount of one or more parts, and a key; no part begins with a dot. */
const NAMED = /^(?:((?:[\w-][\w.-]*\/)*[\w-][\w.-]*)\/)?([\w-][\w.-]*)$/

/** Named `vault:<mount>/<key>`, or `vault:<key>` on the mount `transit`. Throws KeyringError where address, token or key are missing. */
export function vaultKeeper({ name, key, custody }: KeeperMeans): RootKeyKeeper {
  const { address, token, namespace } = custody.vault
  if (address === undefined || token === undefined) {
    throw new KeyringError(
      `${name} keeps the keyring: set VAULT_ADDR, and VAULT_TOKEN or VAULT_TOKEN_FILE`,
    )
  }
  const [, mount = 'transit', last] = NAMED.exec(key ?? '') ?? []
  if (last === undefined) {
    throw new KeyringError('name the transit key: vault:<key>, or vault:<mount>/<key>')
  }
  const headers = {
    'content-type': 'application/json',
    'x-vault-token': token,
    'x-vault-request': 'true',
    ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
  }
  const ask = async (verb: 'encrypt' | 'decrypt', body: Record<string, string>) => {
    const base = readServiceAddress('VAULT_ADDR', address).href.replace(/\/$/, '')
    const url = new URL(`${base}/v1/${mount}/${verb}/${last}`)
    const text = JSON.stringify({ ...body, associated_data: ASSOCIATED_DATA })
    const { data } = await askKeyService(name, url, headers, text)
    return isObject(data) ? data : {}
  }
  return {
    async wrap(rootKey) {
      const { ciphertext } = await ask('encrypt', {
        plaintext: Buffer.from(rootKey).toString('base64'),
      })
      if (typeof ciphertext !== 'string') throw new KeyringError(`${name} gave no ciphertext`)
      return ciphertext
    },
    async unwrap(wrapped) {
      const { plaintext } = await ask('decrypt', { ciphertext: wrapped })
      const rootKey = Buffer.from(typeof plaintext === 'string' ? plaintext : '', 'base64')
      if (rootKey.length !== ROOT_KEY_BYTES) throw new KeyringError(`${name} gave no root key`)
      return new Uint8Array(rootKey)
    },
  }
}
