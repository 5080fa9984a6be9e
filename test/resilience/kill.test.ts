import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createBrowser } from '../../demo/browser.ts'
import { loginAt } from '../../demo/institution.ts'
import type { Wallet } from '../../demo/wallet.ts'
import { createKeyringText } from '../../src/crypto/keyring.ts'
import { newCaller, newPerson } from '../data/world.ts'
import { type AuditRow, brokenLinks } from '../support/audit-chain.ts'
import {
  type Bridge,
  freePort,
  logIn,
  presentAt,
  REDIRECT_URI,
  STUDENT,
  startBridge,
} from '../support/bridge.ts'
import { query } from '../support/postgres.ts'
import { type Child, kill, runChild, startChild } from './child.ts'
import { divertTraffic } from './traffic.ts'

const FOLDER = mkdtempSync(path.join(os.tmpdir(), 'bridge-kill-'))
const KEYRING = createKeyringText()

/** Sets the tenant up and waits; every request of the logins below goes to the child. */
let bridge: Bridge
let environment: Record<string, string>
let child: Child
beforeAll(async () => {
  bridge = await startBridge({ keyring: KEYRING })
  const file = path.join(FOLDER, 'keyring.json')
  writeFileSync(file, KEYRING, { mode: 0o600 })
  environment = {
    ...{ PUBLIC_URL: bridge.url, PORT: String(await freePort()), KEYRING_FILE: file },
    ...{ DATABASE_URL: bridge.database.runtimeUrl, ALLOW_LOOPBACK: 'yes', JOBS: 'no' },
    ...{ RATE_LIMIT_PER_MINUTE: '100000', DATA_DIR: path.join(FOLDER, 'data') },
  }
  child = await startChild(environment)
})
afterEach(() => vi.unstubAllGlobals())
afterAll(async () => {
  await kill(child)
  await bridge.stop()
  rmSync(FOLDER, { recursive: true })
})

const ask = <Row extends object>(text: string) => query<Row>(bridge.database.superuserUrl, text)

async function killAndRestart(): Promise<void> {
  await kill(child)
  child = await startChild(environment)
}

/** Holds a table against everybody until it is let go, so that a request stands still at a known place. */
async function holdTable(table: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: bridge.database.superuserUrl })
  await client.connect()
  await client.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`)
  return () => client.end()
}

async function waitForWaiter(): Promise<void> {
  await expect
    .poll(
      () =>
        ask(
          `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`,
        ),
      { timeout: 4_000 },
    )
    .not.toEqual([])
}

const atInstitution = (url: string) => url.startsWith(bridge.institution.issuer)
const atRelyingParty = (url: string) => url.startsWith(REDIRECT_URI)

async function begin(wallet: Wallet) {
  const attempt = await bridge.tenant.relyingParty.begin()
  const browser = createBrowser()
  return { attempt, browser, returned: await presentAt(browser, wallet, attempt) }
}

describe('RE-08 killed without warning, started again', () => {
  test('a login goes on wherever it stood: after the wallet’s answer, at the institution, before the dispatcher, before the code is redeemed', async () => {
    divertTraffic(bridge.url, () => child.address)
    const wallet = await bridge.newWallet()
    const { attempt, browser, returned } = await begin(wallet)
    await killAndRestart() // between the wallet's POST and the browser's return
    const leaving = await browser.follow(returned, atInstitution)
    await killAndRestart() // the browser is at the institution
    const callback = await loginAt(leaving.location ?? '', STUDENT)
    const called = await browser.get(callback)
    expect(called.status).toBe(303)
    await killAndRestart() // linked, but the browser has not asked what is next
    const back = await browser.follow(called.location ?? '', atRelyingParty)
    await killAndRestart() // the code is on its way to the relying party
    const { claims } = await attempt.finish(back.location ?? '')
    expect(claims).toMatchObject({ given_name: 'Sanne' })
    const again = await logIn(bridge, wallet)
    expect(again.viaInstitution).toBe(false)
    expect(again.login.idToken.sub).toBe(claims.sub)
  })

  test('inside the call-back, before anything was taken: the same address works after the restart', async () => {
    divertTraffic(bridge.url, () => child.address)
    const { attempt, browser, returned } = await begin(await bridge.newWallet())
    const leaving = await browser.follow(returned, atInstitution)
    const callback = await loginAt(leaving.location ?? '', STUDENT)
    const letGo = await holdTable('reconciliation_session')
    const lost = browser.get(callback).catch((error: unknown) => error)
    await waitForWaiter()
    await kill(child)
    // A server process that waits for a lock does not look whether anybody still listens: here the statement dies unheard.
    await ask(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE wait_event_type = 'Lock' AND datname = current_database()`)
    await letGo()
    expect(await lost).toBeInstanceOf(TypeError)
    child = await startChild(environment)
    const back = await browser.follow(callback, atRelyingParty)
    expect((await attempt.finish(back.location ?? '')).claims).toMatchObject({
      given_name: 'Sanne',
    })
  })

  test('after the institution’s code was spent, before the link was written: nothing is half there, and the person goes once more', async () => {
    divertTraffic(bridge.url, () => child.address)
    const user = { username: 'noor', password: 'noor-demo' }
    const people = async () => (await ask('SELECT FROM identity')).length
    const before = await people()
    const { attempt, browser, returned } = await begin(await bridge.newWallet())
    const leaving = await browser.follow(returned, atInstitution)
    const callback = await loginAt(leaving.location ?? '', user)
    const letGo = await holdTable('match_guard')
    const lost = browser.get(callback).catch((error: unknown) => error)
    await waitForWaiter()
    await kill(child)
    await letGo()
    await lost
    child = await startChild(environment)
    expect(await people()).toBe(before)
    expect((await browser.get(callback)).status, 'its state is spent').toBe(403)
    const [journey] = await ask<{ id: string }>(
      `SELECT id FROM journey WHERE state = 'reconciling' ORDER BY created_at DESC LIMIT 1`,
    )
    const page = await browser.follow(
      `${bridge.tenant.issuer}/login/${journey?.id}/continue`,
      atInstitution,
    )
    const second = await loginAt(page.location ?? '', user)
    const back = await browser.follow(second, atRelyingParty)
    expect((await attempt.finish(back.location ?? '')).idToken.sub).toBeTypeOf('string')
    expect(await people()).toBe(before + 1)
  })

  test('issue 4.7 inside a write with an Idempotency-Key: nothing is half there, and the repeat does it once', async () => {
    divertTraffic(bridge.url, () => child.address)
    const caller = await newCaller(bridge)
    const { id } = await newPerson(bridge, { username: 'milan', password: 'milan-demo' })
    const put = (key: string, year: number) =>
      caller.ask('PUT', `/identities/${id}/auxiliary/enrolment`, {
        ...{ body: { fields: { year } }, headers: { 'idempotency-key': key } },
      })
    const written = async () =>
      (await ask(`SELECT FROM audit_event WHERE event_type = 'auxiliary_written'`)).length
    const dieInside = async (table: string, key: string, year: number) => {
      const letGo = await holdTable(table)
      const lost = put(key, year).catch((error: unknown) => error)
      await waitForWaiter()
      await kill(child)
      await letGo()
      expect(await lost).toBeInstanceOf(TypeError)
      child = await startChild(environment)
    }
    await dieInside('auxiliary_data', 'before-commit', 1)
    expect([await written(), await ask('SELECT FROM auxiliary_data')]).toEqual([0, []])
    expect((await put('before-commit', 1)).status, 'it may still be under way').toBe(409)
    await ask(`UPDATE idempotency_key SET claimed_until = '2020-01-01T00:00:00.000Z'`)
    const done = await put('before-commit', 1)
    const again = await put('before-commit', 1)
    expect([done.status, again.status, again.body]).toEqual([201, 201, done.body])
    // Everything was sent, its commit too: nobody heard of it, and it is done.
    await dieInside('audit_event', 'before-answer', 2)
    await expect.poll(written).toBe(2)
    expect((await put('before-answer', 2)).status).toBe(200)
    expect(await written(), 'the repeat was told, and did nothing').toBe(2)
  })

  test('AU-05 the trail is whole after every kill', async () => {
    const trail = await ask<AuditRow>('SELECT * FROM audit_event')
    expect(trail.length).toBeGreaterThan(10)
    expect(brokenLinks(trail)).toEqual([])
  })
})

describe('asked to stop', () => {
  test('what was accepted is finished, nothing new is taken, then the process ends with 0', async () => {
    const leaving = await startChild({ ...environment, PORT: '0' })
    const letGo = await holdTable('journey')
    const url = new URL((await bridge.tenant.relyingParty.begin()).url)
    const slow = fetch(new URL(url.pathname + url.search, leaving.address))
    await waitForWaiter()
    leaving.process.kill('SIGTERM')
    const knock = () =>
      fetch(`${leaving.address}/health`).then(
        ({ status }) => status,
        () => 'refused',
      )
    await expect.poll(knock, { timeout: 3_000 }).toBe('refused')
    leaving.process.kill('SIGTERM') // a second signal changes nothing
    await letGo()
    const answer = await slow
    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain('openid4vp://')
    expect(await leaving.ended).toEqual({ code: 0, signal: null })
    const requests = leaving.lines.filter(({ msg }) => msg === 'request')
    expect(requests.at(-1)).toMatchObject({ route: '/t/:tenant/authorize', status: 200 })
  })

  test('a request that never ends is cut off after the time given', async () => {
    const leaving = await startChild({ ...environment, PORT: '0', SHUTDOWN_TIMEOUT_SECONDS: '1' })
    const never = fetch(`${leaving.address}/t/demo/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new ReadableStream({ start: (stream) => stream.enqueue(Buffer.from('grant_type=')) }),
      duplex: 'half',
    } as RequestInit).then(
      ({ status }) => status,
      () => 'cut off',
    )
    await expect
      .poll(() => fetch(`${leaving.address}/health`).then(({ status }) => status))
      .toBe(200)
    leaving.process.kill('SIGTERM')
    expect(await leaving.ended).toEqual({ code: 0, signal: null })
    expect(await never).toBe('cut off')
  })
})

describe('CR-33 a start that must not be', () => {
  const lastLine = async (changes: Record<string, string>) => {
    const { KEYRING_FILE: file = '', ...rest } = environment
    const { code, lines } = await runChild({
      ...rest,
      ...('KEYRING' in changes ? {} : { KEYRING_FILE: file }),
      ...{ PORT: '0', ...changes },
    })
    expect(code).toBe(1)
    expect(lines).toHaveLength(1)
    return lines[0]
  }

  test('another keyring is refused, and the sentence names the key and nothing more', async () => {
    expect(await lastLine({ KEYRING: createKeyringText() })).toMatchObject({
      level: 50,
      msg: 'Key A version 1 is not the key this database was written with',
    })
  })

  test('production with a development switch is refused', async () => {
    const line = await lastLine({ NODE_ENV: 'production', PUBLIC_URL: 'https://bridge.example' })
    expect(line).toMatchObject({ msg: 'ALLOW_LOOPBACK: is refused in production' })
  })

  test('PG-02 the owner’s login is refused', async () => {
    const line = await lastLine({ DATABASE_URL: bridge.database.ownerUrl })
    expect(String(line?.msg)).toMatch(/owns|owner/)
  })
})
