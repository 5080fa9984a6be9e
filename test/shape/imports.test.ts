import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'

/** Which room may import which (ARCHITECTURE, "Rooms"). Files directly in src/ put the rooms together and may import all. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  domain: ['domain'],
  crypto: ['crypto', 'domain'],
  store: ['store', 'domain'],
  outbound: ['outbound', 'domain'],
  wallet: ['wallet', 'crypto', 'domain'],
  institution: ['institution', 'outbound', 'crypto', 'domain'],
  flow: ['flow', 'wallet', 'institution', 'crypto', 'store', 'domain'],
  job: ['job', 'store', 'crypto', 'institution', 'wallet', 'domain'],
  http: ['http', 'flow', 'domain'],
  embedded: ['embedded', 'store'],
  custody: ['custody', 'crypto', 'domain'],
  cli: [
    ...['cli', 'flow', 'store', 'crypto', 'custody', 'embedded', 'domain'],
    ...['jobs.ts', 'operator-sentence.ts'],
  ],
}

/** Files directly in src/ that rooms may import: what a process is made of, and what it is told. */
const SHARED = ['deps.ts', 'log.ts', 'config.ts', 'custody-config.ts']

/** Packages that belong to some rooms only; type imports count as well. */
const PACKAGES: Record<string, readonly string[]> = {
  hono: ['http', 'src'],
  '@hono/node-server': ['http', 'src'],
  kysely: ['store', 'flow'],
  pg: ['store', 'embedded'],
  jose: ['crypto', 'wallet', 'institution'],
  'node:crypto': ['crypto', 'wallet', 'institution'],
  '@noble/ciphers': ['crypto'],
  '@noble/hashes': ['crypto'],
  'openid-client': ['institution'],
  undici: ['outbound'],
  re2js: ['domain'],
}

/** Types of another room that carry no code and are named in signatures. */
const TYPES_ONLY: readonly [from: string, to: string][] = [['flow', 'outbound']]

interface Import {
  file: string
  room: string
  target: string
  typeOnly: boolean
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => path.join(entry.parentPath, entry.name))
}

const IMPORT = /^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/gms

const imports: Import[] = sources('src').flatMap((file) => {
  const text = readFileSync(file, 'utf8')
  const [, first = ''] = file.split(path.sep)
  const room = first.endsWith('.ts') ? 'src' : first
  return [...text.matchAll(IMPORT)].map(([, type, target = '']) => ({
    file,
    room,
    target,
    typeOnly: type !== undefined,
  }))
})

test('TR-12 who is believed about credentials is never taken from the roots of the web', () => {
  const ofWallet = imports.filter(({ room }) => room === 'wallet').map(({ target }) => target)
  expect(ofWallet).toContain('node:crypto')
  expect(ofWallet.filter((target) => /^(?:node:)?(?:tls|https)$/.test(target))).toEqual([])
})

test('every import obeys the table of rooms', () => {
  expect(imports.length).toBeGreaterThan(300)
  const wrong = imports.filter(({ file, room, target, typeOnly }) => {
    if (!target.startsWith('.') || room === 'src') return false
    const [, to = ''] = path.relative('.', path.resolve(path.dirname(file), target)).split(path.sep)
    // The package's own name and version.
    if (SHARED.includes(to) || target.endsWith('/package.json')) return false
    if (typeOnly && TYPES_ONLY.some(([from, into]) => from === room && into === to)) return false
    return !MAY_IMPORT[room]?.includes(to)
  })
  expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([])
})

test('packages stay in their rooms: keys in crypto, SQL in store, HTTP in http', () => {
  const wrong = imports.filter(({ room, target }) => {
    const name = Object.keys(PACKAGES).find(
      (each) => target === each || target.startsWith(`${each}/`),
    )
    return name !== undefined && !PACKAGES[name]?.includes(room)
  })
  expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([])
})

test('no flow imports another flow but the dispatcher its steps, and the parts that several share', () => {
  const shared = [
    'tenants',
    'journey-secrets',
    'journey-signer',
    'error-return',
    'read-claims',
    'check-keyring',
    'make-id-token',
    'check-proof',
    'own-journey',
    'renew-questions',
    'record-presentation',
    ...['record-link', 'proven-link', 'link-matches', 'link-binding'],
    'hold-link',
    'own-data-by-account',
    'reconciliation-end',
    'login-end',
    'refresh-bindings',
    'publish-documents',
    'provider-health',
    'begin-authorization',
    'continue-session',
    'browser-cookie',
    'pushed-request',
    'data-person',
    'answer-once',
    'end-link',
    'tell-subjects',
    'record-erasure',
    'named-person',
    'person-export',
    'own-journey-view',
    'record-logout',
    'read-hint',
    'hinted-person',
    'authenticate-machine',
    ...['finish-login', 'token-parity', 'ask-consent', 'remember-consent', 'withdraw-consent'],
    ...['erasure-ledger', 'repeat-decision', 'take-attributes'],
    ...['identify-shown', 'flag-link'],
    ...['answer-store', 'trust-fetches'],
    ...['find-session', 'grant-by-session'],
    ...['checkpoint-places', 'follow-trail', 'sign-trail', 'deny-access'],
    ...['prepare-tenant', 'policy-shelf', 'tenant-keys'],
    ...['recognised-person', 'new-grant'],
    'remove-registered',
  ]
  const steps = [
    ...['decide-plan', 'use-binding', 'skip-reconciliation', 'grant-login'],
    'start-reconciliation',
    'open-privacy',
  ]
  // A choice of account, or a yes, is the dispatcher's step in another request.
  const dispatching = [
    'continue-journey.ts',
    'use-binding.ts',
    'finish-login.ts',
    'decide-consent.ts',
  ]
  const wrong = imports.filter(({ file, room, target }) => {
    if (room !== 'flow' || !/^\.\/[a-z-]+\.ts$/.test(target)) return false
    const name = target.slice(2, -3)
    if (shared.includes(name) || /(-draft|-view|-settings|-key|admin-tenant)$/.test(name))
      return false
    return !(dispatching.some((each) => file.endsWith(each)) && steps.includes(name))
  })
  expect(wrong.map(({ file, target }) => `${file} imports ${target}`)).toEqual([])
})

test('only main.ts, migrate.ts and the CLI read the environment or end the process; the clock is read in one place', () => {
  const found = sources('src').flatMap((file) => {
    const text = readFileSync(file, 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    const words = ['process.env', 'process.exit', 'Date.now'].filter((word) => text.includes(word))
    return words.map((word) => `${file}: ${word}`)
  })
  const allowed = /^src\/(main|migrate|cli)(\.ts|\/)|^src\/embedded\//
  expect(found.filter((line) => !allowed.test(line))).toEqual([])
})

test('VP-140 no identifier of an older draft is left in the sources', () => {
  const outdated =
    /presentation_definition|client_id_scheme|vp_formats"|vc\+sd-jwt|x509_san_uri|web-origin|authorization_encrypted_response_|mdocGeneratedNonce|verifier_attestations/
  const found = sources('src').filter((file) => outdated.test(readFileSync(file, 'utf8')))
  expect(found).toEqual([])
})
