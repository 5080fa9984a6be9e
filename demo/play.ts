/**
 * The play: a stranger logs in through SURF, comes back with the wallet alone, the database is searched for them, and at
 * last they are erased and a stranger again.
 */
import type { Closers } from './closers.ts'
import { describeHashes, type Ledger, openLedger } from './ledger.ts'
import type { Narration } from './narration.ts'
import { SANNE, walletOf } from './people.ts'
import { eraseAndReturn } from './play-erasure.ts'
import { logIn, REDIRECT_URI, type Stage } from './play-login.ts'
import { setUpTenant } from './set-up.ts'
import { judgeStore } from './store-checks.ts'
import { startWorld, type World } from './world.ts'

export interface PlayOptions {
  folder: string | undefined
  nodeEnv: string | undefined
}

/** Plays and narrates; returns whether every check held. Throws where the play cannot go on. */
export async function play(
  options: PlayOptions,
  tell: Narration,
  closers: Closers,
): Promise<boolean> {
  const stage = await setTheStage(options, tell, closers)
  tell.chapter('A stranger')
  const before = tell.spent()
  const first = await logIn(stage, true)
  const firstTook = tell.spent() - before
  const { ledger, world } = stage
  tell.check(
    'the session went PENDING → AUTHORIZED → COMPLETED',
    ledger.sessionStates.join() === 'PENDING,AUTHORIZED,COMPLETED',
  )
  for (const line of await describeHashes(world.superuserUrl, stage.tenant.slug)) tell.note(line)

  tell.chapter('The same wallet, in another browser')
  const asked = requestsOf(world)
  const between = tell.spent()
  const second = await logIn(stage, false)
  const secondTook = tell.spent() - between
  tell.check('the institution was not asked for anything', requestsOf(world) === asked)
  tell.check('the subject is the same', second.idToken.sub === first.idToken.sub)
  tell.check(
    'the claims are the same',
    JSON.stringify(second.claims) === JSON.stringify(first.claims),
  )
  tell.note(
    `the first login took ${Math.round(firstTook)} ms in all, this one ${Math.round(secondTook)} ms`,
  )

  tell.chapter('What is kept')
  await judgeStore(stage, first.idToken.sub)

  tell.chapter('Forgotten')
  await eraseAndReturn(stage, second)
  return tell.close()
}

async function setTheStage(
  options: PlayOptions,
  tell: Narration,
  closers: Closers,
): Promise<Stage> {
  tell.chapter('The stage')
  let ledger: Ledger | undefined
  const beforeAnswer = async (word: string) => {
    // The only moment between AUTHORIZED and COMPLETED that anybody outside the bridge can see.
    if (word === 'token') await ledger?.watchSession()
  }
  const world = await startWorld(
    { ...options, port: undefined, jobs: false, beforeAnswer },
    tell,
    closers,
  )
  const wishes = { walletScheme: 'openid4vp://', redirectUri: REDIRECT_URI }
  const tenant = await setUpTenant(world, wishes, tell)
  const posted: string[] = []
  const recordingFetch: typeof fetch = (input, init) => {
    if (String(input).endsWith('/wallet/response')) posted.push(String(init?.body))
    return fetch(input, init)
  }
  const wallet = await tell.step(
    'A wallet with one key, and a credential about Sanne de Vries',
    () => walletOf(SANNE, world.issuer, recordingFetch),
  )
  const opened = await openLedger(world.superuserUrl, tenant.slug)
  ledger = opened
  closers.push(() => opened.close())
  return { world, tenant, wallet, ledger: opened, tell, posted }
}

function requestsOf({ institution }: World): number {
  return [...institution.requests.values()].reduce((sum, count) => sum + count, 0)
}
