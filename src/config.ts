/**
 * The environment, read once. Every variable is named here (those of the keyring in `custody-config.ts`) with its rule, its
 * default and a sentence; `.env.example` is this list (a test compares them). A bad value stops the process and is named; the value itself never is.
 */
import {
  CUSTODY_VARIABLES,
  type Custody,
  type KeyringSource,
  readCustody,
  readKeyring,
} from './custody-config.ts'
import {
  ConfigError,
  type Environment,
  isLoopbackHost,
  read,
  readChoice,
  readNumber,
  readSwitch,
  type Variable,
} from './environment.ts'

export { DEVELOPMENT_KEYS, SECRET_VARIABLES } from './custody-config.ts'
export { ConfigError, isLoopbackHost } from './environment.ts'

/** What a process may be told. Frozen; secrets are apart, in {@link Secrets}. */
export interface Config {
  /** Origin under which everybody reaches the service: scheme, host, port; no path, no trailing slash. */
  publicUrl: string
  host: string
  port: number
  production: boolean
  /** Folder of the embedded database and of the first admin token. */
  dataFolder: string
  databasePoolSize: number
  /** The named development switch: outgoing requests may use http and loopback addresses. */
  allowLoopback: boolean
  trustedProxies: number
  rateLimitPerMinute: number
  requestTimeoutMs: number
  shutdownTimeoutMs: number
  logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  jobs: boolean
  /** File to which every erasure is added; undefined for none. */
  erasureLedger: string | undefined
  /** Where audit checkpoints are kept besides the database: absolute folders, and URLs that are POSTed or PUT to. */
  auditCheckpoints: readonly { kind: 'folder' | 'webhook' | 'store'; where: string }[]
}

export interface Secrets {
  /** Run-time login; undefined means the embedded database. */
  databaseUrl: string | undefined
  /** Owner's login, used by migration alone. */
  databaseOwnerUrl: string | undefined
  /** Bearer token for the URLs of AUDIT_CHECKPOINTS. */
  auditCheckpointsToken: string | undefined
  /** Keyring text, sealed or not, or the word for development keys. */
  keyring: KeyringSource
  /** What opens a sealed keyring. */
  custody: Custody
}

/** Every variable the service reads, in the order of `.env.example`. */
export const VARIABLES: readonly Variable[] = [
  {
    name: 'PUBLIC_URL',
    example: 'http://localhost:3000',
    description:
      'Origin under which browsers, wallets and relying parties reach the bridge. https in production.',
  },
  {
    name: 'HOST',
    example: '127.0.0.1',
    description: 'Address to listen on; 0.0.0.0 in a container.',
  },
  { name: 'PORT', example: '3000', description: 'Port to listen on.' },
  {
    name: 'NODE_ENV',
    example: '',
    description:
      'development or production, which refuses development keys, plain http and loopback providers.',
  },
  {
    name: 'DATABASE_URL',
    example: '',
    description: 'Run-time login of Postgres 15 or newer. Empty: an embedded Postgres in DATA_DIR.',
  },
  {
    name: 'DATABASE_OWNER_URL',
    example: '',
    description:
      "Owner's login, for migration only. Empty: the service just checks that the schema is current.",
  },
  { name: 'DATABASE_POOL_SIZE', example: '10', description: 'Connections each instance keeps.' },
  {
    name: 'DATA_DIR',
    example: './data',
    description: 'Folder of the embedded database and of the first admin token.',
  },
  ...CUSTODY_VARIABLES,
  {
    name: 'ALLOW_LOOPBACK',
    example: 'no',
    description: 'yes lets outgoing requests use http and loopback addresses. Development only.',
  },
  {
    name: 'TRUSTED_PROXIES',
    example: '0',
    description: 'How many proxies stand in front and append to X-Forwarded-For.',
  },
  {
    name: 'RATE_LIMIT_PER_MINUTE',
    example: '3000',
    description:
      'Requests a minute that one address may make of one endpoint family, on each instance.',
  },
  { name: 'REQUEST_TIMEOUT_SECONDS', example: '30', description: 'How long one request may take.' },
  {
    name: 'SHUTDOWN_TIMEOUT_SECONDS',
    example: '20',
    description: 'How long a stopping process finishes what it accepted.',
  },
  { name: 'LOG_LEVEL', example: 'info', description: 'debug, info, warn, error or silent.' },
  {
    name: 'JOBS',
    example: 'yes',
    description: 'no keeps this instance from running background jobs.',
  },
  {
    name: 'ERASURE_LEDGER',
    example: '',
    description:
      'File outside the database, on another disk, to which every erasure is added, to be replayed after a restore.',
  },
  {
    name: 'AUDIT_CHECKPOINTS',
    example: '',
    description:
      'Where the signed audit checkpoints are kept that the database server cannot reach, separated by spaces: folder:/path, webhook:https://… (POST), store:https://… (PUT, one object each).',
  },
  {
    name: 'AUDIT_CHECKPOINTS_TOKEN',
    example: '',
    description: 'Bearer token for the URLs of AUDIT_CHECKPOINTS.',
  },
]

function readPublicUrl(environment: Environment, production: boolean): string {
  const text = read(environment, 'PUBLIC_URL') ?? 'http://localhost:3000'
  if (!URL.canParse(text)) throw new ConfigError('PUBLIC_URL', 'must be an absolute URL')
  const url = new URL(text)
  if (
    url.pathname !== '/' ||
    url.search !== '' ||
    url.hash !== '' ||
    url.username !== '' ||
    url.password !== '' ||
    text.endsWith('/')
  )
    throw new ConfigError(
      'PUBLIC_URL',
      'must be an origin: scheme, host and port, no path and no trailing slash',
    )
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopbackHost(url.hostname)))
    throw new ConfigError('PUBLIC_URL', 'must be https (http on loopback only)')
  if (production && url.protocol !== 'https:')
    throw new ConfigError('PUBLIC_URL', 'must be https in production')
  return url.origin
}

/** A misspelt `production` would be a weaker service without a word. */
const NODE_ENVIRONMENTS = ['development', 'test', 'production'] as const

const PLACE = /^(folder|webhook|store):(\S+)$/

function readPlaces(environment: Environment, allowLoopback: boolean): Config['auditCheckpoints'] {
  const words = read(environment, 'AUDIT_CHECKPOINTS')?.split(/\s+/) ?? []
  return words.map((word) => {
    const [, kind, where = ''] = PLACE.exec(word) ?? []
    const right = kind === 'folder' ? where.startsWith('/') : isPlaceUrl(where, allowLoopback)
    if (kind === undefined || !right)
      throw new ConfigError(
        'AUDIT_CHECKPOINTS',
        'must be folder:/absolute/path, webhook:https://… or store:https://…, separated by spaces',
      )
    return { kind: kind as 'folder' | 'webhook' | 'store', where }
  })
}

function isPlaceUrl(text: string, allowLoopback: boolean): boolean {
  const url = URL.parse(text)
  if (url === null) return false
  return url.protocol === 'https:' || (allowLoopback && url.protocol === 'http:')
}

/** Intermediary mode is out of scope; a configuration that asks for it is refused rather than ignored. */
function refuseUnsupported(environment: Environment): void {
  for (const name of ['INTERMEDIARY', 'INTERMEDIARY_MODE'])
    if (read(environment, name) !== undefined)
      throw new ConfigError(name, 'intermediary mode is not supported')
}

function readDatabaseUrl(environment: Environment, name: string): string | undefined {
  const text = read(environment, name)
  if (text !== undefined && !/^postgres(ql)?:\/\//.test(text))
    throw new ConfigError(name, 'must be postgresql://login:password@host:port/database')
  return text
}

/** The owner's URL alone would be passed over in favour of an embedded database. Throws {@link ConfigError}. */
export function refuseOwnerAlone(secrets: Pick<Secrets, 'databaseUrl' | 'databaseOwnerUrl'>): void {
  if (secrets.databaseOwnerUrl !== undefined && secrets.databaseUrl === undefined)
    throw new ConfigError(
      'DATABASE_OWNER_URL',
      'is for migration only: set DATABASE_URL as well, which "npm run migrate" prints',
    )
}

/** Reads and checks everything. Throws {@link ConfigError}. */
export function readConfig(environment: Environment): { config: Config; secrets: Secrets } {
  refuseUnsupported(environment)
  const kind = readChoice(environment, 'NODE_ENV', 'development', NODE_ENVIRONMENTS)
  const production = kind === 'production'
  const publicUrl = readPublicUrl(environment, production)
  const allowLoopback = readSwitch(environment, 'ALLOW_LOOPBACK', false)
  if (production && allowLoopback)
    throw new ConfigError('ALLOW_LOOPBACK', 'is refused in production')
  const config: Config = Object.freeze({
    publicUrl,
    host: read(environment, 'HOST') ?? '127.0.0.1',
    port: readNumber(environment, 'PORT', 3000, 0, 65_535),
    production,
    dataFolder: read(environment, 'DATA_DIR') ?? './data',
    databasePoolSize: readNumber(environment, 'DATABASE_POOL_SIZE', 10, 1, 200),
    allowLoopback,
    trustedProxies: readNumber(environment, 'TRUSTED_PROXIES', 0, 0, 8),
    rateLimitPerMinute: readNumber(environment, 'RATE_LIMIT_PER_MINUTE', 3000, 1, 100_000_000),
    requestTimeoutMs: readNumber(environment, 'REQUEST_TIMEOUT_SECONDS', 30, 1, 600) * 1000,
    shutdownTimeoutMs: readNumber(environment, 'SHUTDOWN_TIMEOUT_SECONDS', 20, 0, 600) * 1000,
    logLevel: readChoice(environment, 'LOG_LEVEL', 'info', [
      'debug',
      'info',
      'warn',
      'error',
      'silent',
    ]),
    jobs: readSwitch(environment, 'JOBS', true),
    erasureLedger: read(environment, 'ERASURE_LEDGER'),
    auditCheckpoints: Object.freeze(readPlaces(environment, allowLoopback)),
  })
  const secrets: Secrets = Object.freeze({
    databaseUrl: readDatabaseUrl(environment, 'DATABASE_URL'),
    databaseOwnerUrl: readDatabaseUrl(environment, 'DATABASE_OWNER_URL'),
    auditCheckpointsToken: read(environment, 'AUDIT_CHECKPOINTS_TOKEN'),
    keyring: readKeyring(environment, production, publicUrl),
    custody: readCustody(environment),
  })
  return { config, secrets }
}
