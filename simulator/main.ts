/** `node simulator/main.ts --bridge https://… --admin-token …`: every case against one verifier; see README.md. */
import { parseArgs } from 'node:util'
import { ALL_CASES, ALL_DIGITAL_CASES } from './all-cases.ts'
import { honestDigitalCases } from './attacks-digital.ts'
import { honestCases } from './cases.ts'
import { playDigitalCase, playDigitalReplays } from './digital.ts'
import { playCase, playGarbage, playReplays, type Result, type Target } from './run.ts'
import { setUpTenant } from './set-up.ts'
import { createWorld, DEFAULT_SEED, documentsOf } from './world.ts'

const OPTIONS = {
  bridge: { type: 'string' },
  'admin-token': { type: 'string' },
  'authorize-url': { type: 'string' },
  seed: { type: 'string', default: DEFAULT_SEED },
  only: { type: 'string', default: '' },
  'one-key': { type: 'boolean', default: false },
  list: { type: 'boolean', default: false },
  documents: { type: 'boolean', default: false },
} as const

const values = readWords()

const world = createWorld(values.seed, Date.now())
const isWanted = ({ name }: { name: string }) => name.includes(values.only)
const cases = ALL_CASES.filter(isWanted)
const digitalCases = ALL_DIGITAL_CASES.filter(isWanted)
if (values.documents) {
  console.log(JSON.stringify(documentsOf(world), null, 2))
} else if (values.list) {
  for (const { name, expect } of [...cases, ...digitalCases])
    console.log(`${name.padEnd(48)} ${expect}`)
} else {
  await playAll().catch(stop)
}

function readWords() {
  try {
    return parseArgs({ options: OPTIONS }).values
  } catch (error) {
    return stop(error)
  }
}

/** Ends with 2 and a sentence: what was asked for is wrong, or the verifier cannot be set up or does not answer. */
function stop(error: unknown): never {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  console.error(cause instanceof Error ? cause.message : 'cannot go on')
  process.exit(2)
}

async function playAll(): Promise<void> {
  const authorizeUrl = await findAuthorizeUrl()
  if (values.bridge === undefined || authorizeUrl === undefined) {
    console.error(
      '--bridge is needed, with --admin-token (a tenant is made there) or --authorize-url (of one that is set up as --documents says); --list shows the cases',
    )
    process.exitCode = 2
    return
  }
  const origin = new URL(values.bridge).origin
  const target: Target = { authorizeUrl, origin, world, oneKey: values['one-key'] }
  const results: Result[] = []
  const tell = (...told: readonly Result[]) => {
    results.push(...told)
    told.forEach(say)
  }
  for (const [number, one] of cases.entries()) tell(await playCase(target, one, number))
  for (const [number, one] of digitalCases.entries())
    tell(await playDigitalCase(target, one, cases.length + number))
  if (values.only === '') {
    const [byLink] = honestCases()
    const [throughBrowser] = honestDigitalCases()
    const next = cases.length + digitalCases.length
    if (byLink !== undefined) {
      tell(...(await playReplays(target, byLink, next)))
      tell(...(await playGarbage(target, byLink, next)))
    }
    if (throughBrowser !== undefined)
      tell(...(await playDigitalReplays(target, throughBrowser, next + 1)))
  }
  report(results)
}

function findAuthorizeUrl(): Promise<string> | string | undefined {
  const { bridge, 'admin-token': token, 'authorize-url': given } = values
  if (bridge === undefined || token === undefined) return given
  return setUpTenant(bridge, token, world)
}

function say({ name, expect, status, right, note }: Result): void {
  const mark = right ? (status === undefined ? 'skip ' : 'right') : 'WRONG'
  console.log(
    `${mark}  ${name.padEnd(48)} ${String(status ?? '-').padEnd(4)} ${expect} ${note}`.trimEnd(),
  )
}

/** The last line is one JSON object, for programs. */
function report(results: readonly Result[]): void {
  const count = (fits: (result: Result) => boolean) => results.filter(fits).length
  const wrong = results.filter(({ right }) => !right).map(({ name }) => name)
  console.log(
    JSON.stringify({
      cases: results.length,
      accepted: count(
        ({ expect, right, status }) => expect === 'accepted' && right && status !== undefined,
      ),
      refused: count(
        ({ expect, right, status }) => expect !== 'accepted' && right && status !== undefined,
      ),
      skipped: count(({ right, status }) => right && status === undefined),
      wrong,
    }),
  )
  if (wrong.length > 0) process.exitCode = 1
}
