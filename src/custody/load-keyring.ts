/** The keyring that the environment asks for, opened by its keeper where it is sealed. Keys are never made up silently. */
import { ConfigError, type Secrets } from '../config.ts'
import { developmentKeyringText } from '../crypto/development-keyring.ts'
import { type Keyring, parseKeyring } from '../crypto/keyring.ts'
import {
  isSealedKeyring,
  openSealedKeyring,
  readSealedKeyring,
  type SealedKeyring,
} from '../crypto/sealed-keyring.ts'
import type { Clock } from '../domain/time.ts'
import { findKeeper } from './keeper.ts'

/** An opened keyring text, and how it was sealed: undefined where it was not. */
export interface OpenedKeyring {
  readonly text: string
  readonly seal: { readonly sealed: SealedKeyring; readonly rootKey: Uint8Array } | undefined
}

/**
 * Throws ConfigError where no keyring is named, KeyringError where it is none or does not open; both say what to do, and no
 * value.
 */
export async function loadKeyring(
  secrets: Pick<Secrets, 'keyring' | 'custody'>,
  clock: Clock,
): Promise<Keyring> {
  switch (secrets.keyring.kind) {
    case 'text':
      return parseKeyring((await openKeyring(secrets.keyring.text, secrets, clock)).text)
    case 'development':
      return parseKeyring(developmentKeyringText())
    case 'missing':
      throw new ConfigError(
        'KEYRING_FILE',
        'is not set. Make a keyring with "npm run cli -- keys init --out keyring.json" and set KEYRING_FILE=keyring.json; ' +
          'or, on your own machine only, set KEYRING=development-keys-that-protect-nothing',
      )
  }
}

/** The keyring text inside a text that may be sealed. Throws KeyringError. */
export async function openKeyring(
  text: string,
  { custody }: Pick<Secrets, 'custody'>,
  clock: Clock,
): Promise<OpenedKeyring> {
  if (!isSealedKeyring(text)) return { text, seal: undefined }
  const sealed = readSealedKeyring(text)
  const rootKey = await findKeeper(sealed.keeper, custody, clock).unwrap(sealed.wrapped)
  return { text: openSealedKeyring(sealed, rootKey), seal: { sealed, rootKey } }
}
