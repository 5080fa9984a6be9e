/** What the environment says of the keyring: where it lies, and what opens it where it is sealed. */
import { readFileSync, statSync } from 'node:fs'
import {
  ConfigError,
  type Environment,
  isLoopbackHost,
  read,
  readSecret,
  type Variable,
} from './environment.ts'

/** The keyring as it was found. `file` is where it can be changed. */
export type KeyringSource =
  | { kind: 'text'; text: string; file: string | undefined }
  | { kind: 'development' }
  | { kind: 'missing' }

/** What may be needed to open a sealed keyring, as it stands in the environment; each keeper checks its own part. */
export interface Custody {
  passphrase: string | undefined
  /** base64 or base64url of 32 bytes. */
  rootKey: string | undefined
  vault: { address: string | undefined; token: string | undefined; namespace: string | undefined }
  aws: {
    region: string | undefined
    accessKeyId: string | undefined
    secretAccessKey: string | undefined
    sessionToken: string | undefined
    endpoint: string | undefined
  }
  pkcs11: {
    module: string | undefined
    pin: string | undefined
    /** For the tool that talks to the HSM, whose library has variables of its own; no secret of ours in it. */
    environment: Environment
  }
}

/** The words that ask for the published development keys. */
export const DEVELOPMENT_KEYS = 'development-keys-that-protect-nothing'

/** Group and others: nothing. Where root owns the file, as in a mounted secret, a group may read it. */
const REFUSED_BITS = { own: 0o077, roots: 0o037 }

export const CUSTODY_VARIABLES: readonly Variable[] = [
  {
    name: 'KEYRING_FILE',
    example: '',
    description: 'File with Keys A, B and C. Make one with: npm run cli -- keys init.',
  },
  {
    name: 'KEYRING',
    example: '',
    description:
      'The keyring itself instead of a file, or, on your own machine, the words development-keys-that-protect-nothing.',
  },
  {
    name: 'KEYRING_PASSPHRASE',
    example: '',
    description: 'Opens a keyring that is sealed with a passphrase.',
  },
  {
    name: 'KEYRING_PASSPHRASE_FILE',
    example: '',
    description: 'File with that passphrase, instead.',
  },
  {
    name: 'KEYRING_ROOT_KEY',
    example: '',
    description:
      'Opens a keyring that is sealed with a root key: base64 of 32 bytes (openssl rand -base64 32).',
  },
  {
    name: 'KEYRING_ROOT_KEY_FILE',
    example: '',
    description: 'File with that root key, instead.',
  },
  {
    name: 'VAULT_ADDR',
    example: '',
    description:
      'HashiCorp Vault or OpenBao whose transit key unwraps the root key: https, or http on this machine.',
  },
  { name: 'VAULT_TOKEN', example: '', description: 'Token for it.' },
  { name: 'VAULT_TOKEN_FILE', example: '', description: 'File with that token, instead.' },
  { name: 'VAULT_NAMESPACE', example: '', description: 'Namespace there, where it has any.' },
  {
    name: 'AWS_REGION',
    example: '',
    description: 'Region of the AWS KMS key that unwraps the root key.',
  },
  { name: 'AWS_ACCESS_KEY_ID', example: '', description: 'Access key for it.' },
  { name: 'AWS_SECRET_ACCESS_KEY', example: '', description: 'Its secret half.' },
  {
    name: 'AWS_SESSION_TOKEN',
    example: '',
    description: 'Session token, where the access key is a temporary one.',
  },
  {
    name: 'AWS_ENDPOINT_URL_KMS',
    example: '',
    description: 'Another address of AWS KMS: a private endpoint.',
  },
  {
    name: 'PKCS11_MODULE',
    example: '',
    description:
      "Library (.so) of the HSM that unwraps the root key; needs OpenSC's pkcs11-tool on the PATH.",
  },
  { name: 'PKCS11_PIN', example: '', description: 'User PIN of its token.' },
  { name: 'PKCS11_PIN_FILE', example: '', description: 'File with that PIN, instead.' },
]

/** Every variable that holds a secret: `main.ts` takes them out of the environment once they have been read. */
export const SECRET_VARIABLES: readonly string[] = [
  ...['KEYRING', 'KEYRING_PASSPHRASE', 'KEYRING_ROOT_KEY', 'DATABASE_URL', 'DATABASE_OWNER_URL'],
  ...['VAULT_TOKEN', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'PKCS11_PIN'],
  'AUDIT_CHECKPOINTS_TOKEN',
]

function withoutSecrets(environment: Environment): Environment {
  const others = Object.entries(environment).filter(([name]) => !SECRET_VARIABLES.includes(name))
  return Object.fromEntries(others)
}

/** Reads what opens a keyring. Throws {@link ConfigError} for a file that cannot be read. */
export function readCustody(environment: Environment): Custody {
  return {
    passphrase: readSecret(environment, 'KEYRING_PASSPHRASE', 'KEYRING_PASSPHRASE_FILE'),
    rootKey: readSecret(environment, 'KEYRING_ROOT_KEY', 'KEYRING_ROOT_KEY_FILE'),
    vault: {
      address: read(environment, 'VAULT_ADDR'),
      token: readSecret(environment, 'VAULT_TOKEN', 'VAULT_TOKEN_FILE'),
      namespace: read(environment, 'VAULT_NAMESPACE'),
    },
    aws: {
      region: read(environment, 'AWS_REGION'),
      accessKeyId: read(environment, 'AWS_ACCESS_KEY_ID'),
      secretAccessKey: read(environment, 'AWS_SECRET_ACCESS_KEY'),
      sessionToken: read(environment, 'AWS_SESSION_TOKEN'),
      endpoint: read(environment, 'AWS_ENDPOINT_URL_KMS'),
    },
    pkcs11: {
      module: read(environment, 'PKCS11_MODULE'),
      pin: readSecret(environment, 'PKCS11_PIN', 'PKCS11_PIN_FILE'),
      environment: withoutSecrets(environment),
    },
  }
}

/** Finds the keyring, sealed or not. Throws {@link ConfigError}: two of them, one that others may read, one that is gone. */
export function readKeyring(
  environment: Environment,
  production: boolean,
  publicUrl: string,
): KeyringSource {
  const inline = read(environment, 'KEYRING')
  const file = read(environment, 'KEYRING_FILE')
  if (inline !== undefined && file !== undefined)
    throw new ConfigError('KEYRING', 'and KEYRING_FILE exclude each other')
  if (inline === DEVELOPMENT_KEYS) {
    if (production || !isLoopbackHost(new URL(publicUrl).hostname))
      throw new ConfigError(
        'KEYRING',
        'development keys are refused in production and off this machine',
      )
    return { kind: 'development' }
  }
  if (inline !== undefined) return { kind: 'text', text: inline, file: undefined }
  if (file === undefined) return { kind: 'missing' }
  return { kind: 'text', text: readKeyringFile(file), file }
}

function readKeyringFile(file: string): string {
  try {
    const { mode, uid } = statSync(file)
    const refused = uid === 0 ? REFUSED_BITS.roots : REFUSED_BITS.own
    // Windows has no such bits; its files are kept by access lists.
    if (process.platform !== 'win32' && (mode & refused) !== 0)
      throw new ConfigError('KEYRING_FILE', 'can be read by others: chmod 600 it')
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if (cause instanceof ConfigError) throw cause
    const gone = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    const rule = gone
      ? 'names a file that is not there. No other keyring is made in its place, for it could read nothing of what is stored: bring back your copy'
      : 'cannot be read'
    throw Object.assign(new ConfigError('KEYRING_FILE', rule), { cause })
  }
}
