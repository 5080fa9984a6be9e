/**
 * An HSM keeps the key, spoken to over PKCS#11 by OpenSC's `pkcs11-tool` as a child process: it needs no compiled package in
 * this one, and a slow HSM does not hold the process up. The HSM's key is a generic secret that never leaves it; the key that
 * wraps the root key is its HMAC-SHA-256 of a random salt.
 */
import { spawn } from 'node:child_process'
import { decodeBase64url, encodeBase64url } from '../crypto/base64url.ts'
import { KeyringError } from '../crypto/keyring-text.ts'
import { newRootKey, ROOT_KEY_BYTES, unwrapRootKey, wrapRootKey } from '../crypto/root-key.ts'
import type { KeeperMeans, RootKeyKeeper } from './keeper.ts'

const TOOL = 'pkcs11-tool'
const LABEL = Buffer.from('identity-bridge/keyring/v1:')
const ANSWER_MS = 30_000

/** Named `pkcs11:<token label>/<key id in hexadecimal>`. Throws KeyringError where module, PIN or key are missing. */
export function pkcs11Keeper({ name, key, custody }: KeeperMeans): RootKeyKeeper {
  const { module, pin, environment } = custody.pkcs11
  if (module === undefined || pin === undefined) {
    throw new KeyringError(
      `${name} keeps the keyring: set PKCS11_MODULE, and PKCS11_PIN or PKCS11_PIN_FILE`,
    )
  }
  const [, token, id] = /^([\w .-]+)\/((?:[0-9a-f]{2})+)$/i.exec(key ?? '') ?? []
  if (token === undefined || id === undefined) {
    throw new KeyringError('name the key in the HSM: pkcs11:<token label>/<key id in hexadecimal>')
  }
  const wrapping = async (salt: Uint8Array) => {
    const where = ['--module', module, '--token-label', token, '--login', '--pin', 'env:PKCS11_PIN']
    // By id: the tool looks at no label when it signs, and would take the first key there is.
    const what = ['--sign', '--mechanism', 'SHA256-HMAC', '--id', id]
    const env = { ...environment, PKCS11_PIN: pin }
    const mac = await runTool(name, [...where, ...what], env, Buffer.concat([LABEL, salt]))
    if (mac.length !== ROOT_KEY_BYTES) throw new KeyringError(`${name} gave no HMAC of 32 bytes`)
    return mac
  }
  return {
    async wrap(rootKey) {
      const salt = newRootKey()
      return `${encodeBase64url(salt)} ${wrapRootKey(await wrapping(salt), name, rootKey)}`
    },
    async unwrap(wrapped) {
      const [saltText = '', envelope = ''] = wrapped.split(' ')
      const salt = decodeBase64url(saltText)
      const rootKey =
        salt?.length === ROOT_KEY_BYTES
          ? unwrapRootKey(await wrapping(salt), name, envelope)
          : undefined
      if (rootKey === undefined)
        throw new KeyringError(`the key of ${name} does not open the sealed keyring`)
      return rootKey
    },
  }
}

/** What the tool writes to its output. The PIN reaches it in its environment, where no list of processes shows it. */
function runTool(
  name: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  input: Buffer,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const child = spawn(TOOL, words, { env, stdio: ['pipe', 'pipe', 'ignore'], timeout: ANSWER_MS })
    const out: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    // A tool that ends at once closes its input before we have written; its exit code tells why.
    child.stdin.on('error', () => undefined)
    child.on('error', (cause) =>
      reject(Object.assign(new KeyringError(`${TOOL} cannot be run: install opensc`), { cause })),
    )
    child.on('close', (code) => {
      if (code === 0) resolve(new Uint8Array(Buffer.concat(out)))
      else
        reject(
          new KeyringError(`${name}: ${TOOL} failed; is the token, the key id or the PIN wrong?`),
        )
    })
    child.stdin.end(input)
  })
}
