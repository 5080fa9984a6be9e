/**
 * `npm run bench -- verify`: presentations a second of processor time, by the bridge's verifier and by the libraries for each format, on the
 * same presentations in one process and one run; best of three. Both sides get what they can keep from one presentation
 * to the next (the issuer's chain, judged once, and its key). The floor are the bare ECDSA verifications of a presentation,
 * with keys that are ready.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { createWorld, DEFAULT_SEED } from '../simulator/world.ts'
import { machine, printJson, printTable, round } from './report.ts'
import { mdocContest } from './verify-mdoc.ts'
import { sdJwtContest } from './verify-sd-jwt.ts'

export interface VerifyOptions {
  /** Verifications of each side in each round. */
  verifications: number
}

/** One format: the same presentations for every side, which throws where one is not right. */
export interface Contest {
  format: string
  library: string
  presentations: number
  ours(index: number): Promise<unknown>
  theirs(index: number): Promise<unknown>
  /** A presentation with one bit wrong: who does not refuse it has not verified. */
  spoiled: { ours(): Promise<unknown>; theirs(): Promise<unknown> }
}

const ROUNDS = 3
/** ECDSA verifications that nobody can do without: the issuer's and the holder's. */
const SIGNATURES = 2

export async function benchVerify({ verifications }: VerifyOptions): Promise<void> {
  const world = createWorld(DEFAULT_SEED, Date.now())
  const contests = [sdJwtContest(world), mdocContest(world)]
  console.log(
    `${machine()} ${verifications} verifications a round, best of ${ROUNDS}, a second of processor time.`,
  )
  const floor = await bestOf(verifications, floorOf())
  const rows = []
  for (const contest of contests) {
    await requireRefusals(contest)
    const ours = await bestOf(verifications, contest.ours)
    const theirs = await bestOf(verifications, contest.theirs)
    rows.push({
      format: contest.format,
      bridge_per_second: round(ours, 0),
      library: contest.library,
      library_per_second: round(theirs, 0),
      floor_per_second: round(floor, 0),
      ratio_to_best_library: round(ours / theirs),
      ratio_to_floor: round(ours / floor),
    })
  }
  printTable(rows)
  printJson({
    bench: 'verify',
    formats: Object.fromEntries(rows.map(({ format, ...figures }) => [format, figures])),
    ratio_to_best_library: Math.min(...rows.map((row) => row.ratio_to_best_library)),
    ratio_to_floor: Math.min(...rows.map((row) => row.ratio_to_floor)),
  })
}

/**
 * Verifications in a second of processor time, in the best of the rounds; one round more goes before, for the compiler. On a
 * machine that others share, the clock on the wall would measure them.
 */
async function bestOf(
  verifications: number,
  verifyOne: (index: number) => Promise<unknown>,
): Promise<number> {
  let best = 0
  for (let turn = 0; turn <= ROUNDS; turn++) {
    const begun = process.cpuUsage()
    for (let index = 0; index < verifications; index++) await verifyOne(index)
    const { user, system } = process.cpuUsage(begun)
    const seconds = (user + system) / 1e6
    if (turn > 0) best = Math.max(best, verifications / seconds)
  }
  return best
}

function floorOf(): (index: number) => Promise<void> {
  const world = createWorld(DEFAULT_SEED, Date.now())
  const data = Buffer.alloc(1024, 'x')
  const keys = [world.sdJwt.key, world.seed.key('holder 0')].map((signer) => ({
    key: { key: keyOf(signer.jwk), dsaEncoding: 'ieee-p1363' as const },
    signature: signer.sign(data),
  }))
  if (keys.length !== SIGNATURES) throw new Error('the floor has two signatures')
  return async () => {
    for (const { key, signature } of keys)
      if (!verify('sha256', data, key, signature)) throw new Error('the floor verifies nothing')
  }
}

/** The public key of a JWK. */
export function keyOf(jwk: object): KeyObject {
  return createPublicKey({ key: { ...jwk }, format: 'jwk' })
}

async function requireRefusals({ format, spoiled }: Contest): Promise<void> {
  for (const [side, attempt] of Object.entries(spoiled)) {
    const refused = await attempt().then(
      () => false,
      () => true,
    )
    if (!refused) throw new Error(`${side} takes a spoiled ${format}: it verifies nothing`)
  }
}
