/**
 * GD-07: a login that is under way while its person is erased, at each of its steps and in either order; and whatever else is
 * written about a person.
 */
import { fetchUserInfo } from 'openid-client'
import pg from 'pg'
import { expect } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import { loginAt } from '../../demo/institution.ts'
import { walletOf } from '../../demo/people.ts'
import type { Login } from '../../demo/relying-party.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { addPendingKey, moveKey } from '../../src/crypto/key-states.ts'
import { createKeyringText, parseKeyring } from '../../src/crypto/keyring.ts'
import { createLog } from '../../src/log.ts'
import { type Service, startService } from '../../src/service.ts'
import { newCaller } from '../data/world.ts'
import { type Admin, type Answer, adminWith } from '../http/admin/client.ts'
import { accountOf, demoPerson, newPerson, type Person, rowsOf } from '../people/people.ts'
import { divertTraffic } from '../resilience/traffic.ts'
import {
  type Bridge,
  logIn,
  presentAt,
  REDIRECT_URI,
  startBridge,
  type TestTenant,
} from '../support/bridge.ts'
import { query } from '../support/postgres.ts'

export interface Interleaving {
  bridge: Bridge
  admin: Admin
  /** Another instance, where Key A is rotated already. */
  ahead: Service
  tenant: TestTenant
}

/** A bridge, and another instance of it one step further in a rotation. */
export async function startInterleavings() {
  const first = createKeyringText()
  const bridge = await startBridge({ keyring: first })
  const admin = await adminWith(bridge, ['privacy:erase'])
  const rotated = moveKey(addPendingKey(first, 'A').text, 'A', 2, 'current')
  const { config, clock } = bridge.deps
  const ahead = await startService(
    { ...config, port: 0 },
    {
      ...{ databaseUrl: bridge.database.runtimeUrl, clock, log: createLog('silent') },
      keyring: parseKeyring(rotated),
    },
  )
  return {
    in: async (slug: string): Promise<Interleaving> => ({
      ...{ bridge, admin, ahead, tenant: await bridge.addTenant(slug) },
    }),
    async stop() {
      await ahead.stop()
      await bridge.stop()
    },
  }
}

/** What one step of a login does, once everything before it was done. */
type Step = () => Promise<unknown>
type Prepare = (world: Interleaving, person: Person) => Promise<Step>

const atRelyingParty = (url: string) => url.startsWith(REDIRECT_URI)
const outcome = (page: { location?: string | undefined; status: number }) =>
  page.location?.includes('code=') === true ? 'code' : `page ${page.status}`

async function present({ tenant }: Interleaving, wallet: Wallet) {
  const browser = createBrowser()
  const attempt = await tenant.relyingParty.begin()
  return { browser, attempt, returned: await presentAt(browser, wallet, attempt) }
}

const isElsewhere =
  ({ bridge }: Interleaving) =>
  (url: string) =>
    atRelyingParty(url) || url.startsWith(bridge.institution.issuer)

/** The steps that record something about the person. */
export const STEPS: { readonly [name: string]: Prepare } = {
  'the return that grants a code': async (world, { wallet }) => {
    const { browser, returned } = await present(world, wallet)
    return async () => outcome(await browser.follow(returned, isElsewhere(world)))
  },
  'the redemption of a code': async (world, { wallet }) => {
    const { browser, attempt, returned } = await present(world, wallet)
    const { location = '' } = await browser.follow(returned, atRelyingParty)
    return () => attempt.finish(location)
  },
  'the callback that joins a new wallet': async (world) => {
    const wallet = await walletOf(demoPerson('sanne'), world.bridge.issuer)
    const { browser, returned } = await present(world, wallet)
    const { location = '' } = await browser.follow(returned, isElsewhere(world))
    const callback = await loginAt(location, accountOf('sanne'))
    return async () => outcome(await browser.follow(callback, atRelyingParty))
  },
  'the write of an institution': async ({ bridge, tenant }, { id }) => {
    const caller = await newCaller(bridge, { slug: tenant.slug })
    const path = `/identities/${id}/auxiliary/enrolment`
    return () => caller.ask('PUT', path, { body: { fields: { year: 2 } } })
  },
  'a login that moves the person to the next key': async (world) => {
    const { bridge, ahead, tenant } = world
    const wallet = await walletOf(demoPerson('sanne'), bridge.issuer, (input, init) =>
      globalThis.fetch(input, init),
    )
    await logIn(bridge, wallet, { tenant, user: accountOf('sanne') })
    divertTraffic(bridge.url, () => ahead.address)
    const { browser, returned } = await present(world, wallet)
    return async () => outcome(await browser.follow(returned, isElsewhere(world)))
  },
}

export const erase = ({ admin, tenant }: Interleaving, person: Person) =>
  admin.post(`/tenants/${tenant.slug}/identities/${person.id}/erase`, { ground: 'objection' })

/** The person's row held by a third, so that both really wait, in the order they came; then it is let go. */
async function race(
  { bridge }: Interleaving,
  person: Person,
  acts: readonly (() => Promise<unknown>)[],
) {
  const holder = new pg.Client({ connectionString: bridge.database.superuserUrl })
  await holder.connect()
  await holder.query('BEGIN')
  await holder.query('SELECT 1 FROM identity WHERE id = $1 FOR UPDATE', [person.id])
  const running: Promise<unknown>[] = []
  let over = 0
  for (const act of acts) {
    const ended = act()
      .catch((error: unknown) => error)
      .finally(() => over++)
    running.push(ended)
    await waiting(bridge, () => running.length - over)
  }
  await holder.query('COMMIT')
  await holder.end()
  return await Promise.all(running)
}

/** Until all that are not over wait for a lock, or three seconds. */
async function waiting(bridge: Bridge, count: () => number): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    const [row] = await query<{ count: number }>(
      bridge.database.superuserUrl,
      `SELECT count(*)::int AS count FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    )
    if ((row?.count ?? 0) >= count()) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function expectNobody({ bridge, tenant }: Interleaving, person: Person): Promise<void> {
  const [row] = await rowsOf(bridge, tenant, 'identity', `id = '${person.id}'`)
  expect(row).toMatchObject({ status: 'ERASED', wrapped_data_key: null, audit_salt: null })
  for (const table of ['login_grant', 'journey', 'pairwise_subject', 'auxiliary_data'])
    expect(await rowsOf(bridge, tenant, table, `identity_id = '${person.id}'`), table).toEqual([])
  const live = `internal_identity_id = '${person.id}'`
  expect(await rowsOf(bridge, tenant, 'identity_match', live)).toEqual([])
  const again = await logIn(bridge, person.wallet, { tenant, user: accountOf('sanne') })
  expect(again.viaInstitution).toBe(true)
  expect(again.login.claims.sub).not.toBe(person.sub)
}

export const ORDERS = [
  'the login came first',
  'the erasure came first',
  'the erasure was over',
] as const

/** One step of a login and the erasure of its person, in this order: whatever came of it, nobody comes back. */
export async function interleave(
  world: Interleaving,
  prepare: Prepare,
  order: (typeof ORDERS)[number],
): Promise<void> {
  const person = await newPerson(world.bridge, world.tenant, 'sanne')
  const step = await prepare(world, person)
  const remove = () => erase(world, person)
  if (order === 'the erasure was over') {
    expect((await remove()).status).toBe(200)
    await step().catch((error: unknown) => error)
  } else {
    const first = order === 'the login came first'
    const ended = await race(world, person, first ? [step, remove] : [remove, step])
    expect((ended[first ? 1 : 0] as Answer).status).toBe(200)
    const login = ended[first ? 0 : 1] as Partial<Login>
    if (login.tokens !== undefined) {
      const { configuration, sub } = person
      await expect(
        fetchUserInfo(configuration, login.tokens.access_token, sub),
      ).rejects.toMatchObject({ status: 401 })
    }
  }
  await expectNobody(world, person)
}
