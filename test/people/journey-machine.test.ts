/**
 * The journey and session machine against its picture (ARCHITECTURE 4): any order of what wallet, browser, institution,
 * person and time may do, through the real flows. Each step may move a state along an arrow, or not at all.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createIssuer } from '../../demo/issuer.ts'
import { presentCredential } from '../../demo/wallet-answer.ts'
import { type PolicySet, policySets } from '../../population/policies.ts'
import { equip, type Held, makeVisit, walletQuestion } from '../../population/visit.ts'
import {
  addTenant,
  CLIENT_ID,
  openWorld,
  REDIRECT_URI,
  type World,
} from '../../population/world.ts'
import { BridgeError } from '../../src/domain/failure.ts'
import type { JourneyId } from '../../src/domain/ids.ts'
import { beginAuthorization } from '../../src/flow/begin-authorization.ts'
import { cancelJourney } from '../../src/flow/cancel-journey.ts'
import { confirmLink } from '../../src/flow/confirm-link.ts'
import { continueJourney } from '../../src/flow/continue-journey.ts'
import { finishReconciliation } from '../../src/flow/finish-reconciliation.ts'
import { readWalletForm, receivePresentation } from '../../src/flow/receive-presentation.ts'
import { createTestDatabase, query, type TestDatabase } from '../support/postgres.ts'

const ARROWS: { readonly [from: string]: readonly string[] } = {
  started: ['retrieved', 'presented', 'failed'],
  retrieved: ['presented', 'failed'],
  presented: ['reconciling', 'choosing', 'consenting', 'granted', 'failed'],
  choosing: ['consenting', 'granted', 'failed'],
  reconciling: ['confirming', 'recognised', 'granted', 'failed'],
  confirming: ['recognised', 'granted', 'reconciling', 'failed'],
  recognised: ['consenting', 'granted', 'failed'],
  consenting: ['granted', 'failed'],
  ...{ granted: [], failed: [], expired: [] },
}
const SESSION_ARROWS: { readonly [from: string]: readonly string[] } = {
  PENDING: ['AUTHORIZED', 'COMPLETED', 'FAILED', 'EXPIRED'],
  AUTHORIZED: ['COMPLETED', 'FAILED', 'EXPIRED'],
  ...{ COMPLETED: [], FAILED: [], EXPIRED: [] },
}

let database: TestDatabase
let world: World
let set: PolicySet
let held: readonly Held[]
beforeAll(async () => {
  database = await createTestDatabase()
  world = await openWorld(database.runtimeUrl, 4)
  const [first] = policySets(createIssuer())
  if (first === undefined) throw new Error('no policies')
  set = { ...first, documents: { ...first.documents, trust: world.issuer.trustPolicy() } }
  const tenantId = await addTenant(world, set)
  const claims = { given_name: 'Emma', family_name: 'Vos' }
  held = await Promise.all([0, 1].map((id) => equip(world, { id, oneTimeKeys: false, claims })))
  // The first wallet is known already, the second is a stranger's until some order of steps links it.
  const [known] = held
  if (known === undefined) throw new Error('no wallet')
  const wallet = { id: 0, oneTimeKeys: false, claims }
  const account = { sub: 'account-0', claims }
  const person = {
    ...{ id: 0, traits: [], wallets: [wallet] as const, accounts: [account] as const },
    near: undefined,
  }
  await makeVisit(world, set, tenantId, { person, wallet, account, mixUp: false }, known)
})
afterAll(async () => {
  await world.stop()
  await database.drop()
})

type Step = 'present' | 'return' | 'look' | 'callback' | 'confirm' | 'cancel' | 'stranger'
const STEPS: readonly Step[] = [
  ...(['present', 'present', 'return', 'return', 'look', 'callback', 'callback'] as const),
  ...(['confirm', 'cancel', 'stranger'] as const),
]

async function begin(wallet: Held) {
  const { deps } = world
  const prepared = await deps.tenants.find(set.name)
  if (prepared === undefined) throw new Error('the tenant is gone')
  const sent = new Map([
    ...Object.entries({ response_type: 'code', client_id: CLIENT_ID, redirect_uri: REDIRECT_URI }),
    ...Object.entries({ scope: 'openid', code_challenge: 'c'.repeat(43) }),
    ['code_challenge_method', 'S256'],
  ])
  const parameters = { get: (name: string) => sent.get(name), repeated: [] }
  const begun = await beginAuthorization(deps, prepared, parameters, {
    ...{ id: undefined, session: undefined, language: () => 'en' },
  })
  if (!('journeyId' in begun)) throw new Error('single sign-on is not part of this')
  const question = await walletQuestion(world, prepared, begun.journeyId)
  const { nonce, state, clientId } = question
  const presentation = presentCredential(wallet.credential, wallet.key, {
    ...{ client_id: clientId, nonce, names: set.asks },
  })
  const body = new URLSearchParams({ vp_token: JSON.stringify({ eduid: [presentation] }), state })
  return { prepared, ...begun, form: Buffer.from(body.toString()) }
}

/** A failure of the closed union is an answer; anything else is a fault. */
async function answered<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof BridgeError)) throw error
    expect(error.failure.kind).not.toBe('unexpected')
    return undefined
  }
}

async function rows(id: JourneyId) {
  const ask = <Row extends object>(text: string) => query<Row>(database.superuserUrl, text)
  const [journey] = await ask<{ state: string }>(`SELECT state FROM journey WHERE id = '${id}'`)
  const sessions = await ask<{ id: string; status: string }>(
    `SELECT id, status FROM reconciliation_session WHERE journey_id = '${id}'`,
  )
  const codes = await ask(
    `SELECT c.code_hash FROM authorization_code c JOIN login_grant g ON g.id = c.grant_id
      JOIN journey j ON j.correlation_id = g.correlation_id WHERE j.id = '${id}'`,
  )
  return { state: journey?.state ?? 'gone', sessions, codes: codes.length }
}

test('issue 3 the journey and session machine moves along its arrows, in whatever order things happen; one code at most', {
  timeout: 200_000,
}, async () => {
  const reached = new Set<string>()
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...STEPS), { minLength: 5, maxLength: 14 }),
      fc.nat({ max: 1 }),
      async (sequence, which) => {
        const wallet = held[which]
        if (wallet === undefined) throw new Error('no such wallet')
        const { deps } = world
        const login = await begin(wallet)
        const { prepared, journeyId, browserId } = login
        let responseCode = 'x'.repeat(43)
        let sentTo: string | undefined
        const note = (next: { kind: string; url?: string } | undefined) => {
          if (next?.url?.startsWith(world.university.issuer)) sentTo = next.url
        }
        const take: { readonly [Name in Step]: () => Promise<unknown> } = {
          async present() {
            const received = await receivePresentation(deps, prepared, readWalletForm(login.form))
            const code = new URL(received.redirectUri ?? 'x:').searchParams.get('response_code')
            responseCode = code ?? responseCode
          },
          return: async () =>
            note(await continueJourney(deps, prepared, browserId, { responseCode })),
          look: async () => note(await continueJourney(deps, prepared, browserId, { journeyId })),
          async callback() {
            const [provider] = prepared.providers
            if (sentTo === undefined || provider === undefined) return
            const claims = { given_name: 'Emma', family_name: 'Vos' }
            const back = world.university.logIn(sentTo, { sub: `account-${which}`, claims })
            await finishReconciliation(deps, prepared, provider.id, back, browserId)
          },
          confirm: () => confirmLink(deps, prepared, journeyId, browserId),
          cancel: () => cancelJourney(deps, prepared, journeyId, browserId),
          stranger: () => continueJourney(deps, prepared, 'y'.repeat(43), { journeyId }),
        }
        let before = await rows(journeyId)
        for (const step of sequence) {
          await answered(take[step])
          const after = await rows(journeyId)
          reached.add(after.state)
          if (after.state !== before.state) {
            expect(step, 'another browser moves nothing').not.toBe('stranger')
            expect(ARROWS[before.state], `${step}: ${before.state}`).toContain(after.state)
          }
          for (const { id, status } of before.sessions) {
            const now = after.sessions.find((session) => session.id === id)?.status ?? 'gone'
            if (now !== status) expect(SESSION_ARROWS[status], `${step}: ${status}`).toContain(now)
          }
          expect(after.codes).toBe(after.state === 'granted' ? 1 : 0)
          before = after
        }
      },
    ),
    { numRuns: 50, seed: 20261122 },
  )
  for (const state of ['presented', 'reconciling', 'granted', 'failed'])
    expect(reached).toContain(state)
})
